package generators

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

// parse reads the fields, in YAML, of an object o.
func parse(t testing.TB, fields string) *policy.ObjectDoc {
	t.Helper()
	source := "object: o\nas_of: 2026-01-01\nfields:\n" + strings.TrimPrefix(fields, "\n")
	doc, issues := policy.ParseObject("who.yaml", []byte(source))
	if issues != nil {
		t.Fatal(issues)
	}
	return doc
}

func compile(t testing.TB, fields string) *Generator {
	t.Helper()
	g, issues := Compile("who.yaml", parse(t, fields))
	if issues != nil {
		t.Fatal(issues)
	}
	return g
}

func TestCompileRefuses(t *testing.T) {
	for name, c := range map[string]struct{ fields, issue string }{
		"an unknown field": {`
- {name: age, kind: int, min: 1, max: 9}
- {name: half, kind: value, type: int, value: o.agee / 2}`,
			`who.yaml:5:47: o has no field "agee": did you mean "age"?`},
		"a later field": {`
- {name: half, kind: value, type: int, value: o.age / 2}
- {name: age, kind: int, min: 1, max: 9}`,
			`who.yaml:4:47: fields[0].value names o.age, which is not drawn yet: move this field behind it`},
		"the field itself": {`
- {name: age, kind: int, min: 1, max: o.age + 1}`,
			`who.yaml:4:39: fields[0].max names o.age, which is not drawn yet: move this field behind it`},
		"text for people": {`
- {name: name, kind: fake, function: name}
- {name: long, kind: value, type: bool, value: size(o.name) > 9}`,
			`who.yaml:5:48: fields[1].value names o.name, which is text for people only: no expression can see it`},
		"a number as an int's bound": {`
- {name: age, kind: int, min: 1.5, max: 9}`,
			`who.yaml:4:31: fields[0].min gives a number where an int is needed`},
		"text as a number's bound": {`
- {name: rate, kind: number, min: 0, max: '"x"', step: 0.1}`,
			`who.yaml:4:44: fields[0].max gives a text where a number is needed`},
		"an int as a date's end": {`
- {name: day, kind: date, from: 1, to: as_of}`,
			`who.yaml:4:33: fields[0].from gives an int where a date is needed`},
		"text as a mean": {`
- {name: age, kind: int, min: 1, max: 9, distribution: normal, mean: '"x"', deviation: 1}`,
			`who.yaml:4:71: fields[0].mean gives a text where a number is needed`},
		"a value of another type": {`
- {name: half, kind: value, type: number, value: 1 + 1}`,
			`who.yaml:4:50: fields[0].value gives an int where a number is needed`},
		"max below min": {`
- {name: age, kind: int, min: 9, max: 5}`,
			`who.yaml:4:39: fields[0].max is 5, below min, which is 9: write the larger one behind max`},
		"max below min in decimals": {`
- {name: rate, kind: number, min: 0.35, max: 0.3, step: 0.1}`,
			`who.yaml:4:46: fields[0].max is 0.3, below min, which is 0.35: write the larger one behind max`},
		"to before from, from as_of": {`
- {name: day, kind: date, from: 'add_years(as_of, -17)', to: 'add_years(as_of, -90)'}`,
			`who.yaml:4:63: fields[0].to is 1936-01-01, below from, which is 2009-01-01: write the larger one behind to`},
		"a constant that fails": {`
- {name: day, kind: date, from: 'add_years(as_of, 9999)', to: as_of}`,
			`who.yaml:4:34: fields[0].from fails: a date outside the years 1 to 9999 in add_years(as_of, 9999)`},
		"a minimum that fails": {`
- {name: rate, kind: number, min: 1.0 / double(year(as_of) - 2026), max: 9, step: 1}`,
			`who.yaml:4:35: fields[0].min fails: the result is not a finite number in 1.0 / double(year(as_of) - 2026)`},
		"a mean that fails": {`
- {name: age, kind: int, min: 1, max: 9, distribution: normal, mean: 1 / (year(as_of) - 2026), deviation: 1}`,
			`who.yaml:4:70: fields[0].mean fails: a division by zero in 1 / (year(as_of) - 2026)`},
		"a negative deviation": {`
- {name: age, kind: int, min: 1, max: 9, distribution: normal, mean: 5, deviation: -1}`,
			`who.yaml:4:84: fields[0] has a deviation of -1: write one that is never below 0`},
		"a median of 0": {`
- {name: age, kind: int, min: 1, max: 9, distribution: log-normal, mean: 0, deviation: 1}`,
			`who.yaml:4:88: fields[0] has a mean of 0: that of log-normal, its median, must be above 0`},
		"an int beyond 2^53": {`
- {name: age, kind: int, min: 1, max: 9007199254740993}`,
			`who.yaml:4:39: fields[0].max is bounded by 9007199254740993, which is too large to count exactly in steps of 1`},
		"a number beyond 2^53 units": {`
- {name: rate, kind: number, min: -1e15, max: 9, step: 0.01}`,
			`who.yaml:4:35: fields[0].min is bounded by -1e+15, which is too large to count exactly in steps of 0.01`},
		"a step beyond 2^53 units": {`
- {name: rate, kind: number, min: 0.000000001, max: 9, step: 100000000000}`,
			`who.yaml:4:35: fields[0].step is 100000000000, which is too large to count exactly in units of 0.000000001`},
		"an empty range of one object in a hundred": {`
- {name: age, kind: int, min: 0, max: 99}
- {name: years, kind: int, min: 1, max: o.age}`,
			`who.yaml:5:10: o.years has no value between min 1 and max 0: write expressions that never give a min above max (seed `},
		"an empty range of days": {`
- {name: born, kind: date, from: 2000-01-01, to: 2001-01-01}
- {name: moved, kind: date, from: o.born, to: 2000-12-30}`,
			`who.yaml:5:10: o.moved has no value between from 2000-12-31 and to 2000-12-30: write expressions that never give a from above to (seed `},
		"an expression that fails for one object in ten": {`
- {name: n, kind: int, min: 0, max: 9}
- {name: part, kind: value, type: int, value: 100 / o.n}`,
			`who.yaml:5:10: o.part fails: a division by zero in 100 / o.n (seed `},
		"a bound that fails": {`
- {name: n, kind: int, min: 0, max: 9}
- {name: part, kind: int, min: 100 / o.n, max: 1000}`,
			`who.yaml:5:10: o.part fails: a division by zero in 100 / o.n (seed `},
		"a number's bound that fails": {`
- {name: n, kind: int, min: 0, max: 9}
- {name: part, kind: number, min: 0, max: 100.0 / double(o.n), step: 1}`,
			`who.yaml:5:10: o.part fails: the result is not a finite number in 100.0 / double(o.n) (seed `},
		"a mean that fails for some": {`
- {name: n, kind: int, min: 0, max: 9}
- {name: part, kind: int, min: 0, max: 9, distribution: normal, mean: 100 / o.n, deviation: 1}`,
			`who.yaml:5:10: o.part fails: a division by zero in 100 / o.n (seed `},
		"a deviation that fails for some": {`
- {name: n, kind: int, min: 0, max: 9}
- {name: part, kind: int, min: 0, max: 9, distribution: normal, mean: 5, deviation: 100 / o.n}`,
			`who.yaml:5:10: o.part fails: a division by zero in 100 / o.n (seed `},
		"a deviation below 0 for some": {`
- {name: n, kind: int, min: -1, max: 9}
- {name: part, kind: int, min: 0, max: 9, distribution: normal, mean: 5, deviation: o.n}`,
			`who.yaml:5:10: o.part has a deviation of -1: write one that is never below 0 (seed `},
		"text that grows": {`
- {name: n, kind: int, min: 0, max: 9}
- {name: a, kind: value, type: text, value: 'string(o.n) + "0123456789012345678901234567890123456789"'}
- {name: b, kind: value, type: text, value: o.a + o.a + o.a + o.a + o.a + o.a + o.a + o.a + o.a + o.a + o.a}
- {name: c, kind: value, type: text, value: o.b + o.b + o.b + o.b + o.b + o.b + o.b + o.b + o.b + o.b + o.b}`,
			`who.yaml:7:10: o.c gives a text of 4961 bytes: at most 4096 can be kept (seed `},
		"an unknown function": {`
- {name: name, kind: fake, function: FirstNam}`,
			`who.yaml:4:10: fields[0].function has the function "FirstNam", which does not exist: did you mean "firstname"?`},
		"a function of the clock": {`
- {name: day, kind: fake, function: date}`,
			`who.yaml:4:10: fields[0].function cannot have the function date, which depends on the clock, so that no case could be drawn again: use kind date with from and to`},
		"a parameter of a function": {`
- {name: plate, kind: fake, function: lettern, parameters: {count: 201}}`,
			`who.yaml:4:10: fields[0].function has "201" for the parameter count: write a whole number from 1 to 200`},
	} {
		t.Run(name, func(t *testing.T) {
			g, issues := Compile("who.yaml", parse(t, c.fields))
			if g != nil || len(issues) != 1 {
				t.Fatalf("generator %v, issues %v", g, issues)
			}
			if got := issues[0].String(); !strings.HasPrefix(got, c.issue) {
				t.Error(cmp.Diff(c.issue, got))
			}
		})
	}
}

