package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

// The objects of the small tables below: a has four bools that say which rules are to hit, and some values to compute
// with; b has nothing of interest.
const (
	switches = `object: a
as_of: 2026-01-01
fields:
  - {name: p, kind: bool, probability: 0.5}
  - {name: q, kind: bool, probability: 0.5}
  - {name: r, kind: bool, probability: 0.5}
  - {name: s, kind: bool, probability: 0.5}
  - {name: n, kind: int, min: 0, max: 9}
  - {name: x, kind: number, min: 0, max: 9, step: 0.1}
  - {name: t, kind: value, type: text, value: '"free"'}
`
	nothing = "object: b\nas_of: 2026-01-01\nfields: [{name: n, kind: int, min: 0, max: 9}]\n"
)

// tables makes a rules.yaml of decisions, in YAML, whose verdict is always yes.
func tables(decisions ...string) string {
	return "label: Tables\ndecisions:\n" + strings.Join(decisions, "") + `
  - {id: end, hit_policy: first, outputs: [x], rules: [{id: r, then: {x: '"yes"'}, because: b}]}
verdict: {object: v, fields: [{name: outcome, type: text, value: end.x}]}
outcome: {field: outcome, decision: end, values: {"yes": {tone: good}}}
`
}

// table makes one decision, d. Each rule is its when and its then, and is called by its letter: a, b, c …
func table(hitPolicy policy.HitPolicy, outputs, fallback string, rules ...[2]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - id: d\n    label: Table\n    hit_policy: %s\n    outputs: %s\n    rules:\n", hitPolicy, outputs)
	for i, r := range rules {
		fmt.Fprintf(&b, "      - {id: %c, when: '%s', then: {%s}}\n", 'a'+i, r[0], r[1])
	}
	if fallback != "" {
		fmt.Fprintf(&b, "    default: {%s}\n", fallback)
	}
	return b.String()
}

func mustCompile(t testing.TB, who, what, rules string) *Book {
	t.Helper()
	book, issues := Compile(assemble(t, []byte(who), []byte(what), []byte(rules)))
	if issues != nil {
		t.Fatal(issues)
	}
	return book
}

// decideSwitches decides with the named switches on.
func decideSwitches(book *Book, on string, more ...policy.Value) (*Decider, error) {
	var who []policy.Value
	for _, s := range "pqrs" {
		who = append(who, policy.BoolValue(strings.ContainsRune(on, s)))
	}
	who = append(append(who, more...), policy.IntValue(3), policy.NumberValue(0.5), policy.StringValue("free"))
	d := book.NewDecider()
	return d, d.Decide(who, []policy.Value{policy.IntValue(1)}, make([]policy.Value, len(book.verdict.Columns)))
}

