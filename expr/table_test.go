package expr

import (
	"testing"

	"cel.dev/cel-go/cel"

	"verdictory/policy"
)

// The table is the usual shape of a decision: 20 rules with 38 conditions over eight fields.
var tableVars = []Var{
	{Name: "driver.age", Kind: policy.Int}, {Name: "driver.licence_years", Kind: policy.Int}, {Name: "driver.claims", Kind: policy.Int},
	{Name: "driver.licence", Kind: policy.String}, {Name: "vehicle.value", Kind: policy.Int}, {Name: "vehicle.modified", Kind: policy.Bool},
	{Name: "vehicle.load", Kind: policy.Number}, {Name: "vehicle.registered", Kind: policy.Date},
}

var tableRules = []string{
	`driver.age < 18`,
	`driver.age >= 18 && driver.age < 21 && vehicle.value > 20000`,
	`driver.licence == "provisional"`,
	`driver.claims >= 4 || driver.claims == 3 && driver.age < 25`,
	`driver.licence_years < 1 && vehicle.modified`,
	`vehicle.load > 9.5 && driver.age < 30`,
	`driver.licence in ["international", "provisional"] && driver.licence_years < 3`,
	`vehicle.registered < date("1990-01-01")`,
	`driver.age > 85 && driver.claims > 0`,
	`vehicle.value > 150000 && !vehicle.modified`,
	`driver.age >= 21 && driver.age < 25 && driver.licence_years < 2`,
	`!vehicle.modified && vehicle.value < 500`,
	`vehicle.modified && vehicle.value > 50000`,
	`driver.claims == 2 && driver.age < 30`,
	`driver.licence == "none"`,
	`vehicle.load >= 7.5 && driver.licence != "full"`,
	`driver.age > 75 && vehicle.value > 80000`,
	`driver.licence_years + 17 > driver.age`,
	`vehicle.registered >= date("2026-01-01") || vehicle.registered < date("1900-01-01")`,
	`driver.age - driver.licence_years > 60 && driver.claims > 1`,
}

func tableSlots() []policy.Value {
	return []policy.Value{policy.IntValue(43), policy.IntValue(20), policy.IntValue(1), policy.StringValue("full"),
		policy.IntValue(12_500), policy.BoolValue(false), policy.NumberValue(3.5), policy.DateValue(18000)}
}

func table(t testing.TB) []*Program {
	t.Helper()
	env, err := NewEnv(tableVars)
	if err != nil {
		t.Fatal(err)
	}
	var programs []*Program
	conditions := 0
	for _, rule := range tableRules {
		p, issues := env.Compile(policy.Expr{Source: rule, Line: 1, Column: 1}, "rules.yaml", "when")
		if issues != nil {
			t.Fatal(issues)
		}
		programs = append(programs, p)
		conditions += len(p.Conditions())
	}
	if len(programs) != 20 || conditions != 38 {
		t.Fatalf("the table has %d rules and %d conditions", len(programs), conditions)
	}
	return programs
}

func BenchmarkTable(b *testing.B) {
	b.Run("closures", func(b *testing.B) {
		programs := table(b)
		frame := &Frame{Slots: tableSlots()}
		var failing [20]int
		b.ReportAllocs()
		for b.Loop() {
			for i, p := range programs {
				n, err := p.FirstFailing(frame)
				if err != nil || n == holds {
					b.Fatal(n, err)
				}
				failing[i] = n
			}
		}
	})
	b.Run("cel", func(b *testing.B) {
		o := newOracle(b)
		vars := map[string]any{}
		var options []cel.EnvOption
		for i, v := range tableVars {
			typ, _ := celType(v.Kind, v.Elem)
			options = append(options, cel.Variable(v.Name, typ))
			vars[v.Name] = celValue(tableSlots()[i])
		}
		env, err := o.env.Extend(options...)
		if err != nil {
			b.Fatal(err)
		}
		var programs []cel.Program
		for _, rule := range tableRules {
			checked, issues := env.Compile(rule)
			if issues.Err() != nil {
				b.Fatal(issues)
			}
			p, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
			if err != nil {
				b.Fatal(err)
			}
			programs = append(programs, p)
		}
		activation, err := cel.NewActivation(vars)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			for _, p := range programs {
				if v, _, err := p.Eval(activation); err != nil || v.Value() == true {
					b.Fatal(v, err)
				}
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	env, err := NewEnv(tableVars)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, rule := range tableRules {
			env.Compile(policy.Expr{Source: rule, Line: 1, Column: 1}, "rules.yaml", "when")
		}
	}
}
