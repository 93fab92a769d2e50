package generators

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

// everyKind is an object with each kind of field, and each way to draw it.
const everyKind = `
- {name: name, kind: fake, function: name}
- {name: plate, kind: fake, function: numerify, parameters: {str: "AB## CDE"}}
- {name: born, kind: date, from: 'add_years(as_of, -90)', to: 'add_years(as_of, -17)'}
- {name: age, kind: value, type: int, value: 'years_between(o.born, as_of)'}
- {name: licence_years, kind: int, min: 0, max: o.age - 17, distribution: normal, mean: o.age - 20, deviation: 5}
- {name: claims, kind: int, weights: {0: 80, 1: 14, 5: 4, -2: 2}}
- {name: price, kind: int, min: 500, max: 150000, step: 50, distribution: log-normal, mean: 10000 + 100 * o.age, deviation: 0.6}
- {name: temperature, kind: number, min: 33, max: 41.5, step: 0.1, distribution: normal, mean: 37.1, deviation: 0.95}
- {name: rate, kind: number, min: 0.05, max: o.temperature / 10.0, step: 0.25}
- {name: region, kind: choice, choices: {London: 14, Wales: 5, Leeds: 8}}
- {name: area, kind: choice, given: region, tables: {London: {E: 3, N: 1}, Wales: [CF, SA], Leeds: [LS]}}
- {name: modified, kind: bool, probability: 0.06}
- {name: towed, kind: bool, given: modified, tables: {"true": 0.5, "false": 0}}
- {name: moved, kind: date, from: o.born, to: as_of}
- {name: hot, kind: value, type: bool, value: o.temperature > 37.5}
- {name: double_rate, kind: value, type: number, value: o.rate * 2.0}
- {name: note, kind: value, type: text, value: 'o.region + " " + o.area'}
- {name: due, kind: value, type: date, value: 'add_days(o.moved, 30)'}
`

// draw gives the object of the seed.
func draw(t testing.TB, d *Drawer, seed policy.Seed) policy.Object {
	t.Helper()
	object := d.object()
	if err := d.Draw(seed, object.Values); err != nil {
		t.Fatal(err)
	}
	return object
}

