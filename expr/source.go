package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"verdictory/policy"
)

// token is one word or sign of a source, from byte start to before byte end.
type token struct {
	kind       tokenKind
	start, end int
}

// nesting gives 1 for an opening bracket, -1 for a closing one.
func (t token) nesting() int {
	switch t.kind {
	case '(', '[', '{':
		return 1
	case ')', ']', '}':
		return -1
	}
	return 0
}

// tokenKind is what a token is: word, text, or a sign's first byte.
type tokenKind byte

const (
	word tokenKind = 'a' // a number is a word, or words and a dot: nothing here asks for numbers
	text tokenKind = '"'
)

// reserved are the words that CEL reads as something other than a name.
var reserved = map[string]bool{"as": true, "break": true, "const": true, "continue": true, "else": true, "false": true, "for": true,
	"function": true, "if": true, "import": true, "in": true, "let": true, "loop": true, "package": true, "namespace": true,
	"null": true, "return": true, "true": true, "var": true, "void": true, "while": true}

// scan splits a source into its tokens as CEL does, without judging them: what is no CEL is left to the parser.
func scan(source string) []token {
	var tokens []token
	for i := 0; i < len(source); {
		start, c := i, source[i]
		switch {
		case strings.IndexByte(" \t\r\n\f", c) >= 0:
			i++
			continue
		case strings.HasPrefix(source[i:], "//"):
			for i < len(source) && source[i] != '\n' {
				i++
			}
			continue
		case isWordByte(c):
			for i < len(source) && isWordByte(source[i]) {
				i++
			}
			if i < len(source) && (source[i] == '"' || source[i] == '\'') && strings.Trim(source[start:i], "rRbB") == "" {
				raw := strings.ContainsAny(source[start:i], "rR")
				i = textEnd(source, i, raw)
				tokens = append(tokens, token{text, start, i})
				continue
			}
			tokens = append(tokens, token{word, start, i})
		case c == '"' || c == '\'':
			i = textEnd(source, i, false)
			tokens = append(tokens, token{text, start, i})
		default:
			_, size := utf8.DecodeRuneInString(source[i:])
			i += size
			if i < len(source) && (strings.IndexByte("=!<>", c) >= 0 && source[i] == '=' || strings.IndexByte("&|", c) >= 0 && source[i] == c) {
				i++
			}
			tokens = append(tokens, token{tokenKind(c), start, i})
		}
	}
	return tokens
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// textEnd gives the end of the text literal whose quotes begin at i, or of the source where it does not end.
func textEnd(source string, i int, raw bool) int {
	quote := source[i : i+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(source[i:], triple) {
		quote = triple
	}
	for i += len(quote); i < len(source); i++ {
		if strings.HasPrefix(source[i:], quote) {
			return i + len(quote)
		}
		if source[i] == '\\' && !raw {
			i++
		}
	}
	return len(source)
}

// withinLimits leaves an issue for a source that is too long or nested too deeply, before anything else reads it.
func (c *compiler) withinLimits() bool {
	if len(c.source) > policy.MaxExpression {
		c.issue(0, "an expression of %d bytes is too long: write at most %d", len(c.source), policy.MaxExpression)
		return false
	}
	c.tokens = scan(c.source)
	if len(c.tokens) > maxTokens {
		c.issue(0, "an expression of %d words and signs is too long: write at most %d", len(c.tokens), maxTokens)
		return false
	}
	depth := 0
	for _, t := range c.tokens {
		depth += t.nesting()
		if strings.HasPrefix(c.source[t.start:t.end], "0X") { // cel-go's other parser refuses it
			c.issue(t.start, "%s is no number: write 0x", c.source[t.start:t.end])
			return false
		}
		if depth > maxDepth {
			c.issue(t.start, "brackets within brackets: at most %d deep", maxDepth)
			return false
		}
	}
	return true
}

// split gives the text of each operand of the && and || that make up the tokens, in order, as the compiler walks the
// tree: an operand in brackets is split in turn, an even number of ! before brackets counts for nothing.
func split(source string, tokens []token) []string {
	for _, sign := range []tokenKind{'?', '|', '&'} {
		depth, start := 0, 0
		var operands []string
		for i, t := range tokens {
			depth += t.nesting()
			if depth > 0 || t.kind != sign {
				continue
			}
			if sign == '?' {
				return []string{textOf(source, tokens)}
			}
			operands = append(operands, split(source, tokens[start:i])...)
			start = i + 1
		}
		if operands != nil {
			return append(operands, split(source, tokens[start:])...)
		}
	}
	if len(tokens) > 2 && tokens[0].kind == '!' && tokens[1].kind == '!' {
		if operands := split(source, tokens[2:]); len(operands) > 1 {
			return operands
		}
	}
	if last := len(tokens) - 1; tokens[0].kind == '(' && closes(tokens) == last {
		return split(source, tokens[1:last])
	}
	return []string{textOf(source, tokens)}
}

func textOf(source string, tokens []token) string {
	return source[tokens[0].start:tokens[len(tokens)-1].end]
}

// closes gives the index of the bracket that closes the first token, which opens one.
func closes(tokens []token) int {
	i, depth := 0, 1
	for depth > 0 {
		i++
		depth += tokens[i].nesting()
	}
	return i
}

// issue leaves an issue at a byte of the source. Those behind the twentieth are dropped: nobody reads them.
func (c *compiler) issue(offset int, format string, args ...any) {
	if len(c.issues) < maxIssues {
		c.issues = append(c.issues, c.place(offset, fmt.Sprintf(format, args...)))
	}
}
