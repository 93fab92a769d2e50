package export

import (
	"bytes"

	"verdictory/contract"
)

// gherkinFormat is the Examples table of a Scenario Outline, to paste below one: its steps name a column <driver.age>.
var gherkinFormat = Format{
	Name: "gherkin", ContentType: "text/plain; charset=utf-8", Extension: "feature",
	Begin: func(dst []byte, t *Table) []byte {
		dst = append(dst, "    Examples:\n      |"...)
		for _, c := range t.Columns {
			dst = append(append(append(dst, ' '), c.Name...), " |"...)
		}
		return append(dst, '\n')
	},
	Row: func(dst []byte, t *Table, c *contract.Case, _ bool) []byte {
		return append(t.row(append(dst, "      | "...), c, &gherkinCells), " |\n"...)
	},
	End: func(dst []byte, _ *Table) []byte { return dst },
}

var gherkinCells = cells{separator: " | ", escape: escapeGherkin}

// escapeGherkin writes the pipe, the backslash and the line end as Gherkin escapes them; other control characters, which
// it has no way to write, become spaces.
func escapeGherkin(dst []byte, start int) []byte {
	plain := func(b byte) bool { return b >= ' ' && b != '|' && b != '\\' && b != 0x7f }
	if bytes.IndexFunc(dst[start:], func(r rune) bool { return r < 0x80 && !plain(byte(r)) }) < 0 {
		return dst
	}
	text := bytes.Clone(dst[start:])
	dst = dst[:start]
	for _, b := range text {
		switch {
		case plain(b):
			dst = append(dst, b)
		case b == '|' || b == '\\':
			dst = append(dst, '\\', b)
		case b == '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, ' ')
		}
	}
	return dst
}
