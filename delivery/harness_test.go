//go:build delivery

// Package delivery tests what stands between a push and a running stack: the image, the compose files, the proxy, the
// swarm, backups, the Ansible roles, the Jenkinsfile, and the project's records. `make test-delivery` runs all of it.
//
// Nothing is simulated: images are built, containers run, hosts are containers with systemd. The public base images are
// named by variables with defaults; where no registry can be reached, stand-ins made from Debian's packages take their
// place (scripts/delivery-setup). What needs nothing but the repository has no build tag and is part of `make test` too.
package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain finds the base images that this machine can use, and takes Debian's docker client where there are two.
func TestMain(m *testing.M) {
	os.Setenv("PATH", "/usr/bin:"+os.Getenv("PATH"))
	os.Setenv("DOCKER_BUILDKIT", "1")
	os.Setenv("MAKEFLAGS", "--no-print-directory")
	images, err := try("scripts/delivery-images")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for line := range strings.Lines(images) {
		if name, image, ok := strings.Cut(strings.TrimSpace(line), "="); ok && strings.HasSuffix(name, "_IMAGE") {
			os.Setenv(name, image)
		}
	}
	os.Exit(m.Run())
}

// root is the repository.
var root, _ = filepath.Abs("..")

// patience bounds one command: the longest is a build on a machine with other load.
const patience = 10 * time.Minute

// command makes a command that runs in the repository, with more environment as NAME=value among the arguments' front.
func command(ctx context.Context, words ...string) *exec.Cmd {
	var environment []string
	for len(words) > 0 && strings.Contains(words[0], "=") {
		environment, words = append(environment, words[0]), words[1:]
	}
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Dir = root
	c.Env = append(os.Environ(), environment...)
	return c
}

// try runs a command, its words preceded by NAME=value where it needs more environment, and gives what it printed.
func try(words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var both bytes.Buffer
	c := command(ctx, words...)
	c.Stdout, c.Stderr = &both, &both
	if err := c.Run(); err != nil {
		return both.String(), fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, both.String())
	}
	return both.String(), nil
}

// run is try where a failure ends the test.
func run(t testing.TB, words ...string) string {
	t.Helper()
	out, err := try(words...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// in puts a setting, NAME=value each, before the words of a command.
func in(setting []string, words ...string) []string { return slices.Concat(setting, words) }

// eventually asks until there is no error, and fails the test with the last one when that takes too long. It gives
// how long it took.
func eventually(t testing.TB, within time.Duration, what string, ask func() error) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		err := ask()
		took := time.Since(start)
		if err == nil {
			return took
		}
		if took > within {
			t.Fatalf("%s: not within %s: %v", what, within, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// image builds the product's image once, as make image does, and gives its name.
var image = sync.OnceValues(func() (string, error) {
	out, err := try("make", "image", "IMAGE=verdictory", "VERSION=test", "COMMIT=test")
	if err != nil {
		return out, err
	}
	return "verdictory:test", nil
})

// built is image for a test that cannot go on without.
func built(t testing.TB) string {
	t.Helper()
	name, err := image()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// canary is the password of the tests' databases. It must show nowhere but where it is given.
const canary = "canary-5f1d0c-password"

// secrets makes the folder that compose.prod.yml takes the secrets from.
func secrets(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "secrets")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "postgres_password"), []byte(canary+"\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	return folder
}

// free gives a port of loopback that nothing listens on.
func free(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// ask sends a request and gives the answer's status, head and body.
func ask(method, url string, edit ...func(*http.Request)) (*http.Response, string, error) {
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		return nil, "", err
	}
	for _, e := range edit {
		e(request)
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

// client does not follow redirects, and does not wait longer than a person would.
var client = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
}

const casesAPI = "/api/v1/policies/motor-insurance/cases"

var codeOf = regexp.MustCompile(`"code":"([0-9A-Z-]+)"`)

// generate makes a case over the API and gives its code.
func generate(base string) (string, error) {
	answer, body, err := ask("POST", base+casesAPI)
	if err != nil {
		return "", err
	}
	code := codeOf.FindStringSubmatch(body)
	if answer.StatusCode != http.StatusCreated || code == nil {
		return "", fmt.Errorf("generating answered %s: %.300s", answer.Status, body)
	}
	return code[1], nil
}

// found looks for a case among the newest that are stored: asked for by its code, a case that is not stored is made anew.
func found(base, code string) error {
	answer, body, err := ask("GET", base+casesAPI+"?limit=200")
	if err == nil && (answer.StatusCode != http.StatusOK || !strings.Contains(body, `"code":"`+code+`"`)) {
		err = fmt.Errorf("the case %s is not among those stored: %s, %.300s", code, answer.Status, body)
	}
	return err
}

// patienceOfStart is how long a container may take to be healthy on a machine with other load.
const patienceOfStart = 60 * time.Second
