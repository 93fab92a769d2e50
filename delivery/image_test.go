//go:build delivery

package delivery

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The image is scratch, not root, small, says what it is, and holds nothing that the build did not mean to put there.
func TestImage(t *testing.T) {
	// Files that people have lying in a checkout and that no image may hold. They are named so that git ignores them.
	lying := filepath.Join(root, "data", "canary-"+canary)
	if err := os.MkdirAll(filepath.Dir(lying), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lying, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(lying)
	name := built(t)

	var inspected []struct {
		Config struct {
			User        string
			Env         []string
			Entrypoint  []string
			Healthcheck struct{ Test []string }
			Labels      map[string]string
		}
		Size int64
	}
	if err := json.Unmarshal([]byte(run(t, "docker", "image", "inspect", name)), &inspected); err != nil {
		t.Fatal(err)
	}
	config := inspected[0].Config
	if config.User != "65532:65532" || !slices.Equal(config.Entrypoint, []string{"/verdictory"}) || !slices.Equal(config.Healthcheck.Test, []string{"CMD", "/verdictory", "health"}) {
		t.Errorf("the image runs %v as %q with the health check %v", config.Entrypoint, config.User, config.Healthcheck.Test)
	}
	if config.Labels["org.opencontainers.image.version"] != "test" || config.Labels["org.opencontainers.image.revision"] != "test" {
		t.Errorf("the image's labels are %v", config.Labels)
	}
	if out := run(t, "docker", "run", "--rm", name, "version"); !strings.HasPrefix(out, "verdictory test (commit test, engine ") {
		t.Errorf("the image's version is %s", out)
	}

	// Every file of every layer, and the image's history beside them.
	files := contents(t, name)
	var names []string
	for file, content := range files {
		names = append(names, file)
		if bytes.Contains(content, []byte(canary)) {
			t.Errorf("%s in the image holds the canary", file)
		}
	}
	slices.Sort(names)
	if want := []string{"etc/ssl/certs/ca-certificates.crt", "verdictory"}; !slices.Equal(names, want) {
		t.Errorf("the image holds %q, want %q: it is not from scratch", names, want)
	}
	if history := run(t, "docker", "history", "--no-trunc", name); strings.Contains(history, canary) {
		t.Error("the image's history holds the canary")
	}
	for _, secret := range regexp.MustCompile(`(?i)(password|secret|token|key)=`).FindAllString(strings.Join(config.Env, " "), -1) {
		t.Errorf("the image's environment holds a %s", secret)
	}

	// What it takes on a host, and in the memory of the containers there, which share it; what is pulled is compressed.
	t.Logf("the image is %.1f MB, %.1f MB to pull", float64(inspected[0].Size)/1e6, float64(compressed(t, name))/1e6)
	if inspected[0].Size > 30e6 {
		t.Errorf("the image is %d bytes, want at most 30 MB. Where it is 10 MB more than before, something looks methods up by name, so that the linker keeps them all: "+
			"go build -tags grpcnotrace -ldflags=-dumpdep . 2>&1 | grep ReflectMethod", inspected[0].Size)
	}

	// Static: no program is named that would load libraries.
	binary := filepath.Join(t.TempDir(), "verdictory")
	if err := os.WriteFile(binary, files["verdictory"], 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("readelf", "--program-headers", binary).CombinedOutput(); err != nil || bytes.Contains(out, []byte("INTERP")) {
		t.Errorf("the binary is not static: %v\n%.600s", err, out)
	}
	// Reproducible: the same commit, built in another folder, on another system, with another cache.
	again := filepath.Join(t.TempDir(), "verdictory")
	run(t, "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "go", "build", "-tags", "grpcnotrace", "-trimpath", "-ldflags", "-s -w -buildid= -X main.version=test -X main.commit=test", "-o", again, ".")
	content, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, files["verdictory"]) {
		t.Errorf("two builds of one commit differ: %d and %d bytes", len(content), len(files["verdictory"]))
	}
}

// contents gives the files of an image's layers, by name.
func contents(t *testing.T, image string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	each(t, image, func(name string, layer io.Reader) {
		if !strings.HasSuffix(name, "layer.tar") && !strings.HasPrefix(name, "blobs/") {
			return
		}
		for inner := tar.NewReader(layer); ; {
			head, err := inner.Next()
			if err != nil {
				return // the end, or a blob that is no layer
			}
			if head.Typeflag == tar.TypeReg {
				content, err := io.ReadAll(inner)
				if err != nil {
					t.Fatal(err)
				}
				files[head.Name] = content
			}
		}
	})
	return files
}

// compressed gives how many bytes an image's layers are when they are compressed as registries keep them.
func compressed(t *testing.T, image string) (total int) {
	t.Helper()
	each(t, image, func(name string, layer io.Reader) {
		var b counter
		z := gzip.NewWriter(&b)
		if _, err := io.Copy(z, layer); err != nil {
			t.Fatal(err)
		}
		z.Close()
		total += int(b)
	})
	return total
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// each hands over the files of a saved image.
func each(t *testing.T, image string, do func(name string, content io.Reader)) {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "image.tar")
	run(t, "docker", "save", "--output", archive, image)
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for outer := tar.NewReader(file); ; {
		head, err := outer.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		do(head.Name, outer)
	}
}

// All four services run from the one image, by subcommand, with nothing that can be written.
func TestImageRunsEachService(t *testing.T) {
	name := built(t)
	for _, service := range [][]string{{"generator", "--role", "who"}, {"generator", "--role", "what"}, {"rules"}, {"app", "--database", "sqlite::memory:"}, {"up", "--database", "sqlite::memory:"}} {
		id := strings.TrimSpace(run(t, slices.Concat([]string{"docker", "run", "--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--health-interval", "1s", name}, service)...))
		defer try("docker", "rm", "--force", id)
		eventually(t, patienceOfStart, strings.Join(service, " ")+" is healthy", func() error {
			out, err := try("docker", "inspect", "--format", "{{.State.Health.Status}}", id)
			if err == nil && strings.TrimSpace(out) != "healthy" {
				logs, _ := try("docker", "logs", id)
				err = fmt.Errorf("%s\n%s", out, logs)
			}
			return err
		})
		top := strings.Fields(run(t, "docker", "top", id, "-o", "uid,pid"))
		if uid, err := strconv.Atoi(top[2]); err != nil || uid != 65532 {
			t.Errorf("%v runs as %v", service, top)
		}
	}
}
