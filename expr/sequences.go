package expr

import (
	"slices"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"

	"verdictory/policy"
)

// maxText and maxList bound what + makes, so that decisions which double one another's output end.
const (
	maxText = 64 << 10 // bytes
	maxList = 1000
)

// conditional is condition ? a : b.
func conditional(_ *compiler, _ ast.Expr, args []node) node {
	condition, a, b := args[0], args[1], args[2]
	if condition.constant {
		if condition.value.Bool() {
			return a
		}
		return b
	}
	test := condition.truth
	n := node{kind: a.kind, elem: a.elem}
	switch a.kind {
	case policy.Bool:
		n.truth = choose(test, a.truth, b.truth)
	case policy.Int, policy.Date:
		n.whole = choose(test, a.whole, b.whole)
	case policy.Number:
		n.number = choose(test, a.number, b.number)
	case policy.String:
		n.text = choose(test, a.text, b.text)
	case policy.List:
		n.list = choose(test, a.list, b.list)
	}
	return n
}

func choose[T any](test func(*Frame) bool, a, b func(*Frame) T) func(*Frame) T {
	return func(f *Frame) T {
		if test(f) {
			return a(f)
		}
		return b(f)
	}
}

// index is list[i].
func index(c *compiler, _ ast.Expr, a []node) node {
	list, i, kind := a[0].list, a[1].whole, a[0].elem
	outside := c.fault(OutOfRange, "an index outside its list")
	at := func(f *Frame) policy.Value {
		values, i := list(f), i(f)
		if i < 0 || i >= int64(len(values)) {
			f.fail(outside)
			return policy.Value{}
		}
		return values[i]
	}
	n := node{kind: kind, fails: true}
	switch kind {
	case policy.Bool:
		n.truth = func(f *Frame) bool { return at(f).Bool() }
	case policy.Int, policy.Date:
		n.whole = func(f *Frame) int64 { return at(f).Int() }
	case policy.Number:
		n.number = func(f *Frame) float64 { return at(f).Number() }
	case policy.String:
		n.text = func(f *Frame) string { return at(f).Text() }
	}
	return n
}

// size is the number of a text's characters or of a list's values.
func size(_ *compiler, _ ast.Expr, a []node) node {
	if list := a[0].list; list != nil {
		return node{kind: policy.Int, whole: func(f *Frame) int64 { return int64(len(list(f))) }}
	}
	text := a[0].text
	return node{kind: policy.Int, whole: func(f *Frame) int64 { return int64(utf8.RuneCountInString(text(f))) }}
}

// concatenate is text + text.
func concatenate(c *compiler, _ ast.Expr, a []node) node {
	x, y := a[0].text, a[1].text
	tooLong := c.fault(TooLong, "a text of more than %d bytes", maxText)
	return node{kind: policy.String, fails: true, text: func(f *Frame) string {
		a, b := x(f), y(f)
		if len(a)+len(b) > maxText {
			f.fail(tooLong)
			return ""
		}
		return a + b
	}}
}

// join is list + list.
func join(c *compiler, _ ast.Expr, a []node) node {
	x, y := a[0].list, a[1].list
	tooLong := c.fault(TooLong, "a list of more than %d values", maxList)
	return node{kind: policy.List, elem: a[0].elem, fails: true, list: func(f *Frame) []policy.Value {
		a, b := x(f), y(f)
		if len(a)+len(b) > maxList {
			f.fail(tooLong)
			return nil
		}
		return slices.Concat(a, b)
	}}
}
