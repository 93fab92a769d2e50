package policy

import (
	"fmt"
	"strings"
)

// Issue is one thing wrong with a document or with an object: where, what, and what to write instead.
type Issue struct {
	Document string `json:"document,omitempty"` // who.yaml; empty for an object
	Line     int    `json:"line,omitempty"`     // from 1; 0 for an object
	Column   int    `json:"column,omitempty"`   // from 1, in characters; 0 for an object
	Field    string `json:"field,omitempty"`    // driver.age, or fields[3].min in a document
	Message  string `json:"message"`            // what is wrong and what to write instead
}

// String gives the issue as file:line:column: message, or field: message.
func (i Issue) String() string {
	switch {
	case i.Document != "" && i.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", i.Document, i.Line, i.Column, i.Message)
	case i.Document != "":
		return i.Document + ": " + i.Message
	case i.Field != "":
		return i.Field + ": " + i.Message
	}
	return i.Message
}

// Issues is everything that was found wrong; as an error it reads as one issue a line.
type Issues []Issue

// Error gives the issues, one a line.
func (is Issues) Error() string {
	lines := make([]string, len(is))
	for i, issue := range is {
		lines[i] = issue.String()
	}
	return strings.Join(lines, "\n")
}

// Err gives the issues as an error, nil where there are none.
func (is Issues) Err() error {
	if len(is) == 0 {
		return nil
	}
	return is
}

// near is how many letters a mistyped word may be away from what was meant, longest how many bytes it may have.
const (
	near    = 2
	longest = 64
)

// DidYouMean gives `: did you mean "x"?` for the candidate nearest to a mistyped word, or nothing where none is near.
func DidYouMean(word string, candidates []string) string {
	word = strings.ToLower(word)
	if len(word) > longest {
		return ""
	}
	best, distance := "", near+1
	for _, c := range candidates {
		if d := editDistance(word, strings.ToLower(c)); d < distance && d < len(c) {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

// suggestion is the word that was meant, or where none is near the words that may be written, worked out only when it
// is printed: a document with thousands of mistakes is told of few.
type suggestion struct {
	word       string
	candidates []string
}

func suggest(word string, candidates []string) suggestion { return suggestion{word, candidates} }

// String gives ": did you mean …?" or ": write one of …".
func (s suggestion) String() string {
	if question := DidYouMean(s.word, s.candidates); question != "" {
		return question
	}
	if len(s.candidates) == 0 {
		return ""
	}
	return ": write one of " + some(s.candidates)
}

// some lists words for a message, the first dozen where there are many.
func some(words []string) string {
	const dozen = 12
	if len(words) > dozen {
		return strings.Join(words[:dozen], ", ") + ", …"
	}
	return strings.Join(words, ", ")
}

// editDistance counts the letters to add, drop, change, or swap with the next, that make b of a, in bytes and where they
// are at most near; something greater where they are more. The word a has at most longest bytes. (It is the optimal
// string alignment distance; only the cells that lie that close to the diagonal are looked at.)
func editDistance(a, b string) int {
	if len(a)-len(b) > near || len(b)-len(a) > near {
		return near + 1
	}
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	var rows [3][longest + near + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		from, to := max(1, i-near), min(len(b), i+near)
		row[from-1] = i + from - 1 // the cells beside the band are far
		if to < len(b) {
			row[to+1] = i + to + 1
		}
		for j := from; j <= to; j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
