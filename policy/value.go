package policy

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of a value. The zero Kind marks a value that is absent.
const (
	Absent Kind = iota
	Int         // a whole number, 64 bits
	Number      // a decimal number, held as the float64 nearest to it
	Bool
	String
	Date // a day, without time or zone
	List // values of one kind
)

var kindNames = [...]string{"absent", "int", "number", "bool", "string", "date", "list"}

// String gives the kind's word, as documents and messages write it.
func (k Kind) String() string { return kindNames[k] }

// Value is one typed scalar, or a list of them. The zero Value is absent. A Value is immutable and may be copied.
type Value struct {
	kind Kind
	n    int64 // Int; Bool as 0 or 1; Date as days since 1970-01-01; Number as the bits of its float64
	s    string
	list *[]Value
}

// IntValue makes an Int.
func IntValue(n int64) Value { return Value{kind: Int, n: n} }

// NumberValue makes a Number of a finite float64: JSON cannot say infinity.
func NumberValue(f float64) Value { return Value{kind: Number, n: int64(math.Float64bits(f))} }

// BoolValue makes a Bool.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Bool, n: 1}
	}
	return Value{kind: Bool}
}

// StringValue makes a String.
func StringValue(s string) Value { return Value{kind: String, s: s} }

// DateValue makes a Date from the days since 1970-01-01.
func DateValue(days int64) Value { return Value{kind: Date, n: days} }

// ListValue makes a List; it keeps the slice.
func ListValue(values []Value) Value { return Value{kind: List, list: &values} }

// Kind gives the value's type.
func (v Value) Kind() Kind { return v.kind }

// Int gives an Int's number, or a Date's days since 1970-01-01.
func (v Value) Int() int64 { return v.n }

// Number gives a Number's float64.
func (v Value) Number() float64 { return math.Float64frombits(uint64(v.n)) }

// Bool gives a Bool's truth.
func (v Value) Bool() bool { return v.n != 0 }

// Text gives a String's text.
func (v Value) Text() string { return v.s }

// List gives a List's values; the caller must not change them.
func (v Value) List() []Value {
	if v.list == nil {
		return nil
	}
	return *v.list
}

// Equal reports whether both values have the same kind and content. An Int never equals a Number.
func (v Value) Equal(w Value) bool {
	if v.kind == Number && w.kind == Number {
		return v.Number() == w.Number()
	}
	return v.kind == w.kind && v.n == w.n && v.s == w.s && slices.EqualFunc(v.List(), w.List(), Value.Equal)
}

// String gives the value as people write it: JSON without the quotes of a text or date, a list joined by "; ".
func (v Value) String() string { return string(v.AppendText(nil)) }

// AppendText appends what String gives.
func (v Value) AppendText(dst []byte) []byte {
	switch v.kind {
	case Int:
		return strconv.AppendInt(dst, v.n, 10)
	case Number:
		return strconv.AppendFloat(dst, v.Number()+0, 'f', -1, 64) // +0 makes 0 of -0
	case Bool:
		return strconv.AppendBool(dst, v.n != 0)
	case String:
		return append(dst, v.s...)
	case Date:
		return appendDate(dst, v.n)
	case List:
		for i, w := range v.List() {
			if i > 0 {
				dst = append(dst, "; "...)
			}
			dst = w.AppendText(dst)
		}
	}
	return dst
}

// AppendJSON appends the value as JSON: a Date as "2006-01-02", an absent value as null. The bytes are a function of
// the value alone; a Number is written in the fewest digits that read back as the same float64, never with an exponent.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case String:
		return AppendQuoted(dst, v.s)
	case Date:
		return append(appendDate(append(dst, '"'), v.n), '"')
	case List:
		dst = append(dst, '[')
		for i, w := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = w.AppendJSON(dst)
		}
		return append(dst, ']')
	case Absent:
		return append(dst, "null"...)
	}
	return v.AppendText(dst)
}

// MarshalJSON gives what AppendJSON appends.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

const hex = "0123456789abcdef"

// AppendQuoted appends s as a JSON string. Invalid UTF-8 becomes U+FFFD; '<', '>' and '&' are left as they are, since
// JSON is never put into a page's script.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
			start = i + 1
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

