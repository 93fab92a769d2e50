package bench

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// result is a line of go test -bench: the benchmark's name without its package, and its figures by unit.
type result struct {
	name    string
	figures map[string]float64
}

// run runs a package's own benchmarks and gives what they print. A benchmark that misses its own target prints no figure;
// where none is left, the table says so and the log has the benchmark's own words.
func run(t *testing.T, environment []string, pkg, bench string, flags ...string) []result {
	t.Helper()
	command := exec.Command("go", append([]string{"test", pkg, "-run", "^$", "-bench", bench, "-timeout", "60m"}, flags...)...)
	command.Dir, command.Env = "..", append(os.Environ(), environment...)
	out, err := command.Output()
	var results []result
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		r := result{fields[0], map[string]float64{}}
		for i := 2; i+1 < len(fields); i += 2 {
			r.figures[fields[i+1]], _ = strconv.ParseFloat(fields[i], 64)
		}
		if r.figures["ns/op"] > 0 { // not the words of a failure
			results = append(results, r)
		}
	}
	if len(results) == 0 {
		report(t, strings.Trim(bench, "$"), "its own", false, "failed")
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return results
}

// least gives the smallest figure of a unit among results of one benchmark: the run that was disturbed least.
func least(results []result, unit string) float64 {
	found := results[0].figures[unit]
	for _, r := range results {
		found = min(found, r.figures[unit])
	}
	return found
}

// TestHistory pages through 2 million cases by every part of the filter, on both databases.
func TestHistory(t *testing.T) {
	rows := sized(2_000_000, 20_000)
	results := run(t, []string{fmt.Sprintf("VERDICTORY_BENCH_ROWS=%d", rows)}, "./app/history", "BenchmarkList", "-benchtime", sized("500x", "50x"))
	for _, r := range results {
		t.Logf("%s: p50 %.2f ms, p99 %.2f ms", r.name, r.figures["p50-ms"], r.figures["p99-ms"])
	}
	for _, database := range []string{"sqlite", "postgres"} {
		var worst result
		for _, r := range results {
			if strings.HasPrefix(r.name, "BenchmarkList/"+database+"/") && (worst.figures == nil || r.figures["p99-ms"] > worst.figures["p99-ms"]) {
				worst = r
			}
		}
		if worst.figures == nil {
			t.Errorf("nothing was measured on %s", database)
			continue
		}
		filter := strings.TrimSuffix(strings.TrimPrefix(worst.name, "BenchmarkList/"+database+"/"), "-2")
		report(t, fmt.Sprintf("history page among %d cases, %s", rows, database), "p99 ≤ 10 ms, any filter", worst.figures["p99-ms"] <= 10,
			"p99 %.2f ms, p50 %.2f ms by the slowest of 19 filters (%s), a page of 20", worst.figures["p99-ms"], worst.figures["p50-ms"], filter)
	}
}

// TestGenerator compares a driver with gofakeit's Person.
func TestGenerator(t *testing.T) {
	results := run(t, nil, "./generators", "BenchmarkDriver$", "-count", sized("5", "1"))
	ratio := least(results, "times/person")
	report(t, "a driver against gofakeit's Person", "≤ 1.0 × its time", ratio <= 1, "%.2f × (%.2f µs, %.0f allocations)", ratio, least(results, "ns/op")/1000, least(results, "allocs/op"))
}

// TestVerdict decides motor-insurance with its trace, and writes the trace as JSON.
func TestVerdict(t *testing.T) {
	results := run(t, nil, "./rules", "BenchmarkDecide$", "-count", sized("5", "1"))
	took, allocations := least(results, "cpu-ns/op")/1000, least(results, "allocs/op")
	ratio := 0.0
	for _, r := range results {
		ratio = max(ratio, r.figures["times-cel"])
	}
	written := run(t, nil, "./rules", "BenchmarkTraceJSON$", "-count", sized("5", "1"))
	report(t, "a verdict with its trace", "≤ 1.5 µs, no allocation", took <= 1.5 && allocations == 0, "%.2f µs, %.0f allocations; %.2f µs more to write the trace as JSON",
		took, allocations, least(written, "cpu-ns/op")/1000)
	report(t, "the same against CEL's own evaluator, without a trace", "≥ 8 × as fast", ratio >= 8, "%.1f ×", ratio)
}

// TestVerify derives stored verdicts again.
func TestVerify(t *testing.T) {
	results := run(t, nil, "./internal/verify", "BenchmarkRun", "-benchtime", sized("5x", "1x"))
	rate := results[0].figures["cases/s"]
	report(t, "verify, SQLite, one processor", "≥ 16,667 a second: a million in a minute", rate >= 1e6/60, "%.0f a second", rate)
}
