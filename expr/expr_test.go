package expr

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

var driverVars = []Var{
	{Name: "driver.age", Kind: policy.Int}, {Name: "driver.licence", Kind: policy.String, Labels: []string{"full", "provisional", "international"}},
	{Name: "driver.ok", Kind: policy.Bool}, {Name: "driver.born", Kind: policy.Date}, {Name: "driver.temperature", Kind: policy.Number},
	{Name: "driver.note", Kind: policy.String}, {Name: "vehicle.value", Kind: policy.Int}, {Name: "as_of", Kind: policy.Date},
	{Name: "checks.flags", Kind: policy.List, Elem: policy.String},
}

func driverSlots() []policy.Value {
	born, _ := policy.ParseDate("2004-02-29")
	asOf, _ := policy.ParseDate("2026-02-28")
	return []policy.Value{policy.IntValue(21), policy.StringValue("full"), policy.BoolValue(true), born, policy.NumberValue(36.6),
		policy.StringValue("é🚗"), policy.IntValue(math.MaxInt64), asOf, policy.ListValue([]policy.Value{policy.StringValue("a"), policy.StringValue("b")})}
}

func driverEnv(t testing.TB) *Env {
	t.Helper()
	env, err := NewEnv(driverVars)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func compile(t testing.TB, source string) *Program {
	t.Helper()
	p, issues := driverEnv(t).Compile(policy.Expr{Source: source, Line: 1, Column: 1}, "rules.yaml", "when")
	if issues != nil {
		t.Fatalf("%s: %v", source, issues)
	}
	return p
}

func TestNewEnvRefusesNames(t *testing.T) {
	for _, c := range []struct {
		rule string
		vars []Var
		want string
	}{
		{"a name is a word", []Var{{Name: "a b", Kind: policy.Int}}, `expr: "a b" is not a name`},
		{"or two with a dot", []Var{{Name: "a.b.c", Kind: policy.Int}}, `expr: "a.b.c" is not a name`},
		{"no number", []Var{{Name: "a.1", Kind: policy.Int}}, `expr: "a.1" is not a name`},
		{"not CEL's own", []Var{{Name: "in", Kind: policy.Int}}, `expr: "in" is not a name`},
		{"not empty", []Var{{Name: "", Kind: policy.Int}}, `expr: "" is not a name`},
		{"it comes once", []Var{{Name: "a.b", Kind: policy.Int}, {Name: "a.b", Kind: policy.Bool}}, "expr: a.b is declared twice"},
		{"it has a kind", []Var{{Name: "a.b"}}, "expr: a.b has no type"},
		{"a list has one too", []Var{{Name: "a.b", Kind: policy.List}}, "expr: a.b has no type"},
		{"lists do not nest", []Var{{Name: "a.b", Kind: policy.List, Elem: policy.List}}, "expr: a.b has no type"},
		{"an object is no value", []Var{{Name: "a", Kind: policy.Int}, {Name: "a.b", Kind: policy.Int}}, "expr: a is declared both as a value and as an object"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if _, err := NewEnv(c.vars); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestEnvKeepsItsVars(t *testing.T) {
	vars := []Var{{Name: "a.b", Kind: policy.Int}}
	env, err := NewEnv(vars)
	if err != nil {
		t.Fatal(err)
	}
	vars[0].Name = "changed"
	if got := env.Vars()[0].Name; got != "a.b" {
		t.Errorf("got %s", got)
	}
}

func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		source     string
		kind, elem policy.Kind
		refs       []int
		constant   bool
		want       string // JSON
	}{
		{source: `driver.age + 1`, kind: policy.Int, refs: []int{0}, want: "22"},
		{source: `vehicle.value - driver.age - vehicle.value`, kind: policy.Int, refs: []int{6, 0}, want: "-21"},
		{source: `driver.temperature * 2.0`, kind: policy.Number, refs: []int{4}, want: "73.2"},
		{source: `driver.ok && driver.age == 21`, kind: policy.Bool, refs: []int{2, 0}, want: "true"},
		{source: `driver.note + string(driver.age)`, kind: policy.String, refs: []int{5, 0}, want: `"é🚗21"`},
		{source: `add_years(driver.born, 18)`, kind: policy.Date, refs: []int{3}, want: `"2022-02-28"`},
		{source: `checks.flags + ["c", driver.note]`, kind: policy.List, elem: policy.String, refs: []int{8, 5}, want: `["a","b","c","é🚗"]`},
		{source: `[1.5, driver.temperature]`, kind: policy.List, elem: policy.Number, refs: []int{4}, want: `[1.5,36.6]`},
		{source: `size(driver.note) + driver.note.size() + checks.flags.size()`, kind: policy.Int, refs: []int{5, 8}, want: "6"},
		{source: `driver.ok ? as_of : driver.born`, kind: policy.Date, refs: []int{2, 7, 3}, want: `"2026-02-28"`},
		{source: `years_between(driver.born, as_of)`, kind: policy.Int, refs: []int{3, 7}, want: "21"},
		{source: `driver.ok ? checks.flags : ["x"]`, kind: policy.List, elem: policy.String, refs: []int{2, 8}, want: `["a","b"]`},
		{source: `1 + 2 * 3`, kind: policy.Int, constant: true, want: "7"},
		{source: `date("2024-02-29")`, kind: policy.Date, constant: true, want: `"2024-02-29"`},
		{source: `["a"] + ["b"]`, kind: policy.List, elem: policy.String, constant: true, want: `["a","b"]`},
		{source: `"a" in ["a"] && 3 in [3] && 1.5 in [1.5] && true in [true]`, kind: policy.Bool, constant: true, want: "true"},
		{source: `false && driver.age / 0 > 1`, kind: policy.Bool, refs: []int{0}, constant: true, want: "false"},
		{source: `driver.age / 0 > 1 || true`, kind: policy.Bool, refs: []int{0}, constant: true, want: "true"},
		{source: `(driver.ok && false) == true`, kind: policy.Bool, refs: []int{2}, constant: true, want: "false"},
		{source: `true ? driver.age : 3`, kind: policy.Int, refs: []int{0}, want: "21"},
		{source: `1 in []`, kind: policy.Bool, constant: true, want: "false"},
		{source: `int(driver.age) + min(driver.age, 3)`, kind: policy.Int, refs: []int{0}, want: "24"},
	} {
		t.Run(c.source, func(t *testing.T) {
			p := compile(t, c.source)
			if p.Kind() != c.kind || p.Elem() != c.elem || p.Source() != c.source {
				t.Errorf("kind %s of %s, source %s", p.Kind(), p.Elem(), p.Source())
			}
			if diff := cmp.Diff(c.refs, p.Refs()); diff != "" {
				t.Errorf("refs: %s", diff)
			}
			v, err := p.Eval(&Frame{Slots: driverSlots()})
			if got := string(v.AppendJSON(nil)); err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
			if constant, ok := p.Constant(); ok != c.constant || ok && !constant.Equal(v) {
				t.Errorf("constant %v, %v", constant, ok)
			}
		})
	}
}

func TestEnvironmentsAndProgramsAreShared(t *testing.T) {
	env := driverEnv(t)
	shared := compile(t, `driver.age / (driver.age - 21) > 0 || driver.note + "!" == "é🚗!"`)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			f := &Frame{Slots: driverSlots()}
			for _, source := range []string{`driver.age < 18 && driver.ok`, `driver.agee`, `driver.age < "a"`} {
				p, issues := env.Compile(policy.Expr{Source: source, Line: 1, Column: 1}, "", "")
				if (p == nil) == (issues == nil) {
					t.Errorf("%s: %v, %v", source, p, issues)
				}
			}
			if n, err := shared.FirstFailing(f); n != holds || err != nil {
				t.Errorf("got %d, %v", n, err)
			}
		})
	}
	workers.Wait()
}

