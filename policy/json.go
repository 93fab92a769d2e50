package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// ParseJSON reads a JSON scalar as a value of the kind: an Int from a whole number (42 or 42.0), a Number from any
// number, a Date from "2006-01-02", a List is not read. The error says what was read and what to write.
func ParseJSON(kind Kind, raw []byte) (Value, error) {
	s := scanner{raw: raw}
	token := s.whole()
	if token == nil {
		return Value{}, fmt.Errorf("%s is not JSON: write %s", clip(string(raw)), sample(kind))
	}
	return parseToken(kind, token)
}

// ValidJSON tells whether the bytes are one JSON value, as json.Valid does, in a third of its time.
func ValidJSON(raw []byte) bool {
	s := scanner{raw: raw}
	return s.whole() != nil
}

// parseToken reads a JSON scalar that the scanner took.
func parseToken(kind Kind, token []byte) (Value, error) {
	switch kind {
	case Int:
		if n, ok := wholeNumber(token); ok {
			return IntValue(n), nil
		}
	case Number:
		if isNumber(token) {
			if f, err := strconv.ParseFloat(string(token), 64); err == nil {
				return NumberValue(f), nil
			}
		}
	case Bool:
		switch token[0] {
		case 't':
			return BoolValue(true), nil
		case 'f':
			return BoolValue(false), nil
		}
	case Date:
		if token[0] == '"' {
			return ParseDate(unquote(token))
		}
	case String:
		if token[0] == '"' {
			return StringValue(unquote(token)), nil
		}
	default:
		return Value{}, fmt.Errorf("a value of kind %s cannot be given", kind)
	}
	return Value{}, fmt.Errorf("%s is the wrong type: write %s", clip(string(token)), sample(kind))
}

// isNumber tells a scanned number from other tokens.
func isNumber(token []byte) bool { return token[0] == '-' || token[0] >= '0' && token[0] <= '9' }

// wholeNumber reads a scanned number that has no fraction, however it is written: 42, 42.0 or 4.2e1. One that is not
// written in plain digits must lie within the whole numbers that a float64 holds exactly.
func wholeNumber(token []byte) (int64, bool) {
	if !isNumber(token) {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(token), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(token), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// unquote reads a scanned JSON string.
func unquote(token []byte) string {
	inner := token[1 : len(token)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var text string
	_ = json.Unmarshal(token, &text) // the scanner took it, so it is a string
	return text
}

// UnmarshalJSON reads any JSON scalar, or an array of them, by its look alone: a number without a fraction is an Int,
// any text a String. Writing it again gives the same bytes; ParseJSON reads a value of a known kind.
func (v *Value) UnmarshalJSON(raw []byte) error {
	s := scanner{raw: raw}
	token := s.whole()
	if token == nil {
		return fmt.Errorf("%s is not JSON", clip(string(raw)))
	}
	if token[0] != '[' {
		w, err := parseAny(token)
		if err == nil {
			*v = w
		}
		return err
	}
	values := []Value{}
	for items := open(token); items.next(); {
		w, err := parseAny(items.item)
		if err != nil {
			return err
		}
		values = append(values, w)
	}
	*v = ListValue(values)
	return nil
}

// parseAny reads a scanned scalar by its look.
func parseAny(token []byte) (Value, error) {
	switch token[0] {
	case '"':
		return parseToken(String, token)
	case 't', 'f':
		return parseToken(Bool, token)
	case '[', '{', 'n':
		return Value{}, fmt.Errorf("%s is neither a scalar nor a list of them", clip(string(token)))
	}
	if n, ok := wholeNumber(token); ok {
		return IntValue(n), nil
	}
	return parseToken(Number, token)
}
