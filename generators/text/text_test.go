package text

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/brianvoe/gofakeit/v7/data"
	"github.com/google/go-cmp/cmp"
)

// parameters are those that the functions with parameters are held against gofakeit with.
var parameters = map[string][]map[string]string{
	"numerify":           {{"str": "AB## CDE"}, {"str": "###-####"}, {"str": "0#"}, {"str": "é#"}, {"str": ""}},
	"lexify":             {{"str": "?? 1?"}, {"str": ""}},
	"digitn":             {{"count": "1"}, {"count": "200"}},
	"lettern":            {{"count": "1"}, {"count": "200"}},
	"hexuint":            {nil, {"bitSize": "1"}, {"bitSize": "32"}, {"bitSize": "200"}},
	"randomstring":       {{"strs": "a,b,c"}, {"strs": "one"}, {"strs": ""}, {"strs": " a,,é"}},
	"time":               {nil, {"format": "HH:mm:ss"}, {"format": "HH:mm"}, {"format": "H:mm"}, {"format": "hh:mm:ss a"}, {"format": "hh:mm a"}, {"format": "h:mm a"}},
	"urlslug":            {nil, {"words": "1"}, {"words": "200"}},
	"loremipsumsentence": {nil, {"wordcount": "1"}, {"wordcount": "50"}},
	"loremipsumparagraph": {nil, {"paragraphcount": "1"}, {"sentencecount": "20"}, {"wordcount": "50"}, {"paragraphseparator": ""},
		{"paragraphcount": "20", "sentencecount": "2", "wordcount": "5", "paragraphseparator": "\n"}},
	"creditcardnumber": {nil, {"types": "all"}, {"types": "visa"}, {"types": "mir,american-express", "gaps": "true"}, {"types": "maestro", "gaps": "1"},
		{"bins": "4026,0,123456789012", "gaps": "true"}, {"types": "maestro", "bins": "999999999999"}},
	"password": {nil, {"length": "1"}, {"length": "200", "space": "true"}, {"special": "false"}, {"upper": "F", "lower": "0", "length": "30"},
		{"lower": "false", "upper": "false", "numeric": "false", "special": "false"},
		{"lower": "false", "upper": "false", "numeric": "false", "special": "false", "space": "true"},
		{"lower": "false", "upper": "false", "numeric": "false", "space": "true", "length": "5"}, {"space": "true", "length": "7"}},
}

// TestTextAgreesWithGofakeit draws the same texts with our functions and with gofakeit's.
func TestTextAgreesWithGofakeit(t *testing.T) {
	for _, function := range Functions() {
		all, listed := parameters[function]
		if _, takes := parametrised[function]; takes != listed {
			t.Errorf("%s takes parameters: %v, and is held against gofakeit with some: %v", function, takes, listed)
		}
		if !listed {
			all = []map[string]string{nil}
		}
		for _, given := range all {
			draw, err := New(function, given)
			if err != nil {
				t.Errorf("%s %v: %v", function, given, err)
				continue
			}
			agree(t, function, given, draw, 1000)
		}
	}
}

// agree draws texts from streams of equal numbers.
func agree(t *testing.T, function string, given map[string]string, draw Draw, seeds uint64) {
	t.Helper()
	var ours, theirs rand.PCG
	random, faker := rand.New(&ours), gofakeit.NewFaker(&theirs, false)
	info, params := gofakeit.GetFuncLookup(function), mapParams(function, given)
	for seed := range seeds {
		ours.Seed(seed, 1)
		theirs.Seed(seed, 1)
		want, err := info.Generate(faker, params, info)
		if err != nil {
			t.Fatalf("%s %v: gofakeit says %v", function, given, err)
		}
		got := draw(random)
		if got != want {
			t.Errorf("%s %v, seed %d: %q, gofakeit gives %q", function, given, seed, got, want)
			return
		}
		if len(got) > 4<<10 || !utf8.ValidString(got) {
			t.Errorf("%s %v, seed %d: %d bytes: %q", function, given, seed, len(got), got)
		}
	}
}

// mapParams gives parameters as gofakeit takes them.
func mapParams(function string, given map[string]string) *gofakeit.MapParams {
	if given == nil {
		return nil
	}
	params := gofakeit.MapParams{}
	for _, p := range gofakeit.GetFuncLookup(function).Params {
		if value, ok := given[p.Field]; ok && strings.HasPrefix(p.Type, "[]") {
			params[p.Field] = strings.Split(value, ",")
		} else if ok {
			params[p.Field] = []string{value}
		}
	}
	return &params
}

