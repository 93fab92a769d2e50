package expr

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

// Every case stands at line 4, column 11 of its document.
func TestIssues(t *testing.T) {
	for _, group := range []struct {
		rule  string
		cases []issueCase
	}{
		{"a name is one of the environment's", []issueCase{
			{`driver.agee < 18`, []string{`4:11: driver has no field "agee": did you mean "age"?`}},
			{`drivr.age < 18`, []string{`4:11: nothing is called "drivr.age": did you mean "driver.age"?`}},
			{`driver < 18`, []string{`4:11: driver is an object: name one of its fields, such as driver.age`}},
			{`driver.age.years`, []string{`4:11: driver.age has no fields: leave .years out`}},
			{`as_of.year`, []string{`4:11: as_of has no fields: leave .year out`}},
			{`age < 18`, []string{`4:11: nothing is called "age": did you mean "driver.age"?`}},
			{`full == driver.licence`, []string{`4:11: nothing is called "full": write a text in quotes, "full"`}},
			{`asof < driver.born`, []string{`4:11: nothing is called "asof": did you mean "as_of"?`}},
			{`year(as_of).x`, []string{`4:11: only an object has fields`}},
			{`[1].x`, []string{`4:11: only an object has fields`}},
			{`.driver.age == 3`, []string{`4:11: nothing is called ".driver.age": did you mean "driver.age"?`}},
			{`drivr < 3`, []string{`4:11: nothing is called "drivr": did you mean "driver"?`}},
			{`driver.age.years.months`, []string{`4:11: driver.age has no fields: leave .years.months out`}},
			{`xyzzy`, []string{`4:11: nothing is called "xyzzy"`}},
			{`foo.bar`, []string{`4:11: nothing is called "foo.bar"`}},
		}},
		{"its place is its own, in lines and characters", []issueCase{
			{"driver.ok &&\n  driver.agee < 3", []string{`5:13: driver has no field "agee": did you mean "age"?`}},
			{`"é" == driver.nota`, []string{`4:18: driver has no field "nota": did you mean "note"?`}},
			{`driver.ok && driver.agee < 3 && vehicle.valu > 3`, []string{`4:24: driver has no field "agee": did you mean "age"?`, `4:43: vehicle has no field "valu": did you mean "value"?`}},
		}},
		{"a function is one of the known", []issueCase{
			{`timestamp("2025-01-01T00:00:00Z") < as_of`, []string{`4:11: there is no function timestamp: a date is written date("2025-04-01")`}},
			{`duration("3h")`, []string{`4:11: there is no function duration: days are counted with days_between and add_days, years with years_between and add_years`}},
			{`driver.note.matches("a")`, []string{`4:23: there is no function matches: patterns are not read here: write startsWith, endsWith, contains or in`}},
			{`has(driver.age)`, []string{`4:11: there is no function has: every field has a value: leave has out`}},
			{`[1].all(x, x > 1)`, []string{`4:15: there is no function all: lists have no loops here: write in, size or an index`}},
			{`uint(3)`, []string{`4:11: there is no function uint: the kinds are int, double, string, date and lists`}},
			{`float(3)`, []string{`4:11: there is no function float: write double`}},
			{`len(driver.note)`, []string{`4:11: there is no function len: write size`}},
			{`str(3)`, []string{`4:11: there is no function str: write string`}},
			{`round(3.5)`, []string{`4:11: there is no function round: whole numbers are rounded with muldiv(a, b, c), the quotient of two with ratio(a, b, decimals)`}},
			{`mx(1, 2)`, []string{`4:11: there is no function mx: did you mean "max"?`}},
			{`driver.age(3)`, []string{`4:18: driver.age is a value, not a function: leave the brackets out`}},
			{`if(driver.ok, 1, 2)`, []string{`4:11: if is not known here: write condition ? a : b`}},
			{`not(driver.ok)`, []string{`4:11: there is no function not: write ! for not`}},
			{`foo(driver.agee)`, []string{`4:11: there is no function foo`}},
			{`as_of.getFullYear()`, []string{`4:17: there is no function getFullYear: write year(date)`}},
			{`length(driver.note)`, []string{`4:11: there is no function length: write size`}},
			{`[1].map(x, x)`, []string{`4:15: there is no function map: lists have no loops here: write in, size or an index`}},
			{`abs(3)`, []string{`4:11: there is no function abs: write max(x, -x)`}},
			{`text(3)`, []string{`4:11: there is no function text: write string`}},
			{`number(3)`, []string{`4:11: there is no function number: write double`}},
		}},
		{"a literal has a kind", []issueCase{
			{`3u`, []string{`4:11: a number ending in u is not known here: leave the u out`}},
			{`b"x"`, []string{`4:11: a text with b before it is not known here: leave the b out`}},
			{`null`, []string{`4:11: there is no null here: every field has a value`}},
			{`{1: 2}`, []string{`4:11: there are no maps here: write a list [ … ] or a value`}},
			{`a{b: 1}`, []string{`4:12: there are no maps here: write a list [ … ] or a value`}},
			{`[]`, []string{`4:11: an empty list has no kind: write at least one value`}},
			{`[[1]]`, []string{`4:12: a list cannot hold lists`}},
			{`[1, 2.0]`, []string{`4:15: a list holds values of one kind: 1 (an int) meets 2.0 (a number): write 1.0`}},
			{`[[]]`, []string{`4:12: a list cannot hold lists`}},
		}},
		{"both sides have one kind", []issueCase{
			{`driver.temperature < 36`, []string{`4:30: < needs both sides of one kind: driver.temperature (a number) meets 36 (an int): write 36.0`}},
			{`36 > driver.temperature`, []string{`4:14: > needs both sides of one kind: 36 (an int) meets driver.temperature (a number): write 36.0`}},
			{`driver.age < 18.0`, []string{`4:22: < needs both sides of one kind: driver.age (an int) meets 18.0 (a number): write 18`}},
			{`driver.age < 18.5`, []string{`4:22: < needs both sides of one kind: driver.age (an int) meets 18.5 (a number): write double(driver.age)`}},
			{`18.5 > driver.age`, []string{`4:16: > needs both sides of one kind: 18.5 (a number) meets driver.age (an int): write double(driver.age)`}},
			{`driver.age < driver.temperature`, []string{`4:22: < needs both sides of one kind: driver.age (an int) meets driver.temperature (a number): write double(driver.age)`}},
			{`driver.age + 1.0`, []string{`4:22: + needs both sides of one kind: driver.age (an int) meets 1.0 (a number): write 1`}},
			{`driver.age < "18"`, []string{`4:22: < needs both sides of one kind: driver.age (an int) meets "18" (a text)`}},
			{`driver.born < "2001-01-01"`, []string{`4:23: < needs both sides of one kind: driver.born (a date) meets "2001-01-01" (a text): write date("2001-01-01")`}},
			{`"2001-01-01" <= driver.born`, []string{`4:24: <= needs both sides of one kind: "2001-01-01" (a text) meets driver.born (a date): write date("2001-01-01")`}},
			{`driver.born == driver.note`, []string{`4:23: == needs both sides of one kind: driver.born (a date) meets driver.note (a text): write date(driver.note)`}},
			{`driver.age + "x"`, []string{`4:22: + needs both sides of one kind: driver.age (an int) meets "x" (a text): write string(driver.age)`}},
			{`"x" + driver.age`, []string{`4:15: + needs both sides of one kind: "x" (a text) meets driver.age (an int): write string(driver.age)`}},
			{`driver.ok + driver.ok`, []string{`4:21: + does not work on bools`}},
			{`driver.born - driver.born`, []string{`4:23: - does not work on dates: write add_days, add_years, days_between or years_between`}},
			{`driver.born + 3`, []string{`4:23: + does not work on dates: write add_days, add_years, days_between or years_between`}},
			{`driver.temperature % 2.0`, []string{`4:30: % works on ints alone: write int(…)`}},
			{`driver.temperature % 2`, []string{`4:30: % works on ints alone: write int(…)`}},
			{`[1] < [2]`, []string{`4:15: < does not work on lists`}},
			{`[1] == 1`, []string{`4:15: == needs both sides of one kind: a list of ints meets 1 (an int)`}},
			{`driver.ok < 3`, []string{`4:21: < needs both sides of one kind: driver.ok (a bool) meets 3 (an int)`}},
			{`"a" == driver.age`, []string{`4:15: == needs both sides of one kind: "a" (a text) meets driver.age (an int)`}},
			{`driver.born == 3`, []string{`4:23: == needs both sides of one kind: driver.born (a date) meets 3 (an int)`}},
			{`driver.age == 1e300`, []string{`4:22: == needs both sides of one kind: driver.age (an int) meets 1e+300 (a number): write double(driver.age)`}},
		}},
		{"an operator takes its kinds", []issueCase{
			{`driver.age in 3`, []string{`4:22: 3 (an int) stands behind in, where a list belongs: write [ … ]`}},
			{`driver.age in ["x"]`, []string{`4:22: in needs both sides of one kind: driver.age (an int) meets a list of texts`}},
			{`driver.age in [1.0]`, []string{`4:22: in needs both sides of one kind: driver.age (an int) meets a list of numbers`}},
			{`driver.age in driver.age`, []string{`4:22: driver.age (an int) stands behind in, where a list belongs: write [ … ]`}},
			{`!driver.age`, []string{`4:11: driver.age (an int) stands behind !, which negates a condition: compare it with something`}},
			{`-driver.note`, []string{`4:11: driver.note (a text) stands behind -: only an int or a number has a negative`}},
			{`driver.age[0]`, []string{`4:21: driver.age (an int) has no index 0 (an int): a list has, an int from 0`}},
			{`checks.flags["a"]`, []string{`4:23: checks.flags (a list of texts) has no index "a" (a text): a list has, an int from 0`}},
			{`driver.age ? 1 : 2`, []string{`4:22: driver.age (an int) stands before ?, where a condition belongs: compare it with something`}},
			{`driver.ok ? 1 : 2.5`, []string{`4:21: both results of ? : must be of one kind: 1 (an int) meets 2.5 (a number): write 1.0`}},
			{`driver.ok ? 1 : "a"`, []string{`4:21: both results of ? : must be of one kind: 1 (an int) meets "a" (a text)`}},
			{`driver.ok ? driver.age : driver.temperature`, []string{`4:21: both results of ? : must be of one kind: driver.age (an int) meets driver.temperature (a number): write double(driver.age)`}},
			{`driver.age && driver.ok`, []string{`4:11: driver.age (an int) stands beside && or ||, which join conditions: compare it with something`}},
			{`driver.ok || (driver.age + 1)`, []string{`4:36: an int stands beside && or ||, which join conditions: compare it with something`}},
			{`driver.ok && !driver.age`, []string{`4:24: driver.age (an int) stands behind !, which negates a condition: compare it with something`}},
		}},
		{"a function takes its kinds", []issueCase{
			{`max(1, 2.0)`, []string{`4:11: write max(int, int) or max(number, number), not max(int, number)`}},
			{`max(1)`, []string{`4:11: write max(int, int) or max(number, number), not max(int)`}},
			{`driver.note.size(3)`, []string{`4:23: write size(list) or list.size() or size(text) or text.size(), not text.size(int)`}},
			{`size(3)`, []string{`4:11: write size(list) or list.size() or size(text) or text.size(), not size(int)`}},
			{`driver.age.startsWith("x")`, []string{`4:22: write text.startsWith(text), not int.startsWith(text)`}},
			{`startsWith(driver.note, "x")`, []string{`4:11: write text.startsWith(text), not startsWith(text, text)`}},
			{`ratio(1, 2)`, []string{`4:11: write ratio(int, int, int), not ratio(int, int)`}},
			{`int(true)`, []string{`4:11: write int(int) or int(number) or int(text), not int(bool)`}},
			{`driver.age.max(3)`, []string{`4:22: write max(int, int) or max(number, number), not int.max(int)`}},
		}},
		{"a label is one of the field's", []issueCase{
			{`driver.licence == "ful"`, []string{`4:29: driver.licence is never "ful": did you mean "full"?`}},
			{`driver.licence in ["full", "provisonal"]`, []string{`4:38: driver.licence is never "provisonal": did you mean "provisional"?`}},
			{`"none" != driver.licence`, []string{`4:11: driver.licence is never "none": it takes full, provisional, international`}},
			{`driver.licence in ["full"] + ["x"]`, []string{`4:38: driver.licence is never "x": it takes full, provisional, international`}},
			{`driver.licence == "automatic"`, []string{`4:29: driver.licence is never "automatic": it takes full, provisional, international`}},
		}},
		{"a constant does not fail", []issueCase{
			{`1 / 0`, []string{`4:13: this always fails: a division by zero`}},
			{`date("2025-13-01") < as_of`, []string{`4:11: "2025-13-01" is not a date: write year-month-day, such as 2025-04-01`}},
			{`ratio(1, 2, 7)`, []string{`4:11: this always fails: a ratio has 0 to 6 decimals`}},
			{`9223372036854775807 + 1`, []string{`4:31: this always fails: a whole number beyond 64 bits`}},
			{`0.0 / 0.0`, []string{`4:11: this always fails: the result is not a finite number`}},
			{`[1.0 / 0.0]`, []string{`4:11: this always fails: the result is not a finite number`}},
			{`driver.age + 1 / 0`, []string{`4:26: this always fails: a division by zero`}},
		}},
		{"the syntax is CEL's", []issueCase{
			{``, []string{`4:11: the expression is empty: write one, such as driver.age < 18`}},
			{`  `, []string{`4:11: the expression is empty: write one, such as driver.age < 18`}},
			{`driver.ok and driver.ok`, []string{`4:21: and is not known here: write &&`}},
			{`driver.ok OR driver.ok`, []string{`4:21: OR is not known here: write ||`}},
			{`not driver.ok`, []string{`4:11: not is not known here: write !`}},
			{`driver.age = 3`, []string{`4:22: = is not known here: write ==`}},
			{`driver.age === 3`, []string{`4:22: === is not known here: write ==`}},
			{`driver.age <> 3`, []string{`4:22: <> is not known here: write !=`}},
			{`driver.age => 3`, []string{`4:22: => is not known here: write >=`}},
			{`driver.age =< 3`, []string{`4:22: =< is not known here: write <=`}},
			{`driver.age ==`, []string{`4:24: the expression ends too early: something is missing behind ==`}},
			{`(driver.age`, []string{`4:22: expected ')'`}},
			{`driver.age)`, []string{`4:21: ) is not expected here`}},
			{`max(1, 2`, []string{`4:19: the expression ends too early: something is missing behind 2`}},
			{`driver.ok & driver.ok`, []string{`4:21: unexpected single '&', expected '&&'`}},
			{`“full” == driver.licence`, []string{`4:11: “ is not known here: write "`}},
			{`driver.licence == 'full`, []string{`4:29: unterminated string literal`}},
			{`driver.age ≥ 18`, []string{`4:22: ≥ is not known here: write >=`}},
			{`driver.age is 3`, []string{`4:22: is is not expected here`}},
			{`driver.`, []string{`4:18: expected identifier after '.'`}},
			{`if driver.ok`, []string{`4:11: if is not known here: write condition ? a : b`}},
			{`£3`, []string{`4:11: £ is not expected here`}},
			{`driver.age < 18;`, []string{`4:26: ; is not expected here`}},
			{`99999999999999999999 > driver.age`, []string{`4:11: invalid int literal`}},
			{`driver.note == "\q"`, []string{`4:26: unable to unescape string`}},
			{"driver.`age`", []string{"4:18: unsupported syntax: '`'"}},
			{`driver.age !== 3`, []string{`4:22: !== is not known here: write !=`}},
			{`driver.ok ? 1`, []string{`4:24: expected ':' in conditional expression`}},
			{`0X1F`, []string{`4:11: 0X1F is no number: write 0x`}},
			{`for`, []string{`4:11: for cannot be a name: CEL keeps the word for itself`}},
			{"driver.ok\n and driver.ok", []string{`5:12: and is not known here: write &&`}},
			{`// nothing`, []string{`4:11: the expression is empty: write one, such as driver.age < 18`}},
			{`a.?b`, []string{`4:12: unsupported syntax '.?'`}},
		}},
		{"the size is limited", []issueCase{
			{strings.Repeat("1+", 300) + "1", []string{"4:11: the expression is nested too deeply: split it"}},
			{strings.Repeat("(", 33) + "1" + strings.Repeat(")", 33), []string{"4:43: brackets within brackets: at most 32 deep"}},
			{strings.Repeat("1+", 600) + "1", []string{"4:11: an expression of 1201 words and signs is too long: write at most 1000"}},
			{strings.Repeat(" ", 5000), []string{"4:11: an expression of 5000 bytes is too long: write at most 4096"}},
		}},
	} {
		t.Run(group.rule, func(t *testing.T) {
			for _, c := range group.cases {
				p, issues := driverEnv(t).Compile(policy.Expr{Source: c.source, Line: 4, Column: 11}, "rules.yaml", "decisions[0].when")
				var got []string
				for _, issue := range issues {
					if issue.Field != "decisions[0].when" {
						t.Errorf("%s: field %q", c.source, issue.Field)
					}
					got = append(got, strings.TrimPrefix(issue.String(), "rules.yaml:"))
				}
				if diff := cmp.Diff(c.want, got); diff != "" || p != nil {
					t.Errorf("%s (-want +got):\n%s", c.source, diff)
				}
			}
		})
	}
}

type issueCase struct {
	source string
	want   []string
}
