package policy

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ParseExamples reads an examples.yaml against a policy whose other documents are read; document is its name in
// issues. A document of the policy that is nil, since it has issues of its own, leaves its object's values unread.
func ParseExamples(document string, source []byte, p *Policy) (*ExamplesDoc, Issues) {
	var form examplesForm
	r := readForm(document, source, &form)
	var who, what, verdict *Shape
	if p.Who != nil {
		who = p.Who.Shape
	}
	if p.What != nil {
		what = p.What.Shape
	}
	if p.Rules != nil {
		verdict = p.Rules.Verdict.Shape
	}
	baseWho := r.values(&form.Base.Who, "base.who", who)
	baseWhat := r.values(&form.Base.What, "base.what", what)
	doc := &ExamplesDoc{Source: string(source)}
	form.Examples.atMost(r, "examples", MaxExamples)
	names := map[string]bool{}
	for i := range form.Examples.list {
		f := &form.Examples.list[i]
		if f.place.line == 0 {
			continue // it is no mapping, as an issue says
		}
		path := indexed("examples", i)
		if names[f.Name.text] && f.Name.text != "" {
			r.bad(f.Name.place, path, "has the name %q of an earlier example: write another", clip(f.Name.text))
		}
		names[f.Name.text] = true
		doc.Examples = append(doc.Examples, Example{
			Name: f.Name.text, From: f.From.text, Line: f.Name.line, Column: f.Name.column,
			Who:     r.object(&f.Who, f.place, join(path, "who"), who, baseWho),
			What:    r.object(&f.What, f.place, join(path, "what"), what, baseWhat),
			Verdict: r.values(&f.Verdict, join(path, "verdict"), verdict),
		})
	}
	if issues := r.done(); issues != nil {
		return nil, issues
	}
	return doc, nil
}

// read reads the example's mapping and keeps its place.
func (f *exampleForm) read(r *reader, n *yaml.Node, path string) {
	if n.Kind == yaml.MappingNode {
		f.place = placeOf(n)
	}
	r.mapping(n, path, reflect.ValueOf(f).Elem(), "")
}

// values reads an object's values by name; without a shape there are none.
func (r *reader) values(form *pairs[data], path string, shape *Shape) map[string]Value {
	if shape == nil {
		return nil
	}
	values := map[string]Value{}
	for _, p := range form.list {
		i := shape.Index(p.key)
		if i < 0 {
			r.bad(p.place, path, "has %q, which is no field of %s%s", clip(p.key), shape.Name, suggest(p.key, shape.Names()))
			continue
		}
		value, err := shape.Columns[i].fromYAML(p.value.node)
		if err != nil {
			r.bad(p.value.place, join(path, p.key), "%s", err)
			// The value is there, if wrong: it is not to be reported missing as well.
		}
		values[p.key] = value
	}
	return values
}

// object reads an object whose fields are the base's where it has none of its own.
func (r *reader) object(form *pairs[data], at place, path string, shape *Shape, base map[string]Value) Object {
	if shape == nil {
		return Object{}
	}
	own := r.values(form, path, shape)
	object := Object{Shape: shape, Values: make([]Value, len(shape.Columns))}
	var missing []string
	for i, c := range shape.Columns {
		value, ok := own[c.Name]
		if !ok {
			value, ok = base[c.Name]
		}
		if !ok && !c.Text {
			missing = append(missing, c.Name)
		}
		object.Values[i] = value
	}
	if missing != nil {
		r.bad(at, path, "has no %s: write them here or in the base", some(missing))
	}
	return object
}

// fromYAML reads a value for the column. The error says what was read and what to write.
func (c *Column) fromYAML(n *yaml.Node) (Value, error) {
	if c.Kind == List {
		return c.listFromYAML(n)
	}
	v, err := scalarFromYAML(c.Kind, n)
	if err != nil {
		return Value{}, err
	}
	return v, c.Check(v)
}

func (c *Column) listFromYAML(n *yaml.Node) (Value, error) {
	if n.Kind != yaml.SequenceNode {
		return Value{}, fmt.Errorf("is %s: write %s", describeValue(n), sample(List))
	}
	values := make([]Value, len(n.Content))
	for i, item := range n.Content {
		var err error
		if values[i], err = scalarFromYAML(c.Elem, item); err != nil {
			return Value{}, err
		}
	}
	return ListValue(values), nil
}

// scalarFromYAML reads a value of a kind. A text that looks like a number, truth value or date must be in quotes; a date
// may be.
func scalarFromYAML(kind Kind, n *yaml.Node) (Value, error) {
	if n.Kind == yaml.ScalarNode {
		switch {
		case kind == String && n.Tag == "!!str":
			return StringValue(n.Value), nil
		case kind == Date && n.Tag != "!!null":
			return ParseDate(n.Value)
		case kind == Bool && n.Tag == "!!bool":
			return BoolValue(strings.EqualFold(n.Value, "true")), nil
		case (kind == Int || kind == Number) && decimal.MatchString(n.Value) && n.Tag != "!!str":
			return parseToken(kind, []byte(n.Value))
		}
	}
	return Value{}, fmt.Errorf("is %s: write %s", describeValue(n), sample(kind))
}
