package policy

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the issues that were found into testdata/issues, and the schemas of the forms into schemas")

// loadMotor reads the policy of testdata/good/motor, once.
var loadMotor = sync.OnceValues(func() (*Policy, Issues) { return Load(os.DirFS("testdata/good"), "motor") })

func motor(t testing.TB) *Policy {
	t.Helper()
	p, issues := loadMotor()
	if issues != nil {
		t.Fatal(issues)
	}
	return p
}

// Everything that the good documents say is in the policy that is read of them, defaults filled in, places included; and
// their digests are what they were.
func TestGoodDocumentsAreReadWhole(t *testing.T) {
	p := *motor(t)
	for _, source := range []*string{&p.Who.Source, &p.What.Source, &p.Rules.Source, &p.Examples.Source} {
		if *source == "" {
			t.Error("a document has lost its source")
		}
	}
	got := dump(t, &p)
	const golden = "testdata/good/motor.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// dump writes a policy as JSON, without the documents' sources and what is not set.
func dump(t *testing.T, p *Policy) []byte {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(prune(tree), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// prune leaves out the struct fields (objects' fields begin with a small letter) that are zero, and the sources' text.
func prune(tree any) any {
	switch tree := tree.(type) {
	case []any:
		for i := range tree {
			tree[i] = prune(tree[i])
		}
	case map[string]any:
		for key, value := range tree {
			text, isText := value.(string)
			set, isSet := value.(map[string]any)
			switch {
			case isText && key == "Source" && strings.Contains(text, "\n"), value == nil, key[0] < 'a' && (value == "" || value == 0.0 || value == false),
				isSet && set["Line"] == 0.0 && set["Source"] == "":
				delete(tree, key)
			default:
				tree[key] = prune(value)
			}
		}
	}
	return tree
}

// A case of testdata/issues is a file: the rule in a sentence, the document, and the issues it has.
func TestDocumentsHaveTheirIssues(t *testing.T) {
	files, err := filepath.Glob("testdata/issues/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rule, rest, _ := strings.Cut(string(text), "\n-- ")
			document, rest, _ := strings.Cut(rest, " --\n")
			source, want, ok := strings.Cut(rest, "-- issues --\n")
			if !ok {
				t.Fatalf("%s: no -- issues --", file)
			}
			got := issuesOf(t, document, []byte(source)).Error() + "\n"
			if *update {
				text := rule + "\n-- " + document + " --\n" + source + "-- issues --\n" + got
				if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", rule, diff)
			}
		})
	}
}

// issuesOf reads a document beside the good ones of motor.
func issuesOf(t testing.TB, document string, source []byte) Issues {
	t.Helper()
	p := motor(t)
	var issues Issues
	switch document {
	case WhoDocument, WhatDocument:
		_, issues = ParseObject(document, source)
	case RulesDocument:
		_, issues = ParseRules(document, source, p.Who, p.What)
	case ExamplesDocument:
		_, issues = ParseExamples(document, source, p)
	default:
		t.Fatalf("%q is no document", document)
	}
	return issues
}

// valueOf reads an object with one field, whose value is written behind "    value: " in line 4.
func valueOf(written string) (Expr, Issues) {
	doc, issues := ParseObject(WhoDocument, []byte("object: a\nfields:\n  - {name: a, kind: bool, probability: 1}\n  - value: "+written+"\n    kind: value\n    type: int\n    name: b\n"))
	if issues != nil {
		return Expr{}, issues
	}
	return doc.Fields[1].Value, nil
}

// The place of an expression is that of its first character in the file: behind a quote, below the | or > of a block.
func TestExpressionsAreTextsOrLiterals(t *testing.T) {
	for written, want := range map[string]Expr{
		`a.b + 1`:                {"a.b + 1", 4, 12},
		`   a.b + 1  # why`:      {"a.b + 1", 4, 15},
		`"a.b + 1"`:              {"a.b + 1", 4, 13},
		`'a.b + 1'`:              {"a.b + 1", 4, 13},
		`'"text"'`:               {`"text"`, 4, 13},
		`'  a.b '`:               {"  a.b", 4, 13},
		`17`:                     {"17", 4, 12},
		`-0.5`:                   {"-0.5", 4, 12},
		`1e3`:                    {"1e3", 4, 12},
		`true`:                   {"true", 4, 12},
		`FALSE`:                  {"false", 4, 12},
		`yes`:                    {"yes", 4, 12},
		`1936-01-01`:             {`date("1936-01-01")`, 4, 12},
		`"1936-01-01"`:           {`date("1936-01-01")`, 4, 13},
		`'"1936-01-01"'`:         {`"1936-01-01"`, 4, 13},
		`"17"`:                   {"17", 4, 13},
		"|\n      a\n      + b":  {"a\n+ b", 5, 7},
		">-\n      a\n      + b": {"a + b", 5, 7},
		"|2\n        a":          {"  a", 5, 7},
		"\n      a\n      + b":   {"a + b", 5, 7},
		"'a\n      + b'":         {"a + b", 4, 13},
		"|\n\n      a":           {"\na", 5, 1},
	} {
		if got, issues := valueOf(written); issues != nil || got != want {
			t.Errorf("%q is read as %+v %v, want %+v", written, got, issues, want)
		}
	}
}

// What means nothing changes no digest: comments, spacing, quotes, the order of keys, other ways to say the same.
func TestDigestIsOfWhatADocumentSays(t *testing.T) {
	object := func(text string) (Digest, Issues) {
		doc, issues := ParseObject(WhoDocument, []byte(text))
		if issues != nil {
			return "", issues
		}
		return doc.Digest, nil
	}
	rules := func(text string) (Digest, Issues) {
		doc, issues := ParseRules(RulesDocument, []byte(text), nil, nil)
		if issues != nil {
			return "", issues
		}
		return doc.Digest, nil
	}
	const (
		fields = `{object: a, fields: [{name: x, kind: choice, choices: [p, q]}, {name: y, kind: fake, function: f, parameters: {a: 1, b: 2}}, {name: z, kind: number, min: 0, max: 1, step: 0.1}]}`
		tables = `{label: A, decisions: [{id: d, hit_policy: first, outputs: [x, y], rules: [{id: r, when: "-", then: {x: 1, y: 2}, because: So.}, {id: s, then: {x: 1, y: 2}, because: So.}]}], ` +
			`verdict: {object: v, fields: [{name: f, type: text, value: d.x}]}, outcome: {field: f, decision: d, values: {p: {tone: good}, q: {tone: bad}}}}`
	)
	for _, c := range []struct {
		name     string
		digest   func(string) (Digest, Issues)
		text     string
		old, new string
		same     bool
	}{
		{"a comment", object, fields, "{object", "# why\n{object", true},
		{"spacing", object, fields, ", ", ",\n    ", true},
		{"quotes", object, fields, "function: f", `function: "f"`, true},
		{"order of a field's keys", object, fields, "name: x, kind: choice", "kind: choice, name: x", true},
		{"order of parameters", object, fields, "a: 1, b: 2", "b: 2, a: 1", true},
		{"a number written otherwise", object, fields, "step: 0.1", "step: 0.10", true},
		{"an expression in quotes", object, fields, "min: 0", `min: "0"`, true},
		{"weights that are equal", object, fields, "[p, q]", "{p: 1, q: 1}", true},
		{"weights that are not", object, fields, "[p, q]", "{p: 1, q: 2}", false},
		{"order of choices", object, fields, "[p, q]", "[q, p]", false},
		{"another name", object, fields, "name: x", "name: xx", false},
		{"another object", object, fields, "object: a", "object: b", false},
		{"a note", object, fields, "name: x", "name: x, note: New.", false},
		{"a parameter", object, fields, "a: 1", "a: 3", false},
		{"a bound", object, fields, "max: 1", "max: 2", false},
		{"an output's order in a rule", rules, tables, "x: 1, y: 2", "y: 2, x: 1", true},
		{"a condition that always holds", rules, tables, `when: "-", `, "", true},
		{"a block", rules, tables, "label: A", "label: 'A'", true},
		{"order of outputs", rules, tables, "outputs: [x, y]", "outputs: [y, x]", false},
		{"order of the outcome's values", rules, tables, "p: {tone: good}, q: {tone: bad}", "q: {tone: bad}, p: {tone: good}", false},
		{"a condition", rules, tables, `when: "-"`, `when: "a.b"`, false},
		{"a reason", rules, tables, "because: So.", "because: So it is.", false},
		{"a hit policy", rules, tables, "first", "any", false},
	} {
		before, issues := c.digest(c.text)
		if issues != nil || len(before) != 64 {
			t.Fatalf("%s: %s, %v", c.name, before, issues)
		}
		changed := strings.ReplaceAll(c.text, c.old, c.new)
		if changed == c.text {
			t.Errorf("%s changes nothing", c.name)
		}
		after, _ := c.digest(changed)
		if (after == before) != c.same {
			t.Errorf("%s: the digests are the same: %t", c.name, !c.same)
		}
	}
}

// A document of the same digest is drawn alike: a step is kept as its shortest text.
func TestStepsAreTheirShortestText(t *testing.T) {
	for written, want := range map[string]string{
		"kind: int, min: 0, max: 9":                           "1",
		"kind: int, min: 0, max: 9, step: 5.0":                "5",
		"kind: int, weights: {1: 1}":                          "1",
		"kind: number, min: 0, max: 9, step: 0.10":            "0.1",
		"kind: number, min: 0, max: 9, step: 0.000000001":     "0.000000001",
		"kind: number, min: 0, max: 9, step: 100000000000000": "100000000000000",
	} {
		doc, issues := ParseObject(WhoDocument, []byte("object: a\nfields: [{name: b, "+written+"}]\n"))
		if issues != nil || doc.Fields[0].Step != want {
			t.Errorf("%s: %+v %v, want %s", written, doc, issues, want)
		}
	}
}
