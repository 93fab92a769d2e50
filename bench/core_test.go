package bench

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"verdictory/internal/pgtest"
	"verdictory/policy"
)

// system is the four services, each a process, and PostgreSQL.
type system struct {
	app      *process
	services []*process // all four
	postgres int        // the server's process id
	database *sql.DB
}

// startSystem starts the services as production runs them, on a PostgreSQL whose commits are durable.
func startSystem(t *testing.T) *system {
	t.Helper()
	server := pgtest.Start(t, "fsync=on", "synchronous_commit=on")
	t.Cleanup(server.Remove)
	database, err := sql.Open("pgx", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	var folder, fsync, commit string
	if err := database.QueryRow("SELECT current_setting('data_directory'), current_setting('fsync'), current_setting('synchronous_commit')").Scan(&folder, &fsync, &commit); err != nil {
		t.Fatal(err)
	}
	if fsync != "on" || commit != "on" {
		t.Fatalf("commits are not durable: fsync is %s, synchronous_commit %s", fsync, commit)
	}
	lines, err := os.ReadFile(filepath.Join(folder, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(lines), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	who := start(t, "who", "generator", "--role", "who")
	what := start(t, "what", "generator", "--role", "what")
	rules := start(t, "rules", "rules")
	app := start(t, "app", "app", "--database", server.URL,
		"--who", "http://"+who.address, "--what", "http://"+what.address, "--rules", "http://"+rules.address)
	return &system{app, []*process{app, who, what, rules}, pid, database}
}

// cpu gives the processor time that each process has used so far, PostgreSQL last.
func (s *system) cpu() (names []string, used []time.Duration) {
	for _, p := range s.services {
		names, used = append(names, p.name), append(used, p.cpu())
	}
	return append(names, "PostgreSQL"), append(used, familyCPU(s.postgres))
}

// spent gives what all processes have used for each of n cases since before, and each one's part in words.
func (s *system) spent(before []time.Duration, n int) (each time.Duration, parts string) {
	names, after := s.cpu()
	var list []string
	for i, name := range names {
		part := (after[i] - before[i]) / time.Duration(n)
		each += part
		list = append(list, name+" "+strconv.FormatFloat(float64(part.Microseconds())/1000, 'f', 2, 64))
	}
	return each, strings.Join(list, ", ")
}

// shares says where the machine's processors were for a time: on what is measured, on nothing, and on all else, which
// takes its part from a rate.
func shares(long, idle, ours time.Duration) string {
	all := long * time.Duration(runtime.NumCPU())
	percent := func(d time.Duration) float64 { return 100 * float64(d) / float64(all) }
	return fmt.Sprintf("of both processors %.0f %% on this, %.0f %% idle, %.0f %% on other work", percent(ours), percent(idle), percent(all-ours-idle))
}

// stored counts the cases in the database.
func (s *system) stored(t *testing.T) (n int) {
	t.Helper()
	if err := s.database.QueryRow("SELECT count(*) FROM cases").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// client is one keep-alive connection. It does as little as it can, since it shares the processors with what it
// measures.
type client struct {
	net.Conn
	in *bufio.Reader
}

func connect(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReader(conn)}, nil
}

// ask sends a request and reads the answer to its end.
func (c *client) ask(request string, want int) error {
	if _, err := io.WriteString(c, request); err != nil {
		return err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != want {
		text, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("answered %d: %s", answer.StatusCode, text)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// drive lets n clients send requests for a time and gives how long each answer took, sorted.
func drive(t *testing.T, n int, address string, request func() string, want int, long time.Duration) []time.Duration {
	t.Helper()
	var clients sync.WaitGroup
	each := make([][]time.Duration, n)
	failures := make([]error, n)
	end := time.Now().Add(long)
	for i := range n {
		clients.Go(func() {
			c, err := connect(address)
			if err != nil {
				failures[i] = err
				return
			}
			defer c.Close()
			for start := time.Now(); start.Before(end); start = time.Now() {
				if failures[i] = c.ask(request(), want); failures[i] != nil {
					return
				}
				each[i] = append(each[i], time.Since(start))
			}
		})
	}
	clients.Wait()
	for _, err := range failures {
		if err != nil {
			t.Fatal(err)
		}
	}
	all := slices.Concat(each...)
	slices.Sort(all)
	return all
}

// post makes a request as it goes over the wire.
func post(path, contentType, body string, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s",
		path, contentType, len(body), strings.Join(append(headers, ""), "\r\n"), body)
}

// TestCore generates and stores cases through the core: by the API with 16 clients and with one, and as the button of
// the workbench does. Every case that was acknowledged must be in the database.
func TestCore(t *testing.T) {
	s := startSystem(t)
	warm, long := sized(2*time.Second, 200*time.Millisecond), sized(10*time.Second, time.Second)
	constant := post("/api/v1/policies/"+policyName+"/cases", "application/json", "{}")
	api := func() string { return constant }
	button := func() string {
		key := policy.Code{Who: policy.Seed(rand.Uint64()) & policy.MaxSeed, What: policy.Seed(rand.Uint64()) & policy.MaxSeed, Mode: policy.Random}
		return post("/"+policyName+"/cases", "application/x-www-form-urlencoded", "key="+key.String(), "HX-Request: true", "Accept-Encoding: gzip")
	}

	made := len(drive(t, 16, s.app.address, api, http.StatusCreated, warm))
	_, before := s.cpu()
	own, idle := ownCPU(), unused()
	times := drive(t, 16, s.app.address, api, http.StatusCreated, long)
	own, idle = (ownCPU()-own)/time.Duration(len(times)), unused()-idle
	each, parts := s.spent(before, len(times))
	made += len(times)
	rate := float64(len(times)) / long.Seconds()
	report(t, "generate + store, PostgreSQL, 16 clients", "≥ 1,000 a second", rate >= 1000, "%.0f a second (p50 %s, p99 %s; %s)", rate,
		milliseconds(quantile(times, 0.5)), milliseconds(quantile(times, 0.99)), shares(long, idle, time.Duration(len(times))*(each+own)))
	report(t, "the same: processor time, all processes", "≤ 2.0 ms", each <= 2*time.Millisecond, "%s (%s; the client %s more)", milliseconds(each), parts, milliseconds(own))

	times = drive(t, 1, s.app.address, api, http.StatusCreated, long)
	made += len(times)
	p50, p99 := quantile(times, 0.5), quantile(times, 0.99)
	report(t, "the same, one client", "p50 ≤ 4 ms, p99 ≤ 15 ms", p50 <= 4*time.Millisecond && p99 <= 15*time.Millisecond, "p50 %s, p99 %s", milliseconds(p50), milliseconds(p99))

	_, before = s.cpu()
	times = drive(t, 16, s.app.address, button, http.StatusOK, long)
	made += len(times)
	each, parts = s.spent(before, len(times))
	report(t, "the workbench's button, 16 clients", "", true, "%.0f a second, %s (%s)", float64(len(times))/long.Seconds(), milliseconds(each), parts)

	if stored := s.stored(t); stored != made {
		t.Errorf("%d cases were acknowledged, and %d are stored", made, stored)
	}
}

// TestBatch asks for a run of 100,000 cases through the core: generators, rules and core over HTTP, nothing stored.
func TestBatch(t *testing.T) {
	s := startSystem(t)
	count := sized(100_000, 10_000)
	var best, each time.Duration
	var parts string
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}} // on one machine it would only cost
	for range sized(3, 1) {
		_, before := s.cpu()
		begun := time.Now()
		answer, err := client.Post("http://"+s.app.address+"/api/v1/policies/"+policyName+"/batch", "application/json",
			strings.NewReader(fmt.Sprintf(`{"count":%d,"seed":"1","format":"ndjson"}`, count)))
		if err != nil {
			t.Fatal(err)
		}
		lines := lineCounter(0)
		_, err = io.Copy(&lines, answer.Body)
		answer.Body.Close()
		if took := time.Since(begun); best == 0 || took < best {
			best = took
		}
		if err != nil || int(lines) != count {
			t.Fatalf("%d lines of %d: %v", lines, count, err)
		}
		each, parts = s.spent(before, count/1000)
	}
	rate := float64(count) / best.Seconds()
	report(t, "batch endpoint, through three services over HTTP", "≥ 50,000 cases a second", rate >= 50_000,
		"%.0f cases a second; %.1f µs of processor time a case (of 1,000 cases: %s ms)", rate, float64(each.Nanoseconds())/1e6, parts)
}

// lineCounter counts the lines that are written to it.
type lineCounter int

func (n *lineCounter) Write(p []byte) (int, error) {
	*n += lineCounter(bytes.Count(p, []byte("\n")))
	return len(p), nil
}
