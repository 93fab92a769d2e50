package rules

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policies"
	"verdictory/policy"
)

// A folder of testdata/verdicts holds a policy's documents, pairs to decide, and what must come of them.
func TestVerdicts(t *testing.T) {
	const root = "testdata/verdicts"
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) {
			dir := filepath.Join(root, folder.Name())
			book, issues := Compile(assemble(t, read(t, dir, "who.yaml"), read(t, dir, "what.yaml"), read(t, dir, "rules.yaml")))
			if issues != nil {
				t.Fatal(issues)
			}
			var pairs []struct {
				Name string
				contract.Pair
			}
			if err := json.Unmarshal(read(t, dir, "pairs.json"), &pairs); err != nil {
				t.Fatal(err)
			}
			type answer struct {
				Name    string          `json:"name"`
				Verdict json.RawMessage `json:"verdict"`
				Outcome string          `json:"outcome"`
				Hits    []contract.Hit  `json:"hits"`
				Trace   contract.Trace  `json:"trace"`
			}
			var answers []answer
			d := book.NewDecider()
			for _, pair := range pairs {
				verdict := decideJSON(t, d, pair.Who, pair.What)
				answers = append(answers, answer{pair.Name, verdict.AppendJSON(nil), d.Outcome(), d.Hits(), d.Trace()})
				checkTraceJSON(t, d)
			}
			var got bytes.Buffer
			encoder := json.NewEncoder(&got)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			if err := encoder.Encode(answers); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(dir, "answers.json"), got.String())
			golden(t, filepath.Join(dir, "boundaries.json"), string(indented(t, book.Boundaries())))
		})
	}
}

func decideJSON(t *testing.T, d *Decider, who, what []byte) policy.Object {
	t.Helper()
	a, issues := policy.DecodeObject(d.book.Who(), who)
	b, more := policy.DecodeObject(d.book.What(), what)
	if issues = append(issues, more...); issues != nil {
		t.Fatal(issues)
	}
	verdict := policy.Object{Shape: d.book.Verdict(), Values: make([]policy.Value, len(d.book.Verdict().Columns))}
	if err := d.Decide(a.Values, b.Values, verdict.Values); err != nil {
		t.Fatal(err)
	}
	return verdict
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// checkTraceJSON holds the appended trace against json.Marshal, and the hits against the trace.
func checkTraceJSON(t *testing.T, d *Decider) {
	t.Helper()
	want, err := json.Marshal(d.Trace())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(d.AppendTraceJSON(nil))); diff != "" {
		t.Errorf("AppendTraceJSON (-json.Marshal +got):\n%s", diff)
	}
	if diff := cmp.Diff(d.Trace().Hits(), d.Hits()); diff != "" {
		t.Errorf("Hits (-of the trace +got):\n%s", diff)
	}
	hits, err := json.Marshal(d.Hits())
	if err != nil {
		t.Fatal(err)
	}
	if got := "[" + string(d.appendHitsJSON(nil)) + "]"; d.Hits() != nil && got != string(hits) {
		t.Errorf("hits as JSON are %s, want %s", got, hits)
	}
}