func TestCompileTellsAllIssues(t *testing.T) {
	_, issues := Compile("what.yaml", parse(t, `
- {name: a, kind: int, min: 9, max: 1}
- {name: b, kind: date, from: 2, to: 3}
- {name: c, kind: int, min: '"x"', max: true}
- {name: d, kind: int, min: 1, max: 9, distribution: normal, mean: true, deviation: o.x}`))
	var got []string
	for _, issue := range issues {
		got = append(got, issue.Document+" "+issue.Field)
	}
	want := []string{"what.yaml fields[0].max", "what.yaml fields[1].from", "what.yaml fields[1].to", "what.yaml fields[2].min",
		"what.yaml fields[2].max", "what.yaml fields[3].mean", "what.yaml fields[3].deviation"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompileRefusesNamesThatExpressionsCannotHave(t *testing.T) {
	doc := parse(t, `
- {name: a, kind: bool, probability: 1}`)
	doc.Object = "in"
	if _, issues := Compile("who.yaml", doc); len(issues) != 1 || !strings.Contains(issues[0].Message, "in.a") {
		t.Error(issues)
	}
}

func TestCompileRefusesSlowObjects(t *testing.T) {
	fields := `
- {name: a, kind: value, type: text, value: '"` + strings.Repeat("x", 4000) + `"'}
`
	long := "size(o.a" + strings.Repeat(" + o.a", 15) + ")"
	for _, name := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		fields += "- {name: slow_" + name + ", kind: value, type: int, value: '" + long + strings.Repeat(" + "+long, 7) + "'}\n"
	}
	_, issues := Compile("who.yaml", parse(t, fields))
	if len(issues) != 1 || !strings.Contains(issues[0].Message, "shorten what its expressions do with text") {
		t.Error(issues)
	}
}
