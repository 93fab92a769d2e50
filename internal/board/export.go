package board

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Write reads the board in a file and writes board.csv and board.json into a folder, which it makes. It tells out what it
// wrote, or errs what is wrong, and gives the exit code.
func Write(file, folder string, out, errs io.Writer) int {
	source, err := os.ReadFile(file)
	if err == nil {
		var b *Board
		if b, err = Read(file, source); err == nil {
			err = b.write(folder, out)
		}
	}
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

func (b *Board) write(folder string, out io.Writer) error {
	err := os.MkdirAll(folder, 0o755)
	for name, content := range map[string][]byte{"board.csv": b.CSV(), "board.json": b.JSON()} {
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), content, 0o644)
		}
	}
	if err == nil {
		fmt.Fprintf(out, "%d cards in %s\n", len(b.Cards), filepath.Join(folder, "board.csv")+" and board.json")
	}
	return err
}

// columns of the CSV. The first five carry the names of the fields that GitHub Projects has or suggests.
var columns = []string{"Title", "Status", "Priority", "Estimate", "Body", "Epic", "Labels", "Checklist", "ID", "Since"}

// CSV is the board as a table with a head, a row a card.
func (b *Board) CSV() []byte {
	var buffer bytes.Buffer
	w := csv.NewWriter(&buffer)
	rows := [][]string{columns}
	for _, c := range b.Cards {
		rows = append(rows, []string{c.ID + " " + c.Title, c.State, c.Priority, strconv.Itoa(c.Points), c.body(), c.Epic.Title,
			strings.Join([]string{c.Epic.Title, c.Priority}, ", "), checklist(slices.Concat(c.Criteria, c.Tasks)), c.ID, c.Since.Format(time.DateOnly)})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = harmless(row[i])
		}
		_ = w.Write(row) // a buffer takes everything
	}
	w.Flush()
	return buffer.Bytes()
}

// body is what stands on a card besides its checklists.
func (c *Card) body() string {
	body := c.Story
	if c.Note != "" {
		body += "\n\n" + c.Note
	}
	return body
}

func checklist(items []Item) string {
	var lines []string
	for _, item := range items {
		mark := "[ ] "
		if item.Done {
			mark = "[x] "
		}
		lines = append(lines, mark+item.Text)
	}
	return strings.Join(lines, "\n")
}

// harmless sets an apostrophe before what a spreadsheet would run, as package app/export does.
func harmless(cell string) string {
	if text := strings.TrimLeft(cell, " \u00a0"); text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + cell
	}
	return cell
}

// The shape of what Trello exports, as far as its importers read it.
type (
	trelloBoard struct {
		ID          string            `json:"id"`
		Name        string            `json:"name"`
		Desc        string            `json:"desc"`
		Closed      bool              `json:"closed"`
		Prefs       trelloPrefs       `json:"prefs"`
		Labels      []trelloLabel     `json:"labels"`
		Lists       []trelloList      `json:"lists"`
		Cards       []trelloCard      `json:"cards"`
		Checklists  []trelloChecklist `json:"checklists"`
		Actions     []trelloAction    `json:"actions"`
		Members     []struct{}        `json:"members"`
		Memberships []struct{}        `json:"memberships"`
		Fields      []struct{}        `json:"customFields"`
	}
	trelloPrefs struct {
		PermissionLevel string `json:"permissionLevel"`
		Background      string `json:"background"`
	}
	trelloLabel struct {
		ID      string `json:"id"`
		IDBoard string `json:"idBoard"`
		Name    string `json:"name"`
		Color   string `json:"color"`
	}
	trelloList struct {
		ID      string `json:"id"`
		IDBoard string `json:"idBoard"`
		Name    string `json:"name"`
		Closed  bool   `json:"closed"`
		Pos     int    `json:"pos"`
	}
	trelloCard struct {
		ID               string        `json:"id"`
		IDBoard          string        `json:"idBoard"`
		IDList           string        `json:"idList"`
		IDShort          int           `json:"idShort"`
		Name             string        `json:"name"`
		Desc             string        `json:"desc"`
		Closed           bool          `json:"closed"`
		Pos              int           `json:"pos"`
		Due              *string       `json:"due"`
		DateLastActivity string        `json:"dateLastActivity"`
		IDLabels         []string      `json:"idLabels"`
		Labels           []trelloLabel `json:"labels"`
		IDMembers        []string      `json:"idMembers"`
		IDChecklists     []string      `json:"idChecklists"`
		Attachments      []struct{}    `json:"attachments"`
	}
	trelloChecklist struct {
		ID      string       `json:"id"`
		IDBoard string       `json:"idBoard"`
		IDCard  string       `json:"idCard"`
		Name    string       `json:"name"`
		Pos     int          `json:"pos"`
		Items   []trelloItem `json:"checkItems"`
	}
	trelloItem struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		State string `json:"state"` // complete, incomplete
		Pos   int    `json:"pos"`
	}
	// trelloAction is a card's creation: importers take the card's first day from it.
	trelloAction struct {
		ID   string         `json:"id"`
		Type string         `json:"type"`
		Date string         `json:"date"`
		Data map[string]any `json:"data"`
	}
)

