package history

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"verdictory/contract"
	"verdictory/policies"
	"verdictory/policy"
)

// motor is the built-in policy that most tests make cases of.
func motor(tb testing.TB) *policy.Policy {
	tb.Helper()
	p, issues := policy.Load(policies.FS, "motor-insurance")
	if issues != nil {
		tb.Fatal(issues)
	}
	return p
}

// makeCase makes the n-th case of a policy. Its values are no verdict of any rules, only of the right kinds and spread
// as a real history is: 1 case in 20 is declined, 1 in 10 edited, 3 in 10 of the generated are in boundary mode.
func makeCase(p *policy.Policy, n uint64) contract.Case {
	r := rand.New(rand.NewPCG(n, 1))
	c := contract.Case{
		Policy: p.Name, Version: p.Digest,
		Code:    policy.Code{Who: policy.Seed(r.Uint64()) & policy.MaxSeed, What: policy.Seed(r.Uint64()) & policy.MaxSeed, Mode: policy.Random},
		Who:     makeObject(r, p.Who.Shape),
		What:    makeObject(r, p.What.Shape),
		Verdict: makeObject(r, p.Rules.Verdict.Shape),
	}
	switch k := r.IntN(10); {
	case k == 0:
		c.Code.Edit = policy.Seed(r.Uint64() & uint64(policy.MaxSeed)).String()
	case k < 4:
		c.Code.Mode = policy.Boundary
	}
	outcome := p.Rules.Outcome.Values[0]
	switch k := r.IntN(20); {
	case k == 0:
		outcome = p.Rules.Outcome.Values[2]
	case k < 4:
		outcome = p.Rules.Outcome.Values[1]
	}
	c.Outcome = outcome.Value
	c.Verdict.Values[c.Verdict.Shape.Index(p.Rules.Outcome.Field)] = policy.StringValue(c.Outcome)
	for _, d := range p.Rules.Decisions {
		if d.ID == p.Rules.Outcome.Decision { // each of its rules goes with one outcome
			third := len(d.Rules) / 3
			hit := d.Rules[(n+uint64(len(c.Outcome)))%uint64(third)+uint64(third*(len(c.Outcome)%3))]
			c.Hits = append(c.Hits, contract.Hit{Decision: d.ID, Rule: hit.ID})
			continue
		}
		c.Hits = append(c.Hits, contract.Hit{Decision: d.ID, Rule: d.Rules[r.IntN(len(d.Rules))].ID})
	}
	return c
}

func makeObject(r *rand.Rand, shape *policy.Shape) policy.Object {
	o := policy.Object{Shape: shape, Values: make([]policy.Value, len(shape.Columns))}
	for i := range shape.Columns {
		switch column := &shape.Columns[i]; {
		case len(column.Labels) > 0:
			o.Values[i] = policy.StringValue(column.Labels[r.IntN(len(column.Labels))])
		case column.Kind == policy.String && column.Text:
			o.Values[i] = policy.StringValue(fmt.Sprintf("First%d Last%d", r.IntN(300), r.IntN(2_000)))
		case column.Kind == policy.String:
			o.Values[i] = policy.StringValue([]string{"Standard terms", "Over 40,000 miles a year", "9 to 11 penalty points", "Driver under 18"}[r.IntN(4)])
		case column.Kind == policy.Int:
			o.Values[i] = policy.IntValue(r.Int64N(60_000))
		case column.Kind == policy.Number:
			o.Values[i] = policy.NumberValue(float64(r.Int64N(60_000)) / 10)
		case column.Kind == policy.Bool:
			o.Values[i] = policy.BoolValue(r.IntN(16) == 0)
		case column.Kind == policy.Date:
			o.Values[i] = policy.DateValue(r.Int64N(20_000))
		}
	}
	return o
}
