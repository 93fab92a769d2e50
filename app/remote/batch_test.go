package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// objectLine is a generator's line.
func objectLine(i int) string {
	return fmt.Sprintf(`{"seed":"%s","object":{"age":%d}}`, policy.Seed(i), 20+i) + "\n"
}

func objectLines(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(objectLine(i))
	}
	return text.String()
}

// batch asks for count objects, and gives the answers handed on.
func batch(ctx context.Context, c *Client, count int) (got []contract.ObjectAnswer, err error) {
	err = c.Objects(ctx, contract.RoleWho, motor, contract.BatchRequest{Run: 5, From: 100, Count: count}, func(i int, answer contract.ObjectAnswer) error {
		if i != len(got) {
			return fmt.Errorf("place %d after %d answers", i, len(got))
		}
		got = append(got, answer)
		return nil
	})
	return got, err
}

func TestObjects(t *testing.T) {
	var asked string
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body)
		answering(200, service.TypeNDJSON, objectLine(0)+`{"seed":"00000001","error":"no."}`+"\r\n"+strings.TrimSpace(objectLine(2)))(w, r)
	})
	got, err := batch(t.Context(), newClient(t, s.URL, 0), 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []contract.ObjectAnswer{{Seed: 0, Object: json.RawMessage(`{"age":20}`)}, {Seed: 1, Error: "no."}, {Seed: 2, Object: json.RawMessage(`{"age":22}`)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := "POST /objects/batch application/json " + `{"document":"` + string(motor.Who.Digest) + `","run":"00000005","from":100,"count":3}` + "\n"; asked != want {
		t.Errorf("asked %s\nwant  %s", asked, want)
	}
}

// TestObjectsGarbage holds that an answer with anything wrong ends in an error, and that no line is handed on but whole
// ones, in order, once.
func TestObjectsGarbage(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		given  int
		calls  int64 // with one retry saved up: nobody asks again once a line was handed on
	}{
		"no lines":           {answering(200, service.TypeNDJSON, ""), 0, 2},
		"a line short":       {answering(200, service.TypeNDJSON, objectLines(2)), 2, 1},
		"a line too many":    {answering(200, service.TypeNDJSON, objectLines(4)), 3, 1},
		"an empty line":      {answering(200, service.TypeNDJSON, "\n"+objectLines(3)), 0, 2},
		"no JSON":            {answering(200, service.TypeNDJSON, objectLine(0)+"<html>\n"), 1, 1},
		"two on a line":      {answering(200, service.TypeNDJSON, objectLine(0)+strings.TrimSpace(objectLine(1))+objectLine(2)), 1, 1},
		"no object":          {answering(200, service.TypeNDJSON, `{"seed":"00000000"}`+"\n"), 0, 2},
		"object and error":   {answering(200, service.TypeNDJSON, `{"seed":"00000000","object":{},"error":"x"}`+"\n"), 0, 2},
		"too long a line":    {answering(200, service.TypeNDJSON, objectLine(0)+`{"seed":"00000000","error":"`+strings.Repeat("x", maxLine)+`"}`+"\n"), 1, 1},
		"a list as JSON":     {answering(200, service.TypeJSON, "["+objectLine(0)+"]"), 0, 2},
		"cut off":            {raw("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n", len(objectLine(0)), objectLine(0))), 1, 1},
		"cut off at once":    {raw("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"), 0, 2},
		"whole, but cut off": {raw("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n", len(objectLines(3)), objectLines(3))), 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub(t, c.answer)
			got, err := batch(t.Context(), newClient(t, s.URL, 1), 3)
			if e := contract.AsError(err); e.Code != contract.Unavailable || e.Service != "driver generator (who)" || e.Cause == nil {
				t.Errorf("got %v", err)
			}
			if len(got) != c.given || s.calls.Load() != c.calls {
				t.Errorf("%d lines were handed on after %d calls, want %d after %d", len(got), s.calls.Load(), c.given, c.calls)
			}
			for i, answer := range got {
				if answer.Seed != policy.Seed(i) {
					t.Errorf("line %d has seed %s", i, answer.Seed)
				}
			}
		})
	}
}

func TestObjectsAskAgainBeforeTheFirstLine(t *testing.T) {
	s := newStub(t, nil)
	s.set(func(w http.ResponseWriter, r *http.Request) {
		if s.calls.Load() == 1 {
			answering(502, "text/html", "")(w, r)
			return
		}
		answering(200, service.TypeNDJSON, objectLines(3))(w, r)
	})
	if got, err := batch(t.Context(), newClient(t, s.URL, 1), 3); err != nil || len(got) != 3 {
		t.Errorf("%d lines: %v", len(got), err)
	}
}

