package rules

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"verdictory/policies"
	"verdictory/policy"
)

func TestSmoke(t *testing.T) {
	for _, name := range []string{"motor-insurance", "stamp-duty", "news2"} {
		p, issues := policy.Load(policies.FS, name)
		if issues != nil {
			t.Fatal(issues)
		}
		start := time.Now()
		b, issues := Compile(p)
		if issues != nil {
			t.Fatal(issues)
		}
		fmt.Println(name, time.Since(start))
		d := b.NewDecider()
		v := make([]policy.Value, len(b.verdict.Columns))
		for _, e := range p.Examples.Examples {
			if err := d.Decide(e.Who.Values, e.What.Values, v); err != nil {
				t.Error(e.Name, err)
				continue
			}
			for k, want := range e.Verdict {
				if got := v[b.verdict.Index(k)]; !got.Equal(want) {
					t.Error(e.Name, k, got, want)
				}
			}
			x, _ := json.Marshal(d.Trace())
			if y := d.AppendTraceJSON(nil); string(x) != string(y) {
				t.Errorf("%s\n%s", x, y)
			}
		}
		x, _ := json.Marshal(b.Boundaries().Who)
		fmt.Println(string(x))
		x, _ = json.Marshal(b.Boundaries().What)
		fmt.Println(string(x))
	}
}
func BenchmarkDecide(b *testing.B) {
	p, _ := policy.Load(policies.FS, "motor-insurance")
	book, _ := Compile(p)
	d := book.NewDecider()
	v := make([]policy.Value, len(book.verdict.Columns))
	es := p.Examples.Examples
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		e := &es[i%len(es)]
		i++
		if err := d.Decide(e.Who.Values, e.What.Values, v); err != nil {
			b.Fatal(err)
		}
	}
}
