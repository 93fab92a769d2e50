package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// signs are the operators as people write them.
var signs = map[string]string{
	operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=", operators.Greater: ">",
	operators.GreaterEquals: ">=", operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*", operators.Divide: "/",
	operators.Modulo: "%", operators.In: "in",
}

// mismatchIssue says which kinds meet where the type checker found no function or operator for them.
func (c *compiler) mismatchIssue(tree *ast.AST, err *common.Error) {
	c.tree = tree
	e := find(tree.Expr(), err.ExprID)
	if tree.GetType(e.ID()) != types.ErrorType {
		c.issue(c.offset(e), "%s stands beside && or ||, which join conditions: compare it with something", c.described(e))
		return
	}
	call := e.AsCall()
	args := operands(call)
	switch name := call.FunctionName(); {
	case signs[name] != "":
		c.issue(c.offset(e), "%s", c.binary(name, args[0], args[1]))
	case name == operators.LogicalNot:
		c.issue(c.offset(e), "%s stands behind !, which negates a condition: compare it with something", c.described(args[0]))
	case name == operators.Negate:
		c.issue(c.offset(e), "%s stands behind -: only an int or a number has a negative", c.described(args[0]))
	case name == operators.Index:
		c.issue(c.offset(e), "%s has no index %s: a list has, an int from 0", c.described(args[0]), c.described(args[1]))
	case name == operators.Conditional && c.typeOf(args[0]) != types.BoolType:
		c.issue(c.offset(e), "%s stands before ?, where a condition belongs: compare it with something", c.described(args[0]))
	case name == operators.Conditional:
		c.issue(c.offset(e), "both results of ? : must be of one kind: %s", c.meeting(args[1], args[2]))
	default:
		c.issue(c.offset(e), "%s", c.usage(call, args))
	}
}

// binary says why an operator does not take its two operands.
func (c *compiler) binary(name string, a, b ast.Expr) string {
	sign, ta, tb := signs[name], c.typeOf(a), c.typeOf(b)
	switch {
	case name == operators.In && tb.Kind() != types.ListKind:
		return fmt.Sprintf("%s stands behind in, where a list belongs: write [ … ]", c.described(b))
	case strings.Contains("+-*/%", sign) && (ta == types.TimestampType || tb == types.TimestampType):
		return fmt.Sprintf("%s does not work on dates: write add_days, add_years, days_between or years_between", sign)
	case sign == "%" && (ta == types.DoubleType || tb == types.DoubleType):
		return "% works on ints alone: write int(…)"
	case ta.IsExactType(tb):
		return fmt.Sprintf("%s does not work on %s", sign, plural(ta))
	case sign == "+" && ta == types.StringType:
		return fmt.Sprintf("+ needs both sides of one kind: %s meets %s: write string(%s)", c.described(a), c.described(b), c.written(b))
	case sign == "+" && tb == types.StringType:
		return fmt.Sprintf("+ needs both sides of one kind: %s meets %s: write string(%s)", c.described(a), c.described(b), c.written(a))
	}
	return fmt.Sprintf("%s needs both sides of one kind: %s", sign, c.meeting(a, b))
}

// meeting says what two operands of different kinds are, and how to make them the same where a rule applies.
func (c *compiler) meeting(a, b ast.Expr) string {
	meeting := c.described(a) + " meets " + c.described(b)
	if c.typeOf(a) == types.DoubleType || c.typeOf(a) == types.StringType {
		a, b = b, a
	}
	switch ta, tb := c.typeOf(a), c.typeOf(b); {
	case ta == types.IntType && tb == types.DoubleType:
		if n, literal := c.literalValue(a).(types.Int); literal {
			return fmt.Sprintf("%s: write %d.0", meeting, n)
		}
		if x, literal := c.literalValue(b).(types.Double); literal && float64(x) == math.Trunc(float64(x)) && math.Abs(float64(x)) < 1e15 {
			return fmt.Sprintf("%s: write %d", meeting, int64(x))
		}
		return fmt.Sprintf("%s: write double(%s)", meeting, c.written(a))
	case ta == types.TimestampType && tb == types.StringType:
		return fmt.Sprintf("%s: write date(%s)", meeting, c.written(b))
	}
	return meeting
}

// usage says how a function is called.
func (c *compiler) usage(call ast.CallExpr, args []ast.Expr) string {
	name := call.FunctionName()
	var ways []string
	for _, f := range declarations() {
		if f.Name() != name {
			continue
		}
		for _, o := range f.OverloadDecls() {
			ways = append(ways, way(name, o.ArgTypes(), o.IsMemberFunction()))
		}
	}
	var given []*types.Type
	for _, a := range args {
		given = append(given, c.typeOf(a))
	}
	return fmt.Sprintf("write %s, not %s", strings.Join(ways, " or "), way(name, given, call.IsMemberFunction()))
}

// way writes a call with the kinds of its arguments: max(int, int), text.size().
func way(name string, args []*types.Type, member bool) string {
	var kinds []string
	for _, t := range args {
		kinds = append(kinds, kindWord(t))
	}
	if member {
		return fmt.Sprintf("%s.%s(%s)", kinds[0], name, strings.Join(kinds[1:], ", "))
	}
	return fmt.Sprintf("%s(%s)", name, strings.Join(kinds, ", "))
}

func (c *compiler) typeOf(e ast.Expr) *types.Type { return c.tree.GetType(e.ID()) }

// literalValue gives the value of a literal, nil for anything else.
func (c *compiler) literalValue(e ast.Expr) ref.Val {
	if e.Kind() != ast.LiteralKind {
		return nil
	}
	return e.AsLiteral()
}

// described gives an operand with its kind: driver.age (an int).
func (c *compiler) described(e ast.Expr) string {
	kind := "a " + kindWord(c.typeOf(e))
	if c.typeOf(e) == types.IntType {
		kind = "an int"
	}
	if w := c.written(e); w != "…" {
		return fmt.Sprintf("%s (%s)", w, kind)
	}
	return kind
}

// written gives a name or literal as expressions write it, for anything else an ellipsis.
func (c *compiler) written(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.LiteralKind:
		if x, ok := e.AsLiteral().(types.Double); ok {
			return decimal(float64(x))
		}
		return types.Format(e.AsLiteral())
	}
	return "…"
}

// decimal writes a number so that it reads as one, and not as an int.
func decimal(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if strings.ContainsAny(s, ".e") {
		return s
	}
	return s + ".0"
}

// find gives the expression with the id, the whole for an id that is not in the tree.
func find(tree ast.Expr, id int64) ast.Expr {
	found := tree
	ast.PreOrderVisit(tree, ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() == id {
			found = e
		}
	}))
	return found
}
