package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"verdictory/policies"
	"verdictory/policy"
)

// command runs the command line and gives what it printed and its exit code.
func command(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return out.String(), errs.String(), code
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.CopyFS(broken, os.DirFS(filepath.Join(dir, "news2"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "rules.yaml"), []byte("label: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mistyped := filepath.Join(t.TempDir(), "mistyped")
	if err := os.CopyFS(mistyped, os.DirFS(filepath.Join(dir, "news2"))); err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile(filepath.Join(mistyped, "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mistyped, "rules.yaml"), bytes.ReplaceAll(rules, []byte("observations.pulse <"), []byte("observations.puls <")), 0o600); err != nil {
		t.Fatal(err)
	}
	reserved := filepath.Join(t.TempDir(), "static")
	if err := os.CopyFS(reserved, os.DirFS(filepath.Join(dir, "news2"))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	for name, test := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"version":                 {[]string{"version"}, 0, "verdictory dev (commit unknown, engine 1)", ""},
		"help":                    {[]string{"--help"}, 0, "generator", ""},
		"help of a command":       {[]string{"up", "--help"}, 0, "VERDICTORY_DATA", ""},
		"verify without database": {[]string{"verify"}, 2, "", "--database is required, or the environment variable VERDICTORY_DATABASE"},
		"verify elsewhere":        {[]string{"verify", "--database", "mysql://x"}, 1, "", "verdictory: "},
		"verify without password": {[]string{"verify", "--database", "postgres://u@h/d", "--database-password-file", file + "x"}, 1, "", "--database-password-file cannot be read"},
		"nothing":                 {nil, 2, "", "a command is missing: write one of up, app,"},
		"unknown command":         {[]string{"fly"}, 2, "", `there is no command "fly": write one of up, app,`},
		"mistyped command":        {[]string{"chekc"}, 2, "", `there is no command "chekc": did you mean "check"?`},
		"unknown flag":            {[]string{"up", "--prot", "1"}, 2, "", "verdictory: unknown flag --prot\nTry verdictory --help.\n"},
		"check":                   {[]string{"check", filepath.Join(dir, "news2")}, 0, "news2", ""},
		"check what is broken":    {[]string{"check", broken}, 1, "rules.yaml:", ""},
		"check nothing":           {[]string{"check", filepath.Join(dir, "nothing")}, 2, "", "must be a folder, and " + filepath.Join(dir, "nothing") + " is none\nTry verdictory --help.\n"},
		"cases":                   {[]string{"cases", "--policy", "news2", "--seed", "1"}, 0, "code,mode,version,patient.name", ""},
		"cases say their seed":    {[]string{"cases", "-n", "1"}, 0, "code,", "seed "},
		"cases of no policy":      {[]string{"cases", "--policy", "news3"}, 1, "", `did you mean "news2"`},
		"no case":                 {[]string{"cases", "-n", "0"}, 1, "", "1 or more"},
		"cases of no mode":        {[]string{"cases", "--mode", "maybe"}, 1, "", "random or boundary"},
		"cases of no format":      {[]string{"cases", "--format", "xls"}, 1, "", "csv, json, ndjson, sql, gherkin"},
		"cases of no seed":        {[]string{"cases", "--seed", "u"}, 1, "", "seed"},
		"cases of a broken one":   {[]string{"cases", "--policies", filepath.Dir(broken)}, 1, "", "rules.yaml:"},
		"a policy mistyped":       {[]string{"up", "--policies", filepath.Dir(mistyped)}, 1, "", "\nmistyped/rules.yaml:140:"},
		"app without database":    {[]string{"app"}, 2, "", "--database is required, or the environment variable VERDICTORY_DATABASE"},
		"app with a broken one":   {[]string{"app", "--database", "sqlite::memory:", "--policies", filepath.Dir(broken)}, 1, "", "rules.yaml:"},
		"app at a taken address":  {[]string{"app", "--database", "sqlite::memory:", "--listen", address}, 1, "", "--listen takes another"},
		"app with no database":    {[]string{"app", "--database", "mysql://x", "--listen", "127.0.0.1:0"}, 1, "", "postgres://"},
		"app with no service":     {[]string{"app", "--database", "sqlite::memory:", "--listen", "127.0.0.1:0", "--who", "::"}, 1, "", "generator-who"},
		"app with no templates":   {[]string{"app", "--database", "sqlite::memory:", "--listen", "127.0.0.1:0", "--source", dir}, 1, "", "pages cannot be made"},
		"app with a bad trace":    {[]string{"app", "--database", "sqlite::memory:", "--listen", "127.0.0.1:0", "--traces", "::"}, 1, "", "write http://collector"},
		"a policy named static":   {[]string{"up", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--policies", filepath.Dir(reserved)}, 1, "", "rename its folder"},
		"app with no password":    {[]string{"app", "--database", "postgres://verdictory@127.0.0.1:1/db", "--listen", "127.0.0.1:0", "--database-password-file", filepath.Join(dir, "none")}, 1, "", "--database-password-file cannot be read"},
		"rules at a taken one":    {[]string{"rules", "--listen", address}, 1, "", "--listen takes another"},
		"rules with a bad trace":  {[]string{"rules", "--listen", "127.0.0.1:0", "--traces", "::"}, 1, "", "write http://collector"},
		"generator without role":  {[]string{"generator"}, 2, "", "--role is required, or the environment variable VERDICTORY_ROLE"},
		"generator at a taken":    {[]string{"generator", "--role", "who", "--listen", address}, 1, "", "--listen takes another"},
		"up at a taken address":   {[]string{"up", "--listen", address, "--data", t.TempDir()}, 1, "", "--listen takes another"},
		"up without a folder":     {[]string{"up", "--listen", "127.0.0.1:0", "--data", filepath.Join(file, "x")}, 1, "", "--data takes another"},
		"log level":               {[]string{"rules", "--log-level", "loud"}, 2, "", `--log-level: "loud" must be debug, info, warn or error`},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := command(t, test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit %d, want %d\nstdout, want %q: %.600s\nstderr, want %q: %.600s", code, test.code, test.stdout, stdout, test.stderr, stderr)
			}
		})
	}
}

func TestCasesOfAPolicyOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	for from, to := range map[string]string{"news2": "own", "stamp-duty": "news2"} {
		source := os.DirFS(filepath.Join("policies", from))
		if err := os.CopyFS(filepath.Join(dir, to), source); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code := command(t, "cases", "--policies", dir, "--policy", "own", "-n", "3", "--seed", "7")
	rows, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
	if code != 0 || err != nil || len(rows) != 4 {
		t.Fatalf("exit %d with %d rows, %v: %s", code, len(rows), err, stderr)
	}
	if stdout, _, _ := command(t, "cases", "--policies", dir, "--policy", "news2", "-n", "1"); !strings.Contains(stdout, "buyer.") {
		t.Errorf("the folder's news2 did not take the built-in one's place: %.200s", stdout)
	}
}

// started is a command that runs until the test ends it.
type started struct {
	t    *testing.T
	out  *io.PipeReader
	code chan int
	errs bytes.Buffer
}

func start(t *testing.T, args ...string) *started {
	t.Helper()
	out, in := io.Pipe()
	s := &started{t: t, out: out, code: make(chan int, 1)}
	go func() {
		s.code <- run(args, in, &s.errs)
		in.Close()
	}()
	return s
}

// stop ends every command that is running, as the machine would.
func (s *started) stop() {
	s.t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case code := <-s.code:
		if code != 0 {
			s.t.Errorf("exit %d: %s", code, &s.errs)
		}
	case <-time.After(20 * time.Second):
		s.t.Fatal("the command does not end on SIGTERM")
	}
}

// free gives an address that nobody listens on: below the ports that connections are given, or one might take it meanwhile.
func free(t *testing.T) string {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000)))
		if err != nil {
			continue
		}
		defer listener.Close()
		return listener.Addr().String()
	}
}

