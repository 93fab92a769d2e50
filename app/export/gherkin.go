package export

import (
	"strings"

	"verdictory/contract"
)

// gherkin is the examples of a Scenario Outline, as Cucumber and its relatives read them.
var gherkin = Format{
	Name: "gherkin", ContentType: "text/plain; charset=utf-8", Extension: ".feature",
	Begin: func(dst []byte, t *Table) []byte {
		verdict := t.shapes[2].Name + "." + t.policy.Rules.Outcome.Field
		dst = append(dst, "# Cases of "+t.policy.Name+", version "+string(t.policy.Digest)+".\n"...)
		dst = append(dst, "# Put this table under a Scenario Outline whose steps name its columns, such as:\n"...)
		dst = append(dst, "#   Scenario Outline: <code>\n#     Then the "+t.policy.Rules.Outcome.Field+" is \"<"+verdict+">\"\n"...)
		dst = append(dst, "Examples:\n  |"...)
		for _, name := range t.names {
			dst = append(append(append(dst, ' '), name...), " |"...)
		}
		return append(dst, '\n')
	},
	Row: func(dst []byte, t *Table, c *contract.Case, _ bool) []byte {
		return append(t.appendCells(append(dst, "  | "...), c, &gherkinCells), " |\n"...)
	},
	End: func(dst []byte, _ *Table) []byte { return dst },
}

var gherkinCells = cells{between: " | ", text: appendGherkin, value: appendPlain}

// appendGherkin appends a text as a cell, where a bar, a backslash and the end of a line are escaped. Spaces around it
// are not part of a cell.
func appendGherkin(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, "|\\\r\n") {
		return append(dst, text...)
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for i := range len(text) {
		switch c := text[i]; c {
		case '|', '\\':
			dst = append(dst, '\\', c)
		case '\n', '\r':
			dst = append(dst, `\n`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
