// Package board reads docs/board.md, the project's Kanban board, and writes it for the tools that people keep boards in.
// The file is the board: its head says how it is written, and Read refuses what does not keep to that, so that what the
// board says of a card is either so or an error with its line.
package board

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// States are the board's columns, in the order in which a card goes through them.
var States = []string{"Backlog", "Next", "Doing", "Review", "Done"}

// Priorities are MoSCoW's.
var Priorities = []string{"Must", "Should", "Could", "Won't"}

// points are the estimates that there are: beyond 13 a card is cut.
var points = []int{1, 2, 3, 5, 8, 13}

// limits bound how many cards may be in a column at once.
var limits = map[string]int{"Doing": 12, "Review": 8}

// Board is the whole board.
type Board struct {
	Title string
	Epics []Epic
	Cards []*Card // in the file's order
}

// Epic is a part of the product that cards belong to.
type Epic struct{ Key, Title string }

// Card is a user story.
type Card struct {
	ID       string // the epic's key and a number: GEN-1
	Title    string
	Epic     Epic
	State    string    // one of States
	Since    time.Time // the day from which it is in that state
	Priority string    // one of Priorities
	Points   int
	Story    string // As a … I want … so that ….
	Note     string // what else there is to know
	Criteria []Item // of acceptance
	Tasks    []Item
	Line     int
}

// Item is a line of a checklist. Links are what shows it.
type Item struct {
	Text  string
	Done  bool
	Links []Link
	Line  int
}

// Link is a Markdown link; its target is relative to the board's file.
type Link struct{ Text, Target string }

