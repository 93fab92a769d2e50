package expr

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

	"verdictory/policy"
)

// Op is how a comparison holds a slot against its constants.
type Op uint8

// The operators. In and NotIn take any number of constants, the others one.
const (
	Eq Op = iota
	Ne
	Lt
	Le
	Gt
	Ge
	In
	NotIn
)

var opSigns = [...]string{"==", "!=", "<", "<=", ">", ">=", "in", "not in"}

// String gives the operator's sign.
func (o Op) String() string { return opSigns[o] }

// negated gives the operator that holds where this one does not.
func (o Op) negated() Op { return [...]Op{Ne, Eq, Ge, Gt, Le, Lt, NotIn, In}[o] }

// mirrored gives the operator that says the same with its sides exchanged.
func (o Op) mirrored() Op { return [...]Op{Eq, Ne, Gt, Ge, Lt, Le}[o] }

// Comparison is a condition that holds one slot against constants of its kind: the slot is on the left, whichever way
// the document writes it. A bare bool is Eq true, its negation Ne true.
type Comparison struct {
	Slot      int
	Op        Op
	Constants []policy.Value
}

func comparison(op Op) operation {
	return func(c *compiler, e ast.Expr, a []node) node {
		if op == Eq || op == Ne {
			c.labels(a[0], a[1], operands(e.AsCall())[1])
			c.labels(a[1], a[0], operands(e.AsCall())[0])
		}
		return compare(op, a[0], a[1])
	}
}

// labels leaves an issue for each constant, written at a place, that a slot is compared with and never takes.
func (c *compiler) labels(slot, constants node, at ast.Expr) {
	if !slot.bare || !constants.constant || len(c.env.vars[slot.slot].Labels) == 0 {
		return
	}
	v := &c.env.vars[slot.slot]
	values, places := []policy.Value{constants.value}, []ast.Expr{at}
	if constants.kind == policy.List {
		values, places = constants.value.List(), at.AsList().Elements()
	}
	for i, value := range values {
		if slices.Contains(v.Labels, value.Text()) {
			continue
		}
		place := at
		if i < len(places) {
			place = places[i]
		}
		advice := policy.DidYouMean(value.Text(), v.Labels)
		if advice == "" {
			advice = ": it takes " + strings.Join(v.Labels[:min(len(v.Labels), 12)], ", ")
		}
		c.issue(c.offset(place), "%s is never %q%s", v.Name, value.Text(), advice)
	}
}

// compare makes the node of a comparison of two nodes of the same kind.
func compare(op Op, a, b node) node {
	if a.constant && b.bare {
		a, b, op = b, a, op.mirrored()
	}
	n := node{kind: policy.Bool}
	if a.bare && b.constant && describable(op, b.value) {
		n.shape = &shape{op: atom, comparison: Comparison{Slot: a.slot, Op: op, Constants: []policy.Value{b.value}}}
		n.truth = slotTest(a.slot, op, b.value)
		return n
	}
	switch a.kind {
	case policy.Int, policy.Date:
		n.truth = ordered(op, a.whole, b.whole)
	case policy.Number:
		n.truth = ordered(op, a.number, b.number)
	case policy.String:
		n.truth = ordered(op, a.text, b.text)
	case policy.Bool:
		n.truth = ordered(op, bit(a.truth), bit(b.truth))
	case policy.List:
		x, y, equal := a.list, b.list, op == Eq
		n.truth = func(f *Frame) bool { return slices.EqualFunc(x(f), y(f), policy.Value.Equal) == equal }
	}
	return n
}

// describable reports whether a slot's comparison with the constant is a Comparison: not where the order of texts or
// bools decides, nor where the constant is no finite number.
func describable(op Op, constant policy.Value) bool {
	switch constant.Kind() {
	case policy.Int, policy.Date:
		return true
	case policy.Number:
		return finite(constant.Number())
	case policy.Bool, policy.String:
		return op == Eq || op == Ne
	}
	return false
}