func TestTypedEvaluation(t *testing.T) {
	f := &Frame{Slots: driverSlots()}
	if v, err := compile(t, `driver.age > 3`).Bool(f); !v || err != nil {
		t.Errorf("Bool gives %v, %v", v, err)
	}
	if v, err := compile(t, `driver.age * 2`).Int(f); v != 42 || err != nil {
		t.Errorf("Int gives %v, %v", v, err)
	}
	if v, err := compile(t, `date("1970-01-11")`).Int(f); v != 10 || err != nil {
		t.Errorf("Int of a date gives %v, %v", v, err)
	}
	if v, err := compile(t, `driver.temperature / 2.0`).Number(f); v != 18.3 || err != nil {
		t.Errorf("Number gives %v, %v", v, err)
	}
	if v, err := compile(t, `driver.age`).Number(f); v != 21 || err != nil {
		t.Errorf("Number of an int gives %v, %v", v, err)
	}
	if v, err := compile(t, `driver.licence + "!"`).Text(f); v != "full!" || err != nil {
		t.Errorf("Text gives %v, %v", v, err)
	}
	if _, err := compile(t, `driver.temperature / 0.0`).Number(f); err == nil {
		t.Error("Number gives an infinite number")
	}
}

func TestEvaluationErrors(t *testing.T) {
	long := strings.Repeat("x", 40<<10)
	many := make([]policy.Value, 600)
	for i := range many {
		many[i] = policy.StringValue("x")
	}
	for _, c := range []struct {
		source string
		code   ErrorCode
	}{
		{`vehicle.value + 1`, Overflow},
		{`-vehicle.value - 2`, Overflow},
		{`vehicle.value * driver.age`, Overflow},
		{`-(-vehicle.value - 1)`, Overflow},
		{`(-vehicle.value - 1) / (driver.age - 22)`, Overflow},
		{`int(driver.temperature * 1e30)`, Overflow},
		{`muldiv(vehicle.value, vehicle.value, 1)`, Overflow},
		{`add_years(as_of, 8000)`, Overflow},
		{`add_years(as_of, vehicle.value)`, Overflow},
		{`add_days(as_of, vehicle.value)`, Overflow},
		{`driver.age / (driver.age - 21)`, ZeroDivision},
		{`driver.age % (driver.age - 21)`, ZeroDivision},
		{`muldiv(driver.age, 1, 0)`, ZeroDivision},
		{`ratio(driver.age, 0, 2)`, ZeroDivision},
		{`ratio(driver.age, 3, driver.age)`, OutOfRange},
		{`checks.flags[driver.age * 100]`, OutOfRange},
		{`checks.flags[-driver.age]`, OutOfRange},
		{`int(driver.note)`, Conversion},
		{`double(driver.note)`, Conversion},
		{`date(driver.note)`, Conversion},
		{`driver.temperature / 0.0`, NotFinite},
		{`[driver.temperature / 0.0]`, NotFinite},
		{`driver.licence + driver.licence`, TooLong},
		{`checks.flags + checks.flags`, TooLong},
		{`driver.age / (driver.age - 21) > 0 && driver.ok`, ZeroDivision},
		{`driver.age / (driver.age - 21) > 0 || vehicle.value + 1 > 0`, ZeroDivision},
		{`vehicle.value + 1 > 0 && driver.age / (driver.age - 21) > 0`, Overflow},
		{`(driver.age / (driver.age - 21) > 0) == (driver.ok || vehicle.value + 1 > 0)`, ZeroDivision},
		{`(driver.age / (driver.age - 21) > 0) == (!driver.ok && vehicle.value + 1 > 0)`, ZeroDivision},
	} {
		t.Run(c.source, func(t *testing.T) {
			p := compile(t, c.source)
			f := &Frame{Slots: driverSlots()}
			f.Slots[1], f.Slots[8] = policy.StringValue(long), policy.ListValue(many)
			_, err := p.Eval(f)
			var e *Error
			if !errors.As(err, &e) || e.Code != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if e.Source != c.source || e.Error() != e.Message+" in "+c.source {
				t.Errorf("the error reads %q", e)
			}
			if v, err := compile(t, `driver.age`).Eval(f); err != nil || v.Int() != 21 {
				t.Errorf("the frame keeps the error: %v, %v", v, err)
			}
		})
	}
}

