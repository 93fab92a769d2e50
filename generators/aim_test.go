package generators

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

// fix makes the fixes of an aim: names and JSON values in turn.
func fix(namesAndValues ...string) map[string]json.RawMessage {
	fixes := map[string]json.RawMessage{}
	for i := 0; i < len(namesAndValues); i += 2 {
		fixes[namesAndValues[i]] = json.RawMessage(namesAndValues[i+1])
	}
	return fixes
}

// near makes candidates with a probability, of values as they come in JSON.
func near(probability float64, values ...string) contract.Candidates {
	c := contract.Candidates{Probability: probability}
	for _, text := range values {
		var v policy.Value
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			panic(err)
		}
		c.Values = append(c.Values, v)
	}
	return c
}

func candidates(field string, c contract.Candidates) contract.Aim {
	return contract.Aim{Candidates: map[string]contract.Candidates{field: c}}
}

func TestNewDrawerRefuses(t *testing.T) {
	g := compile(t, everyKind)
	many := contract.Candidates{Values: make([]policy.Value, maxCandidates+1)}
	for name, c := range map[string]struct {
		aim   contract.Aim
		field string
		wrong string
	}{
		"a fix of no field":               {contract.Aim{Fix: fix("agee", "1")}, "o.agee", `o has no field "agee": did you mean "age"?`},
		"a fix of another kind":           {contract.Aim{Fix: fix("age", `"x"`)}, "o.age", `age: "x" is `},
		"a fix of another label":          {contract.Aim{Fix: fix("region", `"Walse"`)}, "o.region", `"Walse"`},
		"a fix that is no date":           {contract.Aim{Fix: fix("born", `"2001-02-30"`)}, "o.born", `born: "2001-02-30" is `},
		"candidates of no field":          {candidates("agee", near(1, "1")), "o.agee", `o has no field "agee": did you mean "age"?`},
		"a candidate of another kind":     {candidates("age", near(1, "true")), "o.age", `age: true is `},
		"a candidate of another label":    {candidates("area", near(1, `"EE"`)), "o.area", `"EE"`},
		"a probability above 1":           {candidates("age", near(1.1, "18")), "o.age", "age has candidates with the probability 1.1: write a number from 0 to 1"},
		"a probability below 0":           {candidates("age", near(-0.1, "18")), "o.age", "age has candidates with the probability -0.1: write a number from 0 to 1"},
		"a probability that is no number": {candidates("age", near(math.NaN(), "18")), "o.age", "age has candidates with the probability NaN: write a number from 0 to 1"},
		"too many candidates":             {candidates("age", many), "o.age", "age has 1001 candidates: write at most 1000"},
		"a field aimed twice": {contract.Aim{Fix: fix("age", "18"), Candidates: candidates("age", near(1, "18")).Candidates},
			"o.age", "age is both fixed and given candidates: leave one of them out"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := g.NewDrawer(c.aim)
			e := contract.AsError(err)
			if e.Code != contract.Invalid || len(e.Issues) != 1 || e.Message != "The aim does not fit the o: "+e.Issues[0].Message+"." {
				t.Fatalf("%s: %s %v", e.Code, e.Message, e.Issues)
			}
			if issue := e.Issues[0]; issue.Field != c.field || !strings.HasPrefix(issue.Message, c.wrong) {
				t.Errorf("%s: %s", issue.Field, issue.Message)
			}
		})
	}
}

func TestAFixIsTaken(t *testing.T) {
	g := compile(t, everyKind)
	for name, value := range map[string]string{
		"name": `"Ada"`, "born": `"1850-01-01"`, "claims": "99", "price": "7", "temperature": "36.65", "region": `"Wales"`, "modified": "true",
		"age": "25", "note": `"Wales SA"`, "hot": "true", "double_rate": "4.1", "due": `"2020-02-03"`,
	} {
		t.Run(name, func(t *testing.T) {
			g := g
			if name == "born" { // 1850 would leave nothing for what follows from it
				g = compile(t, "- {name: born, kind: date, from: 2000-01-01, to: 2001-01-01}")
			}
			d := newDrawer(t, g, contract.Aim{Fix: fix(name, value)})
			for seed := range policy.Seed(200) {
				if got := string(draw(t, d, seed).Get(name).AppendJSON(nil)); got != value {
					t.Fatalf("seed %s: %s", seed, got)
				}
			}
		})
	}
}

