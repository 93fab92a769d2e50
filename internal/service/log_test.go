package service

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func TestNewLogWritesJSONWithTheRequestsIDs(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log := NewLog(file, slog.LevelInfo, "rules")
	ctx := context.WithValue(t.Context(), requestKey{}, &request{id: "r-1"})
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	log.DebugContext(ctx, "below the level")
	log.Info("outside")
	log.With("a", 1).WithGroup("g").InfoContext(ctx, "inside")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %q", lines)
	}
	for i, want := range []string{
		`"level":"INFO","msg":"outside","service":"rules"}`,
		`"level":"INFO","msg":"inside","service":"rules","a":1,"g":{"request_id":"r-1","trace_id":"01000000000000000000000000000000"}}`,
	} {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("got %s, want it to end in %s", lines[i], want)
		}
	}
}

func TestNewLogWritesTextToATerminal(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if _, ok := NewLog(terminal, slog.LevelInfo, "app").Handler().(traced).Handler.(*slog.TextHandler); !ok {
		t.Error("a terminal gets JSON")
	}
}