// colors are those that Trello has for labels.
var colors = []string{"green", "yellow", "orange", "red", "purple", "blue", "sky", "lime", "pink", "black"}

// idOf gives the id of something by its name: 24 hexadecimal digits, as Trello's are, and the same at every export.
func idOf(kind, name string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	return hex.EncodeToString(sum[:12])
}

// JSON is the board as Trello exports one: a list a state, a label for each epic, priority and estimate, two checklists a card.
func (b *Board) JSON() []byte {
	board := idOf("board", b.Title)
	all := trelloBoard{
		ID: board, Name: b.Title, Prefs: trelloPrefs{"private", "blue"}, Members: []struct{}{}, Memberships: []struct{}{}, Fields: []struct{}{},
	}
	for i, state := range States {
		all.Lists = append(all.Lists, trelloList{ID: idOf("list", state), IDBoard: board, Name: state, Pos: i + 1})
	}
	labels := map[string]trelloLabel{}
	label := func(name string) trelloLabel {
		found, ok := labels[name]
		if !ok {
			found = trelloLabel{ID: idOf("label", name), IDBoard: board, Name: name, Color: colors[len(labels)%len(colors)]}
			labels[name] = found
			all.Labels = append(all.Labels, found)
		}
		return found
	}
	for i, c := range b.Cards {
		card := trelloCard{
			ID: idOf("card", c.ID), IDBoard: board, IDList: idOf("list", c.State), IDShort: i + 1, Name: c.ID + " " + c.Title, Desc: c.body(), Pos: i + 1,
			DateLastActivity: c.Since.Format("2006-01-02T15:04:05.000Z"), IDMembers: []string{}, IDChecklists: []string{}, Attachments: []struct{}{},
		}
		for _, name := range []string{c.Epic.Title, c.Priority, fmt.Sprintf("%d points", c.Points)} {
			card.Labels = append(card.Labels, label(name))
			card.IDLabels = append(card.IDLabels, label(name).ID)
		}
		for j, list := range []struct {
			name  string
			items []Item
		}{{"Acceptance", c.Criteria}, {"Tasks", c.Tasks}} {
			if len(list.items) == 0 {
				continue
			}
			lines := trelloChecklist{ID: idOf("checklist", c.ID+list.name), IDBoard: board, IDCard: card.ID, Name: list.name, Pos: j + 1}
			for k, item := range list.items {
				state := "incomplete"
				if item.Done {
					state = "complete"
				}
				lines.Items = append(lines.Items, trelloItem{idOf("item", fmt.Sprint(c.ID, list.name, k)), item.Text, state, k + 1})
			}
			card.IDChecklists = append(card.IDChecklists, lines.ID)
			all.Checklists = append(all.Checklists, lines)
		}
		all.Cards = append(all.Cards, card)
		all.Actions = append(all.Actions, trelloAction{
			idOf("action", c.ID), "createCard", card.DateLastActivity, map[string]any{"card": map[string]string{"id": card.ID, "name": card.Name}},
		})
	}
	text, _ := json.MarshalIndent(all, "", "  ") // it holds nothing that has no JSON
	return append(text, '\n')
}