func TestAnAimChangesOnlyWhatFollowsFromIt(t *testing.T) {
	g := compile(t, everyKind)
	plain := newDrawer(t, g, contract.Aim{})
	for name, c := range map[string]struct {
		aim     contract.Aim
		changes string // all that may differ
	}{
		"a fixed int":           {contract.Aim{Fix: fix("claims", "7")}, "claims"},
		"a fixed label":         {contract.Aim{Fix: fix("region", `"Leeds"`)}, "region area note"},
		"a fixed value":         {contract.Aim{Fix: fix("age", "30")}, "born age licence_years price moved due"},
		"a value that is found": {candidates("age", near(0.5, "30", "31")), "born age licence_years price moved due"},
		"a value that is not":   {candidates("age", near(1, "12")), ""},
		"no candidates":         {candidates("age", near(1)), ""},
		"no field":              {contract.Aim{Candidates: map[string]contract.Candidates{}, Fix: fix()}, ""},
		"never":                 {candidates("claims", near(0, "5")), ""},
		"out of range":          {candidates("price", near(1, "499", "501", "150050")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			aimed := newDrawer(t, g, c.aim)
			for seed := range policy.Seed(200) {
				want, got := draw(t, plain, seed), draw(t, aimed, seed)
				for i, column := range want.Shape.Columns {
					if !strings.Contains(" "+c.changes+" ", " "+column.Name+" ") && !got.Values[i].Equal(want.Values[i]) {
						t.Fatalf("seed %s: %s is %s, was %s", seed, column.Name, got.Values[i], want.Values[i])
					}
				}
			}
		})
	}
}

// taken counts the values of a field in n objects.
func taken(t *testing.T, d *Drawer, field string, n int) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for i := range n {
		seen[draw(t, d, ObjectSeed(3, int64(i), contract.RoleWho)).Get(field).String()]++
	}
	return seen
}