func TestHitPolicies(t *testing.T) {
	type rules = [][2]string
	ranked := `{x: {values: ["3", "1", "2"]}}`
	pq := rules{{"a.p", "x: 1"}, {"a.q", "x: 2"}}
	pqr := rules{{"a.p", "x: 1"}, {"a.q", "x: 2"}, {"a.r", "x: 3"}}
	same := rules{{"a.p", "x: 1, y: 2"}, {"a.q", "x: 2 - 1, y: 2"}, {"a.r", "x: 1, y: a.n"}}
	// The table "Routing rules" of DMN 1.5, section 8.2.11: too young, high risk and under review all at once.
	routing := `{routing: {values: [DECLINE, REFER, ACCEPT]}, level: {values: [LEVEL 2, LEVEL 1, NONE]}, reason: }`
	route := rules{
		{"true", `routing: "'ACCEPT'", level: "'NONE'", reason: "'Acceptable'"`},
		{"a.p", `routing: "'DECLINE'", level: "'NONE'", reason: "'Applicant too young'"`},
		{"a.q", `routing: "'REFER'", level: "'LEVEL 1'", reason: "'High risk application'"`},
		{"a.r", `routing: "'REFER'", level: "'LEVEL 2'", reason: "'Applicant under debt review'"`},
	}
	for _, test := range []struct {
		name     string
		policy   policy.HitPolicy
		outputs  string
		fallback string
		rules    rules
		on       string
		output   string // or the error
		fates    string
	}{
		{"unique gives the one hit", policy.Unique, "[x]", "", pq, "q", `{"x":2}`, "a:miss b:hit"},
		{"unique with two hits is an error", policy.Unique, "[x]", "", pq, "pq", "There is no verdict: in the decision d (Table) the rules a and b hit, and its hit policy unique allows one.", ""},
		{"unique with three hits names all", policy.Unique, "[x]", "", pqr, "pqr", "There is no verdict: in the decision d (Table) the rules a, b and c hit, and its hit policy unique allows one.", ""},
		{"unique without a hit gives the default", policy.Unique, "[x]", "x: a.n", pq, "", `{"x":3}`, "a:miss b:miss"},
		{"unique without a hit and a default is an error", policy.Unique, "[x]", "", pq, "", "There is no verdict: in the decision d (Table) none of its 2 rules hits, and it has no default.", ""},

		{"any gives one hit", policy.Any, "[x, y]", "", same, "q", `{"x":1,"y":2}`, "a:miss b:hit c:miss"},
		{"any gives what all hits agree on", policy.Any, "[x, y]", "", same, "pq", `{"x":1,"y":2}`, "a:hit b:hit c:miss"},
		{"any with hits that differ in any output is an error", policy.Any, "[x, y]", "", same, "pqr", "There is no verdict: in the decision d (Table) the rules a and c hit with y 2 and 3, and its hit policy any allows only equal outputs.", ""},
		{"any without a hit and a default is an error", policy.Any, "[x, y]", "", same, "", "There is no verdict: in the decision d (Table) none of its 3 rules hits, and it has no default.", ""},

		{"first gives the first hit and skips what follows", policy.First, "[x]", "", pqr, "qr", `{"x":2}`, "a:miss b:hit c:skipped"},
		{"first without a hit and a default is an error", policy.First, "[x]", "", pqr, "", "There is no verdict: in the decision d (Table) none of its 3 rules hits, and it has no default.", ""},

		{"priority gives the output that comes first in the values", policy.Priority, ranked, "", pqr, "pqr", `{"x":3}`, "a:outranked b:outranked c:hit"},
		{"priority does not go by the order of the rules", policy.Priority, ranked, "", pqr, "pq", `{"x":1}`, "a:hit b:outranked c:miss"},
		{"priority compares compound outputs in their order", policy.Priority, routing, "", route, "qr", `{"level":"LEVEL 2","reason":"Applicant under debt review","routing":"REFER"}`, "a:outranked b:miss c:outranked d:hit"},
		{"priority puts the first output before the second", policy.Priority, routing, "", route, "pqr", `{"level":"NONE","reason":"Applicant too young","routing":"DECLINE"}`, "a:outranked b:hit c:outranked d:outranked"},
		{"priority gives the first of those that rank the same", policy.Priority, `{x: {values: ["1"]}, y: }`, "", rules{{"a.p", "x: 1, y: 5"}, {"a.q", "x: 1, y: 6"}}, "pq", `{"x":1,"y":5}`, "a:hit b:outranked"},
		{"priority with a value that has none is an error", policy.Priority, ranked, "", rules{{"a.p", "x: 1"}, {"a.q", "x: a.n + 1"}}, "q", "There is no verdict: in the decision d (Table) the rule b gives the x 4, which is not among the values that order it.", ""},
		{"priority without a hit and a default is an error", policy.Priority, ranked, "", pqr, "", "There is no verdict: in the decision d (Table) none of its 3 rules hits, and it has no default.", ""},

		{"rule order lists the hits in the rules' order", policy.RuleOrder, "[x]", "", pqr, "pr", `{"x":[1,3]}`, "a:hit b:miss c:hit"},
		{"rule order lists each output", policy.RuleOrder, "[x, y]", "", same, "pqr", `{"x":[1,1,1],"y":[2,2,3]}`, "a:hit b:hit c:hit"},
		{"rule order without a hit gives an empty list", policy.RuleOrder, "[x]", "", pqr, "", `{"x":[]}`, "a:miss b:miss c:miss"},
		{"rule order's default is the list's one value", policy.RuleOrder, "[x]", "x: 9", pqr, "", `{"x":[9]}`, "a:miss b:miss c:miss"},

		{"output order lists the hits by their priority", policy.OutputOrder, ranked, "", pqr, "pqr", `{"x":[3,1,2]}`, "a:hit b:hit c:hit"},
		{"output order compares compound outputs as DMN's own example does", policy.OutputOrder, routing, "", route, "pqr",
			`{"level":["NONE","LEVEL 2","LEVEL 1","NONE"],"reason":["Applicant too young","Applicant under debt review","High risk application","Acceptable"],"routing":["DECLINE","REFER","REFER","ACCEPT"]}`, "a:hit b:hit c:hit d:hit"},
		{"output order keeps the rules' order of those that rank the same", policy.OutputOrder, `{x: {values: ["2", "1"]}, y: }`, "",
			rules{{"a.p", "x: 1, y: 5"}, {"a.q", "x: 2, y: 6"}, {"a.r", "x: 1, y: 4"}}, "pqr", `{"x":[2,1,1],"y":[6,5,4]}`, "a:hit b:hit c:hit"},
		{"output order with a value that has no rank is an error", policy.OutputOrder, ranked, "", rules{{"a.p", "x: a.n + 1"}}, "p", "There is no verdict: in the decision d (Table) the rule a gives the x 4, which is not among the values that order it.", ""},
		{"output order without a hit gives an empty list", policy.OutputOrder, ranked, "", pqr, "", `{"x":[]}`, "a:miss b:miss c:miss"},

		{"collect lists the hits", policy.Collect, "[x]", "", pqr, "pqr", `{"x":[1,2,3]}`, "a:hit b:hit c:hit"},
		{"collect without a hit gives an empty list", policy.Collect, "[x]", "", pqr, "", `{"x":[]}`, "a:miss b:miss c:miss"},
		{"collect's default is the list's one value", policy.Collect, "[x]", "x: 9", pqr, "", `{"x":[9]}`, "a:miss b:miss c:miss"},

		{"collect sum adds the hits up", policy.CollectSum, "[x]", "", pqr, "qr", `{"x":5}`, "a:miss b:hit c:hit"},
		{"collect sum counts equal outputs each", policy.CollectSum, "[x]", "", rules{{"a.p", "x: 2"}, {"a.q", "x: 2"}}, "pq", `{"x":4}`, "a:hit b:hit"},
		{"collect sum takes negative ints", policy.CollectSum, "[x]", "", rules{{"a.p", "x: -2"}, {"a.q", "x: 9223372036854775807"}, {"a.r", "x: 2"}}, "pqr", `{"x":9223372036854775807}`, "a:hit b:hit c:hit"},
		{"collect sum takes numbers", policy.CollectSum, "[x]", "", rules{{"a.p", "x: 0.5"}, {"a.q", "x: a.x"}}, "pq", `{"x":1}`, "a:hit b:hit"},
		{"collect sum that overflows is an error", policy.CollectSum, "[x]", "", rules{{"a.p", "x: 1"}, {"a.q", "x: 9223372036854775807"}}, "pq", "There is no verdict: in the decision d (Table) the sum of the x that the rules a and b give is beyond 64 bits.", ""},
		{"collect sum that underflows is an error", policy.CollectSum, "[x]", "", rules{{"a.p", "x: -1"}, {"a.q", "x: -9223372036854775808"}}, "pq", "There is no verdict: in the decision d (Table) the sum of the x that the rules a and b give is beyond 64 bits.", ""},
		{"collect sum that is infinite is an error", policy.CollectSum, "[x]", "", rules{{"a.p", "x: 1e308"}, {"a.q", "x: 1e308"}}, "pq", "There is no verdict: in the decision d (Table) the sum of the x that the rules a and b give is not a finite number.", ""},
		{"collect sum without a hit gives the default", policy.CollectSum, "[x]", "x: 7", pqr, "", `{"x":7}`, "a:miss b:miss c:miss"},
		{"collect sum without a hit and a default is an error", policy.CollectSum, "[x]", "", pqr, "", "There is no verdict: in the decision d (Table) none of its 3 rules hits, and it has no default.", ""},

		{"collect min gives the least", policy.CollectMin, "[x]", "", pqr, "qr", `{"x":2}`, "a:miss b:hit c:hit"},
		{"collect min takes numbers", policy.CollectMin, "[x]", "", rules{{"a.p", "x: 0.5"}, {"a.q", "x: -0.25"}}, "pq", `{"x":-0.25}`, "a:hit b:hit"},
		{"collect min without a hit and a default is an error", policy.CollectMin, "[x]", "", pqr, "", "There is no verdict: in the decision d (Table) none of its 3 rules hits, and it has no default.", ""},
		{"collect max gives the greatest", policy.CollectMax, "[x]", "", pqr, "pq", `{"x":2}`, "a:hit b:hit c:miss"},
		{"collect max takes numbers", policy.CollectMax, "[x]", "", rules{{"a.p", "x: 0.5"}, {"a.q", "x: -0.25"}}, "pq", `{"x":0.5}`, "a:hit b:hit"},
		{"collect max without a hit gives the default", policy.CollectMax, "[x]", "x: 7", pqr, "", `{"x":7}`, "a:miss b:miss c:miss"},

		{"collect count counts the hits", policy.CollectCount, "[x]", "", pqr, "pr", `{"x":2}`, "a:hit b:miss c:hit"},
		{"collect count counts equal outputs each", policy.CollectCount, "[x]", "", rules{{"a.p", "x: 2"}, {"a.q", "x: 2"}}, "pq", `{"x":2}`, "a:hit b:hit"},
		{"collect count takes outputs of any kind and does not evaluate them", policy.CollectCount, "[x]", "", rules{{"a.p", `x: "a.t + string(1 / (a.n - 3))"`}}, "p", `{"x":1}`, "a:hit"},
		{"collect count without a hit is 0", policy.CollectCount, "[x]", "", pqr, "", `{"x":0}`, "a:miss b:miss c:miss"},
		{"collect count without a hit gives the default", policy.CollectCount, "[x]", "x: 7", pqr, "", `{"x":7}`, "a:miss b:miss c:miss"},

		{"an output that does not count is not evaluated", policy.First, "[x]", "", rules{{"a.p", "x: 1"}, {"a.q", "x: 1 / (a.n - 3)"}}, "pq", `{"x":1}`, "a:hit b:skipped"},
		{"a rule without a when always hits", policy.RuleOrder, "[x]", "", rules{{"a.p", "x: 1"}, {"-", "x: 2"}}, "", `{"x":[2]}`, "a:miss b:hit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := mustCompile(t, switches, nothing, tables(table(test.policy, test.outputs, test.fallback, test.rules...)))
			d, err := decideSwitches(book, test.on)
			if err != nil {
				checkNoVerdict(t, err, test.output)
				return
			}
			trace := d.Trace()[0]
			output, err := json.Marshal(trace.Output)
			if err != nil {
				t.Fatal(err)
			}
			var fates []string
			for _, r := range trace.Rules {
				fates = append(fates, r.Rule+":"+string(r.Status))
			}
			if diff := cmp.Diff([]string{test.output, test.fates}, []string{string(output), strings.Join(fates, " ")}); diff != "" {
				t.Errorf("output and fates (-want +got):\n%s", diff)
			}
		})
	}
}

