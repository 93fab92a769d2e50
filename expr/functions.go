package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/stdlib"
	"cel.dev/cel-go/common/types"

	"verdictory/policy"
)

// maxText and maxList bound what + makes, so that decisions which double one another's output end.
const (
	maxText = 64 << 10 // bytes
	maxList = 1000
)

// celType gives CEL's type for a kind; false for a kind without values.
func celType(kind, elem policy.Kind) (*types.Type, bool) {
	switch kind {
	case policy.Int:
		return types.IntType, true
	case policy.Number:
		return types.DoubleType, true
	case policy.Bool:
		return types.BoolType, true
	case policy.String:
		return types.StringType, true
	case policy.Date:
		return types.TimestampType, true
	case policy.List:
		t, ok := celType(elem, policy.Absent)
		return types.NewListType(t), ok && elem != policy.List
	}
	return nil, false
}

// kindOf gives the kind of CEL's type; Absent for one that expressions cannot give.
func kindOf(t *types.Type) policy.Kind {
	switch t.Kind() {
	case types.IntKind:
		return policy.Int
	case types.DoubleKind:
		return policy.Number
	case types.BoolKind:
		return policy.Bool
	case types.StringKind:
		return policy.String
	case types.TimestampKind:
		return policy.Date
	case types.ListKind:
		return policy.List
	}
	return policy.Absent
}

// functions are ours, beyond those of CEL.
var functions = map[string][]decls.FunctionOpt{
	"date":          {decls.Overload("date", signature(types.StringType), types.TimestampType)},
	"year":          {decls.Overload("year", signature(types.TimestampType), types.IntType)},
	"years_between": {decls.Overload("years_between", signature(types.TimestampType, types.TimestampType), types.IntType)},
	"days_between":  {decls.Overload("days_between", signature(types.TimestampType, types.TimestampType), types.IntType)},
	"add_years":     {decls.Overload("add_years", signature(types.TimestampType, types.IntType), types.TimestampType)},
	"add_days":      {decls.Overload("add_days", signature(types.TimestampType, types.IntType), types.TimestampType)},
	"min": {decls.Overload("min_int", signature(types.IntType, types.IntType), types.IntType),
		decls.Overload("min_double", signature(types.DoubleType, types.DoubleType), types.DoubleType)},
	"max": {decls.Overload("max_int", signature(types.IntType, types.IntType), types.IntType),
		decls.Overload("max_double", signature(types.DoubleType, types.DoubleType), types.DoubleType)},
	"muldiv": {decls.Overload("muldiv", signature(types.IntType, types.IntType, types.IntType), types.IntType)},
	"ratio":  {decls.Overload("ratio", signature(types.IntType, types.IntType, types.IntType), types.DoubleType)},
}

func signature(args ...*types.Type) []*types.Type { return args }

// declarations gives the functions and operators that expressions may use: those of operations, && and ||.
var declarations = sync.OnceValue(func() []*decls.FunctionDecl {
	var out []*decls.FunctionDecl
	for _, f := range stdlib.Functions() {
		known := f.Subset(func(o *decls.OverloadDecl) bool {
			return operations[o.ID()] != nil || f.Name() == operators.LogicalAnd || f.Name() == operators.LogicalOr
		})
		if known != nil {
			out = append(out, known)
		}
	}
	for name, overloads := range functions {
		f, _ := decls.NewFunction(name, overloads...) // the table above is right, or no test passes
		out = append(out, f)
	}
	return out
})

// operation makes the node of a call from those of its operands.
type operation func(c *compiler, e ast.Expr, args []node) node

// operations are the calls that closures know, by CEL's name of the overload.
var operations map[string]operation

