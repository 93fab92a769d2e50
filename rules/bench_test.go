package rules

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"verdictory/contract"
	"verdictory/policies"
	"verdictory/policy"
)

// The figures are in processor time (cpu-ns/op), which does not depend on what else the machine does.

// BenchmarkDecide decides pairs of motor-insurance, with the compact trace, and holds that against CEL's own evaluator
// doing the same tables without one: ours must take an eighth of the time at most.
func BenchmarkDecide(b *testing.B) {
	book, examples := motor(b)
	d := book.NewDecider()
	verdict := make([]policy.Value, len(book.Verdict().Columns))
	b.ReportAllocs()
	start, i := cpuTime(), 0
	for b.Loop() {
		if err := d.Decide(examples[i].Who.Values, examples[i].What.Values, verdict); err != nil {
			b.Fatal(err)
		}
		i = (i + 1) % len(examples)
	}
	each := perOp(b, start)
	b.ReportMetric(each, "cpu-ns/op")
	b.ReportMetric(float64(len(book.Rules())), "rules")

	oracle := newCELTables(b)
	const rounds = 20
	start = cpuTime()
	for range rounds {
		for i := range examples {
			oracle.decide(b, &examples[i])
		}
	}
	ratio := float64(cpuTime()-start) / float64(rounds*len(examples)) / each
	b.ReportMetric(ratio, "times-cel")
	if ratio < 8 && b.N > 1000 { // with fewer the clock's grain decides
		b.Errorf("CEL takes %.1f times as long, want at least 8", ratio)
	}
}

func perOp(b *testing.B, start time.Duration) float64 { return float64(cpuTime()-start) / float64(b.N) }

func BenchmarkTraceJSON(b *testing.B) {
	book, examples := motor(b)
	d := book.NewDecider()
	if err := d.Decide(examples[0].Who.Values, examples[0].What.Values, make([]policy.Value, len(book.Verdict().Columns))); err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		out = d.AppendTraceJSON(out[:0])
	}
	b.ReportMetric(perOp(b, start), "cpu-ns/op")
	b.SetBytes(int64(len(out)))
}

func BenchmarkCompile(b *testing.B) {
	p, issues := policy.Load(policies.FS, "motor-insurance")
	if issues != nil {
		b.Fatal(issues)
	}
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		if _, issues := Compile(p); issues != nil {
			b.Fatal(issues)
		}
	}
	b.ReportMetric(perOp(b, start), "cpu-ns/op")
}

// nowhere is a client that takes everything and keeps nothing.
type nowhere struct {
	header http.Header
	bytes  int
}

func (n *nowhere) Header() http.Header { return n.header }
func (n *nowhere) WriteHeader(int)     {}
func (n *nowhere) Flush()              {}
func (n *nowhere) Write(p []byte) (int, error) {
	n.bytes += len(p)
	return len(p), nil
}

// BenchmarkBatch sends batches of 10,000 pairs of motor-insurance through the handler.
func BenchmarkBatch(b *testing.B) {
	p, issues := policy.Load(policies.FS, "motor-insurance")
	if issues != nil {
		b.Fatal(issues)
	}
	h := holding(b, p, time.Minute)
	var body bytes.Buffer
	for i := range contract.MaxBatch {
		example := &p.Examples.Examples[i%len(p.Examples.Examples)]
		fmt.Fprintf(&body, `{"who":%s,"what":%s}`+"\n", example.Who.AppendJSON(nil), example.What.AppendJSON(nil))
	}
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		w := &nowhere{header: http.Header{}}
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/verdicts/batch?policy="+string(p.Digest), io.NopCloser(bytes.NewReader(body.Bytes()))))
		if w.bytes < contract.MaxBatch*100 {
			b.Fatalf("only %d bytes", w.bytes)
		}
	}
	each := perOp(b, start) / contract.MaxBatch
	b.ReportMetric(each, "cpu-ns/pair")
	b.ReportMetric(2e9/each, "pairs/s-on-2-cores")
	b.ReportMetric(contract.MaxBatch*float64(b.N)/b.Elapsed().Seconds(), "pairs/s-now")
}

// celTables are motor-insurance's decision tables, evaluated by CEL's own evaluator: programs compiled once, optimised,
// flat names. It knows the hit policies that these tables use.
type celTables struct {
	names     []string // of the fields of both objects
	decisions []celDecision
	fields    []cel.Program
	verdict   *policy.Shape
	values    celValues
}

type celDecision struct {
	policy   policy.HitPolicy
	outputs  []string
	rules    []celRule
	fallback []cel.Program
}

type celRule struct {
	when cel.Program // nil always holds
	then []cel.Program
}

// celValues is CEL's view of the values, by qualified name.
type celValues map[string]ref.Val

