package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"verdictory/contract"
)

// lines collects what a service logs. It is safe for concurrent use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// last gives the last line logged, decoded.
func (l *lines) last(t *testing.T) map[string]any {
	t.Helper()
	all := strings.Split(strings.TrimSpace(l.String()), "\n")
	var line map[string]any
	if err := json.Unmarshal([]byte(all[len(all)-1]), &line); err != nil {
		t.Fatalf("%q: %v", all[len(all)-1], err)
	}
	return line
}

func (l *lines) logger() *slog.Logger {
	return slog.New(traced{slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})})
}

// figure gives a counter's or gauge's value.
func figure(metric prometheus.Metric) float64 {
	var out dto.Metric
	_ = metric.Write(&out)
	return out.GetCounter().GetValue() + out.GetGauge().GetValue()
}

// testRouter has a route for everything that the layers have to deal with.
func testRouter() http.Handler {
	router := NewRouter()
	router.HandleFunc("/things/{name}", func(w http.ResponseWriter, r *http.Request) {
		WriteJSON(w, http.StatusOK, map[string]string{"name": Var(r, "name"), "id": RequestID(r.Context())})
	}).Methods(http.MethodGet)
	router.HandleFunc("/things/{name}", func(http.ResponseWriter, *http.Request) {}).Methods(http.MethodPut)
	router.HandleFunc("/fail", func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, errors.New("the disk is full"))
	})
	router.HandleFunc("/invalid", func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, &contract.Error{Code: contract.Invalid, Message: "no"})
	})
	router.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("nil pointer somewhere") })
	router.HandleFunc("/half", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("half of it"))
		panic("then this")
	})
	router.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
	})
	return router
}

func TestWrapAnswersAndLogs(t *testing.T) {
	for name, c := range map[string]struct {
		method, target string
		status         int
		body           string
		line           map[string]any
	}{
		"a route": {
			"GET", "/things/a%20b?secret=1", 200, `{"id":"abc-1","name":"a b"}`,
			map[string]any{"level": "INFO", "method": "GET", "path": "/things/a b", "route": "/things/{name}", "status": 200., "bytes": 28.},
		},
		"no answer is 200": {
			"PUT", "/things/x", 200, "",
			map[string]any{"level": "INFO", "method": "PUT", "path": "/things/x", "route": "/things/{name}", "status": 200., "bytes": 0.},
		},
		"a fault of ours": {
			"GET", "/fail", 500, "",
			map[string]any{"level": "ERROR", "method": "GET", "path": "/fail", "route": "/fail", "status": 500., "code": "internal", "error": contract.AsError(errors.ErrUnsupported).Message + ": the disk is full"},
		},
		"a fault of theirs": {
			"GET", "/invalid", 422, "",
			map[string]any{"level": "INFO", "method": "GET", "path": "/invalid", "route": "/invalid", "status": 422., "code": "invalid", "error": "no"},
		},
		"a panic": {
			"POST", "/panic", 500, "",
			map[string]any{"level": "ERROR", "method": "POST", "path": "/panic", "route": "/panic", "status": 500., "code": "internal", "error": contract.AsError(errors.ErrUnsupported).Message + ": panic: nil pointer somewhere"},
		},
		"an unknown path, cut in the log": {
			"GET", "//" + strings.Repeat("é", 300), 404, "",
			map[string]any{"level": "INFO", "method": "GET", "path": "//" + strings.Repeat("é", 99) + "…", "route": "", "status": 404., "code": "not-found", "error": "There is nothing at this address."},
		},
		"a wrong method": {
			"POST", "/things/x", 405, "",
			map[string]any{"level": "INFO", "method": "POST", "path": "/things/x", "route": "", "status": 405., "code": "method-not-allowed", "error": "This address takes GET, PUT, not POST."},
		},
		"a made-up method": {
			"X\x21Y", "/things/x", 405, "",
			map[string]any{"level": "INFO", "method": "OTHER", "path": "/things/x", "route": "", "status": 405., "code": "method-not-allowed", "error": "This address takes GET, PUT, not OTHER."},
		},
		"an early hint is not the answer": {
			"GET", "/early", 202, "",
			map[string]any{"level": "INFO", "method": "GET", "path": "/early", "route": "/early", "status": 202., "bytes": 0.},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log lines
			metrics := NewMetrics("test", "1")
			server := httptest.NewServer(Wrap(testRouter(), log.logger(), metrics, 2))
			defer server.Close()
			r, _ := http.NewRequest(c.method, server.URL+c.target, nil)
			r.Header.Set(HeaderRequestID, "abc-1")
			r.Header.Set("Authorization", "Bearer canary")
			r.Header.Set("Cookie", "s=canary")
			w, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(w.Body)
			w.Body.Close()
			server.Close() // waits for the request's line
			if w.StatusCode != c.status || w.Header.Get(HeaderRequestID) != "abc-1" {
				t.Errorf("got %d with %v", w.StatusCode, w.Header)
			}
			if c.status >= 400 {
				var problem contract.Problem
				if err := json.Unmarshal(answer, &problem); err != nil || problem.RequestID != "abc-1" || problem.Status != c.status {
					t.Errorf("got %s, want a problem with the request's id", answer)
				}
			} else if got := strings.TrimSpace(string(answer)); got != c.body {
				t.Errorf("got %q, want %q", got, c.body)
			}
			c.line["request_id"], c.line["msg"] = "abc-1", "request"
			ignore := cmpopts.IgnoreMapEntries(func(key string, _ any) bool {
				return key == "time" || key == "took" || key == "bytes" && c.status >= 400
			})
			if diff := cmp.Diff(c.line, log.last(t), ignore); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(log.String(), "canary") || strings.Contains(log.String(), "secret") {
				t.Errorf("the log has what it must not: %s", &log)
			}
			route, _ := c.line["route"].(string)
			if route == "" {
				route = "none"
			}
			method, _ := c.line["method"].(string)
			if n := figure(metrics.requests.WithLabelValues(route, method, strings.TrimSpace(w.Status[:4]))); n != 1 {
				t.Errorf("counted %v requests to %s", n, route)
			}
			if n := figure(metrics.inFlight); n != 0 {
				t.Errorf("%v in flight after the end", n)
			}
		})
	}
}

