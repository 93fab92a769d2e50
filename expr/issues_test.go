package expr

import (
	"strings"
	"testing"

	"verdictory/policy"
)

var driverVars = []Var{
	{Name: "driver.age", Kind: policy.Int}, {Name: "driver.licence", Kind: policy.String, Labels: []string{"full", "provisional", "international"}},
	{Name: "driver.ok", Kind: policy.Bool}, {Name: "driver.born", Kind: policy.Date}, {Name: "driver.temperature", Kind: policy.Number},
	{Name: "driver.note", Kind: policy.String}, {Name: "vehicle.value", Kind: policy.Int}, {Name: "as_of", Kind: policy.Date},
	{Name: "checks.flags", Kind: policy.List, Elem: policy.String},
}

func driverEnv(t testing.TB) *Env {
	t.Helper()
	env, err := NewEnv(driverVars)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func TestIssues(t *testing.T) {
	for _, c := range []struct{ rule, source, want string }{
		{"a field that is not there", `driver.agee < 18`, `4:11: driver has no field "agee": did you mean "age"?`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			_, issues := driverEnv(t).Compile(policy.Expr{Source: c.source, Line: 4, Column: 11}, "rules.yaml", "when")
			if got := strings.TrimPrefix(issues.Error(), "rules.yaml:"); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.source, got, c.want)
			}
		})
	}
}

func TestPrint(t *testing.T) {
	for _, s := range []string{
		`driver.agee < 18`, `drivr.age < 18`, `driver < 18`, `driver.age.years`, `as_of.year`, `age < 18`, `full == driver.licence`, `asof < driver.born`, `year(as_of).x`, `[1].x`, `.driver.age == 3`,
		"driver.ok &&\n  driver.agee < 3", `"é" == driver.nota`, `driver.ok && driver.agee < 3 && vehicle.valu > 3`,
		`timestamp("2025-01-01T00:00:00Z") < as_of`, `duration("3h")`, `driver.note.matches("a")`, `has(driver.age)`, `[1].all(x, x > 1)`, `uint(3)`, `float(3)`, `len(driver.note)`, `str(3)`, `round(3.5)`, `mx(1, 2)`, `driver.age(3)`, `if(driver.ok, 1, 2)`, `not(driver.ok)`, `foo(driver.agee)`, `as_of.getFullYear()`,
		`3u`, `b"x"`, `null`, `{1: 2}`, `a{b: 1}`, `[]`, `[[1]]`, `[1, 2.0]`, `[[]]`,
		`driver.temperature < 36`, `36 > driver.temperature`, `driver.age < 18.0`, `driver.age < 18.5`, `18.5 > driver.age`, `driver.age < driver.temperature`, `driver.age + 1.0`, `driver.age < "18"`, `driver.born < "2001-01-01"`, `"2001-01-01" <= driver.born`, `driver.born == driver.note`, `driver.age + "x"`, `"x" + driver.age`, `driver.ok + driver.ok`, `driver.born - driver.born`, `driver.born + 3`, `driver.temperature % 2.0`, `driver.temperature % 2`, `[1] < [2]`, `[1] == 1`, `driver.ok < 3`,
		`driver.age in 3`, `driver.age in ["x"]`, `driver.age in [1.0]`, `driver.age in driver.age`, `!driver.age`, `-driver.note`, `driver.age[0]`, `checks.flags["a"]`, `driver.age ? 1 : 2`, `driver.ok ? 1 : 2.5`, `driver.ok ? 1 : "a"`, `driver.ok ? driver.age : driver.temperature`, `driver.age && driver.ok`, `driver.ok || (driver.age + 1)`, `driver.ok && !driver.age`,
		`max(1, 2.0)`, `max(1)`, `driver.note.size(3)`, `size(3)`, `driver.age.startsWith("x")`, `startsWith(driver.note, "x")`, `ratio(1, 2)`, `int(true)`, `driver.age.max(3)`,
		`driver.licence == "ful"`, `driver.licence in ["full", "provisonal"]`, `"none" != driver.licence`, `driver.licence in ["full"] + ["x"]`, `driver.licence == "automatic"`,
		`1 / 0`, `date("2025-13-01") < as_of`, `ratio(1, 2, 7)`, `9223372036854775807 + 1`, `0.0 / 0.0`, `[1.0 / 0.0]`, `driver.age + 1 / 0`,
		``, `  `, `driver.ok and driver.ok`, `driver.ok OR driver.ok`, `not driver.ok`, `driver.age = 3`, `driver.age === 3`, `driver.age <> 3`, `driver.age => 3`, `driver.age =< 3`, `driver.age ==`, `(driver.age`, `driver.age)`, `max(1, 2`, `driver.ok & driver.ok`, `“full” == driver.licence`, `driver.licence == 'full`, `driver.age ≥ 18`, `driver.age is 3`, `driver.`, `if driver.ok`, `£3`, `driver.age < 18;`, `99999999999999999999 > driver.age`, `driver.note == "\q"`, "driver.`age`", `driver.age !== 3`, `driver.ok ? 1`, `0X1F`, `for`, "driver.ok\n and driver.ok",
		strings.Repeat("1+", 300) + "1", strings.Repeat("(", 40) + "1" + strings.Repeat(")", 40), strings.Repeat("1+", 600) + "1", strings.Repeat(" ", 5000),
	} {
		p, issues := driverEnv(t).Compile(policy.Expr{Source: s, Line: 4, Column: 11}, "rules.yaml", "when")
		if p != nil {
			t.Errorf("%.60s → COMPILED %v", s, p.Kind())
			continue
		}
		for _, i := range issues {
			t.Logf("%.60s → %s", s, strings.TrimPrefix(i.String(), "rules.yaml:"))
		}
	}
}