func TestEvaluationAllocatesNothing(t *testing.T) {
	f := &Frame{Slots: driverSlots()}
	for _, source := range []string{
		`driver.age >= 18 && (driver.licence == "full" || driver.licence in ["provisional", "international"])`,
		`driver.born < as_of && driver.temperature > 36.5 || !driver.ok`,
		`driver.age / (driver.age - 21) > 3 || driver.ok`,
		`driver.note < driver.licence && driver.note.startsWith("é")`,
		`years_between(driver.born, add_days(as_of, driver.age)) > 3`,
	} {
		p := compile(t, source)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := p.FirstFailing(f); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Bool(f); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Eval(f); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times", source, n)
		}
	}
	arithmetic := compile(t, `muldiv(driver.age * 3 - 1, 7, max(driver.age, 2)) % 100`)
	double := compile(t, `ratio(driver.age, 7, 3) * driver.temperature`)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := arithmetic.Int(f); err != nil {
			t.Fatal(err)
		}
		if _, err := double.Number(f); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("arithmetic allocates %v times", n)
	}
}

func TestDateFunctions(t *testing.T) {
	for _, c := range []struct{ rule, source, want string }{
		{"a birthday counts on the day", `years_between(date("2000-05-10"), date("2018-05-10"))`, "18"},
		{"and not on the eve", `years_between(date("2000-05-10"), date("2018-05-09"))`, "17"},
		{"nor in an earlier month", `years_between(date("2000-05-10"), date("2018-04-30"))`, "17"},
		{"29 February comes of age on 1 March", `years_between(date("2004-02-29"), date("2022-03-01"))`, "18"},
		{"and not on 28 February", `years_between(date("2004-02-29"), date("2022-02-28"))`, "17"},
		{"but on 29 February in a leap year", `years_between(date("2004-02-29"), date("2024-02-29"))`, "20"},
		{"the other way round is negative", `years_between(date("2018-05-09"), date("2000-05-10"))`, "-17"},
		{"29 February moves to 28 February", `add_years(date("2004-02-29"), 1)`, "2005-02-28"},
		{"of a century too", `add_years(date("2004-02-29"), 96)`, "2100-02-28"},
		{"but not of every fourth", `add_years(date("2004-02-29"), -4)`, "2000-02-29"},
		{"other days stay", `add_years(date("2004-02-28"), 1)`, "2005-02-28"},
		{"years go up to 9999", `add_years(date("2004-01-01"), 7995)`, "9999-01-01"},
		{"and down to 1", `add_years(date("2004-01-01"), -2003)`, "0001-01-01"},
		{"days go over months", `add_days(date("2024-02-28"), 2)`, "2024-03-01"},
		{"and back", `add_days(date("2024-03-01"), -1)`, "2024-02-29"},
		{"days between", `days_between(date("2024-02-28"), date("2024-03-01"))`, "2"},
		{"the year of a day", `year(date("1969-12-31"))`, "1969"},
		{"muldiv rounds half away from zero", `muldiv(5, 1, 2)`, "3"},
		{"below zero too", `muldiv(-5, 1, 2)`, "-3"},
		{"and less than half towards it", `muldiv(-4, 1, 3)`, "-1"},
		{"muldiv needs no room on the way", `muldiv(9223372036854775807, 9223372036854775807, 9223372036854775807)`, "9223372036854775807"},
		{"to the least int", `muldiv(-9223372036854775808, 3, 3)`, "-9223372036854775808"},
		{"a ratio has its decimals", `ratio(2, 3, 2)`, "0.67"},
		{"none, even", `ratio(5, 2, 0)`, "3"},
		{"below zero", `ratio(-1, 8, 2)`, "-0.13"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			v, err := compile(t, c.source).Eval(&Frame{})
			if err != nil || v.String() != c.want {
				t.Errorf("%s gives %s, %v, want %s", c.source, v, err, c.want)
			}
		})
	}
}

func TestMuldivOverflows(t *testing.T) {
	for _, source := range []string{
		`muldiv(9223372036854775807, 2, 1)`,
		`muldiv(9223372036854775807, 9223372036854775807, 2)`,
		`muldiv(-9223372036854775808, 1, -1)`,
		`muldiv(-9223372036854775808, -9223372036854775807, 4611686018427387904)`,
		`muldiv(9223372036854775807, 4, 2)`,
		`muldiv(-9223372036854775808, 4, 2)`,
		`muldiv(9223372036854775807, 9223372036854775805, 4611686018427387902)`,
		`muldiv(-9223372036854775807, 4611686018427387905, 4611686018427387904)`,
	} {
		_, issues := driverEnv(t).Compile(policy.Expr{Source: source, Line: 1, Column: 1}, "rules.yaml", "when")
		if len(issues) != 1 || issues[0].Message != "this always fails: a whole number beyond 64 bits" {
			t.Errorf("%s: %v", source, issues)
		}
	}
}
