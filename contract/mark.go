package contract

import (
	"fmt"
	"strings"
)

// Mark says of one field of a case that its value is none that the generator gives beside the case's other values. Only
// a value that a person or a program chose can have one. A case with a mark is exported with it.
type Mark struct {
	Kind  MarkKind
	Field string // driver.age
}

// MarkKind says what is the matter with a field.
type MarkKind string

// The kinds of a mark.
const (
	// OutOfRange: a drawn field's value lies outside what its document draws it from: its min, max or step, its labels,
	// or the table of the field that it is given by.
	OutOfRange MarkKind = "out-of-range"
	// BrokenLink: a computed field (kind value) was given another value than its expression has.
	BrokenLink MarkKind = "broken-link"
)

// String gives kind:field, out-of-range:driver.age.
func (m Mark) String() string { return string(m.Kind) + ":" + m.Field }

// MarshalText gives kind:field.
func (m Mark) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMark reads.
func (m *Mark) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMark(string(text))
	return err
}

// ParseMark reads kind:field.
func ParseMark(text string) (Mark, error) {
	kind, field, _ := strings.Cut(text, ":")
	mark := Mark{MarkKind(kind), field}
	if field == "" || mark.Kind != OutOfRange && mark.Kind != BrokenLink {
		return Mark{}, fmt.Errorf("mark %q: write out-of-range or broken-link, a colon and the field, such as out-of-range:driver.age", text)
	}
	return mark, nil
}
