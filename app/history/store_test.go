package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"verdictory/contract"
	"verdictory/internal/pgtest"
	"verdictory/policies"
	"verdictory/policy"
)

var background = context.Background()

// onBoth runs a test on both databases, each time with the URL of an empty one.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite://"+filepath.Join(t.TempDir(), "history.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.URL(t)+"&statement_timeout=60000") })
}

// open opens a store for a test, with the policies kept. It has a minute's patience: the machine may be busy.
func open(t *testing.T, url string, policies ...*policy.Policy) *Store {
	t.Helper()
	s, err := Open(background, url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.patience = time.Minute
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, p := range policies {
		if err := s.KeepPolicy(background, p); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// load reads a built-in policy.
func load(t *testing.T, name string) *policy.Policy {
	t.Helper()
	p, issues := policy.Load(policies.FS, name)
	if issues != nil {
		t.Fatal(issues)
	}
	return p
}

// variant gives the policy in another version: the year of its as_of day differs.
func variant(t *testing.T, p *policy.Policy) *policy.Policy {
	t.Helper()
	who := strings.Replace(p.Who.Source, "as_of: 2026", "as_of: 2027", 1)
	v, issues := policy.Assemble(p.Name, []byte(who), []byte(p.What.Source), []byte(p.Rules.Source), nil)
	if issues != nil {
		t.Fatal(issues)
	}
	if v.Digest == p.Digest {
		t.Fatal("the variant has the same version")
	}
	return v
}

// save saves a case that must be new.
func mustSave(t *testing.T, s *Store, c contract.Case, key string) contract.Case {
	t.Helper()
	stored, existed, err := s.Save(background, c, key)
	if err != nil || existed {
		t.Fatalf("saving %s: existed %t, error %v", c.Code, existed, err)
	}
	return stored
}

// exec changes a database behind the store's back.
func exec(t *testing.T, s *Store, text string) {
	t.Helper()
	if _, err := s.write.DB.Exec(text); err != nil {
		t.Fatal(err)
	}
}

// sameCase compares cases by what they hold, whichever shapes their objects point to.
var sameCase = cmp.Options{
	cmp.Comparer(func(a, b policy.Object) bool { return string(a.AppendJSON(nil)) == string(b.AppendJSON(nil)) }),
	cmpopts.EquateEmpty(),
}

func codeOf(err error) contract.Code {
	if err == nil {
		return ""
	}
	return contract.AsError(err).Code
}

func TestSave(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		newer := variant(t, p)
		s := open(t, url, p, newer)
		in := func(v *policy.Policy, n uint64) contract.Case {
			c := makeCase(p, n)
			c.Version = v.Digest
			return c
		}
		before := time.Now().Truncate(time.Millisecond)
		first := mustSave(t, s, in(p, 1), "first")
		if first.Created.Before(before) || first.Created.After(time.Now()) {
			t.Errorf("created %s, not between %s and now", first.Created, before)
		}
		for _, test := range []struct {
			name    string
			c       contract.Case
			key     string
			existed bool
			code    contract.Code
		}{
			{"the same again gives what is stored", in(p, 1), "first", true, ""},
			{"the same with another key too", in(p, 1), "second", true, ""},
			{"the same without a key too", in(p, 1), "", true, ""},
			{"the same key and code under a newer version give what is stored", in(newer, 1), "first", true, ""},
			{"the same key with another code is a conflict", in(p, 2), "first", false, contract.Conflict},
			{"a key that came second to a stored case was not taken", in(p, 3), "second", false, ""},
			{"the same code under another version is another case", in(newer, 1), "", false, ""},
			{"a version that was not kept cannot be saved under", func() contract.Case { c := in(p, 4); c.Version = "?"; return c }(), "", false, contract.NotFound},
		} {
			stored, existed, err := s.Save(background, test.c, test.key)
			if existed != test.existed || codeOf(err) != test.code {
				t.Errorf("%s: existed %t, error %v", test.name, existed, err)
			}
			if test.existed {
				if diff := cmp.Diff(first, stored, sameCase); diff != "" {
					t.Errorf("%s: %s", test.name, diff)
				}
			}
		}
		counts, err := s.Counts(background, p.Digest)
		if err != nil || counts.Total != 2 {
			t.Errorf("counted %d, %v; 2 were stored under the version", counts.Total, err)
		}
	})
}

func TestGet(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		newer := variant(t, p)
		s := open(t, url, p, newer)
		var saved []contract.Case
		for n := range uint64(30) { // edited ones and both modes among them
			saved = append(saved, mustSave(t, s, makeCase(p, n), ""))
		}
		other := open(t, url) // without what the first store remembers
		for _, c := range saved {
			got, err := other.Get(background, p.Name, c.Code)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c, got, sameCase); diff != "" {
				t.Errorf("%s: %s", c.Code, diff)
			}
		}
		again := saved[0]
		again.Version = newer.Digest
		mustSave(t, s, again, "")
		if got, err := s.Get(background, p.Name, again.Code); err != nil || got.Version != newer.Digest {
			t.Errorf("of two versions, got %s, %v; the newer is %s", got.Version, err, newer.Digest)
		}
		for name, code := range map[string]policy.Code{
			p.Name: {Who: 1, What: 2, Mode: policy.Random}, "news2": again.Code, "": again.Code, "motor-insurance\x00": again.Code, "\xff'; DROP TABLE cases; --": again.Code,
		} {
			if _, err := s.Get(background, name, code); codeOf(err) != contract.NotFound {
				t.Errorf("%q %s: %v", name, code, err)
			}
		}
	})
}

