package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"verdictory/contract"
	"verdictory/internal/pgtest"
)

func TestOpenRefuses(t *testing.T) {
	server := pgtest.URL(t)
	with := func(parameters string) string { return server + "&" + parameters }
	elsewhere, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Path = "/no_such_database"
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("garbage", 1_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	waits := "postgres://nobody:secret@/db?host=" + folder
	for _, test := range []struct{ name, url, want string }{
		{"an unknown kind", "mysql://root:secret@localhost/db", "write postgres://user:password@host/database or sqlite:///path/file.db"},
		{"nothing", "", "write postgres://"},
		{"a wrong port", "postgres://user:secret@host:99999999/db", "port"},
		{"a folder that is not there", "sqlite://" + folder + "/no/such/folder.db", "/no/such/folder.db"},
		{"a file that is no database", "sqlite://" + garbage, "not a database"},
		{"a database that is not there", elsewhere.String(), "no_such_database"},
		{"a user that may not write", with("default_transaction_read_only=on"), "read-only"},
		{"nobody who answers", waits, "waited for the database"},
	} {
		patience := time.Minute
		if test.url == waits {
			patience = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(background, patience)
		_, err := Open(ctx, test.url, slog.New(slog.DiscardHandler))
		cancel()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestLookupEndsSoon(t *testing.T) {
	if addresses, err := lookup(background, "127.0.0.1"); err != nil || len(addresses) != 1 || addresses[0] != "127.0.0.1" {
		t.Errorf("found %v, %v", addresses, err)
	}
	start := time.Now()
	if addresses, err := lookup(background, "no-such-host.invalid"); err == nil || time.Since(start) > time.Minute/10 {
		t.Errorf("after %s found %v, %v", time.Since(start), addresses, err)
	}
}

func TestSQLiteIsDurable(t *testing.T) {
	s := open(t, "sqlite://"+filepath.Join(t.TempDir(), "a file? with #signs% in its name.db"), motor(t))
	mustSave(t, s, makeCase(motor(t), 1), "")
	if err := checkPragmas(background, s.write, "delete"); err == nil || !strings.Contains(err.Error(), "are wal 2 1 1500 in place of delete 2 1 1500") {
		t.Errorf("a journal in another mode: %v", err)
	}
	if _, err := s.read.Exec("DELETE FROM cases"); err == nil {
		t.Error("a reader can write")
	}
	if _, err := s.write.Exec("INSERT INTO tallies VALUES (99, 'a', 'b', 1)"); err == nil {
		t.Error("a tally without a version is taken")
	}
}

func TestSQLiteInMemory(t *testing.T) {
	p := motor(t)
	s := open(t, "sqlite::memory:", p)
	c := mustSave(t, s, makeCase(p, 1), "key")
	if got, err := s.Get(background, p.Name, c.Code); err != nil || got.Code != c.Code {
		t.Errorf("got %v, %v", got, err)
	}
	if page, err := open(t, "sqlite::memory:").List(background, Filter{}, "", 10); err != nil || len(page.Cases) > 0 {
		t.Errorf("another store sees %v, %v", page, err)
	}
}

// A10: five replicas that start at once take each step once.
func TestReplicasMigrateOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		var replicas sync.WaitGroup
		for range 5 {
			replicas.Go(func() { open(t, url) })
		}
		replicas.Wait()
		s := open(t, url)
		var taken, distinct, last int
		if err := s.read.NewRaw("SELECT count(*), count(DISTINCT version), max(version) FROM schema_migrations").Scan(background, &taken, &distinct, &last); err != nil {
			t.Fatal(err)
		}
		if want := len(migrationsOf(s.read)); taken != want || distinct != want || last != want || want == 0 {
			t.Errorf("%d steps are recorded, %d of them different, the last %d; there are %d", taken, distinct, last, want)
		}
		if err := s.Ready(background); err != nil {
			t.Error(err)
		}
	})
}

// The steps of both databases are the same, numbered without gaps.
func TestMigrationsAreNumbered(t *testing.T) {
	lite, err := files.ReadDir("migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	postgres, err := files.ReadDir("migrations/postgres")
	if err != nil {
		t.Fatal(err)
	}
	if len(lite) != len(postgres) || len(lite) == 0 {
		t.Fatalf("%d steps for SQLite, %d for PostgreSQL", len(lite), len(postgres))
	}
	for i := range lite {
		if name := lite[i].Name(); name != postgres[i].Name() || !strings.HasPrefix(name, fmt.Sprintf("%04d_", i+1)) || !strings.HasSuffix(name, ".sql") {
			t.Errorf("step %d is %s for SQLite, %s for PostgreSQL", i+1, name, postgres[i].Name())
		}
	}
}

// A replica runs on while a newer one migrates, and starts again if it can live with what was done; else it says what to start.
func TestNewerSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		known := len(migrationsOf(s.read))
		start := func() error {
			again, err := Open(background, url, slog.New(slog.DiscardHandler))
			if err == nil {
				again.Close()
			}
			return err
		}
		exec(t, s, fmt.Sprintf("INSERT INTO schema_migrations VALUES (%d, '%04d_later.fits-%04d.sql', 0)", known+1, known+1, known))
		if err := start(); err != nil {
			t.Error("a build does not live with a step that fits it:", err)
		}
		for _, step := range []string{"9998_later.sql", fmt.Sprintf("9998_later.fits-%04d.sql", known+1)} {
			exec(t, s, "INSERT INTO schema_migrations VALUES (9998, '"+step+"', 0)")
			if err := s.Ready(background); err != nil {
				t.Error("a replica that runs on while a newer one migrates is not ready:", err)
			}
			if err := start(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("has step %s, and this build knows steps up to %d", step, known)) {
				t.Errorf("%s: got %v", step, err)
			}
			exec(t, s, "DELETE FROM schema_migrations WHERE version = 9998")
		}
		// A version that was rolled back for good has left its step under a number that another step has by now.
		exec(t, s, "UPDATE schema_migrations SET name = '0001_other.sql' WHERE version = 1")
		if err := start(); err == nil || !strings.Contains(err.Error(), "migration 0001_cases.sql: the database has taken 0001_other.sql under this number") {
			t.Errorf("another step of the same number: got %v", err)
		}
	})
}

