package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// DecodeObject reads a JSON object as an object of the shape. Fields may come in any order; a field that the shape
// does not have, one that comes twice, a wrong type, a label that is not among the column's, and a missing field that
// is no text are each an issue that names the field and what to write. On issues the object is not to be used.
func DecodeObject(shape *Shape, raw []byte) (Object, Issues) {
	var issues Issues
	bad := func(field, format string, args ...any) {
		issues = append(issues, Issue{Field: shape.Name + field, Message: fmt.Sprintf(format, args...)})
	}
	if !json.Valid(raw) {
		bad("", "%s is not JSON: write an object, such as {%q: …}", clip(string(raw)), shape.Columns[0].Name)
		return Object{}, issues
	}
	raw = bytes.TrimSpace(raw)
	if raw[0] != '{' {
		bad("", "%s is not an object: write {%q: …}", clip(string(raw)), shape.Columns[0].Name)
		return Object{}, issues
	}
	object := Object{Shape: shape, Values: make([]Value, len(shape.Columns))}
	for members := scan(raw); members.next(); {
		i := members.column(shape)
		if i < 0 {
			name, _ := unquote(members.key)
			bad("."+clip(name), "%s has no field %q%s", shape.Name, clip(name), DidYouMean(name, shape.Names()))
			continue
		}
		column := &shape.Columns[i]
		if object.Values[i].kind != Absent {
			bad("."+column.Name, "%s is given twice: write it once", column.Name)
			continue
		}
		value, err := column.decode(members.value)
		if err != nil {
			bad("."+column.Name, "%s", err)
			continue
		}
		object.Values[i] = value
	}
	if issues != nil {
		return Object{}, issues
	}
	for i, v := range object.Values {
		if column := &shape.Columns[i]; v.kind == Absent && !column.Text {
			bad("."+column.Name, "%s is missing: write a %s", column.Name, column.Kind)
		}
	}
	return object, issues
}

// Names gives the names of the shape's fields, in order.
func (s *Shape) Names() []string {
	names := make([]string, len(s.Columns))
	for i := range s.Columns {
		names[i] = s.Columns[i].Name
	}
	return names
}

// Check says what is wrong with a value for the column, nil for nothing: its kind, or a label that is not among the
// column's. It does not hold the value against what the generator draws: ranges say what is generated, not what may be asked.
func (c *Column) Check(v Value) error {
	if v.kind != c.Kind {
		return fmt.Errorf("%s is a %s: write a %s", c.Name, v.kind, c.Kind)
	}
	if c.Kind != String || len(c.Labels) == 0 {
		return nil
	}
	for _, label := range c.Labels {
		if v.s == label {
			return nil
		}
	}
	return fmt.Errorf("%s cannot be %q%s: write one of %s", c.Name, clip(v.s), DidYouMean(v.s, c.Labels), strings.Join(c.Labels, ", "))
}

func (c *Column) decode(raw []byte) (Value, error) {
	if c.Kind == List {
		if raw[0] != '[' {
			return Value{}, fmt.Errorf("%s is not a list: write [ … ]", clip(string(raw)))
		}
		values := []Value{}
		for items := scan(raw); items.next(); {
			v, err := ParseJSON(c.Elem, items.value)
			if err != nil {
				return Value{}, err
			}
			values = append(values, v)
		}
		return ListValue(values), nil
	}
	v, err := ParseJSON(c.Kind, raw)
	if err != nil {
		return Value{}, err
	}
	return v, c.Check(v)
}

// scanner walks the members of one valid JSON object, or the items of one valid JSON array, without copying.
type scanner struct {
	rest       []byte
	object     bool
	key, value []byte // of the current member; the key in quotes, or nil in an array
}

// scan starts a walk of a valid JSON object or array.
func scan(raw []byte) scanner { return scanner{rest: raw[1:], object: raw[0] == '{'} }

// next moves to the next member or item.
func (s *scanner) next() bool {
	s.rest = bytes.TrimLeft(s.rest, " \t\r\n,")
	if s.rest[0] == '}' || s.rest[0] == ']' {
		return false
	}
	if s.object {
		s.key = s.take()
		s.rest = bytes.TrimLeft(s.rest[1:], " \t\r\n")
	}
	s.value = s.take()
	return true
}

// column finds the current member's column in the shape, or -1. A name without escapes is compared in place.
func (s *scanner) column(shape *Shape) int {
	name := s.key[1 : len(s.key)-1]
	for i := range shape.Columns {
		if string(name) == shape.Columns[i].Name {
			return i
		}
	}
	plain, _ := unquote(s.key)
	return shape.Index(plain)
}

// take cuts one value off the front of rest, up to the comma, colon or bracket behind it.
func (s *scanner) take() []byte {
	depth, quoted, end := 0, false, 0
	for ; depth >= 0; end++ {
		switch c := s.rest[end]; {
		case quoted && c == '\\':
			end++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case depth == 0 && (c == ',' || c == ':'):
			depth = -1
		}
	}
	value := bytes.TrimRight(s.rest[:end-1], " \t\r\n")
	s.rest = s.rest[end-1:]
	return value
}

// unquote reads a JSON string; ok is false for any other JSON.
func unquote(raw []byte) (text string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), true
	}
	return text, json.Unmarshal(raw, &text) == nil
}

// isNumber tells a JSON number from what strconv also reads (hex, infinities, underscores).
func isNumber(raw []byte) bool {
	return len(raw) > 0 && json.Valid(raw) && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
}
