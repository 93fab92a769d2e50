package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

// The boundaries of one field, by how the field is drawn and what conditions compare it with.
func TestBoundaries(t *testing.T) {
	for _, test := range []struct {
		name, field, when string
		want              string // the values, none for a field without boundaries
	}{
		{"an int has the values beside", "kind: int, min: 0, max: 90", "w.f < 18", "17 18 19"},
		{"boundaries are ascending and come once", "kind: int, min: 0, max: 90", "w.f > 20 || w.f == 5 || w.f < 19 || w.f >= 20", "4 5 6 18 19 20 21"},
		{"each value of in counts", "kind: int, min: 0, max: 90", "w.f in [20, 30]", "19 20 21 29 30 31"},
		{"the range ends the values", "kind: int, min: 18, max: 89", "w.f < 18 || w.f > 89", "18 19 88 89"},
		{"a constant outside the range has none", "kind: int, min: 18, max: 89", "w.f > 100", ""},
		{"a bound over another field is none", "kind: int, min: 18, max: w.g", "w.f > 100", "99 100 101"},
		{"a bound over as_of is one", "kind: int, min: 18, max: year(as_of) - 1926", "w.f >= 100", "99 100"},
		{"a bound that is wrong is left to the generator", "kind: int, min: 18, max: w.nothing", "w.f > 100", "99 100 101"},
		{"a bound that fails is none", "kind: int, min: 18, max: year(as_of) / (year(as_of) - 2026)", "w.f > 100", "99 100 101"},
		{"a step is kept to", "kind: int, min: 500, max: 90000, step: 50", "w.f > 25000", "24950 25000 25050"},
		{"a constant between two steps has both beside", "kind: int, min: 500, max: 90000, step: 50", "w.f > 25010", "25000 25050"},
		{"steps go by the minimum", "kind: int, min: 510, max: 90000, step: 50", "w.f > 25010", "24960 25010 25060"},
		{"steps below a constant minimum", "kind: int, min: -25, max: 25, step: 10", "w.f > -16", "-25 -15"},
		{"steps without a constant minimum go by the constant", "kind: int, min: w.g, max: 90000, step: 50", "w.f > 25010", "24960 25010 25060"},
		{"a constant beyond what a float64 counts has none", "kind: int, min: w.g, max: 90000", "w.f > 9007199254740992", ""},
		{"weights are the only values", "kind: int, weights: {15: 1, 0: 5, 3: 2, 6: 1}", "w.f >= 6", "3 6 15"},
		{"weights beside a constant that is none", "kind: int, weights: {0: 5, 3: 2, 6: 1}", "w.f >= 5", "3 6"},
		{"weights at the ends", "kind: int, weights: {0: 5, 3: 2, 6: 1}", "w.f > 0 || w.f >= 9", "0 3 6"},
		{"a number goes by its step", "kind: number, min: 34, max: 42, step: 0.1", "w.f <= 35.0", "34.9 35 35.1"},
		{"a number is the float64 nearest to its decimals", "kind: number, min: 0, max: 1, step: 0.1", "w.f > 0.3", "0.2 0.3 0.4"},
		{"a number between two steps", "kind: number, min: 34, max: 42, step: 0.5", "w.f <= 35.25", "35 35.5"},
		{"a number in whole steps", "kind: number, min: 0, max: 40, step: 10", "w.f <= 20.0", "10 20 30"},
		{"a number that is far out has none", "kind: number, min: w.g * 1.0, max: 42, step: 0.1", "w.f <= 1e300", ""},
		{"a number that is tiny counts as the nearest", "kind: number, min: 0, max: 42, step: 0.1", "w.f <= 1e-300", "0 0.1"},
		{"a number that is worked out goes by the constants", "kind: value, type: number, value: w.g * 1.0", "w.f <= 2.5 || w.f > 30.0", "2.4 2.5 2.6 29.9 30 30.1"},
		{"an int that is worked out goes by ones", "kind: value, type: int, value: w.g", "w.f <= 25", "24 25 26"},
		{"a date goes by days", "kind: date, from: 2020-01-01, to: 2026-01-01", `w.f >= date("2022-09-23")`, "2022-09-22 2022-09-23 2022-09-24"},
		{"a date's range ends the values", "kind: date, from: 'add_years(as_of, -1)', to: as_of", `w.f >= date("2025-01-01") || w.f < date("2026-01-01")`, "2025-01-01 2025-01-02 2025-12-31 2026-01-01"},
		{"a bool is both", "kind: bool, probability: 0.5", "w.f", "false true"},
		{"a negated bool is both", "kind: bool, probability: 0.5", "!w.f", "false true"},
		{"a choice is what it is compared with, and one other", "kind: choice, choices: [a, b, c, d]", `w.f == "c"`, "a c"},
		{"the labels come in their order", "kind: choice, choices: [a, b, c, d]", `w.f in ["d", "a"]`, "a b d"},
		{"a choice of which all labels are compared", "kind: choice, choices: [a, b]", `w.f == "b" || w.f == "a"`, "a b"},
		{"a free text is what it is compared with", `kind: value, type: text, value: '"x"'`, `w.f == "zulu" || w.f != "alpha"`, "alpha zulu"},
		{"what is worked out of a field does not count", "kind: int, min: 0, max: 90", "w.f * 2 < 18", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			who := "object: w\nas_of: 2026-01-01\nfields:\n  - {name: g, kind: int, min: 0, max: 9}\n  - {name: f, " + test.field + "}\n"
			rules := tables("  - {id: d, hit_policy: collect, outputs: [x], rules: [{id: a, when: '" + test.when + "', then: {x: 1}}]}\n")
			var got []string
			for _, field := range mustCompile(t, who, nothing, rules).Boundaries().Who {
				if field.Field != "f" {
					t.Errorf("%s has boundaries", field.Field)
				}
				for _, v := range field.Values {
					got = append(got, v.String())
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A tax in slices turns at the limits of the slices, which only its outputs name.
func TestBoundariesOfLimits(t *testing.T) {
	for _, test := range []struct{ then, want string }{
		{"2 * (min(w.f, 250) - 125)", "249 250 251"},
		{"max(0, w.f)", "0 1"},
		{"min( -5 , w.f ) + max(w.f,7)", "6 7 8"},
		{"min(w.f, w.g)", ""},
		{"min(w.g, 5) + w.f", "4 5 6"},
		{"min(w.f + 1, 250)", ""},
		{"min(z.n, 5)", ""},
	} {
		t.Run(test.then, func(t *testing.T) {
			who := "object: w\nas_of: 2026-01-01\nfields:\n  - {name: g, kind: int, min: 0, max: 9}\n  - {name: f, kind: int, min: 0, max: 900}\n"
			rules := tables("  - {id: z, hit_policy: first, outputs: [n], rules: [{id: a, then: {n: 1}}]}\n",
				"  - {id: d, hit_policy: first, outputs: [x], rules: [{id: a, then: {x: '"+test.then+"'}}]}\n")
			got := ""
			for _, field := range mustCompile(t, who, nothing, rules).Boundaries().Who {
				got += strings.Trim(fmt.Sprint(field.Values), "[]")
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// A step so fine that it is no point of its own cannot be taken.
func TestStepThatIsNoPoint(t *testing.T) {
	b := &bounds{}
	g := b.grid(&policy.Field{Kind: policy.FieldNumber, Step: "1e-9"}, policy.Number, []policy.Value{policy.NumberValue(1.5)})
	if g.step != 1 {
		t.Errorf("step is %d", g.step)
	}
}
