package page

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"verdictory/contract"
	"verdictory/policies"
	"verdictory/policy"
	"verdictory/static"
	"verdictory/templates"
)

// builtIn are the policies that come with the product.
var builtIn = sync.OnceValue(func() []*policy.Policy {
	all, issues := policy.LoadAll(policies.FS)
	if issues != nil {
		panic(issues)
	}
	return all
})

// cover is a small policy with every kind of field, every tone, and a list.
var cover = sync.OnceValue(func() *policy.Policy {
	p, issues := policy.Load(os.DirFS("testdata"), "cover")
	if issues != nil {
		panic(issues)
	}
	return p
})

// site has cover and the built-in policies.
var site = sync.OnceValue(func() *Site {
	s, err := NewSite(Config{Policies: append([]*policy.Policy{cover()}, builtIn()...), Templates: templates.FS, Static: static.FS})
	if err != nil {
		panic(err)
	}
	return s
})

const (
	seedA policy.Seed = 0x3a2f9e81c4
	seedB policy.Seed = 0x0c7e5a1b22
)

// hit reads eligibility/young-and-fast.
func hit(name string) contract.Hit {
	h, err := contract.ParseHit(name)
	if err != nil {
		panic(err)
	}
	return h
}

// refer is a case of cover that is referred: 22 years old, group 31, one claim.
func refer() contract.Case {
	p := cover()
	e := p.Examples.Examples[0]
	who, what := clone(e.Who), clone(e.What)
	who.Values[0] = policy.StringValue("Marlene Okafor")
	return contract.Case{
		Policy: p.Name, Version: p.Digest, Code: policy.Code{Who: seedA, What: seedB, Mode: policy.Random}, Who: who, What: what,
		Verdict: policy.Object{Shape: p.Rules.Verdict.Shape, Values: []policy.Value{
			policy.StringValue("refer"), policy.IntValue(65000), policy.StringValue("Young and fast"), policy.IntValue(145),
			policy.ListValue([]policy.Value{policy.StringValue("big"), policy.StringValue("old")}),
		}},
		Outcome: "refer", Hits: []contract.Hit{hit("eligibility/young-and-fast"), hit("loading/young"), hit("loading/claims")},
		Created: time.Date(2026, 3, 14, 9, 57, 0, 0, time.UTC),
	}
}

// with gives the case with one field of an object changed.
func with(c contract.Case, field string, value policy.Value) contract.Case {
	object, name, _ := strings.Cut(field, ".")
	for _, o := range []*policy.Object{&c.Who, &c.What} {
		if o.Shape.Name == object {
			*o = clone(*o)
			o.Values[o.Shape.Index(name)] = value
		}
	}
	return c
}

func clone(o policy.Object) policy.Object {
	return policy.Object{Shape: o.Shape, Values: slices.Clone(o.Values)}
}

// traceOf accounts for a case's hits as the rules service would: other rules miss at their first condition, and a first
// table's rules after its hit are skipped.
func traceOf(p *policy.Policy, c contract.Case) contract.Trace {
	var trace contract.Trace
	for _, d := range p.Rules.Decisions {
		dt := contract.DecisionTrace{Decision: d.ID, HitPolicy: d.HitPolicy, Output: map[string]policy.Value{}}
		for _, o := range d.Outputs {
			dt.Output[o.Name] = policy.IntValue(20000)
		}
		done := false
		for _, r := range d.Rules {
			rt := contract.RuleTrace{Rule: r.ID, When: r.When.Source, Because: r.Because}
			first, _, _ := strings.Cut(r.When.Source, " && ")
			switch {
			case slices.Contains(c.Hits, contract.Hit{Decision: d.ID, Rule: r.ID}):
				rt.Status, done = contract.StatusHit, d.HitPolicy == policy.First
				rt.Saw = saw(c, r.When.Source)
			case done:
				rt.Status, rt.When = contract.StatusSkipped, r.When.Source
			default:
				rt.Status, rt.Failed, rt.Saw = contract.StatusMiss, first, saw(c, first)
			}
			dt.Rules = append(dt.Rules, rt)
		}
		trace = append(trace, dt)
	}
	return trace
}

func saw(c contract.Case, source string) []contract.Saw {
	var list []contract.Saw
	for _, o := range []policy.Object{c.Who, c.What} {
		for i, col := range o.Shape.Columns {
			if name := o.Shape.Name + "." + col.Name; names(source, name) {
				list = append(list, contract.Saw{Field: name, Value: o.Values[i]})
			}
		}
	}
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
