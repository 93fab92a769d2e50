package page

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"verdictory/contract"
	"verdictory/policies"
	"verdictory/policy"
	"verdictory/static"
	"verdictory/templates"
)

// loaded gives the built-in policies.
func loaded(t testing.TB) []*policy.Policy {
	t.Helper()
	all, issues := policy.LoadAll(policies.FS)
	if issues != nil {
		t.Fatal(issues)
	}
	return all
}

func motor(t testing.TB) *policy.Policy { return loaded(t)[0] }

func site(t testing.TB) *Site {
	t.Helper()
	s, err := NewSite(Config{Policies: loaded(t), Templates: templates.FS, Static: static.FS})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// exampleCase makes a case of a worked example.
func exampleCase(p *policy.Policy, name string, who, what policy.Seed, hits ...contract.Hit) contract.Case {
	i := slices.IndexFunc(p.Examples.Examples, func(e policy.Example) bool { return e.Name == name })
	e := p.Examples.Examples[i]
	verdict := policy.Object{Shape: p.Rules.Verdict.Shape}
	for _, c := range p.Rules.Verdict.Shape.Columns {
		verdict.Values = append(verdict.Values, e.Verdict[c.Name])
	}
	return contract.Case{
		Policy: p.Name, Version: p.Digest, Code: policy.Code{Who: who, What: what, Mode: policy.Random},
		Who: e.Who, What: e.What, Verdict: verdict, Outcome: verdict.Get(p.Rules.Outcome.Field).Text(), Hits: hits,
		Created: time.Date(2026, 3, 14, 9, 57, 0, 0, time.UTC),
	}
}

const (
	seedA policy.Seed = 0x3a2f9e81c4
	seedB policy.Seed = 0x0c7e5a1b22
)

func young(p *policy.Policy) contract.Case {
	return exampleCase(p, "a young driver and a fast car", seedA, seedB,
		contract.Hit{Decision: "eligibility", Rule: "young-and-fast"}, contract.Hit{Decision: "area", Rule: "industrial"},
		contract.Hit{Decision: "age", Rule: "21-to-24"}, contract.Hit{Decision: "group", Rule: "31-to-35"},
		contract.Hit{Decision: "record", Rule: "claims-1"}, contract.Hit{Decision: "record", Rule: "points-1-to-5"},
		contract.Hit{Decision: "overnight", Rule: "street"}, contract.Hit{Decision: "excess", Rule: "standard"},
		contract.Hit{Decision: "excess", Rule: "under-25"}, contract.Hit{Decision: "premium", Rule: "tariff"},
	)
}

// traceOf accounts for a case's hits as the rules service would: other rules miss at their first condition, and a first
// table's rules after its hit are skipped.
func traceOf(p *policy.Policy, c contract.Case) contract.Trace {
	v := newView(p)
	var trace contract.Trace
	for _, d := range p.Rules.Decisions {
		dt := contract.DecisionTrace{Decision: d.ID, HitPolicy: d.HitPolicy, Output: map[string]policy.Value{}}
		for _, o := range d.Outputs {
			dt.Output[o.Name] = policy.IntValue(430)
		}
		done := false
		for _, r := range d.Rules {
			rt := contract.RuleTrace{Rule: r.ID, When: r.When.Source, Because: r.Because}
			first, _, _ := strings.Cut(r.When.Source, " && ")
			switch {
			case slices.Contains(c.Hits, contract.Hit{Decision: d.ID, Rule: r.ID}):
				rt.Status, done = contract.StatusHit, d.HitPolicy == policy.First
				rt.Saw = saw(v, c, r.When.Source)
			case done:
				rt.Status, rt.When = contract.StatusSkipped, r.When.Source
			default:
				rt.Status, rt.Failed, rt.Saw = contract.StatusMiss, first, saw(v, c, first)
			}
			dt.Rules = append(dt.Rules, rt)
		}
		trace = append(trace, dt)
	}
	return trace
}

func saw(v *view, c contract.Case, source string) []contract.Saw {
	var list []contract.Saw
	for _, o := range []policy.Object{c.Who, c.What} {
		for i, col := range o.Shape.Columns {
			if name := o.Shape.Name + "." + col.Name; names(source, name) {
				list = append(list, contract.Saw{Field: name, Value: o.Values[i]})
			}
		}
	}
	_ = v
	return list
}

// countsOf gives every rule a count that falls along its table, none to each that is named never.
func countsOf(p *policy.Policy, total int64, never ...string) Counts {
	c := Counts{Total: total, Outcomes: map[string]int64{}, Rules: map[contract.Hit]int64{}}
	left := total
	for i, o := range p.Rules.Outcome.Values {
		n := left * 61 / 100
		if i == len(p.Rules.Outcome.Values)-1 {
			n = left
		}
		c.Outcomes[o.Value], left = n, left-n
	}
	for _, d := range p.Rules.Decisions {
		for i, r := range d.Rules {
			if !slices.Contains(never, d.ID+"/"+r.ID) {
				c.Rules[contract.Hit{Decision: d.ID, Rule: r.ID}] = total / int64(i+2)
			}
		}
	}
	return c
}

// drawnObjects makes objects that look drawn, for the drawings.
func drawnObjects(doc *policy.ObjectDoc, n int) []policy.Object {
	r := rand.New(rand.NewPCG(1, 2))
	number := func(x policy.Expr, otherwise float64) float64 {
		if f, err := strconv.ParseFloat(x.Source, 64); err == nil {
			return f
		}
		return otherwise
	}
	weighted := func(choices []policy.Choice) string {
		total := 0.0
		for _, c := range choices {
			total += c.Weight
		}
		at := r.Float64() * total
		for _, c := range choices {
			if at -= c.Weight; at < 0 {
				return c.Label
			}
		}
		return choices[0].Label
	}
	objects := make([]policy.Object, n)
	for i := range objects {
		o := policy.Object{Shape: doc.Shape}
		for j, f := range doc.Fields {
			kind := doc.Shape.Columns[j].Kind
			f0 := number(f.Min, 0)
			f1 := number(f.Max, 60)
			x := f0 + r.Float64()*(f1-f0)
			switch f.Distribution {
			case policy.Normal:
				x = math.Min(f1, math.Max(f0, number(f.Mean, 24)+r.NormFloat64()*number(f.Deviation, 5)))
			case policy.LogNormal:
				x = math.Min(f1, math.Max(f0, number(f.Mean, 14000)*math.Exp(r.NormFloat64()*number(f.Deviation, 0.4))))
			case policy.Weights:
				x, _ = strconv.ParseFloat(weighted(f.Choices), 64)
			}
			switch {
			case f.Kind == policy.FieldFake:
				o.Values = append(o.Values, policy.StringValue("Marlene Okafor"))
			case kind == policy.Int:
				o.Values = append(o.Values, policy.IntValue(int64(x)))
			case kind == policy.Number:
				o.Values = append(o.Values, policy.NumberValue(math.Round(x*10)/10))
			case kind == policy.Bool:
				o.Values = append(o.Values, policy.BoolValue(r.Float64() < f.Probability))
			case kind == policy.Date:
				o.Values = append(o.Values, policy.DateValue(int64(r.IntN(20000))))
			case len(f.Tables) > 0:
				o.Values = append(o.Values, policy.StringValue(weighted(f.Tables[r.IntN(len(f.Tables))].Choices)))
			default:
				o.Values = append(o.Values, policy.StringValue(weighted(f.Choices)))
			}
		}
		objects[i] = o
	}
	return objects
}

func latestOf(p *policy.Policy) []contract.Case {
	list := []contract.Case{young(p)}
	for i, name := range []string{"nothing stands against it", "a learner", "the lowest factors", "40,500 miles", "registered in 2000", "group 40 at 25 is accepted", "8 points"} {
		c := exampleCase(p, name, seedA+policy.Seed(i*7919+13), seedB+policy.Seed(i*104729+17))
		c.Created = c.Created.Add(-time.Duration(i*i+1) * 37 * time.Minute)
		list = append(list, c)
	}
	return list
}
