package export

import (
	"bytes"
	dbsql "database/sql"
	gocsv "encoding/csv"
	gojson "encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"verdictory/contract"
	"verdictory/internal/pgtest"
	"verdictory/policy"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var update = flag.Bool("update", false, "write the golden files anew")

// clinic is a policy with every kind of value.
func clinic() *policy.Policy {
	return &policy.Policy{
		Name: "clinic-visits", Digest: policy.Digest(strings.Repeat("5e", 32)),
		Who: &policy.ObjectDoc{Shape: &policy.Shape{Name: "patient", Columns: []policy.Column{
			{Name: "name", Kind: policy.String, Text: true}, {Name: "born", Kind: policy.Date}, {Name: "smoker", Kind: policy.Bool},
		}}},
		What: &policy.ObjectDoc{Shape: &policy.Shape{Name: "visit", Columns: []policy.Column{
			{Name: "temperature", Kind: policy.Number, Unit: "°C"}, {Name: "balance", Kind: policy.Int, Unit: "£", Decimals: 2},
		}}},
		Rules: &policy.RulesDoc{
			Verdict: policy.Verdict{Shape: &policy.Shape{Name: "advice", Columns: []policy.Column{
				{Name: "urgency", Kind: policy.String, Labels: []string{"low", "high"}}, {Name: "steps", Kind: policy.List, Elem: policy.String},
			}}},
			Outcome: policy.Outcome{Field: "urgency"},
		},
	}
}

func visit(p *policy.Policy, n policy.Seed, name policy.Value) contract.Case {
	return contract.Case{
		Policy: p.Name, Version: p.Digest,
		Code: policy.Code{Who: n, What: n + 1, Mode: policy.Random},
		Who:  policy.Object{Shape: p.Who.Shape, Values: []policy.Value{name, policy.DateValue(-1), policy.BoolValue(n%2 == 0)}},
		What: policy.Object{Shape: p.What.Shape, Values: []policy.Value{policy.NumberValue(-36.6), policy.IntValue(-1250)}},
		Verdict: policy.Object{Shape: p.Rules.Verdict.Shape, Values: []policy.Value{
			policy.StringValue("high"), policy.ListValue([]policy.Value{policy.StringValue("rest"), policy.StringValue("drink, a lot")}),
		}},
		Outcome: "high",
		Hits:    []contract.Hit{{Decision: "urgency", Rule: "fever"}, {Decision: "steps", Rule: "rest"}},
	}
}

// visits are cases of several modes, one of them edited and stored, one of an older version with other fields, and one
// without its text.
func visits(p *policy.Policy) []contract.Case {
	first := visit(p, 1, policy.StringValue("Ada Brook"))
	stored := visit(p, 2, policy.StringValue(`O'Neil, "Jo" | back\slash`))
	stored.Code.Mode, stored.Code.Edit = policy.Boundary, "E4W0Q2ZT"
	stored.Created = time.Date(2026, 3, 1, 13, 0, 0, 7e6, time.FixedZone("", 3600))
	older := clinic()
	older.Digest = policy.Digest(strings.Repeat("01", 32))
	older.Who.Shape.Columns = []policy.Column{{Name: "smoker", Kind: policy.Bool}, {Name: "name", Kind: policy.String}, {Name: "height", Kind: policy.Int}}
	old := visit(older, 3, policy.Value{})
	old.Who.Values = []policy.Value{policy.BoolValue(true), policy.StringValue("=1+1\nsecond line"), policy.IntValue(170)}
	old.Hits = nil
	return []contract.Case{first, stored, old, visit(p, 4, policy.Value{})}
}

func write(f Format, t *Table, cases []contract.Case) []byte {
	dst := f.Begin(nil, t)
	for i := range cases {
		dst = f.Row(dst, t, &cases[i], i == 0)
	}
	return f.End(dst, t)
}

func TestGolden(t *testing.T) {
	p := clinic()
	for _, f := range Formats {
		file := filepath.Join("testdata", "visits"+f.Extension)
		got := write(f, NewTable(p), visits(p))
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: %s", f.Name, diff)
		}
	}
}

