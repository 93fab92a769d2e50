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
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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
