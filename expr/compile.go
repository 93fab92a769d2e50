package expr

import (
	"fmt"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"verdictory/policy"
)

// compiler turns one checked expression into closures. It collects issues; with any, its results are not to be used.
type compiler struct {
	env    *Env
	source string
	tokens []token
	info   *ast.SourceInfo
	tree   *ast.AST
	issues policy.Issues
	place  func(offset int, message string) policy.Issue // offset in bytes
}

// node is a compiled expression. The closure of its kind is set, and no other. A closure that fails records the error
// in the frame and gives any value; whoever reads the value must leave the error there, or be sure to restore it.
type node struct {
	kind, elem policy.Kind
	truth      func(*Frame) bool
	whole      func(*Frame) int64 // Int, and Date as days
	number     func(*Frame) float64
	text       func(*Frame) string
	list       func(*Frame) []policy.Value

	bare     bool // the node is a slot and nothing else
	slot     int
	constant bool
	value    policy.Value // of a constant
	fails    bool         // an evaluation may meet an error
	shape    *shape       // of a Bool that compares slots with constants; otherwise nil
}

// eval gives the node's result as a value.
func (n *node) eval(f *Frame) policy.Value {
	switch n.kind {
	case policy.Bool:
		return policy.BoolValue(n.truth(f))
	case policy.Int:
		return policy.IntValue(n.whole(f))
	case policy.Date:
		return policy.DateValue(n.whole(f))
	case policy.Number:
		return policy.NumberValue(n.number(f))
	case policy.String:
		return policy.StringValue(n.text(f))
	}
	return policy.ListValue(n.list(f))
}

// program compiles the checked tree.
func (c *compiler) program(tree *ast.AST) *Program {
	c.tree = tree
	p := &Program{env: c.env, source: c.source, notFinite: c.fault(NotFinite, "the result is not a finite number")}
	var leaves []leaf
	if tree.GetType(tree.Expr().ID()) == types.BoolType {
		j := c.junction(tree.Expr(), &leaves)
		p.root, p.first, p.plain = j.node, j.first, j.plain
	} else {
		p.root = c.compile(tree.Expr())
	}
	if c.issues != nil {
		return nil
	}
	if p.root.constant {
		if _, err := p.Eval(&Frame{}); err != nil {
			c.issue(0, "this always fails: %s", p.notFinite.Message)
		}
	}
	p.refs = c.refs(nil, tree.Expr())
	if leaves != nil {
		texts := split(c.source, c.tokens)
		for i, l := range leaves {
			p.conditions = append(p.conditions, Condition{Text: texts[i], Slots: c.refs(nil, l.expr), Comparison: l.comparison()})
		}
	}
	return p
}

// refs adds the slots that the expression names, in order of first mention.
func (c *compiler) refs(refs []int, e ast.Expr) []int {
	switch e.Kind() {
	case ast.IdentKind:
		return addRefs(refs, []int{c.env.slots[e.AsIdent()]})
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			refs = c.refs(refs, element)
		}
	case ast.CallKind:
		for _, operand := range operands(e.AsCall()) {
			refs = c.refs(refs, operand)
		}
	}
	return refs
}

// operands gives a call's operands in the order of the source: the target of a.size() before the arguments.
func operands(call ast.CallExpr) []ast.Expr {
	if call.IsMemberFunction() {
		return append([]ast.Expr{call.Target()}, call.Args()...)
	}
	return call.Args()
}

// compile compiles an expression and all below it.
func (c *compiler) compile(e ast.Expr) node {
	switch e.Kind() {
	case ast.LiteralKind:
		return constant(literal(e))
	case ast.IdentKind:
		return c.slot(c.env.slots[e.AsIdent()])
	case ast.ListKind:
		return c.compileList(e)
	}
	if isCall(e, operators.LogicalAnd) || isCall(e, operators.LogicalOr) {
		return c.junction(e, new([]leaf)).node
	}
	call := e.AsCall()
	var args []node
	for _, operand := range operands(call) {
		args = append(args, c.compile(operand))
	}
	if c.issues != nil {
		return node{}
	}
	n := operations[c.tree.GetOverloadIDs(e.ID())[0]](c, e, args)
	allConstant := true
	for _, a := range args {
		n.fails = n.fails || a.fails
		allConstant = allConstant && a.constant
	}
	if allConstant && c.issues == nil {
		return c.fold(e, n)
	}
	return n
}

