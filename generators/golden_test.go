package generators

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/generators/text"
	"verdictory/policies"
	"verdictory/policy"
)

var update = flag.Bool("update", false, "write the golden files of new documents and of a new contract.Engine")

// The golden files hold the determinism contract: who has a case's code gets the same case, on any machine and after any
// upgrade. The rule: with the same document a byte that changes is a new contract.Engine, whatever changed it, be it our
// own code or a library. So -update writes a file only where its document or contract.Engine is another than before.
func golden(t *testing.T, name, document, content string) {
	t.Helper()
	head := fmt.Sprintf("{\"engine\":%d,\"document\":%q}\n", contract.Engine, document)
	file := filepath.Join("testdata", "golden", name)
	before, err := os.ReadFile(file)
	switch {
	case err == nil && bytes.HasPrefix(before, []byte(head)):
		if diff := cmp.Diff(strings.Split(string(before), "\n"), strings.Split(head+content, "\n")); diff != "" {
			t.Errorf("%s: the same document gives other bytes: take the change back, or raise contract.Engine: %s", name, diff)
		}
	case *update:
		if err := os.WriteFile(file, []byte(head+content), 0o644); err != nil {
			t.Fatal(err)
		}
	case err != nil:
		t.Errorf("%v: write it with -update", err)
	default:
		t.Errorf("%s was made from another document or engine: if that is meant, write it with -update", name)
	}
}

// lines draws n objects of a run as a batch's lines.
func lines(t *testing.T, g *Generator, aim contract.Aim, n int64) string {
	t.Helper()
	d := newDrawer(t, g, aim)
	var all []byte
	for i := range n {
		seed := ObjectSeed(1, i, contract.RoleWho)
		all = appendAnswer(all, seed, draw(t, d, seed))
	}
	return string(all)
}

func TestGoldenKinds(t *testing.T) {
	g := compile(t, everyKind)
	content := lines(t, g, contract.Aim{}, 40)
	for _, aim := range []contract.Aim{
		{Fix: fix("age", "40", "claims", "5")},
		{Candidates: map[string]contract.Candidates{
			"age": near(0.5, "17", "18", "25"), "price": near(0.5, "500", "550", "25000"), "area": near(0.5, `"E"`, `"CF"`),
			"temperature": near(0.5, "36.9", "37", "41.5"), "due": near(0.5, `"2020-02-29"`), "towed": near(0.5, "true"),
			"double_rate": near(0.5, "1.1", "1.6"), "note": near(0.5, `"Wales SA"`),
		}},
	} {
		content += lines(t, g, aim, 40)
	}
	golden(t, "kinds.ndjson", string(g.doc.Digest), content)
}

func TestGoldenFunctions(t *testing.T) {
	// A new name among the functions is no new engine; a changed text is. So the functions of the file are looked up one by one.
	// The digests are of many texts each, so that they see a list that has one entry more.
	content, digests := "", ""
	for _, name := range text.Functions() {
		draw, err := text.New(name, nil)
		if err != nil {
			continue // it needs parameters
		}
		d := newDrawer(t, compile(t, "- {name: a, kind: bool, probability: 1}"), contract.Aim{})
		sum := sha256.New()
		for seed := range policy.Seed(1000) {
			d.stream.start(keyOf("golden", name), seed, 0)
			line := name + ": " + string(policy.StringValue(draw(d.random)).AppendJSON(nil)) + "\n"
			io.WriteString(sum, line)
			if seed < 2 {
				content += line
			}
		}
		digests += fmt.Sprintf("%s: %x\n", name, sum.Sum(nil)[:8])
	}
	golden(t, "functions.digests.txt", "gofakeit", digests)
	golden(t, "functions.txt", "gofakeit", content)
}

func TestGoldenPolicies(t *testing.T) {
	sources, err := fs.Glob(policies.FS, "*/wh*.yaml")
	if err != nil || len(sources) < 6 {
		t.Fatal(sources, err)
	}
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			g := builtIn(t, source)
			golden(t, strings.NewReplacer("/", "-", ".yaml", ".ndjson").Replace(source), string(g.doc.Digest), lines(t, g, contract.Aim{}, 40))
		})
	}
}

// builtIn compiles a document of the built-in policies.
func builtIn(t testing.TB, file string) *Generator {
	t.Helper()
	source, err := fs.ReadFile(policies.FS, file)
	if err != nil {
		t.Fatal(err)
	}
	doc, issues := policy.ParseObject(path.Base(file), source)
	if issues != nil {
		t.Fatal(issues)
	}
	g, issues := Compile(path.Base(file), doc)
	if issues != nil {
		t.Fatal(issues)
	}
	return g
}
