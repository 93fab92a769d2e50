package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"verdictory/contract"
	"verdictory/internal/service"
)

const (
	dialPatience  = 300 * time.Millisecond
	idleLife      = 60 * time.Second // shorter than the 75 s that the services keep an idle connection
	idlePerHost   = 64
	maxHeader     = 32 << 10
	maxJitter     = 20 * time.Millisecond // before a call is asked again
	tripAfter     = 5                     // failures in a row open a breaker
	openFor       = 2 * time.Second       // until one call may try whether the service is back
	noDocumentYet = "the service still does not hold the document that it was given"
)

// link is the one way to a service: its connections, its breaker, its budget for asking again.
type link struct {
	name      string // for metrics and the log
	transport *http.Transport
	resty     *resty.Client
	breaker   *gobreaker.CircuitBreaker[struct{}]
	budget    budget
	puts      singleflight.Group // of documents, by their address
	metrics   *service.Metrics
	log       *slog.Logger
}

// dial connects within its patience, the look-up of the name included. A service none of whose replicas is there has no
// name, and a resolver may then ask elsewhere for many seconds; net's shared one has whoever asks meanwhile wait for that
// same answer, so each asks for itself.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialPatience, Resolver: new(net.Resolver)}
	return dialer.DialContext(ctx, network, address)
}

// newLink makes the link to the service at a base URL. It sets everything that resty and net/http would otherwise leave
// open: connections, timeouts, redirects, cookies.
func newLink(name, base string, config Config) *link {
	l := &link{name: name, metrics: config.Metrics, log: config.Log}
	l.transport = &http.Transport{
		DialContext:            dial,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleLife,
		ResponseHeaderTimeout:  batchPatience, // the longest that anything waits for a first byte; attempts have their own
		ExpectContinueTimeout:  patience,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
	l.resty = resty.NewWithClient(&http.Client{
		Transport:     config.Tracing.Transport(l.transport),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	l.resty.SetBaseURL(base).SetLogger(silent{}).SetHeader("User-Agent", "verdictory")
	l.resty.SetPreRequestHook(func(_ *resty.Client, r *http.Request) error {
		// Tells net/http, and nobody else, that it may send the request again where the service had closed the idle
		// connection that it was sent on. That is no retry: nobody took the first one.
		r.Header["Idempotency-Key"] = nil
		return nil
	})
	l.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         name,
		Timeout:      openFor,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= tripAfter },
		IsSuccessful: func(err error) bool { f := failureOf(err); return f == nil || f.code == contract.Overloaded },
		IsExcluded:   func(err error) bool { f := failureOf(err); return f != nil && f.excused },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			l.metrics.Breaker(name, int(to))
			l.log.Warn("breaker", "dependency", name, "from", from.String(), "to", to.String())
		},
	})
	l.metrics.Breaker(name, int(gobreaker.StateClosed))
	return l
}

// call is one question to a service.
type call struct {
	service  string // as people know it
	method   string
	path     string
	takes    string        // the body's media type; empty is JSON
	gives    string        // the answer's media type
	patience time.Duration // for an attempt, with all its answer
	body     []byte
	supply   supply
	read     func(io.Reader) error // reads a 200 answer; its error means that the answer is garbage
	begun    bool                  // read has handed on a part of its answer, so it is too late to ask again
}

// supply gives the path and body of the PUT that tells a service the document it does not hold.
type supply func() (path string, body []byte)

// failure is an attempt that the service is to blame for, and that another may mend.
type failure struct {
	error                 // the cause, for the log
	code    contract.Code // Unavailable or Overloaded
	excused bool          // the caller ended it too early to blame the service
}

func failureOf(err error) *failure {
	var f *failure
	errors.As(err, &f)
	return f
}

func failed(format string, args ...any) *failure {
	return &failure{error: fmt.Errorf(format, args...), code: contract.Unavailable}
}

// call asks, and where the service fails asks once more if the budget, the deadline and the breaker allow it. Errors are
// contract errors: what the service refuses in its own words, and everything else as Unavailable, Overloaded or Internal
// with the service's name.
func (l *link) call(ctx context.Context, c *call) error {
	l.budget.earn()
	err := l.attempt(ctx, c)
	if f := failureOf(err); f != nil && !c.begun && l.budget.spend() && pause(ctx) {
		l.log.InfoContext(ctx, "asking again", "dependency", l.name, "error", f.error)
		err = l.attempt(ctx, c)
	}
	return c.forPeople(err)
}

// pause waits a moment, so that the callers of a service that has just failed do not all come back at once. It is false
// where the caller does not want to wait any longer.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(rand.N(maxJitter)):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// forPeople turns what an attempt ended in into the error that the caller shows.
func (c *call) forPeople(err error) error {
	var e *contract.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	e = &contract.Error{Code: contract.Unavailable, Service: c.service, Cause: err}
	if f := failureOf(err); f != nil {
		e.Code, e.Cause = f.code, f.error
	}
	e.Message = "The " + c.service + " is not available at the moment. Try again in a few seconds."
	if e.Code == contract.Overloaded {
		e.Message = "The " + c.service + " has more to do than it can take. Try again in a few seconds."
	}
	return e
}

