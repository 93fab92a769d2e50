package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"verdictory/app/history"
	"verdictory/app/page"
	"verdictory/app/remote"
	"verdictory/contract"
	"verdictory/generators"
	"verdictory/internal/service"
	"verdictory/policies"
	"verdictory/policy"
	"verdictory/rules"
	"verdictory/static"
	"verdictory/templates"
)

// builtIn reads the built-in policies once.
var builtIn = sync.OnceValue(func() []*policy.Policy {
	loaded, issues := policy.LoadAll(policies.FS)
	if issues != nil {
		panic(issues)
	}
	return loaded
})

// core is the real core before real services and a database of its own.
type core struct {
	t       *testing.T
	server  *Server
	store   *history.Store
	handler http.Handler
	log     *bytes.Buffer

	who, what, rules *gate
}

// gate stands before a service: it can be taken away, at once or after some more requests, and brought back.
type gate struct {
	left atomic.Int64 // requests that it still takes
	lie  atomic.Value // a string: it answers this, whatever it is asked
}

func (g *gate) open()         { g.left.Store(1 << 40); g.lie.Store("") }
func (g *gate) shut()         { g.left.Store(0) }
func (g *gate) after(n int64) { g.left.Store(n) }

func (g *gate) guard(next http.Handler) http.Handler {
	g.open()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.left.Add(-1) < 0 {
			panic(http.ErrAbortHandler)
		}
		if lie := g.lie.Load().(string); lie != "" {
			w.Header().Set("Content-Type", "application/x-ndjson")
			_, _ = io.WriteString(w, lie)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func newCore(t *testing.T) *core {
	t.Helper()
	c := &core{t: t, log: &bytes.Buffer{}}
	log := slog.New(slog.NewJSONHandler(&lockedWriter{w: c.log}, nil))
	start := func(name string, handler http.Handler) (string, *gate) {
		g := &gate{}
		server := httptest.NewServer(g.guard(service.Wrap(handler, log, service.NewMetrics(name, "test"), 64)))
		server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
		t.Cleanup(server.Close)
		return server.URL, g
	}
	config := remote.Config{Metrics: service.NewMetrics("app", "test"), Log: log}
	config.Who, c.who = start("who", generators.NewHandler(contract.RoleWho))
	config.What, c.what = start("what", generators.NewHandler(contract.RoleWhat))
	config.Rules, c.rules = start("rules", rules.NewHandler())
	client, err := remote.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if c.store, err = history.Open(t.Context(), "sqlite::memory:", log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.store.Close() })
	pages, err := page.NewSite(page.Config{Policies: builtIn(), Templates: templates.FS, Static: static.FS})
	if err != nil {
		t.Fatal(err)
	}
	parts := Parts{Policies: builtIn(), Remote: client, History: c.store, Pages: pages, Metrics: config.Metrics, Log: log}
	if c.server, err = New(t.Context(), parts); err != nil {
		t.Fatal(err)
	}
	c.handler = service.Wrap(c.server.Handler(), log, config.Metrics, 64)
	return c
}

type lockedWriter struct {
	mutex sync.Mutex
	w     io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.w.Write(p)
}

// do sends a request; header pairs follow the body.
func (c *core) do(method, target, contentType, body string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

func (c *core) get(target string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.do(http.MethodGet, target, "", "", header...)
}

// post sends a form of name=value pairs.
func (c *core) post(target, form string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.do(http.MethodPost, target, "application/x-www-form-urlencoded", form, header...)
}

// call sends JSON to the API and reads the answer.
func (c *core) call(method, target, body string, header ...string) (status int, answer map[string]any) {
	c.t.Helper()
	w := c.do(method, target, "application/json", body, header...)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		c.t.Fatalf("%s %s answered %d %q: %v", method, target, w.Code, w.Body, err)
	}
	return w.Code, answer
}

// cases counts what is stored of a policy.
func (c *core) cases(name string) int64 {
	c.t.Helper()
	p, err := c.server.named(name)
	if err != nil {
		c.t.Fatal(err)
	}
	counts, err := c.store.Counts(context.Background(), p.Digest)
	if err != nil {
		c.t.Fatal(err)
	}
	return counts.Total
}

// html reads an answer as a page.
func html(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	document, err := goquery.NewDocumentFromReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// text gives the text of the selection, its spaces folded.
func text(document *goquery.Document, selector string) string {
	return strings.Join(strings.Fields(document.Find(selector).Text()), " ")
}

const htmx = "HX-Request"

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Fatalf("answered %d, want %d: %.300s", w.Code, want, w.Body)
	}
}

