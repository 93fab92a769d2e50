package policy

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"verdictory/policies"
)

// compiledSchemas are the schemas by document.
var compiledSchemas = sync.OnceValue(func() map[string]*jsonschema.Schema {
	compiled := map[string]*jsonschema.Schema{}
	for document, kind := range map[string]string{WhoDocument: "object", WhatDocument: "object", RulesDocument: "rules", ExamplesDocument: "examples"} {
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(kind)))
		if err != nil {
			panic(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("/schemas/"+kind+".json", schema); err != nil {
			panic(err)
		}
		compiled[document] = compiler.MustCompile("/schemas/" + kind + ".json")
	}
	return compiled
})

// validate holds a document against its schema.
func validate(document string, source []byte) error {
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		return err
	}
	return compiledSchemas()[document].Validate(instance(root.Content[0]))
}

// instance gives a node as JSON has it: a date is a text.
func instance(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			object[n.Content[i].Value] = instance(n.Content[i+1])
		}
		return object
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, instance(item))
		}
		return list
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if x, err := strconv.ParseFloat(n.Value, 64); err == nil && !math.IsInf(x, 0) && !math.IsNaN(x) {
			return json.Number(strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	return n.Value
}

func TestSchemasTakeGoodDocuments(t *testing.T) {
	for name, fsys := range map[string]fs.FS{"testdata": os.DirFS("testdata/good"), "built in": policies.FS} {
		loaded, issues := LoadAll(fsys)
		if issues != nil || len(loaded) == 0 {
			t.Fatalf("%s: %v", name, issues)
		}
		for _, p := range loaded {
			for document, source := range map[string]string{
				WhoDocument: p.Who.Source, WhatDocument: p.What.Source, RulesDocument: p.Rules.Source, ExamplesDocument: p.Examples.Source,
			} {
				if err := validate(document, []byte(source)); err != nil {
					t.Errorf("%s/%s: %v", p.Name, document, err)
				}
			}
		}
	}
}

// Schema and reader refuse the same: what only the reader can tell is not here.
func TestSchemasRefuseWhatTheReaderRefuses(t *testing.T) {
	for _, c := range []struct{ name, document, old, new string }{
		{"unknown key", WhoDocument, "label: Driver", "colour: red"},
		{"unknown key of a field", WhoDocument, "unit: years", "units: years"},
		{"key of another kind of field", WhoDocument, "unit: years", "min: 1"},
		{"unknown kind", WhoDocument, "kind: date", "kind: day"},
		{"missing key", WhoDocument, "object: driver\n", ""},
		{"missing key of a kind", WhoDocument, "    function: name\n", ""},
		{"missing kind", WhoDocument, "    kind: date\n", ""},
		{"name with a hyphen", WhoDocument, "name: age", "name: the-age"},
		{"weight of nought", WhoDocument, "Yorkshire: 8", "Yorkshire: 0"},
		{"label that is a list", WhoDocument, "label: Driver", "label: [Driver]"},
		{"day that is none", WhoDocument, "as_of: 2026-01-01", "as_of: today"},
		{"probability above 1", WhatDocument, "probability: 0.06", "probability: 6"},
		{"decimals above 6", WhatDocument, "decimals: 2", "decimals: 7"},
		{"step of nought", WhatDocument, "step: 50", "step: 0"},
		{"no tables", WhatDocument, "tables: {true: 0.9, false: 0.4}", "tables: {}"},
		{"unknown key of a rule book", RulesDocument, "notice:", "notices:"},
		{"unknown key of a decision", RulesDocument, "hit_policy: priority", "hit-policy: priority"},
		{"unknown key of an output", RulesDocument, "values: [decline", "vals: [decline"},
		{"unknown key of a rule", RulesDocument, "because: Nothing", "since: Nothing"},
		{"unknown key of a verdict's field", RulesDocument, "decimals: 2", "places: 2"},
		{"unknown key of an outcome's value", RulesDocument, "tone: warn", "colour: red"},
		{"unknown tone", RulesDocument, "tone: warn", "tone: red"},
		{"unknown hit policy", RulesDocument, "collect sum", "sum"},
		{"unknown type", RulesDocument, "type: int", "type: integer"},
		{"id with a capital", RulesDocument, "id: too-young", "id: Too-young"},
		{"script for a link", RulesDocument, "url: https://example.com/tariff", "url: javascript:alert(1)"},
		{"expression that is a list", RulesDocument, "when: driver.age < 18", "when: [driver.age < 18]"},
		{"unknown key of the examples", ExamplesDocument, "base:", "bases:"},
		{"unknown key of an example", ExamplesDocument, "from: https", "form: https"},
		{"example without a verdict", ExamplesDocument, "    verdict: {decision: accept, premium: 30000}\n", ""},
		{"value that is a mapping", ExamplesDocument, "who: {age: 17}", "who: {age: {a: 1}}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			good := string(source(t, c.document))
			changed := strings.Replace(good, c.old, c.new, 1)
			if changed == good {
				t.Fatal("nothing is changed")
			}
			if issues := issuesOf(t, c.document, []byte(changed)); issues == nil {
				t.Error("the reader takes it")
			}
			if validate(c.document, []byte(changed)) == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

// Editors show what a key is: every key says it, and no mapping of ours takes keys that it does not name.
func TestSchemasDescribeEveryKey(t *testing.T) {
	for _, kind := range []string{"object", "rules", "examples"} {
		var schema map[string]any
		if err := json.Unmarshal(Schema(kind), &schema); err != nil {
			t.Fatal(err)
		}
		if schema["$schema"] != "https://json-schema.org/draft/2020-12/schema" || schema["title"] != "Verdictory: "+kind {
			t.Errorf("%s is titled %v, of %v", kind, schema["title"], schema["$schema"])
		}
		keys := 0
		var walk func(path string, schema any)
		walk = func(path string, schema any) {
			switch schema := schema.(type) {
			case []any:
				for _, part := range schema {
					walk(path, part)
				}
			case map[string]any:
				properties, _ := schema["properties"].(map[string]any)
				_, conditional := schema["allOf"] // a field: its kinds say which keys it takes
				if properties != nil && schema["additionalProperties"] != false && !conditional {
					t.Errorf("%s takes any key", path)
				}
				for key, value := range schema {
					if key != "if" {
						walk(path+"."+key, value)
					}
				}
				for key, property := range properties {
					keys++
					if description, _ := property.(map[string]any)["description"].(string); len(description) < 10 {
						t.Errorf("%s.%s is described as %q", path, key, description)
					}
				}
			}
		}
		walk(kind, schema)
		if keys < 8 {
			t.Errorf("%s has %d keys", kind, keys)
		}
	}
	if Schema("who") != nil {
		t.Error("there is a schema of another kind")
	}
}

func FuzzDocuments(f *testing.F) {
	p := motor(f)
	for _, document := range []string{p.Who.Source, p.What.Source, p.Rules.Source, p.Examples.Source} {
		f.Add([]byte(document))
	}
	files, err := os.ReadDir("testdata/issues")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile("testdata/issues/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source[bytes.IndexByte(source, '\n')+1:])
	}
	for _, s := range []string{"", "a: &a [*a]", "? a\n? b", "{[", "object: a\nfields: [{name: a, kind: choice, choices: [1, 1.0]}]", "- |\n\t", "\"\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		check := func(document string, read bool, issues Issues) {
			if read == (issues != nil) {
				t.Fatalf("%s is read: %t, and has the issues %v", document, read, issues)
			}
			for _, issue := range issues {
				if issue.Document != document || issue.Line < 1 || issue.Column < 1 || issue.Message == "" {
					t.Errorf("%+v", issue)
				}
			}
			if !read {
				return
			}
			if err := validate(document, source); err != nil {
				t.Errorf("%s is read, and its schema refuses it: %v", document, err)
			}
		}
		who, issues := ParseObject(WhoDocument, source)
		check(WhoDocument, who != nil, issues)
		rules, issues := ParseRules(RulesDocument, source, p.Who, p.What)
		check(RulesDocument, rules != nil, issues)
		examples, issues := ParseExamples(ExamplesDocument, source, p)
		check(ExamplesDocument, examples != nil, issues)
		if who != nil {
			again, issues := ParseObject(WhoDocument, []byte(who.Source))
			if issues != nil || again.Digest != who.Digest {
				t.Errorf("the same document has another digest: %v", issues)
			}
		}
	})
}
