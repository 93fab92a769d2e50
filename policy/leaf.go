package policy

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The leaves of forms. Each knows its place; its zero value is a leaf that the document does not have.

// scalar is the text of a leaf. Its JSON is its canonical form.
type scalar struct {
	place
	text string
}

// MarshalJSON gives the text.
func (s scalar) MarshalJSON() ([]byte, error) { return json.Marshal(s.text) }

// take reads a YAML text, which may not be a number, truth value or date, and reports whether it is one.
func (s *scalar) take(r *reader, n *yaml.Node, path, write string) bool {
	s.place = placeOf(n)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		quotes := ""
		if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
			quotes = `, in quotes: "` + clip(n.Value) + `"`
		}
		r.bad(s.place, path, "is %s: write %s%s", describe(n), write, quotes)
		return false
	}
	s.text = n.Value
	return true
}

// The longest texts, in characters.
const (
	maxLine = 120
	maxText = 2000
)

// wording checks a text for people: not blank, not too long, without control characters but the line breaks allowed.
func (s *scalar) wording(r *reader, path string, longest int, breaks string) {
	length := utf8.RuneCountInString(s.text)
	s.text = strings.TrimSpace(s.text)
	switch {
	case s.text == "":
		r.bad(s.place, path, "is blank: write a text, or leave the key out")
	case length > longest:
		r.bad(s.place, path, "has %d characters: write at most %d", length, longest)
	case strings.ContainsFunc(s.text, func(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune(breaks, c) }):
		r.bad(s.place, path, "has a line break or control character: write it in one line")
	}
}

// line is a text for people in one line.
type line struct{ scalar }

func (l *line) read(r *reader, n *yaml.Node, path string) {
	if l.take(r, n, path, "a text") {
		l.wording(r, path, maxLine, "")
	}
}

// prose is a text for people, in one line or more.
type prose struct{ scalar }

func (p *prose) read(r *reader, n *yaml.Node, path string) {
	if p.take(r, n, path, "a text") {
		p.wording(r, path, maxText, "\n")
	}
}

// label is one of the texts that a field takes. A number or truth value is its own text.
type label struct{ scalar }

func (l *label) read(r *reader, n *yaml.Node, path string) {
	l.place = placeOf(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.bad(l.place, path, "is %s: write a text", describe(n))
		return
	}
	l.text = n.Value
	if l.wording(r, path, maxLine, ""); l.text != n.Value {
		r.bad(l.place, path, "has spaces around %q: leave them out", clip(l.text))
	}
}

// argument is a function's parameter: a text, taken as it is written. A number or truth value is its own text.
type argument struct{ scalar }

func (a *argument) read(r *reader, n *yaml.Node, path string) {
	a.place = placeOf(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.bad(a.place, path, "is %s: write a text", describe(n))
		return
	}
	if a.text = n.Value; utf8.RuneCountInString(a.text) > maxText {
		r.bad(a.place, path, "has %d characters: write at most %d", utf8.RuneCountInString(a.text), maxText)
	}
}

// name is the name of an object, a field or an output.
type name struct{ scalar }

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (s *name) read(r *reader, n *yaml.Node, path string) {
	if !s.take(r, n, path, "a name") {
		return
	}
	if !namePattern.MatchString(s.text) {
		r.bad(s.place, path, "cannot be %q: write a to z, 0 to 9 and _, beginning with a letter, at most 40 characters", clip(s.text))
	}
	r.word(s.place, path, s.text, reservedWords)
}

// reservedWords are CEL's, which no name may be.
var reservedWords = []string{
	"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
	"namespace", "null", "package", "return", "true", "var", "void", "while",
}

// id is the name of a decision or a rule.
type id struct{ scalar }

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func (s *id) read(r *reader, n *yaml.Node, path string) {
	if s.take(r, n, path, "an id") && !idPattern.MatchString(s.text) {
		r.bad(s.place, path, "cannot be %q: write a to z, 0 to 9 and -, at most 40 characters", clip(s.text))
		s.text = ""
	}
}

// link is an address on the web.
type link struct{ scalar }

