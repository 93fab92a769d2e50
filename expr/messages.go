package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"verdictory/policy"
)

// offset gives the byte offset of an expression's own token: for a call in infix its sign, for others about the start.
func (c *compiler) offset(e ast.Expr) int {
	r, _ := c.info.GetOffsetRange(e.ID())
	return byteOffset(c.source, int(r.Start))
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

func (c *compiler) syntaxIssue(err *common.Error) {
	c.issues = append(c.issues, c.place(c.at(err.Location), strings.TrimPrefix(err.Message, "Syntax error: ")))
}

func (c *compiler) at(l common.Location) int {
	offset := 0
	for range l.Line() - 1 {
		offset += strings.IndexByte(c.source[offset:], '\n') + 1
	}
	return offset + byteOffset(c.source[offset:], l.Column())
}

func (c *compiler) typeIssue(_ *ast.AST, err *common.Error) {
	c.issues = append(c.issues, c.place(c.at(err.Location), err.Message))
}

// names leaves an issue for each name, function and literal that expressions cannot use.
func (c *compiler) names(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		switch e.AsLiteral().(type) {
		case types.Bool, types.Int, types.Double, types.String:
		default:
			c.issue(c.offset(e), "there is no such literal: write an int, a number, a text, true or false")
		}
	case ast.IdentKind, ast.SelectKind:
		name, ok := qualified(e)
		if _, found := c.env.slots[name]; !found || !ok {
			c.unknownName(e, name)
		}
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			c.names(element)
		}
	case ast.CallKind:
		for _, operand := range operands(e.AsCall()) {
			c.names(operand)
		}
	default:
		c.issue(c.offset(e), "there are no maps and messages")
	}
}

// qualified gives the name that a chain of a.b.c spells; false where it begins with something else.
func qualified(e ast.Expr) (string, bool) {
	if e.Kind() == ast.IdentKind {
		return e.AsIdent(), true
	}
	if e.Kind() != ast.SelectKind {
		return "", false
	}
	name, ok := qualified(e.AsSelect().Operand())
	return name + "." + e.AsSelect().FieldName(), ok
}

func (c *compiler) unknownName(e ast.Expr, name string) {
	object, member, _ := strings.Cut(name, ".")
	message := fmt.Sprintf("nothing is called %s", name)
	if members := c.env.members[object]; members != nil && object != "" {
		message = fmt.Sprintf("%s has no field %q%s", object, member, policy.DidYouMean(member, members))
	}
	c.issues = append(c.issues, c.place(c.offset(e), message))
}