func newDrawer(t testing.TB, g *Generator, aim contract.Aim) *Drawer {
	t.Helper()
	d, err := g.NewDrawer(aim)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDrawKeepsToTheDocument(t *testing.T) {
	d := newDrawer(t, compile(t, everyKind), contract.Aim{})
	areas := map[string]string{"E": "London", "N": "London", "CF": "Wales", "SA": "Wales", "LS": "Leeds"}
	for seed := range policy.Seed(5000) {
		o := draw(t, d, seed)
		number := func(name string) int64 { return o.Get(name).Int() }
		for rule, holds := range map[string]bool{
			"a name has two words":        strings.Count(o.Get("name").Text(), " ") == 1,
			"a plate is filled in":        !strings.Contains(o.Get("plate").Text(), "#") && strings.HasPrefix(o.Get("plate").Text(), "AB"),
			"an age is worked out":        number("age") >= 17 && number("age") <= 90,
			"an int is in its range":      number("licence_years") >= 0 && number("licence_years") <= number("age")-17,
			"an int has its weights":      strings.Contains(" 0 1 5 -2 ", " "+o.Get("claims").String()+" "),
			"an int is on its step":       number("price") >= 500 && number("price") <= 150000 && number("price")%50 == 0,
			"a number is on its step":     onGrid(o.Get("temperature").Number(), 33, 41.5, 0.1),
			"a number steps from its min": onGrid(o.Get("rate").Number(), 0.05, o.Get("temperature").Number()/10, 0.25),
			"a label is of its table":     areas[o.Get("area").Text()] == o.Get("region").Text(),
			"a bool is by its table":      o.Get("modified").Bool() || !o.Get("towed").Bool(),
			"a date is in its range":      number("moved") >= number("born") && number("moved") <= policy.DaysOf(2026, 1, 1),
			"a bool is worked out":        o.Get("hot").Bool() == (o.Get("temperature").Number() > 37.5),
			"a text is worked out":        o.Get("note").Text() == o.Get("region").Text()+" "+o.Get("area").Text(),
			"a date is worked out":        number("due") == number("moved")+30,
			"a number is worked out":      o.Get("double_rate").Number() == 2*o.Get("rate").Number(),
		} {
			if !holds {
				t.Fatalf("seed %s: not so that %s: %s", seed, rule, o.AppendJSON(nil))
			}
		}
	}
}

// onGrid reports whether a number is the float64 nearest to min + k × step in decimals, up to max.
func onGrid(v, least, most, step float64) bool {
	k := math.Round((v - least) / step)
	var nearest float64
	fmt.Sscan(fmt.Sprintf("%.2f", least+k*step), &nearest)
	return v == nearest && v >= least && v <= most
}

func TestNumbersAreTheNearestToTheirDecimals(t *testing.T) {
	// 35.1 is 351/10; 350 × 0.1 + 0.1 would be 35.10000000000001.
	d := newDrawer(t, compile(t, `
- {name: a, kind: number, min: 33, max: 41.5, step: 0.1}
- {name: b, kind: number, min: 0.15, max: 9, step: 0.1}
- {name: c, kind: number, min: 0.1 + 0.2, max: 0.7, step: 0.1}
- {name: d, kind: number, min: 1.0 / 3.0, max: 0.6, step: 0.01}
- {name: e, kind: number, min: 5, max: 2000, step: 50}
- {name: f, kind: number, min: -0.5, max: 0.5, step: 0.5}`), contract.Aim{})
	longest := map[string]int{"a": 4, "b": 4, "c": 3, "d": 4, "e": 4, "f": 4}
	seen := map[string]map[string]bool{}
	for seed := range policy.Seed(3000) {
		o := draw(t, d, seed)
		for name, most := range longest {
			text := o.Get(name).String()
			if len(text) > most {
				t.Fatalf("%s is %s", name, text)
			}
			if seen[name] == nil {
				seen[name] = map[string]bool{}
			}
			seen[name][text] = true
		}
	}
	for name, count := range map[string]int{"a": 86, "b": 89, "c": 5, "d": 27, "e": 40, "f": 3} {
		if len(seen[name]) != count {
			t.Errorf("%s has %d values, want %d: %v", name, len(seen[name]), count, seen[name])
		}
	}
}

func TestWideRanges(t *testing.T) {
	d := newDrawer(t, compile(t, `
- {name: all, kind: int, min: -9007199254740992, max: 9007199254740992}
- {name: one, kind: int, min: 7, max: 7}
- {name: less_than_a_step, kind: number, min: 1, max: 1.4, step: 0.5}
- {name: far, kind: int, min: 0, max: 10, distribution: normal, mean: 1e300, deviation: 1e300}
- {name: below, kind: int, min: 0, max: 10, distribution: normal, mean: -5, deviation: 0}
- {name: flat, kind: int, min: 0, max: 10, distribution: log-normal, mean: 4, deviation: 0}
- {name: steep, kind: int, min: 0, max: 10, distribution: log-normal, mean: 1e300, deviation: 1e300}`), contract.Aim{})
	negative := 0
	for seed := range policy.Seed(1000) {
		o := draw(t, d, seed)
		if o.Get("all").Int() < 0 {
			negative++
		}
		if got := fmt.Sprint(o.Get("one"), o.Get("less_than_a_step"), o.Get("below"), o.Get("flat")); got != "7 1 0 4" {
			t.Fatal(got)
		}
		for _, name := range []string{"far", "steep"} {
			if v := o.Get(name).Int(); v != 0 && v != 10 {
				t.Fatalf("%s is %d", name, v)
			}
		}
	}
	if negative < 400 || negative > 600 {
		t.Errorf("%d of 1,000 are negative", negative)
	}
}

func TestDistributions(t *testing.T) {
	many := "{"
	for i := range 100 {
		many += fmt.Sprintf("l%d: %d, ", i, i+1)
	}
	g := compile(t, `
- {name: uniform, kind: int, min: 0, max: 90, step: 10}
- {name: weights, kind: int, weights: {0: 80, 1: 14, 2: 4, 3: 2}}
- {name: choice, kind: choice, choices: {a: 1, b: 2.5, c: 0.5}}
- {name: many, kind: choice, choices: `+strings.TrimSuffix(many, ", ")+`}}
- {name: bool, kind: bool, probability: 0.06}
- {name: normal, kind: int, min: 0, max: 20, distribution: normal, mean: 12, deviation: 4}
- {name: log_normal, kind: int, min: 0, max: 60, step: 5, distribution: log-normal, mean: 20, deviation: 0.5}
- {name: huge, kind: choice, choices: {a: 1e308, b: 1e308}}`)
	d := newDrawer(t, g, contract.Aim{})
	seen := map[string]map[string]int{}
	for i := range int64(20_000) {
		o := draw(t, d, ObjectSeed(1, i, contract.RoleWho))
		for j, column := range o.Shape.Columns {
			if seen[column.Name] == nil {
				seen[column.Name] = map[string]int{}
			}
			seen[column.Name][o.Values[j].String()]++
		}
	}
	expect := func(name string, shares map[string]float64) {
		t.Helper()
		var counts []int
		var expected []float64
		for value, share := range shares {
			counts, expected = append(counts, seen[name][value]), append(expected, share)
			delete(seen[name], value)
		}
		if len(seen[name]) > 0 {
			t.Errorf("%s: no such values as %v", name, seen[name])
		}
		fits(t, name, counts, expected)
	}
	shares := map[string]float64{}
	for k := 0; k <= 90; k += 10 {
		shares[fmt.Sprint(k)] = 0.1
	}
	expect("uniform", shares)
	expect("weights", map[string]float64{"0": 0.8, "1": 0.14, "2": 0.04, "3": 0.02})
	expect("choice", map[string]float64{"a": 0.25, "b": 0.625, "c": 0.125})
	expect("bool", map[string]float64{"true": 0.06, "false": 0.94})
	expect("huge", map[string]float64{"a": 0.5, "b": 0.5})
	shares = map[string]float64{}
	for i := range 100 {
		shares[fmt.Sprintf("l%d", i)] = float64(i+1) / 5050
	}
	expect("many", shares)
	// Each value of a grid has the share of what is rounded to it, and the ends that of what lies beyond them.
	grid := func(least, most, step float64, below func(float64) float64) map[string]float64 {
		shares, last := map[string]float64{}, 0.0
		for v := least; v < most; v += step {
			next := below(v + step/2)
			shares[fmt.Sprint(v)], last = next-last, next
		}
		shares[fmt.Sprint(most)] = 1 - last
		return shares
	}
	standard := func(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
	expect("normal", grid(0, 20, 1, func(x float64) float64 { return standard((x - 12) / 4) }))
	expect("log_normal", grid(0, 60, 5, func(x float64) float64 { return standard(math.Log(x/20) / 0.5) }))
}

func TestAFieldDisturbsNoOther(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(`
- {name: a, kind: fake, function: name}
- {name: b, kind: int, min: 0, max: 1000000}
- {name: c, kind: choice, choices: [x, y, z]}
- {name: d, kind: int, min: 0, max: 1000, distribution: normal, mean: 500, deviation: 100}
- {name: e, kind: date, from: 2000-01-01, to: 2020-01-01}
- {name: f, kind: bool, probability: 0.5}`), "\n")
	whole := newDrawer(t, compile(t, strings.Join(lines, "\n")), contract.Aim{})
	for name, fewer := range map[string][]string{
		"reordered":         {lines[5], lines[3], lines[1], lines[4], lines[0], lines[2]},
		"without the first": lines[1:],
		"without the fake":  {lines[1], lines[2], lines[5]},
		"one alone":         {lines[3]},
		"one more":          append([]string{"- {name: new, kind: fake, function: sentence}"}, lines...),
	} {
		t.Run(name, func(t *testing.T) {
			other := newDrawer(t, compile(t, strings.Join(fewer, "\n")), contract.Aim{})
			for seed := range policy.Seed(100) {
				want, got := draw(t, whole, seed), draw(t, other, seed)
				for i, column := range got.Shape.Columns {
					if column.Name != "new" && !got.Values[i].Equal(want.Get(column.Name)) {
						t.Fatalf("seed %s: %s is %s, was %s", seed, column.Name, got.Values[i], want.Get(column.Name))
					}
				}
			}
		})
	}
}

func TestTheSameInAnyOrderByAnyWorker(t *testing.T) {
	g := compile(t, everyKind)
	aims := []contract.Aim{{}, {Candidates: map[string]contract.Candidates{
		"age": {Values: []policy.Value{policy.IntValue(18), policy.IntValue(25)}, Probability: 0.5},
		"hot": {Values: []policy.Value{policy.BoolValue(true)}, Probability: 0.5},
	}}}
	const n = 500
	for _, aim := range aims {
		var want [n]string
		d := newDrawer(t, g, aim)
		for seed := range want {
			want[seed] = string(draw(t, d, policy.Seed(seed)).AppendJSON(nil))
		}
		var workers sync.WaitGroup
		for worker := range uint64(4) {
			workers.Go(func() {
				d := newDrawer(t, g, aim)
				for _, seed := range rand.New(rand.NewPCG(worker, 0)).Perm(n) {
					if got := string(draw(t, d, policy.Seed(seed)).AppendJSON(nil)); got != want[seed] {
						t.Errorf("worker %d: seed %d gives %s, was %s", worker, seed, got, want[seed])
						return
					}
				}
			})
		}
		workers.Wait()
	}
}

func TestDrawAllocatesNothingButText(t *testing.T) {
	d := newDrawer(t, compile(t, `
- {name: born, kind: date, from: 'add_years(as_of, -90)', to: 'add_years(as_of, -17)'}
- {name: age, kind: value, type: int, value: 'years_between(o.born, as_of)'}
- {name: years, kind: int, min: 0, max: o.age - 17, distribution: normal, mean: o.age - 20, deviation: 5}
- {name: region, kind: choice, choices: {London: 14, Wales: 5}}
- {name: area, kind: choice, given: region, tables: {London: [E, N], Wales: [CF]}}`), contract.Aim{Candidates: map[string]contract.Candidates{
		"age": {Values: []policy.Value{policy.IntValue(18), policy.IntValue(25)}, Probability: 0.5},
	}})
	values := d.object().Values
	seed := policy.Seed(0)
	if allocations := testing.AllocsPerRun(1000, func() {
		seed++
		if err := d.Draw(seed, values); err != nil {
			t.Error(err)
		}
	}); allocations != 0 {
		t.Errorf("%v allocations an object", allocations)
	}
}

func TestDrawTellsWhatCannotBeDrawn(t *testing.T) {
	// Compile's own trials do not meet one object in a million.
	g := compile(t, `
- {name: a, kind: int, min: 0, max: 999999}
- {name: b, kind: int, min: 1, max: o.a}`)
	d := newDrawer(t, g, contract.Aim{Fix: fix("a", "0")})
	err := d.Draw(5, d.object().Values)
	var e *contract.Error
	if !errors.As(err, &e) || e.Code != contract.Invalid {
		t.Fatal(err)
	}
	message := "o.b has no value between min 1 and max 0: write expressions that never give a min above max (seed 00000005)"
	want := policy.Issues{{Document: "who.yaml", Line: 5, Column: 10, Field: "o.b", Message: message}}
	if diff := cmp.Diff(want, e.Issues); diff != "" {
		t.Error(diff)
	}
	if want := "The o cannot be drawn: " + message + "."; e.Message != want {
		t.Error(cmp.Diff(want, e.Message))
	}
}
