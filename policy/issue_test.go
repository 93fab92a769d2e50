package policy

import (
	"strings"
	"testing"
)

func TestIssueSaysWhereAndWhat(t *testing.T) {
	for want, issue := range map[string]Issue{
		"who.yaml:3:7: fields is empty": {Document: "who.yaml", Line: 3, Column: 7, Field: "fields", Message: "fields is empty"},
		"who.yaml: is missing":          {Document: "who.yaml", Message: "is missing"},
		"driver.age: age is missing":    {Field: "driver.age", Message: "age is missing"},
		"the folder cannot be read":     {Message: "the folder cannot be read"},
	} {
		if got := issue.String(); got != want {
			t.Errorf("%+v reads %q, want %q", issue, got, want)
		}
	}
}

func TestIssuesAreAnErrorWhereThereAreAny(t *testing.T) {
	if err := (Issues{}).Err(); err != nil {
		t.Errorf("no issues are the error %v", err)
	}
	err := Issues{{Message: "one"}, {Document: "who.yaml", Message: "two"}}.Err()
	if err == nil || err.Error() != "one\nwho.yaml: two" {
		t.Errorf("two issues are the error %v", err)
	}
}

func TestDidYouMean(t *testing.T) {
	words := []string{"min", "max", "Distribution", "probability", "to", ""}
	for word, want := range map[string]string{
		"mni":                     `: did you mean "min"?`,
		"MIN":                     `: did you mean "min"?`,
		"maxx":                    `: did you mean "max"?`,
		"ma":                      `: did you mean "max"?`,
		"distirbution":            `: did you mean "Distribution"?`,
		"probabilities":           "",
		"probabilit":              `: did you mean "probability"?`,
		"tto":                     `: did you mean "to"?`,
		"xy":                      "",
		"":                        "",
		"colour":                  "",
		strings.Repeat("min", 30): "",
	} {
		if got := DidYouMean(word, words); got != want {
			t.Errorf("%q gives %q, want %q", word, got, want)
		}
	}
}

func TestSuggestNamesWhatMayBeWritten(t *testing.T) {
	letters := strings.Split("aaa bbb ccc ddd eee fff ggg hhh iii jjj kkk lll mmm", " ")
	for _, c := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"aab", letters, `: did you mean "aaa"?`},
		{"zzz", letters[:3], ": write one of aaa, bbb, ccc"},
		{"zzz", letters, ": write one of aaa, bbb, ccc, ddd, eee, fff, ggg, hhh, iii, jjj, kkk, lll, …"},
		{"zzz", nil, ""},
	} {
		if got := suggest(c.word, c.candidates).String(); got != c.want {
			t.Errorf("%s among %v gives %q, want %q", c.word, c.candidates, got, c.want)
		}
	}
}

// alignment is the distance that editDistance cuts short, by its definition.
func alignment(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	change := alignment(a[1:], b[1:])
	if a[0] != b[0] {
		change++
	}
	best := min(change, alignment(a[1:], b)+1, alignment(a, b[1:])+1)
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		best = min(best, alignment(a[2:], b[2:])+1)
	}
	return best
}

func TestEditDistanceIsExactWhereItIsNear(t *testing.T) {
	var words []string
	for _, letters := range []string{"ab", "abc"} {
		for length, count := 0, 1; length <= 5; length, count = length+1, count*len(letters) {
			for n := 0; n < count; n += 1 + count/20 {
				word, rest := "", n
				for range length {
					word, rest = word+string(letters[rest%len(letters)]), rest/len(letters)
				}
				words = append(words, word)
			}
		}
	}
	for _, a := range words {
		for _, b := range words {
			got, want := editDistance(a, b), alignment(a, b)
			if got != want && (got <= near || want <= near) {
				t.Errorf("%q and %q are %d apart, want %d", a, b, got, want)
			}
		}
	}
}
