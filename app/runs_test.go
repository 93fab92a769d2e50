package app

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

// works has the core carry on with runs until the test ends.
func (c *core) works() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.server.Work(ctx)
	}()
	c.t.Cleanup(func() {
		stop()
		<-ended
	})
}

// state gives the API's answer on a run as soon as it is what the test waits for.
func (c *core) state(target string, is func(answer map[string]any) bool) map[string]any {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		_, answer := c.call("GET", target, "")
		if is(answer) {
			return answer
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s stays at %v", target, answer)
		}
	}
}

func ended(answer map[string]any) bool { return answer["ended"] != nil }

func TestARunCountsTheCasesOfItsSeed(t *testing.T) {
	c := newCore(t)
	c.works()
	w := c.post("/motor-insurance/runs", formValues("count", "5,000", "mode", "boundary", "seed", "", "key", "7KQ2X9FM"))
	if at := w.Header().Get("Location"); w.Code != http.StatusSeeOther || at != "/motor-insurance/runs/7KQ2X9FM-5000-B" {
		t.Fatalf("%d leads to %q", w.Code, at)
	}
	again := c.post("/motor-insurance/runs", formValues("count", "5000", "mode", "boundary", "seed", "7kq2x9fm", "key", "1"))
	wantStatus(t, again, http.StatusSeeOther)
	run := c.state("/api/v1/policies/motor-insurance/runs/7KQ2X9FM-5000-B", ended)
	if run["state"] != "complete" || run["counted"] != 5000. {
		t.Fatalf("the run ended as %v", run)
	}
	// The same cases, from the API's batch.
	batch := c.do("POST", "/api/v1/policies/motor-insurance/batch", "application/json", `{"count":5000,"seed":"7KQ2X9FM","mode":"boundary"}`)
	outcomes, hits := map[string]any{}, map[string]int{}
	for line := range strings.Lines(batch.Body.String()) {
		var row struct {
			Outcome string
			Rules   []contract.Hit
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		n, _ := outcomes[row.Outcome].(float64)
		outcomes[row.Outcome] = n + 1
		for _, hit := range row.Rules {
			hits[hit.String()]++
		}
	}
	if diff := cmp.Diff(outcomes, run["outcomes"]); diff != "" {
		t.Errorf("outcomes: %s", diff)
	}
	for _, entry := range run["rules"].([]any) {
		rule := entry.(map[string]any)
		name := rule["decision"].(string) + "/" + rule["rule"].(string)
		if rule["hits"] != float64(hits[name]) {
			t.Errorf("%s hit in %v cases, want %d", name, rule["hits"], hits[name])
		}
	}
	if n := c.cases("motor-insurance"); n != 0 {
		t.Errorf("%d cases are stored, want none", n)
	}
	exported := c.get("/motor-insurance/runs/7KQ2X9FM-5000-B.ndjson")
	if diff := cmp.Diff(batch.Body.String(), exported.Body.String()); diff != "" {
		t.Errorf("the export is not the batch: %.300s", diff)
	}
	if got := exported.Header().Get("Content-Disposition"); got != `attachment; filename="motor-insurance-7KQ2X9FM-5000-B.ndjson"` {
		t.Errorf("the export is called %s", got)
	}
	if w := c.get("/motor-insurance/runs/7KQ2X9FM-5000-B.xls"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "no such export") {
		t.Errorf("an unknown export is answered %d %s", w.Code, w.Body)
	}
	page := html(t, c.get("/motor-insurance/runs/7KQ2X9FM-5000-B"))
	if got := text(page, "#run-label"); got != "5,000 of 5,000 cases 100 %" || page.Find("[hx-trigger]").Length() != 0 {
		t.Errorf("the page says %q, and asks again: %t", got, page.Find("[hx-trigger]").Length() != 0)
	}
	part := c.get("/motor-insurance/runs/7KQ2X9FM-5000-B", htmx, "true").Body.String()
	if strings.Contains(part, "<html") || !strings.Contains(part, `id="run"`) {
		t.Errorf("htmx gets %.200s", part)
	}
	if _, list := c.call("GET", "/api/v1/policies/motor-insurance/runs", ""); len(list["runs"].([]any)) != 1 {
		t.Errorf("sent twice, there are the runs %v", list["runs"])
	}
	if got := text(html(t, c.get("/motor-insurance/runs")), ".runs td:first-child"); got != "7KQ2X9FM-5000-B boundary" {
		t.Errorf("the list has %q", got)
	}
}

func TestARunsFormSaysWhatIsWrong(t *testing.T) {
	c := newCore(t)
	for form, want := range map[string]string{
		"count=many&key=1":          `"many" is not a whole number: write digits, such as 42`,
		"count=0&key=1":             "count is 0: write 1 to 10000000",
		"count=10000001&key=1":      "larger sets come from `verdictory cases`",
		"count=10&seed=U&key=1":     "seed \"U\" has 'U'",
		"count=10&mode=maybe&key=1": "mode \"maybe\" is not known",
	} {
		w := c.post("/news2/runs", form)
		if got := text(html(t, w), ".error"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(got, want) {
			t.Errorf("%s: %d %q, want %q", form, w.Code, got, want)
		}
	}
	wantStatus(t, c.post("/news2/runs", "count="+strings.Repeat("1", maxForm+1)), http.StatusRequestEntityTooLarge)
	wantStatus(t, c.post("/nothing/runs", "count=1"), http.StatusNotFound)
	wantStatus(t, c.get("/nothing/runs"), http.StatusNotFound)
	for _, target := range []string{"/nothing/runs/7KQ2X9FM-5", "/news2/runs/5", "/news2/runs/5.csv", "/news2/runs/7KQ2X9FM-5.xls"} {
		wantStatus(t, c.get(target), http.StatusNotFound)
	}
	wantStatus(t, c.post("/news2/runs/5/stop", ""), http.StatusNotFound)
	wantStatus(t, c.do("DELETE", "/api/v1/policies/news2/runs/5", "", ""), http.StatusNotFound)
	if _, list := c.call("GET", "/api/v1/policies/news2/runs", ""); len(list["runs"].([]any)) != 0 {
		t.Errorf("what was refused was started: %v", list)
	}
}

func TestARunIsStoppedAndGoesOn(t *testing.T) {
	c := newCore(t)
	const api, page = "/api/v1/policies/motor-insurance/runs/00000001-40", "/motor-insurance/runs/00000001-40"
	if status, answer := c.call("POST", "/api/v1/policies/motor-insurance/runs", `{"count":40,"seed":"1"}`); status != http.StatusCreated || answer["state"] != "running" {
		t.Fatalf("%d %v", status, answer)
	}
	wantStatus(t, c.do("POST", api+"/stop", "", ""), http.StatusNoContent)
	if run := c.state(api, ended); run["state"] != "stopped" || run["counted"] != 0. {
		t.Errorf("a stopped run is %v", run)
	}
	c.works()
	if w := c.post(page+"/resume", ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != page {
		t.Errorf("%d leads to %q", w.Code, w.Header().Get("Location"))
	}
	if run := c.state(api, ended); run["state"] != "complete" || run["counted"] != 40. {
		t.Errorf("a resumed run is %v", run)
	}
	if w := c.post(page+"/remove", ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/motor-insurance/runs" {
		t.Errorf("%d leads to %q", w.Code, w.Header().Get("Location"))
	}
	wantStatus(t, c.get(page), http.StatusNotFound)
}

// Two runs that wait take turns, so that a short one need not wait for a long one.
func TestAShortRunNeedNotWaitForALongOne(t *testing.T) {
	c := newCore(t)
	c.call("POST", "/api/v1/policies/news2/runs", `{"count":1000000,"seed":"1"}`)
	c.call("POST", "/api/v1/policies/news2/runs", `{"count":10,"seed":"2"}`)
	c.works()
	c.state("/api/v1/policies/news2/runs/00000002-10", ended)
	if _, long := c.call("GET", "/api/v1/policies/news2/runs/00000001-1000000", ""); long["state"] != "running" || long["counted"].(float64) < runTurn*batchChunk {
		t.Errorf("the long run is at %v", long)
	}
}

func TestARunWaitsForAService(t *testing.T) {
	c := newCore(t)
	c.rules.shut()
	c.call("POST", "/api/v1/policies/news2/runs", `{"count":10,"seed":"1"}`)
	c.works()
	const target = "/api/v1/policies/news2/runs/00000001-10"
	run := c.state(target, func(answer map[string]any) bool { return answer["trouble"] != nil })
	if run["state"] != "running" || !strings.Contains(run["trouble"].(string), "rules") {
		t.Errorf("without the rules the run is %v", run)
	}
	if got := text(html(t, c.get("/news2/runs/00000001-10")), "#run .trouble"); !strings.Contains(got, "Waiting.") || !strings.Contains(got, "goes on by itself") {
		t.Errorf("the page says %q", got)
	}
	c.rules.open()
	if run := c.state(target, ended); run["state"] != "complete" || run["trouble"] != nil {
		t.Errorf("with the rules back the run is %v", run)
	}
}

func TestARunWithoutAVerdictFails(t *testing.T) {
	c := newCore(t)
	c.rules.lie.Store(`{"error":"no rule hit"}` + "\n")
	c.call("POST", "/api/v1/policies/news2/runs", `{"count":10,"seed":"1"}`)
	c.works()
	run := c.state("/api/v1/policies/news2/runs/00000001-10", ended)
	if run["state"] != "failed" || !strings.Contains(run["trouble"].(string), "no rule hit") {
		t.Errorf("the run is %v", run)
	}
}

// A run keeps to the version that it was started with.
func TestARunOfAnOlderVersion(t *testing.T) {
	c := newCore(t)
	p := builtIn()[0]
	older, issues := policy.Assemble(p.Name, []byte(strings.Replace(p.Who.Source, "as_of: 2026", "as_of: 2025", 1)), []byte(p.What.Source), []byte(p.Rules.Source), nil)
	if issues != nil || older.Digest == p.Digest {
		t.Fatal(issues)
	}
	if err := c.store.KeepPolicy(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.StartRun(t.Context(), older.Digest, policy.Run{Seed: 1, Mode: policy.Random, Count: 10}); err != nil {
		t.Fatal(err)
	}
	c.works()
	run := c.state("/api/v1/policies/"+p.Name+"/runs/00000001-10", ended)
	if run["version"] != string(older.Digest) || run["state"] != "complete" {
		t.Errorf("the run is %v", run)
	}
	if got := text(html(t, c.get("/"+p.Name+"/runs/00000001-10")), "main"); !strings.Contains(got, "not the policy's version of today") {
		t.Errorf("the page does not say that the version is an older one: %.300s", got)
	}
}

func TestTheWorkerSaysThatTheDatabaseIsAway(t *testing.T) {
	c := newCore(t)
	c.call("POST", "/api/v1/policies/news2/runs", `{"count":10,"seed":"1"}`)
	turn, err := c.store.TakeTurn(t.Context(), time.Minute)
	if err != nil || turn == nil {
		t.Fatal(turn, err)
	}
	c.store.Close()
	c.server.work(t.Context(), turn)
	ctx, cancel := context.WithTimeout(t.Context(), runPoll+100*time.Millisecond)
	defer cancel()
	c.server.Work(ctx)
	for _, want := range []string{"a run does not go on", "cannot give up a run", "cannot look for runs"} {
		if !strings.Contains(c.log.String(), want) {
			t.Errorf("the log has no %q: %s", want, c.log)
		}
	}
	wantStatus(t, c.post("/news2/runs", "count=10&key=1"), http.StatusServiceUnavailable)
	if status, _ := c.call("POST", "/api/v1/policies/news2/runs", `{"count":10}`); status != http.StatusServiceUnavailable {
		t.Errorf("a run is started without a database: %d", status)
	}
}
