package app

import (
	"encoding/csv"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"verdictory/app/history"
	"verdictory/contract"
)

// filled makes n cases in each mode.
func (c *core) filled(n int) {
	c.t.Helper()
	for range n {
		for _, body := range []string{`{}`, `{"mode":"boundary"}`} {
			if status, answer := c.call("POST", "/api/v1/policies/motor-insurance/cases", body); status != http.StatusCreated {
				c.t.Fatalf("%d %v", status, answer)
			}
		}
	}
}

func TestHistoryPagesToTheEnd(t *testing.T) {
	c := newCore(t)
	if got := text(html(t, c.get(bench+"/history")), "#results"); !strings.Contains(got, "No case yet") {
		t.Errorf("an empty history says %q", got)
	}
	c.filled(12)
	page := html(t, c.get(bench+"/history"))
	if n := page.Find("#results tbody a.code").Length(); n != pageSize {
		t.Fatalf("the first page has %d cases, want %d", n, pageSize)
	}
	older, ok := page.Find("#results a[href*=cursor]").Attr("href")
	if !ok {
		t.Fatal("the first page has no link to older cases")
	}
	if n := html(t, c.get(older)).Find("#results tbody a.code").Length(); n != 4 {
		t.Errorf("the second page has %d cases, want 4", n)
	}
	w := c.get(older, htmx, "true")
	if body := w.Body.String(); strings.Contains(body, "<html") || strings.Count(body, `class="code"`) != 4 {
		t.Errorf("on scroll the answer is not the next 4 rows alone: %.300s", body)
	}
}

func TestHistoryFilters(t *testing.T) {
	c := newCore(t)
	c.filled(5)
	for query, want := range map[string]int{
		"mode=boundary":                       5,
		"mode=random":                         5,
		"mode=random&mode2=x":                 5,
		"origin=edited":                       0,
		"origin=generated":                    10,
		"from=2020-01-01":                     10,
		"to=2020-01-01":                       0,
		"from=2020-01-01&to=2099-1-1":         -1,
		"q=nothinglikethis":                   0,
		"rule=eligibility/nothing":            0,
		"rule=eligibility":                    -1,
		"outcome=maybe":                       -1,
		"mode=maybe":                          -1,
		"origin=maybe":                        -1,
		"from=2024-02-30":                     -1,
		"from=9999-12-31&to=0001-01-01":       -1,
		"from=2024-02-02&to=2024-01-01":       -1,
		"q=" + strings.Repeat("x", 201):       -1,
		"outcome=" + strings.Repeat("x", 201): -1,
	} {
		w := c.get(bench + "/history?" + query)
		page := html(t, w)
		if want < 0 {
			if w.Code != http.StatusUnprocessableEntity || page.Find(".error").Length() == 0 {
				t.Errorf("?%.60s: %d, want 422 with the error beside its field", query, w.Code)
			}
			continue
		}
		if got := page.Find("#results tbody a.code").Length(); w.Code != 200 || got != want {
			t.Errorf("?%s: %d with %d cases, want %d", query, w.Code, got, want)
		}
	}
	accept := html(t, c.get(bench+"/history?outcome=accept", htmx, "true"))
	if accept.Find("#results .chip.warn, #results tbody .chip.bad").Length() != 0 {
		t.Error("the filter for accept lets other outcomes through")
	}
	wantStatus(t, c.get(bench+"/history?cursor=garbage"), http.StatusUnprocessableEntity)
	wantStatus(t, c.get("/nothing/history"), http.StatusNotFound)
}

func TestExportIsWhatTheFilterShows(t *testing.T) {
	c := newCore(t)
	c.filled(15)
	w := c.get(bench + "/history.csv?mode=boundary")
	rows, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
	if err != nil || len(rows) != 16 {
		t.Fatalf("%d rows and %v, want a head and 15 cases", len(rows), err)
	}
	if got := w.Header().Get("Content-Disposition"); !strings.Contains(got, "motor-insurance-history.csv") {
		t.Errorf("the file is named by %q", got)
	}
	for _, format := range []string{"json", "ndjson", "sql", "gherkin"} {
		w := c.get(bench + "/history." + format)
		if w.Code != 200 || strings.Count(w.Body.String(), "boundary") < 15 {
			t.Errorf("%s: %d, and not every case", format, w.Code)
		}
	}
	wantStatus(t, c.get(bench+"/history.csv?mode=maybe"), http.StatusUnprocessableEntity)
	wantStatus(t, c.get("/nothing/history.csv"), http.StatusNotFound)
}

func TestHostileTextInAFilterComesBackAsText(t *testing.T) {
	c := newCore(t)
	hostile := `"><img src=x onerror=alert(1)>'; DROP TABLE cases;--`
	w := c.get(bench + "/history?" + url.Values{"q": {hostile}}.Encode())
	wantStatus(t, w, http.StatusOK)
	page := html(t, w)
	if page.Find("img").Length() != 0 {
		t.Error("the text came back as an element")
	}
	if got := page.Find("#q").AttrOr("value", ""); got != hostile {
		t.Errorf("the field holds %q, want what was typed", got)
	}
}

// Whatever a query holds, it is a filter that the store takes, or an error that names what to write.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"outcome=accept&mode=boundary", "from=2024-02-30&to=x", "rule=a/b&q=%00%ff", "q=" + strings.Repeat("a+", 40), "cursor=AQAAAAAAAAAA", "limit=1e9"} {
		f.Add(seed)
	}
	store, err := history.Open(f.Context(), "sqlite::memory:", slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	p := builtIn()[0]
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		filter, err := filterOf(query, p)
		if err == nil {
			_, err = store.List(t.Context(), filter, query.Get("cursor"), defaultLimit)
		}
		if err != nil && contract.AsError(err).Code != contract.Invalid {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
