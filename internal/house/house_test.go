// Package house holds the project's own lints: what a linter from outside cannot know.
package house

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// mayImport lists, for each of our packages, the ones of ours that it may import outside tests. Imports point one
// way: main → app, generators, rules → contract → policy. app knows the other services by HTTP alone.
var mayImport = map[string][]string{
	"verdictory":                      {"app", "app/export", "app/history", "app/remote", "generators", "rules", "policies", "policy", "contract", "internal/service", "internal/check", "internal/cases", "internal/verify", "static", "templates", "app/page"},
	"verdictory/policy":               {},
	"verdictory/policies":             {},
	"verdictory/templates":            {},
	"verdictory/static":               {},
	"verdictory/contract":             {"policy"},
	"verdictory/expr":                 {"policy"},
	"verdictory/internal/service":     {"contract", "policy"},
	"verdictory/generators":           {"contract", "policy", "expr", "generators/text", "internal/service"},
	"verdictory/generators/text":      {"policy"},
	"verdictory/rules":                {"contract", "policy", "expr", "internal/service"},
	"verdictory/internal/check":       {"contract", "policy", "generators", "rules"},
	"verdictory/internal/board":       {},
	"verdictory/internal/board/write": {"internal/board"},
	"verdictory/internal/verify":      {"contract", "policy", "rules", "app/history", "internal/check"},
	"verdictory/internal/cases":       {"contract", "policy", "generators", "rules", "app/export", "internal/check"},
	"verdictory/app/jinja":            {},
	"verdictory/app/export":           {"contract", "policy"},
	"verdictory/app/history":          {"contract", "policy"},
	"verdictory/app/remote":           {"contract", "policy", "internal/service"},
	"verdictory/app/page":             {"contract", "policy", "app/jinja", "app/history", "app/export", "templates", "static"},
	"verdictory/app":                  {"contract", "policy", "app/export", "app/history", "app/page", "app/remote", "internal/service"},
}

// onlyIn names libraries that one package alone may import, outside tests. Those that only a test may import look methods up
// by name, which keeps the linker from dropping methods that nobody calls: a quarter of the binary.
var onlyIn = map[string]string{
	"github.com/brianvoe/gofakeit/v7":         "a test",
	"github.com/brianvoe/gofakeit/v7/data":    "verdictory/generators/text",
	"github.com/go-resty/resty/v2":            "verdictory/app/remote",
	"github.com/nikolalohinski/gonja/v2":      "verdictory/app/jinja",
	"github.com/nikolalohinski/gonja/v2/exec": "a test",
	"github.com/spf13/pflag":                  "verdictory",
	"github.com/uptrace/bun":                  "verdictory/app/history",
	"cel.dev/cel-go/cel":                      "verdictory/expr",
	"go.yaml.in/yaml/v3":                      "verdictory/policy",
	"html/template":                           "a test",
	"text/template":                           "a test",
}

// ownerOf gives who alone may import a package: what onlyIn says of it, or else of the nearest path above it.
func ownerOf(imported string) string {
	for ; imported != "."; imported = path.Dir(imported) {
		if owner := onlyIn[imported]; owner != "" {
			return owner
		}
	}
	return ""
}

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", root+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); err != nil {
			t.Fatal(err)
		}
		allowed, known := mayImport[pkg.ImportPath]
		for _, imported := range pkg.Imports {
			if owner := ownerOf(imported); owner != "" && owner != pkg.ImportPath {
				t.Errorf("%s imports %s, which only %s may", pkg.ImportPath, imported, owner)
			}
			ours, isOurs := strings.CutPrefix(imported, "verdictory/")
			if isOurs && known && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s: imports point one way, see mayImport", pkg.ImportPath, imported)
			}
			if isOurs && !known {
				t.Errorf("%s imports %s and is not in mayImport: say there what it may import", pkg.ImportPath, imported)
			}
		}
	}
}

// tracked gives the files in git and those about to be, by name from the root.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

func TestNoPackageWithoutAPurpose(t *testing.T) {
	for _, file := range tracked(t) {
		for _, part := range strings.Split(filepath.Dir(file), "/") {
			if slices.Contains([]string{"util", "utils", "common", "helpers", "helper", "misc", "lib"}, part) {
				t.Errorf("%s: a package is named by its purpose, not %q", file, part)
			}
		}
	}
}

func TestNoThirdPartyFileIsCommitted(t *testing.T) {
	for _, file := range tracked(t) {
		if strings.HasPrefix(file, "static/vendor/") || strings.HasPrefix(file, "node_modules/") {
			t.Errorf("%s is committed: third-party files are installed by make assets", file)
		}
	}
}

// private matches what only one machine knows: home folders, work folders, and the hosts of package registries.
var private = regexp.MustCompile(`(/home/[a-z]|/Users/|/root/|(^|[\s"'=(])/work/|registry\.npmjs\.|proxy\.golang\.)`)

func TestNoMachinePathOrRegistryHost(t *testing.T) {
	for _, file := range tracked(t) {
		if filepath.Ext(file) == ".png" || strings.HasSuffix(file, ".sum") || strings.HasPrefix(file, "internal/house/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, file))
		if os.IsNotExist(err) {
			continue // deleted and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(content), "\n") {
			if found := private.FindString(line); found != "" {
				t.Errorf("%s:%d: %q belongs to one machine or registry", file, i+1, found)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)

func TestLinksOfTheDocsResolve(t *testing.T) {
	for _, file := range tracked(t) {
		if filepath.Ext(file) != ".md" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(content), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(file), match[1])); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", file, match[1])
			}
		}
	}
}
