package expr

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/parser"

	"verdictory/policy"
)

// The oracle is CEL's own evaluator, behind CEL's own environment and its other parser, with our functions bound to
// plain implementations on math/big and package time.

var oracleVars = []Var{
	{Name: "o.i", Kind: policy.Int}, {Name: "o.j", Kind: policy.Int}, {Name: "o.x", Kind: policy.Number}, {Name: "o.y", Kind: policy.Number},
	{Name: "o.b", Kind: policy.Bool}, {Name: "o.c", Kind: policy.Bool}, {Name: "o.s", Kind: policy.String}, {Name: "o.t", Kind: policy.String},
	{Name: "o.d", Kind: policy.Date}, {Name: "as_of", Kind: policy.Date},
	{Name: "o.ints", Kind: policy.List, Elem: policy.Int}, {Name: "o.texts", Kind: policy.List, Elem: policy.String},
	{Name: "o.numbers", Kind: policy.List, Elem: policy.Number}, {Name: "o.bools", Kind: policy.List, Elem: policy.Bool}, {Name: "o.days", Kind: policy.List, Elem: policy.Date},
}

type oracle struct{ env *cel.Env }

func newOracle(t testing.TB) oracle {
	var options []cel.EnvOption
	for _, v := range oracleVars {
		typ, _ := celType(v.Kind, v.Elem)
		options = append(options, cel.Variable(v.Name, typ))
	}
	function := func(name, overload string, result *cel.Type, call func(args []ref.Val) (any, bool), args ...*cel.Type) {
		options = append(options, cel.Function(name, cel.Overload(overload, args, result, cel.FunctionBinding(func(args ...ref.Val) ref.Val {
			v, ok := call(args)
			if !ok {
				return types.NewErr("%s fails", name)
			}
			return types.DefaultTypeAdapter.NativeToValue(v)
		}))))
	}
	date, whole, double, text := cel.TimestampType, cel.IntType, cel.DoubleType, cel.StringType
	function("date", "date", date, func(a []ref.Val) (any, bool) {
		d, err := time.Parse("2006-01-02", string(a[0].(types.String)))
		return d, err == nil && d.Year() >= 1
	}, text)
	function("year", "year", whole, func(a []ref.Val) (any, bool) { return a[0].(types.Timestamp).Year(), true }, date)
	function("years_between", "years_between", whole, func(a []ref.Val) (any, bool) {
		from, to, sign := a[0].(types.Timestamp).Time, a[1].(types.Timestamp).Time, 1
		if to.Before(from) {
			from, to, sign = to, from, -1
		}
		years := 0
		for !from.AddDate(years+1, 0, 0).After(to) { // AddDate makes 1 March of a 29 February that is not
			years++
		}
		return sign * years, true
	}, date, date)
	function("days_between", "days_between", whole, func(a []ref.Val) (any, bool) {
		return (a[1].(types.Timestamp).Unix() - a[0].(types.Timestamp).Unix()) / 86400, true
	}, date, date)
	moved := func(from, to time.Time, by ref.Val) (any, bool) {
		n := int64(by.(types.Int))
		return to, n > -9_000_000 && n < 9_000_000 && to.Year() >= 1 && to.Year() <= 9999
	}
	function("add_days", "add_days", date, func(a []ref.Val) (any, bool) {
		from := a[0].(types.Timestamp).Time
		return moved(from, from.AddDate(0, 0, int(a[1].(types.Int))), a[1])
	}, date, whole)
	function("add_years", "add_years", date, func(a []ref.Val) (any, bool) {
		from := a[0].(types.Timestamp).Time
		to := from.AddDate(int(a[1].(types.Int)), 0, 0)
		if to.Month() != from.Month() {
			to = to.AddDate(0, 0, -1)
		}
		return moved(from, to, a[1])
	}, date, whole)
	for name, pick := range map[string]int{"min": -1, "max": 1} {
		function(name, name+"_int", whole, func(a []ref.Val) (any, bool) {
			if big.NewInt(int64(a[0].(types.Int))).Cmp(big.NewInt(int64(a[1].(types.Int)))) == pick {
				return a[0], true
			}
			return a[1], true
		}, whole, whole)
		function(name, name+"_double", double, func(a []ref.Val) (any, bool) {
			x, y := float64(a[0].(types.Double)), float64(a[1].(types.Double))
			if pick < 0 {
				return math.Min(x, y), true
			}
			return math.Max(x, y), true
		}, double, double)
	}
	rounded := func(a, b, c ref.Val) (*big.Int, bool) {
		n := new(big.Int).Mul(big.NewInt(int64(a.(types.Int))), big.NewInt(int64(b.(types.Int))))
		d := big.NewInt(int64(c.(types.Int)))
		if d.Sign() == 0 {
			return nil, false
		}
		// Half away from zero: (2|n| + |d|) / 2|d|, with the sign of n/d.
		sign := n.Sign() * d.Sign()
		n.Abs(n).Lsh(n, 1).Add(n, new(big.Int).Abs(d))
		q := n.Div(n, new(big.Int).Lsh(new(big.Int).Abs(d), 1))
		return q.Mul(q, big.NewInt(int64(sign))), q.IsInt64()
	}
	function("muldiv", "muldiv", whole, func(a []ref.Val) (any, bool) {
		q, ok := rounded(a[0], a[1], a[2])
		if !ok {
			return nil, false
		}
		return q.Int64(), true
	}, whole, whole, whole)
	function("ratio", "ratio", double, func(a []ref.Val) (any, bool) {
		decimals := int64(a[2].(types.Int))
		if decimals < 0 || decimals > 6 {
			return nil, false
		}
		power := types.Int(math.Pow10(int(decimals)))
		q, ok := rounded(a[0], power, a[1])
		if !ok {
			return nil, false
		}
		return float64(q.Int64()) / float64(power), true
	}, whole, whole, whole)
	env, err := cel.NewEnv(append(options, cel.ClearMacros())...)
	if err != nil {
		t.Fatal(err)
	}
	return oracle{env}
}

