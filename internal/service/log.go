package service

import (
	"context"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/term"
)

// NewLog makes a service's log on a file such as os.Stderr: text where it is a terminal, JSON elsewhere. Lines logged
// with a request's context carry its request id, and its trace id where it is traced. Nobody logs bodies, the
// Authorization and Cookie headers, or the user part of an address.
func NewLog(file *os.File, level slog.Level, service string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(file, options)
	if term.IsTerminal(int(file.Fd())) {
		handler = slog.NewTextHandler(file, options)
	}
	return slog.New(traced{handler}).With("service", service)
}

// traced adds what the context knows of the request.
type traced struct{ slog.Handler }

// Handle adds the ids and hands the record on.
func (t traced) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestID(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return t.Handler.Handle(ctx, record)
}

// WithAttrs keeps the ids on the loggers made from this one.
func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{t.Handler.WithAttrs(attrs)} }

// WithGroup keeps the ids on the loggers made from this one.
func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name)} }