func TestFind(t *testing.T) {
	for _, f := range Formats {
		got, err := Find(f.Name)
		if err != nil || got.Name != f.Name || got.ContentType == "" || !strings.HasPrefix(got.Extension, ".") {
			t.Errorf("%s: %+v, %v", f.Name, got, err)
		}
	}
	for name, want := range map[string]string{
		"jsn":                      `There is no export as "jsn": did you mean "json"?: write csv, json, ndjson, sql, gherkin.`,
		"":                         `There is no export as "": write csv, json, ndjson, sql, gherkin.`,
		strings.Repeat("x", 1_000): `There is no export as "xxxxxxxxxxxxxxxxxxxx": write csv, json, ndjson, sql, gherkin.`,
	} {
		if _, err := Find(name); err == nil || contract.AsError(err).Code != contract.Invalid || err.Error() != want {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

func TestNothingToExport(t *testing.T) {
	table := NewTable(clinic())
	if got := string(write(json, table, nil)); got != "[\n]\n" {
		t.Errorf("json: %q", got)
	}
	if got := string(write(ndjson, table, nil)); got != "" {
		t.Errorf("ndjson: %q", got)
	}
}

// hostile are texts that some format could take for something else.
var hostile = []string{
	"", " ", "  spaces  ", ",", ";", "|", `\`, `\\|`, `\n`, `'`, `''`, `"`, `""`, `","`, "\n", "\r", "\r\n", "\t", "a\nb", "a\r\nb", "a|b", `a\|b`, `a\`, "--", "/*", "*/", "?", ":x", "$1", "%s",
	"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "  -1", "\u00a0=1", "\n=1", "＝1", "＋1", "－1", "＠1", `="a"`, `'=1`, "=cmd|' /C calc'!A0", "-", "a=1", "1-1",
	"'); DROP TABLE x; --", `\'; DROP TABLE x; --`, "é", "日本語", "😀", "\u2028", "\ufeff", "null", "NULL", "true", "1e5", "#", "<script>", "{{x}}", "\x01\x7f", "\x00", "a\x00b", "\xff",
}

// safe tells a cell that no spreadsheet runs.
func safe(cell string) bool {
	cell = strings.TrimLeft(cell, " \u00a0")
	return cell == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0])
}

func TestCSVReadsBack(t *testing.T) {
	p := clinic()
	table := NewTable(p)
	for _, text := range hostile {
		rows, err := gocsv.NewReader(bytes.NewReader(write(csv, table, []contract.Case{visit(p, 1, policy.StringValue(text))}))).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Errorf("%q: %d rows, %v", text, len(rows), err)
			continue
		}
		cell := map[string]string{}
		for i, name := range rows[0] {
			cell[name] = rows[1][i]
		}
		want := strings.ReplaceAll(text, "\r\n", "\n") // the reader's own
		if !safe(text) {
			want = "'" + want
		}
		if cell["patient.name"] != want || !safe(cell["patient.name"]) {
			t.Errorf("%q is read back as %q", text, cell["patient.name"])
		}
		delete(cell, "patient.name")
		if diff := cmp.Diff(map[string]string{
			"code": "00000001-00000002", "mode": "random", "version": strings.Repeat("5e", 32), "patient.born": "1969-12-31", "patient.smoker": "false",
			"visit.temperature": "-36.6", "visit.balance": "-1250", "advice.urgency": "high", "advice.steps": "rest; drink, a lot",
			"outcome": "high", "rules": "urgency/fever steps/rest",
		}, cell); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestJSONReadsBack(t *testing.T) {
	type row struct {
		Policy, Version, Code, Mode, Outcome string
		Who, What, Verdict                   gojson.RawMessage
		Rules                                []contract.Hit
		Created                              time.Time
	}
	p := clinic()
	table := NewTable(p)
	for _, text := range hostile {
		c := visit(p, 1, policy.StringValue(text))
		c.Created = time.Date(2026, 3, 1, 12, 0, 0, 7e6, time.UTC)
		cases := []contract.Case{c, visit(p, 2, policy.StringValue("second"))}
		var rows []row
		if err := gojson.Unmarshal(write(json, table, cases), &rows); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var lines []row
		for decoder := gojson.NewDecoder(bytes.NewReader(write(ndjson, table, cases))); ; {
			var line row
			err := decoder.Decode(&line)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			lines = append(lines, line)
		}
		if diff := cmp.Diff(rows, lines); diff != "" {
			t.Errorf("%q: json and ndjson differ: %s", text, diff)
		}
		who, issues := policy.DecodeObject(p.Who.Shape, rows[0].Who)
		if want := strings.ToValidUTF8(text, "\uFFFD"); issues != nil || who.Values[0].Text() != want {
			t.Errorf("%q is read back as %q, %v", text, who.Values[0].Text(), issues)
		}
		rows[0].Who = nil
		if diff := cmp.Diff(row{
			Policy: "clinic-visits", Version: string(p.Digest), Code: "00000001-00000002", Mode: "random", Outcome: "high",
			What: gojson.RawMessage(c.What.AppendJSON(nil)), Verdict: gojson.RawMessage(c.Verdict.AppendJSON(nil)),
			Rules: c.Hits, Created: c.Created,
		}, rows[0]); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if !rows[1].Created.IsZero() {
			t.Errorf("a case that is not stored was created at %s", rows[1].Created)
		}
	}
}

func TestSQLRuns(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { runSQL(t, "sqlite", ":memory:") })
	t.Run("postgres", func(t *testing.T) { runSQL(t, "pgx", pgtest.URL(t)) })
}

func runSQL(t *testing.T, driver, url string) {
	db, err := dbsql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	p := clinic()
	var cases []contract.Case
	for i, text := range hostile {
		cases = append(cases, visit(p, policy.Seed(i), policy.StringValue(text)))
	}
	cases = append(cases, visits(p)[2]) // of an older version
	if _, err := db.Exec(string(write(sql, NewTable(p), cases))); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`SELECT "code", "patient.name", CAST("patient.born" AS TEXT), "patient.smoker", "visit.temperature", "visit.balance", "advice.steps", "rules" FROM "clinic-visits" ORDER BY "version" DESC, "code"`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var code, name, steps, rules string
		var born dbsql.NullString
		var smoker bool
		var temperature float64
		var balance int64
		if err := rows.Scan(&code, &name, &born, &smoker, &temperature, &balance, &steps, &rules); err != nil {
			t.Fatal(err)
		}
		if n == len(hostile) {
			if name != "=1+1\nsecond line" || born.Valid || !smoker || rules != "" {
				t.Errorf("the older version's case is %q, %v, %t, %q", name, born, smoker, rules)
			}
			continue
		}
		want := strings.ReplaceAll(strings.ToValidUTF8(hostile[n], "\uFFFD"), "\x00", "\uFFFD")
		if code != cases[n].Code.String() || name != want || born.String != "1969-12-31" || smoker != (n%2 == 0) || temperature != -36.6 || balance != -1250 || steps != "rest; drink, a lot" || rules != "urgency/fever steps/rest" {
			t.Errorf("%q is read back as %q, %s, %v, %t, %g, %d, %q, %q", hostile[n], name, code, born, smoker, temperature, balance, steps, rules)
		}
	}
	if err := rows.Err(); err != nil || n != len(cases) {
		t.Errorf("%d rows of %d, %v", n, len(cases), err)
	}
}

