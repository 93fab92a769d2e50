package history

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

// holds says by itself, without any index, whether a case is among a filter's.
func holds(f Filter, c contract.Case) bool {
	var texts []string
	for _, object := range []policy.Object{c.Who, c.What, c.Verdict} {
		for _, value := range object.Values {
			texts = append(texts, value.Text())
		}
	}
	have := wordsOf(nil, strings.Join(append(texts, c.Code.String()), " "), maxWords)
	for _, word := range wordsOf(nil, f.Text, maxSearchWords) {
		if !slices.Contains(have, word) {
			return false
		}
	}
	return (f.Policy == "" || c.Policy == f.Policy) &&
		(f.Outcome == "" || c.Outcome == f.Outcome) &&
		(f.Mode == "" || c.Code.Mode == f.Mode) &&
		(f.Origin == "" || (c.Code.Edit != "") == (f.Origin == Edited)) &&
		(f.Rule == contract.Hit{} || slices.Contains(c.Hits, f.Rule)) &&
		(f.From.IsZero() || !c.Created.Before(f.From)) &&
		(f.To.IsZero() || c.Created.Before(f.To))
}

// codes pages through a filter and gives the codes of what it lists.
func codes(t *testing.T, s *Store, f Filter, limit int) (codes []string) {
	t.Helper()
	for cursor := ""; ; {
		page, err := s.List(background, f, cursor, limit)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		if len(page.Cases) > limit {
			t.Fatalf("a page has %d cases, the limit is %d", len(page.Cases), limit)
		}
		for _, c := range page.Cases {
			codes = append(codes, c.Policy+" "+c.Code.String())
		}
		if cursor = page.Next; cursor == "" {
			return codes
		}
	}
}

func TestFilters(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		motor, news := motor(t), load(t, "news2")
		s := open(t, url, motor, news)
		clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		s.ids.now = func() time.Time { return clock }
		var saved []contract.Case // newest first
		for n := range uint64(120) {
			clock = clock.Add(time.Duration(n%3) * time.Millisecond) // some share a millisecond
			p := motor
			if n%4 == 0 {
				p = news
			}
			saved = append(saved, mustSave(t, s, makeCase(p, n), ""))
		}
		slices.Reverse(saved)

		check := func(f Filter, limit int) {
			t.Helper()
			var want []string
			for _, c := range saved {
				if holds(f, c) {
					want = append(want, c.Policy+" "+c.Code.String())
				}
			}
			if diff := cmp.Diff(want, codes(t, s, f, limit)); diff != "" {
				t.Errorf("%+v, %d a page: %s", f, limit, diff)
			}
			var each []string
			if err := s.Each(background, f, func(c contract.Case) error {
				each = append(each, c.Policy+" "+c.Code.String())
				return nil
			}); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, each); diff != "" {
				t.Errorf("each of %+v: %s", f, diff)
			}
		}
		middle := saved[len(saved)/2].Created
		for _, f := range []Filter{
			{}, {Policy: "motor-insurance"}, {Policy: "news2"}, {Policy: "no such policy"},
			{From: middle}, {To: middle}, {From: middle, To: middle.Add(time.Millisecond)}, {From: middle.Add(1)}, {To: middle.Add(1)},
			{From: middle, To: middle}, {From: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)}, {To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, {To: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)},
			{Policy: "motor-insurance", Text: saved[0].Code.String()}, {Policy: "motor-insurance", Text: strings.ToLower(saved[1].Code.String())},
			{Policy: "motor-insurance", Text: "  over 40,000 MILES  "}, {Policy: "motor-insurance", Text: "over mile"}, {Policy: "motor-insurance", Text: "£80"},
			{Policy: "motor-insurance", Outcome: "accept", Rule: contract.Hit{Decision: "eligibility", Rule: "no-such-rule"}},
		} {
			check(f, 11)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 25 { // combinations that at least one case meets, made from a case
			c := saved[r.IntN(len(saved))]
			f := Filter{Policy: c.Policy}
			for part, use := range []bool{r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(3) == 0, r.IntN(3) == 0, r.IntN(3) == 0} {
				switch {
				case !use:
				case part == 0:
					f.Outcome = c.Outcome
				case part == 1:
					f.Mode = c.Code.Mode
				case part == 2:
					f.Origin = originOf(c.Code)
				case part == 3:
					f.Rule = c.Hits[r.IntN(len(c.Hits))]
				case part == 4:
					f.Text = c.Verdict.Values[0].Text() + " " + c.What.Values[0].Text()
				case part == 5:
					f.From, f.To = c.Created.Add(-20*time.Millisecond), c.Created.Add(20*time.Millisecond)
				}
			}
			check(f, 5+r.IntN(20))
		}
	})
}

// Where a filter's parts seldom meet, a page ends after so many candidates and the next goes on from there.
func TestPageThatEndsEarly(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		s.examine = 50
		first := makeCase(p, 1_000)
		first.Outcome, first.Code.Mode, first.Code.Edit = "accept", policy.Boundary, ""
		mustSave(t, s, first, "")
		for n := range uint64(120) { // all of one outcome, none in the mode
			c := makeCase(p, n)
			c.Outcome, c.Code.Mode = "accept", policy.Random
			mustSave(t, s, c, "")
		}
		for n := range uint64(80) {
			c := makeCase(p, 500+n)
			c.Outcome, c.Code.Mode = "decline", policy.Boundary
			mustSave(t, s, c, "")
		}
		f := Filter{Policy: p.Name, Outcome: "accept", Mode: policy.Boundary}
		var sizes []int
		for cursor := ""; ; {
			page, err := s.List(background, f, cursor, 10)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(page.Cases))
			if early := page.Next != ""; early == page.Searched.IsZero() || page.Searched.Before(first.Created) {
				t.Errorf("a page with a next (%v) says that it searched back to %v", early, page.Searched)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(sizes) < 2 || len(sizes) > 4 || sizes[len(sizes)-1] != 1 {
			t.Errorf("the pages have %v cases: the last is to have the one, the others none", sizes)
		}
		var each []string
		s.examine = 5 // so that Each takes several pages too
		if err := s.Each(background, f, func(c contract.Case) error { each = append(each, c.Code.String()); return nil }); err != nil || !slices.Equal(each, []string{first.Code.String()}) {
			t.Errorf("each gives %v, %v", each, err)
		}
	})
}