func checkNoVerdict(t *testing.T, err error, want string) {
	t.Helper()
	var e *contract.Error
	if !errors.As(err, &e) || e.Code != contract.NoVerdict {
		t.Fatalf("got %v, want a no-verdict", err)
	}
	if e.Message != want {
		t.Errorf("got %s\nwant %s", e.Message, want)
	}
}

// An expression that fails ends in an error that names its decision and its rule, wherever the hit policy evaluates it.
func TestExpressionsThatFail(t *testing.T) {
	bad := [2]string{"true", "x: 1 / (a.n - 3)"}
	for hitPolicy := range settlers {
		if hitPolicy == policy.CollectCount {
			continue
		}
		t.Run(string(hitPolicy), func(t *testing.T) {
			outputs := "[x]"
			if hitPolicy == policy.Priority || hitPolicy == policy.OutputOrder {
				outputs = `{x: {values: ["1"]}}`
			}
			book := mustCompile(t, switches, nothing, tables(table(hitPolicy, outputs, "", bad)))
			_, err := decideSwitches(book, "")
			checkNoVerdict(t, err, "There is no verdict: in the decision d (Table) its rule a cannot be worked out: a division by zero in 1 / (a.n - 3).")
		})
	}
	for _, test := range []struct{ name, rules, want string }{
		{"a when", tables(table(policy.First, "[x]", "", [2]string{"1 / (a.n - 3) > 0", "x: 1"})),
			"There is no verdict: in the decision d (Table) its rule a cannot be worked out: a division by zero in 1 / (a.n - 3) > 0."},
		{"a default", tables(table(policy.First, "[x]", "x: 1 % (a.n - 3)", [2]string{"a.p", "x: 1"})),
			"There is no verdict: in the decision d (Table) its default gives no x: a division by zero in 1 % (a.n - 3)."},
		{"a field of the verdict", strings.Replace(tables(), "fields: [", "fields: [{name: n, type: int, value: 1 / (a.n - 3)}, ", 1),
			"There is no verdict: the field n of the v cannot be worked out: a division by zero in 1 / (a.n - 3)."},
		{"an outcome that is none of its values", strings.Replace(tables(), "value: end.x", "value: 'end.x + a.t'", 1),
			`There is no verdict: the outcome outcome is "yesfree", which is not among its values yes.`},
		{"a long outcome is cut short", strings.Replace(tables(), "value: end.x", "value: 'end.x + a.t + \""+strings.Repeat("é", 60)+"\"'", 1),
			`There is no verdict: the outcome outcome is "yesfree` + strings.Repeat("é", 26) + `…", which is not among its values yes.`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := decideSwitches(mustCompile(t, switches, nothing, test.rules), "")
			checkNoVerdict(t, err, test.want)
		})
	}
}
