package cases

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"verdictory/app/export"
	"verdictory/internal/check"
	"verdictory/policies"
	"verdictory/policy"
)

func load(t testing.TB, name string) *policy.Policy {
	t.Helper()
	p, issues := policy.Load(policies.FS, name)
	if issues != nil {
		t.Fatal(issues)
	}
	return p
}

func format(t testing.TB, name string) export.Format {
	t.Helper()
	f, err := export.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// replaced gives a built-in policy with a change in one of its documents.
func replaced(t *testing.T, name, document, old, new string) *policy.Policy {
	t.Helper()
	read := func(d string) []byte {
		text, err := policies.FS.ReadFile(name + "/" + d)
		if err != nil {
			t.Fatal(err)
		}
		if d != document {
			return text
		}
		if !bytes.Contains(text, []byte(old)) {
			t.Fatalf("%s holds no %q", d, old)
		}
		return bytes.Replace(text, []byte(old), []byte(new), 1)
	}
	p, issues := policy.Assemble(name, read(policy.WhoDocument), read(policy.WhatDocument), read(policy.RulesDocument), nil)
	if issues != nil {
		t.Fatal(issues)
	}
	return p
}

func TestTheBytesDoNotDependOnTheWorkers(t *testing.T) {
	runs := []Options{{Mode: policy.Boundary, Format: format(t, "csv")}}
	for _, f := range export.Formats {
		runs = append(runs, Options{Mode: policy.Random, Format: f})
	}
	for _, o := range runs {
		t.Run(o.Format.Name+" "+string(o.Mode), func(t *testing.T) {
			t.Parallel()
			o.Policy, o.Count, o.Seed = load(t, "stamp-duty"), 4*chunkSize+17, 42
			var one, many bytes.Buffer
			o.Workers = 1
			if err := Run(t.Context(), &one, nil, o); err != nil {
				t.Fatal(err)
			}
			o.Workers = 3
			if err := Run(t.Context(), &many, nil, o); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(one.Bytes(), many.Bytes()) {
				t.Error("3 workers write other bytes than one")
			}
		})
	}
}

func TestARunBeginsAsAShorterOneDoes(t *testing.T) {
	o := Options{Policy: load(t, "news2"), Count: 100, Seed: 5, Mode: policy.Random, Format: format(t, "csv")}
	var short, long bytes.Buffer
	if err := Run(t.Context(), &short, nil, o); err != nil {
		t.Fatal(err)
	}
	o.Count = 200
	if err := Run(t.Context(), &long, nil, o); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(long.Bytes(), short.Bytes()) {
		t.Error("the first 100 of 200 cases are not the 100 cases of the shorter run")
	}
}

// TestTheCodeOpensTheCase draws each case again from the seeds in its code, as the workbench does.
func TestTheCodeOpensTheCase(t *testing.T) {
	p := load(t, "motor-insurance")
	engine, issues := check.Compile(p)
	if issues != nil {
		t.Fatal(issues)
	}
	for _, mode := range []policy.Mode{policy.Random, policy.Boundary} {
		var out bytes.Buffer
		if err := Run(t.Context(), &out, nil, Options{Policy: p, Count: 500, Seed: 9, Mode: mode, Format: format(t, "csv")}); err != nil {
			t.Fatal(err)
		}
		whoAim, whatAim := engine.Rules.Boundaries().Aims()
		if mode == policy.Random {
			whoAim.Candidates, whatAim.Candidates = nil, nil
		}
		whoDrawer, err := engine.Who.NewDrawer(whoAim)
		if err != nil {
			t.Fatal(err)
		}
		whatDrawer, err := engine.What.NewDrawer(whatAim)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 501 {
			t.Fatalf("%d rows, want a head and 500", len(rows))
		}
		at := map[string]int{}
		for i, column := range rows[0] {
			at[column] = i
		}
		for _, row := range rows[1:] {
			code, err := policy.ParseCode(row[at["code"]])
			if err != nil || code.Mode != mode {
				t.Fatalf("code %q: %v", row[at["code"]], err)
			}
			for _, of := range []struct {
				doc  *policy.ObjectDoc
				draw func(policy.Seed, []policy.Value) error
				seed policy.Seed
			}{{p.Who, whoDrawer.Draw, code.Who}, {p.What, whatDrawer.Draw, code.What}} {
				values := make([]policy.Value, len(of.doc.Shape.Columns))
				if err := of.draw(of.seed, values); err != nil {
					t.Fatal(err)
				}
				for i, v := range values {
					column := of.doc.Object + "." + of.doc.Shape.Columns[i].Name
					if got := row[at[column]]; got != v.String() {
						t.Fatalf("%s: %s is %q in the file and %q from the code", code, column, got, v)
					}
				}
			}
		}
	}
}

func TestNoCasesMakeAWholeDocument(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), &out, nil, Options{Policy: load(t, "news2"), Mode: policy.Random, Format: format(t, "json")}); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) {
		t.Errorf("no JSON: %s", &out)
	}
}