func (v celValues) ResolveName(name string) (any, bool) {
	value, ok := v[name]
	return value, ok
}
func (v celValues) Parent() cel.Activation { return nil }

var celTypes = map[policy.Kind]*cel.Type{policy.Int: cel.IntType, policy.Number: cel.DoubleType, policy.Bool: cel.BoolType,
	policy.String: cel.StringType, policy.Date: cel.TimestampType}

func newCELTables(b *testing.B) *celTables {
	p, issues := policy.Load(policies.FS, "motor-insurance")
	if issues != nil {
		b.Fatal(issues)
	}
	options := []cel.EnvOption{cel.Function("muldiv", cel.Overload("muldiv", []*cel.Type{cel.IntType, cel.IntType, cel.IntType}, cel.IntType,
		cel.FunctionBinding(func(args ...ref.Val) ref.Val {
			n, c := args[0].(types.Int)*args[1].(types.Int), args[2].(types.Int)
			return (2*n + c) / (2 * c) // for what is not negative
		})))}
	t := &celTables{verdict: p.Rules.Verdict.Shape, values: celValues{}}
	for _, shape := range []*policy.Shape{p.Who.Shape, p.What.Shape} {
		for _, column := range shape.Columns {
			name := shape.Name + "." + column.Name
			t.names = append(t.names, name)
			options = append(options, cel.Variable(name, celTypes[column.Kind]))
		}
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		b.Fatal(err)
	}
	var last *cel.Ast
	compile := func(x policy.Expr) cel.Program {
		ast, issues := env.Compile(x.Source)
		if issues.Err() != nil {
			b.Fatal(issues.Err())
		}
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			b.Fatal(err)
		}
		last = ast
		return program
	}
	for _, doc := range p.Rules.Decisions {
		d := celDecision{policy: doc.HitPolicy}
		compileAll := func(assignments []policy.Assignment) (programs []cel.Program) {
			for _, a := range assignments {
				programs = append(programs, compile(a.Value))
			}
			return programs
		}
		for _, r := range doc.Rules {
			var rule celRule
			if r.When.Source != "" {
				rule.when = compile(r.When)
			}
			rule.then = compileAll(r.Then)
			d.rules = append(d.rules, rule)
		}
		d.fallback = compileAll(doc.Default)
		for _, o := range doc.Outputs {
			name := strings.ReplaceAll(doc.ID, "-", "_") + "." + o.Name
			d.outputs = append(d.outputs, name)
			kind := cel.IntType
			if len(doc.Outputs) > 1 {
				kind = last.OutputType() // of the table with two outputs, both of them texts
			}
			if env, err = env.Extend(cel.Variable(name, kind)); err != nil {
				b.Fatal(err)
			}
		}
		t.decisions = append(t.decisions, d)
	}
	for _, f := range p.Rules.Verdict.Fields {
		t.fields = append(t.fields, compile(f.Value))
	}
	return t
}

// decide evaluates the tables for an example, and checks what it gives.
func (t *celTables) decide(b *testing.B, example *policy.Example) {
	for i, v := range append(example.Who.Values[:len(example.Who.Values):len(example.Who.Values)], example.What.Values...) {
		switch v.Kind() {
		case policy.Int:
			t.values[t.names[i]] = types.Int(v.Int())
		case policy.Bool:
			t.values[t.names[i]] = types.Bool(v.Bool())
		case policy.String:
			t.values[t.names[i]] = types.String(v.Text())
		}
	}
	for i := range t.decisions {
		t.table(b, &t.decisions[i])
	}
	for i, program := range t.fields {
		got := t.eval(b, program)
		want := example.Verdict[t.verdict.Columns[i].Name]
		if n, ok := got.(types.Int); ok && int64(n) != want.Int() || !ok && string(got.(types.String)) != want.Text() {
			b.Fatalf("%s: CEL gives %s %v, want %s", example.Name, t.verdict.Columns[i].Name, got, want)
		}
	}
}

func (t *celTables) eval(b *testing.B, program cel.Program) ref.Val {
	v, _, err := program.Eval(t.values)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

func (t *celTables) table(b *testing.B, d *celDecision) {
	hits := 0
	give := func(programs []cel.Program) {
		for k, program := range programs {
			v := t.eval(b, program)
			before, _ := t.values[d.outputs[k]].(types.Int)
			switch now, _ := v.(types.Int); {
			case hits > 0 && d.policy == policy.CollectSum:
				v = before + now
			case hits > 0 && d.policy == policy.CollectMax:
				v = max(before, now)
			}
			t.values[d.outputs[k]] = v
		}
		hits++
	}
	for i := range d.rules {
		if r := &d.rules[i]; r.when == nil || t.eval(b, r.when) == types.True {
			if give(r.then); d.policy == policy.First {
				break
			}
		}
	}
	if hits == 0 {
		give(d.fallback)
	}
}
