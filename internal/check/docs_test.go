package check

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var document = regexp.MustCompile("(?s)`([a-z]+\\.yaml)`\n```yaml\n(.*?)```")

// The policy that docs/policies.md writes in ten minutes holds as it stands there.
func TestThePolicyOfTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "parking")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	found := document.FindAllSubmatch(text, -1)
	if len(found) != 4 {
		t.Fatalf("docs/policies.md has %d documents, want the four of a policy", len(found))
	}
	for _, match := range found {
		if err := os.WriteFile(filepath.Join(dir, string(match[1])), match[2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if !Run(&out, dir) || !bytes.Contains(out.Bytes(), []byte("0 errors, 0 warnings")) {
		t.Errorf("the policy of the docs does not hold:\n%s", &out)
	}
}
