package expr

import (
	"math"
	"math/bits"
	"strconv"

	"cel.dev/cel-go/common/ast"

	"verdictory/policy"
)

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
	return node{kind: policy.Number, fails: true, number: func(f *Frame) float64 {
		v, err := strconv.ParseFloat(x(f), 64)
		if err != nil {
			f.fail(wrong)
		}
		return v
	}}
}

// muldiv is a*b/c, rounded half away from zero, with no overflow on the way.
func muldiv(c *compiler, _ ast.Expr, a []node) node {
	x, y, z := a[0].whole, a[1].whole, a[2].whole
	overflow, zero := c.overflow(), c.fault(ZeroDivision, "a division by zero")
	return wholeNode(func(f *Frame) int64 { return scale(f, x(f), y(f), z(f), overflow, zero) })
}

// scale gives a*b/c, rounded half away from zero.
func scale(f *Frame, a, b, c int64, overflow, zero *Error) int64 {
	if c == 0 {
		f.fail(zero)
		return 0
	}
	divisor := magnitude(c)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= divisor {
		f.fail(overflow)
		return 0
	}
	quotient, rest := bits.Div64(hi, lo, divisor)
	negative := (a < 0) != (b < 0) != (c < 0)
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	up := uint64(0)
	if rest >= divisor-rest { // the rest is half of the divisor or more
		up = 1
	}
	if quotient > limit-up {
		f.fail(overflow)
		return 0
	}
	quotient += up
	if negative {
		return int64(-quotient)
	}
	return int64(quotient)
}

// magnitude gives |n|, of the least int too.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

var powersOfTen = [...]int64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000}

// ratio is a/b, rounded half away from zero to a number of decimals, 0 to 6. The rounding is done in whole numbers.
func ratio(c *compiler, _ ast.Expr, a []node) node {
	x, y, z := a[0].whole, a[1].whole, a[2].whole
	overflow, zero := c.overflow(), c.fault(ZeroDivision, "a division by zero")
	decimals := c.fault(OutOfRange, "a ratio has 0 to 6 decimals")
	return node{kind: policy.Number, fails: true, number: func(f *Frame) float64 {
		a, b, d := x(f), y(f), z(f)
		if d < 0 || d >= int64(len(powersOfTen)) {
			f.fail(decimals)
			return 0
		}
		power := powersOfTen[d]
		return float64(scale(f, a, power, b, overflow, zero)) / float64(power)
	}}
}