// harmless are the statements that the version before can live with: of what it neither writes nor reads.
var harmless = regexp.MustCompile(`(?i)^(CREATE TABLE |CREATE INDEX |DROP INDEX |ALTER TABLE \S+ ADD COLUMN \S+ [^,]*$)`)

// misfit tells why the version before the one that brings a step could not be rolled back to.
func misfit(version int, step migration) error {
	if needs(version, step.name) >= version {
		what, _, _ := strings.Cut(step.name, ".")
		return fmt.Errorf("name it %s.fits-%04d.sql, so that the version before starts on it", what, version-1)
	}
	for statement := range strings.SplitSeq(regexp.MustCompile(`--.*`).ReplaceAllString(step.text, ""), ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		given := strings.Contains(statement, " DEFAULT ") || !strings.Contains(statement, " NOT NULL")
		if statement != "" && (!harmless.MatchString(statement) || strings.HasPrefix(statement, "ALTER") && !given) {
			return fmt.Errorf("%q: the version before may not live with that: do it in two releases, first what is added, and what is no longer used a release later", statement)
		}
	}
	return nil
}

func TestStepsFitTheVersionBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		for i, step := range migrationsOf(open(t, url).read) {
			if err := misfit(i+1, step); i > 0 && err != nil {
				t.Errorf("migration %s: %v", step.name, err)
			}
		}
	})
	for text, want := range map[string]string{
		"-- why; and how\nALTER TABLE cases\n  ADD COLUMN note TEXT;\nCREATE INDEX i ON cases (note);": "",
		"CREATE TABLE runs (id BIGINT PRIMARY KEY, name TEXT NOT NULL); DROP INDEX i":                  "",
		"ALTER TABLE cases ADD COLUMN n BIGINT NOT NULL DEFAULT 0":                                     "",
		"ALTER TABLE cases ADD COLUMN n BIGINT NOT NULL":                                               `"ALTER TABLE cases ADD COLUMN n BIGINT NOT NULL": the version before`,
		"ALTER TABLE cases ADD COLUMN n BIGINT, DROP COLUMN mode":                                      "two releases",
		"CREATE TABLE a (n BIGINT); ALTER TABLE cases DROP COLUMN mode":                                `"ALTER TABLE cases DROP COLUMN mode"`,
		"CREATE UNIQUE INDEX i ON cases (code)":                                                        "two releases",
		"DROP TABLE cases":                                                                             "two releases",
		"UPDATE cases SET mode = 'x'":                                                                  "two releases",
	} {
		if err := misfit(3, migration{"0003_x.fits-0002.sql", text}); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, name := range []string{"0003_x.sql", "0003_x.fits-0003.sql", "0003_x.fits-2.sql"} {
		if err := misfit(3, migration{name, ""}); err == nil || !strings.Contains(err.Error(), ".fits-0002.sql, so that") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMigrationKilledMidway(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		slow := "SELECT pg_sleep(60)"
		ctx, kill := context.WithCancel(background)
		defer kill()
		if strings.HasPrefix(url, "sqlite") {
			slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e9) SELECT count(*) FROM n"
			time.AfterFunc(500*time.Millisecond, kill)
		} else {
			go func() { // its session is ended as soon as it sleeps
				for killed := false; !killed && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
					_ = s.read.NewRaw("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query LIKE ?", "CREATE TABLE half_done (n BIGINT); "+slow+"%").Scan(ctx, &killed)
				}
			}()
		}
		steps := migrationsOf(s.write)
		killed := append(steps, migration{"9998_slow.sql", "CREATE TABLE half_done (n BIGINT); " + slow})
		if err := migrate(ctx, s.write, killed, s.log); err == nil || !strings.Contains(err.Error(), "9998_slow.sql") {
			t.Errorf("killed: %v", err)
		}
		if _, err := s.read.Exec("SELECT * FROM half_done"); err == nil {
			t.Error("half of the step is left")
		}
		wrong := append(steps, migration{"9998_wrong.sql", "CREATE TABLE half_done (n BIGINT); CREATE TABLE half_done (n BIGINT)"})
		if err := migrate(background, s.write, wrong, s.log); err == nil || !strings.Contains(err.Error(), "9998_wrong.sql") {
			t.Errorf("wrong: %v", err)
		}
		right := append(steps, migration{"9998_right.sql", "CREATE TABLE half_done (n BIGINT); CREATE TABLE whole (n BIGINT)"})
		if err := migrate(background, s.write, right, s.log); err != nil {
			t.Error("the next start:", err)
		}
		if _, err := s.read.Exec("SELECT * FROM half_done, whole"); err != nil {
			t.Error(err)
		}
		exec(t, s, "DROP TABLE schema_migrations; CREATE TABLE schema_migrations (n BIGINT)")
		if err := migrate(background, s.write, steps, s.log); err == nil {
			t.Error("a table of migrations that is not ours is taken for ours")
		}
		s.Close()
		if err := migrate(background, s.write, steps, s.log); err == nil {
			t.Error("a closed database is migrated")
		}
	})
}

