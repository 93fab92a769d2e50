package export

import (
	"strings"

	"verdictory/contract"
)

// csv is RFC 4180, with a header. It is made to be opened in a spreadsheet too: a text that one would take for a formula
// gets an apostrophe before it. Numbers are numbers, negative ones too.
var csv = Format{
	Name: "csv", ContentType: "text/csv; charset=utf-8", Extension: ".csv",
	Begin: func(dst []byte, t *Table) []byte {
		for i, name := range t.names {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, name...)
		}
		return append(dst, "\r\n"...)
	},
	Row: func(dst []byte, t *Table, c *contract.Case, _ bool) []byte {
		return append(t.appendCells(dst, c, &csvCells), "\r\n"...)
	},
	End: func(dst []byte, _ *Table) []byte { return dst },
}

var csvCells = cells{between: ",", text: appendCSV, value: appendPlain}

// appendCSV appends a text as a cell.
func appendCSV(dst []byte, text string) []byte {
	formula := isFormula(text)
	if !formula && !strings.ContainsAny(text, ",\"\r\n") {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	if formula {
		dst = append(dst, '\'')
	}
	for rest := text; ; {
		before, after, quoted := strings.Cut(rest, `"`)
		dst = append(dst, before...)
		if !quoted {
			return append(dst, '"')
		}
		dst = append(dst, `""`...)
		rest = after
	}
}

// isFormula tells whether a spreadsheet would run a text: it starts with an operator, wide as in East Asian text or
// not, also after spaces; or with a tab or a carriage return, which some drop.
func isFormula(text string) bool {
	text = strings.TrimLeft(text, " \u00a0")
	if text == "" {
		return false
	}
	switch text[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return true
	}
	return strings.HasPrefix(text, "＝") || strings.HasPrefix(text, "＋") || strings.HasPrefix(text, "－") || strings.HasPrefix(text, "＠")
}
