package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Seed is the number that an object is drawn from: 40 bits, written as 8 characters of Crockford's base32.
type Seed uint64

// MaxSeed is the largest seed.
const MaxSeed Seed = 1<<40 - 1

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// String gives the seed's 8 characters.
func (s Seed) String() string { return string(s.AppendText(nil)) }

// AppendText appends the seed's 8 characters.
func (s Seed) AppendText(dst []byte) []byte {
	for shift := 35; shift >= 0; shift -= 5 {
		dst = append(dst, crockford[s>>shift&31])
	}
	return dst
}

// MarshalText gives the seed's 8 characters.
func (s Seed) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSeed reads.
func (s *Seed) UnmarshalText(text []byte) error {
	seed, err := ParseSeed(string(text))
	if err == nil {
		*s = seed
	}
	return err
}

// ParseSeed reads 1 to 8 characters of Crockford's base32, as people write it: case does not matter, O is 0, I and L
// are 1; fewer than 8 characters are filled with zeros from the left. The error says what was wrong.
func ParseSeed(text string) (Seed, error) {
	if len(text) == 0 || len(text) > 8 {
		return 0, fmt.Errorf("seed %q has %d characters: write 1 to 8 of 0-9 and A-Z without I, L, O, U", clip(text), utf8.RuneCountInString(text))
	}
	var s Seed
	for _, c := range text {
		i := strings.IndexRune(crockford, crockfordOf(c))
		if i < 0 {
			return 0, fmt.Errorf("seed %q has %q: write 1 to 8 of 0-9 and A-Z without I, L, O, U", text, c)
		}
		s = s<<5 | Seed(i)
	}
	return s, nil
}

// crockfordOf gives the character that a person meant by c. Only ASCII has two cases here: ſ is no S.
func crockfordOf(c rune) rune {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'O':
		return '0'
	case 'I', 'L':
		return '1'
	}
	return c
}

// Mode is how objects are drawn.
type Mode string

// The modes.
const (
	Random   Mode = "random"   // each field by its own distribution
	Boundary Mode = "boundary" // often a value at, or one step beside, a value that a rule compares the field with
)

// ParseMode reads a mode's word.
func ParseMode(text string) (Mode, error) {
	switch m := Mode(text); m {
	case Random, Boundary:
		return m, nil
	}
	return "", fmt.Errorf("mode %q is not known: write random or boundary", clip(text))
}

// Code is the short name of a generated case: with the policy's version it regenerates the case exactly. Written
// 7KQ2X9FM-03ZT8W1C in random mode, 7KQ2X9FM-03ZT8W1C-B in boundary mode. A case that a person edited is no
// function of its seeds: Edit then holds 8 characters drawn from its content, and the code is written
// 7KQ2X9FM-03ZT8W1C-E4W0Q2ZTA (or …-BE4W0Q2ZTA): it finds the case where it is stored and cannot regenerate it.
type Code struct {
	Who, What Seed
	Mode      Mode
	Edit      string
}

// String gives the code's text.
func (c Code) String() string { return string(c.AppendText(nil)) }

// AppendText appends the code's text.
func (c Code) AppendText(dst []byte) []byte {
	dst = c.What.AppendText(append(c.Who.AppendText(dst), '-'))
	if c.Mode == Boundary || c.Edit != "" {
		dst = append(dst, '-')
	}
	if c.Mode == Boundary {
		dst = append(dst, 'B')
	}
	if c.Edit != "" {
		dst = append(append(dst, 'E'), c.Edit...)
	}
	return dst
}

// MarshalText gives the code's text.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what ParseCode reads.
func (c *Code) UnmarshalText(text []byte) error {
	code, err := ParseCode(string(text))
	if err == nil {
		*c = code
	}
	return err
}

// ParseCode reads a code as String writes it, seeds as ParseSeed reads them. The error says what was wrong.
func ParseCode(text string) (Code, error) {
	wrong := fmt.Errorf("code %q is not a case's code: write two seeds of 8 characters, such as 7KQ2X9FM-03ZT8W1C, and -B for boundary mode", clip(text))
	parts := strings.Split(text, "-")
	if len(parts) < 2 || len(parts) > 3 {
		return Code{}, wrong
	}
	code := Code{Mode: Random}
	for i, seed := range []*Seed{&code.Who, &code.What} {
		var err error
		if *seed, err = ParseSeed(parts[i]); err != nil || len(parts[i]) != 8 {
			return Code{}, wrong
		}
	}
	if len(parts) == 2 {
		return code, nil
	}
	suffix, boundary := cutLetter(parts[2], 'B')
	if boundary {
		code.Mode = Boundary
	}
	if boundary && suffix == "" {
		return code, nil
	}
	edit, edited := cutLetter(suffix, 'E')
	seed, err := ParseSeed(edit)
	if !edited || err != nil || len(edit) != 8 {
		return Code{}, wrong
	}
	code.Edit = seed.String()
	return code, nil
}

// cutLetter cuts a letter of either case off the front of a text.
func cutLetter(text string, letter byte) (rest string, ok bool) {
	if text == "" || text[0]&^0x20 != letter {
		return text, false
	}
	return text[1:], true
}

// MaxRun is how many cases a run may have.
const MaxRun = 10_000_000

// Run is a bulk generation of cases: with the policy's version it gives them all, since the seeds of case i come from the run's
// seed and i. Written 7KQ2X9FM-1000 in random mode, 7KQ2X9FM-1000-B in boundary mode.
type Run struct {
	Seed  Seed
	Mode  Mode
	Count int64 // cases, 1 to MaxRun
}

// String gives the run's text.
func (r Run) String() string {
	text := r.Seed.String() + "-" + strconv.FormatInt(r.Count, 10)
	if r.Mode == Boundary {
		text += "-B"
	}
	return text
}

// MarshalText gives the run's text.
func (r Run) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ParseRun reads a run as String writes it, its seed as ParseSeed reads it. The error says what was wrong.
func ParseRun(text string) (Run, error) {
	wrong := fmt.Errorf("run %q is not a run's name: write a seed of 8 characters and a number of cases, such as 7KQ2X9FM-1000, and -B for boundary mode", clip(text))
	seed, rest, _ := strings.Cut(text, "-")
	run := Run{Mode: Random}
	digits, letter, marked := strings.Cut(rest, "-")
	if marked {
		run.Mode = Boundary
	}
	var seedErr, countErr error
	run.Seed, seedErr = ParseSeed(seed)
	run.Count, countErr = strconv.ParseInt(digits, 10, 64)
	if seedErr != nil || countErr != nil || run.Count < 1 || run.Count > MaxRun || len(seed) != 8 || marked && letter != "B" && letter != "b" || strconv.FormatInt(run.Count, 10) != digits {
		return Run{}, wrong
	}
	return run, nil
}
