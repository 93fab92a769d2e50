package history

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"verdictory/contract"
	"verdictory/internal/pgtest"
	"verdictory/policy"
)

// benchRows is how many cases the benchmarks' history has: 20,000, or what VERDICTORY_BENCH_ROWS says.
func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("VERDICTORY_BENCH_ROWS")); err == nil {
		return n
	}
	return 20_000
}

// rareName is in every 100,000th case of a filled history, and in the first.
const rareName = "Zuleikha"

// fill puts n cases into an empty store, one for each 100 milliseconds of the past, past its writer: the same rows,
// loaded in bulk.
func fill(b *testing.B, s *Store, p *policy.Policy, n int) {
	ctx := context.Background()
	if err := s.KeepPolicy(ctx, p); err != nil {
		b.Fatal(err)
	}
	v, err := s.version(ctx, 0, p.Digest)
	if err != nil {
		b.Fatal(err)
	}
	start := (time.Now().UnixMilli() - epoch - int64(n)*100) << sequenceBits
	id := func(i int) int64 { return start + int64(i)*100<<sequenceBits }
	var terms []termRow
	next := func(i int) *save {
		c := makeCase(p, uint64(i))
		if i%100_000 == 0 {
			c.Who.Values[0] = policy.StringValue(rareName + " Last1")
		}
		sv := newSave(v.id, &c, "")
		sv.row.ID = id(i)
		for _, t := range sv.terms {
			terms = append(terms, termRow{Term: t, CaseID: sv.row.ID})
		}
		return sv
	}
	load := fillSQLite
	if s.write.Dialect().Name().String() == "pg" {
		load = fillPostgres
	}
	if err := load(ctx, s.write, n, next, func() []termRow { return terms }); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d cases, %.1f terms each", n, float64(len(terms))/float64(n))
}

func fillPostgres(ctx context.Context, db *bun.DB, n int, next func(int) *save, terms func() []termRow) error {
	conn, err := db.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		c := driver.(interface{ Conn() *pgx.Conn }).Conn()
		if _, err := c.Exec(ctx, "SET statement_timeout = 0; SET maintenance_work_mem = '1GB'; ALTER TABLE case_terms DROP CONSTRAINT case_terms_pkey"); err != nil {
			return err
		}
		i := 0
		if _, err := c.CopyFrom(ctx, pgx.Identifier{"cases"}, []string{"id", "version", "code", "outcome", "who", "what", "verdict", "hits"},
			pgx.CopyFromFunc(func() ([]any, error) {
				if i++; i > n {
					return nil, nil
				}
				row := next(i - 1).row
				return []any{row.ID, row.Version, row.Code, row.Outcome, row.Who, row.What, row.Verdict, row.Hits}, nil
			})); err != nil {
			return err
		}
		rows := terms()
		if _, err := c.CopyFrom(ctx, pgx.Identifier{"case_terms"}, []string{"term", "case_id"},
			pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return []any{rows[i].Term, rows[i].CaseID}, nil })); err != nil {
			return err
		}
		_, err := c.Exec(ctx, "ALTER TABLE case_terms ADD PRIMARY KEY (term, case_id)")
		for _, text := range []string{"VACUUM ANALYZE cases", "VACUUM ANALYZE case_terms", "CHECKPOINT", "SET statement_timeout = 2000"} {
			if err == nil {
				_, err = c.Exec(ctx, text)
			}
		}
		return err
	})
}

func fillSQLite(ctx context.Context, db *bun.DB, n int, next func(int) *save, terms func() []termRow) error {
	conn, err := db.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	bulk := func(text string, n int, row func(i int) []any) error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		insert, err := tx.PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		defer insert.Close()
		for i := range n {
			if _, err := insert.ExecContext(ctx, row(i)...); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	if err := bulk("INSERT INTO cases (id, version, code, outcome, who, what, verdict, hits) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", n, func(i int) []any {
		row := next(i).row
		return []any{row.ID, row.Version, row.Code, row.Outcome, row.Who, row.What, row.Verdict, row.Hits}
	}); err != nil {
		return err
	}
	rows := terms()
	slices.SortFunc(rows, func(a, b termRow) int { return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.CaseID, b.CaseID)) })
	return bulk("INSERT INTO case_terms (term, case_id) VALUES (?, ?)", len(rows), func(i int) []any { return []any{rows[i].Term, rows[i].CaseID} })
}

