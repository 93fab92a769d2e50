package policy

import "slices"

// Column is one field of an object as everybody but its generator sees it: its name, its kind, and how people read it.
type Column struct {
	Name     string
	Kind     Kind
	Elem     Kind     // the kind of a List's values
	Label    string   // for people; never empty
	Unit     string   // £, %, mmHg, years; empty for none
	Decimals int      // an Int that counts parts of its unit: 2 for a £ field in pence
	Note     string   // a sentence for people; empty for none
	Labels   []string // the values a String may take; empty for any
	Text     bool     // text for people only: rules cannot see it, and it may be left out
}

// Shape is the ordered fields of one of a policy's three objects.
type Shape struct {
	Name    string // driver, vehicle, quote: the name that rules and columns use
	Label   string // Driver
	Columns []Column
}

// Index gives the position of the named field, or -1.
func (s *Shape) Index(name string) int {
	return slices.IndexFunc(s.Columns, func(c Column) bool { return c.Name == name })
}

// Object is a record of a shape: one value for each column, in the shape's order. An absent value was left out.
type Object struct {
	Shape  *Shape
	Values []Value
}

// Get gives the named field's value, absent where there is no such field.
func (o Object) Get(name string) Value {
	if i := o.Shape.Index(name); i >= 0 {
		return o.Values[i]
	}
	return Value{}
}

// Equal reports whether both objects hold equal values in the same order.
func (o Object) Equal(p Object) bool { return slices.EqualFunc(o.Values, p.Values, Value.Equal) }

// AppendJSON appends the object as a JSON object in the order of its shape, absent values left out.
func (o Object) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	first := true
	for i, v := range o.Values {
		if v.kind == Absent {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, '"'), o.Shape.Columns[i].Name...), '"', ':')
		dst = v.AppendJSON(dst)
	}
	return append(dst, '}')
}

// MarshalJSON gives what AppendJSON appends.
func (o Object) MarshalJSON() ([]byte, error) { return o.AppendJSON(nil), nil }