func init() {
	operations = map[string]operation{
		"logical_not": func(_ *compiler, _ ast.Expr, a []node) node {
			truth := a[0].truth
			return node{kind: policy.Bool, slot: -1, truth: func(f *Frame) bool { return !truth(f) }, shape: a[0].shape.negation()}
		},
		"conditional": conditional,
		"in_list": func(c *compiler, e ast.Expr, a []node) node {
			c.labels(a[0], a[1], operands(e.AsCall())[1])
			return isIn(a[0], a[1])
		},
		"index_list": index,

		"negate_int64": func(c *compiler, e ast.Expr, a []node) node {
			overflow, x := c.overflow(), a[0].whole
			return wholeNode(func(f *Frame) int64 {
				n := x(f)
				if n == math.MinInt64 {
					f.fail(overflow)
				}
				return -n
			})
		},
		"add_int64": func(c *compiler, _ ast.Expr, a []node) node {
			overflow, x, y := c.overflow(), a[0].whole, a[1].whole
			return wholeNode(func(f *Frame) int64 {
				a, b := x(f), y(f)
				sum := a + b
				if (sum < a) != (b < 0) {
					f.fail(overflow)
				}
				return sum
			})
		},
		"subtract_int64": func(c *compiler, _ ast.Expr, a []node) node {
			overflow, x, y := c.overflow(), a[0].whole, a[1].whole
			return wholeNode(func(f *Frame) int64 {
				a, b := x(f), y(f)
				difference := a - b
				if (difference > a) != (b < 0) {
					f.fail(overflow)
				}
				return difference
			})
		},
		"multiply_int64": func(c *compiler, _ ast.Expr, a []node) node {
			overflow, x, y := c.overflow(), a[0].whole, a[1].whole
			return wholeNode(func(f *Frame) int64 {
				a, b := x(f), y(f)
				product := a * b
				if a != 0 && (product/a != b || a == -1 && b == math.MinInt64) {
					f.fail(overflow)
				}
				return product
			})
		},
		"divide_int64": func(c *compiler, _ ast.Expr, a []node) node { return wholeNode(c.quotient(a, false)) },
		"modulo_int64": func(c *compiler, _ ast.Expr, a []node) node { return wholeNode(c.quotient(a, true)) },

		"negate_double": func(_ *compiler, _ ast.Expr, a []node) node {
			x := a[0].number
			return numberNode(func(f *Frame) float64 { return -x(f) })
		},
		"add_double":      numbers(func(a, b float64) float64 { return a + b }),
		"subtract_double": numbers(func(a, b float64) float64 { return a - b }),
		"multiply_double": numbers(func(a, b float64) float64 { return a * b }),
		"divide_double":   numbers(func(a, b float64) float64 { return a / b }),
		"add_string":      concatenate,
		"add_list":        join,

		"size_string": size, "string_size": size, "size_list": size, "list_size": size,
		"starts_with_string": texts(strings.HasPrefix),
		"ends_with_string":   texts(strings.HasSuffix),
		"contains_string":    texts(strings.Contains),

		"int64_to_int64": same, "double_to_double": same, "string_to_string": same,
		"int64_to_double": func(_ *compiler, _ ast.Expr, a []node) node {
			x := a[0].whole
			return numberNode(func(f *Frame) float64 { return float64(x(f)) })
		},
		"double_to_int64":  doubleToInt,
		"string_to_int64":  stringToInt,
		"string_to_double": stringToDouble,
		"int64_to_string": func(_ *compiler, _ ast.Expr, a []node) node {
			x := a[0].whole
			return textNode(func(f *Frame) string { return strconv.FormatInt(x(f), 10) })
		},
		"double_to_string": func(_ *compiler, _ ast.Expr, a []node) node {
			x := a[0].number
			return textNode(func(f *Frame) string { return strconv.FormatFloat(x(f), 'g', -1, 64) })
		},
		"bool_to_string": func(_ *compiler, _ ast.Expr, a []node) node {
			x := a[0].truth
			return textNode(func(f *Frame) string { return strconv.FormatBool(x(f)) })
		},

		"min_int":    wholes(func(a, b int64) int64 { return min(a, b) }),
		"max_int":    wholes(func(a, b int64) int64 { return max(a, b) }),
		"min_double": numbers(func(a, b float64) float64 { return min(a, b) }),
		"max_double": numbers(func(a, b float64) float64 { return max(a, b) }),
		"muldiv":     muldiv,
		"ratio":      ratio,
		"date":       date,
		"year": func(_ *compiler, _ ast.Expr, a []node) node {
			x := a[0].whole
			return wholeNode(func(f *Frame) int64 { return year(x(f)) })
		},
		"years_between": wholes(yearsBetween),
		"days_between":  wholes(func(from, to int64) int64 { return to - from }),
		"add_years":     addTo(addYears),
		"add_days":      addTo(addDays),
	}
	for name, op := range map[string]Op{"less": Lt, "less_equals": Le, "greater": Gt, "greater_equals": Ge} {
		for _, kind := range []string{"bool", "int64", "double", "string", "timestamp"} {
			operations[name+"_"+kind] = comparison(op)
		}
	}
	operations["equals"], operations["not_equals"] = comparison(Eq), comparison(Ne)
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
	if slot.slot < 0 || !constants.constant || len(c.env.vars[slot.slot].Labels) == 0 {
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

func wholeNode(f func(*Frame) int64) node {
	return node{kind: policy.Int, slot: -1, whole: f, fails: true}
}
func numberNode(f func(*Frame) float64) node { return node{kind: policy.Number, slot: -1, number: f} }
func textNode(f func(*Frame) string) node    { return node{kind: policy.String, slot: -1, text: f} }

func same(_ *compiler, _ ast.Expr, a []node) node { return a[0] }

// wholes makes the operation of a function that cannot fail.
func wholes(function func(a, b int64) int64) operation {
	return func(_ *compiler, _ ast.Expr, a []node) node {
		x, y := a[0].whole, a[1].whole
		return node{kind: policy.Int, slot: -1, whole: func(f *Frame) int64 { return function(x(f), y(f)) }}
	}
}

func numbers(function func(a, b float64) float64) operation {
	return func(_ *compiler, _ ast.Expr, a []node) node {
		x, y := a[0].number, a[1].number
		return numberNode(func(f *Frame) float64 { return function(x(f), y(f)) })
	}
}

func texts(test func(a, b string) bool) operation {
	return func(_ *compiler, _ ast.Expr, a []node) node {
		x, y := a[0].text, a[1].text
		return node{kind: policy.Bool, slot: -1, truth: func(f *Frame) bool { return test(x(f), y(f)) }}
	}
}

func (c *compiler) overflow() *Error { return c.fault(Overflow, "a whole number beyond 64 bits") }

// quotient divides towards zero, or gives the rest, which has the dividend's sign.
func (c *compiler) quotient(a []node, rest bool) func(*Frame) int64 {
	overflow, zero := c.overflow(), c.fault(ZeroDivision, "a division by zero")
	x, y := a[0].whole, a[1].whole
	return func(f *Frame) int64 {
		a, b := x(f), y(f)
		switch {
		case b == 0:
			f.fail(zero)
			return 0
		case b == -1 && a == math.MinInt64:
			f.fail(overflow)
			return 0
		case rest:
			return a % b
		}
		return a / b
	}
}

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
	n := node{kind: a.kind, elem: a.elem, slot: -1}
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
	n := node{kind: kind, slot: -1, fails: true}
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
		return node{kind: policy.Int, slot: -1, whole: func(f *Frame) int64 { return int64(len(list(f))) }}
	}
	text := a[0].text
	return node{kind: policy.Int, slot: -1, whole: func(f *Frame) int64 { return int64(utf8.RuneCountInString(text(f))) }}
}

