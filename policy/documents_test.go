package policy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the issues that were found into testdata/issues")

// loadMotor reads the policy of testdata/good/motor, once.
var loadMotor = sync.OnceValues(func() (*Policy, Issues) { return Load(os.DirFS("testdata/good"), "motor") })

func motor(t testing.TB) *Policy {
	t.Helper()
	p, issues := loadMotor()
	if issues != nil {
		t.Fatal(issues)
	}
	return p
}

// A case of testdata/issues is a file: the rule in a sentence, the document, and the issues it has.
func TestDocumentsHaveTheirIssues(t *testing.T) {
	files, err := filepath.Glob("testdata/issues/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rule, rest, _ := strings.Cut(string(text), "\n-- ")
			document, rest, _ := strings.Cut(rest, " --\n")
			source, want, ok := strings.Cut(rest, "-- issues --\n")
			if !ok {
				t.Fatalf("%s: no -- issues --", file)
			}
			got := issuesOf(t, document, []byte(source)).Error() + "\n"
			if *update {
				text := rule + "\n-- " + document + " --\n" + source + "-- issues --\n" + got
				if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", rule, diff)
			}
		})
	}
}

// issuesOf reads a document beside the good ones of motor.
func issuesOf(t testing.TB, document string, source []byte) Issues {
	t.Helper()
	p := motor(t)
	var issues Issues
	switch document {
	case WhoDocument, WhatDocument:
		_, issues = ParseObject(document, source)
	case RulesDocument:
		_, issues = ParseRules(document, source, p.Who, p.What)
	case ExamplesDocument:
		_, issues = ParseExamples(document, source, p)
	default:
		t.Fatalf("%q is no document", document)
	}
	return issues
}