// readGherkin reads a row of a table as Cucumber does.
func readGherkin(line string) (cells []string) {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	cell := ""
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && line[i+1] == 'n':
			cell += "\n"
			i++
		case line[i] == '\\' && i+1 < len(line) && strings.IndexByte(`|\`, line[i+1]) >= 0:
			i++
			cell += line[i : i+1]
		case line[i] == '|':
			cells, cell = append(cells, strings.Trim(cell, " ")), ""
		default:
			cell += line[i : i+1]
		}
	}
	return append(cells, strings.Trim(cell, " "))
}

func TestGherkinReadsBack(t *testing.T) {
	p := clinic()
	table := NewTable(p)
	for _, text := range hostile {
		text := "a" + text + "b" // a cell's own spaces do not count
		var lines []string
		for _, line := range strings.Split(string(write(gherkin, table, []contract.Case{visit(p, 1, policy.StringValue(text))})), "\n") {
			if strings.HasPrefix(line, "  |") {
				lines = append(lines, line)
			}
		}
		if len(lines) != 2 {
			t.Fatalf("%q: %d lines", text, len(lines))
		}
		names, cells := readGherkin(lines[0]), readGherkin(lines[1])
		if diff := cmp.Diff(table.names, names); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		want := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
		if len(cells) != len(names) || cells[3] != want {
			t.Errorf("%q is read back as %q", text, cells)
		}
	}
}

// FuzzCSV: whatever a text is, it stays one cell of one row, and no spreadsheet runs it.
func FuzzCSV(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	p := clinic()
	table := NewTable(p)
	f.Fuzz(func(t *testing.T, text string) {
		c := visit(p, 1, policy.StringValue(text))
		rows, err := gocsv.NewReader(bytes.NewReader(write(csv, table, []contract.Case{c}))).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != len(table.names) {
			t.Fatalf("%q: %q, %v", text, rows, err)
		}
		if cell := rows[1][3]; !safe(cell) {
			t.Errorf("%q is read back as %q", text, cell)
		}
	})
}

// The benchmarks write a row of 30 columns, eight of them texts.
func wide() (*Table, contract.Case) {
	p := clinic()
	object := func(shape *policy.Shape, n int) policy.Object {
		shape.Columns = nil
		var values []policy.Value
		for i := range n {
			shape.Columns = append(shape.Columns, policy.Column{Name: "column_" + strconv.Itoa(i), Kind: policy.Int})
			values = append(values, []policy.Value{
				policy.IntValue(int64(i) * 12_345), policy.StringValue("Volkswagen"), policy.BoolValue(true), policy.DateValue(20_000), policy.IntValue(37_840), policy.IntValue(-25),
			}[i%6])
		}
		return policy.Object{Shape: shape, Values: values}
	}
	c := visit(p, 1<<39, policy.Value{})
	c.Who, c.What, c.Verdict = object(p.Who.Shape, 9), object(p.What.Shape, 8), object(p.Rules.Verdict.Shape, 8)
	for i := range 6 {
		c.Hits = append(c.Hits, contract.Hit{Decision: "eligibility", Rule: fmt.Sprintf("rule-%d", i)})
	}
	return NewTable(p), c
}

func TestRowsAllocateNothing(t *testing.T) {
	table, c := wide()
	for _, f := range Formats {
		dst := make([]byte, 0, 1<<16)
		if n := testing.AllocsPerRun(100, func() { f.Row(dst, table, &c, false) }); n > 0 {
			t.Errorf("%s: %g allocations a row", f.Name, n)
		}
	}
}

func BenchmarkRow(b *testing.B) {
	table, c := wide()
	for _, f := range Formats {
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = f.Row(dst[:0], table, &c, false)
			}
			b.SetBytes(int64(len(dst)))
		})
	}
}
