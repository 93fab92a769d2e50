package policy

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// What is not YAML is told with the line that breaks it and with what to write.
func TestSyntaxErrorsHaveTheirLine(t *testing.T) {
	const (
		notYAML = "the document is not YAML here: "
		key     = notYAML + "a key stands where none can: indent it as the keys above, and put a text with a colon in quotes"
		keys    = notYAML + "this does not continue the keys above: indent it as they are, and put a text that begins with a quote wholly in quotes"
		start   = notYAML + "a text cannot begin with this character: put it in quotes, and indent with spaces, not tabs"
		bracket = notYAML + "a [ or { has no end, or a comma is missing"
		quote   = notYAML + "a quote has no end: close it"
	)
	for _, c := range []struct{ name, source, want string }{
		{"colon in a text", "x: 1\na: b: c\n", "2:1: " + key},
		{"colon in the first line", "a: b: c\n", "1:1: " + key},
		{"indented too far", "x: 1\nb:\n  c: 1\n   d: 2\ne: 1\n", "4:4: " + key},
		{"indented too little", "x: 1\nb:\n  c: 1\n d: 2\ne: 1\n", "4:2: " + keys},
		{"text behind a quoted one", "x: 1\ny: 'a' b\nz: 1\n", "2:1: " + keys},
		{"key in a list", "x:\n  - a\n  b: 1\n", "3:3: " + notYAML + "this does not continue the list above: begin with a dash in the same column"},
		{"list in the middle of a line", "x: - a\n", "1:1: " + notYAML + "a list begins in the middle of a line: begin it on the next"},
		{"bracket without end", "x: 1\ny: [1, 2\nz: 3\nu: 4\n", "2:1: " + bracket},
		{"brace without end", "x: 1\ny: {a: 1\nz: 3\n", "2:1: " + bracket},
		{"bracket that closes nothing", "x: 1\ny: ]\nz: 3\n", "2:1: " + bracket},
		{"quote without end", "x: 1\ny: \"abc\nz: 3\nu: 4\n", "2:1: " + quote},
		{"tab for indentation", "x:\n\ty: 1\n", "2:1: " + start},
		{"percent sign", "x: 1\nz: %a\n", "2:1: " + start},
		{"key without colon", "a: 1\nb\n", "2:1: " + notYAML + "a key has no colon behind it: write key: value"},
		{"control character", "a: 1\nb: \x01\n", "2:1: " + notYAML + "it has a control character: leave it out"},
		{"line ends of Windows", "a: 1\r\nb: c: d\r\n", "2:1: " + key},
		{"in a second document", "a: 1\n---\nb: [\n", "3:1: " + bracket},
		{"unknown anchor", "a: 1\nb: *c\n", "2:1: " + notYAML + "unknown anchor 'c' referenced: write a text that YAML could take for something else in quotes"},
		{"nested without end", strings.Repeat("[", 20_000), "1:1: " + notYAML + "lists and mappings are nested without end: no document needs that"},
		{"not UTF-8", "a: 1\nb: £\xff\n", "2:5: the document is not UTF-8 here: save it in UTF-8"},
		{"cut UTF-8", "a: £\uFFFD\xe2\x82", "1:6: the document is not UTF-8 here: save it in UTF-8"},
		{"too large", strings.Repeat("#", MaxDocument+1), "1:1: the document has more than 65536 bytes: write fewer"},
		{"nothing", "", "1:1: the document is empty: write its keys and values"},
		{"comments alone", "# yaml\n\n", "1:1: the document is empty: write its keys and values"},
		{"null", "---\n", "2:1: the document is empty: write keys and values, key: value"},
		{"a text", "driver\n", "1:1: the document is a text: write keys and values, key: value"},
		{"a list", "- object: driver\n", "1:1: the document is a list: write keys and values, key: value"},
		{"two documents", "object: driver\n---\nobject: driver\n", "2:1: the document is followed by a second one: write one document a file, without ---"},
		{"anchor", "object: &a driver\n", `1:9: the document has an anchor here: leave out &a, or put a text that begins with & in quotes`},
		{"alias", "object: &a driver\nlabel: *a\n", "1:9: the document has an anchor here: leave out &a, or put a text that begins with & in quotes\n" +
			"who.yaml:2:8: the document has an alias here: write the value itself, or put a text that begins with * in quotes"},
		{"tag", "object: !!str driver\n", "1:9: the document has a tag here: leave out !!str, or put a text that begins with ! in quotes"},
		{"nested too deep", "fields: " + strings.Repeat("[", 17) + strings.Repeat("]", 17), "1:24: the document is nested more than 16 deep here: no document needs that"},
		{"empty block at the end", "object: a\nfields:\n- name: b\n  kind: value\n  type: int\n  value: |", "7:1: fields[0].value is blank: write an expression, or leave the key out"},
		{"lines that end as YAML has them", "object: a\rfields:\u0085- {name: b, kind: bool, probability: 2}\u2028", "3:38: fields[0] cannot have the probability 2: write a number from 0 to 1"},
		{"an empty block behind them", "object: a\rfields:\r- name: b\r  kind: value\r  type: int\r  value: |\r", "7:1: fields[0].value is blank: write an expression, or leave the key out"},
		{"key that is null", "~: 1\nobject: a\nfields: [{name: a, kind: bool, probability: 0}]", "1:1: the document has no key \"~\": write one of object, label, about, as_of, fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, issues := ParseObject("who.yaml", []byte(c.source))
			if got := issues.Error(); got != "who.yaml:"+c.want || doc != nil {
				t.Errorf("got  %s\nwant who.yaml:%s", got, c.want)
			}
		})
	}
}

func TestFeedGivesLinesAndCountsThem(t *testing.T) {
	const text = "one\ntwo, which is longer\n\nfour"
	if err := iotest.TestReader(&feed{rest: []byte(text)}, []byte(text)); err != nil {
		t.Error(err)
	}
	f := &feed{rest: []byte(text)}
	small := make([]byte, 8)
	for i, want := range []struct {
		text  string
		lines int
	}{{"one\n", 1}, {"two, whi", 2}, {"ch is lo", 2}, {"nger\n", 2}, {"\n", 3}, {"four", 4}} {
		n, err := f.Read(small)
		if err != nil || string(small[:n]) != want.text || f.lines != want.lines {
			t.Errorf("read %d gives %q of line %d (%v), want %q of line %d", i, small[:n], f.lines, err, want.text, want.lines)
		}
	}
	if n, err := f.Read(small); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the end gives %d, %v", n, err)
	}
}

func TestIssuesAreToldInOrderAndNotWithoutEnd(t *testing.T) {
	source := "object: Driver\nfields: []\n" + strings.Repeat("a: 1\n", 300) + "label: 1\n"
	_, issues := ParseObject("who.yaml", []byte(source))
	if len(issues) != maxIssues {
		t.Fatalf("%d issues, want %d", len(issues), maxIssues)
	}
	for i := 1; i < len(issues); i++ {
		if issues[i].Line < issues[i-1].Line {
			t.Errorf("line %d is told after line %d", issues[i].Line, issues[i-1].Line)
		}
	}
	if last := issues[maxIssues-1].Message; !strings.HasSuffix(last, "; there may be more, these are the first 100 found") {
		t.Errorf("the last issue is %q", last)
	}
}
