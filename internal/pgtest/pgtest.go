// Package pgtest gives tests a PostgreSQL: the one that VERDICTORY_TEST_POSTGRES names, or a private cluster made from
// the installed binaries in a temporary folder, which tests may also stop and kill. A test package that uses it hands
// its TestMain to Main, so that the cluster goes when the tests are done:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
)

// Variable names the PostgreSQL that tests use in place of a private one: postgres://user:password@host/database. The
// user must be allowed to create schemas.
const Variable = "VERDICTORY_TEST_POSTGRES"

var shared struct {
	sync.Mutex
	server *Server
}

// Main runs the tests, then removes the cluster that they shared. It gives the exit code.
func Main(m interface{ Run() int }) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.Remove()
		shared.server = nil
	}
	return code
}

// URL gives the address of an empty schema of the test's own, which goes when the test ends. The tests of a package
// share one server. Without a PostgreSQL the test is skipped, or fails where CI=true.
func URL(tb testing.TB) string {
	tb.Helper()
	address, err := url.Parse(server(tb))
	check(tb, err)
	db, err := sql.Open("pgx", address.String())
	check(tb, err)
	schema := `"test_` + rand.Text() + `"`
	_, err = db.Exec("CREATE SCHEMA " + schema)
	check(tb, err)
	tb.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + schema + " CASCADE")
		check(tb, errors.Join(err, db.Close()))
	})
	query := address.Query()
	query.Set("search_path", schema)
	address.RawQuery = query.Encode()
	return address.String()
}

// server gives the address of the server that tests share, and starts it for the first of them.
func server(tb testing.TB) string {
	tb.Helper()
	if given := os.Getenv(Variable); given != "" {
		return given
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		shared.server = Start(tb)
	}
	return shared.server.URL
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
}

// Server is a private PostgreSQL cluster, reached over a Unix socket in its own folder.
type Server struct {
	URL      string // of the database postgres, as its superuser
	folder   string
	bin      string
	settings []string
	log      *os.File
	command  *exec.Cmd
	exited   chan struct{}
}

// Start makes and starts a cluster. Settings are configuration parameters such as "fsync=on", which is off otherwise:
// killing the server loses nothing then either, only a machine that loses its power would. The caller owes a Remove.
// Without PostgreSQL's binaries the test is skipped, or fails where CI=true.
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	bin, err := binaries()
	if err != nil && os.Getenv("CI") != "true" {
		tb.Skipf("SKIPPED, NOTHING WAS TESTED ON POSTGRESQL: %v: install postgresql or set %s", err, Variable)
	}
	check(tb, err)
	folder, err := os.MkdirTemp("", "pgtest") // a socket's path has at most 107 bytes: a test's own folder would be too deep
	check(tb, err)
	log, err := os.Create(filepath.Join(folder, "log"))
	check(tb, err)
	s := &Server{
		URL:    "postgres://postgres@/postgres?host=" + url.QueryEscape(folder),
		folder: folder, bin: bin, log: log,
		settings: append([]string{"fsync=off", "listen_addresses=", "unix_socket_directories=" + folder, "max_connections=60"}, settings...),
	}
	if runAs := account(os.Getuid(), "postgres"); runAs != nil {
		check(tb, os.Chown(folder, int(runAs.Uid), int(runAs.Gid)))
	}
	check(tb, s.tool("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", s.data()).Run())
	s.Up(tb)
	return s
}

// debian is where Debian puts initdb, for each version.
var debian = "/usr/lib/postgresql/*/bin/initdb"

// binaries finds the folder of initdb and postgres: on the PATH, or Debian's newest.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob(debian)
	if len(found) == 0 {
		return "", errors.Join(err, errors.New("no initdb on the PATH or under /usr/lib/postgresql"))
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// account gives whom PostgreSQL runs as: it refuses to be root, so there the named user takes its place, or nobody
// where there is no such user. Anybody else stays who they are: nil.
func account(uid int, name string) *syscall.Credential {
	if uid != 0 {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	id := func(text string) uint32 {
		n, _ := strconv.ParseUint(text, 10, 32)
		return uint32(n)
	}
	return &syscall.Credential{Uid: id(u.Uid), Gid: id(u.Gid)}
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) tool(name string, args ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(s.bin, name), args...)
	command.Dir, command.Stdout, command.Stderr = s.folder, s.log, s.log
	// The kernel stops the process at once when the thread that started it ends: with this process at the latest.
	command.SysProcAttr = &syscall.SysProcAttr{Credential: account(os.Getuid(), "postgres"), Pdeathsig: syscall.SIGQUIT}
	return command
}

// Up starts the server and waits until it takes connections.
func (s *Server) Up(tb testing.TB) {
	tb.Helper()
	args := []string{"-D", s.data()}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	s.command, s.exited = s.tool("postgres", args...), make(chan struct{})
	started := make(chan error)
	go func(command *exec.Cmd, exited chan struct{}) {
		runtime.LockOSThread() // for Pdeathsig
		defer close(exited)
		started <- command.Start()
		_ = command.Wait() // how it ended is in its log
	}(s.command, s.exited)
	check(tb, <-started)
	db, err := sql.Open("pgx", s.URL)
	check(tb, err)
	defer db.Close()
	for db.PingContext(context.Background()) != nil {
		select {
		case <-s.exited:
			log, _ := os.ReadFile(s.log.Name())
			check(tb, fmt.Errorf("postgres ended before it took connections:\n%s", log))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// The ways to stop a server.
const (
	Fast      = syscall.SIGINT  // ends sessions, writes a checkpoint
	Immediate = syscall.SIGQUIT // as a crash: the next start recovers from the log
)

// Down stops the server and waits until it is gone.
func (s *Server) Down(how syscall.Signal) {
	_ = s.command.Process.Signal(how) // it may have ended by itself
	<-s.exited
}

// Signal sends a signal to all of the server's processes: SIGSTOP makes a server that holds its connections and answers
// nothing, SIGCONT lets it go on.
func (s *Server) Signal(signal syscall.Signal) {
	pid := s.command.Process.Pid
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, field := range bytes.Fields(append(children, strconv.Itoa(pid)...)) {
		n, _ := strconv.Atoi(string(field))
		_ = syscall.Kill(n, signal) // a child may have ended since
	}
}

// Remove stops the server, if it runs, and deletes its files.
func (s *Server) Remove() {
	s.Down(Immediate)
	s.log.Close()
	os.RemoveAll(s.folder)
}
