package rules

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"verdictory/policy"
)

func TestProveLimits(t *testing.T) {
	if err := ProveLimits(); err != nil {
		t.Error(err)
	}
}

func TestProveFindsALimitThatDoesNotHold(t *testing.T) {
	quiet := bombRules(`- {id: r, then: {x: '"y"'}, because: b}`, "d.x")
	for _, test := range []struct {
		name   string
		bomb   bomb
		within time.Duration
		want   string
	}{
		{"a document that is taken", bomb{limit: "L", rules: quiet}, time.Second, "the limit on L does not hold: it was taken: <nil>"},
		{"an evaluation that goes through", bomb{limit: "L", rules: quiet, runs: true}, time.Second, "the limit on L does not hold: it was taken: <nil>"},
		{"a document that is refused before it is evaluated", bomb{limit: "L", rules: "[", runs: true}, time.Second, "the limit on L does not hold: rules.yaml:"},
		{"a refusal that takes too long", bomb{limit: "L", rules: "["}, -1, "the limit on L does not hold: the refusal took "},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := prove([]bomb{test.bomb}, test.within)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s…", err, test.want)
			}
		})
	}
}

// Each bomb is refused by the limit that it is made for, and in little memory.
func TestBombs(t *testing.T) {
	why := map[string]string{
		"a document's size":         "has more than 65536 bytes",
		"the nesting of YAML":       "nested",
		"aliases of YAML":           "anchor",
		"an expression's size":      "at most 4096",
		"an expression's words":     "words and signs",
		"an expression's nesting":   "brackets within brackets",
		"an expression's negations": "words and signs",
	}
	for _, b := range bombs() {
		t.Run(b.limit, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := b.refused(); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 32 {
				t.Errorf("took %d MiB", took)
			}
			p, issues := policy.Assemble("bomb", []byte(bombWho), []byte(bombWhat), []byte(b.rules), nil)
			if issues == nil {
				_, issues = Compile(p)
			}
			if got := issues.Error(); !strings.Contains(got, why[b.limit]) {
				t.Errorf("refused with %.300s", got)
			}
		})
	}
}

// The worst that a document may do within its limits still ends soon: it compiles and decides in well under a second
// each, on a busy machine.
func TestWorstCases(t *testing.T) {
	const patience = 3 * time.Second // quiet: a tenth of a second
	for _, test := range []struct {
		name string
		rule func(i int) string
	}{
		{"rules that leave first tables in pieces", func(i int) string {
			return strings.ReplaceAll(`(a.n<I1||a.n>I3||a.x<I.5||a.x>I.7)&&(a.n!=I2||a.x!=I.6||a.p||a.q)&&(a.r||a.s||a.n==I9)`, "I", itoa(i))
		}},
		{"texts that are put together and searched", func(i int) string {
			return `(` + strings.Repeat("a.t+", 3) + `a.t).contains("yyyyyyyyyyyyx") || (a.t+a.t+a.t+a.t) == (a.t+a.t+a.t+a.t)+"` + itoa(i) + `"`
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var rules []string
			for i := range 120 {
				rules = append(rules, "- {id: r"+itoa(i)+", when: '"+test.rule(i)+"', then: {x: 1}}")
			}
			doc := tables("  - id: d\n    hit_policy: first\n    outputs: [x]\n    rules:\n      " + strings.Join(rules, "\n      ") + "\n    default: {x: 1}\n")
			start := time.Now()
			book := mustCompile(t, switches, nothing, doc)
			t.Log("compiled in", time.Since(start), "from", len(doc), "bytes")
			if took := time.Since(start); took > patience {
				t.Errorf("compiled in %s", took)
			}
			who := []policy.Value{policy.BoolValue(false), policy.BoolValue(false), policy.BoolValue(false), policy.BoolValue(false),
				policy.IntValue(3), policy.NumberValue(0.5), policy.StringValue(strings.Repeat("y", MaxText-100))}
			start = time.Now()
			err := book.NewDecider().Decide(who, []policy.Value{policy.IntValue(1)}, make([]policy.Value, 1))
			t.Log("decided in", time.Since(start), err)
			if took := time.Since(start); took > patience {
				t.Errorf("decided in %s", took)
			}
		})
	}
}

func itoa(i int) string { return policy.IntValue(int64(i)).String() }
