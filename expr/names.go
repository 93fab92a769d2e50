package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"

	"verdictory/policy"
)

// words are what people write from habit, and what these expressions call it.
var words = map[string]string{
	"and": "&&", "or": "||", "not": "!", "=": "==", "===": "==", "<>": "!=", "=>": ">=", "=<": "<=", "!==": "!=",
	"“": `"`, "”": `"`, "‘": `"`, "’": `"`, "≤": "<=", "≥": ">=", "≠": "!=", "×": "*", "÷": "/", "–": "-", "−": "-", "if": "condition ? a : b",
}

// syntaxIssue says what the parser could not read. Only its first error counts: those behind it follow from it.
func (c *compiler) syntaxIssue(err *common.Error) {
	offset := c.locate(err.Location)
	message := strings.TrimPrefix(err.Message, "Syntax error: ")
	start, here := c.sign(offset)
	advice := words[strings.ToLower(here)]
	switch {
	case len(c.tokens) == 0:
		c.issue(0, "the expression is empty: write one, such as driver.age < 18")
	case strings.HasPrefix(message, "expression recursion limit"):
		c.issue(0, "the expression is nested too deeply: split it")
	case here == "" && strings.Contains(message, "EOF"):
		c.issue(offset, "the expression ends too early: something is missing behind %s", c.source[c.tokens[len(c.tokens)-1].start:])
	case advice != "":
		c.issue(start, "%s is not known here: write %s", here, advice)
	case strings.HasPrefix(message, "reserved identifier"):
		c.issue(offset, "%s cannot be a name: CEL keeps the word for itself", here)
	case strings.HasPrefix(message, "unexpected token"), message == "unexpected character":
		c.issue(offset, "%s is not expected here", here)
	default:
		c.issue(offset, "%s", message)
	}
}

// sign gives the token at an offset, "" at the end; with its neighbour where the two are one of words, or the neighbour
// alone where that is a not.
func (c *compiler) sign(offset int) (start int, sign string) {
	i := slices.IndexFunc(c.tokens, func(t token) bool { return t.end > offset })
	if i < 0 {
		return offset, ""
	}
	from, to := c.tokens[max(i-1, 0)], c.tokens[min(i+1, len(c.tokens)-1)]
	here := c.tokens[i]
	for _, both := range [][2]int{{from.start, here.end}, {here.start, to.end}, {from.start, from.end}} {
		if s := c.source[both[0]:both[1]]; words[s] != "" {
			return both[0], s
		}
	}
	return here.start, c.source[here.start:here.end]
}

// locate turns cel-go's place into an offset in bytes.
func (c *compiler) locate(l common.Location) int {
	offset := 0
	for range l.Line() - 1 {
		offset += strings.IndexByte(c.source[offset:], '\n') + 1
	}
	return offset + byteOffset(c.source[offset:], l.Column())
}

// byteOffset turns an offset in characters, as cel-go counts, into one in bytes.
func byteOffset(source string, characters int) int {
	offset := 0
	for ; characters > 0 && offset < len(source); characters-- {
		_, size := utf8.DecodeRuneInString(source[offset:])
		offset += size
	}
	return offset
}

// offset gives where an expression begins, or for an operator the place of its sign.
func (c *compiler) offset(e ast.Expr) int {
	for e.Kind() == ast.SelectKind {
		e = e.AsSelect().Operand()
	}
	r, _ := c.info.GetOffsetRange(e.ID())
	offset := byteOffset(c.source, int(r.Start))
	i := slices.IndexFunc(c.tokens, func(t token) bool { return t.start == offset })
	if i > 0 && (c.tokens[i].kind == '(' || c.tokens[i].kind == '.') { // a call's place is its bracket, a checked name's its dot
		return c.tokens[i-1].start
	}
	return offset
}

// names leaves an issue for each name, function and literal that expressions cannot use.
func (c *compiler) names(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		c.literalIssue(e)
	case ast.IdentKind, ast.SelectKind:
		c.nameIssue(e)
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			c.names(element)
		}
	case ast.CallKind:
		call := e.AsCall()
		if field, ok := qualified(call.Target()); ok && call.IsMemberFunction() && c.isSlot(field+"."+call.FunctionName()) {
			c.issue(c.offset(e), "%s.%s is a value, not a function: leave the brackets out", field, call.FunctionName())
			return
		}
		if !known(call.FunctionName()) {
			c.functionIssue(e, call.FunctionName())
			return
		}
		for _, operand := range operands(call) {
			c.names(operand)
		}
	default:
		c.issue(c.offset(e), "there are no maps here: write a list [ … ] or a value")
	}
}