// benchStore opens a store that is durable as in production.
func benchStore(b *testing.B, database string) *Store {
	url := "sqlite://" + filepath.Join(b.TempDir(), "history.db")
	if database == "postgres" {
		server := pgtest.Start(b, "fsync=on", "shared_buffers=256MB", "max_wal_size=4GB")
		b.Cleanup(server.Remove)
		url = server.URL
	}
	s, err := Open(context.Background(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkList pages through a big history by every part of the filter: 2 million cases with VERDICTORY_BENCH_ROWS=2000000.
// It reports the latency of a page of 20, p50 and p99, and how many cases a page has.
func BenchmarkList(b *testing.B) {
	p, n := motor(b), benchRows()
	third := time.Now().Add(-time.Duration(n) * 100 * time.Millisecond / 3)
	motor := Filter{Policy: p.Name}
	with := func(change func(f *Filter)) Filter {
		f := motor
		change(&f)
		return f
	}
	rule := p.Rules.Decisions[1].Rules[0].ID
	common := contract.Hit{Decision: p.Rules.Decisions[1].ID, Rule: rule}
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			s := benchStore(b, database)
			start := time.Now()
			fill(b, s, p, n)
			b.Logf("filled in %s, %s", time.Since(start).Round(time.Second), size(b, s))
			for _, bench := range []struct {
				name string
				f    Filter
			}{
				{"all", Filter{}},
				{"policy", motor},
				{"outcome", with(func(f *Filter) { f.Outcome = "refer" })},
				{"rule", with(func(f *Filter) { f.Rule = common })},
				{"mode", with(func(f *Filter) { f.Mode = policy.Boundary })},
				{"origin", with(func(f *Filter) { f.Origin = Edited })},
				{"from", with(func(f *Filter) { f.From = third })},
				{"deep", with(func(f *Filter) { f.To = third })},
				{"word-common", with(func(f *Filter) { f.Text = "volkswagen" })},
				{"word-name", with(func(f *Filter) { f.Text = "Last77" })},
				{"word-rare", with(func(f *Filter) { f.Text = rareName })},
				{"common∩common", with(func(f *Filter) { f.Outcome, f.Mode = "accept", policy.Boundary })},
				{"common∩rare", with(func(f *Filter) { f.Outcome, f.Text = "accept", rareName })},
				{"common∩name", with(func(f *Filter) { f.Outcome, f.Text = "refer", "last77" })},
				{"name∩name", with(func(f *Filter) { f.Text = "first7 last77" })},
				{"five-parts", with(func(f *Filter) {
					f.Outcome, f.Mode, f.Origin, f.Rule, f.Text = "refer", policy.Boundary, Generated, common, "volkswagen"
				})},
				{"disjoint", with(func(f *Filter) { f.Mode, f.Origin = policy.Boundary, Edited })},
				{"disjoint-deep", with(func(f *Filter) { f.Mode, f.Origin, f.To = policy.Boundary, Edited, third })},
				{"disjoint-three", with(func(f *Filter) { f.Outcome, f.Mode, f.Origin = "accept", policy.Boundary, Edited })},
			} {
				b.Run(bench.name, func(b *testing.B) {
					var times []time.Duration
					cursor, rows := "", 0
					for b.Loop() {
						start := time.Now()
						page, err := s.List(context.Background(), bench.f, cursor, 20)
						if err != nil {
							b.Fatal(err)
						}
						times = append(times, time.Since(start))
						cursor = page.Next
						rows += len(page.Cases)
					}
					slices.Sort(times)
					b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
					b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
					b.ReportMetric(float64(rows)/float64(len(times)), "cases/page")
				})
			}
			b.Run("counts", func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Counts(context.Background(), p.Digest); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("saves", func(b *testing.B) { benchSaves(b, s, p) })
		})
	}
}

// BenchmarkSave stores cases from 16 senders at once, durably.
func BenchmarkSave(b *testing.B) {
	p := motor(b)
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			s := benchStore(b, database)
			if err := s.KeepPolicy(context.Background(), p); err != nil {
				b.Fatal(err)
			}
			benchSaves(b, s, p)
		})
	}
}

func benchSaves(b *testing.B, s *Store, p *policy.Policy) {
	cases := make([]contract.Case, b.N)
	base := uint64(time.Now().UnixNano())
	for i := range cases {
		cases[i] = makeCase(p, base+uint64(i))
	}
	before := cpu()
	var next atomic.Int64
	var senders sync.WaitGroup
	b.ResetTimer()
	for range 16 {
		senders.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				if _, _, err := s.Save(context.Background(), cases[i], strconv.FormatInt(i, 36)+strconv.FormatUint(base, 36)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "µs-cpu/row")
}

// cpu is the time that this process has used.
func cpu() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func size(b *testing.B, s *Store) string {
	query := "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	if s.read.Dialect().Name().String() == "pg" {
		query = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ('cases', 'case_terms')"
	}
	var bytes int64
	if err := s.read.DB.QueryRow(query).Scan(&bytes); err != nil && err != sql.ErrNoRows {
		b.Fatal(err)
	}
	return fmt.Sprintf("%d MB", bytes>>20)
}
