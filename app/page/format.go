package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"verdictory/policy"
)

// Quantity is a value as people read it: £ in Before, other units in After.
type Quantity struct{ Before, Text, After string }

// String gives the value in one line, with a no-break space before a unit that comes after: £14,350, 11,000 miles.
func (q Quantity) String() string {
	if q.After == "" {
		return q.Before + q.Text
	}
	return q.Before + q.Text + "\u00a0" + q.After
}

// A column's values are shown with this many decimals where they are Numbers; -1 for as many as they have.
type column struct {
	policy.Column
	decimals int
}

// quantity formats a value of the column. An absent value is a dash.
func (c column) quantity(v policy.Value) Quantity {
	text := c.text(v)
	switch v.Kind() {
	case policy.Int, policy.Number:
		if c.Unit == "×" {
			return Quantity{Before: "×\u00a0", Text: text}
		}
		if isCurrency(c.Unit) {
			sign := ""
			if rest, negative := strings.CutPrefix(text, minus); negative {
				sign, text = minus, rest
			}
			return Quantity{Before: sign + c.Unit, Text: text}
		}
		return Quantity{Text: text, After: c.Unit}
	}
	return Quantity{Text: text}
}

func isCurrency(unit string) bool { return unit == "£" || unit == "$" || unit == "€" }

const (
	minus = "\u2212"
	dash  = "–"
)

func (c column) text(v policy.Value) string {
	switch v.Kind() {
	case policy.Absent:
		return dash
	case policy.Int:
		return grouped(parts(v.Int(), c.Decimals), c.Unit != "")
	case policy.Number:
		return grouped(strconv.FormatFloat(v.Number(), 'f', c.decimals, 64), c.Unit != "")
	case policy.Bool:
		return yesNo(v.Bool())
	case policy.Date:
		return Date(v)
	case policy.List:
		texts := make([]string, len(v.List()))
		for i, item := range v.List() {
			texts[i] = c.quantity(item).String()
		}
		if len(texts) == 0 {
			return "none"
		}
		return strings.Join(texts, ", ")
	}
	if v.Text() == "" {
		return dash
	}
	return v.Text()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// parts writes a count of parts of a unit with the unit's decimal point: 128420 pence are 1284.20.
func parts(n int64, decimals int) string {
	if decimals <= 0 {
		return strconv.FormatInt(n, 10)
	}
	sign, digits := "", strconv.FormatInt(n, 10)
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	if short := decimals + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	return sign + digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

// grouped sets thousands commas into a decimal number and gives it a minus sign. A number of four digits without a
// unit keeps them together: it may be a year.
func grouped(number string, unit bool) string {
	sign := ""
	if rest, negative := strings.CutPrefix(number, "-"); negative {
		sign, number = minus, rest
	}
	whole, fraction, _ := strings.Cut(number, ".")
	if len(whole) > 4 || unit {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction
}

// Count writes a number of things: 1,204.
func Count(n int64) string { return grouped(strconv.FormatInt(n, 10), true) }

// plural writes a number of things with their word: 1 case, 1,204 cases.
func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return Count(n) + " " + word + "s"
}

// Date writes a Date as 14 Mar 2003.
func Date(v policy.Value) string {
	year, month, day := policy.CivilOf(v.Int())
	return strconv.Itoa(day) + " " + time.Month(month).String()[:3] + " " + strconv.Itoa(year)
}

// Moment is a point in time, in UTC: Text for people, Machine for the datetime attribute. Both are empty for none.
type Moment struct{ Text, Machine string }

func moment(t time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	return Moment{Text: t.UTC().Format("2 Jan 2006, 15:04"), Machine: t.UTC().Format(time.RFC3339)}
}

// percent writes a share in whole percent; a share that is neither nothing nor all is never written as 0 or 100.
func percent(n, total int64) string {
	if total == 0 {
		return "0\u00a0%"
	}
	p := (n*100 + total/2) / total
	switch {
	case n > 0 && p == 0:
		return "<\u00a01\u00a0%"
	case n < total && p == 100:
		return ">\u00a099\u00a0%"
	}
	return strconv.FormatInt(p, 10) + "\u00a0%"
}

// plain writes a value as a form field holds it: without commas or unit, a bool as yes or no, a date as 2003-03-14.
func plain(c policy.Column, v policy.Value) string {
	switch v.Kind() {
	case policy.Int:
		return parts(v.Int(), c.Decimals)
	case policy.Bool:
		return yesNo(v.Bool())
	}
	return v.String()
}

// ParseField reads what a person typed into the form of a column's field. Spaces, thousands commas and a currency sign
// are dropped; an Int that counts parts of its unit is typed in its unit: £14,350.50. The error says what to write.
func ParseField(c policy.Column, text string) (policy.Value, error) {
	text = strings.TrimSpace(text)
	if c.Kind == policy.Int || c.Kind == policy.Number {
		text = typed.Replace(text)
	}
	if c.Kind == policy.Int && c.Decimals > 0 {
		whole, fraction, _ := strings.Cut(text, ".")
		if len(fraction) > c.Decimals {
			return policy.Value{}, fmt.Errorf("%q has more than %d decimals: write fewer, such as %s", text, c.Decimals, parts(1234, c.Decimals))
		}
		text = whole + fraction + strings.Repeat("0", c.Decimals-len(fraction))
	}
	v, err := policy.ParseText(c.Kind, text)
	if err != nil {
		return v, err
	}
	return v, c.Check(v)
}

// typed drops what people write into numbers besides digits.
var typed = strings.NewReplacer(",", "", " ", "", "\u00a0", "", minus, "-", "£", "", "$", "", "€", "", "×", "")
