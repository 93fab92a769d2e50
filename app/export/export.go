// Package export writes cases as CSV, JSON, NDJSON, SQL or a Gherkin table. A format appends to a buffer that the caller
// owns, row by row, so that an export of any length streams, and a row of the table's own policy version costs no
// look-up and no allocation.
package export

import (
	"fmt"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// Format is a way to write cases: Begin once, Row for each case, End once. Each appends to dst.
type Format struct {
	Name        string // csv
	ContentType string // text/csv; charset=utf-8
	Extension   string // .csv
	Begin       func(dst []byte, t *Table) []byte
	Row         func(dst []byte, t *Table, c *contract.Case, first bool) []byte
	End         func(dst []byte, t *Table) []byte
}

// Formats are all formats, the most asked for first.
var Formats = []Format{csv, json, ndjson, sql, gherkin}

// Find gives the format of a name: Invalid, with the names there are, for an unknown one.
func Find(name string) (Format, error) {
	names := make([]string, len(Formats))
	for i, format := range Formats {
		if names[i] = format.Name; format.Name == name {
			return format, nil
		}
	}
	return Format{}, &contract.Error{Code: contract.Invalid, Message: fmt.Sprintf("There is no export as %.20q%s: write %s.",
		name, policy.DidYouMean(name, names), strings.Join(names, ", "))}
}

// Table is the columns of an export: code, mode, version, the fields of the three objects as object.field, outcome, and
// the rules that hit as decision/rule, joined by spaces.
type Table struct {
	policy *policy.Policy
	shapes [3]*policy.Shape // who, what, verdict
	names  []string
	insert string // what stands before a row's values in SQL
}

// NewTable gives the table of a policy.
func NewTable(p *policy.Policy) *Table {
	t := &Table{
		policy: p,
		shapes: [...]*policy.Shape{p.Who.Shape, p.What.Shape, p.Rules.Verdict.Shape},
		names:  []string{"code", "mode", "version"},
	}
	for _, shape := range t.shapes {
		for i := range shape.Columns {
			t.names = append(t.names, shape.Name+"."+shape.Columns[i].Name)
		}
	}
	t.names = append(t.names, "outcome", "rules")
	t.insert = sqlInsert(p.Name, t.names)
	return t
}

// cells is how a format with columns writes them.
type cells struct {
	between string // cells
	quote   string // around a text that needs no other care
	text    func(dst []byte, text string) []byte
	value   func(dst []byte, v policy.Value) []byte // any but a text and a list
}

// appendCells appends the table's cells of a case. A case of another version has its values under the columns of the
// same name; a column that it does not have is absent.
func (t *Table) appendCells(dst []byte, c *contract.Case, f *cells) []byte {
	dst = append(c.Code.AppendText(append(dst, f.quote...)), f.quote...)
	dst = f.text(append(dst, f.between...), string(c.Code.Mode))
	dst = f.text(append(dst, f.between...), string(c.Version))
	for i, object := range [...]policy.Object{c.Who, c.What, c.Verdict} {
		shape := t.shapes[i]
		for j := range shape.Columns {
			var v policy.Value
			if object.Shape == shape {
				v = object.Values[j]
			} else {
				v = object.Get(shape.Columns[j].Name)
			}
			dst = append(dst, f.between...)
			switch v.Kind() {
			case policy.String:
				dst = f.text(dst, v.Text())
			case policy.List:
				dst = f.text(dst, v.String())
			default:
				dst = f.value(dst, v)
			}
		}
	}
	dst = f.text(append(dst, f.between...), c.Outcome)
	dst = append(append(dst, f.between...), f.quote...)
	for i, hit := range c.Hits {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(append(append(dst, hit.Decision...), '/'), hit.Rule...)
	}
	return append(dst, f.quote...)
}

// appendPlain appends a number, a bool or a day as people write it, and an absent value as nothing.
func appendPlain(dst []byte, v policy.Value) []byte { return v.AppendText(dst) }
