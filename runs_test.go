package main

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"

	"verdictory/internal/pgtest"
)

// D4: a run ends with exactly its cases counted, though everything that works on it is killed 20 times, and the database 4 times
// beside. A worker that is killed has one chunk in hand, so that is what is made again.
func TestARunSurvivesKills(t *testing.T) {
	const kills, size, seed = 20, "100000", "7KQ2X9FM"
	server := pgtest.Start(t)
	t.Cleanup(server.Remove)
	database, err := sql.Open("pgx", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	shell, address := binary(t), free(t)
	const target = "/api/v1/policies/news2/runs"
	var run struct {
		Counted  int64
		State    string
		Outcomes map[string]int64
	}
	state := func() bool { // whether it could be asked
		status, body := fetch(t, "GET", "http://"+address+target+"/"+seed+"-"+size)
		return status == 200 && json.Unmarshal([]byte(body), &run) == nil
	}
	start := func() (kill func()) {
		all := shell("up", "--listen", address, "--database", server.URL, "--log-level", "error")
		if err := all.Start(); err != nil {
			t.Fatal(err)
		}
		return func() {
			_ = all.Process.Kill() // it may have ended
			_ = all.Wait()
		}
	}

	kill := start()
	defer func() { kill() }()
	fetch(t, "GET", "http://"+address+"/readyz")
	if status, body := send(t, "http://"+address+target, `{"count":`+size+`,"seed":"`+seed+`"}`); status != 201 {
		t.Fatalf("starting the run answered %d %s", status, body)
	}
	for n := range kills {
		for before, deadline := run.Counted, time.Now().Add(20*time.Second); !state() || run.Counted == before; {
			if time.Now().After(deadline) {
				t.Fatalf("after %d kills the run stays at %+v", n, run)
			}
		}
		if run.State == "complete" {
			t.Fatalf("the run was complete after %d kills: it is too short for this test", n)
		}
		if n%5 == 4 {
			server.Down(syscall.SIGKILL)
			server.Up(t)
		}
		kill()
		// Whoever was killed has the run for some seconds more; the test does not wait for them.
		if _, err := database.Exec("UPDATE runs SET lease = 0"); err != nil {
			if _, err = database.Exec("UPDATE runs SET lease = 0"); err != nil { // the first found a connection that was cut
				t.Fatal(err)
			}
		}
		kill = start()
	}
	t.Logf("%d cases were counted when it was killed last", run.Counted)
	for deadline := time.Now().Add(time.Minute); !state() || run.State == "running"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the run stays at %+v", run)
		}
	}
	out, err := shell("cases", "--policy", "news2", "-n", size, "--seed", seed, "--format", "csv").Output()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want, column := map[string]int64{}, slices.Index(rows[0], "outcome")
	for _, row := range rows[1:] {
		want[row[column]]++
	}
	if diff := cmp.Diff(want, run.Outcomes); diff != "" || run.State != "complete" || run.Counted != 100_000 {
		t.Errorf("the run ended as %s with %d counted: %s", run.State, run.Counted, diff)
	}
}

// send posts JSON.
func send(t *testing.T, url, body string) (status int, answer string) {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
