package generators

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// serving makes a role's handler in the layers that a service runs it in.
func serving(role string) http.Handler {
	return service.Wrap(NewHandler(role), slog.New(slog.DiscardHandler), service.NewMetrics("generator", "test"), 1)
}

// call sends a request with a JSON body and gives the answer.
func call(t testing.TB, h http.Handler, method, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(raw))
	r.Header.Set("Content-Type", service.TypeJSON)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// problem reads an error answer.
func problem(t testing.TB, w *httptest.ResponseRecorder) contract.Problem {
	t.Helper()
	var p contract.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != service.TypeProblem || w.Code != p.Status {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return p
}

// holding makes a handler that holds the document.
func holding(t testing.TB, role string, doc *policy.ObjectDoc) http.Handler {
	t.Helper()
	h := serving(role)
	if w := call(t, h, http.MethodPut, "/documents/"+string(doc.Digest), contract.Document{Source: doc.Source}); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return h
}

func TestPutDocument(t *testing.T) {
	doc := parse(t, everyKind)
	path := "/documents/" + string(doc.Digest)
	wrong := parse(t, "- {name: a, kind: int, min: 0, max: o.b}")
	for name, c := range map[string]struct {
		path, source string
		code         contract.Code
		message      string
		issue        string
	}{
		"no YAML": {path, "fields: [", contract.InvalidDocument, "The document cannot be used: what.yaml:", "what.yaml:"},
		"a wrong expression": {"/documents/" + string(wrong.Digest), wrong.Source, contract.InvalidDocument,
			"The document cannot be used: what.yaml:4:37: o has no field \"b\"", "what.yaml:4:37: "},
		"another digest": {"/documents/abc", doc.Source, contract.Invalid,
			"The document's digest is " + string(doc.Digest) + ", not that of the address.", "digest: "},
	} {
		t.Run(name, func(t *testing.T) {
			p := problem(t, call(t, serving(contract.RoleWhat), http.MethodPut, c.path, contract.Document{Source: c.source}))
			if p.Code != c.code || !strings.HasPrefix(p.Detail, c.message) || len(p.Issues) == 0 || !strings.HasPrefix(p.Issues[0].String(), c.issue) {
				t.Errorf("%s: %s %v", p.Code, p.Detail, p.Issues)
			}
		})
	}
	t.Run("again", func(t *testing.T) {
		h := holding(t, contract.RoleWho, doc)
		if w := call(t, h, http.MethodPut, path, contract.Document{Source: doc.Source}); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
	t.Run("over the limit", func(t *testing.T) {
		p := problem(t, call(t, serving(contract.RoleWho), http.MethodPut, path, contract.Document{Source: strings.Repeat("x", contract.MaxDocumentBody)}))
		if p.Code != contract.TooLarge {
			t.Error(p)
		}
	})
}

func TestPostObject(t *testing.T) {
	doc := parse(t, everyKind)
	h := holding(t, contract.RoleWho, doc)
	w := call(t, h, http.MethodPost, "/objects", contract.ObjectRequest{Document: doc.Digest, Seed: 77, Aim: contract.Aim{Fix: fix("age", "30")}})
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != service.TypeJSON || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var got contract.ObjectAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := draw(t, newDrawer(t, compile(t, everyKind), contract.Aim{Fix: fix("age", "30")}), 77)
	if diff := cmp.Diff(contract.ObjectAnswer{Seed: 77, Object: want.AppendJSON(nil)}, got); diff != "" {
		t.Error(diff)
	}
	if _, issues := policy.DecodeObject(doc.Shape, got.Object); issues != nil {
		t.Error(issues)
	}
}

func TestPostObjectRefuses(t *testing.T) {
	doc := parse(t, everyKind)
	h := holding(t, contract.RoleWho, doc)
	for name, c := range map[string]struct {
		body    any
		code    contract.Code
		message string
	}{
		"an unknown field":    {map[string]int{"x": 1}, contract.Invalid, `There is no field "x" here: correct its name or leave it out.`},
		"a document not held": {contract.ObjectRequest{Document: "0123456789abc"}, contract.UnknownDocument, "The generator does not hold the document 0123456: put it under /documents and ask again."},
		"an aim that is wrong": {contract.ObjectRequest{Document: doc.Digest, Aim: contract.Aim{Fix: fix("x", "1")}}, contract.Invalid,
			`The aim does not fit the o: o has no field "x".`},
		"a fix that cannot be": {contract.ObjectRequest{Document: doc.Digest, Aim: contract.Aim{Fix: fix("age", "1")}}, contract.Invalid,
			"The o cannot be drawn: o.age cannot be fixed to 1: nothing that it follows from, as far as it is free, was found to give that (seed 00000000)."},
	} {
		t.Run(name, func(t *testing.T) {
			if p := problem(t, call(t, h, http.MethodPost, "/objects", c.body)); p.Code != c.code || p.Detail != c.message {
				t.Errorf("%s: %s", p.Code, cmp.Diff(c.message, p.Detail))
			}
		})
	}
}

func TestPostBatchRefuses(t *testing.T) {
	doc := parse(t, everyKind)
	h := holding(t, contract.RoleWho, doc)
	for name, c := range map[string]struct {
		body    any
		code    contract.Code
		message string
	}{
		"an unknown field": {map[string]int{"x": 1}, contract.Invalid, `There is no field "x" here: correct its name or leave it out.`},
		"no objects":       {contract.BatchRequest{Document: doc.Digest}, contract.Invalid, "A batch cannot have 0 objects: ask for 1 to 10000."},
		"too many objects": {contract.BatchRequest{Document: doc.Digest, Count: 10_001}, contract.Invalid, "A batch cannot have 10001 objects: ask for 1 to 10000."},
		"before the first": {contract.BatchRequest{Document: doc.Digest, Count: 1, From: -1}, contract.Invalid, "A batch cannot begin at index -1: begin from 0 to 1099511617776."},
		"behind the last":  {contract.BatchRequest{Document: doc.Digest, Count: 1, From: 1 << 41}, contract.Invalid, "A batch cannot begin at index 2199023255552: begin from 0 to 1099511617776."},
		"not held":         {contract.BatchRequest{Document: "0123456789abc", Count: 1}, contract.UnknownDocument, "The generator does not hold the document 0123456: put it under /documents and ask again."},
	} {
		t.Run(name, func(t *testing.T) {
			if p := problem(t, call(t, h, http.MethodPost, "/objects/batch", c.body)); p.Code != c.code || p.Detail != c.message {
				t.Errorf("%s: %s", p.Code, cmp.Diff(c.message, p.Detail))
			}
		})
	}
}

func TestABatchIsTheSameHoweverItIsCut(t *testing.T) {
	doc := parse(t, everyKind)
	h := holding(t, contract.RoleWhat, doc)
	batch := func(from int64, count int, aim contract.Aim) []byte {
		w := call(t, h, http.MethodPost, "/objects/batch", contract.BatchRequest{Document: doc.Digest, Run: 9, From: from, Count: count, Aim: aim})
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != service.TypeNDJSON {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	for name, aim := range map[string]contract.Aim{"plain": {}, "aimed": candidates("age", near(0.5, "17", "18"))} {
		n := contract.MaxBatch
		if name == "aimed" {
			n /= 10
		}
		whole := batch(0, n, aim)
		if lines := bytes.Count(whole, []byte("\n")); lines != n {
			t.Fatalf("%s: %d lines", name, lines)
		}
		var sevens []byte
		for from := int64(0); from < 497; from += 7 {
			sevens = append(sevens, batch(from, 7, aim)...)
		}
		if !bytes.HasPrefix(whole, sevens) {
			t.Errorf("%s: batches of 7 give other bytes", name)
		}
		var ones []byte
		for from := int64(49); from >= 0; from-- { // backwards
			ones = append(batch(from, 1, aim), ones...)
		}
		if !bytes.HasPrefix(whole, ones) {
			t.Errorf("%s: batches of 1 give other bytes", name)
		}
		var line contract.ObjectAnswer
		if err := json.Unmarshal(bytes.SplitN(whole, []byte("\n"), 43)[41], &line); err != nil {
			t.Fatal(err)
		}
		want := draw(t, newDrawer(t, compile(t, everyKind), aim), ObjectSeed(9, 41, contract.RoleWhat))
		if line.Seed != ObjectSeed(9, 41, contract.RoleWhat) || string(line.Object) != string(want.AppendJSON(nil)) {
			t.Errorf("%s: line 41 is %s", name, line.Object)
		}
	}
}

func TestABatchGoesOnBehindAnObjectThatCannotBeDrawn(t *testing.T) {
	doc := parse(t, `
- {name: a, kind: int, min: 0, max: 99999}
- {name: b, kind: int, min: 100, max: o.a}`)
	h := holding(t, contract.RoleWho, doc)
	w := call(t, h, http.MethodPost, "/objects/batch", contract.BatchRequest{Document: doc.Digest, Run: 1, Count: 5000})
	failed := 0
	for i, line := range strings.Split(strings.TrimSpace(w.Body.String()), "\n") {
		var answer contract.ObjectAnswer
		if err := json.Unmarshal([]byte(line), &answer); err != nil || answer.Seed != ObjectSeed(1, int64(i), contract.RoleWho) {
			t.Fatalf("line %d: %s: %v", i, line, err)
		}
		if answer.Error != "" {
			failed++
			if want := "(seed " + answer.Seed.String() + ")."; answer.Object != nil || !strings.HasSuffix(answer.Error, want) {
				t.Errorf("line %d: %s", i, line)
			}
		}
	}
	if failed < 1 || failed > 20 { // one in a thousand
		t.Errorf("%d failed", failed)
	}
}

// gone is a client that takes nothing.
type gone struct{ *httptest.ResponseRecorder }

func (gone) Write([]byte) (int, error) { return 0, errors.New("the client has gone") }

func TestABatchEndsWithItsClient(t *testing.T) {
	doc := parse(t, everyKind)
	h := holding(t, contract.RoleWho, doc)
	body, _ := json.Marshal(contract.BatchRequest{Document: doc.Digest, Count: 10_000})
	r := httptest.NewRequest(http.MethodPost, "/objects/batch", bytes.NewReader(body))
	r.Header.Set("Content-Type", service.TypeJSON)
	w := gone{httptest.NewRecorder()}
	h.ServeHTTP(w, r)
	if w.Body.Len() != 0 || w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRoutes(t *testing.T) {
	for path, method := range map[string]string{"/documents/abc": http.MethodPut, "/objects": http.MethodPost, "/objects/batch": http.MethodPost} {
		for _, other := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
			w := call(t, serving(contract.RoleWho), other, path, nil)
			if code := problem(t, w).Code; other == method && (code == contract.NotFound || code == contract.BadMethod) {
				t.Errorf("%s %s: %s", other, path, code)
			}
			if other != method && (w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != method) {
				t.Errorf("%s %s: %d, allowed %s", other, path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
}

// FuzzRequests sends hostile bodies: there is an answer, and it is never a 5xx.
func FuzzRequests(f *testing.F) {
	doc := parse(f, everyKind)
	h := holding(f, contract.RoleWho, doc)
	digest := string(doc.Digest)
	for _, aim := range []string{
		`{}`, `{"fix":{"age":30}}`, `{"fix":{"age":"x","nobody":1}}`, `{"fix":{"born":"2000-01-01","name":null}}`, `{"fix":{"rate":1e999}}`,
		`{"candidates":{"age":{"values":[17,18,25.5,"x",[1]],"probability":0.5}}}`, `{"candidates":{"temperature":{"values":[37.5,-1e300],"probability":1}}}`,
		`{"candidates":{"note":{"values":["a"],"probability":1},"hot":{"values":[true]}}}`, `{"candidates":null,"fix":[]}`,
	} {
		f.Add("/objects", `{"document":"`+digest+`","seed":"7KQ2X9FM","aim":`+aim+`}`)
		f.Add("/objects/batch", `{"document":"`+digest+`","run":"1","from":5,"count":3,"aim":`+aim+`}`)
	}
	f.Add("/objects", `{"seed":"ZZZZZZZZZ"}`)
	f.Add("/objects/batch", `{"document":"x","from":-9223372036854775808,"count":1e3}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		if path != "/objects" && path != "/objects/batch" {
			return
		}
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", service.TypeJSON)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case w.Code >= 500:
			t.Errorf("%d %s", w.Code, w.Body)
		case w.Code == http.StatusOK:
			for line := range strings.Lines(w.Body.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("%q is not JSON", line)
				}
			}
		}
	})
}

// FuzzDocuments puts hostile documents: what is taken also draws.
func FuzzDocuments(f *testing.F) {
	f.Add("object: o\nas_of: 2026-01-01\nfields:" + everyKind)
	f.Add("object: o\nfields:\n- {name: a, kind: int, min: 0, max: 9223372036854775807, step: 999999999999999}\n")
	f.Add("object: o\nfields:\n- {name: a, kind: number, min: -1e300, max: 1e300, step: 0.000000001}\n")
	f.Add("object: o\nfields:\n- {name: a, kind: number, min: 0, max: 1, step: 0.1, distribution: log-normal, mean: 1e-300, deviation: 1e300}\n")
	f.Add("object: o\nfields:\n- {name: a, kind: fake, function: loremipsumsentence, parameters: {wordcount: 200}}\n")
	f.Add("object: o\nfields:\n- {name: a, kind: fake, function: creditcardnumber, parameters: {bins: 12345678901234567890, gaps: true}}\n")
	f.Add("object: o\nfields:\n- {name: a, kind: value, type: text, value: '\"a\" + \"b\"'}\n")
	f.Fuzz(func(t *testing.T, source string) {
		doc, issues := policy.ParseObject("who.yaml", []byte(source))
		if issues != nil {
			return
		}
		g, issues := Compile("who.yaml", doc)
		if issues != nil {
			for _, issue := range issues {
				if issue.Line == 0 || issue.Message == "" {
					t.Errorf("no place or no message: %#v", issue)
				}
			}
			return
		}
		object := newDrawer(t, g, contract.Aim{}).object()
		for seed := range policy.Seed(20) {
			// An object beyond Compile's trials may still be one that cannot be drawn.
			if err := newDrawer(t, g, contract.Aim{}).Draw(seed, object.Values); err != nil {
				continue
			}
			if _, issues := policy.DecodeObject(doc.Shape, object.AppendJSON(nil)); issues != nil {
				t.Errorf("seed %s: %s: %v", seed, object.AppendJSON(nil), issues)
			}
		}
	})
}
