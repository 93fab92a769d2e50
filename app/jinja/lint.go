package jinja

import (
	"fmt"
	"slices"

	"github.com/nikolalohinski/gonja/v2/tokens"
)

// lint finds what a template must not hold, each finding with file and line: everything that escaping does not make safe,
// and everything that pages do without.
//
// Tags are extends, block, include, for, if, with and their ends; an expression is names, texts, whole numbers, comparisons,
// and, or, not. So there are no filters, tests, calls, sums, lists or parentheses: pages are formatted in Go. The HTML
// around them is read as a browser would read it, and a value may stand in text and in a quoted attribute only, see markup.
func lint(name, source string) []error {
	l := &linter{name: name, line: 1}
	stream := tokens.LexAll(source, settings())
	for !stream.End() {
		t := stream.Next()
		l.line = t.Line
		switch t.Type {
		case tokens.Data:
			l.data(t.Val)
		case tokens.VariableBegin:
			l.output(take(stream, tokens.VariableEnd))
		case tokens.BlockBegin:
			l.tag(take(stream, tokens.BlockEnd))
		}
	}
	if stream.IsError() {
		l.report("cannot be read: %s", stream.Current().Val)
	}
	if len(l.branches) > 0 {
		l.report("a tag is not closed")
	}
	if l.at != (spot{}) {
		l.report("the file ends inside %s", l.at)
	}
	return l.findings
}

// take reads the tokens up to the end of an expression or tag.
func take(stream *tokens.Stream, end tokens.Type) []*tokens.Token {
	var list []*tokens.Token
	for !stream.End() {
		t := stream.Next()
		if t.Type == end {
			break
		}
		list = append(list, t)
	}
	return list
}

type linter struct {
	name     string
	line     int
	findings []error
	markup
	branches []spot // where each open if, for and block began
}

func (l *linter) report(format string, args ...any) {
	l.findings = append(l.findings, fmt.Errorf("%s:%d: %s", l.name, l.line, fmt.Sprintf(format, args...)))
}

func (l *linter) data(text string) {
	for _, c := range text {
		if c == '\n' {
			l.line++
		}
		if finding := l.read(c); finding != "" {
			l.report("%s", finding)
		}
	}
}

// plain are the tokens of an expression.
var plain = []tokens.Type{
	tokens.Name, tokens.String, tokens.Integer, tokens.Dot, tokens.Equals, tokens.Ne, tokens.LowerThan, tokens.LowerThanOrEqual,
	tokens.GreaterThan, tokens.GreaterThanOrEqual, tokens.And, tokens.Or, tokens.Not,
}

func (l *linter) expression(list []*tokens.Token) {
	if len(list) == 0 {
		l.report("an expression is missing")
	}
	for _, t := range list {
		if !slices.Contains(plain, t.Type) {
			l.report("%q: write names, texts, numbers, comparisons, and, or, not; format in Go", t.Val)
		}
	}
}

func (l *linter) output(list []*tokens.Token) {
	l.expression(list)
	last := ""
	for _, t := range list {
		if last = t.Val; t.Type != tokens.Name && t.Type != tokens.Dot {
			last = "" // of a or b.url, either may be the value
			break
		}
	}
	if finding := l.value(last); finding != "" {
		l.report("%s", finding)
	}
}

func (l *linter) tag(list []*tokens.Token) {
	word, args := "", list
	if len(list) > 0 {
		word, args = list[0].Val, list[1:]
	}
	l.boundary()
	switch word {
	case "if":
		l.expression(args)
		l.branches = append(l.branches, l.at)
	case "elif":
		l.expression(args)
		l.same(word)
	case "else":
		l.none(word, args)
		l.same(word)
	case "endif", "endfor", "endblock", "endwith":
		l.none(word, args)
		l.same(word)
		l.branches = l.branches[:max(0, len(l.branches)-1)]
	case "for":
		if len(args) < 3 || args[0].Type != tokens.Name || args[1].Type != tokens.In {
			l.report("write {%% for name in name %%}")
			args = args[:0]
		}
		for _, t := range args[min(2, len(args)):] {
			if t.Type != tokens.Name && t.Type != tokens.Dot || t.Val == "if" || t.Val == "recursive" {
				l.report("%q: for takes one name to go through", t.Val)
			}
		}
		l.branches = append(l.branches, l.at)
	case "with":
		if len(args) < 3 || args[0].Type != tokens.Name || args[1].Type != tokens.Assign {
			l.report("write {%% with name = name %%}")
			args = args[:0]
		}
		for _, t := range args[min(2, len(args)):] {
			if t.Type != tokens.Name && t.Type != tokens.Dot {
				l.report("%q: with takes one name", t.Val)
			}
		}
		l.branches = append(l.branches, l.at)
	case "block":
		if len(args) != 1 || args[0].Type != tokens.Name {
			l.report("write {%% block name %%}")
		}
		l.text(word)
		l.branches = append(l.branches, l.at)
	case "include", "extends":
		if len(args) != 1 || args[0].Type != tokens.String {
			l.report("write {%% %s \"file.html\" %%}", word)
		}
		if word == "extends" && len(l.branches) > 0 {
			l.report("extends stands outside of every other tag")
		}
		l.text(word)
	default:
		l.report("tag %q is not used here: write extends, block, include, for, if or with", word)
	}
	if l.at.isURL() {
		l.report("a link is built in Go: no tag inside %s", l.at)
	}
}

func (l *linter) none(word string, args []*tokens.Token) {
	if len(args) > 0 {
		l.report("%s takes nothing", word)
	}
}

// same holds that each branch ends where the tag began: both ways through the template then make the same HTML.
func (l *linter) same(word string) {
	if len(l.branches) == 0 {
		l.report("%s without a beginning", word)
	} else if began := l.branches[len(l.branches)-1]; began != l.at {
		l.report("%s stands inside %s, but its beginning inside %s", word, l.at, began)
	}
}

func (l *linter) text(word string) {
	if l.at != (spot{}) {
		l.report("%s may not stand inside %s", word, l.at)
	}
}
