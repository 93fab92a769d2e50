package board

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// small is a board with a card in three states.
const small = `# A board

How it is read.

| state | points | cards |
|---|---|---|
| Backlog | 8 | SEA-1 |
| Next | 0 |  |
| Doing | 3 | AIR-2 |
| Review | 0 |  |
| Done | 5 | AIR-1 |

## How it is written

A card has a state.

## AIR: Up in the air

What is above.

### AIR-1 Fly
Done 2026-01-31 · Must · 5 points

As a bird I want wings,
so that I can fly.

Acceptance:
- [x] It takes off: [TestTakeOff](../air/fly_test.go),
  also from water: [TestWater](../air/fly_test.go)
- [x] =1+1 is no formula: [TestSum](../air/sum_test.go)

Tasks:
- [x] feathers

Note: The wind
  is not ours.

### AIR-2 Land
Doing 2026-02-01 · Should · 3 points

As a bird I want feet, so that I can stand.

Acceptance:
- [ ] It lands softly

## SEA: Down in the sea

### SEA-1 Swim
Backlog 2026-02-02 · Won't · 8 points

As an osprey I want to dive, so that I can eat.

Acceptance:
- [ ] It comes up again
`

func read(t *testing.T, source string) *Board {
	t.Helper()
	b, err := Read("board.md", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRead(t *testing.T) {
	b := read(t, small)
	air := Epic{"AIR", "Up in the air"}
	if diff := cmp.Diff([]Epic{air, {"SEA", "Down in the sea"}}, b.Epics); diff != "" || b.Title != "A board" || len(b.Cards) != 3 {
		t.Errorf("%q has %d cards and other epics: %s", b.Title, len(b.Cards), diff)
	}
	want := &Card{
		ID: "AIR-1", Title: "Fly", Epic: air, State: "Done", Since: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), Priority: "Must", Points: 5,
		Story: "As a bird I want wings, so that I can fly.", Note: "The wind is not ours.", Line: 21,
		Criteria: []Item{
			{"It takes off: [TestTakeOff](../air/fly_test.go), also from water: [TestWater](../air/fly_test.go)", true,
				[]Link{{"TestTakeOff", "../air/fly_test.go"}, {"TestWater", "../air/fly_test.go"}}, 28},
			{"=1+1 is no formula: [TestSum](../air/sum_test.go)", true, []Link{{"TestSum", "../air/sum_test.go"}}, 30},
		},
		Tasks: []Item{{Text: "feathers", Done: true, Line: 33}},
	}
	if diff := cmp.Diff(want, b.Cards[0]); diff != "" {
		t.Error(diff)
	}
}

// Each mistake has its line and says what to write. The board is the small one with one text replaced by another.
func TestReadRefuses(t *testing.T) {
	const glance = "board.md:1: the table at its top is not that of its cards: write\n\n| state | points | cards |"
	for _, test := range []struct{ name, from, to, want string }{
		{"no card", small, "# A board\n", "board.md:1: there is no card: write ## KEY: title"},
		{"an epic without a key", "## SEA: Down", "## Down", `board.md:46: "## Down in the sea" is no epic: write ## KEY: title`},
		{"a card of another epic", "### SEA-1", "### AIR-3", `board.md:48: "### AIR-3 Swim" is no card of its epic: write ### KEY-1 title`},
		{"a card before the epics", "## AIR: Up in the air", "", "is no card of its epic"},
		{"a card without a number", "### AIR-2 Land", "### Land", `board.md:38: "### Land" is no card of its epic`},
		{"a number twice", "### AIR-2", "### AIR-1", "board.md:38: AIR-1 stands in line 21 already: give the card the next number"},
		{"no state", "Doing 2026-02-01 · Should · 3 points\n", "", "board.md:38: AIR-2 has no story"},
		{"nothing below a card", small[strings.Index(small, "Backlog 2026"):], "", "board.md:48: SEA-1 does not say how it stands: write its state below its title"},
		{"half a state", "Doing 2026-02-01 · Should", "Doing 2026-02-01", `board.md:39: "Doing 2026-02-01 · 3 points" does not say how the card stands: write state and day · priority · points`},
		{"an unknown state", "Doing 2026", "Started 2026", `board.md:39: "Started 2026-02-01" is no state with its day: write one of Backlog, Next, Doing, Review, Done and a day`},
		{"a day that is none", "2026-02-01", "2026-02-30", "is no state with its day"},
		{"an unknown priority", "Should", "Shall", `board.md:39: "Shall" is no priority: write one of Must, Should, Could, Won't`},
		{"an estimate that is too large", "8 points", "21 points", `board.md:49: "21 points" is no estimate: write 1, 2, 3, 5, 8 or 13 points`},
		{"an estimate that is no number", "8 points", "many points", `"many points" is no estimate`},
		{"no reason", "feet, so that I can stand.", "feet.", "board.md:38: AIR-2 has no story: write As a … I want … so that …."},
		{"no criteria", "Acceptance:\n- [ ] It lands softly", "", "board.md:38: AIR-2 says not when it is done: write Acceptance: and its items"},
		{"an item that is no checkbox", "- [ ] It lands softly", "- It lands softly", `board.md:44: "- It lands softly" is no item of a checklist: write - [ ] or - [x]`},
		{"an item outside of a list", "Acceptance:\n- [ ] It lands", "- [ ] It lands", "is no item of a checklist"},
		{"a line of nothing", "Acceptance:\n- [ ] It lands softly", "Accepted when it lands softly, which takes longer to say than fits", `board.md:43: "Accepted when it lands softly, which takes longer to say tha…" is no part of a card`},
		{"a tick without proof", ": [TestSum](../air/sum_test.go)", "", "board.md:30: AIR-1: the item is ticked and names nothing that shows it: write [TestName](../file_test.go) behind it"},
		{"a tick on what was not begun", "- [ ] It comes up again", "- [x] It comes up again: [TestUp](x_test.go)", "board.md:54: SEA-1: the item is ticked and the card is in Backlog: move the card to Doing"},
		{"done with an open criterion", "- [x] =1+1", "- [ ] =1+1", "board.md:30: AIR-1 is Done and the item is not: tick it, or move the card back"},
		{"done with an open task", "- [x] feathers", "- [ ] feathers", "board.md:33: AIR-1 is Done and the item is not"},
		{"a table that is not true", "| Done | 5 |", "| Done | 8 |", glance},
		{"no table", "| Backlog | 8 | SEA-1 |\n", "", glance},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := strings.Replace(small, test.from, test.to, 1)
			if source == small {
				t.Fatal("nothing was replaced")
			}
			if b, err := Read("board.md", []byte(source)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want %s", b, err, test.want)
			}
		})
	}
}

