// Package bench measures the figures of docs/performance.md: `make bench` for all of them, scripts/bench core for one.
// It holds nothing but its measures, each a test that reports what it found beside what is to be reached, and runs only
// where VERDICTORY_BENCH says so: 1 for the full sizes, small for a quick try of the measures themselves.
//
// Services run as processes of the built binary, ../verdictory, and PostgreSQL as pgtest starts it, with durable
// commits. Processor time is what the processes were charged for (user and system), read before and after. It does not
// depend on what else the machine does; rates and latencies do, so each row has the load average of its minute: 2 to 4
// is what the measures make of two processors themselves.
package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// policyName is the policy that the figures are about.
const policyName = "motor-insurance"

var size = os.Getenv("VERDICTORY_BENCH")

// sized gives the full size, or the one for a quick try.
func sized[T any](full, small T) T {
	if size == "small" {
		return small
	}
	return full
}

func TestMain(m *testing.M) {
	if size == "" {
		return // a plain go test
	}
	before := load()
	code := m.Run()
	print(before)
	os.Exit(code)
}

// figure is a row of the table.
type figure struct{ what, measured, target, verdict, measure, load string }

var figures []figure

// report adds a row: what was measured and what it is to reach, target empty where nothing is asked.
func report(t *testing.T, what, target string, reached bool, format string, args ...any) {
	row := figure{what, fmt.Sprintf(format, args...), target, "reached", strings.ToLower(strings.TrimPrefix(t.Name(), "Test")), strings.Fields(load())[0]}
	switch {
	case target == "":
		row.target, row.verdict = "–", ""
	case !reached:
		row.verdict = "MISSED"
	}
	figures = append(figures, row)
	t.Logf("%s: %s (%s) %s", what, row.measured, row.target, row.verdict)
}

// order is that of the table.
var order = []string{"core", "proxy", "history", "cases", "batch", "generator", "verdict", "page", "clone", "up"}

// print writes the table to standard output, and as Markdown for the docs to build/reports/bench.md.
func print(before string) {
	slices.SortStableFunc(figures, func(a, b figure) int {
		return slices.Index(order, a.measure) - slices.Index(order, b.measure)
	})
	head := fmt.Sprintf("%s %s/%s, %d processors; load averages before %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), before)
	markdown := head + "\n\n| figure | measured | target | | load | command |\n|---|---|---|---|---|---|\n"
	fmt.Printf("\n%s\n\n", head)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "FIGURE\tMEASURED\tTARGET\t\tLOAD\tCOMMAND")
	for _, f := range figures {
		fmt.Fprintln(out, strings.Join([]string{f.what, f.measured, f.target, f.verdict, f.load, "scripts/bench " + f.measure}, "\t"))
		markdown += fmt.Sprintf("| %s | %s | %s | %s | %s | `scripts/bench %s` |\n", f.what, f.measured, f.target, f.verdict, f.load, f.measure)
	}
	_ = out.Flush()
	if err := os.MkdirAll("../build/reports", 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err := os.WriteFile("../build/reports/bench.md", []byte(markdown), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// load gives the machine's load averages over 1, 5 and 15 minutes.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(append(strings.Fields(string(text)), "?", "?", "?")[:3], " ")
}

// binary gives the path of the product as make build left it.
func binary(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../verdictory")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("make build makes what is measured: %v", err)
	}
	return path
}