func TestWrapSaysWhichMethodsAreAllowed(t *testing.T) {
	var log lines
	w := httptest.NewRecorder()
	Wrap(testRouter(), log.logger(), NewMetrics("test", "1"), 1).ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/things/x", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, PUT" {
		t.Errorf("got %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestWrapMakesARequestIDUnlessPlain(t *testing.T) {
	for id, kept := range map[string]bool{
		"0123456789abcdef": true, "a.b_c-D": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "<x>": false, "a\tb": false, "é": false,
	} {
		var log lines
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/things/x", nil)
		r.Header.Set(HeaderRequestID, id)
		Wrap(testRouter(), log.logger(), NewMetrics("test", "1"), 1).ServeHTTP(w, r)
		got := w.Header().Get(HeaderRequestID)
		if kept != (got == id) || !plainID.MatchString(got) || log.last(t)["request_id"] != got {
			t.Errorf("%q became %q", id, got)
		}
	}
	if id := RequestID(context.Background()); id != "" {
		t.Errorf("outside of a request the id is %q", id)
	}
}

func TestWrapBreaksOffHalfAnAnswer(t *testing.T) {
	var log lines
	metrics := NewMetrics("test", "1")
	server := httptest.NewServer(Wrap(testRouter(), log.logger(), metrics, 2))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	w, err := server.Client().Get(server.URL + "/half")
	if err == nil {
		_, err = io.ReadAll(w.Body)
	}
	server.Close()
	if err == nil {
		t.Error("half an answer looked like a whole one")
	}
	if !strings.Contains(log.String(), `"reason":"then this"`) || !strings.Contains(log.String(), "wrap_test.go") {
		t.Errorf("the log has no panic with its stack: %s", &log)
	}
	if n := figure(metrics.inFlight); n != 0 || log.last(t)["msg"] != "request" {
		t.Errorf("%v in flight; last line %v", n, log.last(t))
	}
}

func TestWrapAnswersOverloadedAtOnce(t *testing.T) {
	var log lines
	entered, leave := make(chan bool), make(chan bool)
	handler := Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-leave
	}), log.logger(), NewMetrics("test", "1"), 1)
	done := make(chan bool)
	go func() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		close(done)
	}()
	<-entered
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), `"code":"overloaded"`) {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	if line := log.last(t); line["level"] != "WARN" {
		t.Errorf("logged as %v", line)
	}
	close(leave)
	<-done
	go func() { <-entered }()
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != 200 {
		t.Errorf("the slot was not given back: %d", w.Code)
	}
}

func TestWrapTakesAClientThatWentAwayForNoFault(t *testing.T) {
	var log lines
	ctx, cancel := context.WithCancel(t.Context())
	handler := Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		WriteProblem(w, r, r.Context().Err())
	}), log.logger(), NewMetrics("test", "1"), 1)
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	if line := log.last(t); line["level"] != "INFO" || line["gone"] != true {
		t.Errorf("logged as %v", line)
	}
}

// BenchmarkWrap measures what the layers cost around a handler that does nothing.
func BenchmarkWrap(b *testing.B) {
	router := NewRouter()
	router.HandleFunc("/objects", func(http.ResponseWriter, *http.Request) {})
	handler := Wrap(router, slog.New(slog.NewJSONHandler(io.Discard, nil)), NewMetrics("test", "1"), 1)
	r := httptest.NewRequest(http.MethodGet, "/objects", nil)
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
}