func (c *compiler) literalIssue(e ast.Expr) {
	switch e.AsLiteral().(type) {
	case types.Uint:
		c.issue(c.offset(e), "a number ending in u is not known here: leave the u out")
	case types.Bytes:
		c.issue(c.offset(e), "a text with b before it is not known here: leave the b out")
	case types.Null:
		c.issue(c.offset(e), "there is no null here: every field has a value")
	}
}

// nameIssue leaves an issue where a name, or a chain of names and dots, is none that the environment knows.
func (c *compiler) nameIssue(e ast.Expr) {
	name, ok := qualified(e)
	if !ok {
		c.issue(c.offset(e), "only an object has fields")
		return
	}
	if c.isSlot(name) {
		return
	}
	object, member, dotted := strings.Cut(name, ".")
	members := c.env.members[object]
	switch {
	case members != nil && !dotted:
		c.issue(c.offset(e), "%s is an object: name one of its fields, such as %s.%s", object, object, members[0])
	case dotted && c.hasSlot(object, member):
		i := len(object) + 1 + strings.IndexByte(member, '.')
		c.issue(c.offset(e), "%s has no fields: leave %s out", name[:i], name[i:])
	case members != nil && object != "":
		c.issue(c.offset(e), "%s has no field %q%s", object, member, policy.DidYouMean(member, members))
	case slices.Contains(c.env.members[""], object):
		c.issue(c.offset(e), "%s has no fields: leave .%s out", object, member)
	default:
		c.issue(c.offset(e), "nothing is called %q%s", name, c.suggestion(object, member))
	}
}

// hasSlot reports whether the first part of a chain behind an object is one of its fields.
func (c *compiler) hasSlot(object, members string) bool {
	member, _, more := strings.Cut(members, ".")
	return more && c.isSlot(object+"."+member)
}

func (c *compiler) isSlot(name string) bool {
	_, found := c.env.slots[name]
	return found
}

// suggestion names what an unknown name may have meant: a value, a field of a mistyped object, or a text without quotes.
func (c *compiler) suggestion(object, member string) string {
	var candidates []string
	for _, v := range c.env.vars {
		candidates = append(candidates, v.Name)
		if _, m, dotted := strings.Cut(v.Name, "."); dotted && m == object && member == "" {
			return fmt.Sprintf(": did you mean %q?", v.Name)
		}
		if slices.Contains(v.Labels, object) && member == "" {
			return fmt.Sprintf(": write a text in quotes, %q", object)
		}
	}
	if member == "" {
		return policy.DidYouMean(object, append(candidates, slices.Sorted(maps.Keys(c.env.members))...))
	}
	return policy.DidYouMean(object+"."+member, candidates)
}

// qualified gives the name that a chain of a.b.c spells; false where it begins with something else.
func qualified(e ast.Expr) (string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent(), true
	case ast.SelectKind:
		name, ok := qualified(e.AsSelect().Operand())
		return name + "." + e.AsSelect().FieldName(), ok
	}
	return "", false
}

// known reports whether a function or operator is among the declared.
func known(name string) bool {
	return slices.ContainsFunc(declarations(), func(f *decls.FunctionDecl) bool { return f.Name() == name })
}

// instead says what to write for functions that people know from CEL or elsewhere.
var instead = map[string]string{
	"timestamp":   `a date is written date("2025-04-01")`,
	"duration":    "days are counted with days_between and add_days, years with years_between and add_years",
	"matches":     "patterns are not read here: write startsWith, endsWith, contains or in",
	"has":         "every field has a value: leave has out",
	"getFullYear": "write year(date)",
	"round":       "whole numbers are rounded with muldiv(a, b, c), the quotient of two with ratio(a, b, decimals)",
	"abs":         "write max(x, -x)",
	"not":         "write ! for not",
	"if":          "write condition ? a : b",
}

func (c *compiler) functionIssue(e ast.Expr, name string) {
	advice := instead[name]
	switch name {
	case "uint", "bytes", "bool", "type", "dyn":
		advice = "the kinds are int, double, string, date and lists"
	case "all", "exists", "exists_one", "map", "filter":
		advice = "lists have no loops here: write in, size or an index"
	case "len", "length":
		advice = "write size"
	case "float", "number":
		advice = "write double"
	case "str", "text":
		advice = "write string"
	}
	if advice != "" {
		c.issue(c.offset(e), "there is no function %s: %s", name, advice)
		return
	}
	c.issue(c.offset(e), "there is no function %s%s", name, policy.DidYouMean(name, functionNames()))
}

// functionNames gives the functions that expressions may call, operators left out.
var functionNames = sync.OnceValue(func() []string {
	var names []string
	for _, f := range declarations() {
		if isName(f.Name()) {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	return names
})
