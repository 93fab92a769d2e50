package policies_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"verdictory/contract"
	"verdictory/internal/check"
	"verdictory/policies"
	"verdictory/policy"
)

// bench makes cases of a built-in policy, and lets a test change the objects of the case at hand.
type bench struct {
	*check.Sampler
	t      *testing.T
	policy *policy.Policy
}

func newBench(t *testing.T, name string, mode policy.Mode) *bench {
	t.Helper()
	p, issues := policy.Load(policies.FS, name)
	if issues != nil {
		t.Fatal(issues)
	}
	engine, issues := check.Compile(p)
	if issues != nil {
		t.Fatal(issues)
	}
	sampler, err := engine.NewSampler(mode)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{sampler, t, p}
}

// draw makes case i of run 0.
func (b *bench) draw(i int64) {
	b.t.Helper()
	if err := b.Draw(0, i); err != nil {
		b.t.Fatalf("%s: %v", b, err)
	}
}

// decide gives the objects at hand their verdict.
func (b *bench) decide() {
	b.t.Helper()
	if err := b.Decide(); err != nil {
		b.t.Fatalf("%s: %v", b, err)
	}
}

func (b *bench) who(field string) policy.Value     { return b.Case.Who.Get(field) }
func (b *bench) what(field string) policy.Value    { return b.Case.What.Get(field) }
func (b *bench) verdict(field string) policy.Value { return b.Case.Verdict.Get(field) }

// String gives the case at hand.
func (b *bench) String() string {
	return fmt.Sprintf("%s: %s + %s → %s", b.Case.Code, b.Case.Who.AppendJSON(nil), b.Case.What.AppendJSON(nil), b.Case.Verdict.AppendJSON(nil))
}

// set gives a field of an object a value.
func set(o policy.Object, field string, v policy.Value) { o.Values[o.Shape.Index(field)] = v }

func names(t *testing.T) []string {
	t.Helper()
	folders, err := fs.ReadDir(policies.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range folders {
		names = append(names, f.Name())
	}
	return names
}

func TestWorkedExamples(t *testing.T) {
	atLeast := map[string]int{"motor-insurance": 20, "stamp-duty": 40, "news2": 60}
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, name, policy.Random)
			if got := len(b.policy.Examples.Examples); got < atLeast[name] {
				t.Errorf("%d examples, want at least %d", got, atLeast[name])
			}
			for _, e := range b.policy.Examples.Examples {
				b.Case.Who, b.Case.What = e.Who, e.What
				b.decide()
				for field, want := range e.Verdict {
					if got := b.verdict(field); !got.Equal(want) {
						t.Errorf("%s: %s is %s, want %s", e.Name, field, got, want)
					}
				}
			}
		})
	}
}

// TestTenThousandCases holds each policy to what its page shows of a sample: every rule hits, every outcome is seen soon,
// and none drowns the others.
func TestTenThousandCases(t *testing.T) {
	percent := map[string]map[string][2]int{
		"motor-insurance": {"accept": {60, 70}, "refer": {15, 25}, "decline": {10, 20}},
		"stamp-duty":      {"standard": {40, 65}, "first-time": {15, 30}, "higher": {15, 35}},
		"news2":           {"low": {35, 65}, "low-medium": {5, 20}, "medium": {10, 30}, "high": {5, 30}},
	}
	const n = 10_000
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, name, policy.Random)
			hits, outcomes := map[contract.Hit]int{}, map[string]int{}
			for i := range int64(n) {
				b.draw(i)
				outcomes[b.Case.Outcome]++
				for _, h := range b.Case.Hits {
					hits[h]++
				}
			}
			t.Log(outcomes, hits)
			for _, d := range b.policy.Rules.Decisions {
				for _, r := range d.Rules {
					if hits[contract.Hit{Decision: d.ID, Rule: r.ID}] == 0 {
						t.Errorf("%s/%s never hits", d.ID, r.ID)
					}
				}
			}
			for _, o := range b.policy.Rules.Outcome.Values {
				got, want := outcomes[o.Value]*100/n, percent[name][o.Value]
				if got < want[0] || got > want[1] {
					t.Errorf("%d %% are %s, want %d to %d %%", got, o.Value, want[0], want[1])
				}
			}
		})
	}
}

func TestEveryRuleExplainsItself(t *testing.T) {
	for _, name := range names(t) {
		b := newBench(t, name, policy.Random)
		for _, d := range b.policy.Rules.Decisions {
			for _, r := range d.Rules {
				if !strings.HasSuffix(r.Because, ".") || strings.Count(r.Because, " ") < 3 {
					t.Errorf("%s: %s/%s: %q is no sentence", name, d.ID, r.ID, r.Because)
				}
				if name == "stamp-duty" && !strings.HasPrefix(r.Source, "https://www.") {
					t.Errorf("%s: %s/%s does not say which law it follows", name, d.ID, r.ID)
				}
			}
		}
	}
}
