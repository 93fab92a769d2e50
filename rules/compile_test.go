package rules

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what came out with the file of what should.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func read(t testing.TB, name ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(name...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// assemble reads a policy that has no issues before it is compiled.
func assemble(t testing.TB, who, what, rules []byte) *policy.Policy {
	t.Helper()
	p, issues := policy.Assemble("test", who, what, rules, nil)
	if issues != nil {
		t.Fatal(issues)
	}
	return p
}

func TestIssues(t *testing.T) {
	const folder = "testdata/issues"
	files, err := filepath.Glob(folder + "/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	who, what := read(t, folder, "who.yaml"), read(t, folder, "what.yaml")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if name == "who" || name == "what" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			book, issues := Compile(assemble(t, who, what, read(t, file)))
			if book != nil {
				t.Error("there is a book in spite of the issues")
			}
			golden(t, filepath.Join(folder, name+".txt"), issues.Error()+"\n")
		})
	}
}

// The documents' reader refuses names that mean two things; a policy made otherwise gets its issue here.
func TestNamesThatCollide(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(*policy.Policy)
		want string
	}{
		{"of the two objects", func(p *policy.Policy) { p.What.Shape.Name = "a" }, "rules.yaml:4:10: expr: a.n is declared twice"},
		{"of a decision and an object", func(p *policy.Policy) { p.Rules.Decisions[0].ID, p.Rules.Decisions[0].Outputs[0].Name = "a", "n" }, "rules.yaml:4:10: expr: a.n is declared twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := assemble(t, []byte(nothing), []byte(strings.Replace(switches, "object: a", "object: c", 1)), []byte(tables()))
			p.Who.Shape.Name = "a"
			test.make(p)
			_, issues := Compile(p)
			if issues.Error() != test.want {
				t.Errorf("got %v, want %s", issues, test.want)
			}
		})
	}
}