func TestAPolicyThatDoesNotCompile(t *testing.T) {
	p := replaced(t, "news2", policy.RulesDocument, "observations.pulse <= 40", "observations.puls <= 40")
	var issues policy.Issues
	if err := Run(t.Context(), io.Discard, nil, Options{Policy: p, Count: 1, Format: format(t, "csv")}); !errors.As(err, &issues) {
		t.Errorf("got %v, want the policy's issues", err)
	}
}

// stopAfter cancels a context at its first write of rows, as a person would while a run is under way.
type stopAfter struct {
	bytes.Buffer
	writes int
	stop   func()
}

func (s *stopAfter) Write(b []byte) (int, error) {
	if s.writes--; s.writes == 0 {
		s.stop()
	}
	return s.Buffer.Write(b)
}

func TestStoppedRunsLeaveAWholeDocument(t *testing.T) {
	noVerdict := replaced(t, "news2", policy.RulesDocument, "total: >-", "total: 9 / (observations.pulse - 80) +")
	for _, c := range []struct {
		name   string
		policy *policy.Policy
		count  int64
		writes int
		want   string
	}{
		{"by the user", load(t, "news2"), 1 << 40, 3, "of 1099511627776 cases: context canceled"},
		{"by a case without a verdict", noVerdict, 1 << 40, -1, "of 1099511627776 cases: case "},
		{"by a case without a verdict in the last chunk", noVerdict, 200, -1, "of 200 cases: case "},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := &stopAfter{writes: c.writes, stop: cancel}
			err := Run(ctx, out, nil, Options{Policy: c.policy, Count: c.count, Seed: 1, Mode: policy.Random, Format: format(t, "json")})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one that holds %q", err, c.want)
			}
			var cases []json.RawMessage
			if err := json.Unmarshal(out.Bytes(), &cases); err != nil {
				t.Fatalf("what was written is no JSON: %v", err)
			}
			// The cases before are written to the last one, and none after.
			var whole bytes.Buffer
			o := Options{Policy: c.policy, Count: int64(len(cases)), Seed: 1, Mode: policy.Random, Format: format(t, "json")}
			if err := Run(t.Context(), &whole, nil, o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(whole.String(), out.String()); len(cases) == 0 || diff != "" {
				t.Errorf("%d cases, not those that a run of so many writes: %.200s", len(cases), diff)
			}
		})
	}
}

// full is a disk that is full after so many writes.
type full struct{ writes int }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	if f.writes--; f.writes < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestAFailingOutputStopsTheRun(t *testing.T) {
	for name, c := range map[string]struct {
		writes int
		count  int64
	}{"at the beginning": {0, 1 << 40}, "in the middle": {3, 1 << 40}, "at the end": {2, 10}} {
		t.Run(name, func(t *testing.T) {
			o := Options{Policy: load(t, "news2"), Count: c.count, Mode: policy.Random, Format: format(t, "json")}
			if err := Run(t.Context(), &full{c.writes}, nil, o); !errors.Is(err, errFull) {
				t.Errorf("got %v, want %v", err, errFull)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	m := newMeter(&out, 200)
	m.start = m.start.Add(-10 * time.Second)
	m.show(50)
	m.show(51) // too soon to be shown
	m.next = time.Now()
	m.show(100)
	m.end(200)
	want := "\r\x1b[K 25 %  50 of 200 cases  5/s  30s left" +
		"\r\x1b[K 50 %  100 of 200 cases  10/s  10s left" +
		"\r\x1b[K100 %  200 of 200 cases  20/s  0s left\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}

	var line bytes.Buffer
	o := Options{Policy: load(t, "news2"), Count: 10, Mode: policy.Random, Format: format(t, "csv")}
	if err := Run(t.Context(), io.Discard, &line, o); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(line.String(), " 0s left\n") || !strings.Contains(line.String(), "100 %  10 of 10 cases") {
		t.Errorf("the progress of a run is %q", &line)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if Progress(file) != nil {
		t.Error("a file has a progress line")
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if Progress(terminal) != io.Writer(terminal) {
		t.Error("a terminal has no progress line")
	}
}

func BenchmarkRun(b *testing.B) {
	for _, name := range []string{"csv", "json", "ndjson", "sql", "gherkin"} {
		b.Run(name, func(b *testing.B) {
			o := Options{Policy: load(b, "motor-insurance"), Count: int64(b.N), Seed: 1, Mode: policy.Random, Format: format(b, name)}
			b.ReportAllocs()
			if err := Run(b.Context(), io.Discard, nil, o); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cases/s")
		})
	}
}