func TestColumnsHaveLimits(t *testing.T) {
	source := strings.Builder{}
	source.WriteString("# B\n## A: a\n")
	for i := range limits["Doing"] + 2 {
		source.WriteString("### A-1" + strings.Repeat("0", i) + " t\nDoing 2026-01-01 · Must · 1 point\nAs a b I want c so that d.\nAcceptance:\n- [ ] e\n")
	}
	_, err := Read("board.md", []byte(source.String()))
	if err == nil || strings.Count(err.Error(), "more than 12 cards are in Doing: finish one first") != 1 {
		t.Errorf("got %v", err)
	}
}

func TestCSVReadsBack(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(read(t, small).CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		columns,
		{"AIR-1 Fly", "Done", "Must", "5", "As a bird I want wings, so that I can fly.\n\nThe wind is not ours.", "Up in the air", "Up in the air, Must",
			"[x] It takes off: [TestTakeOff](../air/fly_test.go), also from water: [TestWater](../air/fly_test.go)\n[x] =1+1 is no formula: [TestSum](../air/sum_test.go)\n[x] feathers", "AIR-1", "2026-01-31"},
		{"AIR-2 Land", "Doing", "Should", "3", "As a bird I want feet, so that I can stand.", "Up in the air", "Up in the air, Should", "[ ] It lands softly", "AIR-2", "2026-02-01"},
		{"SEA-1 Swim", "Backlog", "Won't", "8", "As an osprey I want to dive, so that I can eat.", "Down in the sea", "Down in the sea, Won't", "[ ] It comes up again", "SEA-1", "2026-02-02"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "a=1": "a=1", " ": " ", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@A1": "'@A1", " =1": "' =1", "\u00a0=1": "'\u00a0=1", "\t=1": "'\t=1", "\r=1": "'\r=1", "＝1": "'＝1", "－1": "'－1",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q is written as %q, want %q", cell, got, want)
		}
	}
	b := read(t, strings.Replace(small, "Down in the sea", "=HYPERLINK(1)", 1))
	if rows := string(b.CSV()); strings.Contains(rows, ",=") || !strings.Contains(rows, "'=HYPERLINK(1)") {
		t.Errorf("a formula came through: %s", rows)
	}
}

