package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"verdictory/contract"
)

// overTheWire sends a request to the core behind a real connection, whose answer can be cut off.
func (c *core) overTheWire(method, target, body string) (*http.Response, error) {
	c.t.Helper()
	server := httptest.NewServer(c.handler)
	c.t.Cleanup(server.Close)
	r, err := http.NewRequest(method, server.URL+target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return server.Client().Do(r)
}

// Whoever reads a stream must never take a part for the whole.
func TestABatchThatFailsOnTheWayIsCutOff(t *testing.T) {
	c := newCore(t)
	const target = "/api/v1/policies/news2/batch"
	wantStatus(t, c.do("POST", target, "application/json", `{"count":1}`), http.StatusOK) // the services hold the policy now
	c.rules.after(2)
	answer, err := c.overTheWire("POST", target, `{"count":100000}`)
	if err != nil {
		return // cut off before its head was sent
	}
	defer answer.Body.Close()
	if _, err := io.ReadAll(answer.Body); err == nil {
		t.Error("the batch ended as if it were whole")
	}
}

func TestAClientThatLeavesEndsItsStream(t *testing.T) {
	c := newCore(t)
	c.filled(60)
	for target, method := range map[string]string{"/api/v1/policies/news2/batch": "POST", bench + "/history.csv": "GET", bench + "/history.json": "GET"} {
		w := &deaf{header: http.Header{}}
		r := httptest.NewRequest(method, target, strings.NewReader(`{"count":100000}`))
		r.Header.Set("Content-Type", "application/json")
		func() {
			defer func() { _ = recover() }() // a broken connection is http.ErrAbortHandler
			c.handler.ServeHTTP(w, r)
		}()
		if w.writes > 1 {
			t.Errorf("%s went on writing %d times to a client that had left", target, w.writes)
		}
	}
}

// deaf is a client that has left.
type deaf struct {
	header http.Header
	writes int
}

func (d *deaf) Header() http.Header { return d.header }
func (d *deaf) WriteHeader(int)     {}
func (d *deaf) Write([]byte) (int, error) {
	d.writes++
	return 0, io.ErrClosedPipe
}

// A service that answers what cannot be is as good as away: nothing is made up from it.
func TestAnswersThatCannotBeAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		gate func(*core) *gate
		lie  string
	}{
		"an object of another shape":  {func(c *core) *gate { return c.who }, `{"seed":"00000001","object":{"wings":2}}` + "\n"},
		"a verdict of another shape":  {func(c *core) *gate { return c.rules }, `{"verdict":{"wings":2},"outcome":"low"}` + "\n"},
		"a pair that has no verdict":  {func(c *core) *gate { return c.rules }, `{"error":"no rule hit"}` + "\n"},
		"a vehicle of another shape":  {func(c *core) *gate { return c.what }, `{"seed":"00000001","object":{}}` + "\n"},
		"an object not to be drawn":   {func(c *core) *gate { return c.who }, `{"seed":"00000001","error":"min is over max"}` + "\n"},
		"an answer that is no object": {func(c *core) *gate { return c.who }, "[]\n"},
	} {
		c := newCore(t)
		test.gate(c).lie.Store(test.lie)
		w := c.do("POST", "/api/v1/policies/news2/batch", "application/json", `{"count":1}`)
		if w.Code < 400 || strings.Contains(w.Body.String(), "wings") {
			t.Errorf("%s: %d %.200s, want a refusal", name, w.Code, w.Body)
		}
	}
}

func TestBoundaryModeNeedsTheRules(t *testing.T) {
	c := newCore(t)
	c.rules.shut()
	for target, body := range map[string]string{"/api/v1/policies/news2/batch": `{"count":1,"mode":"boundary"}`, "/api/v1/policies/news2/cases": `{"mode":"boundary"}`} {
		wantStatus(t, c.do("POST", target, "application/json", body), http.StatusServiceUnavailable)
	}
}

func TestAnEditedCaseIsKeptWhenItsRerollFails(t *testing.T) {
	c := newCore(t)
	from := strings.TrimPrefix(c.edited("driver.age", "30"), bench+"/")
	c.what.shut()
	w := c.post(bench+"/cases", "key=11111111-22222222&from="+from+"&who=7KQ2X9FM", htmx, "true")
	wantStatus(t, w, http.StatusServiceUnavailable)
	if got := text(html(t, w), "#bench"); !strings.Contains(got, from) {
		t.Error("the edited case is gone from the page")
	}
	// And where the case itself cannot be had, the page says what failed without it.
	for _, from := range []string{"&from=33333333-44444444", ""} {
		w = c.post(bench+"/cases", "key=11111111-22222222"+from, htmx, "true")
		wantStatus(t, w, http.StatusServiceUnavailable)
	}
}

func TestHistoryThatBreaksOnTheWay(t *testing.T) {
	c := newCore(t)
	c.filled(1)
	c.store.Close()
	wantStatus(t, c.get(bench+"/history.csv"), http.StatusServiceUnavailable)
}

func TestACaseOfAVersionThatIsNotKept(t *testing.T) {
	c := newCore(t)
	if _, err := c.server.reopen(t.Context(), contract.Case{Version: "0000"}); contract.AsError(err).Code != contract.NotFound {
		t.Errorf("got %v, want not found", err)
	}
}