func TestNewRefusesAPolicyNamedAsAPathOfOurOwn(t *testing.T) {
	c := newCore(t)
	p := *builtIn()[0]
	p.Name = "static"
	_, err := New(t.Context(), Parts{Policies: []*policy.Policy{&p}, History: c.store})
	if err == nil || !strings.Contains(err.Error(), "rename its folder") {
		t.Errorf("got %v, want advice to rename the folder", err)
	}
}

func TestNewNeedsItsDatabase(t *testing.T) {
	store, err := history.Open(t.Context(), "sqlite::memory:", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := New(ctx, Parts{Policies: builtIn(), History: store, Log: slog.New(slog.DiscardHandler)}); contract.AsError(err).Code != contract.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
}

// A core that starts while its database is busy waits for it.
func TestNewWaitsForABusyDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "busy.db")
	log := &bytes.Buffer{}
	writer := &lockedWriter{w: log}
	logger := slog.New(slog.NewTextHandler(writer, nil))
	store, err := history.Open(t.Context(), "sqlite://"+file, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	other, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() {
		_, err := New(t.Context(), Parts{Policies: builtIn(), History: store, Log: logger})
		started <- err
	}()
	waits := func() bool {
		writer.mutex.Lock()
		defer writer.mutex.Unlock()
		return strings.Contains(log.String(), "waiting for the database to keep a policy")
	}
	for !waits() {
		select {
		case err := <-started:
			t.Fatalf("the core did not wait: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if _, err := other.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-started; err != nil {
		t.Error(err)
	}
}

// routeTable is every address of the core, as an ordinary request gets it.
var routeTable = []struct {
	method, target string
	status         int
	contentType    string
}{
	{"GET", "/", 200, "text/html"},
	{"GET", "/motor-insurance", 200, "text/html"},
	{"GET", "/motor-insurance/rules", 200, "text/html"},
	{"GET", "/motor-insurance/history", 200, "text/html"},
	{"GET", "/motor-insurance/history.csv", 200, "text/csv"},
	{"GET", "/motor-insurance/history.xls", 404, "application/problem+json"},
	{"GET", "/motor-insurance/runs", 200, "text/html"},
	{"POST", "/motor-insurance/runs", 422, "text/html"},
	{"GET", "/motor-insurance/runs/7KQ2X9FM-5", 404, "text/html"},
	{"GET", "/motor-insurance/runs/7KQ2X9FM-5.csv", 404, "application/problem+json"},
	{"POST", "/motor-insurance/runs/7KQ2X9FM-5/stop", 404, "text/html"},
	{"POST", "/motor-insurance/runs/7KQ2X9FM-5/remove", 404, "text/html"},
	{"GET", "/motor-insurance/7KQ2X9FM-03ZT8W1C", 200, "text/html"},
	{"POST", "/motor-insurance/cases", 422, "text/html"},
	{"POST", "/motor-insurance/cases/7KQ2X9FM-03ZT8W1C/edit", 422, "text/html"},
	{"GET", "/api", 200, "text/html"},
	{"GET", "/api/openapi.json", 200, "application/json"},
	{"GET", "/schemas/rules.json", 200, "application/schema+json"},
	{"GET", "/schemas/nothing.json", 404, "application/problem+json"},
	{"GET", "/api/v1/policies", 200, "application/json"},
	{"GET", "/api/v1/policies/news2", 200, "application/json"},
	{"GET", "/api/v1/policies/news2/cases", 200, "application/json"},
	{"POST", "/api/v1/policies/news2/cases", 201, "application/json"},
	{"GET", "/api/v1/policies/news2/cases/7KQ2X9FM-03ZT8W1C", 200, "application/json"},
	{"POST", "/api/v1/policies/news2/verdicts", 422, "application/problem+json"},
	{"POST", "/api/v1/policies/news2/batch", 422, "application/problem+json"},
	{"GET", "/api/v1/policies/news2/runs", 200, "application/json"},
	{"POST", "/api/v1/policies/news2/runs", 422, "application/problem+json"},
	{"GET", "/api/v1/policies/news2/runs/7KQ2X9FM-5", 404, "application/problem+json"},
	{"DELETE", "/api/v1/policies/news2/runs/7KQ2X9FM-5", 404, "application/problem+json"},
	{"POST", "/api/v1/policies/news2/runs/7KQ2X9FM-5/stop", 404, "application/problem+json"},
	{"POST", "/api/v1/policies/news2/runs/7KQ2X9FM-5/resume", 404, "application/problem+json"},
	{"GET", "/api/v1/nothing", 404, "application/problem+json"},
	{"DELETE", "/api/v1/policies", 405, "application/problem+json"},
	{"GET", "/api/v1/policies/moter-insurance", 404, "application/problem+json"},
	{"GET", "/nothing", 404, "text/html"},
	{"GET", "/motor-insurance/not-a-code", 404, "text/html"},
	{"GET", "/motor-insurance/cases", 404, "text/html"},
	{"DELETE", "/motor-insurance", 405, "text/html"},
	{"GET", "/static/nothing", 404, ""},
	{"GET", "/motor-insurance/../api", 404, "text/html"},
}

func TestRoutes(t *testing.T) {
	c := newCore(t)
	for _, route := range routeTable {
		w := c.do(route.method, route.target, "", "")
		if w.Code != route.status || !strings.HasPrefix(w.Header().Get("Content-Type"), route.contentType) {
			t.Errorf("%s %s: %d %s, want %d %s: %.200s", route.method, route.target, w.Code, w.Header().Get("Content-Type"), route.status, route.contentType, w.Body)
		}
		for name, value := range headers {
			if name != "Cache-Control" && w.Header().Get(name) != value {
				t.Errorf("%s %s: %s is %q, want %q", route.method, route.target, name, w.Header().Get(name), value)
			}
		}
	}
}

func TestWrongMethodSaysWhichAreTaken(t *testing.T) {
	c := newCore(t)
	w := c.do("DELETE", "/api/v1/policies/news2/cases", "", "")
	if allow := w.Header().Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow is %q, want GET and POST", allow)
	}
}

// Every route that changes something refuses what another site makes a browser send, and no GET changes anything.
func TestCrossSiteRequestsAreRefused(t *testing.T) {
	c := newCore(t)
	for _, route := range routeTable {
		if route.method == "GET" {
			c.get(route.target)
			continue
		}
		w := c.do(route.method, route.target, "", "", "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example")
		if w.Code != http.StatusForbidden {
			t.Errorf("%s %s from another site answered %d, want 403", route.method, route.target, w.Code)
		}
	}
	for _, p := range builtIn() {
		if n := c.cases(p.Name); n != 0 {
			t.Errorf("%d cases of %s are stored, want none", n, p.Name)
		}
	}
}

func TestPolicySelectLeadsToTheSamePageOfAnotherPolicy(t *testing.T) {
	c := newCore(t)
	for query, want := range map[string]string{
		"policy=news2":              "/news2",
		"policy=news2&page=rules":   "/news2/rules",
		"policy=news2&page=history": "/news2/history",
		"policy=news2&page=runs":    "/news2/runs",
		"policy=news2&page=//evil":  "/news2",
	} {
		w := c.get("/?" + query)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("?%s: %d to %q, want 303 to %q", query, w.Code, w.Header().Get("Location"), want)
		}
	}
	wantStatus(t, c.get("/?policy=nothing"), http.StatusNotFound)
}

