package service

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestTracingFollowsARequestThroughTwoServices(t *testing.T) {
	received := make(chan *collector.ExportTraceServiceRequest, 1)
	collecting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		spans := new(collector.ExportTraceServiceRequest)
		if err := proto.Unmarshal(body, spans); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		received <- spans
	}))
	defer collecting.Close()
	log := new(lines)
	tracing, err := NewTracing(t.Context(), collecting.URL, "rules", "1", log.logger())
	if err != nil {
		t.Fatal(err)
	}
	inner := httptest.NewServer(tracing.Handler("rules", Wrap(testRouter(), log.logger(), NewMetrics("rules", "1"), 1)))
	defer inner.Close()
	r, _ := http.NewRequest(http.MethodGet, inner.URL+"/things/x", nil)
	w, err := tracing.Transport(http.DefaultTransport).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(w.Body)
	w.Body.Close()
	inner.Close()
	if err := tracing.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := (<-received).ResourceSpans[0]
	if name := sent.Resource.Attributes[0].Value.GetStringValue(); name != "verdictory-rules" {
		t.Errorf("the service is called %q", name)
	}
	trace, _ := log.last(t)["trace_id"].(string)
	names := map[string]bool{}
	for _, scope := range sent.ScopeSpans {
		for _, span := range scope.Spans {
			names[span.Name] = true
			if got := hexOf(span.TraceId); got != trace {
				t.Errorf("span %s is in trace %s, the log has %s", span.Name, got, trace)
			}
		}
	}
	if !names["GET /things/{name}"] || len(names) != 2 {
		t.Errorf("got the spans %v", names)
	}
}

func hexOf(id []byte) string {
	const digits = "0123456789abcdef"
	var text strings.Builder
	for _, b := range id {
		text.WriteByte(digits[b>>4])
		text.WriteByte(digits[b&15])
	}
	return text.String()
}

func TestTracingIsOffWithoutAnEndpoint(t *testing.T) {
	tracing, err := NewTracing(t.Context(), "", "app", "1", new(lines).logger())
	if tracing != nil || err != nil {
		t.Fatalf("got %v, %v", tracing, err)
	}
	handler := http.NewServeMux()
	if tracing.Handler("app", handler) != http.Handler(handler) || tracing.Transport(http.DefaultTransport) != http.DefaultTransport {
		t.Error("no tracing changes the handler or the transport")
	}
	if err := tracing.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNewTracingRefuses(t *testing.T) {
	for _, endpoint := range []string{"collector:4318", "http://", "://", "ftp://x", "http://user:canary@\x7f"} {
		if _, err := NewTracing(t.Context(), endpoint, "app", "1", new(lines).logger()); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	// A certificate for a collector without TLS is a mistake that the exporter finds.
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate(t, server.TLS))
	if _, err := NewTracing(t.Context(), "http://127.0.0.1:4318", "app", "1", new(lines).logger()); err == nil || !strings.HasPrefix(err.Error(), "start tracing: ") {
		t.Errorf("got %v", err)
	}
}

func certificate(t *testing.T, config *tls.Config) string {
	name := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: config.Certificates[0].Certificate[0]})
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTracingLogsWhatFails(t *testing.T) {
	log := new(lines)
	tracing, err := NewTracing(t.Context(), "http://127.0.0.1:1", "app", "1", log.logger())
	if err != nil {
		t.Fatal(err)
	}
	otel.Handle(errors.New("no collector"))
	if line := log.last(t); line["level"] != "WARN" || line["error"] != "no collector" {
		t.Errorf("logged %v", line)
	}
	if err := tracing.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