// concatenate is text + text.
func concatenate(c *compiler, _ ast.Expr, a []node) node {
	x, y := a[0].text, a[1].text
	tooLong := c.fault(TooLong, "a text of more than %d bytes", maxText)
	return node{kind: policy.String, slot: -1, fails: true, text: func(f *Frame) string {
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
	return node{kind: policy.List, elem: a[0].elem, slot: -1, fails: true, list: func(f *Frame) []policy.Value {
		a, b := x(f), y(f)
		if len(a)+len(b) > maxList {
			f.fail(tooLong)
			return nil
		}
		return slices.Concat(a, b)
	}}
}

// doubleToInt is int(number): the fraction is dropped. CEL refuses the least int too.
func doubleToInt(c *compiler, _ ast.Expr, a []node) node {
	x, overflow := a[0].number, c.overflow()
	return wholeNode(func(f *Frame) int64 {
		v := x(f)
		if !(v > math.MinInt64 && v < math.MaxInt64) {
			f.fail(overflow)
			return 0
		}
		return int64(v)
	})
}

func stringToInt(c *compiler, _ ast.Expr, a []node) node {
	x, wrong := a[0].text, c.fault(Conversion, "a text that is no whole number")
	return wholeNode(func(f *Frame) int64 {
		n, err := strconv.ParseInt(x(f), 10, 64)
		if err != nil {
			f.fail(wrong)
		}
		return n
	})
}

func stringToDouble(c *compiler, _ ast.Expr, a []node) node {
	x, wrong := a[0].text, c.fault(Conversion, "a text that is no number")
	return node{kind: policy.Number, slot: -1, fails: true, number: func(f *Frame) float64 {
		v, err := strconv.ParseFloat(x(f), 64)
		if err != nil {
			f.fail(wrong)
		}
		return v
	}}
}