func TestOverviewCountsCases(t *testing.T) {
	c := newCore(t)
	c.call("POST", "/api/v1/policies/news2/cases", "")
	if got := text(html(t, c.get("/")), "main"); !strings.Contains(got, "1 case") {
		t.Errorf("the overview does not count the case: %s", got)
	}
}

func TestPagesSayWhenTheDatabaseIsAway(t *testing.T) {
	c := newCore(t)
	c.store.Close()
	for _, target := range []string{"/", "/news2", "/news2/rules", "/news2/history", "/news2/7KQ2X9FM-03ZT8W1C", "/news2/history.csv",
		"/news2/runs", "/news2/runs/7KQ2X9FM-5", "/news2/runs/7KQ2X9FM-5.csv", "/api/v1/policies/news2/runs", "/api/v1/policies/news2/runs/7KQ2X9FM-5",
		"/api/v1/policies/news2", "/api/v1/policies/news2/cases", "/api/v1/policies/news2/cases/7KQ2X9FM-03ZT8W1C"} {
		w := c.get(target)
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "database") {
			t.Errorf("%s answered %d %.300s, want 503 that names the database", target, w.Code, w.Body)
		}
		if w.Header().Get("Retry-After") == "" {
			t.Errorf("%s does not say when to come again", target)
		}
	}
}

func TestRenderingThatFailsIsToldAndLogged(t *testing.T) {
	c := newCore(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates.FS); err != nil {
		t.Fatal(err)
	}
	site, err := page.NewSite(page.Config{Policies: builtIn(), Templates: os.DirFS(dir), Static: static.FS, Reload: true})
	if err != nil {
		t.Fatal(err)
	}
	c.server.pages = site
	if err := os.WriteFile(filepath.Join(dir, "overview.html"), []byte("{{ nothing_of_that_name }}"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := c.get("/")
	wantStatus(t, w, http.StatusInternalServerError)
	if strings.Contains(w.Body.String(), "nothing_of_that_name") {
		t.Errorf("the page shows what is inside: %s", w.Body)
	}
	if !strings.Contains(c.log.String(), "nothing_of_that_name") {
		t.Errorf("the log does not say what failed: %s", c.log)
	}
}

func formValues(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}
