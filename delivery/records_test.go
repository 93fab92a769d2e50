package delivery

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"verdictory/internal/board"
)

// The records are docs/risk-assessment.md and docs/board.md. They say of many things that a test shows them; here it is
// held that the tests are there, and that the records agree with themselves.
const (
	docs      = "../docs"
	riskFile  = docs + "/risk-assessment.md"
	boardFile = docs + "/board.md"
)

// follow tells whether a link leads to what it names: a file; in a Go test the function that the link is called by, unless
// it is called by the file's own name; the heading of a Markdown file that its anchor names; and in any other file the text that the link is called by, where that
// is set as code.
func follow(from, text, target string) error {
	if strings.Contains(target, "://") {
		return nil
	}
	name, anchor, _ := strings.Cut(target, "#")
	file := filepath.Join(filepath.Dir(from), name)
	if name == "" {
		file = from
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the link to %s leads nowhere: write a path from the file's own folder", target)
	}
	code := strings.HasPrefix(text, "`") && strings.HasSuffix(text, "`")
	switch {
	case strings.HasSuffix(name, "_test.go") && text != filepath.Base(name) && !declares(content, text):
		return fmt.Errorf("%s has no test %s: write the name of one that it has", target, text)
	case anchor != "" && !slices.Contains(anchors(string(content)), anchor):
		return fmt.Errorf("%s has no heading #%s: write one of its own", name, anchor)
	case code && !strings.HasSuffix(name, "_test.go") && !strings.Contains(string(content), strings.Trim(text, "`")):
		return fmt.Errorf("%s does not hold %s: write words that stand in it", target, text)
	}
	return nil
}

var testName = regexp.MustCompile(`^(Test|Fuzz)[A-Z][A-Za-z0-9]*$`)

// declares tells whether Go source has a test of that name.
func declares(source []byte, name string) bool {
	return testName.MatchString(name) && regexp.MustCompile(`(?m)^func `+name+`\(`).Match(source)
}

// anchors gives the anchors of a document's headings.
func anchors(document string) (all []string) {
	for _, line := range strings.Split(document, "\n") {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			all = append(all, strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(title), ""), " ", "-"))
		}
	}
	return all
}

var notInAnchors = regexp.MustCompile(`[^\pL\pN _-]`)

