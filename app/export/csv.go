package export

import (
	"bytes"

	"verdictory/contract"
)

// csvFormat is RFC 4180 with a head, safe to open in a spreadsheet: a text that would be a formula gets an apostrophe.
// Numbers stay numbers, also negative ones.
var csvFormat = Format{
	Name: "csv", ContentType: "text/csv; charset=utf-8", Extension: "csv",
	Begin: func(dst []byte, t *Table) []byte {
		for i, c := range t.Columns {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, c.Name...)
		}
		return append(dst, "\r\n"...)
	},
	Row: func(dst []byte, t *Table, c *contract.Case, _ bool) []byte {
		return append(t.row(dst, c, &csvCells), "\r\n"...)
	},
	End: func(dst []byte, _ *Table) []byte { return dst },
}

var csvCells = cells{separator: ",", escape: escapeCSV}

// csvSpecial marks the bytes that make a cell need quotes, and those that begin a formula (OWASP, CSV Injection): also
// the tab and the line ends, which some spreadsheets skip before they look.
var csvSpecial, csvFormula = byteSet(",\"\r\n"), byteSet("=+-@\t\r\n")

func byteSet(bytes string) (set [256]bool) {
	for i := range len(bytes) {
		set[bytes[i]] = true
	}
	return set
}

// escapeCSV quotes a cell that holds what separates cells or rows, and puts an apostrophe before one that a spreadsheet
// would calculate, whether or not spaces stand before it.
func escapeCSV(dst []byte, start int) []byte {
	cell := dst[start:]
	trimmed := bytes.TrimLeft(cell, " ")
	formula := len(trimmed) > 0 && csvFormula[trimmed[0]]
	special := formula
	for _, b := range cell {
		special = special || csvSpecial[b]
	}
	if !special {
		return dst
	}
	text := bytes.Clone(cell)
	dst = append(dst[:start], '"')
	if formula {
		dst = append(dst, '\'')
	}
	for _, b := range text {
		if b == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, b)
	}
	return append(dst, '"')
}
