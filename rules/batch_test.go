package rules

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// post sends a batch and gives the answer.
func post(h http.Handler, p *policy.Policy, body io.Reader) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/verdicts/batch?policy="+string(p.Digest), body))
	return w
}

func pair(n int) string { return fmt.Sprintf(`{"who":{"n":%d},"what":{"open":false}}`, n) }

func TestPostBatch(t *testing.T) {
	p := halves(t)
	h := holding(t, p, time.Minute)
	const (
		good     = `{"verdict":{"outcome":"yes","n":10},"outcome":"yes","hits":["half/of-twenty","end/always"]}`
		zero     = `{"error":"There is no verdict: in the decision half (Half) its rule of-twenty cannot be worked out: a division by zero in 20 / a.n."}`
		tooLong  = `{"error":"A pair takes at most 65536 bytes: write less."}`
		tooMany  = `{"error":"A batch takes at most 10000 pairs: send this one and what follows in another."}`
		notAPair = `{"error":"%s is no pair: write {\"who\": {…}, \"what\": {…}} on one line."}`
	)
	long := `{"who":{"n":2,"name":"` + strings.Repeat("x", maxLine) + `"},"what":{"open":false}}`
	for _, test := range []struct{ name, body, want string }{
		{"pairs in their order", pair(2) + "\n" + pair(0) + "\n" + pair(2) + "\n", good + "\n" + zero + "\n" + good + "\n"},
		{"no line break behind the last pair", pair(2), good + "\n"},
		{"empty lines are passed over", "\r\n\n" + pair(2) + "\r\n  \n\n" + pair(0), good + "\n" + zero + "\n"},
		{"nothing", "", ""},
		{"the members in any order", ` {"what" : {"open":false}, "who":{"n":2} } `, good + "\n"},
		{"a pair that has an issue", `{"who":{"n":"2"},"what":{"open":false}}` + "\n" + pair(2), `{"error":"The pair cannot be decided: a.n: n: \"2\" is the wrong type: write a whole number, such as 42."}` + "\n" + good + "\n"},
		{"no JSON", "who\n" + pair(2), fmt.Sprintf(notAPair, "who") + "\n" + good + "\n"},
		{"one object only", `{"who":{"n":2}}`, fmt.Sprintf(notAPair, `{\"who\":{\"n\":2}}`) + "\n"},
		{"an object twice", `{"who":{},"who":{},"what":{}}`, fmt.Sprintf(notAPair, `{\"who\":{},\"who\":{},\"what\":{}}`) + "\n"},
		{"an unknown member", `{"who":{},"what":{},"why":{}}`, fmt.Sprintf(notAPair, `{\"who\":{},\"what\":{},\"why\":{}}`) + "\n"},
		{"a pair that is too long", pair(2) + "\n" + long + "\n" + pair(2) + "\n", good + "\n" + tooLong + "\n" + good + "\n"},
		{"a last pair that is too long", pair(2) + "\n" + long, good + "\n" + tooLong + "\n"},
		{"many blocks", strings.Repeat(pair(2)+"\n"+pair(0)+"\n", 1000), strings.Repeat(good+"\n"+zero+"\n", 1000)},
		{"as many pairs as may be", strings.Repeat("x\n", contract.MaxBatch) + "\n", strings.Repeat(fmt.Sprintf(notAPair, "x")+"\n", contract.MaxBatch)},
		{"one pair too many", strings.Repeat("x\n", contract.MaxBatch+2), strings.Repeat(fmt.Sprintf(notAPair, "x")+"\n", contract.MaxBatch) + tooMany + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := post(h, p, strings.NewReader(test.body))
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != service.TypeNDJSON {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			if diff := cmp.Diff(strings.Split(test.want, "\n"), strings.Split(w.Body.String(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%.2000s", diff)
			}
		})
	}
}

func TestBatchesThatAreRefused(t *testing.T) {
	p := halves(t)
	h := holding(t, p, time.Minute)
	t.Run("a policy that is not held", func(t *testing.T) {
		checkProblem(t, post(h, &policy.Policy{Digest: "abc"}, strings.NewReader(pair(2))), contract.UnknownDocument,
			"The rules service does not hold the policy abc: put it under /policies and ask again.", "")
	})
	t.Run("a body that says it is too large", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/verdicts/batch?policy="+string(p.Digest), strings.NewReader(pair(2)))
		r.ContentLength = contract.MaxBatchBody + 1
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		checkProblem(t, w, contract.TooLarge, "The body is over its limit of 67108864 bytes: send less.", "")
	})
}

// failing is a body that breaks off with an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless is a body of one line without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// deaf is a client that takes nothing.
type deaf struct{ *httptest.ResponseRecorder }

func (deaf) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A batch that cannot go on is cut off: its client must see that the answer is not whole.
func TestBatchesThatAreCutOff(t *testing.T) {
	p := halves(t)
	gone, leave := context.WithCancel(context.Background())
	leave()
	for _, test := range []struct {
		name     string
		ctx      context.Context
		patience time.Duration
		writer   http.ResponseWriter
		body     io.Reader
	}{
		{"a body that breaks off", context.Background(), time.Minute, httptest.NewRecorder(), io.MultiReader(strings.NewReader(pair(2)+"\n"), failing{io.ErrUnexpectedEOF})},
		{"a body that is too large without saying so", context.Background(), time.Minute, httptest.NewRecorder(), endless{}},
		{"pairs that take too long", context.Background(), 0, httptest.NewRecorder(), strings.NewReader(pair(2))},
		{"a client that went away", gone, time.Minute, httptest.NewRecorder(), strings.NewReader(pair(2))},
		{"a client that takes nothing", context.Background(), time.Minute, deaf{httptest.NewRecorder()}, strings.NewReader(strings.Repeat(pair(2)+"\n", 5000))},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := holding(t, p, test.patience)
			defer func() {
				if reason := recover(); reason != http.ErrAbortHandler {
					t.Errorf("ended with %v, want %v", reason, http.ErrAbortHandler)
				}
			}()
			r := httptest.NewRequest(http.MethodPost, "/verdicts/batch?policy="+string(p.Digest), test.body)
			h.ServeHTTP(test.writer, r.WithContext(test.ctx))
		})
	}
}

