package text

import (
	"math/rand/v2"
	"strings"

	"github.com/brianvoe/gofakeit/v7/data"
)

// Words, phrases, sentences.

var (
	noun = fromAny(data.Word["noun_common"], data.Word["noun_concrete"], data.Word["noun_abstract"], data.Word["noun_collective_people"],
		data.Word["noun_collective_animal"], data.Word["noun_collective_thing"], data.Word["noun_countable"], data.Word["noun_uncountable"])
	verb      = fromAny(data.Word["verb_action"], data.Word["verb_linking"], data.Word["verb_helping"])
	adjective = fromAny(data.Word["adjective_descriptive"], data.Word["adjective_quantitative"], data.Word["adjective_proper"],
		data.Word["adjective_demonstrative"], data.Word["adjective_possessive"], data.Word["adjective_interrogative"], data.Word["adjective_indefinite"])
	adverb = fromAny(data.Word["adverb_manner"], data.Word["adverb_degree"], data.Word["adverb_place"], data.Word["adverb_time_definite"],
		data.Word["adverb_time_indefinite"], data.Word["adverb_frequency_definite"], data.Word["adverb_frequency_indefinite"])
	pronoun = fromAny(data.Word["pronoun_personal"], data.Word["pronoun_object"], data.Word["pronoun_possessive"], data.Word["pronoun_reflective"],
		data.Word["pronoun_indefinite"], data.Word["pronoun_demonstrative"], data.Word["pronoun_interrogative"], data.Word["pronoun_relative"])
	preposition = fromAny(data.Word["preposition_simple"], data.Word["preposition_double"], data.Word["preposition_compound"])
	connective  = fromAny(data.Word["connective_time"], data.Word["connective_comparative"], data.Word["connective_complaint"],
		data.Word["connective_listing"], data.Word["connective_casual"], data.Word["connective_examplify"])
	emoji = fromAny(data.Emoji["animal"], data.Emoji["clothing"], data.Emoji["costume"], data.Emoji["electronics"], data.Emoji["face"],
		data.Emoji["flag"], data.Emoji["food"], data.Emoji["game"], data.Emoji["gesture"], data.Emoji["hand"], data.Emoji["job"],
		data.Emoji["landmark"], data.Emoji["music"], data.Emoji["person"], data.Emoji["plant"], data.Emoji["sport"], data.Emoji["tools"],
		data.Emoji["vehicle"], data.Emoji["weather"])

	nounConcrete         = from(data.Word["noun_concrete"])
	verbAction           = from(data.Word["verb_action"])
	adjectiveDescriptive = from(data.Word["adjective_descriptive"])

	sentence        = capitalised(template(data.Text["sentence"]))
	hipsterSentence = capitalised(template(data.Hipster["sentence"]))
)

// word gives one word of any list, also where the list has several together.
func word(r *rand.Rand) string {
	return choose(r, strings.Split(pick(r, data.Word[pick(r, data.WordKeys)]), " "))
}

// properNoun gives an actor, a city or a first name.
func properNoun(r *rand.Rand) string {
	return pick(r, [][]string{data.Celebrity["actor"], data.Address["city"], firsts}[r.IntN(3)])
}

// nounPhrase gives a noun, perhaps with an adjective, and perhaps with an article.
func nounPhrase(r *rand.Rand) string {
	described := coin(r)
	s := ""
	if described {
		s = adjectiveDescriptive(r) + " "
	}
	s += noun(r)
	switch weighted(r, 2, 1.5, 1) {
	case 0:
		return article(s) + " " + s
	case 1:
		return "the " + s
	}
	return s
}

// article gives an before what mostly sounds like a vowel, and otherwise a.
func article(s string) string {
	s = strings.ToLower(s)
	for _, beginning := range []string{"a", "e", "i", "o", "un", "ul", "hi"} {
		if strings.HasPrefix(s, beginning) {
			return "an"
		}
	}
	return "a"
}

func verbPhrase(r *rand.Rand) string {
	var parts []string
	perhaps := func(phrase Draw) bool {
		draws := coin(r)
		if draws {
			parts = append(parts, phrase(r))
		}
		return draws
	}
	perhaps(adverbPhrase)
	parts = append(parts, verbAction(r))
	perhaps(nounPhrase)
	if perhaps(adverbPhrase) {
		perhaps(prepositionPhrase)
		perhaps(adverbPhrase)
	}
	return strings.Join(parts, " ")
}

func adverbPhrase(r *rand.Rand) string {
	degree := ""
	if coin(r) {
		degree = pick(r, data.Word["adverb_degree"]) + " "
	}
	return degree + pick(r, data.Word["adverb_manner"])
}

func prepositionPhrase(r *rand.Rand) string {
	return pick(r, data.Word["preposition_simple"]) + " " + nounPhrase(r)
}

// comment gives a few a capital, and a few a mark at the end.
func comment(r *rand.Rand) string {
	s := fill(r, pick(r, data.Text["comment"]))
	if weighted(r, 5, 1) == 1 {
		s = capital(s)
	}
	if weighted(r, 17, 3) == 1 {
		s += string("?!."[weighted(r, 4, 3, 1)])
	}
	return s
}

func question(r *rand.Rand) string { return capital(fill(r, pick(r, data.Text["question"]))) + "?" }

// quote makes the letter behind the opening mark a capital.
func quote(r *rand.Rand) string {
	s := fill(r, pick(r, data.Text["quote"]))
	return s[:1] + capital(s[1:])
}

// paragraph gives two to five sentences.
func paragraph(sentence Draw) Draw {
	return func(r *rand.Rand) string { return repeated(r, number(r, 2, 5), sentence, " ") }
}

// repeated draws n texts and joins them.
func repeated(r *rand.Rand, n int, draw Draw, separator string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = draw(r)
	}
	return strings.Join(parts, separator)
}

var loremWord = from(data.Lorem["word"])

func loremSentence(words int) Draw {
	return func(r *rand.Rand) string { return capital(repeated(r, words, loremWord, " ")) + "." }
}

func loremParagraphs(a *arguments) Draw {
	paragraphs, sentences, words := a.count("paragraphcount", "2", 20), a.count("sentencecount", "2", 20), a.count("wordcount", "5", 50)
	separator := a.read("paragraphseparator", "<br />", most/5)
	paragraph := func(r *rand.Rand) string { return repeated(r, sentences, loremSentence(words), " ") }
	return func(r *rand.Rand) string { return repeated(r, paragraphs, paragraph, separator) }
}
