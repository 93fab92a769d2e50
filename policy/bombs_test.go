package policy

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What one hostile document may cost.
const (
	bombTime   = 200 * time.Millisecond // of the CPU
	bombMemory = 32 << 20               // bytes allocated, in all
)

// fill repeats a text until the document is as large as a bomb.
func fill(head, text, tail string) string {
	return head + strings.Repeat(text, (bombSize-len(head)-len(tail))/len(text)) + tail
}

// numbered repeats a text with a number in it, %d, n times.
func numbered(head, text, tail string, n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, text, i)
	}
	return b.String() + tail
}

// crowd repeats a text with a number in it, %d, until the document is as large as a bomb.
func crowd(head, text, tail string) string {
	n := (bombSize - len(head) - len(tail)) / (len(text) + 3) // the numbers have at most five digits in place of two characters
	return numbered(head, text, tail, n)
}

// bombs are documents made to cost time, memory or the stack, by the document that each is read as. None is good.
func bombs() map[string]map[string]string {
	const (
		object = "object: driver\nfields:\n"
		rules  = "label: A\ndecisions:\n"
	)
	stairs := func(step string) string {
		var b strings.Builder
		for i := 0; b.Len()+i+len(step) < bombSize; i++ {
			b.WriteString(strings.Repeat(" ", i) + step)
		}
		return b.String()
	}
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 60; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	long := strings.Repeat("a", 60)
	return map[string]map[string]string{WhoDocument: {
		"open brackets":               fill("", "[", ""),
		"open braces":                 fill("", "{", ""),
		"open braces with keys":       fill("", "{a: ", ""),
		"open both":                   fill("", "[{a: ", ""),
		"closed brackets":             strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000),
		"closed braces":               strings.Repeat("{a: ", 9_000) + strings.Repeat("}", 9_000),
		"brackets below a key":        "fields: " + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000),
		"brackets in text":            fill("object: \"", "[", "\""),
		"closing brackets":            fill("a: ", "]", ""),
		"empty lists in a list":       fill("[", "[],", "]"),
		"empty mappings in a list":    fill("fields: [", "{},", "]"),
		"dashes":                      fill("", "- ", ""),
		"dashes down":                 fill("", "-\n", ""),
		"dashes and brackets":         fill("", "- [", ""),
		"question marks":              fill("", "? ", ""),
		"question marks and brackets": fill("", "? [", ""),
		"question marks down":         fill("", "? a\n", ""),
		"colons":                      fill("", ":", ""),
		"colons spaced":               fill("", ": ", ""),
		"stairs of keys":              stairs("a:\n"),
		"stairs of dashes":            stairs("-\n"),
		"stairs of blank lines":       stairs("\n"),
		"billion laughs":              laughs,
		"laughs in a field":           object + "  - &a {name: a, kind: bool, probability: 0.5}\n" + strings.Repeat("  - *a\n", 5_000),
		"alias of itself":             "a: &a [*a]\n",
		"merge of itself":             "a: &a\n  <<: *a\n",
		"anchors":                     fill("", "- &a b\n", ""),
		"numbered anchors":            crowd("", "- &a%d b\n", ""),
		"aliases":                     fill("- &a b\n", "- *a\n", ""),
		"long anchor":                 fill("- &", "a", " b"),
		"tags":                        fill("", "- !!str b\n", ""),
		"binary":                      fill("a: !!binary ", "QUFB", ""),
		"long tag":                    fill("- !", "a", " b"),
		"tag directives":              crowd("", "%%TAG !a%d! tag:b\n", "---\na: 1\n"),
		"directives":                  fill("", "%FOO bar\n", "---\na: 1\n"),
		"documents":                   fill("", "---\n", ""),
		"documents with ends":         fill("", "a: 1\n...\n", ""),
		"keys":                        crowd("", "k%d: 1\n", ""),
		"one key":                     fill("", "a: 1\n", ""),
		"keys near a known one":       crowd("", "objec%x: 1\n", ""),
		"long keys":                   crowd("", strings.Repeat("k", 500)+"%d: 1\n", ""),
		"one long key":                fill("? ", "k", "\n: 1\n"),
		"keys that are lists":         fill("", "[a]: 1\n", ""),
		"a text":                      fill("object: ", "a", ""),
		"a text in quotes":            fill("object: \"", "a", "\""),
		"a text of escapes":           fill("object: \"", `\u0041`, "\""),
		"a text of folds":             fill("object: \"", "a\n\n", "\""),
		"a text without end":          fill("object: \"", "a\n", ""),
		"a text in apostrophes":       fill("object: '", "''", ""),
		"a block":                     fill("object: |\n", "  a\n", ""),
		"a folded block":              fill("object: >\n", "  a\n\n", ""),
		"a block of blank lines":      fill("object: |+\n", "\n", ""),
		"a plain text over lines":     fill("object:\n", "  a\n", ""),
		"spaces":                      fill("", " ", ""),
		"tabs":                        fill("", "\t", ""),
		"line ends":                   fill("", "\n", ""),
		"carriage returns":            fill("", "\r", ""),
		"comments":                    fill("", "#\n", ""),
		"comments after keys":         fill("", "a: 1 #\n#\n", ""),
		"comments among dashes":       fill("", "- a\n#b\n\n#c\n", ""),
		"comments below dashes":       fill(strings.Repeat("- ", bombSize/8)+"#\n", "#\n", ""),
		"a comment":                   fill("#", "a", ""),
		"nul":                         fill("", "\x00", ""),
		"control characters":          fill("a: ", "\x01", ""),
		"no UTF-8":                    fill("a: ", "\xff", ""),
		"cut UTF-8 at the end":        fill("a: ", "a", "\xc3"),
		"UTF-16":                      fill("\xff\xfe", "a\x00", ""),
		"byte order marks":            fill("", "\uFEFF", ""),
		"wide characters":             fill("a: [", "😀, ", ""),
		"a digit":                     fill("fields: ", "9", ""),
		"numbers":                     fill("fields: [", "1e999999999, ", "]"),
		"one byte too many":           strings.Repeat("a", MaxDocument+1),
		"a megabyte of brackets":      strings.Repeat("[", 1<<20),
		"fields of one letter":        fill("object: a\nfields: [", "a,", "]"),
		"fields of nothing":           fill("object: a\nfields: [", "{}, ", "]"),
		"fields":                      crowd(object, "  - {name: f%d, kind: bool, probability: 1}\n", ""),
		"fields of one name":          fill(object, "  - {name: f, kind: date, from: 1, to: 2}\n", ""),
		"fields of no kind":           fill(object, "  - {kind: x}\n", ""),
		"labels":                      crowd(object+"  - {name: a, kind: choice, choices: [", "l%d, ", "]}\n"),
		"labels of one name":          fill(object+"  - {name: a, kind: choice, choices: [", "l, ", "]}\n"),
		"tables beside labels": crowd(numbered(object+"  - {name: a, kind: choice, choices: [", long+"%03d, ", "]}\n", bombSize/128)+
			"  - {name: b, kind: choice, given: a, tables: {", long+"x%02d: 1, ", "}}\n"),
		"parameters of a function": crowd(object+"  - {name: a, kind: fake, function: f, parameters: {", "p%d: [], ", "}}\n"),
	}, RulesDocument: {
		"decisions":               fill(rules, "  - {id: a, hit_policy: first, outputs: [x], rules: []}\n", ""),
		"decisions of one letter": fill("label: A\ndecisions: [", "a,", "]"),
		"rules":                   crowd(rules+"  - id: a\n    hit_policy: first\n    outputs: [x]\n    rules:\n", "      - {id: r%d, then: {x: 1}}\n", ""),
		"rules of one letter":     fill(rules+"  - id: a\n    hit_policy: first\n    outputs: [x]\n    rules: [", "a,", "]"),
		"outputs":                 crowd(rules+"  - id: a\n    hit_policy: first\n    outputs: [", "x%d, ", "]\n"),
		"values of an output":     crowd(rules+"  - id: a\n    hit_policy: priority\n    outputs: {x: {values: [", "v%d, ", "]}}\n"),
		"assignments":             crowd(rules+"  - id: a\n    hit_policy: first\n    outputs: [x]\n    rules:\n      - id: a\n        then: {", "y%d: 1, ", "}\n"),
		"outcome values":          crowd("outcome: {values: {", "v%d: 1, ", "}}\n"),
		"expression":              fill("verdict:\n  fields:\n    - value: ", "(", ""),
		"sources":                 fill("sources: [", "{label: a, url: x}, ", "]\n"),
	}, ExamplesDocument: {
		"examples":               fill("examples:\n", "  - {name: a, verdict: {x: 1}}\n", ""),
		"examples of one letter": fill("examples: [", "a,", "]"),
		"fields of an example":   crowd("examples:\n  - name: a\n    who: {", "x%d: 1, ", "}\n"),
		"fields of the base":     crowd("base:\n  who: {", "x%d: 1, ", "}\n"),
		"a list in the base":     fill("base:\n  who: {age: [", "1,", "]}\n"),
	}}
}

// spent gives the CPU time that the process has used: other processes' load does not count.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestHostileDocumentsAreRefusedAtLittleCost(t *testing.T) {
	count := 0
	for document, sources := range bombs() {
		count += len(sources)
		for name, bomb := range sources {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := spent(t)
			issues := issuesOf(t, document, []byte(bomb))
			took := spent(t) - began
			runtime.ReadMemStats(&after)
			if took > bombTime*slowdown {
				t.Errorf("%s: takes %s", name, took)
			}
			if memory := after.TotalAlloc - before.TotalAlloc; memory > bombMemory*slowdown {
				t.Errorf("%s: allocates %d MB", name, memory>>20)
			}
			if len(issues) == 0 || len(issues) > maxIssues {
				t.Errorf("%s: %d issues", name, len(issues))
			}
			for _, issue := range issues {
				if issue.Line < 1 || issue.Column < 1 || issue.Document != document || len(issue.Message) > 2000 {
					t.Errorf("%s: %+v", name, issue)
				}
			}
		}
	}
	if count < 60 {
		t.Errorf("%d bombs, want at least 60", count)
	}
}
