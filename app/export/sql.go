package export

import (
	"strings"
	"unicode/utf8"

	"verdictory/contract"
	"verdictory/policy"
)

// sql makes a table and inserts the cases. It is standard SQL, as PostgreSQL and SQLite take it; a comment that only
// MySQL and MariaDB read makes them take it too.
var sql = Format{
	Name: "sql", ContentType: "application/sql", Extension: ".sql",
	Begin: func(dst []byte, t *Table) []byte {
		dst = append(dst, "/*!50000 SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES') */;\n"...)
		dst = append(dst, "CREATE TABLE IF NOT EXISTS \""+t.policy.Name+"\" (\n"...)
		dst = append(dst, "  \"code\" VARCHAR(40) NOT NULL,\n  \"mode\" VARCHAR(10) NOT NULL,\n  \"version\" VARCHAR(64) NOT NULL,\n"...)
		column := 3
		for _, shape := range t.shapes {
			for i := range shape.Columns {
				dst = append(dst, "  \""+t.names[column]+"\" "+sqlTypes[shape.Columns[i].Kind]+",\n"...)
				column++
			}
		}
		return append(dst, "  \"outcome\" TEXT NOT NULL,\n  \"rules\" TEXT NOT NULL,\n  PRIMARY KEY (\"version\", \"code\")\n);\n"...)
	},
	Row: func(dst []byte, t *Table, c *contract.Case, _ bool) []byte {
		return append(t.appendCells(append(dst, t.insert...), c, &sqlCells), ");\n"...)
	},
	End: func(dst []byte, _ *Table) []byte { return dst },
}

// sqlTypes are the types of columns by their kind; a list is a text.
var sqlTypes = map[policy.Kind]string{
	policy.Int: "BIGINT", policy.Number: "DOUBLE PRECISION", policy.Bool: "BOOLEAN", policy.String: "TEXT", policy.Date: "DATE", policy.List: "TEXT",
}

// sqlInsert gives the start of a row's statement. Names of policies and columns have no quotes in them.
func sqlInsert(table string, columns []string) string {
	return `INSERT INTO "` + table + `" ("` + strings.Join(columns, `", "`) + `") VALUES (`
}

var sqlCells = cells{
	between: ", ", quote: "'", text: appendSQL,
	value: func(dst []byte, v policy.Value) []byte {
		switch v.Kind() {
		case policy.Absent:
			return append(dst, "NULL"...)
		case policy.Date:
			return append(v.AppendText(append(dst, '\'')), '\'')
		}
		return v.AppendText(dst)
	},
}

// appendSQL appends a text as a string of standard SQL, where only the quote needs care. What no database takes for a
// text, a NUL or bytes that are no UTF-8, becomes U+FFFD.
func appendSQL(dst []byte, text string) []byte {
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	}
	dst = append(dst, '\'')
	for rest := text; ; {
		before, after, quoted := strings.Cut(rest, `'`)
		dst = append(dst, before...)
		if !quoted {
			return append(dst, '\'')
		}
		dst = append(dst, `''`...)
		rest = after
	}
}
