package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"verdictory/contract"
)

// The server's patience with its clients. Idle connections are kept longer than nginx (60 s) and the core's clients
// keep them, so that it is always the caller who closes: otherwise a request meets a closing connection now and then.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second // for a whole request; a Stream renews it
	writeTimeout  = 30 * time.Second // for a whole answer; a Stream renews it
	idleTimeout   = 75 * time.Second
	readyTimeout  = time.Second
	maxHeader     = 32 << 10
)

// The defaults of a Config.
const (
	DefaultLimit = 128
	DefaultGrace = 10 * time.Second
)

// Config is how a service runs.
type Config struct {
	Name    string                      // app, generator who, … in spans and errors
	Address string                      // host:port to listen on; port 0 takes a free one, which the log names
	Limit   int                         // requests handled at once; 0 is DefaultLimit
	Pause   time.Duration               // from not ready to no longer listening: one interval of who probes /readyz
	Grace   time.Duration               // for the requests in hand when draining; 0 is DefaultGrace
	Ready   func(context.Context) error // the service's own readiness, never a neighbour's; nil is always ready
	Log     *slog.Logger
	Metrics *Metrics
	Tracing *Tracing // nil traces nothing
}

// Run listens on the config's address and serves until the context ends.
func Run(ctx context.Context, config Config, handler http.Handler) error {
	listener, err := net.Listen("tcp", config.Address)
	if err != nil {
		return fmt.Errorf("%s cannot listen: %w", config.Name, err)
	}
	return Serve(ctx, config, listener, handler)
}

// Serve answers on the listener until the context ends, and then drains: it is no longer ready, waits for the config's
// pause so that nobody sends more, stops listening, and gives the requests in hand the config's grace. It returns nil
// after a clean drain, and an error where the listener failed or requests had to be cut off.
//
// Beside the handler's routes it answers /livez (the process runs), /readyz (it takes requests) and /metrics; none of
// them counts towards the limit.
func Serve(ctx context.Context, config Config, listener net.Listener, handler http.Handler) error {
	if config.Limit == 0 {
		config.Limit = DefaultLimit
	}
	if config.Grace == 0 {
		config.Grace = DefaultGrace
	}
	outer := &outer{config: config, metrics: config.Metrics.handler()}
	outer.handler = config.Tracing.Handler(Wrap(handler, config.Log, config.Metrics, config.Limit))
	server := &http.Server{
		Handler:           outer,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelWarn),
	}
	config.Log.Info("listening", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("%s stopped listening: %w", config.Name, err)
	case <-ctx.Done():
	}

	outer.draining.Store(true)
	config.Log.Info("draining", "pause", config.Pause, "grace", config.Grace)
	time.Sleep(config.Pause)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), config.Grace)
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		err = fmt.Errorf("%s cut off requests that took longer than %s: %w", config.Name, config.Grace, errors.Join(err, server.Close()))
	}
	config.Log.Info("stopped")
	return err
}

// outer answers the service's health and metrics, and hands everything else to the layers.
type outer struct {
	config   Config
	handler  http.Handler
	metrics  http.Handler
	draining atomic.Bool
}

// ServeHTTP answers GET /livez, GET /readyz, GET /metrics and the service's own routes.
func (o *outer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	draining := o.draining.Load()
	if draining {
		w.Header().Set("Connection", "close") // the caller's next request goes to another replica
	}
	switch r.URL.Path {
	case "/livez":
		health(w, nil)
	case "/readyz":
		health(w, o.ready(r.Context(), draining))
	case "/metrics":
		o.metrics.ServeHTTP(w, r)
	default:
		o.handler.ServeHTTP(w, r)
	}
}

// ready says why the service does not take requests, nil where it does. The cause is for the log.
func (o *outer) ready(ctx context.Context, draining bool) *contract.Error {
	if draining {
		return &contract.Error{Code: contract.Unavailable, Message: "draining"}
	}
	if o.config.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := o.config.Ready(ctx); err != nil {
		o.config.Log.WarnContext(ctx, "not ready", "error", err)
		return &contract.Error{Code: contract.Unavailable, Message: "not ready", Cause: err}
	}
	return nil
}

// health answers a probe in plain text: 200 ok, or the error's message.
func health(w http.ResponseWriter, err *contract.Error) {
	status, text := http.StatusOK, "ok"
	if err != nil {
		status, text = err.Code.Status(), err.Message
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
