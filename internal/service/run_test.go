package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// running is a service started on a free port.
type running struct {
	url  string
	log  *lines
	stop context.CancelFunc
	done chan error
}

func start(t *testing.T, config Config, handler http.Handler) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &running{url: "http://" + listener.Addr().String(), log: new(lines), stop: cancel, done: make(chan error, 1)}
	config.Name, config.Log, config.Metrics = "test", s.log.logger(), NewMetrics("test", "1.2.3")
	go func() { s.done <- Serve(ctx, config, listener, handler) }()
	t.Cleanup(cancel)
	return s
}

func (s *running) get(t *testing.T, path string) (int, string, http.Header) {
	t.Helper()
	w, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if w.Close { // the client takes the header for itself
		w.Header.Set("Connection", "close")
	}
	return w.StatusCode, string(body), w.Header
}

func TestServeAnswersItsOwnAddresses(t *testing.T) {
	migrated := false
	s := start(t, Config{Ready: func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("readiness has no deadline")
		}
		if !migrated {
			return errors.New("schema 3, want 4")
		}
		return nil
	}}, testRouter())
	for _, c := range []struct {
		path string
		code int
		body string
	}{
		{"/livez", 200, "ok\n"},
		{"/readyz", 503, "not ready\n"},
		{"/things/x", 200, ""},
		{"/nothing", 404, ""},
	} {
		if code, body, _ := s.get(t, c.path); code != c.code || c.body != "" && body != c.body {
			t.Errorf("%s: got %d %q, want %d %q", c.path, code, body, c.code, c.body)
		}
	}
	if !strings.Contains(s.log.String(), "schema 3, want 4") {
		t.Error("the log does not say why it is not ready")
	}
	migrated = true
	if code, body, _ := s.get(t, "/readyz"); code != 200 || body != "ok\n" {
		t.Errorf("/readyz: got %d %q", code, body)
	}
	_, metrics, _ := s.get(t, "/metrics")
	for _, want := range []string{
		`verdictory_http_requests_total{method="GET",route="/things/{name}",status="200"} 1`,
		`verdictory_http_requests_total{method="GET",route="none",status="404"} 1`,
		`verdictory_http_request_seconds_count{method="GET",route="/things/{name}"} 1`,
		`verdictory_http_requests_in_flight 0`,
		`service="test",version="1.2.3"`,
		"go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(metrics, "livez") || strings.Contains(metrics, "nothing") {
		t.Error("a probe or a raw path became a label")
	}
	s.stop()
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}

func TestServeIsReadyWithoutAReadinessOfItsOwn(t *testing.T) {
	if code, _, _ := start(t, Config{}, testRouter()).get(t, "/readyz"); code != 200 {
		t.Errorf("got %d", code)
	}
}

func TestServeDrains(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	s := start(t, Config{Pause: 500 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-leave
		if r.Context().Err() != nil {
			t.Error("the request in hand was cancelled")
		}
		fmt.Fprint(w, "whole")
	}))
	answer := make(chan string)
	go func() {
		_, body, _ := s.get(t, "/")
		answer <- body
	}()
	<-entered
	s.stop()
	for !strings.Contains(s.log.String(), "draining") {
		time.Sleep(time.Millisecond)
	}
	// In the pause it still answers, but no longer as ready, and asks its callers to connect elsewhere.
	if code, body, header := s.get(t, "/readyz"); code != 503 || body != "draining\n" || header.Get("Connection") != "close" {
		t.Errorf("/readyz: got %d %q %v", code, body, header)
	}
	if code, _, _ := s.get(t, "/livez"); code != 200 {
		t.Errorf("/livez: got %d", code)
	}
	for waited := time.Now(); ; time.Sleep(20 * time.Millisecond) { // past the pause it no longer listens
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			break
		}
		connection.Close()
		if time.Since(waited) > 5*time.Second {
			t.Fatal("it still listens")
		}
	}
	close(leave)
	if got := <-answer; got != "whole" {
		t.Errorf("the request in hand got %q", got)
	}
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}

func TestServeCutsOffWhatOutlastsItsGrace(t *testing.T) {
	entered := make(chan bool)
	s := start(t, Config{Grace: 20 * time.Millisecond}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		entered <- true
		<-r.Context().Done()
	}))
	go func() {
		if w, err := http.Get(s.url); err == nil {
			w.Body.Close()
			t.Errorf("got %s", w.Status)
		}
	}()
	<-entered
	s.stop()
	if err := <-s.done; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestServeAnswersHealthWhenOverloaded(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	s := start(t, Config{Limit: 1}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- true
		<-leave
	}))
	go func() {
		if w, err := http.Get(s.url); err == nil {
			w.Body.Close()
		}
	}()
	<-entered
	defer close(leave)
	if code, _, header := s.get(t, "/"); code != 503 || header.Get("Retry-After") != "1" {
		t.Errorf("got %d %v", code, header)
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		if code, _, _ := s.get(t, path); code != 200 {
			t.Errorf("%s: got %d", path, code)
		}
	}
}

func TestServeLimitsHeaders(t *testing.T) {
	s := start(t, Config{}, testRouter())
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	go fmt.Fprintf(connection, "GET /livez HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", maxHeader+8<<10))
	w, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil || w.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %v, %v", w, err)
	}
}

func TestServeTellsThatItsListenerFailed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	config := Config{Name: "rules", Log: new(lines).logger(), Metrics: NewMetrics("rules", "")}
	if err := Serve(t.Context(), config, listener, testRouter()); !errors.Is(err, net.ErrClosed) || !strings.HasPrefix(err.Error(), "rules stopped listening") {
		t.Errorf("got %v", err)
	}
}

func TestRun(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	log := new(lines)
	config := Config{Name: "app", Address: taken.Addr().String(), Log: log.logger(), Metrics: NewMetrics("app", "")}
	if err := Run(t.Context(), config, testRouter()); err == nil || !strings.HasPrefix(err.Error(), "app cannot listen: ") {
		t.Errorf("on a taken address: %v", err)
	}
	config.Address = "127.0.0.1:0"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, config, testRouter()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), `"address":"127.0.0.1:`) {
		t.Errorf("the log does not name the free port: %s", log)
	}
}
