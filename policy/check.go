package policy

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What the checks of several documents share.

// orName gives the label, or without one the name as people read it: date_of_birth as Date of birth.
func orName(l line, name string) string {
	if l.text != "" {
		return l.text
	}
	name = strings.NewReplacer("_", " ", "-", " ").Replace(name)
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// free notes a field's name that an earlier column has.
func (r *reader) free(n name, path string, earlier *Shape) {
	if n.text != "" && earlier.Index(n.text) >= 0 {
		r.bad(n.place, join(path, "name"), "%q is the name of an earlier field: write another", clip(n.text))
	}
}

// topNames are what expressions know by themselves: the name of an object or decision would hide them.
var topNames = []string{
	"as_of", "bool", "bytes", "double", "duration", "dyn", "google", "int", "list", "map", "null_type", "string", "timestamp", "type", "uint",
}

// word notes a name that is one of the words given, which mean something else in expressions.
func (r *reader) word(at place, path, name string, words []string) {
	if slices.Contains(words, name) {
		r.bad(at, path, "cannot be %q, which is a word of the expression language: write another name", name)
	}
}

// decimals notes decimals of what is no int, and too many of them.
func (r *reader) decimals(d whole, path string, kind Kind) {
	switch {
	case d.line == 0:
	case kind != Int:
		r.bad(d.place, path, "has decimals and is no int: leave them out; they say that an int counts parts of its unit")
	case d.value > 6:
		r.bad(d.place, path, "has %d decimals: write at most 6", d.value)
	}
}

var typeKinds = map[string]Kind{"int": Int, "number": Number, "bool": Bool, "text": String, "date": Date}

// typeOf gives the kind of a type as documents write it, and of a list the kind of its values.
func typeOf(text string) (kind, elem Kind) {
	if of, ok := strings.CutPrefix(text, "list of "); ok {
		return List, typeKinds[of]
	}
	return typeKinds[text], Absent
}

// digestOf gives the sha256 of a form's canonical JSON. A form holds no float that is not finite, so marshalling it cannot fail.
func digestOf(form any) Digest {
	canonical, _ := json.Marshal(form)
	return Digest(fmt.Sprintf("%x", sha256.Sum256(canonical)))
}
