package main

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"verdictory/internal/check"
	"verdictory/policies"
	"verdictory/policy"
)

// policyFlags say which policies there are.
type policyFlags struct {
	Policies string
}

func (f *policyFlags) define(flags *flagSet) {
	flags.Var((*folder)(&f.Policies), "policies", "More policies: a folder with a folder for each. One with a built-in policy's name takes its place.")
}

// load reads the built-in policies and those of the folder, and compiles them all. The error has every issue.
func (f policyFlags) load() ([]*policy.Policy, error) {
	loaded, issues := policy.LoadAll(policies.FS)
	if f.Policies != "" {
		more, moreIssues := policy.LoadAll(os.DirFS(f.Policies))
		loaded, issues = merge(loaded, more), append(issues, moreIssues...)
	}
	found := make([]policy.Issues, len(loaded))
	var compilers sync.WaitGroup // the start waits for them, so all at once
	for i, p := range loaded {
		compilers.Go(func() { _, found[i] = check.Compile(p) })
	}
	compilers.Wait()
	issues = append(issues, slices.Concat(found...)...)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("a policy is wrong; `verdictory check DIR` says more:\n%w", err)
	}
	return loaded, nil
}

// merge puts more policies behind the first; one of the same name takes the first one's place.
func merge(first, more []*policy.Policy) []*policy.Policy {
	merged := slices.Clone(first)
	for _, p := range more {
		if i := slices.IndexFunc(merged, named(p.Name)); i >= 0 {
			merged[i] = p
		} else {
			merged = append(merged, p)
		}
	}
	return merged
}

func named(name string) func(*policy.Policy) bool {
	return func(p *policy.Policy) bool { return p.Name == name }
}