// slotTest compares a slot with a constant without calling a closure for either.
func slotTest(slot int, op Op, constant policy.Value) func(*Frame) bool {
	switch constant.Kind() {
	case policy.Bool:
		if constant.Bool() == (op == Eq) {
			return func(f *Frame) bool { return f.Slots[slot].Bool() }
		}
		return func(f *Frame) bool { return !f.Slots[slot].Bool() }
	case policy.String:
		s := constant.Text()
		if op == Eq {
			return func(f *Frame) bool { return f.Slots[slot].Text() == s }
		}
		return func(f *Frame) bool { return f.Slots[slot].Text() != s }
	case policy.Number:
		x := constant.Number()
		if op == Ne {
			return func(f *Frame) bool { return f.Slots[slot].Number() != x }
		}
		lo, hi := numberBounds(op, x)
		return func(f *Frame) bool { v := f.Slots[slot].Number(); return lo <= v && v <= hi }
	}
	n := constant.Int()
	if op == Ne {
		return func(f *Frame) bool { return f.Slots[slot].Int() != n }
	}
	lo, hi := wholeBounds(op, n)
	return func(f *Frame) bool { v := f.Slots[slot].Int(); return lo <= v && v <= hi }
}

// wholeBounds gives the least and the greatest whole number that compare so with n; the least is the greater of the
// two where there is none.
func wholeBounds(op Op, n int64) (lo, hi int64) {
	switch {
	case op == Lt && n == math.MinInt64, op == Gt && n == math.MaxInt64:
		return 1, 0
	case op == Lt:
		return math.MinInt64, n - 1
	case op == Le:
		return math.MinInt64, n
	case op == Gt:
		return n + 1, math.MaxInt64
	case op == Ge:
		return n, math.MaxInt64
	}
	return n, n
}

// numberBounds does the same for a finite number.
func numberBounds(op Op, x float64) (lo, hi float64) {
	switch op {
	case Lt:
		return math.Inf(-1), math.Nextafter(x, math.Inf(-1))
	case Le:
		return math.Inf(-1), x
	case Gt:
		return math.Nextafter(x, math.Inf(1)), math.Inf(1)
	case Ge:
		return x, math.Inf(1)
	}
	return x, x
}

// ordered compares what two closures give. A number that is none (NaN) is unequal to and neither side of any other.
func ordered[T cmp.Ordered](op Op, a, b func(*Frame) T) func(*Frame) bool {
	switch op {
	case Eq:
		return func(f *Frame) bool { return a(f) == b(f) }
	case Ne:
		return func(f *Frame) bool { return a(f) != b(f) }
	case Lt:
		return func(f *Frame) bool { return a(f) < b(f) }
	case Le:
		return func(f *Frame) bool { return a(f) <= b(f) }
	case Gt:
		return func(f *Frame) bool { return a(f) > b(f) }
	}
	return func(f *Frame) bool { return a(f) >= b(f) }
}

// zeroOne gives 0 for a Bool that is false and 1 for one that is true.
func zeroOne(v policy.Value) int64 {
	if v.Bool() {
		return 1
	}
	return 0
}

// bit does the same for what a closure gives.
func bit(truth func(*Frame) bool) func(*Frame) int64 {
	return func(f *Frame) int64 {
		if truth(f) {
			return 1
		}
		return 0
	}
}

// isIn makes the node of a in b.
func isIn(a, b node) node {
	n := node{kind: policy.Bool}
	if !b.constant {
		x, list := a, b.list
		n.truth = func(f *Frame) bool {
			v := x.eval(f)
			return slices.ContainsFunc(list(f), v.Equal)
		}
		return n
	}
	constants := b.value.List()
	switch a.kind {
	case policy.Int, policy.Date:
		n.truth = member(a.whole, constants, policy.Value.Int)
	case policy.Number:
		n.truth = member(a.number, constants, policy.Value.Number)
	case policy.String:
		n.truth = member(a.text, constants, policy.Value.Text)
	case policy.Bool:
		n.truth = member(bit(a.truth), constants, zeroOne)
	}
	if a.bare && !slices.ContainsFunc(constants, func(v policy.Value) bool { return !describable(Eq, v) }) {
		n.shape = &shape{op: atom, comparison: Comparison{Slot: a.slot, Op: In, Constants: constants}}
	}
	return n
}

// member tests whether what a closure gives is among the constants: one by one where they are few.
func member[T comparable](a func(*Frame) T, constants []policy.Value, read func(policy.Value) T) func(*Frame) bool {
	few := make([]T, len(constants))
	many := make(map[T]bool, len(constants))
	for i, v := range constants {
		few[i] = read(v)
		many[few[i]] = true
	}
	if len(few) <= 8 {
		return func(f *Frame) bool { return slices.Contains(few, a(f)) }
	}
	return func(f *Frame) bool { return many[a(f)] }
}