func TestOutrankedRulesAreTraced(t *testing.T) {
	book := mustCompile(t, switches, nothing, tables(table(policy.Priority, `{x: {values: ["1", "2"]}}`, "", [2]string{"a.p && a.q", "x: 2"}, [2]string{"-", "x: 1"})))
	d, err := decideSwitches(book, "pq")
	if err != nil {
		t.Fatal(err)
	}
	checkTraceJSON(t, d)
	want := contract.RuleTrace{Rule: "a", Status: contract.StatusOutranked, When: "a.p && a.q", Saw: []contract.Saw{
		{Field: "a.p", Value: policy.BoolValue(true)}, {Field: "a.q", Value: policy.BoolValue(true)},
	}}
	if diff := cmp.Diff(want, d.Trace()[0].Rules[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The built-in policies' worked examples are the widest set of traces there is.
func TestTracesOfTheBuiltInPolicies(t *testing.T) {
	loaded, issues := policy.LoadAll(policies.FS)
	if issues != nil {
		t.Fatal(issues)
	}
	for _, p := range loaded {
		t.Run(p.Name, func(t *testing.T) {
			book, issues := Compile(p)
			if issues != nil {
				t.Fatal(issues)
			}
			d := book.NewDecider()
			verdict := make([]policy.Value, len(book.Verdict().Columns))
			known := map[contract.Hit]bool{}
			for _, hit := range book.Rules() {
				known[hit] = true
			}
			for _, example := range p.Examples.Examples {
				if err := d.Decide(example.Who.Values, example.What.Values, verdict); err != nil {
					t.Fatalf("%s: %v", example.Name, err)
				}
				checkTraceJSON(t, d)
				for _, hit := range d.Hits() {
					if !known[hit] {
						t.Errorf("%s hits, which Rules does not name", hit)
					}
				}
			}
		})
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	book, examples := motor(t)
	d := book.NewDecider()
	verdict := make([]policy.Value, len(book.Verdict().Columns))
	out := make([]byte, 0, 64<<10)
	hits := make([]contract.Hit, 0, 100)
	i := 0
	allocations := testing.AllocsPerRun(100, func() {
		example := &examples[i%len(examples)]
		i++
		if err := d.Decide(example.Who.Values, example.What.Values, verdict); err != nil {
			t.Fatal(err)
		}
		out = d.AppendTraceJSON(out[:0])
		hits = d.AppendHits(hits[:0])
	})
	if allocations > 0 {
		t.Errorf("%v allocations a verdict with its trace, want none", allocations)
	}
}

// motor gives the built-in policy with the most rules, and pairs to decide.
func motor(t testing.TB) (*Book, []policy.Example) {
	t.Helper()
	p, issues := policy.Load(policies.FS, "motor-insurance")
	if issues != nil {
		t.Fatal(issues)
	}
	book, issues := Compile(p)
	if issues != nil {
		t.Fatal(issues)
	}
	return book, p.Examples.Examples
}

func TestTextIsBounded(t *testing.T) {
	half := strings.Repeat("x", MaxText/2)
	echo := tables(table(policy.Collect, "[x]", "", [2]string{"a.p", "x: a.t"}, [2]string{"a.q", "x: a.t"}))
	field := strings.Replace(tables(), "fields: [", "fields: [{name: t, type: text, value: a.t}, {name: u, type: text, value: a.t}, ", 1)
	for _, test := range []struct {
		name, rules, on, text string
		code                  contract.Code
		message               string
	}{
		{"as much as may be", tables(), "", half + half[:MaxText/2-6], "", ""}, // and twice the outcome, of 3 bytes
		{"an object with too much", tables(), "", half + half + "y", contract.Invalid, "a.t brings the texts of this pair over 16384 bytes: write less."},
		{"decisions that give too much", echo, "pq", half, contract.NoVerdict, "There is no verdict: in the decision d (Table) its output x brings the verdict's texts over 16384 bytes."},
		{"decisions that give enough", echo, "p", half[4:], "", ""},
		{"a verdict with too much", field, "", half[8:], contract.NoVerdict, "There is no verdict: the field u of the v brings the verdict's texts over 16384 bytes."},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := mustCompile(t, switches, nothing, test.rules)
			d := book.NewDecider()
			who := []policy.Value{policy.BoolValue(strings.Contains(test.on, "p")), policy.BoolValue(strings.Contains(test.on, "q")),
				policy.BoolValue(false), policy.BoolValue(false), policy.IntValue(3), policy.NumberValue(0.5), policy.StringValue(test.text)}
			what := []policy.Value{policy.IntValue(1)}
			verdict := make([]policy.Value, len(book.verdict.Columns))
			for range 2 { // what one verdict took does not count for the next
				err := d.Decide(who, what, verdict)
				if test.code == "" {
					if err != nil {
						t.Fatal(err)
					}
					continue
				}
				if e := contract.AsError(err); e.Code != test.code || e.Message != test.message {
					t.Errorf("got %s: %s\nwant %s: %s", e.Code, e.Message, test.code, test.message)
				}
			}
		})
	}
}

func TestTextsOfTheSecondObjectAreBounded(t *testing.T) {
	who := nothing
	what := strings.Replace(switches, "object: a", "object: c", 1)
	book := mustCompile(t, who, what, tables())
	values := []policy.Value{policy.BoolValue(false), policy.BoolValue(false), policy.BoolValue(false), policy.BoolValue(false),
		policy.IntValue(3), policy.NumberValue(0.5), policy.StringValue(strings.Repeat("x", MaxText+1))}
	err := book.NewDecider().Decide([]policy.Value{policy.IntValue(1)}, values, make([]policy.Value, 1))
	if e := contract.AsError(err); e.Code != contract.Invalid || !strings.HasPrefix(e.Message, "c.t brings") {
		t.Errorf("got %v", err)
	}
}