// fold evaluates a call of constants.
func (c *compiler) fold(e ast.Expr, n node) node {
	frame := Frame{}
	v := n.eval(&frame)
	if frame.err != nil {
		c.issue(c.offset(e), "this always fails: %s", frame.err.Message)
	}
	folded := constant(v)
	folded.elem = n.elem
	return folded
}

// literal gives a literal's value; names has refused those that have none.
func literal(e ast.Expr) policy.Value {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return policy.BoolValue(bool(v))
	case types.Int:
		return policy.IntValue(int64(v))
	case types.Double:
		return policy.NumberValue(float64(v))
	}
	return policy.StringValue(string(e.AsLiteral().(types.String)))
}

// constant makes the node of a value.
func constant(v policy.Value) node {
	n := node{kind: v.Kind(), constant: true, value: v}
	switch v.Kind() {
	case policy.Bool:
		b := v.Bool()
		n.truth = func(*Frame) bool { return b }
		n.shape = &shape{op: always}
		if !b {
			n.shape.op = never
		}
	case policy.Int, policy.Date:
		i := v.Int()
		n.whole = func(*Frame) int64 { return i }
	case policy.Number:
		x := v.Number()
		n.number = func(*Frame) float64 { return x }
	case policy.String:
		s := v.Text()
		n.text = func(*Frame) string { return s }
	case policy.List:
		l := v.List()
		n.list = func(*Frame) []policy.Value { return l }
		if len(l) > 0 {
			n.elem = l[0].Kind()
		}
	}
	return n
}

// slot makes the node that reads a slot.
func (c *compiler) slot(i int) node {
	v := &c.env.vars[i]
	n := node{kind: v.Kind, elem: v.Elem, bare: true, slot: i}
	switch v.Kind {
	case policy.Bool:
		n.truth = func(f *Frame) bool { return f.Slots[i].Bool() }
		n.shape = &shape{op: atom, comparison: Comparison{Slot: i, Op: Eq, Constants: []policy.Value{policy.BoolValue(true)}}}
	case policy.Int, policy.Date:
		n.whole = func(f *Frame) int64 { return f.Slots[i].Int() }
	case policy.Number:
		n.number = func(f *Frame) float64 { return f.Slots[i].Number() }
	case policy.String:
		n.text = func(f *Frame) string { return f.Slots[i].Text() }
	case policy.List:
		n.list = func(f *Frame) []policy.Value { return f.Slots[i].List() }
	}
	return n
}

// compileList makes the node of a list literal.
func (c *compiler) compileList(e ast.Expr) node {
	elements := e.AsList().Elements()
	elem := kindOf(c.tree.GetType(e.ID()).Parameters()[0])
	if elem == policy.Absent || elem == policy.List {
		c.listIssue(e)
		return node{}
	}
	nodes := make([]node, len(elements))
	values := make([]policy.Value, len(elements))
	allConstant, fails := true, false
	for i, element := range elements {
		nodes[i] = c.compile(element)
		values[i] = nodes[i].value
		allConstant, fails = allConstant && nodes[i].constant, fails || nodes[i].fails
	}
	if allConstant {
		n := constant(policy.ListValue(values))
		n.elem = elem
		return n
	}
	return node{kind: policy.List, elem: elem, fails: fails, list: func(f *Frame) []policy.Value {
		values := make([]policy.Value, len(nodes))
		for i := range nodes {
			values[i] = nodes[i].eval(f)
		}
		return values
	}}
}

// listIssue says why a list literal has no kind.
func (c *compiler) listIssue(e ast.Expr) {
	elements := e.AsList().Elements()
	for _, element := range elements {
		if c.typeOf(element).Kind() == types.ListKind {
			c.issue(c.offset(element), "a list cannot hold lists")
			return
		}
		if !c.typeOf(element).IsExactType(c.typeOf(elements[0])) {
			c.issue(c.offset(element), "a list holds values of one kind: %s", c.meeting(elements[0], element))
			return
		}
	}
	c.issue(c.offset(e), "an empty list has no kind: write at least one value")
}

// fault makes an error that closures of this program can give.
func (c *compiler) fault(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Source: c.source}
}
