package expr

import (
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
	return node{kind: policy.Date, fails: true, whole: func(f *Frame) int64 {
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
		return node{kind: policy.Date, fails: true, whole: func(f *Frame) int64 {
			sum, ok := move(x(f), y(f))
			if !ok {
				f.fail(outside)
				return 0
			}
			return sum
		}}
	}
}
