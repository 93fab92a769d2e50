package verify

import (
	"io"
	"testing"
)

// BenchmarkRun verifies a history of 20,000 cases on SQLite, and says how many it verifies in a second.
func BenchmarkRun(b *testing.B) {
	const cases = 20_000
	store, _ := filled(b, cases, "motor-insurance")
	for b.Loop() {
		if ok, err := Run(b.Context(), io.Discard, store); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
	b.ReportMetric(cases*float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}
