package text

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// What the functions are made of. First, what makes a Draw.

// from picks one of a list.
func from(list []string) Draw { return func(r *rand.Rand) string { return pick(r, list) } }

// fromAny picks one of a list that it picks first.
func fromAny(lists ...[]string) Draw {
	return func(r *rand.Rand) string { return pick(r, lists[r.IntN(len(lists))]) }
}

// pattern puts digits for #.
func pattern(p string) Draw { return func(r *rand.Rand) string { return digits(r, p) } }

// patternFrom puts digits for # in one of a list.
func patternFrom(list []string) Draw {
	return func(r *rand.Rand) string { return digits(r, pick(r, list)) }
}

// characters gives n of them.
func characters(n int, character func(*rand.Rand) byte) Draw {
	return func(r *rand.Rand) string { return several(r, n, character) }
}

// template fills one of a list.
func template(list []string) Draw { return func(r *rand.Rand) string { return fill(r, pick(r, list)) } }

// capitalised makes the first letter a capital.
func capitalised(draw Draw) Draw { return func(r *rand.Rand) string { return capital(draw(r)) } }

// Then, what draws.

// pick gives one of a list. It draws a number for it even if there is only one; choose does not.
func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

func choose[T any](r *rand.Rand, list []T) T {
	if len(list) == 1 {
		return list[0]
	}
	return list[r.IntN(len(list))]
}

// weighted gives the index of one of the weights, each as likely as its share of their sum.
func weighted(r *rand.Rand, weights ...float32) int {
	sum := float32(0)
	for _, w := range weights {
		sum += w
	}
	drawn := float32(r.Float32() * sum)
	i, reached := 0, weights[0]
	for drawn > reached {
		i++
		reached += weights[i]
	}
	return i
}

func coin(r *rand.Rand) bool { return r.IntN(2) == 1 }

// number gives a whole number from low to high, numbered its digits.
func number(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }

func numbered(r *rand.Rand, low, high int) string { return strconv.Itoa(number(r, low, high)) }

// decimal gives a number from low to high with one decimal. The product is converted so that no machine fuses it with
// the sum.
func decimal(r *rand.Rand, low, high float64) string {
	return strconv.FormatFloat(float64(r.Float64()*(high-low))+low, 'f', 1, 64)
}

const (
	upper    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower    = "abcdefghijklmnopqrstuvwxyz"
	numerals = "0123456789"
)

func digit(r *rand.Rand) byte { return numerals[r.IntN(len(numerals))] }

func letter(r *rand.Rand) byte { return (upper + lower)[r.IntN(len(upper+lower))] }

// remainder gives one of the characters by the remainder of a large number.
func remainder(of string) func(*rand.Rand) byte {
	return func(r *rand.Rand) byte { return of[r.Int64()%int64(len(of))] }
}

// several gives n characters.
func several(r *rand.Rand, n int, character func(*rand.Rand) byte) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = character(r)
	}
	return string(b)
}

// replaced puts a character that it draws for each of the placeholder.
func replaced(r *rand.Rand, s string, placeholder byte, character func(*rand.Rand) byte) []byte {
	b := []byte(s)
	for i, c := range b {
		if c == placeholder {
			b[i] = character(r)
		}
	}
	return b
}

// digits puts digits for #. A 0 at the beginning is drawn once more, from 1 to 8, even if the text has it there itself.
func digits(r *rand.Rand, s string) string {
	b := replaced(r, s, '#', digit)
	if len(b) > 0 && b[0] == '0' {
		b[0] = numerals[number(r, 1, 8)]
	}
	return string(b)
}

// letters puts letters for ?.
func letters(r *rand.Rand, s string) string { return string(replaced(r, s, '?', letter)) }

// fill puts digits for # and letters for ?, then the text of a plain function for its name in braces, and for {number:1,9}
// a number from 1 to 9.
func fill(r *rand.Rand, template string) string {
	var b strings.Builder
	for rest := letters(r, digits(r, template)); ; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var function string
		function, rest, _ = strings.Cut(after, "}")
		if bounds, ok := strings.CutPrefix(function, "number:"); ok {
			low, high, _ := strings.Cut(bounds, ",")
			least, _ := strconv.Atoi(low)
			greatest, _ := strconv.Atoi(high)
			b.WriteString(numbered(r, least, greatest))
			continue
		}
		b.WriteString(plain[function](r))
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// title makes the first letter of each word a capital.
func title(s string) string {
	b := []byte(s)
	within := false
	for i, c := range b {
		small := 'a' <= c && c <= 'z'
		if small && !within {
			b[i] = c - 'a' + 'A'
		}
		within = small || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	return string(b)
}
