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

// DidYouMean gives `: did you mean "x"?` for the candidate nearest to a mistyped word, or nothing where none is near.
func DidYouMean(word string, candidates []string) string {
	best, distance := "", 3
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

// editDistance is Levenshtein's distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
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
