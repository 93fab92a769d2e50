package export

import (
	"bytes"

	"verdictory/contract"
	"verdictory/policy"
)

// sqlFormat is a table and an INSERT for each case, in SQL that PostgreSQL and SQLite read alike, and MySQL in its ANSI
// mode: names in double quotes, texts in single ones, doubled inside. A backslash is itself, as the standard says.
var sqlFormat = Format{
	Name: "sql", ContentType: "application/sql; charset=utf-8", Extension: "sql",
	Begin: func(dst []byte, t *Table) []byte {
		dst = append(append(append(dst, `CREATE TABLE IF NOT EXISTS "`...), t.Name...), "\" (\n"...)
		for i, c := range t.Columns {
			if i > 0 {
				dst = append(dst, ",\n"...)
			}
			dst = append(append(append(dst, `  "`...), c.Name...), `" `...)
			dst = append(dst, sqlTypes[c.Kind]...)
		}
		return append(dst, "\n);\n"...)
	},
	Row: func(dst []byte, t *Table, c *contract.Case, _ bool) []byte {
		dst = append(append(append(dst, `INSERT INTO "`...), t.Name...), `" VALUES (`...)
		return append(t.row(dst, c, &sqlCells), ");\n"...)
	},
	End: func(dst []byte, _ *Table) []byte { return dst },
}

var sqlTypes = map[policy.Kind]string{
	policy.Int: "BIGINT", policy.Number: "DOUBLE PRECISION", policy.Bool: "BOOLEAN", policy.String: "TEXT", policy.Date: "DATE", policy.List: "TEXT",
}

var sqlCells = cells{separator: ", ", open: "'", close: "'", escape: escapeSQL, dates: true, absent: "NULL"}

// escapeSQL doubles the quotes of a text, and drops zero bytes, which no database takes in a text.
func escapeSQL(dst []byte, start int) []byte {
	if bytes.IndexAny(dst[start:], "'\x00") < 0 {
		return dst
	}
	text := bytes.Clone(dst[start:])
	dst = dst[:start]
	for _, b := range text {
		switch b {
		case 0:
			continue
		case '\'':
			dst = append(dst, '\'')
		}
		dst = append(dst, b)
	}
	return dst
}
