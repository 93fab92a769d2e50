package policy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var documents = []string{WhoDocument, WhatDocument, RulesDocument, ExamplesDocument}

// folders makes a file system with copies of the motor policy.
func folders(t *testing.T, names ...string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, document := range documents {
		source, err := os.ReadFile("testdata/good/motor/" + document)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			files[name+"/"+document] = &fstest.MapFile{Data: source}
		}
	}
	return files
}

func source(t *testing.T, document string) []byte {
	t.Helper()
	return folders(t, "motor")["motor/"+document].Data
}

func TestLoadNamesAPolicyByItsFolder(t *testing.T) {
	files := folders(t, "some/where/car-2")
	p, issues := Load(files, "some/where/car-2")
	if issues != nil || p.Name != "car-2" || p.Digest != motor(t).Digest {
		t.Errorf("got %+v, %v", p, issues)
	}
}

func TestLoadTellsWhatIsNotThere(t *testing.T) {
	files := folders(t, "car", "van", "Lorry_")
	delete(files, "car/what.yaml")
	delete(files, "car/examples.yaml")
	files["van/rules.yaml/file"] = &fstest.MapFile{}
	delete(files, "van/rules.yaml")
	files["van/who.yaml"] = &fstest.MapFile{Data: []byte(strings.Repeat("#", 1<<20))}
	for dir, want := range map[string]string{
		"car": "car/what.yaml: is missing: a policy is a folder with who.yaml, what.yaml, rules.yaml and examples.yaml\n" +
			"car/examples.yaml: is missing: a policy is a folder with who.yaml, what.yaml, rules.yaml and examples.yaml",
		"van":    "van/rules.yaml: cannot be read: read van/rules.yaml: invalid argument",
		"Lorry_": `Lorry_: a policy cannot be named "Lorry_": write a to z, 0 to 9 and -, at most 40 characters`,
	} {
		if p, issues := Load(files, dir); p != nil || issues.Error() != want {
			t.Errorf("%s: %v\nwant %s", dir, issues, want)
		}
	}
	files["van/rules.yaml"] = &fstest.MapFile{Data: source(t, RulesDocument)}
	delete(files, "van/rules.yaml/file")
	want := "van/who.yaml:1:1: the document has more than 65536 bytes: write fewer"
	if _, issues := Load(files, "van"); issues.Error() != want {
		t.Errorf("too large: %v, want %s", issues, want)
	}
}

func TestLoadAllReadsSubFoldersByName(t *testing.T) {
	files := folders(t, "van", "car", "bus", ".git")
	files["README.md"] = &fstest.MapFile{}
	policies, issues := LoadAll(files)
	if issues != nil {
		t.Fatal(issues)
	}
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"bus", "car", "van"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestLoadAllTellsTheIssuesOfAllPolicies(t *testing.T) {
	files := folders(t, "bus", "car", "van")
	files["bus/who.yaml"] = &fstest.MapFile{Data: []byte("fields: 1")}
	delete(files, "van/who.yaml")
	policies, issues := LoadAll(files)
	want := "bus/who.yaml:1:1: the document has no object: write object: the object's name, as rules write it, such as driver\n" +
		"bus/who.yaml:1:9: fields is a number: write a list, each item after a dash\n" +
		"van/who.yaml: is missing: a policy is a folder with who.yaml, what.yaml, rules.yaml and examples.yaml"
	if policies != nil || issues.Error() != want {
		t.Errorf("got %v\nwant %s", issues, want)
	}
}

// broken is a file system that cannot be read.
type broken struct{}

func (broken) Open(string) (fs.File, error) { return nil, errors.New("disk on fire") }

func TestLoadAllTellsThatTheFolderCannotBeRead(t *testing.T) {
	if policies, issues := LoadAll(broken{}); policies != nil || issues.Error() != "the policies' folder cannot be read: disk on fire" {
		t.Errorf("got %v, %v", policies, issues)
	}
	if _, issues := Load(broken{}, "car"); len(issues) != 4 || issues[0].String() != "car/who.yaml: cannot be read: disk on fire" {
		t.Errorf("got %v", issues)
	}
}

func TestAssembleTellsTheIssuesOfAllDocuments(t *testing.T) {
	examples := []byte("examples: [{name: A, form: B, verdict: {x: 1}}]")
	p, issues := Assemble("car", []byte("object: a"), []byte("object: b"), []byte("label: 1"), examples)
	var got []string
	for _, issue := range issues {
		got = append(got, fmt.Sprintf("%s:%d:%d %s", issue.Document, issue.Line, issue.Column, issue.Field))
	}
	want := []string{"who.yaml:1:1 ", "what.yaml:1:1 ", "rules.yaml:1:1 ", "rules.yaml:1:1 ", "rules.yaml:1:1 ", "rules.yaml:1:8 label", "examples.yaml:1:22 examples[0]"}
	if diff := cmp.Diff(want, got); diff != "" || p != nil {
		t.Errorf("%s\n%v", diff, issues)
	}
}

func TestAssembleWantsTwoObjects(t *testing.T) {
	who := source(t, WhoDocument)
	_, issues := Assemble("car", who, who, source(t, RulesDocument), nil)
	if want := `what.yaml:2:9: object cannot be "driver", the name of the other object: write another`; issues.Error() != want {
		t.Errorf("got %v, want %s", issues, want)
	}
}

func TestAssembleNeedsNoExamples(t *testing.T) {
	p, issues := Assemble("car", source(t, WhoDocument), source(t, WhatDocument), source(t, RulesDocument), nil)
	if issues != nil {
		t.Fatal(issues)
	}
	if p.Name != "car" || len(p.Examples.Examples) != 0 {
		t.Errorf("%s has the examples %v", p.Name, p.Examples)
	}
	want := fmt.Sprintf("%x", sha256.Sum256([]byte(string(p.Who.Digest)+"\n"+string(p.What.Digest)+"\n"+string(p.Rules.Digest))))
	if string(p.Digest) != want || p.Digest != motor(t).Digest {
		t.Errorf("its digest is %s, want %s", p.Digest, want)
	}
}
