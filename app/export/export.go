// Package export writes cases as rows that other tools read: CSV, JSON, NDJSON, SQL and a Gherkin table. Each format
// appends to a buffer of the caller's, so a file of any length streams in little memory, and rows can be made in
// parallel.
package export

import (
	"fmt"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// Format is one way to write cases: Begin, one Row for each, End. All append to dst and give it back.
type Format struct {
	Name        string
	ContentType string
	Extension   string

	Begin func(dst []byte, t *Table) []byte
	Row   func(dst []byte, t *Table, c *contract.Case, first bool) []byte // first: no row was written before
	End   func(dst []byte, t *Table) []byte
}

// Formats are all formats.
var Formats = []Format{csvFormat, jsonFormat, ndjsonFormat, sqlFormat, gherkinFormat}

// Find gives the format of a name. The error says which there are.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("format %q is not known%s: write one of %s", name, policy.DidYouMean(name, names), strings.Join(names, ", "))
}

// Table is the columns of a policy's cases: code, mode and version; the three objects' fields as driver.age; outcome
// and rules.
type Table struct {
	Name    string // of the policy, as an identifier: motor_insurance
	Columns []Column
	shapes  [3]*policy.Shape
}

// Column is one column: its name and the kind of its values.
type Column struct {
	Name string
	Kind policy.Kind
}

// NewTable gives the columns of a policy's cases.
func NewTable(p *policy.Policy) *Table {
	t := &Table{
		Name:    strings.ReplaceAll(p.Name, "-", "_"),
		Columns: []Column{{"code", policy.String}, {"mode", policy.String}, {"version", policy.String}},
		shapes:  [3]*policy.Shape{p.Who.Shape, p.What.Shape, p.Rules.Verdict.Shape},
	}
	for _, shape := range t.shapes {
		for _, c := range shape.Columns {
			t.Columns = append(t.Columns, Column{shape.Name + "." + c.Name, c.Kind})
		}
	}
	t.Columns = append(t.Columns, Column{"outcome", policy.String}, Column{"rules", policy.String})
	return t
}

// cells is how a format writes the cells of a row. A text is first appended as it is, and then looked at where it
// stands: most need nothing more, and nothing has to be copied.
type cells struct {
	separator   string
	open, close string                             // around a text
	escape      func(dst []byte, start int) []byte // makes the text that dst ends in, from start, what the format needs
	dates       bool                               // dates are written as texts
	absent      string
}

// row appends a case's cells in the order of the table's columns. A case of an older version of the policy is matched
// by the names of its fields: what it lacks is absent, what the table lacks is left out.
func (t *Table) row(dst []byte, c *contract.Case, f *cells) []byte {
	start := len(dst) + len(f.open)
	dst = f.end(c.Code.AppendText(append(dst, f.open...)), start)
	dst = f.text(append(dst, f.separator...), string(c.Code.Mode))
	dst = f.text(append(dst, f.separator...), string(c.Version))
	for n, object := range [3]*policy.Object{&c.Who, &c.What, &c.Verdict} {
		shape := t.shapes[n]
		for k := range shape.Columns {
			dst = append(dst, f.separator...)
			if object.Shape == shape {
				dst = f.value(dst, object.Values[k])
			} else {
				dst = f.value(dst, object.Get(shape.Columns[k].Name))
			}
		}
	}
	dst = f.text(append(dst, f.separator...), c.Outcome)
	dst = append(append(dst, f.separator...), f.open...)
	start = len(dst)
	for i, h := range c.Hits {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(append(append(dst, h.Decision...), '/'), h.Rule...)
	}
	return f.end(dst, start)
}

// text appends a text cell.
func (f *cells) text(dst []byte, s string) []byte {
	dst = append(dst, f.open...)
	return f.end(append(dst, s...), len(dst))
}

// end finishes the text cell that begins at start.
func (f *cells) end(dst []byte, start int) []byte {
	return append(f.escape(dst, start), f.close...)
}

// value appends a value's cell.
func (f *cells) value(dst []byte, v policy.Value) []byte {
	switch kind := v.Kind(); {
	case kind == policy.Absent:
		return append(dst, f.absent...)
	case kind == policy.String || kind == policy.List || kind == policy.Date && f.dates:
		dst = append(dst, f.open...)
		return f.end(v.AppendText(dst), len(dst))
	}
	return v.AppendText(dst)
}