func TestPolicy(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		if err := s.KeepPolicy(background, p); err != nil {
			t.Error("keeping it again:", err)
		}
		if kept, err := s.Policy(background, p.Digest); err != nil || kept != p {
			t.Errorf("the store that kept it gives another: %v", err)
		}
		other := open(t, url)
		read, err := other.Policy(background, p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if read.Digest != p.Digest || read.Name != p.Name || read.Rules.Source != p.Rules.Source || len(read.Examples.Examples) > 0 {
			t.Errorf("read back as %s %s", read.Name, read.Digest)
		}
		again := motor(t)
		if err := other.KeepPolicy(background, again); err != nil {
			t.Fatal(err)
		}
		if kept, err := other.Policy(background, p.Digest); err != nil || kept != again {
			t.Errorf("the policy kept last is not the one given: %v", err)
		}
		for _, digest := range []policy.Digest{"", "?", policy.Digest(strings.Repeat("0", 64)), "\x00", "'"} {
			if _, err := s.Policy(background, digest); codeOf(err) != contract.NotFound {
				t.Errorf("%q: %v", digest, err)
			}
			if counts, err := s.Counts(background, digest); err != nil || counts.Total != 0 {
				t.Errorf("%q counts %v, %v", digest, counts, err)
			}
		}
		exec(t, s, "UPDATE policy_versions SET rules = 'label: 1'")
		if _, err := open(t, url).Policy(background, p.Digest); codeOf(err) != contract.Internal || !strings.Contains(err.Error(), "rules.yaml") {
			t.Errorf("a version that this build cannot read: %v", err)
		}
	})
}

func TestPoliciesInMemoryAreBounded(t *testing.T) {
	var vs versions
	for id := range int64(3 * maxVersions) {
		v := &version{id: id + 1, digest: policy.Digest(fmt.Sprint(id))}
		vs.remember(v)
		if vs.find(id+1, "") != v || vs.find(0, v.digest) != v {
			t.Fatalf("version %d is not found", id)
		}
	}
	if len(vs.byID) > maxVersions || len(vs.byDigest) > maxVersions {
		t.Errorf("%d versions are kept", len(vs.byID))
	}
}

