package text

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7/data"
)

// Numbers and codes: of cards, of securities, of things; passwords.

// id takes twelve characters from each random number, five bits for each.
func id(r *rand.Rand) string {
	var bits uint64
	b := make([]byte, 20)
	for i := range b {
		if i%12 == 0 {
			bits = r.Uint64()
		}
		b[i] = "23456789abcdefgghjkmnpqrstuvwxyz"[bits&31]
		bits >>= 5
	}
	return string(b)
}

// uuid is of version 4: RFC 9562, section 5.4.
func uuid(r *rand.Rand) string {
	b := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, r.Uint64()), r.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// isbn has 13 digits, the last of which makes their sum, each second one threefold, a multiple of 10.
func isbn(r *rand.Rand) string {
	group, registrant, publication := several(r, 1, digit), several(r, 4, digit), several(r, 4, digit)
	sum := 0
	for i, c := range []byte(data.ISBN13Prefix + group + registrant + publication) {
		sum += int(c-'0') * (1 + i%2*2)
	}
	return strings.Join([]string{data.ISBN13Prefix, group, registrant, publication, checkDigit(sum)}, "-")
}

// checkDigit completes a sum to a multiple of 10.
func checkDigit(sum int) string { return strconv.Itoa((10 - sum%10) % 10) }

// worth gives what a digit or a capital letter counts in the codes of securities: A is 10.
func worth(c byte) int {
	if c <= '9' {
		return int(c - '0')
	}
	return int(c-'A') + 10
}

// cusip doubles each second character for its check digit.
func cusip(r *rand.Rand) string {
	code := several(r, 8, func(r *rand.Rand) byte { return (upper + numerals)[r.IntN(len(upper+numerals))] })
	sum := 0
	for i, c := range []byte(code) {
		n := worth(c) * (1 + i%2)
		sum += n/10 + n%10
	}
	return code + checkDigit(sum)
}

// isin doubles each second digit for its check digit, beginning with the first; a letter is two digits.
func isin(r *rand.Rand) string {
	code := pick(r, data.Address["country_abr"]) + cusip(r)
	var expanded []byte
	for _, c := range []byte(code) {
		expanded = strconv.AppendInt(expanded, int64(worth(c)), 10)
	}
	sum := 0
	for i, c := range expanded {
		n := int(c-'0') * (2 - i%2)
		sum += n/10 + n%10
	}
	return code + checkDigit(sum)
}

func bitcoinAddress(r *rand.Rand) string {
	version := pick(r, []string{"1", "3"})
	return version + password(r, number(r, 25, 34), []group{small, large, numeral}, false)
}

func bitcoinPrivateKey(r *rand.Rand) string {
	key := several(r, 49, remainder("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"))
	return "5" + pick(r, []string{"H", "J", "K"}) + key
}

// cardNumber makes the number valid by Luhn's sum.
func cardNumber(a *arguments) Draw {
	types := a.list("types", func(s string) bool {
		_, ok := data.CreditCards[s]
		return ok || a.given["types"] == "all"
	}, "types of cards, such as visa,mastercard, or all")
	if types == nil || a.given["types"] == "all" {
		types = data.CreditCardTypes
	}
	beginnings := a.list("bins", func(s string) bool {
		_, err := strconv.ParseUint(s, 10, 64)
		return err == nil && len(s) <= shortestCard
	}, fmt.Sprintf("at most %d digits, such as 4026", shortestCard))
	gaps := a.flag("gaps", "false")
	return func(r *rand.Rand) string {
		card := data.CreditCards[choose(r, types)]
		length := int(choose(r, card.Lengths))
		var beginning string
		if beginnings != nil {
			beginning = choose(r, beginnings)
		} else {
			beginning = strconv.FormatUint(uint64(choose(r, card.Patterns)), 10)
		}
		n, _ := strconv.ParseUint(digits(r, beginning+strings.Repeat("#", length-len(beginning))), 10, 64)
		for !luhn(n) {
			n++
		}
		s := strconv.FormatUint(n, 10)
		for i := 0; gaps && i < len(card.Gaps); i++ {
			at := int(card.Gaps[i]) + i
			s = s[:at] + " " + s[at:]
		}
		return s
	}
}