func (s *link) read(r *reader, n *yaml.Node, path string) {
	if !s.take(r, n, path, "an address, such as https://www.gov.uk") {
		return
	}
	u, err := url.Parse(s.text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(s.text) > maxText {
		r.bad(s.place, path, "%q is no address on the web: write one, such as https://www.gov.uk", clip(s.text))
	}
}

// number is a decimal number.
type number struct {
	scalar
	value float64
}

var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$`)

func (s *number) read(r *reader, n *yaml.Node, path string) {
	s.place = placeOf(n)
	value, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" && n.Tag != "!!float" || !decimal.MatchString(n.Value) || err != nil {
		r.bad(s.place, path, "is %s: write a number, such as 2 or 0.5", describeValue(n))
		return
	}
	s.text, s.value = n.Value, value
}

// MarshalJSON gives the number, however it is written.
func (s number) MarshalJSON() ([]byte, error) { return json.Marshal(s.value) }

// describeValue says what a scalar is with its text.
func describeValue(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return strconv.Quote(clip(n.Value))
	}
	return describe(n)
}

// day is a date.
type day struct {
	scalar
	value Value
}

func (s *day) read(r *reader, n *yaml.Node, path string) {
	s.place = placeOf(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.bad(s.place, path, "is %s: write a date, such as 2025-04-01", describe(n))
		return
	}
	value, err := ParseDate(n.Value)
	if err != nil {
		r.bad(s.place, path, "%s", err)
		return
	}
	s.text, s.value = n.Value, value
}

// expression is a CEL expression. A YAML number, truth value or date is the CEL literal of it; a date is one in quotes
// too, since nobody means the difference of three numbers by it.
type expression struct{ scalar }

var isoDate = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

func (s *expression) read(r *reader, n *yaml.Node, path string) {
	s.place = r.textPlace(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.bad(s.place, path, "is %s: write an expression, such as age - 17", describe(n))
		return
	}
	s.text = strings.TrimRight(n.Value, " \t\r\n")
	switch {
	case len(n.Value) > MaxExpression:
		r.bad(s.place, path, "has %d bytes: write an expression of at most %d", len(n.Value), MaxExpression)
	case strings.TrimSpace(s.text) == "":
		r.bad(s.place, path, "is blank: write an expression, or leave the key out")
	case n.Tag == "!!bool":
		s.text = strings.ToLower(s.text)
	case n.Tag == "!!timestamp" || isoDate.MatchString(s.text):
		if _, err := ParseDate(s.text); err != nil {
			r.bad(s.place, path, "%s", err)
		}
		s.text = `date("` + s.text + `")`
	case (n.Tag == "!!int" || n.Tag == "!!float") && !decimal.MatchString(s.text):
		r.bad(s.place, path, "%q is not a number of the expression language: write it in plain decimals", clip(s.text))
	}
}

// textPlace gives the place of a scalar's first character, behind its quote or below its | or >.
func (r *reader) textPlace(n *yaml.Node) place {
	at := placeOf(n)
	switch {
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		at.column++
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		at.line++
		own := len(n.Value) - len(strings.TrimLeft(n.Value, " ")) // spaces that are the text's, not the block's
		at.column = r.indent(at.line) - own + 1
	}
	return at
}

// Expr gives the expression with its place.
func (s expression) Expr() Expr { return Expr{Source: s.text, Line: s.line, Column: s.column} }

// weights is a table of labels and their weights: a mapping, or a list of labels that weigh the same.
type weights struct {
	place
	choices []Choice
	places  []place // of each choice
}

func (w *weights) read(r *reader, n *yaml.Node, path string) {
	w.place = placeOf(n)
	switch {
	case n.Kind == yaml.ScalarNode:
		r.bad(w.place, path, "is %s: write labels with their weights, such as {petrol: 3, diesel: 2}", describe(n))
	case len(n.Content) == 0:
		r.bad(w.place, path, "is empty: write at least one label")
	case n.Kind == yaml.SequenceNode:
		w.list(r, n, path)
	default:
		w.mapping(r, n, path)
	}
	w.choices = atMost(r, w.place, path, w.choices, MaxChoices)
}

func (w *weights) mapping(r *reader, n *yaml.Node, path string) {
	r.entries(n, path, func(key, value *yaml.Node) {
		var l label
		var weight number
		l.read(r, key, path)
		path := join(path, key.Value)
		if weight.read(r, value, path); weight.text != "" && weight.value <= 0 {
			r.bad(weight.place, path, "has the weight %s: write one above 0, or leave the label out", clip(weight.text))
		}
		w.choices = append(w.choices, Choice{l.text, weight.value})
		w.places = append(w.places, l.place)
	})
}

func (w *weights) list(r *reader, n *yaml.Node, path string) {
	seen := map[string]bool{}
	for i, item := range n.Content {
		var l label
		if l.read(r, item, indexed(path, i)); seen[l.text] && l.text != "" {
			r.bad(l.place, path, "has %q twice: write it once", clip(l.text))
		}
		seen[l.text] = true
		w.choices = append(w.choices, Choice{l.text, 1})
		w.places = append(w.places, l.place)
	}
}

// MarshalJSON gives the labels with their weights, in order. The struct is Choice as digests know it, whatever becomes
// of Choice.
func (w weights) MarshalJSON() ([]byte, error) {
	type canonical struct {
		Label  string
		Weight float64
	}
	list := make([]canonical, len(w.choices))
	for i, c := range w.choices {
		list[i].Label, list[i].Weight = c.Label, c.Weight
	}
	return json.Marshal(list)
}

// table is what a field is drawn from under one label of another field: weights for a choice, a probability for a bool.
type table struct {
	place
	weights     weights
	probability number
}

func (t *table) read(r *reader, n *yaml.Node, path string) {
	t.place = placeOf(n)
	if n.Kind == yaml.ScalarNode {
		t.probability.read(r, n, path)
		return
	}
	t.weights.read(r, n, path)
}

// MarshalJSON gives the weights or the probability.
func (t table) MarshalJSON() ([]byte, error) {
	if t.probability.line > 0 {
		return json.Marshal(t.probability)
	}
	return json.Marshal(t.weights)
}

// word is one of the words that its form's enum names.
type word struct{ scalar }

func (s *word) read(r *reader, n *yaml.Node, path string) { s.take(r, n, path, "a word") }

// whole is a whole number from 0.
type whole struct {
	scalar
	value int
}

func (s *whole) read(r *reader, n *yaml.Node, path string) {
	s.place = placeOf(n)
	value, err := strconv.ParseUint(n.Value, 10, 16)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil {
		r.bad(s.place, path, "is %s: write a whole number", describeValue(n))
		return
	}
	s.text, s.value = n.Value, int(value)
}

// MarshalJSON gives the number, however it is written.
func (s whole) MarshalJSON() ([]byte, error) { return json.Marshal(s.value) }
