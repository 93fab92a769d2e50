package text

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7/data"
)

// People and where they live and work.

// Lists that are looked up once, for what is drawn most.
var (
	firsts    = data.Person["first"]
	lasts     = data.Person["last"]
	suffixes  = data.Internet["domain_suffix"]
	companies = data.Company["name"]
	animals   = data.Animal["animal"]
)

func name(r *rand.Rand) string { return pick(r, firsts) + " " + pick(r, lasts) }

// email takes how the name is written, and whether a number follows it, from one random number.
func email(r *rand.Rand) string {
	first, last := strings.ToLower(pick(r, firsts)), strings.ToLower(pick(r, lasts))
	domain := strings.ToLower(pick(r, lasts)) + "." + pick(r, suffixes)
	n := r.Uint64()
	var person string
	switch style := n % 100; {
	case style < 38:
		person = first + last
	case style < 66:
		person = first + "." + last
	case style < 80:
		person = first[:1] + last
	case style < 88:
		person = first + last[:1]
	case style < 94:
		person = first + "_" + last
	default:
		person = first + "-" + last
	}
	if n /= 100; n%100 < 10 {
		n = n / 100 % 100
		if n < 30 {
			n = 2 + n%8
		} else {
			n = 10 + n%90
		}
		person += strconv.FormatUint(n, 10)
	}
	return person + "@" + domain
}

func school(r *rand.Rand) string {
	return pick(r, data.School["name"]) + " " + pick(r, data.School["isPrivate"]) + " " + pick(r, data.School["type"])
}

// street gives half of the streets a prefix.
func street(r *rand.Rand) string {
	prefixed := !coin(r)
	s := streetNumber(r) + " "
	if prefixed {
		s += pick(r, data.Address["street_prefix"]) + " "
	}
	return s + pick(r, data.Address["street_name"]) + pick(r, data.Address["street_suffix"])
}

func streetNumber(r *rand.Rand) string {
	return strings.TrimLeft(digits(r, pick(r, data.Address["number"])), "0")
}

func unit(r *rand.Rand) string { return pick(r, data.Address["unit"]) + " " + digits(r, "###") }

// slogan makes everything small but the beginnings of sentences.
func slogan(r *rand.Rand) string {
	b := []byte(strings.ToLower(fill(r, pick(r, data.Company["slogan"]))))
	begins := true
	for i, c := range b {
		if begins && 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
		begins = strings.IndexByte(".!?", c) >= 0 || begins && c == ' '
	}
	return string(b)
}

func appAuthor(r *rand.Rand) string {
	if coin(r) {
		return name(r)
	}
	return pick(r, companies)
}
