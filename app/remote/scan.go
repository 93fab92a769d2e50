package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"verdictory/contract"
	"verdictory/policy"
)

// scanner reads the answers that matter for speed in one pass: a trace has 15 kB, on every case, and a batch thousands
// of lines. encoding/json takes twice the time and memory for them. Texts share the memory of the answer. Where the answer is
// no JSON, or not of the form that is asked for, err is set and the rest is passed over.
type scanner struct {
	rest string
	err  error
}

// scanAll reads one value, and nothing behind it.
func scanAll(answer []byte, value func(*scanner)) error {
	s := &scanner{rest: string(answer)}
	value(s)
	if s.peek(); s.rest != "" {
		s.fail("the end")
	}
	return s.err
}

func (s *scanner) fail(want string) {
	if s.err == nil {
		s.err = fmt.Errorf("no %s at %.40q", want, s.rest)
	}
	s.rest = ""
}

// peek gives the next byte that is no space; 0 at the end.
func (s *scanner) peek() byte {
	for i := range len(s.rest) {
		if c := s.rest[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			s.rest = s.rest[i:]
			return c
		}
	}
	s.rest = ""
	return 0
}

// take passes over the next byte where it is the one.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// list reads what stands between two brackets, separated by commas.
func (s *scanner) list(open, end byte, item func()) {
	if !s.take(open) {
		s.fail(string(open))
		return
	}
	if s.take(end) {
		return
	}
	for s.err == nil {
		item()
		if s.take(end) {
			return
		}
		if !s.take(',') {
			s.fail("comma")
		}
	}
}

// object reads an object; member reads the value of each key.
func (s *scanner) object(member func(key string)) {
	s.list('{', '}', func() {
		key := s.text()
		if !s.take(':') {
			s.fail("colon")
			return
		}
		member(key)
	})
}

// array reads an array; item reads each value.
func (s *scanner) array(item func()) { s.list('[', ']', item) }

// text reads a string.
func (s *scanner) text() string {
	if s.peek() != '"' {
		s.fail("text")
		return ""
	}
	end := s.quoted()
	if end < 0 {
		s.fail("end of the text")
		return ""
	}
	raw := s.rest[:end]
	s.rest = s.rest[end:]
	text := raw[1 : end-1]
	if plain(text) {
		return text
	}
	if text, ok := unescape(text); ok {
		return text
	}
	text, err := rare(raw)
	if err != nil {
		s.rest = raw
		s.fail("text")
	}
	return text
}

// rare reads a text that unescape does not.
func rare(raw string) (text string, err error) {
	err = json.Unmarshal([]byte(raw), &text)
	return text, err
}

// plain tells whether a text stands for itself: no escapes, no control characters, valid UTF-8.
func plain(text string) bool {
	ascii := true
	for i := range len(text) {
		c := text[i]
		if c == '\\' || c < ' ' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(text)
}

// unescape resolves a text's escapes. It is not ok with what is rare, which is left to encoding/json: control characters,
// surrogates, bytes that are no UTF-8, and escapes that there are not.
func unescape(text string) (string, bool) {
	var out strings.Builder
	out.Grow(len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c < ' ' || c >= utf8.RuneSelf {
			return "", false
		}
		if c != '\\' {
			out.WriteByte(c)
			continue
		}
		i++ // a text never ends in half an escape: its last quote would be escaped
		switch c := text[i]; c {
		case '"', '\\', '/':
			out.WriteByte(c)
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'u':
			if len(text) < i+5 {
				return "", false
			}
			r, err := strconv.ParseUint(text[i+1:i+5], 16, 16)
			if err != nil || utf16.IsSurrogate(rune(r)) {
				return "", false
			}
			out.WriteRune(rune(r))
			i += 4
		default:
			return "", false
		}
	}
	return out.String(), true
}

// quoted gives the length of the string that rest begins with, quotes included; -1 where it has no end.
func (s *scanner) quoted() int {
	for end := 1; ; {
		next := strings.IndexByte(s.rest[end:], '"')
		if next < 0 {
			return -1
		}
		end += next + 1
		escapes := 0
		for s.rest[end-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end
		}
	}
}

// ends are the bytes that a number, true, false or null ends before.
var ends = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, ',': true, ':': true, ']': true, '}': true, '[': true, '{': true, '"': true}