// TestEveryFunctionOfGofakeit holds that each is either ours or refused for a reason, and no other is.
func TestEveryFunctionOfGofakeit(t *testing.T) {
	known := Functions()
	for reason, functions := range refused {
		if !strings.Contains(reason, ": use ") {
			t.Errorf("%q does not say what to write instead", reason)
		}
		known = append(known, strings.Fields(functions)...)
	}
	slices.Sort(known)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(gofakeit.FuncLookups)), known); diff != "" {
		t.Error(diff)
	}
	// Of those whose result is a text these are refused. The errors say that they are texts, and month too.
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(gofakeit.FuncLookups)) {
		if gofakeit.FuncLookups[name].Output == "string" && refusal(name) != "" {
			texts = append(texts, name)
		}
	}
	want := strings.Fields(`creditcardexp date daterange email_text emojisentence error errordatabase errorgrpc errorhttp errorhttpclient
		errorhttpserver errorobject errorruntime errorvalidation firefoxuseragent generate markdown month regex sql svg template timerange useragent`)
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
}

// TestTemplatesNameFunctions fills each template of the lists once: what fill does not find stops the program.
func TestTemplatesNameFunctions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for group, lists := range data.Data {
		for name, list := range lists {
			for _, template := range list {
				switch {
				case group == "error", group == "emoji" && name == "sentence": // not ours
					continue
				case group == "product" && name == "description":
					template = strings.ReplaceAll(template, "{productaudience}", "")
				}
				if got := fill(random, template); strings.ContainsAny(got, "{}") {
					t.Errorf("%s %s: %q gives %q", group, name, template, got)
				}
			}
		}
	}
}

