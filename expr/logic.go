package expr

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"verdictory/policy"
)

// leaf is an operand of && and || that is neither of them.
type leaf struct {
	node
	expr ast.Expr
}

// comparison gives the leaf's Comparison, nil where it is none.
func (l leaf) comparison() *Comparison {
	if l.shape == nil || l.shape.op != atom {
		return nil
	}
	return &l.shape.comparison
}

// junction is a tree of && and || over leaves, or one leaf. first gives the index of the leaf that failed first, -1
// where the tree holds. Where the tree is one leaf or && over leaves, and cannot fail, plain is those leaves: running
// through them is quicker than calling first.
type junction struct {
	node
	first func(*Frame) int
	plain []func(*Frame) bool
}

const holds = -1

// junction compiles a tree of && and ||, adding its leaves in order.
func (c *compiler) junction(e ast.Expr, leaves *[]leaf) junction {
	and, or := isCall(e, operators.LogicalAnd), isCall(e, operators.LogicalOr)
	if !and && !or {
		return c.leaf(e, leaves)
	}
	j := junction{node: node{kind: policy.Bool, constant: true, value: policy.BoolValue(and), shape: &shape{op: all}}}
	if or {
		j.shape.op = some
	}
	base, flat := len(*leaves), true // flat: every operand is a leaf
	var firsts []func(*Frame) int
	var truths []func(*Frame) bool
	decided := false
	for _, operand := range e.AsCall().Args() {
		before := len(*leaves)
		o := c.junction(operand, leaves)
		flat = flat && len(*leaves) == before+1
		firsts, truths = append(firsts, o.first), append(truths, o.truth)
		j.fails = j.fails || o.fails
		j.constant = j.constant && o.constant
		decided = decided || o.constant && o.value.Bool() != and // false && x, true || x: whatever x is, an error too
		j.shape = j.shape.with(o.shape)
	}
	if decided {
		j.constant, j.value = true, policy.BoolValue(!and)
	}
	switch {
	case and && j.fails:
		j.first = allOrError(firsts)
	case and && flat:
		j.first, j.plain = allOf(truths, base), truths
	case and:
		j.first = allNested(firsts)
	case j.fails:
		j.first = someOrError(firsts)
	default:
		j.first = someOf(firsts)
	}
	if j.constant {
		j.node = constant(j.value) // which may not read slots: it is folded without any
		return j
	}
	first := j.first
	j.truth = func(f *Frame) bool { return first(f) == holds }
	return j
}

// leaf compiles an operand that is neither && nor ||.
func (c *compiler) leaf(e ast.Expr, leaves *[]leaf) junction {
	index, n := len(*leaves), c.compile(e)
	*leaves = append(*leaves, leaf{n, e})
	truth := n.truth
	j := junction{node: n, first: func(f *Frame) int {
		if truth(f) {
			return holds
		}
		return index
	}}
	if !n.fails {
		j.plain = []func(*Frame) bool{truth}
	}
	return j
}

func isCall(e ast.Expr, function string) bool {
	return e.Kind() == ast.CallKind && e.AsCall().FunctionName() == function
}

// allOf is && over leaves that cannot fail, the first of them with index base.
func allOf(truths []func(*Frame) bool, base int) func(*Frame) int {
	return func(f *Frame) int {
		for i, truth := range truths {
			if !truth(f) {
				return base + i
			}
		}
		return holds
	}
}

// allNested is && over operands that cannot fail.
func allNested(firsts []func(*Frame) int) func(*Frame) int {
	return func(f *Frame) int {
		for _, first := range firsts {
			if index := first(f); index != holds {
				return index
			}
		}
		return holds
	}
}

// someOf is || over operands that cannot fail.
func someOf(firsts []func(*Frame) int) func(*Frame) int {
	return func(f *Frame) int {
		failed := firsts[0](f)
		if failed == holds {
			return holds
		}
		for _, first := range firsts[1:] {
			if first(f) == holds {
				return holds
			}
		}
		return failed
	}
}

// allOrError is && as CEL has it: false where any operand is false, even if another meets an error; else the first error.
func allOrError(firsts []func(*Frame) int) func(*Frame) int {
	return func(f *Frame) int {
		if f.err != nil {
			return holds // an error that is not ours to absorb
		}
		var err *Error
		for _, first := range firsts {
			index := first(f)
			if f.err != nil {
				if err == nil {
					err = f.err
				}
				f.err = nil
			} else if index != holds {
				return index
			}
		}
		f.err = err
		return holds
	}
}

// someOrError is || as CEL has it: true where any operand is true, even if another meets an error; else the first error.
func someOrError(firsts []func(*Frame) int) func(*Frame) int {
	return func(f *Frame) int {
		if f.err != nil {
			return holds
		}
		var err *Error
		failed := holds
		for _, first := range firsts {
			index := first(f)
			if f.err != nil {
				if err == nil {
					err = f.err
				}
				f.err = nil
			} else if index == holds {
				return holds
			} else if failed == holds {
				failed = index
			}
		}
		f.err = err
		return failed
	}
}
