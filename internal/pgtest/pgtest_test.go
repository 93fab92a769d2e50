package pgtest

import (
	"database/sql"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func query(t *testing.T, url, text string) (answer string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(text).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// recorder is a testing.TB that notes how a test was ended in place of ending it.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = "failed: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (r *recorder) Skipf(format string, args ...any) {
	r.ended = "skipped: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// ending runs f as a test of its own and gives how it was ended.
func ending(t *testing.T, f func(tb testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.ended
}

func TestEachTestHasItsOwnSchema(t *testing.T) {
	t.Setenv(Variable, "")
	first, second := URL(t), URL(t)
	if a, b := query(t, first, "SELECT current_schema()"), query(t, second, "SELECT current_schema()"); a == b || !strings.HasPrefix(a, "test_") {
		t.Errorf("the schemas are %q and %q", a, b)
	}
}

type tests int

func (t tests) Run() int { return int(t) }

func TestMainRemovesTheSharedServer(t *testing.T) {
	t.Setenv(Variable, "")
	folder := ""
	t.Run("use", func(t *testing.T) {
		query(t, URL(t), "SELECT 'up'")
		folder = shared.server.folder
	})
	if code := Main(tests(3)); code != 3 {
		t.Errorf("the tests' exit code became %d", code)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", folder, err)
	}
}

func TestServerComesBack(t *testing.T) {
	s := Start(t, "fsync=on")
	t.Cleanup(s.Remove)
	if got := query(t, s.URL, "SHOW fsync"); got != "on" {
		t.Errorf("fsync is %s", got)
	}
	for name, interrupt := range map[string]func(){
		"fast":      func() { s.Down(Fast); s.Up(t) },
		"immediate": func() { s.Down(Immediate); s.Up(t) },
		"frozen":    func() { s.Signal(syscall.SIGSTOP); s.Signal(syscall.SIGCONT) },
	} {
		interrupt()
		if got := query(t, s.URL, "SELECT 'up'"); got != "up" {
			t.Errorf("%s: %q", name, got)
		}
	}
	t.Setenv(Variable, s.URL+"&application_name=given")
	if got := query(t, URL(t), "SHOW application_name"); got != "given" {
		t.Errorf("with %s set, the tests ran on %q", Variable, got)
	}
}

func TestServerThatCannotStart(t *testing.T) {
	got := ending(t, func(tb testing.TB) {
		s := Start(tb)
		t.Cleanup(s.Remove)
		s.Down(Fast)
		s.settings = append(s.settings, "nonsense=1")
		s.Up(tb)
	})
	if !strings.Contains(got, `unrecognized configuration parameter "nonsense"`) {
		t.Errorf("got %q", got)
	}
}

func TestWithoutBinaries(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	folder := t.TempDir()
	defer func(kept string) { debian = kept }(debian)
	debian = filepath.Join(folder, "*/bin/initdb")
	start := func(tb testing.TB) { Start(tb) }

	t.Setenv("CI", "")
	if got := ending(t, start); !strings.HasPrefix(got, "skipped: SKIPPED, NOTHING WAS TESTED ON POSTGRESQL") {
		t.Errorf("got %q", got)
	}
	t.Setenv("CI", "true")
	if got := ending(t, start); got != "failed: pgtest: no initdb on the PATH or under /usr/lib/postgresql" {
		t.Errorf("in CI: %q", got)
	}
	for _, version := range []string{"9", "17", "15"} {
		bin := filepath.Join(folder, version, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bin, "initdb"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if bin, err := binaries(); err != nil || bin != filepath.Join(folder, "17", "bin") {
		t.Errorf("took %s, %v", bin, err)
	}
}

func TestAccount(t *testing.T) {
	if got := account(1000, "postgres"); got != nil {
		t.Errorf("who is not root becomes %v", got)
	}
	if got := account(0, "no such user"); got.Uid != 65534 {
		t.Errorf("without the user, root becomes %v", got)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if got := account(0, me.Username); fmt.Sprint(got.Uid) != me.Uid || fmt.Sprint(got.Gid) != me.Gid {
		t.Errorf("root becomes %v, not %s", got, me.Uid)
	}
}