// Every byte that a text can have comes back, and the bytes in both databases are those of AppendJSON.
func TestHostileTextsAreStoredByteForByte(t *testing.T) {
	texts := []string{
		"", " ", "'", `"`, `\`, `\\'`, "'; DROP TABLE cases; --", "?", "?0 ?1", "$1", "%s%d", "\x00", "a\x00b", "\x01\x1f\x7f", "\r\n\t",
		"\xff\xfe", "\xed\xa0\x80", "É é e\u0301", "\u202eright to left", "日本語", "😀", "</script>", "{{ 1 }}", "\\u0000", "null", "E'\\n'", strings.Repeat("x", 100_000), strings.Repeat("ab ", 5_000),
	}
	rows := map[string][]caseRow{}
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		for i, text := range texts {
			c := makeCase(p, uint64(i))
			c.Who.Values[0] = policy.StringValue(text)
			if mustSave(t, s, c, text); text != "" {
				if _, existed, err := s.Save(background, c, text); !existed || err != nil {
					t.Errorf("%.20q as a key: existed %t, error %v", text, existed, err)
				}
			}
			got, err := s.Get(background, p.Name, c.Code)
			if err != nil {
				t.Fatalf("%.20q: %v", text, err)
			}
			if diff := cmp.Diff(string(c.Who.AppendJSON(nil)), string(got.Who.AppendJSON(nil))); diff != "" {
				t.Errorf("%.20q: %s", text, diff)
			}
			if _, err := s.List(background, Filter{Policy: text, Outcome: text, Text: strings.Repeat("x", len(text)), Rule: contract.Hit{Decision: text, Rule: text}}, "", 1); codeOf(err) != "" && codeOf(err) != contract.Invalid {
				t.Errorf("%.20q as a filter: %v", text, err)
			}
		}
		var stored []caseRow
		if err := s.read.NewSelect().Model(&stored).OrderExpr("id").Scan(background); err != nil {
			t.Fatal(err)
		}
		for i := range stored {
			c := makeCase(p, uint64(i))
			c.Who.Values[0] = policy.StringValue(texts[i])
			if stored[i].Who != string(c.Who.AppendJSON(nil)) || stored[i].Verdict != string(c.Verdict.AppendJSON(nil)) {
				t.Errorf("%.20q is stored as %.80s", texts[i], stored[i].Who)
			}
			stored[i].ID = 0
		}
		rows[t.Name()] = stored
	})
	if lite, postgres := rows[t.Name()+"/sqlite"], rows[t.Name()+"/postgres"]; postgres != nil {
		if diff := cmp.Diff(lite, postgres); diff != "" {
			t.Errorf("the databases hold different bytes: %s", diff)
		}
	}
}

// D2: a case sent many times at once is one row with one answer, also through two replicas.
func TestSameKeyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		replicas := []*Store{open(t, url, p), open(t, url, p)}
		send := func(cases func(i int) contract.Case, key string) (answers []contract.Case, fresh, conflicts int) {
			var senders sync.WaitGroup
			var lock sync.Mutex
			for i := range 50 {
				senders.Go(func() {
					c, existed, err := replicas[i%2].Save(background, cases(i), key)
					lock.Lock()
					defer lock.Unlock()
					switch {
					case codeOf(err) == contract.Conflict:
						conflicts++
					case err != nil:
						t.Error(err)
					default:
						answers = append(answers, c)
						if !existed {
							fresh++
						}
					}
				})
			}
			senders.Wait()
			return answers, fresh, conflicts
		}
		answers, fresh, conflicts := send(func(int) contract.Case { return makeCase(p, 7) }, "same")
		if fresh != 1 || conflicts != 0 || len(answers) != 50 {
			t.Errorf("%d answers, %d new, %d conflicts", len(answers), fresh, conflicts)
		}
		for _, answer := range answers {
			if diff := cmp.Diff(answers[0], answer, sameCase); diff != "" {
				t.Fatal(diff)
			}
		}
		answers, fresh, conflicts = send(func(i int) contract.Case { return makeCase(p, 100+uint64(i)) }, "other fields")
		if fresh != 1 || len(answers) != 1 || conflicts != 49 {
			t.Errorf("with other fields: %d answers, %d new, %d conflicts", len(answers), fresh, conflicts)
		}
		if counts, err := replicas[0].Counts(background, p.Digest); err != nil || counts.Total != 2 {
			t.Errorf("counted %d, %v", counts.Total, err)
		}
	})
}

func TestManySavesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		replicas := []*Store{open(t, url, p), open(t, url, p)}
		if strings.HasPrefix(url, "sqlite") { // two processes take turns there, which takes time
			replicas[1] = replicas[0]
		}
		const n = 200
		var senders sync.WaitGroup
		for i := range n {
			senders.Go(func() { mustSave(t, replicas[i%2], makeCase(p, uint64(i)), fmt.Sprint(i)) })
		}
		senders.Wait()
		want := Counts{Total: n, Outcomes: map[string]int64{}, Rules: map[contract.Hit]int64{}}
		for i := range n {
			c := makeCase(p, uint64(i))
			want.Outcomes[c.Outcome]++
			for _, hit := range c.Hits {
				want.Rules[hit]++
			}
		}
		got, err := replicas[0].Counts(background, p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		seen := map[string]bool{}
		if err := replicas[1].Each(background, Filter{}, func(c contract.Case) error { seen[c.Code.String()] = true; return nil }); err != nil || len(seen) != n {
			t.Errorf("listed %d cases, %v", len(seen), err)
		}
	})
}

// Replicas whose ids meet, in the same millisecond from the same random start, take others.
func TestIDsThatMeet(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		replicas := []*Store{open(t, url, p), open(t, url, p)}
		for _, s := range replicas {
			s.ids.now = func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
			s.ids.random = func() int64 { return 1 }
		}
		for n := range uint64(6) {
			c := mustSave(t, replicas[n%2], makeCase(p, n), "")
			if got, err := replicas[0].Get(background, p.Name, c.Code); err != nil || !got.Created.Equal(c.Created) {
				t.Errorf("%s: stored at %s, read as %s, %v", c.Code, c.Created, got.Created, err)
			}
		}
		if counts, err := replicas[0].Counts(background, p.Digest); err != nil || counts.Total != 6 {
			t.Errorf("counted %d, %v", counts.Total, err)
		}
	})
}

// A case that the database refuses fails alone, not those that share its transaction.
func TestRefusedCaseFailsAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		v, err := s.version(background, 0, p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		var group []*save
		for i := range 9 {
			c := makeCase(p, uint64(i))
			if i == 4 {
				c.Outcome = "no\x00text"
			}
			sv := newSave(v.id, &c, "")
			sv.ctx = background
			group = append(group, sv)
		}
		refused := group[4]
		s.store(group)
		for _, sv := range group {
			<-sv.done
			if bad := sv == refused; bad != (sv.err != nil) || bad && codeOf(sv.err) != contract.Internal {
				t.Errorf("%s: %v", sv.row.Code, sv.err)
			}
		}
		if counts, err := s.Counts(background, p.Digest); err != nil || counts.Total != 8 {
			t.Errorf("counted %d, %v", counts.Total, err)
		}
	})
}

func TestSaveOfAnEndedContext(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		ended, end := context.WithCancel(background)
		end()
		if _, _, err := s.Save(ended, makeCase(p, 1), ""); err != context.Canceled {
			t.Errorf("got %v", err)
		}
		// The database is held by somebody else: the sender's time runs out, and the save is not made.
		tx, err := s.write.BeginTx(background, nil)
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(background, 50*time.Millisecond)
		defer cancel()
		var senders sync.WaitGroup
		for n := range uint64(2 * maxGroup) { // more than the writer takes and its queue holds
			senders.Go(func() {
				if _, _, err := s.Save(short, makeCase(p, n), ""); contract.AsError(err).Code != contract.Unavailable {
					t.Errorf("got %v", err)
				}
			})
		}
		senders.Wait()
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		mustSave(t, s, makeCase(p, 1_000), "")
		if counts, err := s.Counts(background, p.Digest); err != nil || counts.Total > 1+maxGroup {
			t.Errorf("%d cases are stored, %v: more than the group that was under way", counts.Total, err)
		}
	})
}