func TestObjectsEndWhereTheCallerSaysSo(t *testing.T) {
	s := newStub(t, answering(200, service.TypeNDJSON, objectLines(3)))
	c := newClient(t, s.URL, 1)
	enough, n := errors.New("enough"), 0
	err := c.Objects(t.Context(), contract.RoleWho, motor, contract.BatchRequest{Count: 3}, func(int, contract.ObjectAnswer) error {
		n++
		return enough
	})
	if err != enough || n != 1 || s.calls.Load() != 1 {
		t.Errorf("got %v after %d lines and %d calls", err, n, s.calls.Load())
	}
	if got := counted(t, c.who); got["ok"] != 1 {
		t.Errorf("counted %v: the service did nothing wrong", got)
	}
}

// TestObjectsHaveTimeForTheirCount holds that a batch has time by its size, and no more however it drips.
func TestObjectsHaveTimeForTheirCount(t *testing.T) {
	for count, limit := range map[int]time.Duration{1: 2001 * time.Millisecond, 10_000: 7 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := mocked(t, 0, func(r *http.Request) (*http.Response, error) {
				response := httpmock.NewStringResponse(200, "")
				response.Header.Set("Content-Type", service.TypeNDJSON)
				response.Body = io.NopCloser(dripping{r.Context()})
				return response, nil
			})
			start := time.Now()
			if _, err := batch(t.Context(), c, count); !unavailable(err) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > limit || took < limit-time.Second {
				t.Errorf("%d lines took %s, want about %s", count, took, limit)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	pairs := []contract.Pair{
		{Who: json.RawMessage(`{"age":40}`), What: json.RawMessage("{\n\"price\":5\n}")},
		{Who: json.RawMessage(`{"age":17}`), What: json.RawMessage(`{"price":6}`)},
	}
	var asked string
	held := false
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			held = true
			w.WriteHeader(http.StatusNoContent)
		case !held:
			problem(404, contract.UnknownDocument)(w, r)
		default:
			stream := service.NewStream(w, service.TypeNDJSON) // answers while the body is still coming
			asked = r.URL.RequestURI() + " " + r.Header.Get("Content-Type")
			for lines := bufio.NewScanner(r.Body); lines.Scan(); {
				asked += "\n" + lines.Text()
				line := `{"verdict":{"decision":"accept"},"outcome":"accept","hits":["eligibility/x"]}` + "\n"
				if strings.Contains(lines.Text(), `"age":17`) {
					line = `{"error":"no rule hit"}` + "\n"
				}
				if stream.Keep(append(stream.Buffer(), line...)) != nil || stream.Flush() != nil {
					return
				}
			}
		}
	})
	var got []contract.BatchVerdict
	err := newClient(t, s.URL, 0).Verdicts(t.Context(), motor, pairs, func(i int, v contract.BatchVerdict) error {
		if i != len(got) {
			t.Errorf("place %d after %d answers", i, len(got))
		}
		got = append(got, v)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []contract.BatchVerdict{
		{Verdict: json.RawMessage(`{"decision":"accept"}`), Outcome: "accept", Hits: []contract.Hit{{Decision: "eligibility", Rule: "x"}}},
		{Error: "no rule hit"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := "/verdicts/batch?policy=" + string(motor.Digest) + " application/x-ndjson\n" +
		`{"who":{"age":40},"what":{ "price":5 }}` + "\n" + `{"who":{"age":17},"what":{"price":6}}`; asked != want {
		t.Errorf("asked %s\nwant  %s", asked, want)
	}
	if s.calls.Load() != 3 {
		t.Errorf("%d calls", s.calls.Load())
	}
}

// TestALargeBatchIsNotSentInVain holds that a service which does not hold the policy says so before megabytes are on
// their way: its answer would otherwise be lost with the connection that it closes on them.
func TestALargeBatchIsNotSentInVain(t *testing.T) {
	pairs := make([]contract.Pair, 5000)
	for i := range pairs {
		pairs[i] = contract.Pair{Who: json.RawMessage(`{"age":40,"name":"` + strings.Repeat("x", 500) + `"}`), What: json.RawMessage(`{"price":5}`)}
	}
	held := false
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			held = true
			w.WriteHeader(http.StatusNoContent)
		case !held:
			problem(404, contract.UnknownDocument)(w, r)
		default:
			_, _ = io.Copy(io.Discard, r.Body)
			answering(200, service.TypeNDJSON, strings.Repeat(`{"error":"x"}`+"\n", len(pairs)))(w, r)
		}
	})
	n := 0
	err := newClient(t, s.URL, 0).Verdicts(t.Context(), motor, pairs, func(int, contract.BatchVerdict) error { n++; return nil })
	if err != nil || n != len(pairs) || s.calls.Load() != 3 {
		t.Errorf("%d answers after %d calls: %v", n, s.calls.Load(), err)
	}
}

// BenchmarkObjects measures a line of a batch of a thousand.
func BenchmarkObjects(b *testing.B) {
	line := `{"seed":"7KQ2X9FM","object":{"age":40,"name":"` + strings.Repeat("x", 400) + `"}}` + "\n"
	s := newStub(b, answering(200, service.TypeNDJSON, strings.Repeat(line, 1000)))
	c := newClient(b, s.URL, 0)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Objects(b.Context(), contract.RoleWho, motor, contract.BatchRequest{Count: 1000}, func(int, contract.ObjectAnswer) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/line")
}