// raw reads any value and gives its bytes, which are JSON and the caller's own.
func (s *scanner) raw() json.RawMessage {
	whole := s.rest
	depth := 0
	for more := true; more; {
		switch c := s.peek(); {
		case c == '"':
			end := s.quoted()
			if end < 0 {
				s.fail("end of the text")
				return nil
			}
			s.rest = s.rest[end:]
		case c == '{' || c == '[':
			depth++
			s.rest = s.rest[1:]
		case depth > 0 && (c == ',' || c == ':'):
			s.rest = s.rest[1:]
			continue
		case depth > 0 && (c == '}' || c == ']'):
			depth--
			s.rest = s.rest[1:]
		default:
			length := 0
			for length < len(s.rest) && !ends[s.rest[length]] {
				length++
			}
			if length == 0 {
				s.fail("value")
				return nil
			}
			s.rest = s.rest[length:]
		}
		more = depth > 0
	}
	raw := json.RawMessage(strings.TrimLeft(whole[:len(whole)-len(s.rest)], " \t\r\n"))
	if !policy.ValidJSON(raw) {
		s.rest = string(raw)
		s.fail("JSON")
		return nil
	}
	return raw
}

// value reads a scalar, or a list of them, by its look.
func (s *scanner) value() (v policy.Value) {
	if s.peek() == '"' {
		return policy.StringValue(s.text())
	}
	raw := s.raw()
	if s.err != nil {
		return v
	}
	if err := v.UnmarshalJSON(raw); err != nil {
		s.rest = string(raw)
		s.fail("scalar")
	}
	return v
}

// verdictAnswer reads a contract.VerdictAnswer. Fields that it does not have are passed over, here as everywhere.
func (s *scanner) verdictAnswer() (answer contract.VerdictAnswer) {
	s.object(func(key string) {
		switch key {
		case "verdict":
			answer.Verdict = s.raw()
		case "outcome":
			answer.Outcome = s.text()
		case "trace":
			s.array(func() { answer.Trace = append(answer.Trace, s.decision()) })
		default:
			s.raw()
		}
	})
	return answer
}

func (s *scanner) decision() (d contract.DecisionTrace) {
	s.object(func(key string) {
		switch key {
		case "decision":
			d.Decision = s.text()
		case "hit_policy":
			d.HitPolicy = policy.HitPolicy(s.text())
		case "output":
			d.Output = map[string]policy.Value{}
			s.object(func(name string) { d.Output[name] = s.value() })
		case "rules":
			d.Rules = make([]contract.RuleTrace, 0, 8)
			s.array(func() { d.Rules = append(d.Rules, s.rule()) })
		default:
			s.raw()
		}
	})
	return d
}

func (s *scanner) rule() (r contract.RuleTrace) {
	s.object(func(key string) {
		switch key {
		case "rule":
			r.Rule = s.text()
		case "status":
			r.Status = contract.Status(s.text())
		case "when":
			r.When = s.text()
		case "because":
			r.Because = s.text()
		case "failed":
			r.Failed = s.text()
		case "saw":
			s.array(func() { r.Saw = append(r.Saw, s.saw()) })
		default:
			s.raw()
		}
	})
	return r
}

func (s *scanner) saw() (saw contract.Saw) {
	s.object(func(key string) {
		switch key {
		case "field":
			saw.Field = s.text()
		case "value":
			saw.Value = s.value()
		default:
			s.raw()
		}
	})
	return saw
}

var errNotOne = errors.New("neither an object nor an error, or both")

// objectLine reads a line of a batch of objects.
func (s *scanner) objectLine() (answer contract.ObjectAnswer) {
	s.object(func(key string) {
		switch key {
		case "seed":
			if err := answer.Seed.UnmarshalText([]byte(s.text())); err != nil && s.err == nil {
				s.err = err
			}
		case "object":
			answer.Object = s.raw()
		case "error":
			answer.Error = s.text()
		default:
			s.raw()
		}
	})
	s.oneOf(answer.Object, answer.Error)
	return answer
}

// verdictLine reads a line of a batch of verdicts.
func (s *scanner) verdictLine() (answer contract.BatchVerdict) {
	s.object(func(key string) {
		switch key {
		case "verdict":
			answer.Verdict = s.raw()
		case "outcome":
			answer.Outcome = s.text()
		case "hits":
			s.array(func() {
				hit, err := contract.ParseHit(s.text())
				if err != nil && s.err == nil {
					s.err = err
				}
				answer.Hits = append(answer.Hits, hit)
			})
		case "error":
			answer.Error = s.text()
		default:
			s.raw()
		}
	})
	s.oneOf(answer.Verdict, answer.Error)
	return answer
}

// oneOf holds that a line has a result or an error.
func (s *scanner) oneOf(result json.RawMessage, message string) {
	if s.err == nil && (result == nil) == (message == "") {
		s.err = errNotOne
	}
}