// TestBounds holds that counts bound a text even if each word is the longest, and no card is shorter than what it
// may begin with.
func TestBounds(t *testing.T) {
	longest := func(lists ...[]string) int {
		n := 0
		for _, words := range slices.Concat(lists...) {
			for word := range strings.FieldsSeq(words) {
				n = max(n, len(word))
			}
		}
		return n
	}
	if bytes := most * (longest(slices.Collect(maps.Values(data.Word))...) + 1); bytes > 4<<10 {
		t.Errorf("a slug of %d bytes", bytes)
	}
	for name, card := range data.CreditCards {
		if slices.Min(card.Lengths) < shortestCard {
			t.Errorf("%s has numbers of %v digits", name, card.Lengths)
		}
	}
	// Each word may end a sentence, and 20 paragraphs have 19 separators of 40 bytes.
	if bytes := most*(longest(data.Lorem["word"])+2) + 19*40; bytes > 4<<10 {
		t.Errorf("paragraphs of %d bytes", bytes)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		function   string
		parameters map[string]string
		wrong      string
	}{
		"an unknown function":           {"FirstNam", nil, `has the function "FirstNam", which does not exist: did you mean "firstname"?`},
		"one that is like no other":     {"quux", nil, `has the function "quux", which does not exist: write one such as name, street or sentence`},
		"a day of the clock":            {"pastdate", nil, "cannot have the function pastdate, which depends on the clock, so that no case could be drawn again: use kind date with from and to"},
		"a year of the clock":           {"useragent", nil, "cannot have the function useragent, which depends on the clock, so that no case could be drawn again: use chromeuseragent"},
		"a language of its own":         {"regex", map[string]string{"str": "a{1000}"}, "cannot have the function regex, which has no bound to what it gives: use a function for one text, such as name, street or sentence"},
		"a number":                      {"latitude", nil, "cannot have the function latitude, which gives a number, not a text: use kind int or number"},
		"a record":                      {"person", nil, "cannot have the function person, which gives a record, not a text: use a field for each of its texts, such as name and city"},
		"a missing text":                {"numerify", nil, "needs the parameter str: write it under parameters"},
		"a missing count":               {"lettern", map[string]string{}, "needs the parameter count: write it under parameters"},
		"a missing list":                {"randomstring", nil, "needs the parameter strs: write it under parameters"},
		"a parameter where none is":     {"name", map[string]string{"x": "1"}, `has the parameter "x", but its function takes none: leave it out`},
		"a parameter of a template":     {"sentence", map[string]string{"x": "1"}, `has the parameter "x", but its function takes none: leave it out`},
		"an unknown parameter":          {"numerify", map[string]string{"strr": "#"}, `has the parameter "strr", which its function does not take: did you mean "str"?; it takes str`},
		"one that is like no other too": {"loremipsumparagraph", map[string]string{"n": "1"}, `has the parameter "n", which its function does not take; it takes paragraphcount, sentencecount, wordcount, paragraphseparator`},
		"a count that is no number":     {"lettern", map[string]string{"count": "x"}, `has "x" for the parameter count: write a whole number from 1 to 200`},
		"a count of nothing":            {"urlslug", map[string]string{"words": "0"}, `has "0" for the parameter words: write a whole number from 1 to 200`},
		"a count that is too large":     {"lettern", map[string]string{"count": "201"}, `has "201" for the parameter count: write a whole number from 1 to 200`},
		"a count that is far too large": {"loremipsumparagraph", map[string]string{"wordcount": "99999999999999999999"}, `has "99999999999999999999" for the parameter wordcount: write a whole number from 1 to 50`},
		"counts that are too large":     {"loremipsumparagraph", map[string]string{"sentencecount": "20", "wordcount": "20"}, "would give too much, with counts that multiplied are 800: write such that are at most 200"},
		"a long text":                   {"numerify", map[string]string{"str": strings.Repeat("#", 201)}, "has 201 bytes for the parameter str: write at most 200"},
		"a long separator":              {"loremipsumparagraph", map[string]string{"paragraphseparator": strings.Repeat("-", 41)}, "has 41 bytes for the parameter paragraphseparator: write at most 40"},
		"neither true nor false":        {"password", map[string]string{"lower": "x"}, `has "x" for the parameter lower: write true or false`},
		"a card of no type":             {"creditcardnumber", map[string]string{"types": "visa,all"}, `has "all" for the parameter types: write types of cards, such as visa,mastercard, or all`},
		"a card that begins with words": {"creditcardnumber", map[string]string{"bins": "4026,x"}, `has "x" for the parameter bins: write at most 12 digits, such as 4026`},
		"a card that begins too long":   {"creditcardnumber", map[string]string{"bins": "1234567890123"}, `has "1234567890123" for the parameter bins: write at most 12 digits, such as 4026`},
		"a time in another format":      {"time", map[string]string{"format": "HHmm"}, `has "HHmm" for the parameter format: write one of H:mm, HH:mm, HH:mm:ss, h:mm a, hh:mm a, hh:mm:ss a`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.function, c.parameters)
			if diff := cmp.Diff(c.wrong, fmt.Sprint(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFunctionsAreDocumented holds docs/policies.md to the tables: the functions of its first, the parameters of its
// second.
func TestFunctionsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(source), "### Texts of `fake` fields\n")
	section, _, _ = strings.Cut(section, "\n## ")
	without, with, _ := strings.Cut(section, "| function | parameters |")
	var got []string
	for _, row := range regexp.MustCompile(`(?m)^\| [a-z].*$`).FindAllString(without, -1) {
		for _, name := range regexp.MustCompile("`([a-z0-9]+)`").FindAllStringSubmatch(row, -1) {
			got = append(got, name[1])
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| (.*) \\|$").FindAllStringSubmatch(with, -1) {
		a := &arguments{}
		parametrised[row[1]](a)
		var described []string
		for _, list := range regexp.MustCompile("(?:`[a-zA-Z]+`(?:, | and )?)+:").FindAllString(row[2], -1) {
			described = append(described, regexp.MustCompile("[a-zA-Z]+").FindAllString(strings.ReplaceAll(list, " and ", " "), -1)...)
		}
		if diff := cmp.Diff(a.taken, described); diff != "" {
			t.Errorf("%s: %s", row[1], diff)
		}
		got = append(got, row[1])
	}
	slices.Sort(got)
	if diff := cmp.Diff(Functions(), got); diff != "" {
		t.Error(diff)
	}
}

// FuzzNew takes hostile parameters: what is taken agrees with gofakeit.
func FuzzNew(f *testing.F) {
	for function, all := range parameters {
		for _, given := range all {
			for name, value := range given {
				f.Add(function, name, value, name, value)
			}
		}
	}
	f.Add("creditcardnumber", "bins", "12345678901234567890", "gaps", "true")
	f.Add("creditcardnumber", "bins", "abc", "gaps", "true")
	f.Fuzz(func(t *testing.T, function, name, value, second, other string) {
		given := map[string]string{name: value, second: other}
		if !utf8.ValidString(value + other) {
			return // no document has such a text
		}
		if draw, err := New(function, given); err == nil {
			agree(t, function, given, draw, 20)
		}
	})
}
