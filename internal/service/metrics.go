package service

import (
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"verdictory/contract"
)

// Metrics are one service's figures, in a registry of their own, so that four services can live in one process.
type Metrics struct {
	Registry *prometheus.Registry // for figures of the service's own

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	outcomes  *prometheus.CounterVec
	calls     *prometheus.CounterVec
	callTimes *prometheus.HistogramVec
	breakers  *prometheus.GaugeVec
}

var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// NewMetrics makes the figures of the named service at the version of the binary.
func NewMetrics(name, version string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds}, labels)
	}
	m := &Metrics{
		Registry:  prometheus.NewRegistry(),
		requests:  counter("verdictory_http_requests_total", "Requests answered, by route template.", "route", "method", "status"),
		durations: histogram("verdictory_http_request_seconds", "Time from a request's head to the end of its answer.", "route", "method"),
		inFlight:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "verdictory_http_requests_in_flight", Help: "Requests being handled."}),
		outcomes:  counter("verdictory_outcomes_total", "Verdicts, by the policy's name and the outcome.", "policy", "outcome"),
		calls:     counter("verdictory_dependency_calls_total", "Calls to another service, by what became of them.", "service", "result"),
		callTimes: histogram("verdictory_dependency_call_seconds", "Time that a call to another service took.", "service"),
		breakers:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "verdictory_breaker_state", Help: "A dependency's breaker: 0 closed, 1 half-open, 2 open."}, []string{"service"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "verdictory_build_info", Help: "1, with what is running in its labels."},
		[]string{"service", "version", "revision", "go", "engine"})
	info, _ := debug.ReadBuildInfo()
	build.WithLabelValues(name, version, revision(info), info.GoVersion, strconv.Itoa(contract.Engine)).Set(1)
	m.Registry.MustRegister(m.requests, m.durations, m.inFlight, m.outcomes, m.calls, m.callTimes, m.breakers, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// revision gives the commit that the binary was built from, empty where the build does not say.
func revision(info *debug.BuildInfo) string {
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return ""
}

// Outcome counts a verdict. Both labels must come from a policy's documents, not from a request.
func (m *Metrics) Outcome(policy, outcome string) { m.outcomes.WithLabelValues(policy, outcome).Inc() }

// Call counts a call to another service, and how long it took. Result is a word from a short list.
func (m *Metrics) Call(service, result string, took time.Duration) {
	m.calls.WithLabelValues(service, result).Inc()
	m.callTimes.WithLabelValues(service).Observe(took.Seconds())
}

// Breaker shows the state of a dependency's breaker: 0 closed, 1 half-open, 2 open.
func (m *Metrics) Breaker(service string, state int) {
	m.breakers.WithLabelValues(service).Set(float64(state))
}

// request counts an answered request. An unmatched route is one label, whatever the path was.
func (m *Metrics) request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route, method).Observe(took.Seconds())
}

// handler answers GET /metrics.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{})
}