// shortestCard is how many digits the shortest card numbers have, those of maestro.
const shortestCard = 12

// luhn reports whether the digits, each second one from the right doubled, sum up to a multiple of 10.
func luhn(n uint64) bool {
	sum := uint64(0)
	for i := uint64(0); n > 0; i++ {
		d := n % 10 * (1 + i%2)
		sum += d/10 + d%10
		n /= 10
	}
	return sum%10 == 0
}

func hexNumber(a *arguments) Draw {
	n := a.count("bitSize", "8", most) / 4
	return func(r *rand.Rand) string {
		return "0x" + several(r, n, func(r *rand.Rand) byte { return "0123456789abcdef"[r.IntN(16)] })
	}
}

func randomString(a *arguments) Draw {
	a.need("strs")
	list := a.list("strs", func(string) bool { return true }, "")
	return func(r *rand.Rand) string { return choose(r, list) }
}

// layouts are the formats of a time, with Go's words for them.
var layouts = map[string]string{
	"HH:mm:ss": "15:04:05", "HH:mm": "15:04", "H:mm": "15:04", "hh:mm:ss a": "03:04:05 pm", "hh:mm a": "03:04 pm", "h:mm a": "3:04 pm",
}

func clockTime(a *arguments) Draw {
	format := a.read("format", "HH:mm:ss", most)
	layout, ok := layouts[format]
	if !ok {
		a.bad("has %q for the parameter format: write one of %s", format, strings.Join(slices.Sorted(maps.Keys(layouts)), ", "))
	}
	return func(r *rand.Rand) string {
		return time.Date(2000, 1, 1, r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC).Format(layout)
	}
}

// group is a group of characters of a password, and how often it is drawn beside others.
type group struct {
	characters string
	weight     int
}

var (
	small   = group{lower, 4}
	large   = group{upper, 4}
	numeral = group{numerals, 3}
	special = group{"!@.-_*", 2}
	space   = group{" ", 1}
)

func passwords(a *arguments) Draw {
	var groups []group
	for _, g := range []struct {
		name string
		group
	}{{"lower", small}, {"upper", large}, {"numeric", numeral}, {"special", special}} {
		if a.flag(g.name, "true") {
			groups = append(groups, g.group)
		}
	}
	spaced, length := a.flag("space", "false"), a.count("length", "12", most)
	return func(r *rand.Rand) string { return password(r, length, groups, spaced) }
}

// password has a character of each group and a space if it is to have any, then others, shuffled, without a space at its
// ends. It has no less than five characters.
func password(r *rand.Rand, length int, groups []group, spaced bool) string {
	others := slices.Clip(groups)
	if groups == nil {
		groups = []group{small, large, numeral}
	}
	if spaced {
		others = append(others, space)
	}
	if others == nil {
		others = groups
	}
	var b []byte
	for _, g := range groups {
		b = append(b, g.draw(r))
	}
	if spaced {
		b = append(b, ' ')
	}
	for len(b) < max(length, 5) {
		b = append(b, ofAny(r, others))
	}
	for i := range b {
		j := r.IntN(i + 1)
		b[i], b[j] = b[j], b[i]
	}
	last := len(b) - 1
	for _, end := range []struct {
		at   int
		next func([]byte, func(rune) bool) int
	}{{0, bytes.IndexFunc}, {last, bytes.LastIndexFunc}} {
		if b[end.at] != ' ' {
			continue
		}
		inner := b[1:last]
		if i := end.next(inner, func(c rune) bool { return c != ' ' }); i >= 0 {
			b[end.at], inner[i] = inner[i], ' '
		} else {
			b[end.at] = ofAny(r, groups)
		}
	}
	return string(b)
}

func (g group) draw(r *rand.Rand) byte { return g.characters[r.IntN(len(g.characters))] }

// ofAny picks a group by its weight, and a character of it.
func ofAny(r *rand.Rand, groups []group) byte {
	total := 0
	for _, g := range groups {
		total += g.weight
	}
	i, n := 0, r.IntN(total)
	for ; n >= groups[i].weight; i++ {
		n -= groups[i].weight
	}
	return groups[i].draw(r)
}