// fetch asks until the address answers.
func fetch(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			if ctx.Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
			continue
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
}

func TestUpRunsEverythingAndKeepsTheHistory(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	var code string
	for i := range 2 {
		s := start(t, "up", "--listen", "127.0.0.1:0", "--data", data)
		line := make([]byte, 200)
		n, err := s.out.Read(line)
		if err != nil {
			t.Fatalf("%v: %s", err, &s.errs)
		}
		address, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "Verdictory is ready: ")
		if !ok {
			t.Fatalf("printed %q, want the address", line[:n])
		}
		for _, path := range []string{"/livez", "/readyz", "/metrics", "/motor-insurance"} {
			if status, body := fetch(t, "GET", address+path); status != http.StatusOK {
				t.Errorf("%s answered %d %.200s", path, status, body)
			}
		}
		if i == 0 {
			status, body := fetch(t, "POST", address+"/api/v1/policies/motor-insurance/cases")
			code = regexp.MustCompile(`"code":"([^"]+)"`).FindStringSubmatch(body)[1]
			if status != http.StatusCreated {
				t.Errorf("generating answered %d %.200s", status, body)
			}
		} else if _, body := fetch(t, "GET", address+"/motor-insurance/history"); !strings.Contains(body, code) {
			t.Errorf("the case %s is gone after a restart", code)
		}
		s.stop()
	}
	verify := func() (code int, out string) {
		var stdout, stderr bytes.Buffer
		code = run([]string{"verify", "--database", "sqlite://" + filepath.Join(data, "verdictory.db")}, &stdout, &stderr)
		return code, stdout.String() + stderr.String()
	}
	if exit, out := verify(); exit != 0 || out != "1 case under 1 policy version: 0 wrong\n" {
		t.Errorf("exit %d: %s", exit, out)
	}
	database, err := sql.Open("sqlite", filepath.Join(data, "verdictory.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	if _, err := database.Exec("UPDATE cases SET outcome = 'none'"); err != nil {
		t.Fatal(err)
	}
	if exit, out := verify(); exit != 1 || !strings.Contains(out, "motor-insurance "+code+": its outcome is stored as none") {
		t.Errorf("exit %d: %s", exit, out)
	}
}

