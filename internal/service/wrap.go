package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"verdictory/contract"
)

// HeaderRequestID carries a request's id from service to service and back to the client.
const HeaderRequestID = "X-Request-Id"

// request is what the layers and the handler learn about one request, for its line in the log.
type request struct {
	id    string
	route string          // the route's template, never the raw path; empty where no route matched
	err   *contract.Error // what the answer was, where it was an error
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	request, _ := ctx.Value(requestKey{}).(*request)
	return request
}

// RequestID gives the id of the request that the context belongs to, empty outside of one.
func RequestID(ctx context.Context) string {
	if request := requestOf(ctx); request != nil {
		return request.id
	}
	return ""
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Wrap puts the layers that every request passes through around a handler: a request id (the client's own where it is
// short and plain), one line in the log, metrics, an answer to panics, and the limit of requests handled at once, over
// which they are answered Overloaded without waiting.
func Wrap(handler http.Handler, log *slog.Logger, metrics *Metrics, limit int) http.Handler {
	handler = limited(stopped(handler, log), limit)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		metrics.inFlight.Inc()
		defer metrics.inFlight.Dec()
		request := &request{id: r.Header.Get(HeaderRequestID)}
		if !plainID.MatchString(request.id) {
			request.id = rand.Text()
		}
		w.Header().Set(HeaderRequestID, request.id)
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, request))
		answer := &answer{ResponseWriter: w}
		defer func() { // deferred, so that an answer broken off on purpose is counted and logged too
			answer.record(r, request, time.Since(start), log, metrics)
		}()
		handler.ServeHTTP(answer, r)
	})
}

// limited answers Overloaded where limit requests are being handled already.
func limited(next http.Handler, limit int) http.Handler {
	slots := make(chan struct{}, limit)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			WriteProblem(w, r, &contract.Error{Code: contract.Overloaded, Message: "More is being asked than can be answered at once: try again in a moment."})
		}
	})
}

// stopped answers a panic with a problem. Where the answer has begun, the connection is broken off, so that the client
// does not take half an answer for a whole one.
func stopped(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			reason := recover()
			if reason == nil {
				return
			}
			if reason != http.ErrAbortHandler {
				log.ErrorContext(r.Context(), "panic", "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
			}
			if reason == http.ErrAbortHandler || w.(*answer).status != 0 {
				panic(http.ErrAbortHandler)
			}
			WriteProblem(w, r, fmt.Errorf("panic: %v", reason))
		}()
		next.ServeHTTP(w, r)
	})
}

// answer counts what a handler writes.
type answer struct {
	http.ResponseWriter
	status int // 0 until the handler has answered
	bytes  int64
}

// WriteHeader notes the status. Informational ones (1xx) are not the answer yet.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// record writes the request's line in the log and counts it. Paths are cut, queries, headers and bodies left out.
func (a *answer) record(r *http.Request, request *request, took time.Duration, log *slog.Logger, metrics *Metrics) {
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	metrics.request(request.route, Method(r), status, took)
	describe(trace.SpanFromContext(r.Context()), Method(r), request.route, status)

	level := slog.LevelInfo
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("method", Method(r)), slog.String("path", clip(r.URL.Path)), slog.String("route", request.route),
		slog.Int("status", status), slog.Int64("bytes", a.bytes), slog.Duration("took", took))
	if e := request.err; e != nil {
		switch {
		case r.Context().Err() != nil: // the client went away: whatever failed, nobody saw it
			attrs = append(attrs, slog.Bool("gone", true))
		case e.Code == contract.Overloaded: // the limit does its work
			level = slog.LevelWarn
		case status >= http.StatusInternalServerError:
			level = slog.LevelError
		}
		attrs = append(attrs, slog.String("code", string(e.Code)), slog.String("error", e.Error()))
	}
	log.LogAttrs(r.Context(), level, "request", attrs...)
}

// clip keeps a path that a client made up from filling the log.
func clip(path string) string {
	const most = 200
	if len(path) <= most {
		return path
	}
	return strings.ToValidUTF8(path[:most], "") + "…"
}
