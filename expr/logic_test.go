package expr

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		rule, source string
		want         []string // text, slots, comparison
	}{
		{"a comparison is one condition", `driver.age < 18`, []string{"driver.age < 18 | [0] | 0 < [18]"}},
		{"its constant may come first", ` 18 >  driver.age `, []string{"18 >  driver.age | [0] | 0 < [18]"}},
		{"every operator is known", `driver.age <= 1 || driver.age > 2 || driver.age >= 3 || driver.age == 4 || 5 != driver.age || driver.age in [6, 7] || !(driver.age in [8])`, []string{
			"driver.age <= 1 | [0] | 0 <= [1]", "driver.age > 2 | [0] | 0 > [2]", "driver.age >= 3 | [0] | 0 >= [3]", "driver.age == 4 | [0] | 0 == [4]",
			"5 != driver.age | [0] | 0 != [5]", "driver.age in [6, 7] | [0] | 0 in [6 7]", "!(driver.age in [8]) | [0] | 0 not in [8]"}},
		{"so are all mirrored", `1 >= driver.age || 2 < driver.age || 3 <= driver.age || 4 == driver.age`, []string{
			"1 >= driver.age | [0] | 0 <= [1]", "2 < driver.age | [0] | 0 > [2]", "3 <= driver.age | [0] | 0 >= [3]", "4 == driver.age | [0] | 0 == [4]"}},
		{"a bare bool is one", `driver.ok && !driver.ok`, []string{"driver.ok | [2] | 2 == [true]", "!driver.ok | [2] | 2 != [true]"}},
		{"a constant is folded", `driver.born >= date("2001-01-01") && driver.age < 20 - 2`, []string{
			`driver.born >= date("2001-01-01") | [3] | 3 >= [2001-01-01]`, "driver.age < 20 - 2 | [0] | 0 < [18]"}},
		{"brackets around the whole are no part of it", `((driver.ok) && (((driver.age < 18))))`, []string{"driver.ok | [2] | 2 == [true]", "driver.age < 18 | [0] | 0 < [18]"}},
		{"brackets within are", `(driver.age + 1) * 2 < 3`, []string{"(driver.age + 1) * 2 < 3 | [0] | nil"}},
		{"&& binds before ||", `driver.ok || driver.age < 1 && (driver.age > 2 || driver.age > 3)`, []string{
			"driver.ok | [2] | 2 == [true]", "driver.age < 1 | [0] | 0 < [1]", "driver.age > 2 | [0] | 0 > [2]", "driver.age > 3 | [0] | 0 > [3]"}},
		{"a negation is one whatever it negates", `!(driver.ok && driver.age < 3) || driver.ok`, []string{
			"!(driver.ok && driver.age < 3) | [2 0] | nil", "driver.ok | [2] | 2 == [true]"}},
		{"but two are none", `!!(driver.ok && !!driver.ok)`, []string{"driver.ok | [2] | 2 == [true]", "!!driver.ok | [2] | 2 == [true]"}},
		{"a choice is one", `driver.ok ? driver.age < 3 || driver.ok : driver.age > 3 && driver.ok`, []string{
			"driver.ok ? driver.age < 3 || driver.ok : driver.age > 3 && driver.ok | [2 0] | nil"}},
		{"slots come in order of mention", `vehicle.value > driver.age * 2`, []string{"vehicle.value > driver.age * 2 | [6 0] | nil"}},
		{"texts hide signs", `driver.note == "a && (b" && driver.note != '''|| "' ''' && driver.note in [r"\", "\"&&"]`, []string{
			`driver.note == "a && (b" | [5] | 5 == [a && (b]`, `driver.note != '''|| "' ''' | [5] | 5 != [|| "' ]`, `driver.note in [r"\", "\"&&"] | [5] | 5 in [\ "&&]`}},
		{"so do notes", "driver.ok // && or ||\n&& driver.age < 3 // (", []string{"driver.ok | [2] | 2 == [true]", "driver.age < 3 | [0] | 0 < [3]"}},
		{"the order of texts is no comparison", `driver.note < "b" && driver.ok < true && driver.note in checks.flags`, []string{
			`driver.note < "b" | [5] | nil`, "driver.ok < true | [2] | nil", "driver.note in checks.flags | [5 8] | nil"}},
		{"nor is one with what is no finite number", `driver.temperature < 1.0 / 0.0 || driver.temperature in [0.0 / 0.0]`, []string{
			"driver.temperature < 1.0 / 0.0 | [4] | nil", "driver.temperature in [0.0 / 0.0] | [4] | nil"}},
		{"a list's never is", `checks.flags == ["a"]`, []string{`checks.flags == ["a"] | [8] | nil`}},
		{"a constant is a condition without slots", `true && driver.ok`, []string{"true | [] | nil", "driver.ok | [2] | 2 == [true]"}},
		{"what is no bool has none", `driver.age + 1`, nil},
	} {
		t.Run(c.rule, func(t *testing.T) {
			var got []string
			for _, condition := range compile(t, c.source).Conditions() {
				comparison := "nil"
				if at := condition.Comparison; at != nil {
					comparison = fmt.Sprintf("%d %s %v", at.Slot, at.Op, at.Constants)
				}
				got = append(got, fmt.Sprintf("%s | %v | %s", condition.Text, condition.Slots, comparison))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFirstFailing(t *testing.T) {
	for _, c := range []struct {
		rule, source string
		want         int
	}{
		{"all hold", `driver.age > 1 && driver.age > 2 && driver.ok`, holds},
		{"of && the one that fails", `driver.age > 1 && driver.age > 99 && driver.age > 100`, 1},
		{"of || the first, if all fail", `driver.age > 97 || driver.age > 98 || driver.age > 99`, 0},
		{"and none if one holds", `driver.age > 97 || driver.ok`, holds},
		{"|| within &&", `driver.ok && (driver.age > 97 || driver.age > 98) && driver.age > 99`, 1},
		{"&& within ||", `driver.ok && driver.age > 97 || driver.age > 98`, 1},
		{"a single condition", `!driver.ok`, 0},
		{"a constant", `driver.ok && false`, 1},
		{"an error beside a failure is no failure", `driver.age / (driver.age - 21) > 0 && driver.age > 97`, 1},
		{"nor beside what holds", `driver.age / (driver.age - 21) > 0 || driver.ok`, holds},
		{"an operator that may fail but does not", `driver.age / 2 > 3 && driver.age / 3 > 4`, holds},
		{"the first failure of it", `driver.age / 2 > 99 || driver.age / 3 > 99`, 0},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := compile(t, c.source).FirstFailing(&Frame{Slots: driverSlots()})
			if err != nil || got != c.want {
				t.Errorf("%s fails first at %d, %v, want %d", c.source, got, err, c.want)
			}
		})
	}
}

func TestPlacesOfIssuesAreExact(t *testing.T) {
	for source, want := range map[string]string{
		"driver.ok &&\n  driver.agee < 3": "d.yaml:8:9: driver has no field \"agee\": did you mean \"age\"?",
		"\"é🚗\" == driver.nota":           "d.yaml:7:15: driver has no field \"nota\": did you mean \"note\"?",
		"driver.ok\n\n  and driver.ok":    "d.yaml:9:9: and is not known here: write &&",
	} {
		_, issues := driverEnv(t).Compile(policy.Expr{Source: source, Line: 7, Column: 7}, "d.yaml", "")
		if issues.Error() != want {
			t.Errorf("%q: got %s, want %s", source, issues, want)
		}
	}
}
