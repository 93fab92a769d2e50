package policy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The limits of a document.
const (
	MaxDocument   = 64 << 10 // bytes
	MaxExpression = 4 << 10  // bytes
	MaxFields     = 64       // of an object or a verdict
	MaxDecisions  = 32
	MaxRules      = 256  // in all decisions of a document
	MaxChoices    = 1000 // of one table
	MaxExamples   = 500
	maxOutputs    = 16  // of a decision
	maxValues     = 100 // of an output, or of the outcome
	maxIssues     = 100 // that are told of one document
	maxDepth      = 16  // of nested lists and mappings; the deepest that a document needs is 7
)

// place is where something is written: line and column from 1, the column in characters.
type place struct{ line, column int }

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// reader reads one document into a form, collecting what is wrong with it.
type reader struct {
	document string
	source   []byte
	issues   Issues
}

// full reports that no more issues are told.
func (r *reader) full() bool { return len(r.issues) >= maxIssues }

// bad notes an issue about what stands at the path, which begins the message.
func (r *reader) bad(at place, path, format string, args ...any) {
	if r.full() {
		return
	}
	subject := path
	if subject == "" {
		subject = "the document"
	}
	r.issues = append(r.issues, Issue{
		Document: r.document, Line: at.line, Column: at.column, Field: path,
		Message: subject + " " + fmt.Sprintf(format, args...),
	})
}

// done gives the issues in the order of their places, nil where there are none.
func (r *reader) done() Issues {
	slices.SortStableFunc(r.issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if r.full() {
		r.issues[maxIssues-1].Message += fmt.Sprintf("; there may be more, these are the first %d found", maxIssues)
	}
	return r.issues
}

// readForm reads a document into a form, a pointer to one of the structs of forms.go.
func readForm(document string, source []byte, form any) *reader {
	r := &reader{document: document, source: source}
	if root := r.parse(); root != nil {
		r.value(root, "", reflect.ValueOf(form).Elem())
	}
	return r
}

// readable is a form's leaf: it reads itself from a node.
type readable interface {
	read(r *reader, n *yaml.Node, path string)
}

// value reads a node into a form's part: a leaf by itself, a struct as a mapping.
func (r *reader) value(n *yaml.Node, path string, into reflect.Value) {
	if leaf, ok := into.Addr().Interface().(readable); ok {
		leaf.read(r, n, path)
		return
	}
	r.mapping(n, path, into, "")
}

// mapping reads a mapping into a struct: its fields' json tags are the keys. Of the fields with a kinds tag only those
// that name the kind are keys.
func (r *reader) mapping(n *yaml.Node, path string, into reflect.Value, kind FieldKind) {
	keys := keysOf(into.Type(), kind)
	seen := map[string]bool{}
	r.entries(n, path, func(key, value *yaml.Node) {
		i := indexKey(keys, key.Value)
		if i < 0 {
			what := ""
			if kind != "" {
				what = fmt.Sprintf(" (its kind is %s)", kind)
			}
			r.bad(placeOf(key), path, "has no key %q%s%s", clip(key.Value), what, suggest(key.Value, names(keys)))
			return
		}
		seen[key.Value] = true
		r.value(value, join(path, key.Value), into.Field(keys[i].index))
		if word, ok := into.Field(keys[i].index).Interface().(word); ok && word.text != "" && !slices.Contains(keys[i].words, word.text) {
			r.bad(word.place, join(path, key.Value), "cannot be %q%s", clip(word.text), suggest(word.text, keys[i].words))
		}
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	for _, k := range keys {
		if k.required && !seen[k.name] {
			r.bad(placeOf(n), path, "has no %s: write %s: %s", k.name, k.name, k.description)
		}
	}
}

// entries calls yield with each key and value of a mapping; what is no mapping, a key that is no word, and a key that
// comes twice are issues.
func (r *reader) entries(n *yaml.Node, path string, yield func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.bad(placeOf(n), path, "is %s: write keys and values, key: value", describe(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content) && !r.full(); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.bad(placeOf(key), path, "has %s for a key: write a word", describe(key))
		case seen[key.Value]:
			r.bad(placeOf(key), path, "has the key %q twice: write it once", clip(key.Value))
		default:
			seen[key.Value] = true
			yield(key, value)
		}
	}
}

// key is one key of a mapping.
type key struct {
	name, description string
	index             int
	required          bool
	words             []string // that the value may be, for a word
}

// keysOf gives the keys of a form's struct, in order.
func keysOf(t reflect.Type, kind FieldKind) []key {
	var keys []key
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		k := key{description: f.Tag.Get("jsonschema_description"), index: i}
		k.name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		for rule := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
			if word, ok := strings.CutPrefix(rule, "enum="); ok {
				k.words = append(k.words, word)
			}
			k.required = k.required || rule == "required"
		}
		if kinds, ok := f.Tag.Lookup("kinds"); ok && kind != "" {
			var takes bool
			if takes, k.required = takesKind(kinds, kind); !takes {
				continue
			}
		}
		keys = append(keys, k)
	}
	return keys
}

// takesKind reads a kinds tag: the field kinds that take the key, those that require it with an exclamation mark.
func takesKind(kinds string, kind FieldKind) (takes, required bool) {
	for word := range strings.FieldsSeq(kinds) {
		if name, must := strings.CutSuffix(word, "!"); name == string(kind) {
			return true, must
		}
	}
	return false, false
}

func indexKey(keys []key, name string) int {
	for i := range keys {
		if keys[i].name == name {
			return i
		}
	}
	return -1
}

func names(keys []key) []string {
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = keys[i].name
	}
	return names
}

// join and indexed give the path of a mapping's value and of a list's item.
func join(path, key string) string {
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// describe says what a node is, for messages.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	switch n.Tag {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a truth value"
	case "!!timestamp":
		return "a date"
	}
	return "a text"
}