// compile gives CEL's program, nil where CEL refuses the source.
func (o oracle) compile(source string) (cel.Program, *cel.Ast) {
	checked, issues := o.env.Compile(source)
	if issues.Err() != nil {
		return nil, nil
	}
	program, err := o.env.Program(checked)
	if err != nil {
		return nil, nil
	}
	return program, checked
}

// eval gives CEL's answer for the slots.
func (o oracle) eval(p cel.Program, slots []policy.Value) (policy.Value, error) {
	vars := map[string]any{}
	for i, v := range oracleVars {
		vars[v.Name] = celValue(slots[i])
	}
	out, _, err := p.Eval(vars)
	if err != nil {
		return policy.Value{}, err
	}
	return ourValue(out), nil
}

func celValue(v policy.Value) any {
	switch v.Kind() {
	case policy.Int:
		return v.Int()
	case policy.Number:
		return v.Number()
	case policy.Bool:
		return v.Bool()
	case policy.String:
		return v.Text()
	case policy.Date:
		return time.Unix(v.Int()*86400, 0).UTC()
	}
	values := []any{}
	for _, w := range v.List() {
		values = append(values, celValue(w))
	}
	return values
}

func ourValue(v ref.Val) policy.Value {
	switch v := v.(type) {
	case types.Int:
		return policy.IntValue(int64(v))
	case types.Double:
		return policy.NumberValue(float64(v))
	case types.Bool:
		return policy.BoolValue(bool(v))
	case types.String:
		return policy.StringValue(string(v))
	case types.Timestamp:
		return policy.DateValue(v.Unix() / 86400)
	}
	values := []policy.Value{}
	for it := v.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		values = append(values, ourValue(it.Next()))
	}
	return policy.ListValue(values)
}

// writer writes random expressions of a wanted kind.
type writer struct{ *rand.Rand }

var (
	intTexts    = []string{"0", "1", "-1", "2", "3", "7", "100", "2147483648", "9223372036854775807", "-9223372036854775808", "0x10"}
	numberTexts = []string{"0.0", "-0.0", "1.0", "0.5", "-2.5", "1e3", "36.6", "1e300", "1e-300", "9223372036854775807.0", "-9223372036854775808.0", "3.9"}
	textTexts   = []string{`""`, `"a"`, `'b'`, `"ab"`, `"12"`, `"-3.5"`, `"2024-02-29"`, `"é🚗"`, `r"\n"`, `"\n(&& "`, `"""q"q"""`, `"NaN"`}
	dateTexts   = []string{`date("2024-02-29")`, `date("2023-02-28")`, `date("2000-01-01")`, `date("9999-12-31")`, `date("0001-01-01")`, `date("2025-04-01")`}
)

func (w writer) of(texts ...string) string { return texts[w.IntN(len(texts))] }

func (w writer) kind() policy.Kind {
	return []policy.Kind{policy.Int, policy.Number, policy.Bool, policy.String, policy.Date}[w.IntN(5)]
}

