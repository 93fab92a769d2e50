package policy

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parse gives the root of the document's one YAML document, nil where it is not to be read.
func (r *reader) parse() *yaml.Node {
	if len(r.source) > MaxDocument {
		r.bad(place{1, 1}, "", "has more than %d bytes: write fewer", MaxDocument)
		return nil
	}
	if !utf8.Valid(r.source) {
		r.bad(r.invalidUTF8(), "", "is not UTF-8 here: save it in UTF-8")
		return nil
	}
	feed := &feed{rest: r.source}
	decoder := yaml.NewDecoder(feed)
	var first, second yaml.Node
	err := decoder.Decode(&first)
	if errors.Is(err, io.EOF) {
		r.bad(place{1, 1}, "", "is empty: write its keys and values")
		return nil
	}
	if err == nil {
		err = decoder.Decode(&second)
	}
	switch {
	case err == nil:
		r.bad(placeOf(&second), "", "is followed by a second one: write one document a file, without ---")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err, feed.lines)
		return nil
	}
	root := first.Content[0]
	r.plain(root, 0)
	if r.issues != nil {
		return nil
	}
	return root
}

// feed gives the YAML parser a line at a time, so that the line in which it stops is known.
type feed struct {
	rest   []byte
	within bool // a line is given in part
	lines  int  // given, the last perhaps in part
}

// Read gives the next line, or as much of it as there is room for.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		return 0, io.EOF
	}
	if !f.within {
		f.lines++
	}
	line := f.rest
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end+1]
	}
	n := copy(p, line)
	f.rest, f.within = f.rest[n:], n < len(line)
	return n, nil
}

// syntax notes an error of the YAML parser, which had the given number of lines when it stopped. It looks ahead by a
// line or two, and the line in its own message is where the block around the error begins, so the place is found by
// trial: the last line of the shortest beginning of the document that fails in the same way.
func (r *reader) syntax(err error, lines int) {
	const ahead = 3
	for range ahead {
		var n yaml.Node
		shorter := bytes.Join(bytes.SplitAfterN(r.source, []byte{'\n'}, lines)[:lines-1], nil)
		if again := yaml.NewDecoder(bytes.NewReader(shorter)).Decode(&n); again == nil || again.Error() != err.Error() {
			break
		}
		lines--
	}
	message := yamlPrefix.ReplaceAllString(err.Error(), "")
	advice, ok := yamlAdvice[message]
	if !ok {
		advice = message + ": write a text that YAML could take for something else in quotes"
	}
	r.bad(place{lines, r.indent(lines) + 1}, "", "is not YAML here: %s", advice)
}

var yamlPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

const (
	closeBracket = "a [ or { has no end, or a comma is missing"
	useSpaces    = "a tab stands where spaces belong: indent with spaces"
)

// yamlAdvice says what to write, for the parser's commonest messages.
var yamlAdvice = map[string]string{
	"mapping values are not allowed in this context":               "a key stands where none can: indent it as the keys above, and put a text with a colon in quotes",
	"block sequence entries are not allowed in this context":       "a list begins in the middle of a line: begin it on the next",
	"did not find expected key":                                    "this does not continue the keys above: indent it as they are, and put a text that begins with a quote wholly in quotes",
	"did not find expected '-' indicator":                          "this does not continue the list above: begin with a dash in the same column",
	"could not find expected ':'":                                  "a key has no colon behind it: write key: value",
	"found unexpected end of stream":                               "a quote has no end: close it",
	"did not find expected ',' or ']'":                             closeBracket,
	"did not find expected ',' or '}'":                             closeBracket,
	"did not find expected node content":                           closeBracket,
	"found character that cannot start any token":                  "a text cannot begin with this character: put it in quotes, and indent with spaces, not tabs",
	"found a tab character that violates indentation":              useSpaces,
	"found a tab character where an indentation space is expected": useSpaces,
	"exceeded max depth of 10000":                                  "lists and mappings are nested without end: no document needs that",
	"control characters are not allowed":                           "it has a control character: leave it out",
}

// invalidUTF8 gives the place of the first byte that is not UTF-8.
func (r *reader) invalidUTF8() place {
	valid := r.source
	for {
		c, size := utf8.DecodeRune(valid)
		if c == utf8.RuneError && size <= 1 {
			break
		}
		valid = valid[size:]
	}
	before := r.source[:len(r.source)-len(valid)]
	start := bytes.LastIndexByte(before, '\n') + 1
	return place{bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1}
}

// indent counts the spaces at the start of a line, which the document need not have: a block at its end may be empty.
func (r *reader) indent(line int) int {
	lines := bytes.SplitAfterN(r.source, []byte{'\n'}, line+1)
	if len(lines) < line {
		return 0
	}
	return len(lines[line-1]) - len(bytes.TrimLeft(lines[line-1], " "))
}

// plain notes what YAML can do and documents may not: anchors, aliases, tags, and nesting without end.
func (r *reader) plain(n *yaml.Node, depth int) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.bad(placeOf(n), "", "has an alias here: write the value itself, or put a text that begins with * in quotes")
		return
	case n.Anchor != "":
		r.bad(placeOf(n), "", "has an anchor here: leave out &%s, or put a text that begins with & in quotes", clip(n.Anchor))
	case n.Style&yaml.TaggedStyle != 0:
		r.bad(placeOf(n), "", "has a tag here: leave out %s, or put a text that begins with ! in quotes", clip(n.Tag))
	}
	if depth == maxDepth {
		r.bad(placeOf(n), "", "is nested more than %d deep here: no document needs that", maxDepth)
		return
	}
	for _, child := range n.Content {
		r.plain(child, depth+1)
	}
}
