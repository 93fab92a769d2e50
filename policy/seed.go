package policy

import (
	"fmt"
	"strings"
)

// Seed is the number that an object is drawn from: 40 bits, written as 8 characters of Crockford's base32.
type Seed uint64

// MaxSeed is the largest seed.
const MaxSeed Seed = 1<<40 - 1

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// String gives the seed's 8 characters.
func (s Seed) String() string {
	var b [8]byte
	for i := 7; i >= 0; i-- {
		b[i] = crockford[s&31]
		s >>= 5
	}
	return string(b[:])
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
		return 0, fmt.Errorf("seed %q has %d characters: write 1 to 8 of 0-9 and A-Z without I, L, O, U", clip(text), len(text))
	}
	var s Seed
	for _, c := range strings.ToUpper(text) {
		switch c {
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		i := strings.IndexRune(crockford, c)
		if i < 0 {
			return 0, fmt.Errorf("seed %q has %q: write 1 to 8 of 0-9 and A-Z without I, L, O, U", text, c)
		}
		s = s<<5 | Seed(i)
	}
	return s, nil
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
func (c Code) String() string {
	text := c.Who.String() + "-" + c.What.String()
	suffix := ""
	if c.Mode == Boundary {
		suffix = "B"
	}
	if c.Edit != "" {
		suffix += "E" + c.Edit
	}
	if suffix != "" {
		text += "-" + suffix
	}
	return text
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
	suffix := strings.ToUpper(parts[2])
	if rest, ok := strings.CutPrefix(suffix, "B"); ok {
		code.Mode, suffix = Boundary, rest
		if suffix == "" {
			return code, nil
		}
	}
	edit, ok := strings.CutPrefix(suffix, "E")
	seed, err := ParseSeed(edit)
	if !ok || err != nil || len(edit) != 8 {
		return Code{}, wrong
	}
	code.Edit = seed.String()
	return code, nil
}