// expression writes an expression of the kind, nested at most depth deep.
func (w writer) expression(kind policy.Kind, depth int) string {
	s := w.bare(kind, depth)
	switch w.IntN(12) {
	case 0:
		return "(" + s + ")"
	case 1:
		return " ( " + s + "// note\n )"
	}
	return s
}

func (w writer) bare(kind policy.Kind, depth int) string {
	leaf := depth <= 0 || w.IntN(5) == 0
	sub := func(k policy.Kind) string { return "(" + w.expression(k, depth-1) + ")" }
	call := func(format string, kinds ...policy.Kind) string {
		args := make([]any, len(kinds))
		for i, k := range kinds {
			args[i] = w.expression(k, depth-1)
		}
		return fmt.Sprintf(format, args...)
	}
	if !leaf && w.IntN(10) == 0 {
		return sub(policy.Bool) + " ? " + sub(kind) + " : " + w.expression(kind, depth-1)
	}
	if !leaf && w.IntN(12) == 0 {
		return w.list(kind, depth-1) + "[" + w.of("0", "1", "2", "o.i", "-1") + "]"
	}
	switch kind {
	case policy.Int:
		if leaf {
			return w.of(w.of(intTexts...), "o.i", "o.j", "o.i", "o.j", "size(o.s)", "o.texts.size()")
		}
		switch w.IntN(12) {
		case 0, 1, 2, 3, 4:
			return sub(kind) + w.of(" + ", "-", "*", " / ", "%") + sub(kind)
		case 5:
			return w.of("-", "--", "- ") + sub(kind)
		case 6:
			return w.of("size("+sub(policy.String)+")", sub(policy.String)+".size()", "size("+w.list(w.kind(), depth-1)+")", w.list(w.kind(), depth-1)+".size()")
		case 7:
			return call(w.of("int(%s)"), []policy.Kind{policy.Number, policy.String, policy.Int}[w.IntN(3)])
		case 8:
			return call(w.of("min(%s, %s)", "max(%s, %s)"), kind, kind)
		case 9:
			return call("muldiv(%s, %s, %s)", kind, kind, kind)
		case 10:
			return call("year(%s)", policy.Date)
		}
		return call(w.of("years_between(%s, %s)", "days_between(%s, %s)"), policy.Date, policy.Date)
	case policy.Number:
		if leaf {
			return w.of(w.of(numberTexts...), "o.x", "o.y")
		}
		switch w.IntN(8) {
		case 0, 1, 2, 3:
			return sub(kind) + w.of(" + ", "-", "*", " / ") + sub(kind)
		case 4:
			return "-" + sub(kind)
		case 5:
			return call("double(%s)", []policy.Kind{policy.Number, policy.String, policy.Int}[w.IntN(3)])
		case 6:
			return call(w.of("min(%s, %s)", "max(%s, %s)"), kind, kind)
		}
		return call("ratio(%s, %s, ", policy.Int, policy.Int) + w.of("0", "1", "2", "6", "o.i", "o.j") + ")"
	case policy.Bool:
		if leaf {
			return w.of("true", "false", "o.b", "o.c", "!o.b", "o.b", "o.c", "o.i < 3", "o.s == 'a'", "3 >= o.j", "o.x != 0.5", "o.d < as_of", "o.t in ['a', 'b']", "o.i in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "o.b == true", "false != o.c", "o.b != true", "o.i < -9223372036854775808", "o.x > 1.0")
		}
		k := w.kind()
		switch w.IntN(12) {
		case 0, 1, 2:
			return sub(kind) + w.of(" && ", "&&") + sub(kind)
		case 3, 4, 5:
			return sub(kind) + w.of(" || ", "||") + sub(kind)
		case 6:
			return w.expression(kind, depth-1) + w.of("&&", "||") + w.expression(kind, depth-1) + w.of("&&", "||") + w.expression(kind, depth-1)
		case 7:
			return w.of("!", "!!", "!!!") + sub(kind)
		case 8:
			return call(w.of("(%s).startsWith(%s)", "(%s).endsWith(%s)", "(%s).contains(%s)"), policy.String, policy.String)
		case 9:
			return sub(k) + " in " + w.list(k, depth-1)
		case 10:
			return w.list(k, depth-1) + w.of(" == ", "!=") + w.list(k, depth-1)
		}
		return sub(k) + w.of(" < ", "<=", " > ", ">=", "==", " != ") + sub(k)
	case policy.String:
		if leaf {
			return w.of(w.of(textTexts...), "o.s", "o.t")
		}
		if w.IntN(2) == 0 {
			return sub(kind) + " + " + sub(kind)
		}
		return call("string(%s)", []policy.Kind{policy.Number, policy.String, policy.Int, policy.Bool}[w.IntN(4)])
	}
	if leaf {
		return w.of(w.of(dateTexts...), "o.d", "as_of")
	}
	if w.IntN(4) == 0 {
		return call("date(%s)", policy.String)
	}
	return call(w.of("add_days(%s, %s)", "add_years(%s, %s)"), policy.Date, policy.Int)
}

func (w writer) list(elem policy.Kind, depth int) string {
	name := map[policy.Kind]string{policy.Int: "o.ints", policy.String: "o.texts", policy.Number: "o.numbers", policy.Bool: "o.bools", policy.Date: "o.days"}[elem]
	switch w.IntN(4) {
	case 0:
		return name
	case 1:
		return "(" + name + " + [" + w.expression(elem, depth-1) + "])"
	}
	var elements []string
	for range 1 + w.IntN(3) {
		elements = append(elements, w.expression(elem, depth-1))
	}
	return "[" + strings.Join(elements, ", ") + w.of("", ",") + "]"
}

// slots draws a value for each variable, the awkward ones often.
func (w writer) slots() []policy.Value {
	out := make([]policy.Value, len(oracleVars))
	for i, v := range oracleVars {
		if v.Kind != policy.List {
			out[i] = w.value(v.Kind)
			continue
		}
		values := []policy.Value{}
		for range w.IntN(4) {
			values = append(values, w.value(v.Elem))
		}
		out[i] = policy.ListValue(values)
	}
	return out
}

func (w writer) value(kind policy.Kind) policy.Value {
	switch kind {
	case policy.Int:
		n := []int64{0, 1, -1, 2, 3, 17, 18, 4_000_000_000, math.MaxInt64, math.MinInt64}[w.IntN(10)]
		if w.IntN(2) == 0 {
			n = w.Int64N(10)
		}
		return policy.IntValue(n)
	case policy.Number:
		return policy.NumberValue([]float64{0, math.Copysign(0, -1), 1, -1, 0.5, 36.6, math.MaxFloat64, -1e18, 9.3e18, 5e-324}[w.IntN(10)])
	case policy.Bool:
		return policy.BoolValue(w.IntN(2) == 0)
	case policy.String:
		return policy.StringValue([]string{"", "a", "b", "ab", "12", "-3.5", "x", "2024-02-29", "é🚗", "Infinity"}[w.IntN(10)])
	}
	return policy.DateValue([]int64{0, 19782, 19417, 20179, policy.MinDay, policy.MaxDay, -1, 11016}[w.IntN(8)])
}

// agree fails the test where the closures and CEL differ, on the value, on whether there is one, or on the first
// failing condition. It gives the issues of a source that the closures do not take.
func agree(t *testing.T, env *Env, o oracle, source string, inputs [][]policy.Value) policy.Issues {
	t.Helper()
	p, issues := env.Compile(policy.Expr{Source: source, Line: 1, Column: 1}, "rules.yaml", "when")
	if issues != nil {
		return issues
	}
	program, checked := o.compile(source)
	if program == nil {
		t.Fatalf("CEL refuses what the closures took: %s", source)
	}
	leaves := parseLeaves(t, o, checked, p)
	frame := &Frame{}
	for _, slots := range inputs {
		frame.Slots = slots
		got, err := p.Eval(frame)
		want, wantErr := o.eval(program, slots)
		if wantErr == nil && (want.Kind() == policy.Number && infinite(want) || p.Elem() == policy.Number && slices.ContainsFunc(want.List(), infinite)) {
			wantErr = errors.New("not finite")
		}
		if (err == nil) != (wantErr == nil) || err == nil && !same0(got, want) {
			t.Fatalf("%s\nof %v\ngives %v, %v\nCEL   %v, %v", source, slots, got, err, want, wantErr)
		}
		if again, ok := p.Constant(); ok && (wantErr != nil || !again.Equal(want)) {
			t.Fatalf("%s is constantly %v, CEL gives %v, %v", source, again, want, wantErr)
		}
		if p.Kind() != policy.Bool {
			continue
		}
		failing, err := p.FirstFailing(frame)
		wantFailing := leaves.failing(o, slots)
		if (err != nil) != (wantErr != nil) || err == nil && failing != wantFailing {
			t.Fatalf("%s\nof %v\nfails first at %d, %v, want %d, %v", source, slots, failing, err, wantFailing, wantErr)
		}
		if d, known := p.Domain(); known && d.Contains(slots) != want.Bool() {
			t.Fatalf("%s\nof %v\nis %v, but its domain says %v: %v", source, slots, want, !want.Bool(), d)
		}
	}
	return nil
}

// same0 is Equal, but tells -0 from 0.
func same0(a, b policy.Value) bool {
	return a.Equal(b) && (a.Kind() != policy.Number || math.Signbit(a.Number()) == math.Signbit(b.Number()))
}

// tree is the && and || of an expression as CEL's other parser sees them.
type tree struct {
	function string
	kids     []tree
	index    int
	program  cel.Program
}

// parseLeaves builds the tree and checks that each condition's text reads as its leaf.
func parseLeaves(t *testing.T, o oracle, checked *cel.Ast, p *Program) tree {
	t.Helper()
	if p.Kind() != policy.Bool {
		return tree{}
	}
	next := 0
	var build func(e ast.Expr) tree
	build = func(e ast.Expr) tree {
		if e.Kind() == ast.CallKind && (e.AsCall().FunctionName() == operators.LogicalAnd || e.AsCall().FunctionName() == operators.LogicalOr) {
			n := tree{function: e.AsCall().FunctionName()}
			for _, arg := range e.AsCall().Args() {
				n.kids = append(n.kids, build(arg))
			}
			return n
		}
		if next >= len(p.Conditions()) {
			t.Fatalf("%s has more leaves than conditions: %v", p.Source(), p.Conditions())
		}
		text := p.Conditions()[next].Text
		want, _ := parser.Unparse(e, checked.NativeRep().SourceInfo())
		program, condition := o.compile(text)
		if program == nil {
			t.Fatalf("condition %q of %s does not compile", text, p.Source())
		}
		if got, _ := parser.Unparse(condition.NativeRep().Expr(), condition.NativeRep().SourceInfo()); got != want {
			t.Fatalf("condition %d of %s is %q, want %q", next, p.Source(), got, want)
		}
		next++
		return tree{index: next - 1, program: program}
	}
	root := build(checked.NativeRep().Expr())
	if next != len(p.Conditions()) {
		t.Fatalf("%s has %d leaves but conditions %v", p.Source(), next, p.Conditions())
	}
	return root
}

const fails = -2

// failing gives the index of the first failing condition, -1 where all holds, -2 for an error.
func (n tree) failing(o oracle, slots []policy.Value) int {
	if n.program != nil {
		v, err := o.eval(n.program, slots)
		switch {
		case err != nil:
			return fails
		case v.Bool():
			return holds
		}
		return n.index
	}
	a, b := n.kids[0].failing(o, slots), n.kids[1].failing(o, slots)
	if n.function == operators.LogicalAnd {
		switch {
		case a >= 0:
			return a
		case b >= 0:
			return b
		}
		return min(a, b)
	}
	switch {
	case a == holds || b == holds:
		return holds
	case a == fails || b == fails:
		return fails
	}
	return a
}

func TestClosuresAgreeWithCEL(t *testing.T) {
	env, err := NewEnv(oracleVars)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(t)
	w := writer{rand.New(rand.NewPCG(7, 11))}
	const expressions = 1500
	taken := 0
	for i := range expressions {
		kind := w.kind()
		if i%3 == 0 {
			kind = policy.Bool
		}
		var inputs [][]policy.Value
		for range 4 {
			inputs = append(inputs, w.slots())
		}
		source := w.expression(kind, 1+i%4)
		if i%17 == 0 {
			source = w.list(kind, 2)
		}
		issues := agree(t, env, o, source, inputs)
		if issues == nil {
			taken++
		}
		for _, issue := range issues {
			if !strings.HasPrefix(issue.Message, "this always fails") && !strings.Contains(issue.Message, "is not a date") {
				t.Fatalf("the closures refuse %s: %s", source, issue)
			}
		}
	}
	if taken < expressions*8/10 {
		t.Errorf("the closures took %d of %d expressions", taken, expressions)
	}
}

func FuzzClosuresAgreeWithCEL(f *testing.F) {
	env, err := NewEnv(oracleVars)
	if err != nil {
		f.Fatal(err)
	}
	o := newOracle(f)
	for seed := range uint64(40) {
		w := writer{rand.New(rand.NewPCG(seed, 1))}
		f.Add(w.expression(w.kind(), 3), seed)
	}
	f.Fuzz(func(t *testing.T, source string, seed uint64) {
		w := writer{rand.New(rand.NewPCG(seed, 2))}
		agree(t, env, o, source, [][]policy.Value{w.slots(), w.slots(), w.slots()})
	})
}
