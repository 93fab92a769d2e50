package cases

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Progress gives the writer for Run's progress: the file where it is a terminal, else nil.
func Progress(f *os.File) io.Writer {
	if term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// meter writes how far a run is, over and over on one line of a terminal.
type meter struct {
	out   io.Writer // nil for no meter
	total int64
	start time.Time
	next  time.Time     // when to write again
	every time.Duration // seldom enough to be read, and to cost nothing
}

func newMeter(out io.Writer, total int64) *meter {
	now := time.Now()
	return &meter{out: out, total: total, start: now, next: now, every: 100 * time.Millisecond}
}

// show writes the line if it is time.
func (m *meter) show(made int64) {
	if now := time.Now(); m.out != nil && !now.Before(m.next) {
		m.next = now.Add(m.every)
		m.line(made, now)
	}
}

// end writes the line a last time and leaves it standing.
func (m *meter) end(made int64) {
	if m.out != nil {
		m.line(made, time.Now())
		fmt.Fprintln(m.out)
	}
}

// line overwrites what the terminal's line shows.
func (m *meter) line(made int64, now time.Time) {
	elapsed := now.Sub(m.start).Seconds()
	rate := float64(made) / max(elapsed, 1e-3)
	percent := 100 * float64(made) / float64(max(m.total, 1))
	left := time.Duration(float64(m.total-made) / max(rate, 1) * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(m.out, "\r\x1b[K%3.0f %%  %d of %d cases  %.0f/s  %s left", percent, made, m.total, rate, left)
}