func TestLinksOfTheRecordsLeadToWhatTheyName(t *testing.T) {
	for _, file := range []string{riskFile, boardFile} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		links := board.LinkText.FindAllStringSubmatch(string(source), -1)
		if len(links) < 50 {
			t.Errorf("%s has %d links: is it whole?", file, len(links))
		}
		for _, link := range links {
			if err := follow(file, link[1], link[2]); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

func TestALinkThatLeadsNowhereIsFound(t *testing.T) {
	for name, test := range map[string]struct{ text, target, want string }{
		"a file that is gone":             {"TestGone", "../app/gone_test.go", "leads nowhere"},
		"a path from the root":            {"TestRoutes", "app/app_test.go", "leads nowhere"},
		"a test that is gone":             {"TestGone", "../app/app_test.go", "has no test TestGone"},
		"half a test's name":              {"TestRoute", "../app/app_test.go", "has no test TestRoute"},
		"a helper that is no test":        {"newCore", "../app/app_test.go", "has no test newCore"},
		"a test that is only described":   {"the routes", "../app/app_test.go", "has no test the routes"},
		"a heading that is gone":          {"words", "architecture.md#nothing", "has no heading #nothing"},
		"a heading of its own":            {"how", "#nowhere", "has no heading #nowhere"},
		"words that do not stand there":   {"`make fly`", "../Makefile", "does not hold `make fly`"},
		"a file of tests by its name":     {"app_test.go", "../app/app_test.go", ""},
		"a test, found":                   {"TestRoutes", "../app/app_test.go", ""},
		"a fuzz target, found":            {"FuzzFilter", "../app/history_test.go", ""},
		"a heading, found":                {"words", "architecture.md#words", ""},
		"a heading with signs, found":     {"determinism", "architecture.md#determinism-the-contract", ""},
		"words, found":                    {"`make test`", "../.ci/run", ""},
		"words of people need not be":     {"the tasks", "../Makefile", ""},
		"a folder, found":                 {"migrations", "../app/history/migrations", ""},
		"another site is not looked up":   {"law", "https://www.legislation.gov.uk/", ""},
		"a file with a test's name in it": {"TestRoutes", "../README.md", ""},
	} {
		switch err := follow(boardFile, test.text, test.target); {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// readBoard reads the project's own board.
func readBoard(t *testing.T) *board.Board {
	t.Helper()
	source, err := os.ReadFile(boardFile)
	if err != nil {
		t.Fatal(err)
	}
	b, err := board.Read("docs/board.md", source)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shown tells whether a test shows a card: one of its criteria names a test that exists. Where a card is done, it says
// what is missing.
func shown(from string, c *board.Card) error {
	if c.State != "Done" {
		return nil
	}
	for _, item := range c.Criteria {
		for _, link := range item.Links {
			if strings.HasSuffix(link.Target, "_test.go") && follow(from, link.Text, link.Target) == nil {
				return nil
			}
		}
	}
	return fmt.Errorf("%s is Done and no test shows it: name one, [TestName](../file_test.go), or move the card back", c.ID)
}

func TestDoneCardsAreShownByTests(t *testing.T) {
	b := readBoard(t)
	epics := map[string]bool{}
	for _, c := range b.Cards {
		epics[c.Epic.Key] = true
		if err := shown(boardFile, c); err != nil {
			t.Error(err)
		}
	}
	if len(epics) != len(b.Epics) {
		t.Errorf("%d of %d epics have cards", len(epics), len(b.Epics))
	}
	for name, test := range map[string]struct {
		state string
		links []board.Link
		ok    bool
	}{
		"a test":              {"Done", []board.Link{{Text: "TestRoutes", Target: "../app/app_test.go"}}, true},
		"a test among others": {"Done", []board.Link{{Text: "x", Target: "../Makefile"}, {Text: "TestRoutes", Target: "../app/app_test.go"}}, true},
		"no link":             {"Done", nil, false},
		"a file alone":        {"Done", []board.Link{{Text: "TestRoutes", Target: "../Makefile"}}, false},
		"a test that is gone": {"Done", []board.Link{{Text: "TestGone", Target: "../app/app_test.go"}}, false},
		"not done yet":        {"Doing", nil, true},
	} {
		c := &board.Card{ID: "A-1", State: test.state, Criteria: []board.Item{{Links: test.links}}}
		if err := shown(boardFile, c); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the export holds is the board again.
func TestBoardExportsReadBack(t *testing.T) {
	b := readBoard(t)
	folder := t.TempDir()
	var out, errs strings.Builder
	if code := board.Write(boardFile, folder, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	file, err := os.Open(filepath.Join(folder, "board.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != len(b.Cards)+1 {
		t.Fatalf("%d rows, %v, want a head and %d cards", len(rows), err, len(b.Cards))
	}
	text, err := os.ReadFile(filepath.Join(folder, "board.json"))
	if err != nil {
		t.Fatal(err)
	}
	var exported struct {
		Lists []struct{ ID, Name string }
		Cards []struct{ Name, IDList string }
	}
	if err := json.Unmarshal(text, &exported); err != nil || len(exported.Cards) != len(b.Cards) {
		t.Fatalf("%d cards, %v, want %d", len(exported.Cards), err, len(b.Cards))
	}
	lists := map[string]string{}
	for _, list := range exported.Lists {
		lists[list.ID] = list.Name
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	for i, c := range b.Cards {
		row, card := rows[i+1], exported.Cards[i]
		title := c.ID + " " + c.Title
		if row[column("Title")] != title || row[column("Status")] != c.State || row[column("Estimate")] != strconv.Itoa(c.Points) || row[column("Priority")] != c.Priority ||
			card.Name != title || lists[card.IDList] != c.State {
			t.Errorf("%s is %q in the CSV and %+v in the JSON", c.ID, row, card)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("%s: the cell %.20q starts a formula", c.ID, cell)
			}
		}
	}
}

// score is how likely a risk is, how much it hurts, and both together.
type score struct{ likelihood, impact, product int }

func (s score) String() string {
	return fmt.Sprintf("%d × %d = %d", s.likelihood, s.impact, s.product)
}

// risk is a section of the register, and register what its tables say.
type risk struct {
	id, title string
	line      int
	fields    map[string]string
	items     map[string][]string
}

type register struct {
	risks  []*risk
	rows   [][]string // of the table, without its head
	matrix [][]string // of the residual scores, without its head
}

var (
	riskTitle = regexp.MustCompile(`^### (R[0-9]{2}) (.+)$`)
	riskField = regexp.MustCompile(`^- \*\*([A-Z][a-z]+):\*\* ?(.*)$`)
	scoreText = regexp.MustCompile(`([0-9]+) × ([0-9]+) = ([0-9]+)`)
	entryText = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2}): .`)
)

// fields are what every risk says, in this order.
var fields = []string{"Cause", "Event", "Effect", "Owner", "Score", "Controls", "Planned", "Response", "Residual", "History"}

var owners = []string{"product owner", "lead developer", "policy author", "operator", "security officer", "release manager"}

var responses = []string{"avoid", "reduce", "transfer", "accept"}

// readRegister reads the register's sections and its two tables.
func readRegister(source string) *register {
	r := new(register)
	var current *risk
	field, part := "", ""
	for i, line := range strings.Split(source, "\n") {
		found, begun := riskTitle.FindStringSubmatch(line), riskField.FindStringSubmatch(line)
		switch {
		case found != nil:
			current = &risk{found[1], found[2], i + 1, map[string]string{}, map[string][]string{}}
			r.risks = append(r.risks, current)
			field = ""
		case strings.HasPrefix(line, "#"):
			current, part = nil, strings.TrimLeft(line, "# ")
		case current == nil && strings.HasPrefix(line, "|"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for j := range cells {
				cells[j] = strings.TrimSpace(cells[j])
			}
			switch part {
			case "The register":
				r.rows = append(r.rows, cells)
			case "Where the risks stand":
				r.matrix = append(r.matrix, cells)
			}
		case current != nil && begun != nil:
			field = begun[1]
			current.fields[field] = begun[2]
		case current != nil && field != "" && strings.HasPrefix(line, "  - "):
			current.items[field] = append(current.items[field], line[4:])
		case current != nil && field != "" && strings.HasPrefix(line, "  "):
			if items := current.items[field]; len(items) > 0 {
				items[len(items)-1] += " " + strings.TrimSpace(line)
			} else {
				current.fields[field] += " " + strings.TrimSpace(line)
			}
		}
	}
	r.rows, r.matrix = r.rows[min(2, len(r.rows)):], r.matrix[min(2, len(r.matrix)):]
	return r
}

// scoreOf reads a score and holds it to its own sum.
func scoreOf(text string) (s score, err error) {
	found := scoreText.FindStringSubmatch(text)
	if found == nil {
		return s, fmt.Errorf("%q is no score: write likelihood × impact = score, such as 3 × 4 = 12", text)
	}
	s.likelihood, _ = strconv.Atoi(found[1])
	s.impact, _ = strconv.Atoi(found[2])
	s.product, _ = strconv.Atoi(found[3])
	switch {
	case min(s.likelihood, s.impact) < 1 || max(s.likelihood, s.impact) > 5:
		return s, fmt.Errorf("%s: likelihood and impact go from 1 to 5", s)
	case s.likelihood*s.impact != s.product:
		return s, fmt.Errorf("%s: the score is %d", s, s.likelihood*s.impact)
	}
	return s, nil
}

// check gives everything that is wrong with the register.
func (r *register) check(from string, least int) (all []error) {
	wrong := func(at, format string, args ...any) { all = append(all, fmt.Errorf(at+": "+format, args...)) }
	if len(r.risks) < least {
		wrong("the register", "%d risks, want at least %d", len(r.risks), least)
	}
	before, residuals := map[string]score{}, map[string]score{}
	for i, k := range r.risks {
		if want := fmt.Sprintf("R%02d", i+1); k.id != want {
			wrong(k.id, "the sections are numbered without gaps: this is %s", want)
		}
		for _, name := range fields {
			if k.fields[name] == "" && len(k.items[name]) == 0 {
				wrong(k.id, "it has no %s: write - **%s:** …", name, name)
			}
		}
		if !slices.Contains(owners, k.fields["Owner"]) {
			wrong(k.id, "%q is no owner: write one of %s", k.fields["Owner"], strings.Join(owners, ", "))
		}
		if word, _, _ := strings.Cut(k.fields["Response"], ":"); !slices.Contains(responses, word) {
			wrong(k.id, "%q is no response: write one of %s, a colon, and why", k.fields["Response"], strings.Join(responses, ", "))
		}
		var err error
		if before[k.id], err = scoreOf(k.fields["Score"]); err != nil {
			wrong(k.id, "Score: %v", err)
		}
		if residuals[k.id], err = scoreOf(k.fields["Residual"]); err != nil {
			wrong(k.id, "Residual: %v", err)
		}
		if residuals[k.id].product > before[k.id].product {
			wrong(k.id, "controls do not raise a score: the residual %d is over %d", residuals[k.id].product, before[k.id].product)
		}
		for _, control := range k.items["Controls"] {
			links := board.LinkText.FindAllStringSubmatch(control, -1)
			if len(links) == 0 {
				wrong(k.id, "%.60q names nothing that proves it: write [TestName](../file_test.go)", control)
			}
			for _, link := range links {
				if err := follow(from, link[1], link[2]); err != nil {
					wrong(k.id, "%v", err)
				}
			}
		}
		if len(k.items["Controls"]) == 0 && residuals[k.id] != before[k.id] {
			wrong(k.id, "no control brings it from %s to %s", before[k.id], residuals[k.id])
		}
		all = append(all, k.checkHistory(before[k.id], residuals[k.id])...)
	}
	return append(all, r.checkTables(before, residuals)...)
}

// checkHistory holds that entries are dated and in order, that the first is the first score and the last the residual.
func (k *risk) checkHistory(first, residual score) (all []error) {
	entries := k.items["History"]
	last, scores := "", []string{}
	for _, entry := range entries {
		day := entryText.FindStringSubmatch(entry)
		if day == nil {
			all = append(all, fmt.Errorf("%s: %.60q has no day: write 2026-01-31: and what changed", k.id, entry))
			continue
		}
		if _, err := time.Parse(time.DateOnly, day[1]); err != nil || day[1] < last {
			all = append(all, fmt.Errorf("%s: %s is no day, or earlier than the entry before it", k.id, day[1]))
		}
		last = day[1]
		scores = append(scores, scoreText.FindAllString(entry, -1)...)
	}
	if len(scores) == 0 || scores[0] != first.String() || scores[len(scores)-1] != residual.String() {
		all = append(all, fmt.Errorf("%s: its history goes through %v: begin it with the score, %s, and end it with the residual, %s", k.id, scores, first, residual))
	}
	return all
}

// checkTables holds the table and the matrix to the sections.
func (r *register) checkTables(before, residuals map[string]score) (all []error) {
	sorted := slices.Clone(r.risks)
	slices.SortStableFunc(sorted, func(a, b *risk) int {
		return max(-1, min(1, 10_000*(residuals[b.id].product-residuals[a.id].product)+100*(before[b.id].product-before[a.id].product)+strings.Compare(a.id, b.id)))
	})
	for i, k := range sorted {
		response, _, _ := strings.Cut(k.fields["Response"], ":")
		link := "#" + anchors("### " + k.id + " " + k.title)[0]
		want := []string{"[" + k.id + "](" + link + ")", k.title, k.fields["Owner"], before[k.id].String(), residuals[k.id].String(), response}
		if i >= len(r.rows) || !slices.Equal(r.rows[i], want) {
			all = append(all, fmt.Errorf("the register's row %d is not the risk that comes next by residual, then score, then id: write | %s |", i+1, strings.Join(want, " | ")))
		}
	}
	if len(r.rows) > len(sorted) {
		all = append(all, fmt.Errorf("the register has %d rows for %d risks", len(r.rows), len(sorted)))
	}
	for i, likelihood := range []int{5, 4, 3, 2, 1} {
		want := []string{"**" + strconv.Itoa(likelihood) + "**"}
		for impact := 1; impact <= 5; impact++ {
			var ids []string
			for _, k := range r.risks {
				if s := residuals[k.id]; s.likelihood == likelihood && s.impact == impact {
					ids = append(ids, k.id)
				}
			}
			want = append(want, strings.Join(ids, " "))
		}
		if i >= len(r.matrix) || !slices.Equal(r.matrix[i], want) {
			all = append(all, fmt.Errorf("the matrix's row of likelihood %d is not that of the residual scores: write | %s |", likelihood, strings.Join(want, " | ")))
		}
	}
	return all
}

func TestRiskRegisterAddsUp(t *testing.T) {
	source, err := os.ReadFile(riskFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range readRegister(string(source)).check(riskFile, 25) {
		t.Error(err)
	}
}

// smallRegister is one with two risks, and as it should be.
const smallRegister = `# Risks

## The register

| id | risk | owner | score | residual | response |
|---|---|---|---|---|---|
| [R02](#r02-the-roof-leaks) | The roof leaks | operator | 3 × 4 = 12 | 3 × 4 = 12 | accept |
| [R01](#r01-the-door-is-open) | The door is open | security officer | 4 × 5 = 20 | 1 × 5 = 5 | reduce |

## Where the risks stand

| likelihood \ impact | 1 | 2 | 3 | 4 | 5 |
|---|---|---|---|---|---|
| **5** | | | | | |
| **4** | | | | | |
| **3** | | | | R02 | |
| **2** | | | | | |
| **1** | | | | | R01 |

## The risks

### R01 The door is open

- **Cause:** nobody
  closes it
- **Event:** somebody walks in
- **Effect:** something is gone
- **Owner:** security officer
- **Score:** likelihood 4 × 5 = 20
- **Controls:**
  - a lock: [TestRoutes](../app/app_test.go),
    and a bell: [the tasks](../Makefile)
- **Planned:** nothing more
- **Response:** reduce: a lock is cheap
- **Residual:** 1 × 5 = 5
- **History:**
  - 2026-01-01: first seen, 4 × 5 = 20
  - 2026-01-02: a lock, 1 × 5 = 5

### R02 The roof leaks

- **Cause:** rain
- **Event:** water
- **Effect:** wet feet
- **Owner:** operator
- **Score:** 3 × 4 = 12
- **Controls:** none
- **Planned:** a roof
- **Response:** accept: it seldom rains
- **Residual:** 3 × 4 = 12
- **History:**
  - 2026-01-01: first seen, 3 × 4 = 12
`

func TestARegisterThatDoesNotAddUpIsRefused(t *testing.T) {
	if errs := readRegister(smallRegister).check(riskFile, 2); errs != nil {
		t.Fatal(errs)
	}
	for _, test := range []struct{ name, from, to, want string }{
		{"a risk is missing", smallRegister[strings.Index(smallRegister, "### R02"):], "", "1 risks, want at least 2"},
		{"an id twice", "### R02 The roof", "### R01 The roof", "R01: the sections are numbered without gaps: this is R02"},
		{"a sum that is wrong", "- **Score:** 3 × 4 = 12", "- **Score:** 3 × 4 = 7", "R02: Score: 3 × 4 = 7: the score is 12"},
		{"a scale that is wrong", "- **Residual:** 1 × 5 = 5", "- **Residual:** 1 × 6 = 6", "likelihood and impact go from 1 to 5"},
		{"no score", "- **Residual:** 1 × 5 = 5", "- **Residual:** low", `"low" is no score`},
		{"a control that raises the score", "- **Residual:** 3 × 4 = 12", "- **Residual:** 5 × 4 = 20", "controls do not raise a score"},
		{"a control with one proof left", "[TestRoutes](../app/app_test.go)", "a good one", ""},
		{"a control that proves nothing", "- a lock: [TestRoutes](../app/app_test.go),\n    and a bell: [the tasks](../Makefile)", "- a lock", "names nothing that proves it"},
		{"a control whose test is gone", "TestRoutes", "TestLock", "has no test TestLock"},
		{"a control whose file is gone", "../Makefile", "../Bellfile", "the link to ../Bellfile leads nowhere"},
		{"less risk without a control", "**Residual:** 3 × 4 = 12", "**Residual:** 2 × 4 = 8", "R02: no control brings it from 3 × 4 = 12 to 2 × 4 = 8"},
		{"no owner", "- **Owner:** operator\n", "", `R02: "" is no owner: write one of product owner`},
		{"an unknown owner", "**Owner:** operator", "**Owner:** somebody", `"somebody" is no owner`},
		{"an unknown response", "**Response:** accept", "**Response:** hope", "is no response: write one of avoid, reduce, transfer, accept"},
		{"a field that is missing", "- **Effect:** wet feet\n", "", "R02: it has no Effect"},
		{"no history", "  - 2026-01-01: first seen, 3 × 4 = 12\n", "", "R02: it has no History"},
		{"a history without days", "2026-01-02: a lock", "later: a lock", "has no day: write 2026-01-31"},
		{"a history that goes back", "2026-01-02: a lock", "2025-01-02: a lock", "earlier than the entry before it"},
		{"a day that is none", "2026-01-02: a lock", "2026-02-30: a lock", "2026-02-30 is no day"},
		{"a history that ends elsewhere", "a lock, 1 × 5 = 5", "a lock, 2 × 5 = 10", "end it with the residual, 1 × 5 = 5"},
		{"a table out of order", "| [R02](#r02-the-roof-leaks) | The roof leaks | operator | 3 × 4 = 12 | 3 × 4 = 12 | accept |\n", "", "row 1 is not the risk that comes next by residual"},
		{"a table with another title", "| The roof leaks |", "| The cellar leaks |", "write | [R02](#r02-the-roof-leaks) | The roof leaks |"},
		{"a row too many", "\n## Where", "| [R03](#r03) | x | operator | 1 × 1 = 1 | 1 × 1 = 1 | accept |\n\n## Where", "3 rows for 2 risks"},
		{"a matrix that is not true", "| **3** | | | | R02 | |", "| **3** | | | R02 | | |", "the matrix's row of likelihood 3 is not that of the residual scores: write | **3** |  |  |  | R02 |  |"},
	} {
		source := strings.Replace(smallRegister, test.from, test.to, 1)
		if source == smallRegister {
			t.Fatalf("%s: nothing was replaced", test.name)
		}
		var all []string
		for _, err := range readRegister(source).check(riskFile, 2) {
			all = append(all, err.Error())
		}
		if got := strings.Join(all, "\n"); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
