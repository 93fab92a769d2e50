package history

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"

	"verdictory/contract"
	"verdictory/policy"
)

// The kinds of terms.
const (
	termPolicy  = "policy"  // every case of the policy; no text
	termOutcome = "outcome" // its outcome
	termMode    = "mode"    // random or boundary
	termOrigin  = "origin"  // generated or edited
	termRule    = "rule"    // a rule that hit: decision/rule
	termWord    = "word"    // a word of its texts or its code
)

// The most words that a case is found by, and that a search may have.
const (
	maxWords       = 200
	maxSearchWords = 16
)

// term gives the number under which the index holds a thing that cases of a policy have in common: the first 8 bytes
// of sha256(policy NUL kind NUL text). Among ten million terms the chance of any two being equal is one in 400,000.
func term(policy, kind, text string) int64 {
	buffer := make([]byte, 0, 128)
	buffer = append(append(append(append(append(buffer, policy...), 0), kind...), 0), text...)
	hash := sha256.Sum256(buffer)
	return int64(binary.BigEndian.Uint64(hash[:8]))
}

// termsOf gives the terms of a case, in order and each once.
func termsOf(c *contract.Case) []int64 {
	terms := make([]int64, 0, 40)
	add := func(kind, text string) { terms = append(terms, term(c.Policy, kind, text)) }
	add(termPolicy, "")
	add(termOutcome, c.Outcome)
	add(termMode, string(c.Code.Mode))
	add(termOrigin, string(originOf(c.Code)))
	for _, hit := range c.Hits {
		add(termRule, hit.String())
	}
	words := wordsOf(nil, c.Code.String(), maxWords)
	for _, object := range []policy.Object{c.Who, c.What, c.Verdict} {
		for _, value := range object.Values {
			words = wordsOf(words, value.Text(), maxWords)
			for _, item := range value.List() {
				words = wordsOf(words, item.Text(), maxWords)
			}
		}
	}
	for _, word := range words {
		add(termWord, word)
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// wordsOf adds a text's words to those found already: its runs of letters and digits, in small letters, each once. It
// stops at most words, so that a text of a megabyte costs no more than a sentence.
func wordsOf(words []string, text string, most int) []string {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}) {
		if len(words) == most {
			break
		}
		if word = strings.ToLower(word); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

func originOf(code policy.Code) Origin {
	if code.Edit != "" {
		return Edited
	}
	return Generated
}
