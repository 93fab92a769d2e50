package text

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/brianvoe/gofakeit/v7/data"
)

// Products, apps, what players are called.

// productName puts two or three parts together: n is what the product is, a an adjective or, for one in five, two of them,
// f a feature, m a material and s a suffix.
func productName(r *rand.Rand) string {
	what := pick(r, data.Product["name"])
	patterns := []string{"an", "an", "ns", "mn", "fn"}
	if weighted(r, 70, 30) == 1 {
		patterns = []string{"ans", "ans", "nfs", "afn", "nms"}
	}
	var parts []string
	for _, part := range pick(r, patterns) {
		switch part {
		case 'n':
			parts = append(parts, what)
		case 'a':
			adjective := ""
			if number(r, 1, 5) == 1 {
				adjective = pick(r, data.Product["adjective"]) + "-"
			}
			parts = append(parts, adjective+pick(r, data.Product["adjective"]))
		case 'f':
			parts = append(parts, pick(r, data.Product["feature"]))
		case 'm':
			parts = append(parts, pick(r, data.Product["material"]))
		case 's':
			parts = append(parts, pick(r, data.Product["suffix"]))
		}
	}
	return title(strings.Join(parts, " "))
}

// productDescription draws the audiences before everything else.
func productDescription(r *rand.Rand) string {
	s := pick(r, data.Product["description"])
	for strings.Contains(s, "{productaudience}") {
		s = strings.Replace(s, "{productaudience}", audience(r), 1)
	}
	return fill(r, s)
}

// audience gives one or two, not the same twice.
func audience(r *rand.Rand) string {
	var all []string
	for len(all) < number(r, 1, 2) {
		next := pick(r, data.Product["target_audience"])
		for slices.Contains(all, next) {
			next = pick(r, data.Product["target_audience"])
		}
		all = append(all, next)
	}
	return strings.Join(all, " and ")
}

func hexColor(r *rand.Rand) string {
	s := digits(r, several(r, 6, func(r *rand.Rand) byte { return "?#"[r.IntN(2)] }))
	return "#" + string(replaced(r, s, '?', func(r *rand.Rand) byte { return "abcdef"[r.IntN(6)] }))
}

func appName(r *rand.Rand) string {
	switch r.IntN(3) {
	case 0:
		return title(noun(r) + verb(r))
	case 1:
		return title(pick(r, data.Colors["full"]) + noun(r))
	default:
		return title(pick(r, animals) + verb(r))
	}
}

func gamertag(r *rand.Rand) string {
	var s string
	switch r.IntN(4) {
	case 0:
		s = title(nounConcrete(r)) + title(verbAction(r)) + "er"
	case 1:
		s = title(adjectiveDescriptive(r)) + title(pick(r, animals))
	case 2:
		s = title(adjectiveDescriptive(r)) + title(nounConcrete(r))
	default:
		s = title(pick(r, data.Food["fruit"])) + title(adjectiveDescriptive(r))
	}
	if r.IntN(3) == 1 {
		s += several(r, number(r, 1, 3), digit)
	}
	return strings.ReplaceAll(s, " ", "")
}