func TestCandidates(t *testing.T) {
	const n = 2000
	for name, c := range map[string]struct {
		fields, field string
		candidates    contract.Candidates
		shares        map[string]float64 // "" for all others
	}{
		"an int takes those in its range and step": {
			`- {name: x, kind: int, min: 0, max: 1000000, step: 10}`, "x", near(0.5, "-10", "0", "5", "10", "1000000", "1000010"),
			map[string]float64{"0": 0.5 / 3, "10": 0.5 / 3, "1000000": 0.5 / 3, "": 0.5}},
		"a number takes those on its grid": {
			`- {name: x, kind: number, min: 33, max: 41.5, step: 0.1}`, "x", near(1, "35", "35.05", "35.1", "1e300", "41.6"),
			map[string]float64{"35": 0.5, "35.1": 0.5, "": 0}},
		"a date takes those in its range": {
			`- {name: x, kind: date, from: 2021-10-01, to: 2026-12-31}`, "x", near(0.8, `"2021-09-30"`, `"2021-10-01"`, `"2026-12-31"`, `"2027-01-01"`),
			map[string]float64{"2021-10-01": 0.4, "2026-12-31": 0.4, "": 0.2}},
		"a range of the object at hand": {
			"- {name: n, kind: int, min: 0, max: 1}\n- {name: x, kind: int, min: 10 * o.n, max: 10 * o.n}", "x", near(1, "0", "10"),
			map[string]float64{"0": 0.5, "10": 0.5, "": 0}},
		"weights take their values": {
			`- {name: x, kind: int, weights: {0: 1, 3: 1}}`, "x", near(1, "2", "3"), map[string]float64{"3": 1, "": 0}},
		"a choice takes its labels": {
			`- {name: x, kind: choice, choices: [a, b]}`, "x", near(0.5, `"b"`), map[string]float64{"a": 0.25, "b": 0.75, "": 0}},
		"a table takes its own labels": {
			"- {name: n, kind: choice, choices: [a, b]}\n- {name: x, kind: choice, given: n, tables: {a: [c, d], b: [e, f]}}", "x", near(1, `"c"`, `"e"`),
			map[string]float64{"c": 0.5, "e": 0.5, "": 0}},
		"a bool takes both": {
			`- {name: x, kind: bool, probability: 0.1}`, "x", near(1, `true`, `false`), map[string]float64{"true": 0.5, "false": 0.5}},
		"a bool that is never true": {
			`- {name: x, kind: bool, probability: 0}`, "x", near(1, `true`), map[string]float64{"true": 0, "false": 1}},
		"a bool that is always true": {
			`- {name: x, kind: bool, probability: 1}`, "x", near(1, `false`), map[string]float64{"true": 1, "false": 0}},
		"text takes any": {
			`- {name: x, kind: fake, function: name}`, "x", near(0.5, `"Ada"`), map[string]float64{"Ada": 0.5, "": 0.5}},
		"a value that rises": {
			"- {name: n, kind: int, min: 0, max: 999999}\n- {name: x, kind: value, type: int, value: o.n / 10}", "x", near(0.5, "-1", "0", "5", "99999", "100000"),
			map[string]float64{"0": 0.5 / 3, "5": 0.5 / 3, "99999": 0.5 / 3, "": 0.5}},
		"a value that falls": {
			"- {name: n, kind: number, min: 0, max: 1000, step: 0.01}\n- {name: x, kind: value, type: number, value: 10.0 - o.n}", "x", near(1, "11", "10", "-990", "-990.5"),
			map[string]float64{"10": 0.5, "-990": 0.5, "": 0}},
		"a value of a date": {
			"- {name: d, kind: date, from: 1936-01-01, to: 2009-01-01}\n- {name: x, kind: value, type: int, value: 'years_between(o.d, as_of)'}\n", "x", near(1, "16", "17", "18", "89", "90"),
			map[string]float64{"17": 0.25, "18": 0.25, "89": 0.25, "90": 0.25, "": 0}},
		"a value of weights": {
			"- {name: n, kind: int, weights: {9: 1000000, 1: 1, 5: 1}}\n- {name: x, kind: value, type: int, value: o.n * 2}", "x", near(1, "2", "4", "10"),
			map[string]float64{"2": 0.5, "10": 0.5, "": 0}},
		"a value of a value": {
			"- {name: n, kind: int, min: 0, max: 999999}\n- {name: m, kind: value, type: int, value: o.n / 10}\n- {name: x, kind: value, type: bool, value: o.m > 99998}", "x", near(0.5, "true"),
			map[string]float64{"true": 0.5, "false": 0.5}},
		"a value of several ordered fields": { // turned by the last of them
			"- {name: price, kind: int, min: 100, max: 1000, step: 100}\n- {name: loan, kind: int, min: 0, max: 1000, step: 1}\n- {name: x, kind: value, type: int, value: o.loan * 1000 / o.price}", "x", near(1, "800", "801"),
			nil},
		"a text worked out from an int": {
			"- {name: n, kind: int, min: 1000, max: 9999}\n- {name: x, kind: value, type: text, value: 'string(o.n)'}", "x", near(0.5, `"2500"`),
			map[string]float64{"2500": 0.5, "": 0.5}},
		"a value that neither rises nor falls, drawn anew": {
			"- {name: n, kind: int, min: 0, max: 999}\n- {name: x, kind: value, type: int, value: o.n % 2}", "x", near(1, "1"), map[string]float64{"1": 1, "": 0}},
		"a value of a choice, drawn anew": {
			"- {name: n, kind: choice, choices: [a, b, c]}\n- {name: x, kind: value, type: bool, value: 'o.n == \"b\"'}", "x", near(1, "true"), map[string]float64{"true": 1, "false": 0}},
		"a value of nothing": {
			"- {name: x, kind: value, type: int, value: year(as_of)}", "x", near(1, "2027"), map[string]float64{"2026": 1}},
		"a value that cannot be": {
			"- {name: n, kind: choice, choices: {a: 1}}\n- {name: x, kind: value, type: bool, value: 'o.n == \"a\"'}", "x", near(1, "false"), map[string]float64{"true": 1}},
		"a value that fails on the way": { // the search divides by zero, the new draws do not
			"- {name: n, kind: int, min: -50, max: 50, distribution: normal, mean: 39, deviation: 1}\n- {name: x, kind: value, type: int, value: 1000 / o.n}", "x", near(1, "26"),
			map[string]float64{"26": 1, "": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := taken(t, newDrawer(t, compile(t, c.fields), candidates(c.field, c.candidates)), c.field, n)
			if c.shares == nil {
				if seen["800"] < n/10 || seen["801"] > n/2 {
					t.Error(seen)
				}
				return
			}
			others := n
			for value, share := range c.shares {
				if value != "" {
					others -= seen[value]
					if deviation := math.Sqrt(n * share * (1 - share)); math.Abs(float64(seen[value])-n*share) > 5*deviation {
						t.Errorf("%s: %d of %d, want %v", value, seen[value], n, n*share)
					}
				}
			}
			if share := c.shares[""]; math.Abs(float64(others)-n*share) > 5*math.Sqrt(n*share*(1-share)) {
				t.Errorf("%d of %d are others, want %v: %v", others, n, n*share, seen)
			}
		})
	}
}