// What importers of Trello's export ask of it: every id that is named is there, dates have milliseconds, lists and labels
// are complete, nothing is null but a card's due day.
func TestJSONIsTrellos(t *testing.T) {
	text := read(t, small).JSON()
	if again := read(t, small).JSON(); !bytes.Equal(text, again) {
		t.Error("two exports of one board differ")
	}
	if n := strings.Count(string(text), "null"); n != strings.Count(string(text), `"due": null`) || n != 3 {
		t.Errorf("%d values are null: %s", n, text)
	}
	var b trelloBoard
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	lists, labels, cards, items := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	for _, list := range b.Lists {
		lists[list.ID] = list.Name
	}
	for _, label := range b.Labels {
		labels[label.ID] = label.Name
	}
	for _, card := range b.Cards {
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", card.DateLastActivity); err != nil || lists[card.IDList] == "" {
			t.Errorf("%s: %v, list %q", card.Name, err, card.IDList)
		}
		for i, id := range card.IDLabels {
			if labels[id] == "" || card.Labels[i].ID != id {
				t.Errorf("%s: a label is not there", card.Name)
			}
		}
		cards[card.ID] = card.Name + " in " + lists[card.IDList]
	}
	for _, list := range b.Checklists {
		for _, item := range list.Items {
			items[cards[list.IDCard]+", "+list.Name] += item.State[:1]
		}
	}
	if diff := cmp.Diff(map[string]string{
		"AIR-1 Fly in Done, Acceptance": "cc", "AIR-1 Fly in Done, Tasks": "c", "AIR-2 Land in Doing, Acceptance": "i", "SEA-1 Swim in Backlog, Acceptance": "i",
	}, items); diff != "" {
		t.Error(diff)
	}
	if len(b.Lists) != len(States) || len(b.Actions) != len(b.Cards) || b.Name != "A board" || b.Prefs.PermissionLevel != "private" {
		t.Errorf("%d lists, %d actions, %+v", len(b.Lists), len(b.Actions), b.Prefs)
	}
}

func TestWrite(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "board.md")
	if err := os.WriteFile(file, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := Write(file, filepath.Join(folder, "build", "board"), &out, &errs); code != 0 || !strings.HasPrefix(out.String(), "3 cards in ") {
		t.Errorf("%d %s %s", code, &out, &errs)
	}
	for name, want := range map[string][]byte{"board.csv": read(t, small).CSV(), "board.json": read(t, small).JSON()} {
		if got, err := os.ReadFile(filepath.Join(folder, "build", "board", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(file, []byte("# nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ file, want string }{
		"a file that is not there":        {filepath.Join(folder, "none.md"), "none.md"},
		"a board with a mistake":          {file, "board.md:1: there is no card"},
		"a folder that cannot be made in": {"", "not a directory"},
	} {
		errs.Reset()
		target := filepath.Join(folder, "build", "board")
		if test.file == "" {
			test.file, target = filepath.Join(folder, "good.md"), filepath.Join(file, "board")
			if err := os.WriteFile(test.file, []byte(small), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if code := Write(test.file, target, &out, &errs); code != 1 || !strings.Contains(errs.String(), test.want) {
			t.Errorf("%s: %d %s", name, code, &errs)
		}
	}
}
