package bench

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestCases runs `verdictory cases` into nothing, at three sizes, and watches its memory.
func TestCases(t *testing.T) {
	sizes := sized([]int{10_000, 1_000_000, 10_000_000}, []int{10_000, 100_000, 300_000})
	var memory []string
	var first, last int64
	for _, count := range sizes {
		command := exec.Command(binary(t), "cases", "--policy", policyName, "--count", strconv.Itoa(count), "--seed", "1", "--format", "csv")
		begun := time.Now()
		if err := command.Start(); err != nil { // its output goes to the null device
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- command.Wait() }()
		last = 0
		for running := true; running; {
			select {
			case err := <-ended:
				if running = false; err != nil {
					t.Fatal(err)
				}
			case <-time.After(10 * time.Millisecond):
				last = max(last, peak(command.Process.Pid))
			}
		}
		took := time.Since(begun)
		if first == 0 {
			first = last
		}
		memory = append(memory, fmt.Sprintf("%d MB", last>>20))
		if count == sizes[len(sizes)-1] {
			used := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
			rate := float64(count) / took.Seconds()
			report(t, "cases to CSV, both processors", "≥ 250,000 a second", rate >= 250_000, "%.0f a second, start included; %.2f µs of processor time a case",
				rate, float64(used.Nanoseconds())/1000/float64(count))
		}
	}
	report(t, fmt.Sprintf("cases: peak memory at %v cases", sizes), "flat", last < first+first/4, "%s", strings.Join(memory, ", "))
}

// TestUp starts `verdictory up` with a new history, as its first user does, until it is ready, and then again with the
// history that it made.
func TestUp(t *testing.T) {
	var fresh, again, used []time.Duration
	for range sized(11, 3) {
		data := t.TempDir()
		took, cpu := up(t, data)
		fresh, used = append(fresh, took), append(used, cpu)
		took, _ = up(t, data)
		again = append(again, took)
	}
	middle := median(fresh)
	report(t, "start of verdictory up to ready", "≤ 300 ms", middle <= 300*time.Millisecond, "%s with a new history, %s with one that is there; %s of processor time",
		milliseconds(middle), milliseconds(median(again)), milliseconds(median(used)))
}

// up starts the product, waits until it is ready and stops it.
func up(t *testing.T, data string) (took, used time.Duration) {
	address := freeAddress(t)
	command := exec.Command(binary(t), "up", "--listen", address, "--data", data)
	command.Stderr = os.Stderr
	begun := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	waitReady(t, address)
	took = time.Since(begun)
	_, used, _ = stat(command.Process.Pid)
	_ = command.Process.Signal(os.Interrupt)
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	return took, used
}
