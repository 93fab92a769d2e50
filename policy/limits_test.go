package policy

import (
	"strings"
	"testing"
)

// A document at its limits is good; one more is an issue.
func TestLimits(t *testing.T) {
	const (
		object  = "object: a\nfields:\n"
		verdict = "label: A\nverdict: {object: quote, fields: [{name: d, type: text, value: a0.x}]}\n"
		outcome = "outcome: {field: d, decision: a0, values: {v: {tone: good}}}\n"
		one     = "decisions:\n  - {id: a0, hit_policy: first, outputs: [x], rules: [{id: r, then: {x: 1}, because: So.}]}\n"
		base    = "base: {who: {date_of_birth: 1990-05-06, age: 35, licence_years: 10, claims_3y: 0, region: London, postcode_area: E, licence: full}, " +
			"what: {value: 900000, engine: 2, registered: 2020-02-29, modified: false, garaged: true}}\n"
	)
	for _, c := range []struct {
		name, document string
		source         func(n int) string
		most           int
		want           string // for one more
	}{
		{"fields", WhoDocument, func(n int) string {
			return numbered(object, "  - {name: f%d, kind: bool, probability: 1}\n", "", n)
		}, MaxFields, "who.yaml:3:3: fields has 65 items: write at most 64"},
		{"labels of a table", WhoDocument, func(n int) string {
			return numbered(object+"  - {name: f, kind: choice, choices: [", "l%d, ", "]}\n", n)
		}, MaxChoices, "who.yaml:3:38: fields[0].choices has 1001 items: write at most 1000"},
		{"bytes of an expression", WhoDocument, func(n int) string {
			return object + "  - {name: f, kind: value, type: int, value: '" + strings.Repeat("1", n) + "'}\n"
		}, MaxExpression, "who.yaml:3:47: fields[0].value has 4097 bytes: write an expression of at most 4096"},
		{"characters of a text", WhoDocument, func(n int) string {
			return "about: " + strings.Repeat("é", n) + "\n" + object + "  - {name: f, kind: bool, probability: 0}\n"
		}, maxText, "who.yaml:1:8: about has 2001 characters: write at most 2000"},
		{"characters of a parameter", WhoDocument, func(n int) string {
			return object + "  - {name: f, kind: fake, function: g, parameters: {x: " + strings.Repeat("é", n) + "}}\n"
		}, maxText, "who.yaml:3:56: fields[0].parameters.x has 2001 characters: write at most 2000"},
		{"bytes of a document", WhoDocument, func(n int) string {
			good := object + "  - {name: f, kind: bool, probability: 0}\n#"
			return good + strings.Repeat("#", n-len(good))
		}, MaxDocument, "who.yaml:1:1: the document has more than 65536 bytes: write fewer"},
		{"decisions", RulesDocument, func(n int) string {
			return numbered(verdict+outcome+"decisions:\n", "  - {id: a%d, hit_policy: first, outputs: [x], rules: [{id: r, then: {x: 1}, because: So.}]}\n", "", n)
		}, MaxDecisions, "rules.yaml:5:3: decisions has 33 items: write at most 32"},
		{"rules of all decisions", RulesDocument, func(n int) string {
			return verdict + outcome + one + numbered("  - {id: a1, hit_policy: first, outputs: [x], rules: [", "{id: r%d, then: {x: 1}}, ", "]}\n", n-2) +
				"  - {id: a2, hit_policy: first, outputs: [x], rules: [{id: r, then: {x: 1}}]}\n"
		}, MaxRules, "rules.yaml:7:54: decisions[2].rules goes beyond 256 rules in all: write fewer, or two policies"},
		{"outputs", RulesDocument, func(n int) string {
			return numbered(verdict+outcome+"decisions:\n  - {id: a0, hit_policy: first, outputs: [", "x%d, ", "], rules: [{id: r, because: So., then: {", n) +
				numbered("", "x%d: 1, ", "}}]}\n", maxOutputs)
		}, maxOutputs, "rules.yaml:5:42: decisions[0].outputs has 17 items: write at most 16"},
		{"values of an output", RulesDocument, func(n int) string {
			return numbered(verdict+outcome+"decisions:\n  - {id: a0, hit_policy: priority, outputs: {x: {values: [", "v%d, ", "]}}, rules: [{id: r, because: So., then: {x: 1}}]}\n", n)
		}, maxValues, "rules.yaml:5:58: decisions[0].outputs.x.values has 101 items: write at most 100"},
		{"values of the outcome", RulesDocument, func(n int) string {
			return numbered(verdict+one+"outcome: {field: d, decision: a0, values: {", "v%d: {tone: good}, ", "}}\n", n)
		}, maxValues, "rules.yaml:5:43: outcome.values has 101 items: write at most 100"},
		{"fields of the verdict", RulesDocument, func(n int) string {
			return numbered("label: A\nverdict: {object: quote, fields: [{name: d, type: text, value: a0.x}, ", "{name: v%d, type: int, value: 1}, ", "]}\n", n-1) + outcome + one
		}, MaxFields, "rules.yaml:2:34: verdict.fields has 65 items: write at most 64"},
		{"examples", ExamplesDocument, func(n int) string {
			return numbered(base+"examples:\n", "  - {name: e%d, verdict: {premium: 1}}\n", "", n)
		}, MaxExamples, "examples.yaml:3:3: examples has 501 items: write at most 500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if issues := issuesOf(t, c.document, []byte(c.source(c.most))); issues != nil {
				t.Errorf("at the limit: %v", issues)
			}
			if issues := issuesOf(t, c.document, []byte(c.source(c.most+1))); issues.Error() != c.want {
				t.Errorf("beyond the limit: %v, want %s", issues, c.want)
			}
		})
	}
}