func TestAimsTogether(t *testing.T) {
	const fields = `
- {name: born, kind: date, from: 'add_years(as_of, -90)', to: 'add_years(as_of, -17)'}
- {name: age, kind: value, type: int, value: 'years_between(o.born, as_of)'}
- {name: years, kind: int, min: 0, max: o.age - 17}
- {name: month, kind: value, type: int, value: 'year(add_days(o.born, 365))'}
- {name: old, kind: value, type: bool, value: o.age > 60 && o.years > 3}
`
	g := compile(t, fields)
	sure := func(values ...string) contract.Candidates { return near(1, values...) }
	for name, c := range map[string]struct {
		aim   contract.Aim
		holds func(o policy.Object) bool
	}{
		"a fix and a candidate behind it": {
			contract.Aim{Fix: fix("age", "25"), Candidates: map[string]contract.Candidates{"years": sure("8", "9")}},
			func(o policy.Object) bool { return o.Get("age").Int() == 25 && o.Get("years").Int() == 8 }},
		"a candidate does not move what a fix has settled": {
			contract.Aim{Fix: fix("age", "25"), Candidates: map[string]contract.Candidates{"born": sure(`"1950-01-01"`), "month": sure("1980")}},
			func(o policy.Object) bool { return o.Get("age").Int() == 25 }},
		"a fixed field is not moved": {
			contract.Aim{Fix: fix("born", `"2000-06-01"`), Candidates: map[string]contract.Candidates{"age": sure("40")}},
			func(o policy.Object) bool { return o.Get("age").Int() == 25 }},
		"of two candidates the earlier field is settled first": {
			contract.Aim{Candidates: map[string]contract.Candidates{"born": sure(`"1950-01-01"`), "age": sure("40")}},
			func(o policy.Object) bool { return o.Get("age").Int() == 76 }},
		"of two values the earlier field is settled first": {
			contract.Aim{Candidates: map[string]contract.Candidates{"age": sure("40"), "month": sure("1960")}},
			func(o policy.Object) bool { return o.Get("age").Int() == 40 && o.Get("month").Int() != 1960 }},
		"a value behind two others": {
			contract.Aim{Candidates: map[string]contract.Candidates{"age": sure("70"), "old": sure("true")}},
			func(o policy.Object) bool {
				return o.Get("age").Int() == 70 && o.Get("old").Bool() && o.Get("years").Int() > 3
			}},
		"two fixes that agree": {
			contract.Aim{Fix: fix("age", "70", "old", "true")},
			func(o policy.Object) bool { return o.Get("age").Int() == 70 && o.Get("old").Bool() }},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrawer(t, g, c.aim)
			for seed := range policy.Seed(300) {
				o := draw(t, d, seed)
				if years := o.Get("years").Int(); !c.holds(o) || years < 0 || years > o.Get("age").Int()-17 {
					t.Fatalf("seed %s: %s", seed, o.AppendJSON(nil))
				}
			}
		})
	}
}

func TestAFixThatCannotBeMet(t *testing.T) {
	g := compile(t, everyKind)
	for name, fixes := range map[string][]string{
		"beyond the range of what it follows from": {"age", "12"},
		"against another fix":                      {"age", "30", "born", `"2000-01-01"`},
		"against two others":                       {"region", `"Wales"`, "area", `"CF"`, "note", `"Leeds LS"`},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrawer(t, g, contract.Aim{Fix: fix(fixes...)})
			e := contract.AsError(d.Draw(1, d.object().Values))
			field, value := fixes[0], fixes[1]
			if len(fixes) == 6 {
				field, value = "note", "Leeds LS"
			}
			want := fmt.Sprintf("The o cannot be drawn: o.%s cannot be fixed to %s: nothing that it follows from, as far as it is free, was found to give that (seed 00000001).", field, value)
			if e.Code != contract.Invalid || e.Message != want {
				t.Errorf("%s: %s", e.Code, cmp.Diff(want, e.Message))
			}
		})
	}
}

func TestAnAimAtAFieldWithAnEmptyRange(t *testing.T) {
	g := compile(t, `
- {name: a, kind: int, min: 0, max: 999999}
- {name: b, kind: int, min: 1, max: o.a}`)
	d := newDrawer(t, g, contract.Aim{Candidates: map[string]contract.Candidates{"a": near(1, "0"), "b": near(1, "5")}})
	e := contract.AsError(d.Draw(1, d.object().Values))
	if e.Code != contract.InvalidDocument || !strings.Contains(e.Message, "o.b has no value between min 1 and max 0") {
		t.Errorf("%s: %s", e.Code, e.Message)
	}
}