var (
	epicLine = regexp.MustCompile(`^## ([A-Z]+): (.+)$`)
	cardLine = regexp.MustCompile(`^### ([A-Z]+)-([1-9][0-9]*) (.+)$`)
	itemLine = regexp.MustCompile(`^- \[([ x])\] (.+)$`)
	story    = regexp.MustCompile(`^As an? .+ I want .+ so that .+\.$`)
	// LinkText finds the links of a text: what is shown and where it leads.
	LinkText = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]+)\)`)
)

// Read reads the board. The error holds every mistake with its line and what to write instead.
func Read(name string, source []byte) (*Board, error) {
	r := reader{name: name, board: new(Board)}
	for i, line := range strings.Split(string(source), "\n") {
		r.read(i+1, strings.TrimRight(line, " "))
	}
	r.check()
	if r.errs == nil && !strings.Contains(string(source), r.board.Glance()) {
		r.wrong(1, "the table at its top is not that of its cards: write\n\n%s", r.board.Glance())
	}
	if r.errs != nil {
		return nil, errors.Join(r.errs...)
	}
	return r.board, nil
}

// reader goes through the file line by line.
type reader struct {
	name  string
	board *Board
	card  *Card
	into  *[]Item // the checklist that items belong to
	text  *string // the paragraph that a line goes on
	errs  []error
}

func (r *reader) wrong(line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: "+format, append([]any{r.name, line}, args...)...))
}

func (r *reader) read(n int, line string) {
	switch {
	case strings.HasPrefix(line, "# ") && r.board.Title == "":
		r.board.Title = line[2:]
	case strings.HasPrefix(line, "## "):
		r.epic(n, line)
	case strings.HasPrefix(line, "### "):
		r.begin(n, line)
	case r.card == nil: // the head, and what is said of an epic
	case line == "":
		r.text = nil
	case strings.HasPrefix(line, "- "):
		r.item(n, line)
	case strings.HasPrefix(line, "  ") && r.text != nil: // a long item goes on
		r.addLinks(line)
		*r.text += " " + strings.TrimSpace(line)
	case line == "Acceptance:":
		r.into, r.text = &r.card.Criteria, nil
	case line == "Tasks:":
		r.into, r.text = &r.card.Tasks, nil
	case r.card.State == "":
		r.state(n, line)
	case strings.HasPrefix(line, "As a"):
		r.text, r.into = &r.card.Story, nil
		*r.text = line
	case strings.HasPrefix(line, "Note: "):
		r.text, r.into = &r.card.Note, nil
		*r.text = strings.TrimPrefix(line, "Note: ")
	case r.text != nil && r.into == nil:
		*r.text += " " + line
	default:
		r.wrong(n, "%q is no part of a card: write its state, As a …, Acceptance:, Tasks:, Note: or an item", cut(line))
	}
}

func (r *reader) epic(n int, line string) {
	r.card, r.into, r.text = nil, nil, nil
	found := epicLine.FindStringSubmatch(line)
	if found == nil {
		if len(r.board.Epics) > 0 { // headings before the first epic belong to the head
			r.wrong(n, "%q is no epic: write ## KEY: title", cut(line))
		}
		return
	}
	r.board.Epics = append(r.board.Epics, Epic{found[1], found[2]})
}

func (r *reader) begin(n int, line string) {
	r.card, r.into, r.text = &Card{Line: n}, nil, nil
	found := cardLine.FindStringSubmatch(line)
	if found == nil || len(r.board.Epics) == 0 || found[1] != r.board.Epics[len(r.board.Epics)-1].Key {
		r.wrong(n, "%q is no card of its epic: write ### KEY-1 title, with the epic's key", cut(line))
		return
	}
	r.card.ID, r.card.Title, r.card.Epic = found[1]+"-"+found[2], found[3], r.board.Epics[len(r.board.Epics)-1]
	r.board.Cards = append(r.board.Cards, r.card)
}

// state reads the line below a card's title: Done 2026-11-22 · Must · 5 points.
func (r *reader) state(n int, line string) {
	r.card.State = "?" // so that the line is read once
	parts := strings.Split(line, " · ")
	if len(parts) != 3 {
		r.wrong(n, "%q does not say how the card stands: write state and day · priority · points, such as Doing 2026-01-31 · Must · 5 points", cut(line))
		return
	}
	state, day, _ := strings.Cut(parts[0], " ")
	since, err := time.Parse(time.DateOnly, day)
	if !slices.Contains(States, state) || err != nil {
		r.wrong(n, "%q is no state with its day: write one of %s and a day, such as Done 2026-01-31", cut(parts[0]), strings.Join(States, ", "))
	}
	if !slices.Contains(Priorities, parts[1]) {
		r.wrong(n, "%q is no priority: write one of %s", cut(parts[1]), strings.Join(Priorities, ", "))
	}
	estimate, _, _ := strings.Cut(parts[2], " point")
	count, err := strconv.Atoi(estimate)
	if err != nil || !slices.Contains(points, count) {
		r.wrong(n, "%q is no estimate: write 1, 2, 3, 5, 8 or 13 points, and cut what is more", cut(parts[2]))
	}
	r.card.State, r.card.Since, r.card.Priority, r.card.Points = state, since, parts[1], count
}

func (r *reader) item(n int, line string) {
	found := itemLine.FindStringSubmatch(line)
	if found == nil || r.into == nil {
		r.wrong(n, "%q is no item of a checklist: write - [ ] or - [x] below Acceptance: or Tasks:", cut(line))
		return
	}
	*r.into = append(*r.into, Item{Text: found[2], Done: found[1] == "x", Line: n})
	r.text = &(*r.into)[len(*r.into)-1].Text
	r.addLinks(line)
}

// addLinks adds a line's links to the last item, where there is one.
func (r *reader) addLinks(line string) {
	if r.into == nil { // a story or a note goes on
		return
	}
	item := &(*r.into)[len(*r.into)-1]
	for _, found := range LinkText.FindAllStringSubmatch(line, -1) {
		item.Links = append(item.Links, Link{found[1], found[2]})
	}
}

// check holds each card, and the board as a whole, to what they say.
func (r *reader) check() {
	if len(r.board.Cards) == 0 {
		r.wrong(1, "there is no card: write ## KEY: title, and below it ### KEY-1 title")
	}
	seen, count := map[string]int{}, map[string]int{}
	for _, c := range r.board.Cards {
		if first := seen[c.ID]; first > 0 {
			r.wrong(c.Line, "%s stands in line %d already: give the card the next number", c.ID, first)
		}
		seen[c.ID] = c.Line
		if count[c.State]++; limits[c.State] > 0 && count[c.State] == limits[c.State]+1 {
			r.wrong(c.Line, "more than %d cards are in %s: finish one first", limits[c.State], c.State)
		}
		if c.State == "" {
			r.wrong(c.Line, "%s does not say how it stands: write its state below its title", c.ID)
		}
		if !story.MatchString(c.Story) {
			r.wrong(c.Line, "%s has no story: write As a … I want … so that ….", c.ID)
		}
		if len(c.Criteria) == 0 {
			r.wrong(c.Line, "%s says not when it is done: write Acceptance: and its items", c.ID)
		}
		r.checkItems(c)
	}
}

// checkItems holds that what is ticked says what shows it, and that a card's state is that of its items.
func (r *reader) checkItems(c *Card) {
	for _, item := range c.Criteria {
		switch {
		case item.Done && len(item.Links) == 0:
			r.wrong(item.Line, "%s: the item is ticked and names nothing that shows it: write [TestName](../file_test.go) behind it", c.ID)
		case item.Done && (c.State == "Backlog" || c.State == "Next"):
			r.wrong(item.Line, "%s: the item is ticked and the card is in %s: move the card to Doing", c.ID, c.State)
		}
	}
	for _, item := range append(slices.Clone(c.Criteria), c.Tasks...) {
		if !item.Done && c.State == "Done" {
			r.wrong(item.Line, "%s is Done and the item is not: tick it, or move the card back", c.ID)
		}
	}
}

// cut shortens what is quoted in an error.
func cut(line string) string {
	if words := []rune(line); len(words) > 60 {
		return string(words[:60]) + "…"
	}
	return line
}

// Glance is the board in one table, as its file shows it above the cards.
func (b *Board) Glance() string {
	var table strings.Builder
	table.WriteString("| state | points | cards |\n|---|---|---|\n")
	for _, state := range States {
		sum, ids := 0, []string{}
		for _, c := range b.Cards {
			if c.State == state {
				sum, ids = sum+c.Points, append(ids, c.ID)
			}
		}
		fmt.Fprintf(&table, "| %s | %d | %s |\n", state, sum, strings.Join(ids, ", "))
	}
	return table.String()
}