func TestClose(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		var senders sync.WaitGroup
		var lock sync.Mutex
		saved := 0
		for n := range uint64(40) {
			senders.Go(func() {
				_, _, err := s.Save(background, makeCase(p, n), "")
				lock.Lock()
				defer lock.Unlock()
				if err == nil {
					saved++
				} else if codeOf(err) != contract.Unavailable {
					t.Error(err)
				}
			})
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		senders.Wait()
		if _, _, err := s.Save(background, makeCase(p, 99), ""); codeOf(err) != contract.Unavailable {
			t.Errorf("after Close, a save gives %v", err)
		}
		if counts, err := open(t, url).Counts(background, p.Digest); err != nil || counts.Total != int64(saved) {
			t.Errorf("%d saves were acknowledged, %d are stored, %v", saved, counts.Total, err)
		}
	})
}

// What the database answers with an error is for the log, and 500 for the caller.
func TestBrokenDatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		list := func(f Filter) func(s *Store) error {
			return func(s *Store) error { _, err := s.List(background, f, "", 10); return err }
		}
		save := func(s *Store) error { _, _, err := s.Save(background, makeCase(p, 2), ""); return err }
		get := func(s *Store) error { _, err := s.Get(background, p.Name, makeCase(p, 1).Code); return err }
		for _, test := range []struct {
			name, broken, mended string
			calls                map[string]func(s *Store) error
		}{
			{"no versions", "ALTER TABLE policy_versions RENAME TO gone", "ALTER TABLE gone RENAME TO policy_versions", map[string]func(s *Store) error{
				"keep":   func(s *Store) error { return s.KeepPolicy(background, variant(t, p)) },
				"policy": func(s *Store) error { _, err := s.Policy(background, "?"); return err },
				"list":   list(Filter{}),
				"get":    get,
				"save":   save,
			}},
			{"no cases", "ALTER TABLE cases RENAME TO gone", "ALTER TABLE gone RENAME TO cases", map[string]func(s *Store) error{
				"list all": list(Filter{}), "list": list(Filter{Policy: p.Name}), "get": get, "save": save,
				"each": func(s *Store) error { return s.Each(background, Filter{}, nil) },
			}},
			{"no terms", "ALTER TABLE case_terms RENAME TO gone", "ALTER TABLE gone RENAME TO case_terms", map[string]func(s *Store) error{
				"list": list(Filter{Policy: p.Name}), "list two": list(Filter{Policy: p.Name, Text: "a b"}), "save": save,
			}},
			{"no tallies", "ALTER TABLE tallies RENAME TO gone", "ALTER TABLE gone RENAME TO tallies", map[string]func(s *Store) error{
				"counts": func(s *Store) error { _, err := s.Counts(background, p.Digest); return err }, "save": save,
			}},
			{"no migrations", "ALTER TABLE schema_migrations RENAME TO gone", "ALTER TABLE gone RENAME TO schema_migrations", map[string]func(s *Store) error{
				"ready": func(s *Store) error { return s.Ready(background) },
			}},
			{"a case that cannot be read", "UPDATE cases SET who = '{'", "UPDATE cases SET who = '{}'", map[string]func(s *Store) error{"get": get, "list": list(Filter{})}},
			{"a rule that cannot be read", "UPDATE cases SET hits = 'rule'", "UPDATE cases SET hits = ''", map[string]func(s *Store) error{"get": get}},
		} {
			s := open(t, url, p)
			if test.name == "no versions" {
				mustSave(t, s, makeCase(p, 1), "")
			}
			s.versions.byID, s.versions.byDigest = nil, nil
			exec(t, s, test.broken)
			for name, call := range test.calls {
				if err := call(s); codeOf(err) != contract.Internal || contract.AsError(err).Service != "" {
					t.Errorf("%s: %s: %v", test.name, name, err)
				}
			}
			exec(t, s, test.mended)
		}
		s := open(t, url, p)
		if err := s.Ready(background); err != nil {
			t.Error("mended, but not ready:", err)
		}
		exec(t, s, "DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES (0, '', 0)")
		if err := s.Ready(background); codeOf(err) != contract.Unavailable {
			t.Errorf("ready with an old schema: %v", err)
		}
	})
}
