package policy

// maxNesting bounds the nesting of JSON, as encoding/json does.
const maxNesting = 10_000

// scanner walks JSON without copying it, and checks its syntax on the way. Once something is no JSON it has failed and
// takes nothing more.
type scanner struct {
	raw       []byte
	at        int    // position in raw of what is to be taken next
	object    bool   // the walk goes through an object's members
	begun     bool   // a member or item was taken
	key, item []byte // of the current member, the key in its quotes; of the current item
	failed    bool
}

// open starts a walk through the members of a JSON object or the items of a JSON array. For other text object is false.
func open(raw []byte) scanner {
	s := scanner{raw: raw}
	s.space()
	s.object = s.peek() == '{'
	s.at++
	return s
}

// next moves to the next member or item; behind the last one it takes the closing bracket.
func (s *scanner) next() bool {
	s.space()
	if s.closes(s.object) {
		return false
	}
	if s.begun {
		s.take(',')
		s.space()
	}
	s.begun = true
	if s.object {
		start := s.at
		s.name()
		s.key = s.raw[start:s.at]
		s.space()
		s.take(':')
		s.space()
	}
	s.item = s.value(1)
	return !s.failed
}

// whole takes the one scalar, object or array that the scanner's text is, nil where it is none.
func (s *scanner) whole() []byte {
	s.space()
	token := s.value(0)
	s.end()
	if s.failed {
		return nil
	}
	return token
}

// end checks that nothing but space follows.
func (s *scanner) end() {
	s.space()
	s.failed = s.failed || s.at < len(s.raw)
}

// value takes one value of any kind.
func (s *scanner) value(depth int) []byte {
	start := s.at
	switch s.peek() {
	case '"':
		s.name()
	case '{':
		s.nested(true, depth)
	case '[':
		s.nested(false, depth)
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
	return s.raw[start:s.at]
}

// nested takes an object or an array with all that is in it.
func (s *scanner) nested(object bool, depth int) {
	s.at++
	s.failed = s.failed || depth == maxNesting
	s.space()
	if s.closes(object) {
		return
	}
	for !s.failed {
		if object {
			s.name()
			s.space()
			s.take(':')
			s.space()
		}
		s.value(depth + 1)
		s.space()
		if s.closes(object) {
			return
		}
		s.take(',')
		s.space()
	}
}

// name takes a string.
func (s *scanner) name() {
	s.take('"')
	for !s.failed && s.at < len(s.raw) {
		c := s.raw[s.at]
		s.at++
		switch {
		case c == '"':
			return
		case c == '\\':
			s.escape()
		case c < ' ':
			s.failed = true
		}
	}
	s.failed = true
}

// escape takes what follows a backslash.
func (s *scanner) escape() {
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
	case 'u':
		s.at++
		for range 4 {
			c := s.peek() | 0x20
			s.failed = s.failed || (c < '0' || c > '9') && (c < 'a' || c > 'f')
			s.at++
		}
	default:
		s.failed = true
	}
}

// number takes a number, and fails on everything else.
func (s *scanner) number() {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else {
		s.digits()
	}
	if s.peek() == '.' {
		s.at++
		s.digits()
	}
	if s.peek()|0x20 == 'e' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		s.digits()
	}
}

// digits takes one digit or more.
func (s *scanner) digits() {
	start := s.at
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.at++
	}
	s.failed = s.failed || s.at == start
}

// word takes a literal.
func (s *scanner) word(word string) {
	for i := range len(word) {
		s.take(word[i])
	}
}

// take takes one byte.
func (s *scanner) take(c byte) {
	if s.peek() != c {
		s.failed = true
		return
	}
	s.at++
}

// closes takes a closing bracket where there is one.
func (s *scanner) closes(object bool) bool {
	closing := byte(']')
	if object {
		closing = '}'
	}
	if s.peek() != closing {
		return false
	}
	s.at++
	return true
}

// peek gives the next byte, 0 at the end: no JSON has one outside its strings.
func (s *scanner) peek() byte {
	if s.at < len(s.raw) {
		return s.raw[s.at]
	}
	return 0
}

// space passes over white space.
func (s *scanner) space() {
	for s.at < len(s.raw) && (s.raw[s.at] == ' ' || s.raw[s.at] == '\t' || s.raw[s.at] == '\r' || s.raw[s.at] == '\n') {
		s.at++
	}
}
