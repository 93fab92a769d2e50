package policy

import (
	"fmt"
)

// maxObjectIssues bounds what is told of one object: the first twenty mistakes are enough to go on with.
const maxObjectIssues = 20

// DecodeObject reads a JSON object as an object of the shape. Fields may come in any order; a field that the shape
// does not have, one that comes twice, a wrong type, a label that is not among the column's, and a missing field that
// is no text are each an issue that names the field and what to write. On issues the object is not to be used.
func DecodeObject(shape *Shape, raw []byte) (Object, Issues) {
	var issues Issues
	bad := func(field, format string, args ...any) {
		if len(issues) < maxObjectIssues {
			issues = append(issues, Issue{Field: shape.Name + field, Message: fmt.Sprintf(format, args...)})
		}
	}
	members := open(raw)
	if !members.object {
		bad("", "%s is not a JSON object: write { … } with the fields of %s", clip(string(raw)), shape.Name)
		return Object{}, issues
	}
	object := Object{Shape: shape, Values: make([]Value, len(shape.Columns))}
	for i := -1; members.next(); {
		i = members.column(shape, i+1)
		if i < 0 {
			name := unquote(members.key)
			bad("."+clip(name), "%s has no field %q%s", shape.Name, clip(name), suggest(name, shape.Names()))
			continue
		}
		column := &shape.Columns[i]
		if object.Values[i].kind != Absent {
			bad("."+column.Name, "%s is given twice: write it once", column.Name)
			continue
		}
		value, err := column.decode(members.item)
		if err != nil {
			bad("."+column.Name, "%s: %s", column.Name, err)
			value = BoolValue(false) // so that it counts as given
		}
		object.Values[i] = value
	}
	if members.end(); members.failed {
		return Object{}, Issues{{Field: shape.Name, Message: fmt.Sprintf("%s is not JSON: write { … } with the fields of %s", clip(string(raw)), shape.Name)}}
	}
	for i, v := range object.Values {
		if column := &shape.Columns[i]; v.kind == Absent && !column.Text {
			bad("."+column.Name, "%s is missing: write %s", column.Name, sample(column.Kind))
		}
	}
	if issues != nil {
		return Object{}, issues
	}
	return object, nil
}

// column finds the current member's column in the shape, or -1. Members mostly come in the shape's order, so that the
// expected column is looked at first; a name without escapes is compared in place.
func (s *scanner) column(shape *Shape, expected int) int {
	name := s.key[1 : len(s.key)-1]
	if expected < len(shape.Columns) && string(name) == shape.Columns[expected].Name {
		return expected
	}
	for i := range shape.Columns {
		if string(name) == shape.Columns[i].Name {
			return i
		}
	}
	return shape.Index(unquote(s.key))
}

// decode reads the column's value from a scanned token.
func (c *Column) decode(token []byte) (Value, error) {
	switch {
	case c.Kind == List:
		return c.decodeList(token)
	case len(c.Labels) > 0 && token[0] == '"':
		for _, label := range c.Labels {
			if string(token[1:len(token)-1]) == label {
				return StringValue(label), nil // the label's own text, without a copy
			}
		}
	}
	v, err := parseToken(c.Kind, token)
	if err != nil {
		return Value{}, err
	}
	return v, c.Check(v)
}

func (c *Column) decodeList(token []byte) (Value, error) {
	if token[0] != '[' {
		return Value{}, fmt.Errorf("%s is the wrong type: write %s", clip(string(token)), sample(List))
	}
	values := []Value{}
	for items := open(token); items.next(); {
		v, err := parseToken(c.Elem, items.item)
		if err != nil {
			return Value{}, err
		}
		values = append(values, v)
	}
	return ListValue(values), nil
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
	if v.kind == Absent {
		return fmt.Errorf("%s has no value: write %s", c.Name, sample(c.Kind))
	}
	if v.kind != c.Kind {
		return fmt.Errorf("%s is the wrong type: write %s", clip(v.String()), sample(c.Kind))
	}
	if c.Kind != String || len(c.Labels) == 0 {
		return nil
	}
	for _, label := range c.Labels {
		if v.s == label {
			return nil
		}
	}
	return fmt.Errorf("%q is no label of %s%s", clip(v.s), c.Name, suggest(v.s, c.Labels))
}
