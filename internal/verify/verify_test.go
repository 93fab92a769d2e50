package verify

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"verdictory/app/history"
	"verdictory/internal/check"
	"verdictory/policies"
	"verdictory/policy"
)

// filled gives a history with n cases of each policy, and the database behind it.
func filled(t testing.TB, n int64, names ...string) (*history.Store, *sql.DB) {
	t.Helper()
	file := "sqlite://" + filepath.Join(t.TempDir(), "history.db")
	store, err := history.Open(t.Context(), file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for _, name := range names {
		p, issues := policy.Load(policies.FS, name)
		if issues != nil {
			t.Fatal(issues)
		}
		if err := store.KeepPolicy(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		engine, issues := check.Compile(p)
		if issues != nil {
			t.Fatal(issues)
		}
		sampler, err := engine.NewSampler(policy.Boundary)
		if err != nil {
			t.Fatal(err)
		}
		var saves errgroup.Group
		saves.SetLimit(64)
		for i := range n {
			if err := sampler.Draw(1, i); err != nil {
				t.Fatal(err)
			}
			c := sampler.Case
			c.Who, c.What, c.Verdict, c.Hits = clone(c.Who), clone(c.What), clone(c.Verdict), slices.Clone(c.Hits)
			saves.Go(func() error {
				_, _, err := store.Save(t.Context(), c, "")
				return err
			})
		}
		if err := saves.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	database, err := sql.Open("sqlite", strings.TrimPrefix(file, "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	return store, database
}

// clone gives an object that the sampler does not draw into.
func clone(o policy.Object) policy.Object {
	o.Values = slices.Clone(o.Values)
	return o
}

func run(t *testing.T, store *history.Store) (ok bool, out string) {
	t.Helper()
	var b strings.Builder
	ok, err := Run(t.Context(), &b, store)
	if err != nil {
		t.Fatal(err)
	}
	return ok, b.String()
}

func TestAHistoryIsAsItsRulesGiveIt(t *testing.T) {
	store, _ := filled(t, 50, "motor-insurance", "stamp-duty", "news2")
	if ok, out := run(t, store); !ok || out != "150 cases under 3 policy versions: 0 wrong\n" {
		t.Errorf("%t: %s", ok, out)
	}
	empty, _ := filled(t, 0)
	if ok, out := run(t, empty); !ok || out != "0 cases under 0 policy versions: 0 wrong\n" {
		t.Errorf("%t: %s", ok, out)
	}
	one, _ := filled(t, 1, "news2")
	if ok, out := run(t, one); !ok || out != "1 case under 1 policy version: 0 wrong\n" {
		t.Errorf("%t: %s", ok, out)
	}
}

// What was changed by hand is found and named.
func TestWhatWasChangedIsNamed(t *testing.T) {
	for change, want := range map[string]string{
		`UPDATE cases SET verdict = json_set(verdict, '$.total', 99) WHERE id = (SELECT max(id) FROM cases)`:                       ": total is stored as 99, and its rules give ",
		`UPDATE cases SET outcome = 'none' WHERE id = (SELECT max(id) FROM cases)`:                                                 ": its outcome is stored as none, and its rules give ",
		`UPDATE cases SET hits = 'risk/low' WHERE id = (SELECT max(id) FROM cases)`:                                                ": the rules that hit are stored as risk/low, and these do: ",
		`UPDATE cases SET what = json_set(what, '$.pulse', 100000) WHERE id = (SELECT max(id) FROM cases)`:                         "pulse is stored as ",
		`UPDATE cases SET what = json_set(what, '$.respiration_rate', 9223372036854775807) WHERE id = (SELECT max(id) FROM cases)`: "respiration_rate is stored as ",
		`UPDATE tallies SET n = n + 1 WHERE kind = 'total'`:                                                                        "news2 version ",
		`UPDATE tallies SET n = 0 WHERE kind = 'rule'`:                                                                             " cases hit ",
		`UPDATE tallies SET n = n - 1 WHERE kind = 'outcome'`:                                                                      " cases came to ",
	} {
		t.Run(change, func(t *testing.T) {
			store, database := filled(t, 20, "news2")
			if _, err := database.Exec(change); err != nil {
				t.Fatal(err)
			}
			if ok, out := run(t, store); ok || !strings.Contains(out, want) || !strings.HasPrefix(out, "news2 ") {
				t.Errorf("%t, want %q: %s", ok, want, out)
			}
		})
	}
}

func TestACaseWithoutAVerdictIsNamed(t *testing.T) {
	store, database := filled(t, 1, "stamp-duty")
	if _, err := database.Exec(`UPDATE cases SET what = json_set(what, '$.completion_date', '2019-06-30')`); err != nil {
		t.Fatal(err)
	}
	if ok, out := run(t, store); ok || !strings.Contains(out, ": its rules give no verdict: ") || !strings.HasSuffix(out, "1 case under 1 policy version: 1 wrong\n") {
		t.Errorf("%t: %s", ok, out)
	}
}

func TestAHundredAreNamedAndAllAreCounted(t *testing.T) {
	store, database := filled(t, 120, "news2")
	if _, err := database.Exec(`UPDATE cases SET verdict = json_set(verdict, '$.total', 99)`); err != nil {
		t.Fatal(err)
	}
	ok, out := run(t, store)
	if ok || strings.Count(out, "stored as 99") != named || !strings.HasSuffix(out, "… and 20 more\n120 cases under 1 policy version: 120 wrong\n") {
		t.Errorf("%t: %s", ok, out)
	}
}

// closing closes the history as soon as something is written.
type closing struct{ *history.Store }

func (c closing) Write(p []byte) (int, error) {
	c.Close()
	return len(p), nil
}

func TestWhatCannotBeReadStopsIt(t *testing.T) {
	for name, c := range map[string]struct{ change, want string }{
		"a case that is no JSON":             {`UPDATE cases SET who = '{' WHERE id = (SELECT min(id) FROM cases)`, "stopped after 0 cases: "},
		"a version that does not compile":    {`UPDATE policy_versions SET rules = replace(rules, 'observations.pulse', 'observations.puls')`, "stopped after 0 cases: policy version "},
		"a history that ends before the end": {`UPDATE cases SET outcome = 'none' WHERE id = (SELECT min(id) FROM cases)`, "database"},
	} {
		t.Run(name, func(t *testing.T) {
			kept, database := filled(t, 3, "news2")
			if _, err := database.Exec(c.change); err != nil {
				t.Fatal(err)
			}
			var file string
			if err := database.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
				t.Fatal(err)
			}
			kept.Close()
			store, err := history.Open(t.Context(), "sqlite://"+file, slog.New(slog.DiscardHandler)) // which has no version in memory
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			if ok, err := Run(t.Context(), closing{store}, store); ok || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%t, %v; want %q", ok, err, c.want)
			}
		})
	}
}
