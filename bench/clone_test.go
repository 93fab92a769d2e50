package bench

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestClone runs make run in a fresh clone until the first page is there: once with what Go has compiled before at
// hand, and once with no more than the modules' sources.
func TestClone(t *testing.T) {
	warm := makeRun(t)
	report(t, "make run from a fresh clone, modules cached, to the first page", "≤ 15 s", warm <= 15*time.Second, "%.1f s", warm.Seconds())
	if size == "small" {
		return
	}
	cold := makeRun(t, "GOCACHE="+t.TempDir())
	report(t, "the same with an empty build cache", "", true, "%.1f s", cold.Seconds())
}

// makeRun clones the repository, runs make run there, and gives the time until the first page.
func makeRun(t *testing.T, environment ...string) time.Duration {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "verdictory")
	if out, err := exec.Command("git", "clone", "--quiet", "..", clone).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v: %s", err, out)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	address := freeAddress(t)
	command := exec.Command("make", "run")
	command.Dir, command.Stdout, command.Stderr = clone, log, log
	command.Env = append(os.Environ(), "VERDICTORY_LISTEN="+address)
	command.Env = append(command.Env, environment...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // make's children are to be stopped with it
	begun := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	defer func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGINT)
		<-ended
	}()
	for {
		if answer, err := http.Get("http://" + address + "/" + policyName); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return time.Since(begun)
			}
		}
		select {
		case err := <-ended:
			ended <- err
			text, _ := os.ReadFile(log.Name())
			t.Fatal(errors.Join(errors.New("make run ended: "+string(text)), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
