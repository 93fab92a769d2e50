package app

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"verdictory/contract"
)

// describedAnswer validates an answer of the API against openapi.json: its status, its media type and its schema.
func describedAnswer(t *testing.T, method, path string, w *httptest.ResponseRecorder) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPIDocument))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	mediaType, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
	place := "openapi.json#/paths/" + escape(path) + "/" + strings.ToLower(method) + "/responses/" + http.StatusText(0) +
		jsonNumber(w.Code) + "/content/" + escape(mediaType) + "/schema"
	schema, err := compiler.Compile(place)
	if err != nil {
		t.Errorf("%s %s answered %d %s, which openapi.json does not describe: %v", method, path, w.Code, mediaType, err)
		return
	}
	answer, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return
	}
	if err := schema.Validate(answer); err != nil {
		t.Errorf("%s %s: the answer is not as openapi.json says: %v\n%.500s", method, path, err, w.Body)
	}
}

func jsonNumber(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

func TestAnswersAreAsOpenAPIDescribesThem(t *testing.T) {
	c := newCore(t)
	pair := `{"who":{"first_time_buyer":true,"additional_dwelling":false,"uk_resident":true},"what":{"price":450000,"completion_date":"2025-06-30"}}`
	const runs, oneRun = "/api/v1/policies/{policy}/runs", "/api/v1/policies/{policy}/runs/{run}"
	const policies, one, cases, oneCase, verdicts, batch = "/api/v1/policies", "/api/v1/policies/{policy}", "/api/v1/policies/{policy}/cases",
		"/api/v1/policies/{policy}/cases/{code}", "/api/v1/policies/{policy}/verdicts", "/api/v1/policies/{policy}/batch"
	for _, test := range []struct {
		method, path, query, body string
		status                    int
	}{
		{"GET", policies, "", "", 200},
		{"POST", cases, "", `{"mode":"boundary","who_seed":"7KQ2X9FM","what_seed":"03ZT8W1C"}`, 201},
		{"POST", cases, "", `{"mode":"maybe","who_seed":"U","what_seed":"U"}`, 422},
		{"POST", cases, "", `{"mood":"random"}`, 422},
		{"GET", one, "", "", 200},
		{"GET", cases, "", "", 200},
		{"GET", cases, "?limit=0", "", 422},
		{"GET", cases, "?limit=x", "", 422},
		{"GET", cases, "?mode=maybe", "", 422},
		{"GET", cases, "?cursor=x", "", 422},
		{"GET", oneCase, "", "", 200},
		{"POST", verdicts, "", pair, 200},
		{"POST", verdicts, "", `{"who":{"age":1},"what":{}}`, 422},
		{"POST", verdicts, "", `{}`, 422},
		{"POST", verdicts, "", `[]`, 422},
		{"POST", verdicts, "", `{"who":"` + strings.Repeat("x", contract.MaxRequestBody) + `"}`, 413},
		{"POST", verdicts, "", strings.Replace(pair, "2025", "2019", 1), 422},
		{"POST", batch, "", `{"count":2,"format":"json"}`, 200},
		{"POST", batch, "", `{"count":0,"seed":"U","mode":"maybe","format":"xls"}`, 422},
		{"POST", runs, "", `{"count":5,"seed":"7KQ2X9FM"}`, 201},
		{"POST", runs, "", `{"count":0,"seed":"U","mode":"maybe"}`, 422},
		{"POST", runs, "", `{"cuont":5}`, 422},
		{"GET", runs, "", "", 200},
		{"GET", oneRun, "", "", 200},
	} {
		target := strings.NewReplacer("{policy}", "stamp-duty", "{code}", "7KQ2X9FM-03ZT8W1C-B", "{run}", "7KQ2X9FM-5").Replace(test.path) + test.query
		w := c.do(test.method, target, "application/json", test.body)
		if w.Code != test.status {
			t.Errorf("%s %s %.80s answered %d, want %d: %.300s", test.method, target, test.body, w.Code, test.status, w.Body)
		}
		describedAnswer(t, test.method, test.path, w)
	}
	for _, path := range []string{one, cases, oneCase, verdicts, batch, runs, oneRun} {
		method := "GET"
		if path == verdicts || path == batch {
			method = "POST"
		}
		target := strings.NewReplacer("{policy}", "nothing", "{code}", "7KQ2X9FM-03ZT8W1C", "{run}", "7KQ2X9FM-5").Replace(path)
		w := c.do(method, target, "application/json", `{}`)
		wantStatus(t, w, http.StatusNotFound)
		describedAnswer(t, method, path, w)
	}
	wantStatus(t, c.do("POST", "/api/v1/policies/nothing/cases", "application/json", `{}`), http.StatusNotFound)
	wantStatus(t, c.do("POST", "/api/v1/policies/nothing/runs", "application/json", `{"count":1}`), http.StatusNotFound)
	c.rules.shut()
	w := c.do("POST", "/api/v1/policies/stamp-duty/verdicts", "application/json", pair)
	wantStatus(t, w, http.StatusServiceUnavailable)
	describedAnswer(t, "POST", verdicts, w)
}

func TestVerdictOfGivenObjectsStoresNothing(t *testing.T) {
	c := newCore(t)
	status, answer := c.call("POST", "/api/v1/policies/stamp-duty/verdicts",
		`{"who":{"first_time_buyer":true,"additional_dwelling":false,"uk_resident":true},"what":{"price":450000,"completion_date":"2025-06-30"}}`)
	if status != http.StatusOK || answer["outcome"] != "first-time" {
		t.Fatalf("%d %v, want the outcome first-time", status, answer["outcome"])
	}
	if tax := answer["verdict"].(map[string]any)["tax"]; tax != 7500.0 {
		t.Errorf("tax is %v, want 7500 (HMRC SDLTM29815)", tax)
	}
	if n := c.cases("stamp-duty"); n != 0 {
		t.Errorf("%d cases are stored, want none", n)
	}
}

func TestIdempotencyKey(t *testing.T) {
	c := newCore(t)
	const target = "/api/v1/policies/news2/cases"
	first := c.do("POST", target, "application/json", `{}`, "Idempotency-Key", "k1")
	wantStatus(t, first, http.StatusCreated)
	again := c.do("POST", target, "application/json", `{}`, "Idempotency-Key", "k1")
	if diff := cmp.Diff(first.Body.String(), again.Body.String()); diff != "" {
		t.Errorf("a resend got another answer: %s", diff)
	}
	status, answer := c.call("POST", target, `{"mode":"boundary"}`, "Idempotency-Key", "k1")
	if status != http.StatusUnprocessableEntity || answer["code"] != "conflict" {
		t.Errorf("the same key with another body: %d %v, want 422 conflict", status, answer["code"])
	}
	wantStatus(t, c.do("POST", target, "application/json", `{}`, "Idempotency-Key", strings.Repeat("k", 201)), http.StatusUnprocessableEntity)
	if n := c.cases("news2"); n != 1 {
		t.Errorf("%d cases are stored, want 1", n)
	}
	wantStatus(t, c.do("POST", "/api/v1/policies/motor-insurance/cases", "application/json", `{}`, "Idempotency-Key", "k1"), http.StatusCreated)
}

func TestCasesAreListedPageByPage(t *testing.T) {
	c := newCore(t)
	for range 5 {
		c.call("POST", "/api/v1/policies/news2/cases", "")
	}
	seen := map[string]bool{}
	target := "/api/v1/policies/news2/cases?limit=2"
	for cursor := ""; ; {
		_, answer := c.call("GET", target+cursor, "")
		for _, one := range answer["cases"].([]any) {
			seen[one.(map[string]any)["code"].(string)] = true
		}
		next, more := answer["next"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	if len(seen) != 5 {
		t.Errorf("saw %d cases, want 5", len(seen))
	}
}

func TestCaseWithoutItsTraceWhenTheRulesAreAway(t *testing.T) {
	c := newCore(t)
	_, made := c.call("POST", "/api/v1/policies/news2/cases", "")
	target := "/api/v1/policies/news2/cases/" + made["code"].(string)
	if _, answer := c.call("GET", target, ""); cmp.Diff(answer, made) != "" {
		t.Errorf("the case found differs from the one made: %s", cmp.Diff(answer, made))
	}
	c.rules.shut()
	status, answer := c.call("GET", target, "")
	if _, has := answer["trace"]; status != http.StatusOK || has {
		t.Errorf("%d, trace %v; want the stored case without a trace", status, has)
	}
}

func TestBatch(t *testing.T) {
	c := newCore(t)
	const target = "/api/v1/policies/motor-insurance/batch"
	ask := func(body string) *httptest.ResponseRecorder { return c.do("POST", target, "application/json", body) }
	long := ask(`{"count":2500,"seed":"7KQ2X9FM","mode":"boundary"}`)
	wantStatus(t, long, http.StatusOK)
	lines := strings.Split(strings.TrimSpace(long.Body.String()), "\n")
	if len(lines) != 2500 || long.Header().Get("X-Verdictory-Seed") != "7KQ2X9FM" {
		t.Fatalf("%d lines under seed %q, want 2500 under 7KQ2X9FM", len(lines), long.Header().Get("X-Verdictory-Seed"))
	}
	short := ask(`{"count":10,"seed":"7KQ2X9FM","mode":"boundary"}`)
	if !strings.HasPrefix(long.Body.String(), short.Body.String()) {
		t.Error("a case depends on how many are asked for")
	}
	// Each case of a run is the one that its code opens.
	var row struct {
		Code    string
		Verdict json.RawMessage
	}
	if err := json.Unmarshal([]byte(lines[2400]), &row); err != nil {
		t.Fatal(err)
	}
	w := c.get("/api/v1/policies/motor-insurance/cases/" + row.Code)
	if !strings.Contains(w.Body.String(), `"verdict":`+string(row.Verdict)) {
		t.Errorf("the case %s opens as %.400s, and in the run its verdict is %s", row.Code, w.Body, row.Verdict)
	}
	if n := c.cases("motor-insurance"); n != 0 {
		t.Errorf("%d cases are stored, want none", n)
	}
	for name, gate := range map[string]*gate{"driver": c.who, "vehicle": c.what, "rules": c.rules} {
		gate.shut()
		if w := ask(`{"count":3}`); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), name) {
			t.Errorf("%s away: %d %.200s, want 503 that names it", name, w.Code, w.Body)
		}
		gate.open()
	}
}

func TestAPIPageListsEveryOperation(t *testing.T) {
	c := newCore(t)
	page := html(t, c.get("/api", "X-Forwarded-Proto", "https"))
	if n := page.Find(".operation").Length(); n != 13 {
		t.Errorf("the page lists %d operations, want 13", n)
	}
	if !strings.Contains(text(page, "pre"), "https://example.com/api/v1") {
		t.Error("the examples do not call the address that the page was asked under")
	}
	if _, err := operations([]byte("{")); err == nil {
		t.Error("a document that is no JSON is taken")
	}
}

func TestRulesPage(t *testing.T) {
	c := newCore(t)
	c.call("POST", "/api/v1/policies/news2/cases", "")
	page := html(t, c.get("/news2/rules"))
	if page.Find("svg").Length() == 0 {
		t.Error("the fields have no drawings")
	}
	c.who.shut()
	c.server.samples.Clear()
	wantStatus(t, c.get("/news2/rules"), http.StatusOK)
	wantStatus(t, c.get("/nothing/rules"), http.StatusNotFound)
}
