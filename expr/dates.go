package expr

import (
	"math"
	"math/bits"

	"cel.dev/cel-go/common/ast"

	"verdictory/policy"
)

// date is date("2025-04-01").
func date(c *compiler, e ast.Expr, a []node) node {
	if a[0].constant {
		v, err := policy.ParseDate(a[0].value.Text())
		if err != nil {
			c.issue(c.offset(e), "%s", err)
		}
		return constant(v)
	}
	x, wrong := a[0].text, c.fault(Conversion, "a text that is no date such as 2025-04-01")
	return node{kind: policy.Date, slot: -1, fails: true, whole: func(f *Frame) int64 {
		v, err := policy.ParseDate(x(f))
		if err != nil {
			f.fail(wrong)
		}
		return v.Int()
	}}
}

// year gives a date's year.
func year(days int64) int64 {
	y, _, _ := policy.CivilOf(days)
	return int64(y)
}

// yearsBetween gives the whole years from one day to another as ages are counted: who is born on 29 February comes of
// age on 1 March in years without it. It is negative where the second day is the earlier one.
func yearsBetween(from, to int64) int64 {
	if to < from {
		return -yearsBetween(to, from)
	}
	y1, m1, d1 := policy.CivilOf(from)
	y2, m2, d2 := policy.CivilOf(to)
	if m2 < m1 || m2 == m1 && d2 < d1 {
		y2--
	}
	return int64(y2 - y1)
}

// addYears gives the same day some years on, 28 February for a 29th that is not; ok is false outside the years 1 to 9999.
func addYears(days, years int64) (sum int64, ok bool) {
	if years < -10_000 || years > 10_000 {
		return 0, false
	}
	y, m, d := policy.CivilOf(days)
	y += int(years)
	if m == 2 && d == 29 && (y%4 != 0 || y%100 == 0 && y%400 != 0) {
		d = 28
	}
	sum = policy.DaysOf(y, m, d)
	return sum, y >= 1 && y <= 9999
}

// addDays gives the day some days on; ok is false outside the years 1 to 9999.
func addDays(days, more int64) (sum int64, ok bool) {
	return days + more, more >= policy.MinDay-days && more <= policy.MaxDay-days
}

// addTo makes the operation that moves a date.
func addTo(move func(days, by int64) (int64, bool)) operation {
	return func(c *compiler, _ ast.Expr, a []node) node {
		x, y, outside := a[0].whole, a[1].whole, c.fault(Overflow, "a date outside the years 1 to 9999")
		return node{kind: policy.Date, slot: -1, fails: true, whole: func(f *Frame) int64 {
			sum, ok := move(x(f), y(f))
			if !ok {
				f.fail(outside)
				return 0
			}
			return sum
		}}
	}
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
	return node{kind: policy.Number, slot: -1, fails: true, number: func(f *Frame) float64 {
		a, b, d := x(f), y(f), z(f)
		if d < 0 || d >= int64(len(powersOfTen)) {
			f.fail(decimals)
			return 0
		}
		power := powersOfTen[d]
		return float64(scale(f, a, power, b, overflow, zero)) / float64(power)
	}}
}