// MinDay and MaxDay bound a Date: 0001-01-01 and 9999-12-31.
const (
	MinDay int64 = -719162
	MaxDay int64 = 2932896
)

// DaysOf gives the days from 1970-01-01 to a day of the proleptic Gregorian calendar. A month or day outside its range
// goes on into the next or the one before, as time.Date has it: 31 April is 1 May. (The algorithm is Howard Hinnant's
// days_from_civil: years begin in March, so that the day that comes and goes is the last.)
func DaysOf(year, month, day int) int64 {
	m := int64(month) - 3
	y := int64(year) + floorDiv(m, 12)
	m -= floorDiv(m, 12) * 12
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*m+2)/5 + int64(day) - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// floorDiv divides rounding down.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// CivilOf gives year, month and day of a Date's days since 1970-01-01 (the proleptic Gregorian calendar; the
// algorithm is Howard Hinnant's civil_from_days, which needs no table and no time.Time).
func CivilOf(days int64) (year, month, day int) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	if month > 12 {
		month -= 12
	}
	year = int(yoe + era*400)
	if month <= 2 {
		year++
	}
	return year, month, day
}

func appendDate(dst []byte, days int64) []byte {
	y, m, d := CivilOf(days)
	return append(dst,
		byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10))
}

// ParseDate reads "2006-01-02". The error says what was read and what to write.
func ParseDate(s string) (Value, error) {
	year, month, day := digits(s, 0, 4), digits(s, 5, 2), digits(s, 8, 2)
	if len(s) == 10 && s[4] == '-' && s[7] == '-' && year > 0 && month > 0 && day > 0 {
		days := DaysOf(year, month, day)
		if y, m, d := CivilOf(days); y == year && m == month && d == day {
			return DateValue(days), nil
		}
	}
	return Value{}, fmt.Errorf("%q is not a date: write year-month-day, such as 2025-04-01", clip(s))
}

// digits reads n digits, -1 where there are none.
func digits(s string, from, n int) int {
	if len(s) < from+n {
		return -1
	}
	number := 0
	for _, c := range []byte(s[from : from+n]) {
		if c < '0' || c > '9' {
			return -1
		}
		number = number*10 + int(c-'0')
	}
	return number
}

// typed is a number as people type it, with thousands commas or without.
var typed = regexp.MustCompile(`^[-+]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)

// ParseText reads a value of the kind from what a person typed into a form: surrounding spaces and a number's
// thousands commas are dropped, yes and no are bools. The error says what was read and what to write.
func ParseText(kind Kind, text string) (Value, error) {
	text = strings.TrimSpace(text)
	plain := ""
	if typed.MatchString(text) {
		plain = strings.ReplaceAll(text, ",", "")
	}
	switch kind {
	case Int:
		n, err := strconv.ParseInt(plain, 10, 64)
		if err != nil {
			return Value{}, fmt.Errorf("%q is not a whole number: write digits, such as 42", clip(text))
		}
		return IntValue(n), nil
	case Number:
		f, err := strconv.ParseFloat(plain, 64)
		if err != nil {
			return Value{}, fmt.Errorf("%q is not a number: write it in decimals, such as 36.6", clip(text))
		}
		return NumberValue(f), nil
	case Bool:
		switch strings.ToLower(text) {
		case "yes", "true":
			return BoolValue(true), nil
		case "no", "false":
			return BoolValue(false), nil
		}
		return Value{}, fmt.Errorf("%q is neither yes nor no: write one of them", clip(text))
	case Date:
		return ParseDate(text)
	case String:
		return StringValue(text), nil
	}
	return Value{}, fmt.Errorf("a value of kind %s cannot be typed in", kind)
}

// sample says how a value of the kind is written.
func sample(kind Kind) string {
	switch kind {
	case Int:
		return "a whole number, such as 42"
	case Number:
		return "a number, such as 36.6"
	case Bool:
		return "true or false"
	case Date:
		return `a date, such as "2025-04-01"`
	case String:
		return `a text, such as "full"`
	}
	return "a list, such as [1, 2]"
}

// clip shortens a text of unknown length for a message.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