func TestEachServiceRunsAlone(t *testing.T) {
	who, what, rules, app := free(t), free(t), free(t), free(t)
	all := []*started{
		start(t, "generator", "--role", "who", "--listen", who, "--log-level", "error"),
		start(t, "generator", "--role", "what", "--listen", what, "--log-level", "error"),
		start(t, "rules", "--listen", rules, "--log-level", "error"),
		start(t, "app", "--listen", app, "--database", "sqlite://"+filepath.Join(t.TempDir(), "v.db"), "--log-level", "error",
			"--who", "http://"+who, "--what", "http://"+what, "--rules", "http://"+rules, "--source", "."),
	}
	for _, address := range []string{who, what, rules, app} {
		if status, body := fetch(t, "GET", "http://"+address+"/readyz"); status != http.StatusOK {
			t.Errorf("readyz answered %d %.200s", status, body)
		}
	}
	if status, body := fetch(t, "POST", "http://"+app+"/api/v1/policies/news2/cases"); status != http.StatusCreated {
		t.Errorf("generating answered %d %.300s", status, body)
	}
	if _, body := fetch(t, "GET", "http://"+app+"/news2"); !strings.Contains(body, "NEWS2") {
		t.Errorf("the workbench is not there: %.200s", body)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if code := <-s.code; code != 0 {
			t.Errorf("exit %d: %s", code, &s.errs)
		}
	}
}

// Every flag stands in docs/configuration.md, with its variable, and nothing else does.
func TestConfigurationIsDocumented(t *testing.T) {
	document, err := os.ReadFile("docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{} // by flag
	for _, row := range regexp.MustCompile("(?m)^\\| `--([a-z-]+).*$").FindAllStringSubmatch(string(document), -1) {
		rows[row[1]] = row[0]
	}
	taken := map[string]bool{}
	for _, c := range commands() {
		flags := newFlagSet(c)
		flags.VisitAll(func(flag *pflag.Flag) {
			taken[flag.Name] = true
			row, variable := rows[flag.Name], flags.variable(flag.Name)
			if !strings.Contains(row, c.name) || regexp.MustCompile("VERDICTORY_[A-Z_]*").FindString(row) != variable {
				t.Errorf("docs/configuration.md has no row of --%s that names the command %s and the variable %q: %s", flag.Name, c.name, variable, row)
			}
		})
	}
	for name := range rows {
		if !taken[name] {
			t.Errorf("docs/configuration.md has a row of --%s, which no command takes", name)
		}
	}
}

func TestListenAllTakesAllOrNone(t *testing.T) {
	address := free(t)
	if _, err := listenAll(address, address); err == nil {
		t.Fatal("the same address was taken twice")
	}
	listeners, err := listenAll(address)
	if err != nil {
		t.Fatalf("the first address was kept after the second failed: %v", err)
	}
	listeners[0].Close()
}

// binary gives what starts the binary itself, as the shell does. make test hands over one that counts which statements ran.
func binary(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	built := os.Getenv("VERDICTORY_COVER_BINARY")
	if built == "" {
		built = filepath.Join(t.TempDir(), "verdictory")
		if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return func(args ...string) *exec.Cmd {
		command := exec.Command(built, args...)
		command.Env = append(os.Environ(), "GOCOVERDIR="+os.Getenv("VERDICTORY_COVER_DIR"))
		return command
	}
}

func TestBinary(t *testing.T) {
	shell := binary(t)
	out, err := shell("cases", "--policy", "news2", "-n", "2", "--seed", "1").CombinedOutput()
	if err != nil || strings.Count(string(out), "\n") != 3 {
		t.Errorf("%v: %s", err, out)
	}
	if err := shell("fly").Run(); err == nil || err.(*exec.ExitError).ExitCode() != 2 {
		t.Errorf("an unknown command ends with %v, want exit code 2", err)
	}
}

func TestMergeKeepsTheOrder(t *testing.T) {
	a, b, c, b2 := &policy.Policy{Name: "a"}, &policy.Policy{Name: "b"}, &policy.Policy{Name: "c"}, &policy.Policy{Name: "b"}
	merged := merge([]*policy.Policy{a, b}, []*policy.Policy{b2, c})
	if len(merged) != 3 || merged[0] != a || merged[1] != b2 || merged[2] != c {
		t.Errorf("merged to %v", merged)
	}
}
