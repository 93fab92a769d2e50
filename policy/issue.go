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

// near is how many letters a mistyped word may be away from what was meant.
const near = 2

// DidYouMean gives `: did you mean "x"?` for the candidate nearest to a mistyped word, or nothing where none is near.
func DidYouMean(word string, candidates []string) string {
	best, distance := "", near+1
	if len(word) > 64 {
		return ""
	}
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(c)); d < distance && d < len(c) {
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

// editDistance is Levenshtein's distance in bytes where it is at most near, and something greater where it is more:
// only the cells that lie that close to the diagonal are looked at.
func editDistance(a, b string) int {
	if len(a)-len(b) > near || len(b)-len(a) > near {
		return near + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		from, to := max(0, i-near), min(len(b), i+near+1)
		diagonal := row[from]
		row[from] = i + 1
		for j := from; j < to; j++ {
			above := row[j+1]
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above+1, row[j]+1, diagonal+cost)
			diagonal = above
		}
	}
	return row[len(b)]
}
