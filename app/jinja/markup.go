package jinja

import "strings"

// part is what of HTML a character belongs to.
type part uint8

const (
	inText part = iota
	inComment
	inTagName
	inTag // between attributes
	inAttributeName
	inAttribute // behind the = of one
	inValue
	inScript // between <script …> and </script>
)

// spot is where a template's HTML has come to.
type spot struct {
	part      part
	element   string // of inTag and on
	attribute string // of inAttributeName and on
	quote     rune   // of inValue
}

func (s spot) String() string {
	switch s.part {
	case inText:
		return "text"
	case inComment:
		return "a comment"
	case inAttribute, inValue:
		return "attribute " + s.attribute
	case inScript:
		return "a script"
	}
	return "a tag"
}

// isURL reports whether the spot is the value of an attribute that holds an address.
func (s spot) isURL() bool { return s.part == inValue && addresses[s.attribute] }

// markup reads a template's HTML, character by character, and says what must not be there.
type markup struct {
	at   spot
	word []rune // the tag's name, the attribute's value or the comment so far
	held bool   // the value at hand holds a template value
	cut  bool   // a tag of the template has just ended a name
}

// addresses are the attributes that hold one.
var addresses = map[string]bool{
	"href": true, "src": true, "action": true, "formaction": true, "hx-get": true, "hx-post": true, "hx-push-url": true,
}

// read takes the next character.
func (m *markup) read(c rune) (finding string) {
	switch m.at.part {
	case inText:
		if c == '<' {
			m.at, m.word = spot{part: inTagName}, nil
		}
	case inComment:
		m.word = append(m.word, c)
		if strings.HasSuffix(string(m.word), "-->") {
			m.at = spot{}
		}
	case inScript:
		m.word = append(m.word, c)
		if rest, ok := strings.CutSuffix(string(m.word), "</script>"); ok {
			m.at = spot{}
			if strings.TrimSpace(rest) != "" {
				return "a script stands in a file of its own"
			}
		}
	case inTagName:
		return m.readTagName(c)
	case inTag, inAttributeName:
		return m.readAttributeName(c)
	case inAttribute:
		if c != '"' && c != '\'' {
			return "attribute " + m.at.attribute + " needs quotes"
		}
		m.at.part, m.at.quote, m.word, m.held = inValue, c, nil, false
	case inValue:
		if c != m.at.quote {
			m.word = append(m.word, c)
			return m.address()
		}
		m.at = spot{part: inTag, element: m.at.element}
	}
	return ""
}

func (m *markup) readTagName(c rune) string {
	switch {
	case c == '>':
		m.at.element = strings.ToLower(string(m.word))
		return m.endTag()
	case isSpace(c):
		m.at = spot{part: inTag, element: strings.ToLower(string(m.word))}
		if m.at.element == "style" {
			return "style stands in a file of its own"
		}
	default:
		m.word = append(m.word, c)
		if string(m.word) == "!--" {
			m.at = spot{part: inComment}
		}
	}
	return ""
}

// endTag reads the > of a tag.
func (m *markup) endTag() string {
	element := m.at.element
	m.at, m.word = spot{}, nil
	switch element {
	case "script":
		m.at.part = inScript
	case "style":
		return "style stands in a file of its own"
	}
	return ""
}

// boundary takes a tag of the template: a name of a tag or an attribute ends there.
func (m *markup) boundary() {
	switch m.at.part {
	case inTagName:
		m.at, m.cut = spot{part: inTag, element: strings.ToLower(string(m.word))}, true
	case inAttributeName:
		m.at, m.cut = spot{part: inTag, element: m.at.element}, true
	}
}

func (m *markup) readAttributeName(c rune) string {
	cut := m.cut
	m.cut = false
	switch {
	case cut && !isSpace(c) && c != '>':
		return "a name may not be cut by a tag"
	case c == '>':
		return m.endTag()
	case c == '=':
		m.at.part = inAttribute
		return forbidden(m.at.attribute)
	case isSpace(c) || c == '/':
		m.at = spot{part: inTag, element: m.at.element}
	case m.at.part == inTag:
		m.at.part, m.at.attribute = inAttributeName, strings.ToLower(string(c))
	default:
		m.at.attribute += strings.ToLower(string(c))
	}
	return ""
}

// forbidden says why an attribute must not be there at all.
func forbidden(attribute string) string {
	switch {
	case attribute == "style":
		return "style attributes are not allowed: write a class, or width and x in SVG"
	case strings.HasPrefix(attribute, "on"), strings.HasPrefix(attribute, "hx-on"):
		return attribute + " runs a script: listen in app.js"
	case attribute == "hx-vals", attribute == "hx-vars", attribute == "hx-headers", attribute == "hx-request", attribute == "srcdoc":
		return attribute + " can run a script: send form fields"
	}
	return ""
}

// address looks at a literal character of an attribute that holds an address.
func (m *markup) address() string {
	if !m.at.isURL() {
		return ""
	}
	if m.held {
		return "a link is built in Go: " + m.at.attribute + " holds one value and nothing else"
	}
	if literal := strings.ToLower(string(m.word)); strings.HasSuffix(literal, "script:") || literal == "data:" {
		return "attribute " + m.at.attribute + " runs a script"
	}
	return ""
}

// value takes a template value; name is its last name.
func (m *markup) value(name string) (finding string) {
	switch {
	case m.at.part == inText:
		return ""
	case m.at.part != inValue:
		return "a value may not stand inside " + m.at.String()
	case m.at.isURL():
		if len(m.word) > 0 || m.held {
			return "a link is built in Go: " + m.at.attribute + " holds one value and nothing else"
		}
		m.held = true
		if name != "url" && !strings.HasSuffix(name, "_url") {
			return "attribute " + m.at.attribute + " takes a value called url or something_url, which is checked"
		}
	case strings.HasPrefix(m.at.attribute, "hx-"):
		return m.at.attribute + " takes no value: htmx reads it as a program"
	}
	return ""
}

func isSpace(c rune) bool { return c == ' ' || c == '\n' || c == '\t' }
