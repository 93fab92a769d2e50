package service

import (
	"runtime/debug"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

func TestMetricsOfVerdictsAndDependencies(t *testing.T) {
	m := NewMetrics("app", "1")
	m.Outcome("motor-insurance", "accept")
	m.Outcome("motor-insurance", "accept")
	m.Call("rules service", "ok", 30*time.Millisecond)
	m.Breaker("rules service", 2)
	if n := figure(m.outcomes.WithLabelValues("motor-insurance", "accept")); n != 2 {
		t.Errorf("%v outcomes", n)
	}
	if n := figure(m.calls.WithLabelValues("rules service", "ok")); n != 1 {
		t.Errorf("%v calls", n)
	}
	if n := figure(m.breakers.WithLabelValues("rules service")); n != 2 {
		t.Errorf("breaker at %v", n)
	}
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "verdictory_dependency_call_seconds" {
			if h := family.Metric[0].Histogram; h.GetSampleCount() != 1 || h.GetSampleSum() != .03 {
				t.Errorf("call times %v", h)
			}
			return
		}
	}
	t.Error("no call times", []*dto.MetricFamily(families))
}

func TestRevision(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "vcs.revision", Value: "abc"}}}
	if got := revision(info); got != "abc" {
		t.Errorf("got %q", got)
	}
	if got := revision(new(debug.BuildInfo)); got != "" {
		t.Errorf("got %q from a build that does not say", got)
	}
}
