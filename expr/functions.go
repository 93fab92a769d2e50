package expr

import (
	"math"
	"strconv"
	"strings"
	"sync"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/stdlib"
	"cel.dev/cel-go/common/types"

	"verdictory/policy"
)

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
var operations = withComparisons(map[string]operation{
	"logical_not": func(_ *compiler, _ ast.Expr, a []node) node {
		truth := a[0].truth
		return node{kind: policy.Bool, truth: func(f *Frame) bool { return !truth(f) }, shape: a[0].shape.negation()}
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
		return node{kind: policy.Int, whole: func(f *Frame) int64 { return year(x(f)) }}
	},
	"years_between": wholes(yearsBetween),
	"days_between":  wholes(func(from, to int64) int64 { return to - from }),
	"add_years":     addTo(addYears),
	"add_days":      addTo(addDays),
})

func withComparisons(operations map[string]operation) map[string]operation {
	for name, op := range map[string]Op{"less": Lt, "less_equals": Le, "greater": Gt, "greater_equals": Ge} {
		for _, kind := range []string{"bool", "int64", "double", "string", "timestamp"} {
			operations[name+"_"+kind] = comparison(op)
		}
	}
	operations["equals"], operations["not_equals"] = comparison(Eq), comparison(Ne)
	return operations
}

func wholeNode(f func(*Frame) int64) node {
	return node{kind: policy.Int, whole: f, fails: true}
}
func numberNode(f func(*Frame) float64) node { return node{kind: policy.Number, number: f} }
func textNode(f func(*Frame) string) node    { return node{kind: policy.String, text: f} }

func same(_ *compiler, _ ast.Expr, a []node) node { return a[0] }

// wholes makes the operation of a function that cannot fail.
func wholes(function func(a, b int64) int64) operation {
	return func(_ *compiler, _ ast.Expr, a []node) node {
		x, y := a[0].whole, a[1].whole
		return node{kind: policy.Int, whole: func(f *Frame) int64 { return function(x(f), y(f)) }}
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
		return node{kind: policy.Bool, truth: func(f *Frame) bool { return test(x(f), y(f)) }}
	}
}
