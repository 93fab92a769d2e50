package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/livez" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer service.Close()
	_, port, err := net.SplitHostPort(service.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	for _, test := range []struct {
		listen string
		ready  bool
		code   int
		stderr string
	}{
		{"127.0.0.1:" + port, false, 0, ""},
		{":" + port, false, 0, ""},
		{"0.0.0.0:" + port, false, 0, ""},
		{"[::]:" + port, false, 0, ""},
		{":" + port, true, 1, "answers /readyz with 503"},
		{free(t), false, 1, "no service answers at 127.0.0.1:"},
		{"8080", false, 1, "--listen is no HOST:PORT"},
		{"a b:80", false, 1, "--listen cannot be asked"},
	} {
		args := []string{"health", "--listen", test.listen}
		if test.ready {
			args = append(args, "--ready")
		}
		if _, stderr, code := command(t, args...); code != test.code || !strings.Contains(stderr, test.stderr) {
			t.Errorf("health of %s ends with %d, want %d: %s", test.listen, code, test.code, stderr)
		}
	}
}
