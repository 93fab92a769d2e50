// Package expr compiles the expressions of Verdictory's documents into closures and evaluates them.
//
// An expression is CEL (https://cel.dev), a subset without macros: cel-go parses and type-checks it against the fields
// that it may name, and this package turns the checked tree into typed closures that read a Frame of values. The
// closures keep CEL's meaning exactly: whole numbers that overflow and divisions by zero are errors, an int is never
// silently a number, && and || give their answer in spite of an error on the other side. What the closures do not know
// is refused when it is compiled, with the place and what to write instead. Evaluating comparisons and arithmetic
// allocates nothing.
//
// A program that gives a bool also knows its conditions: the comparisons that its && and || join, as the document
// writes them. FirstFailing evaluates it and says which condition failed first; Domain gives the values for which it
// holds, where its conditions compare fields with constants.
//
// The kinds are those of package policy: int, number (CEL's double), bool, text (string), date (timestamp, in whole
// days) and lists of one of these. Beyond operators, expressions know of CEL's functions size, int, double, string,
// startsWith, endsWith and contains, and these:
//
//	date("2025-04-01")      a date
//	year(date)              its year
//	years_between(from, to) whole years, as ages are counted: who is born on 29 February comes of age on 1 March
//	days_between(from, to)  days
//	add_years(date, n)      the same day n years on; 28 February for a 29th that is not
//	add_days(date, n)       the day n days on
//	min(a, b), max(a, b)    of two ints or two numbers
//	muldiv(a, b, c)         a × b / c as an int, rounded half away from zero, with no overflow on the way
//	ratio(a, b, decimals)   a / b as a number, rounded half away from zero to 0 to 6 decimals
package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"verdictory/policy"
)

// The limits on one expression, beside policy.MaxExpression. One that exceeds them is refused before it costs anything.
const (
	maxTokens = 1000 // words, numbers, texts and signs
	maxDepth  = 32   // brackets within brackets
	maxIssues = 20
)

// Var is a field or another value that expressions may name.
type Var struct {
	Name   string // driver.age, as_of, eligibility.decision
	Kind   policy.Kind
	Elem   policy.Kind // the kind of a List's values
	Labels []string    // the values that a String may take; empty for any. Comparing it with another one is an issue
}

// Env is the values that expressions may name, each with its slot in a Frame. It is immutable and safe for concurrent use.
type Env struct {
	vars    []Var
	slots   map[string]int
	members map[string][]string // the names behind the dot, by the name before it; "" for names without a dot
	checker *checker.Env
}

// NewEnv makes an Env in which vars[i] is slot i of the frame. A name is one or two words of letters, digits and
// underscores joined by a dot; the error names the one that is wrong, comes twice or is also an object's.
func NewEnv(vars []Var) (*Env, error) {
	e := &Env{vars: slices.Clone(vars), slots: map[string]int{}, members: map[string][]string{}}
	idents := make([]*decls.VariableDecl, len(vars))
	for i, v := range vars {
		object, member, dotted := strings.Cut(v.Name, ".")
		if !isName(object) || dotted && !isName(member) {
			return nil, fmt.Errorf("expr: %q is not a name", v.Name)
		}
		if _, twice := e.slots[v.Name]; twice {
			return nil, fmt.Errorf("expr: %s is declared twice", v.Name)
		}
		t, ok := celType(v.Kind, v.Elem)
		if !ok {
			return nil, fmt.Errorf("expr: %s has no type", v.Name)
		}
		if !dotted {
			object, member = "", object
		}
		e.slots[v.Name] = i
		e.members[object] = append(e.members[object], member)
		idents[i] = decls.NewVariable(v.Name, t)
	}
	for _, name := range e.members[""] {
		if e.members[name] != nil {
			return nil, fmt.Errorf("expr: %s is declared both as a value and as an object", name)
		}
	}
	var err error
	e.checker, err = checker.NewEnv(containers.DefaultContainer, types.NewEmptyRegistry())
	return e, errors.Join(err, e.checker.AddFunctions(declarations()...), e.checker.AddIdents(idents...))
}

// isName reports whether CEL reads s as an identifier.
func isName(s string) bool {
	tokens := scan(s)
	return len(tokens) == 1 && tokens[0].kind == word && tokens[0].end == len(s) && !reserved[s] && s[0] > '9'
}

// Vars gives the values that expressions may name, in slot order. The caller must not change them.
func (e *Env) Vars() []Var { return e.vars }

// Compile parses, checks and compiles an expression. Its issues carry the document's name, the field (rules[3].when,
// say), and the place: the expression's own plus that within its source.
func (e *Env) Compile(x policy.Expr, document, field string) (*Program, policy.Issues) {
	c := &compiler{env: e, source: x.Source, place: func(offset int, message string) policy.Issue {
		line, column := position(x.Source, offset)
		return policy.Issue{Document: document, Line: x.Line + line, Column: x.Column + column, Field: field, Message: message}
	}}
	checked := c.check()
	if c.issues != nil {
		return nil, c.issues
	}
	p := c.program(checked)
	if c.issues != nil {
		return nil, c.issues
	}
	return p, nil
}

// position gives how many lines and characters the byte offset lies behind the source's first character.
func position(source string, offset int) (line, column int) {
	before := source[:offset]
	line = strings.Count(before, "\n")
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// celParser is cel-go's hand-written parser: it reads hostile input in linear time, where the generated one warms up for
// milliseconds. && and || take any number of operands, in the order of the source. The oracle in the tests uses the other.
var celParser, _ = parser.NewParser(parser.EnablePrattParser(true), parser.EnableVariadicOperatorASTs(true), parser.EnableIdentEscapeSyntax(false))

// check gives the type-checked tree, or leaves issues.
func (c *compiler) check() *ast.AST {
	if !c.withinLimits() {
		return nil
	}
	source := common.NewTextSource(c.source)
	parsed, errs := celParser.Parse(source)
	if found := errs.GetErrors(); len(found) > 0 {
		c.syntaxIssue(found[0])
		return nil
	}
	c.info = parsed.SourceInfo()
	if c.names(parsed.Expr()); c.issues != nil {
		return nil
	}
	checked, errs := checker.Check(parsed, source, c.env.checker)
	for _, err := range errs.GetErrors() {
		c.mismatchIssue(checked, err)
	}
	return checked
}