// A fault in a worker ends its own request, and not the process.
func TestWorkerThatPanics(t *testing.T) {
	h := &handler{held: service.NewHeld[*crew](), patience: time.Minute}
	faulty := &crew{}
	faulty.idle.New = func() any { return &worker{} }
	h.held.Put("abc", faulty)
	wrapped := service.Wrap(answer(h.postBatch), slog.New(slog.DiscardHandler), service.NewMetrics("rules", "test"), 1)
	w := post(wrapped, &policy.Policy{Digest: "abc"}, strings.NewReader(pair(2)))
	checkProblem(t, w, contract.Internal, contract.AsError(errors.New("")).Message, "")
}

// A client that sends a pair and waits for its answer before it sends the next gets it.
func TestBatchIsAnsweredWhileItIsSent(t *testing.T) {
	p := halves(t)
	server := httptest.NewServer(holding(t, p, time.Minute))
	defer server.Close()
	body, pairs := io.Pipe()
	request, err := http.NewRequest(http.MethodPost, server.URL+"/verdicts/batch?policy="+string(p.Digest), body)
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan *bufio.Scanner, 1)
	go func() {
		response, err := server.Client().Do(request)
		if err != nil {
			t.Error(err)
			close(answers)
			return
		}
		t.Cleanup(func() { response.Body.Close() })
		answers <- bufio.NewScanner(response.Body)
	}()
	var scanner *bufio.Scanner
	for i, n := range []int{1, 2, 4} {
		if _, err := io.WriteString(pairs, pair(n)+"\n"); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			scanner = <-answers
		}
		if !scanner.Scan() {
			t.Fatal(scanner.Err())
		}
		var answer contract.BatchVerdict
		if err := json.Unmarshal(scanner.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`{"outcome":"yes","n":%d}`, 20/n); string(answer.Verdict) != want {
			t.Errorf("got %s, want %s", answer.Verdict, want)
		}
	}
	pairs.Close()
	if scanner.Scan() || scanner.Err() != nil {
		t.Errorf("behind the end: %q, %v", scanner.Text(), scanner.Err())
	}
}

// A client that stops in the middle of a batch does not keep the handler, once the answer cannot go on.
func TestCutOffDoesNotWaitForTheClient(t *testing.T) {
	p := halves(t)
	server := httptest.NewServer(holding(t, p, time.Minute))
	defer server.Close()
	body, pairs := io.Pipe()
	defer pairs.Close()
	go func() {
		_, _ = io.WriteString(pairs, strings.Repeat("x\n", contract.MaxBatch+1)) // and then nothing more
	}()
	response, err := server.Client().Post(server.URL+"/verdicts/batch?policy="+string(p.Digest), service.TypeNDJSON, body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := 0
	for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
		lines++
	}
	if lines != contract.MaxBatch+1 {
		t.Errorf("%d lines", lines)
	}
}

// Whatever the lines are, each that is not empty has one answer, in its place.
func FuzzBatch(f *testing.F) {
	p := halves(f)
	h := holding(f, p, time.Minute)
	f.Add([]byte(pair(2) + "\n" + pair(0) + "\n\n" + pair(7)))
	f.Add([]byte("{\"who\":{\"n\":1e99},\"what\":{\"open\":null}}\n[]\n{\"who\":[[[\n\"\xff\"\n\x00\n"))
	f.Add([]byte(`{"who":{"n":9223372036854775808,"name":"<\u2028>"},"what":{"open":true}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var want []string
		for _, line := range bytes.Split(body, []byte("\n")) {
			if line = bytes.TrimSpace(line); len(line) > 0 && len(want) < contract.MaxBatch {
				want = append(want, string(line))
			}
		}
		w := post(h, p, bytes.NewReader(body))
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		decoder := json.NewDecoder(w.Body)
		decoder.DisallowUnknownFields()
		for i, line := range want {
			var answer contract.BatchVerdict
			if err := decoder.Decode(&answer); err != nil {
				t.Fatalf("answer %d: %v", i, err)
			}
			if (answer.Error == "") == (answer.Verdict == nil) {
				t.Fatalf("answer %d is %+v", i, answer)
			}
			if answer.Error == "" && !json.Valid([]byte(line)) {
				t.Errorf("%q has a verdict", line)
			}
		}
		if len(want) < contract.MaxBatch && decoder.More() {
			t.Error("there are more answers than pairs")
		}
	})
}
