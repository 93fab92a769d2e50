// Package check is the command `verdictory check DIR`: it compiles policies, runs their worked examples, draws cases to
// see which rules are ever reached, and prints everything that is wrong with its place. The compiled engine and the
// sampler of a policy live here too, since whoever makes cases in one process needs just these.
package check

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// sampleSize is how many cases are drawn in each mode.
const sampleSize = 10_000

// Run checks the policy in a folder or, where the folder is not one, the policies in its sub-folders. It prints to out
// what is wrong, each with file, line and column, and a summary of each policy. It reports whether no error was found;
// a warning is not one.
func Run(out io.Writer, dir string) bool {
	folders := []string{dir}
	if !isPolicy(dir) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			fmt.Fprintf(out, "%s: cannot be read: %v\n", dir, err)
			return false
		}
		folders = nil
		for _, entry := range entries {
			if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
				folders = append(folders, filepath.Join(dir, entry.Name()))
			}
		}
	}
	if folders == nil {
		fmt.Fprintf(out, "%s: holds no policy: a policy is a folder with who.yaml, what.yaml, rules.yaml and examples.yaml\n", dir)
		return false
	}
	ok := true
	for _, folder := range folders {
		ok = folderOK(out, folder) && ok
	}
	return ok
}

// isPolicy reports whether the folder holds one of a policy's documents.
func isPolicy(dir string) bool {
	return slices.ContainsFunc([]string{policy.WhoDocument, policy.WhatDocument, policy.RulesDocument, policy.ExamplesDocument}, func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
}

// report prints what is found in one policy.
type report struct {
	out              io.Writer
	folder           string // the policy's, as it was given
	errors, warnings int
}

// fail prints an error.
func (r *report) fail(document string, line, column int, format string, args ...any) {
	r.errors++
	r.print(document, line, column, fmt.Sprintf(format, args...))
}

// warn prints a warning.
func (r *report) warn(document string, line, column int, format string, args ...any) {
	r.warnings++
	r.print(document, line, column, "warning: "+fmt.Sprintf(format, args...))
}

// print prints a line about a place in the policy's folder, with the folder as it was given.
func (r *report) print(document string, line, column int, message string) {
	at := policy.Issue{Document: filepath.Join(r.folder, filepath.Base(document)), Line: line, Column: column, Message: message}
	fmt.Fprintln(r.out, at)
}

func (r *report) issues(issues policy.Issues) {
	for _, i := range issues {
		r.fail(i.Document, i.Line, i.Column, "%s", i.Message)
	}
}

// folderOK checks the policy in a folder.
func folderOK(out io.Writer, folder string) bool {
	r := &report{out: out, folder: folder}
	// The policy's name is its folder's, also where that was given as a dot.
	absolute, _ := filepath.Abs(folder)
	name := filepath.Base(absolute)
	p, issues := policy.Load(os.DirFS(filepath.Dir(absolute)), name)
	var engine *Engine
	if issues == nil {
		engine, issues = Compile(p)
	}
	r.issues(issues)
	if engine == nil {
		fmt.Fprintf(out, "%s: %s\n", name, Count(r.errors, "error"))
		return false
	}
	r.examples(engine)
	outcomes := r.coverage(engine)
	fmt.Fprintf(out, "%s %s: %s, %s; %s in %s, %s; %s\n", name, p.Digest.Short(), Count(r.errors, "error"), Count(r.warnings, "warning"),
		Count(len(engine.Rules.Rules()), "rule"), Count(len(p.Rules.Decisions), "decision"), Count(len(p.Examples.Examples), "example"), outcomes)
	return r.errors == 0
}

// examples runs the worked examples.
func (r *report) examples(e *Engine) {
	decider := e.Rules.NewDecider()
	verdict := blank(e.Policy.Rules.Verdict.Shape)
	for _, x := range e.Policy.Examples.Examples {
		if err := decider.Decide(x.Who.Values, x.What.Values, verdict.Values); err != nil {
			r.fail(policy.ExamplesDocument, x.Line, x.Column, "%q: %s", x.Name, contract.AsError(err).Message)
			continue
		}
		for _, c := range verdict.Shape.Columns {
			got := verdict.Get(c.Name)
			if want, given := x.Verdict[c.Name]; given && !got.Equal(want) {
				r.fail(policy.ExamplesDocument, x.Line, x.Column, "%q: %s is %s, and the example says %s; the rules that hit: %s",
					x.Name, c.Name, got, want, Join(decider.AppendHits(nil)))
			}
		}
	}
}

// Join gives the hits between commas, for people.
func Join(hits []contract.Hit) string {
	texts := make([]string, len(hits))
	for i, h := range hits {
		texts[i] = h.String()
	}
	return strings.Join(texts, ", ")
}

// coverage draws cases in both modes, warns of each rule that no random case hits, and gives the random cases' outcomes
// in words.
func (r *report) coverage(e *Engine) string {
	random, boundary := r.sample(e, policy.Random), r.sample(e, policy.Boundary)
	for _, d := range e.Policy.Rules.Decisions {
		for _, rule := range d.Rules {
			hit := contract.Hit{Decision: d.ID, Rule: rule.ID}
			if random.hits[hit] > 0 {
				continue
			}
			r.warn(policy.RulesDocument, rule.Line, rule.Column, "none of %d random cases hits %s; in boundary mode %d of %d do", random.cases, hit, boundary.hits[hit], boundary.cases)
		}
	}
	var shares []string
	for _, o := range e.Policy.Rules.Outcome.Values {
		shares = append(shares, fmt.Sprintf("%s %.1f %%", o.Value, 100*float64(random.outcomes[o.Value])/float64(max(random.cases, 1))))
	}
	return fmt.Sprintf("of %d random cases %s", random.cases, strings.Join(shares, ", "))
}

// tally counts what a sample of cases gave.
type tally struct {
	cases    int
	hits     map[contract.Hit]int
	outcomes map[string]int
}

// sample draws cases to the first that has no verdict: that one is an error, since the generators must not make what
// the rules do not know.
func (r *report) sample(e *Engine, mode policy.Mode) tally {
	t := tally{hits: map[contract.Hit]int{}, outcomes: map[string]int{}}
	s, err := e.NewSampler(mode)
	for i := int64(0); i < sampleSize && err == nil; i++ {
		if err = s.Draw(0, i); err == nil {
			t.cases++
			t.outcomes[s.Case.Outcome]++
			for _, h := range s.Case.Hits {
				t.hits[h]++
			}
		}
	}
	if err != nil {
		r.fail("", 0, 0, "case %s: %s", s.Case.Code, contract.AsError(err).Message)
	}
	return t
}

// Count gives "1 rule", "2 rules".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