func TestListRefuses(t *testing.T) {
	s := open(t, "sqlite::memory:", motor(t))
	raw := func(bytes ...byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }
	words := make([]string, maxSearchWords+1)
	for i := range words {
		words[i] = fmt.Sprint(i)
	}
	for _, test := range []struct {
		name   string
		f      Filter
		cursor string
		limit  int
	}{
		{"a limit of 0", Filter{}, "", 0},
		{"a limit over the most", Filter{}, "", MaxLimit + 1},
		{"a cursor in another alphabet", Filter{}, "AQAA+AAAAAA/", 1},
		{"a cursor that is too short", Filter{}, raw(1, 0, 0, 0), 1},
		{"a cursor that is too long", Filter{}, raw(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1},
		{"a cursor of another version", Filter{}, raw(2, 0, 0, 0, 0, 0, 0, 0, 1), 1},
		{"a negative cursor", Filter{}, raw(1, 128, 0, 0, 0, 0, 0, 0, 1), 1},
		{"a cursor with a line break", Filter{}, raw(1, 0, 0, 0, 0, 0, 0, 0, 1) + "\n", 1},
		{"an outcome of all policies", Filter{Outcome: "accept"}, "", 1},
		{"words of all policies", Filter{Text: "a"}, "", 1},
		{"too many words", Filter{Policy: "motor-insurance", Text: strings.Join(words, " ")}, "", 1},
	} {
		if _, err := s.List(background, test.f, test.cursor, test.limit); codeOf(err) != contract.Invalid {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if err := s.Each(background, Filter{Text: "a"}, nil); codeOf(err) != contract.Invalid {
		t.Errorf("each: %v", err)
	}
	if page, err := s.List(background, Filter{Policy: "motor-insurance", Text: "£ -- !"}, "", 1); err != nil || len(page.Cases) > 0 {
		t.Errorf("a text without words finds %v, %v", page, err)
	}
	ended, end := context.WithCancel(background)
	end()
	if _, err := s.List(ended, Filter{}, "", 1); err != context.Canceled {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestEachStops(t *testing.T) {
	p := motor(t)
	s := open(t, "sqlite::memory:", p)
	for n := range uint64(5) {
		mustSave(t, s, makeCase(p, n), "")
	}
	enough, seen := errors.New("enough"), 0
	if err := s.Each(background, Filter{}, func(contract.Case) error {
		if seen++; seen == 3 {
			return enough
		}
		return nil
	}); err != enough || seen != 3 {
		t.Errorf("saw %d, %v", seen, err)
	}
}

func FuzzCursor(f *testing.F) {
	for _, id := range []int64{0, 1, maxID} {
		f.Add(writeCursor(id))
	}
	f.Add("")
	f.Add("AQAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		before, err := query{before: maxID}.readCursor(cursor)
		if err != nil && codeOf(err) != contract.Invalid {
			t.Error(err)
		}
		if err == nil && cursor != "" && writeCursor(before) != cursor {
			t.Errorf("%q is read as %q", cursor, writeCursor(before))
		}
	})
}

// manyWords is a text of more words than a case is found by.
func manyWords() string {
	var text strings.Builder
	for i := range 2 * maxWords {
		fmt.Fprintf(&text, "w%d ", i)
	}
	return text.String()
}

// The items of a list are texts too, and a case with too many words is found by the first of them.
func TestWordsOfACase(t *testing.T) {
	shape := &policy.Shape{Name: "score", Columns: []policy.Column{{Name: "advice", Kind: policy.List, Elem: policy.String}, {Name: "n", Kind: policy.Int}, {Name: "note", Kind: policy.String}}}
	c := contract.Case{Policy: "p", Verdict: policy.Object{Shape: shape, Values: []policy.Value{
		policy.ListValue([]policy.Value{policy.StringValue("Rest, first"), policy.StringValue("then rest")}), policy.IntValue(42), policy.StringValue(manyWords()),
	}}}
	terms := termsOf(&c)
	for word, want := range map[string]bool{"rest": true, "then": true, "first": true, "42": false, "w1": true, "w399": false} {
		if got := slices.Contains(terms, term("p", termWord, word)); got != want {
			t.Errorf("found by %q: %t", word, got)
		}
	}
	if !slices.IsSorted(terms) || len(slices.Compact(terms)) != len(terms) {
		t.Error("the terms are not in order, or not each once")
	}
}

func FuzzWords(f *testing.F) {
	for _, text := range []string{"", "A b", "7KQ2X9FM-03ZT8W1C-B", "Too\u00a0young.", "e\u0301 É ǅ İ", "\xff\x00", "naïve 日本 ٣", manyWords()} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := wordsOf(nil, text, maxWords)
		if len(words) > maxWords {
			t.Errorf("%d words", len(words))
		}
		for i, word := range words {
			if word == "" || slices.Contains(words[:i], word) || strings.ContainsFunc(word, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }) {
				t.Errorf("%q is no word of %q", word, text)
			}
		}
	})
}