// attempt asks within its time, where the breaker lets it.
func (l *link) attempt(ctx context.Context, c *call) error {
	start := time.Now()
	_, err := l.breaker.Execute(func() (struct{}, error) {
		within, cancel := context.WithTimeout(ctx, c.patience)
		defer cancel()
		err := l.ask(within, c)
		if f := failureOf(err); f != nil {
			// A cancelled call, or one with little time left to it, says nothing about the service.
			f.excused = errors.Is(ctx.Err(), context.Canceled) || ctx.Err() != nil && time.Since(start) < c.patience/2
			// Behind a name there may be a new container by now: connections to the old one would each cost a timeout.
			l.transport.CloseIdleConnections()
		}
		return struct{}{}, err
	})
	l.metrics.Call(l.name, result(err), time.Since(start))
	return err
}

// result is what became of an attempt, in one of a few words for a label.
func result(err error) string {
	var refused *contract.Error
	f := failureOf(err)
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refused):
		return string(refused.Code)
	case f == nil:
		return "breaker-open"
	case f.excused:
		return "given-up"
	}
	return string(f.code)
}

// ask asks, and where the service does not hold the document, tells it and asks again: that is no retry, since the
// service did not fail. With several replicas the next one asked may not hold it either; that counts as a failure.
func (l *link) ask(ctx context.Context, c *call) error {
	err := l.exchange(ctx, c, c.method, c.path, c.body)
	if !unknownDocument(err) {
		return err
	}
	if err := l.tell(ctx, c); err != nil {
		return err
	}
	if err = l.exchange(ctx, c, c.method, c.path, c.body); unknownDocument(err) {
		return failed(noDocumentYet)
	}
	return err
}

// tell gives the service the document that the call is about. Callers that find it missing at the same time share one
// PUT, since each costs the service a compilation.
func (l *link) tell(ctx context.Context, c *call) error {
	path, body := c.supply()
	told := l.puts.DoChan(path, func() (any, error) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.patience)
		defer cancel()
		return nil, l.exchange(within, &call{service: c.service}, http.MethodPut, path, body)
	})
	select {
	case <-ctx.Done():
		return failed("tell the document: %w", ctx.Err())
	case done := <-told:
		if f := failureOf(done.Err); f != nil {
			own := *f // each caller notes in its own whether it is excused
			return &own
		}
		return done.Err
	}
}

func unknownDocument(err error) bool {
	var e *contract.Error
	return errors.As(err, &e) && e.Code == contract.UnknownDocument
}

// exchange sends one request and reads its answer. The error is a failure, or a contract error where the service
// refuses.
func (l *link) exchange(ctx context.Context, c *call, method, path string, body []byte) error {
	request := l.resty.R().SetContext(ctx).SetDoNotParseResponse(true)
	if id := service.RequestID(ctx); id != "" {
		request.SetHeader(service.HeaderRequestID, id)
	}
	if body != nil {
		request.SetBody(bytes.NewReader(body)).SetHeader("Content-Type", service.TypeJSON)
	}
	if c.takes != "" {
		request.SetHeader("Content-Type", c.takes)
		request.SetHeader("Expect", "100-continue") // a large body is not sent to a service that does not hold the policy
	}
	response, err := request.Execute(method, path)
	if err != nil {
		if withURL := new(url.Error); errors.As(err, &withURL) {
			err = withURL.Err // the address is on every line and no help
		}
		return failed("%w", err)
	}
	answer := response.RawResponse
	defer answer.Body.Close()
	contentType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	switch {
	case c.gives == "" && answer.StatusCode == http.StatusNoContent:
		return nil
	case c.gives != "" && answer.StatusCode == http.StatusOK && contentType == c.gives:
		if err := c.read(answer.Body); err != nil {
			return failed("read the answer: %w", err)
		}
		return nil
	case answer.StatusCode >= http.StatusBadRequest && contentType == service.TypeProblem:
		var problem contract.Problem
		if err := decode(answer.Body, &problem); err != nil {
			return failed("read a %d problem: %w", answer.StatusCode, err)
		}
		return c.refusal(answer.StatusCode, problem)
	}
	return failed("answered %d with %q", answer.StatusCode, contentType)
}

// refusal carries the problem on that a service answered.
func (c *call) refusal(status int, problem contract.Problem) error {
	cause := fmt.Errorf("%s answered %d %s: %s", c.service, status, problem.Code, problem.Detail)
	switch {
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		if problem.Code == contract.Overloaded {
			return &failure{error: cause, code: contract.Overloaded}
		}
		return failed("%w", cause)
	case status < http.StatusInternalServerError && problem.Code.Status() == status:
		return &contract.Error{Code: problem.Code, Message: problem.Detail, Issues: problem.Issues}
	}
	// A fault of the service's, or a code that this version does not know.
	return &contract.Error{
		Code: contract.Internal, Service: c.service, Cause: cause,
		Message: "The " + c.service + " could not handle this; its log has it under this request's id.",
	}
}

// silent is resty's log: all that it says comes back as an error too.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
