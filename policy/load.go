package policy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// The documents of a policy's folder.
const (
	WhoDocument      = "who.yaml"
	WhatDocument     = "what.yaml"
	RulesDocument    = "rules.yaml"
	ExamplesDocument = "examples.yaml"
)

// Assemble reads a policy from the text of its documents; without examples (nil) it has none. It gives the policy or,
// where there are any, the issues of all documents.
func Assemble(name string, who, what, rules, examples []byte) (*Policy, Issues) {
	return assemble(name, "", map[string][]byte{
		WhoDocument: who, WhatDocument: what, RulesDocument: rules, ExamplesDocument: examples,
	})
}

// assemble reads a policy's documents, named in issues with the folder before them.
func assemble(name, folder string, sources map[string][]byte) (*Policy, Issues) {
	var issues, more Issues
	if !idPattern.MatchString(name) {
		issues = append(issues, Issue{Document: folder, Message: fmt.Sprintf("a policy cannot be named %q: write a to z, 0 to 9 and -, at most 40 characters", clip(name))})
	}
	p := &Policy{Name: name, Examples: &ExamplesDoc{}}
	read := func(name string) (string, []byte) { return path.Join(folder, name), sources[name] }
	document, source := read(WhoDocument)
	p.Who, more = ParseObject(document, source)
	issues = append(issues, more...)
	document, source = read(WhatDocument)
	p.What, more = parseObject(document, source, p.Who)
	issues = append(issues, more...)
	document, source = read(RulesDocument)
	p.Rules, more = ParseRules(document, source, p.Who, p.What)
	issues = append(issues, more...)
	if document, source = read(ExamplesDocument); source != nil {
		p.Examples, more = ParseExamples(document, source, p)
		issues = append(issues, more...)
	}
	if issues != nil {
		return nil, issues
	}
	p.Digest = Digest(fmt.Sprintf("%x", sha256.Sum256([]byte(p.Who.Digest+"\n"+p.What.Digest+"\n"+p.Rules.Digest))))
	return p, nil
}

// Load reads the policy in a folder, which must have all four documents; the folder's name is the policy's.
func Load(fsys fs.FS, dir string) (*Policy, Issues) {
	var issues Issues
	sources := map[string][]byte{}
	for _, name := range []string{WhoDocument, WhatDocument, RulesDocument, ExamplesDocument} {
		document := path.Join(dir, name)
		source, err := readFile(fsys, document)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			issues = append(issues, Issue{Document: document, Message: "is missing: a policy is a folder with who.yaml, what.yaml, rules.yaml and examples.yaml"})
		case err != nil:
			issues = append(issues, Issue{Document: document, Message: fmt.Sprintf("cannot be read: %s", err)})
		}
		sources[name] = source
	}
	if issues != nil {
		return nil, issues
	}
	return assemble(path.Base(dir), dir, sources)
}

// readFile reads a document, and of one that is too large no more than shows it.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, MaxDocument+1))
}

// LoadAll reads the policies in the sub-folders of a file system, by name. Folders that begin with a dot are passed over.
func LoadAll(fsys fs.FS) ([]*Policy, Issues) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, Issues{{Message: fmt.Sprintf("the policies' folder cannot be read: %s", err)}}
	}
	var policies []*Policy
	var issues Issues
	for _, entry := range entries {
		if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		p, more := Load(fsys, entry.Name())
		issues = append(issues, more...)
		policies = append(policies, p)
	}
	if issues != nil {
		return nil, issues
	}
	return policies, nil
}
