package service

import (
	"cmp"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// tracedCall gives what the collector is sent: the named service's spans of a request to the router, and of the call that made it.
func tracedCall(t *testing.T, log *lines, target string) *traces.ResourceSpans {
	t.Helper()
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
	tracing, err := NewTracing(t.Context(), collecting.URL, "rules", "1", log.logger())
	if err != nil {
		t.Fatal(err)
	}
	inner := httptest.NewServer(tracing.Handler(Wrap(testRouter(), log.logger(), NewMetrics("rules", "1"), 1)))
	defer inner.Close()
	r, _ := http.NewRequest(http.MethodGet, inner.URL+target, nil)
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
	return (<-received).ResourceSpans[0]
}

func TestTracingFollowsARequestThroughTwoServices(t *testing.T) {
	log := new(lines)
	sent := tracedCall(t, log, "/things/x")
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

func TestASpanSaysHowItsRequestEnded(t *testing.T) {
	for target, c := range map[string]struct {
		route, answered string
		status          traces.Status_StatusCode
	}{
		"/things/x": {"/things/{name}", "200", traces.Status_STATUS_CODE_UNSET},
		"/invalid":  {"/invalid", "422", traces.Status_STATUS_CODE_UNSET}, // the client's fault is no error of the server's span
		"/fail":     {"/fail", "500", traces.Status_STATUS_CODE_ERROR},
	} {
		t.Run(target, func(t *testing.T) {
			var spans []*traces.Span
			for _, scope := range tracedCall(t, new(lines), target).ScopeSpans {
				for _, span := range scope.Spans {
					if span.Kind == traces.Span_SPAN_KIND_SERVER {
						spans = append(spans, span)
					}
				}
			}
			if len(spans) != 1 {
				t.Fatalf("got the server's spans %v", spans)
			}
			span, got := spans[0], map[string]string{}
			for _, a := range span.Attributes {
				got[a.Key] = cmp.Or(a.Value.GetStringValue(), strconv.FormatInt(a.Value.GetIntValue(), 10))
			}
			want := map[string]string{"http.request.method": "GET", "http.route": c.route, "http.response.status_code": c.answered}
			if diff := diff.Diff(want, got); diff != "" || span.Name != "GET "+c.route || span.Status.GetCode() != c.status {
				t.Errorf("%s, %v: %s", span.Name, span.Status, diff)
			}
		})
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
	if tracing.Handler(handler) != http.Handler(handler) || tracing.Transport(http.DefaultTransport) != http.DefaultTransport {
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