// A start waits for the replica that migrates, as long as its context lasts.
func TestMigrationWaitsForTheLock(t *testing.T) {
	url := pgtest.URL(t)
	s := open(t, url)
	conn, err := s.read.DB.Conn(background)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(background, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(background, 2*time.Second)
	defer cancel()
	if _, err := Open(ctx, url, s.log); err == nil || !strings.Contains(err.Error(), "wait for the lock on migrations") {
		t.Errorf("with the lock held elsewhere: %v", err)
	}
	opened := make(chan error)
	go func() {
		other, err := Open(background, url, s.log)
		if err == nil {
			err = other.Close()
		}
		opened <- err
	}()
	if _, err := conn.ExecContext(background, "SELECT pg_advisory_unlock($1)", migrationLock); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

func TestUnavailable(t *testing.T) {
	lite := func(text string) error { // an error of SQLite's own: it has no constructor
		db, err := openSQLite(background, filepath.Join(t.TempDir(), "x.db"), "wal", 1, url.Values{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		_, err = db.Exec(text)
		return err
	}
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"stopping", &pgconn.PgError{Code: "57P01"}, true},
		{"starting", &pgconn.PgError{Code: "57P03"}, true},
		{"a statement that took too long", &pgconn.PgError{Code: "57014"}, true},
		{"too many connections", &pgconn.PgError{Code: "53300"}, true},
		{"a full disk", &pgconn.PgError{Code: "53100"}, true},
		{"an idle transaction", &pgconn.PgError{Code: "25P03"}, true},
		{"no such table", fmt.Errorf("x: %w", &pgconn.PgError{Code: "42P01"}), false},
		{"a broken constraint", &pgconn.PgError{Code: "23503"}, false},
		{"a deadlock, which the writer halves", &pgconn.PgError{Code: "40P01"}, false},
		{"a connection that was reset", errors.New("unexpected EOF"), true},
		{"a deadline", context.DeadlineExceeded, true},
		{"no such table in SQLite", lite("SELECT * FROM nothing"), false},
		{"a SQLite that may not be written", lite("PRAGMA query_only = 1; CREATE TABLE t (n)"), true},
	} {
		if got := unavailable(test.err); got != test.want {
			t.Errorf("%s (%v): unavailable is %t", test.name, test.err, got)
		}
	}
	var answer *sqlite.Error
	if err := lite("PRAGMA query_only = 1; CREATE TABLE t (n)"); !errors.As(err, &answer) || answer.Code()&0xFF != sqlite3.SQLITE_READONLY {
		t.Errorf("SQLite's error is %v", err)
	}
}

// D1 and D5: PostgreSQL is stopped and killed under load. Each save that was acknowledged is there exactly once; no call
// takes over 3 seconds, and saves succeed within 5 seconds of its return. Then it is frozen, and nothing hangs.
func TestPostgreSQLRestarts(t *testing.T) {
	server := pgtest.Start(t)
	t.Cleanup(server.Remove)
	p := motor(t)
	server.Down(pgtest.Fast)
	opened := make(chan *Store)
	var seen strings.Builder
	go func() { // a store that starts before its database waits for it
		s, err := Open(background, server.URL, slog.New(slog.NewTextHandler(&seen, nil)))
		if err != nil {
			t.Error(err)
		}
		opened <- s
	}()
	time.Sleep(300 * time.Millisecond)
	server.Up(t)
	s := <-opened
	defer s.Close()
	if strings.Count(seen.String(), "waiting for the database") != 1 {
		t.Errorf("the log has %q", seen.String())
	}
	if err := s.KeepPolicy(background, p); err != nil {
		t.Fatal(err)
	}

	var senders sync.WaitGroup
	var lock sync.Mutex
	acknowledged := map[string]bool{}
	var slowest time.Duration
	var lastSuccess time.Time
	failures := 0
	stop := make(chan struct{})
	for sender := range 8 {
		senders.Go(func() {
			for n := 0; ; n++ {
				c, key := makeCase(p, uint64(sender*1_000_000+n)), fmt.Sprint(sender, " ", n)
				for done := false; !done; { // until it is acknowledged, with the same key
					select {
					case <-stop:
						return
					default:
					}
					start := time.Now()
					_, _, err := s.Save(background, c, key)
					took := time.Since(start)
					lock.Lock()
					slowest = max(slowest, took)
					if done = err == nil; done {
						acknowledged[c.Code.String()] = true
						lastSuccess = time.Now()
					} else if failures++; codeOf(err) != contract.Unavailable || contract.AsError(err).Service != service {
						t.Errorf("a save while the database restarts: %v", err)
					}
					lock.Unlock()
					if !done {
						time.Sleep(10 * time.Millisecond)
					}
				}
			}
		})
	}
	for _, how := range []struct {
		name string
		stop func()
	}{
		{"fast", func() { server.Down(pgtest.Fast) }},
		{"immediate", func() { server.Down(pgtest.Immediate) }},
	} {
		time.Sleep(300 * time.Millisecond)
		how.stop()
		if _, err := s.List(background, Filter{}, "", 10); codeOf(err) != contract.Unavailable {
			t.Errorf("%s: listing with the database down gives %v", how.name, err)
		}
		server.Up(t)
		up := time.Now()
		for recovered := false; !recovered; {
			time.Sleep(5 * time.Millisecond)
			lock.Lock()
			recovered = lastSuccess.After(up)
			lock.Unlock()
			if time.Since(up) > 5*time.Second {
				t.Fatalf("%s: no save succeeded within 5 s of the database's return", how.name)
			}
		}
		if err := s.Ready(background); err != nil {
			t.Errorf("%s: not ready after the restart: %v", how.name, err)
		}
	}
	time.Sleep(200 * time.Millisecond)
	close(stop)
	senders.Wait()
	if slowest > 3*time.Second || failures == 0 {
		t.Errorf("the slowest save took %s; %d failed", slowest, failures)
	}
	stored := map[string]int{}
	if err := s.Each(background, Filter{}, func(c contract.Case) error { stored[c.Code.String()]++; return nil }); err != nil {
		t.Fatal(err)
	}
	for code := range acknowledged {
		if stored[code] != 1 {
			t.Errorf("the acknowledged case %s is stored %d times", code, stored[code])
		}
	}
	if counts, err := s.Counts(background, p.Digest); err != nil || counts.Total != int64(len(stored)) {
		t.Errorf("%d cases are stored, %d counted, %v", len(stored), counts.Total, err)
	}
	t.Logf("%d saves acknowledged, %d failed, the slowest took %s", len(acknowledged), failures, slowest)

	start := time.Now()
	server.Signal(syscall.SIGSTOP)
	var calls sync.WaitGroup
	for name, call := range map[string]func() error{
		"save": func() error { _, _, err := s.Save(background, makeCase(p, 9_000_001), ""); return err },
		"list": func() error { _, err := s.List(background, Filter{Policy: p.Name}, "", 10); return err },
		"each": func() error { return s.Each(background, Filter{}, func(contract.Case) error { return nil }) },
	} {
		calls.Go(func() {
			if err := call(); codeOf(err) != contract.Unavailable {
				t.Errorf("%s with the database frozen: %v", name, err)
			}
		})
	}
	calls.Wait()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("with the database frozen, calls took %s", took)
	}
	server.Signal(syscall.SIGCONT)
	thawed := time.Now()
	for {
		if _, _, err := s.Save(background, makeCase(p, 9_000_002), "after"); err == nil {
			break
		} else if time.Since(thawed) > 5*time.Second {
			t.Fatalf("5 s after the database went on: %v", err)
		}
	}
}

// A new database has no statistics yet: its lists must go along the index all the same, not sort what a term has.
func TestListsOfANewDatabaseDoNotSort(t *testing.T) {
	s := open(t, pgtest.URL(t))
	var plan []string
	if err := s.read.NewRaw("EXPLAIN SELECT case_id FROM case_terms WHERE term = 1 AND case_id >= 0 AND case_id < 9 ORDER BY case_id DESC LIMIT 6").Scan(background, &plan); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "Backward") || strings.Contains(text, "Sort") {
		t.Error(text)
	}
}
