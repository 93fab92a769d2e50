package history

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

var run = policy.Run{Seed: 7, Mode: policy.Random, Count: 10}

// start starts a run that must not be refused.
func start(t *testing.T, s *Store, p *policy.Policy, r policy.Run) Run {
	t.Helper()
	started, err := s.StartRun(background, p.Digest, r)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

// takeTurn takes the next turn; nil where no run waits.
func takeTurn(t *testing.T, s *Store, lease time.Duration) *Turn {
	t.Helper()
	turn, err := s.TakeTurn(background, lease)
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

// advance counts the next n cases.
func advance(t *testing.T, s *Store, turn *Turn, n uint64) (over bool) {
	t.Helper()
	var cases []contract.Case
	for i := range n {
		cases = append(cases, makeCase(turn.Policy, uint64(turn.Next)+i))
	}
	over, err := s.Advance(background, turn, cases, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return over
}

func get(t *testing.T, s *Store, p *policy.Policy, r policy.Run) Run {
	t.Helper()
	found, err := s.Run(background, p.Name, r)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestARunIsCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		before := time.Now().Truncate(time.Millisecond)
		first := start(t, s, p, run)
		if again := start(t, s, p, run); !again.Started.Equal(first.Started) {
			t.Errorf("the same run twice is two: %v and %v", first, again)
		}
		if first.Run != run || first.Policy.Digest != p.Digest || first.Started.Before(before) || !first.Ended.IsZero() || first.Counts.Total != 0 {
			t.Errorf("started %+v", first)
		}
		turn := takeTurn(t, s, time.Minute)
		if turn.Run != run || turn.Policy.Digest != p.Digest || turn.Next != 0 {
			t.Fatalf("got the turn %+v", turn)
		}
		if other := takeTurn(t, s, time.Minute); other != nil {
			t.Errorf("a second worker takes %+v too", other)
		}
		if advance(t, s, turn, 6) {
			t.Error("over after 6 of 10")
		}
		if half := get(t, s, p, run); half.Counts.Total != 6 || half.State() != Running {
			t.Errorf("after 6: %+v", half)
		}
		if !advance(t, s, turn, 4) {
			t.Error("not over after 10 of 10")
		}
		want := Counts{Total: 10, Outcomes: map[string]int64{}, Rules: map[contract.Hit]int64{}}
		for i := range uint64(10) {
			c := makeCase(p, i)
			want.Outcomes[c.Outcome]++
			for j, hit := range c.Hits {
				if !slices.Contains(c.Hits[:j], hit) {
					want.Rules[hit]++
				}
			}
		}
		whole := get(t, s, p, run)
		if diff := cmp.Diff(want, whole.Counts); diff != "" || whole.Ended.Before(before) || whole.State() != Complete {
			t.Errorf("ended %s: %s", whole.Ended, diff)
		}
		if turn := takeTurn(t, s, time.Minute); turn != nil {
			t.Errorf("a run that has ended is taken: %+v", turn)
		}
		want.Rules = map[contract.Hit]int64{}
		second := start(t, s, p, policy.Run{Seed: 8, Mode: policy.Boundary, Count: 5})
		list, err := s.Runs(background, p.Name, 10)
		if err != nil || len(list) != 2 || list[0].Run != second.Run || cmp.Diff(want, list[1].Counts) != "" {
			t.Errorf("listed %+v, %v", list, err)
		}
		if list, err := s.Runs(background, p.Name, 1); err != nil || len(list) != 1 || list[0].Run != second.Run {
			t.Errorf("the newest is %+v, %v", list, err)
		}
		if list, err := s.Runs(background, "news2", 10); err != nil || len(list) != 0 {
			t.Errorf("another policy has %+v, %v", list, err)
		}
	})
}

// Whoever works on a run, and whoever believes so, its cases are counted once.
func TestARunsCasesAreCountedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		start(t, s, p, run)
		slow := takeTurn(t, s, time.Millisecond)
		time.Sleep(5 * time.Millisecond)
		quick := takeTurn(t, s, time.Minute) // the slow one's lease has ended
		if slow == nil || quick == nil {
			t.Fatal("the run was not taken twice")
		}
		if advance(t, s, quick, 6) || !advance(t, s, slow, 6) {
			t.Error("the slow worker is not told that another counted its cases")
		}
		if got := get(t, s, p, run); got.Counts.Total != 6 {
			t.Errorf("%d cases are counted, want 6", got.Counts.Total)
		}
		if err := s.GiveUp(background, slow, "lost", true, 0); err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, p, run); got.Trouble != "" || !got.Ended.IsZero() {
			t.Errorf("whoever has lost its turn ended the run: %+v", got)
		}
		// Several that take turns at once.
		many := policy.Run{Seed: 9, Mode: policy.Random, Count: 60}
		start(t, s, p, many)
		if err := s.StopRun(background, p.Name, run); err != nil {
			t.Fatal(err)
		}
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				for get(t, s, p, many).Ended.IsZero() {
					if turn, _ := s.TakeTurn(background, time.Millisecond); turn != nil {
						cases := make([]contract.Case, min(7, turn.Count-turn.Next))
						for i := range cases {
							cases[i] = makeCase(p, uint64(turn.Next)+uint64(i))
						}
						_, _ = s.Advance(background, turn, cases, time.Millisecond)
					}
				}
			})
		}
		workers.Wait()
		got, sum := get(t, s, p, many), int64(0)
		for _, n := range got.Counts.Outcomes {
			sum += n
		}
		if got.Counts.Total != 60 || sum != 60 {
			t.Errorf("%d cases are done and %d counted, want 60", got.Counts.Total, sum)
		}
	})
}

func TestARunIsStoppedResumedAndRemoved(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		start(t, s, p, run)
		turn := takeTurn(t, s, time.Minute)
		advance(t, s, turn, 4)
		if err := s.StopRun(background, p.Name, run); err != nil {
			t.Fatal(err)
		}
		if stopped := get(t, s, p, run); stopped.State() != Stopped || stopped.Counts.Total != 4 || !advance(t, s, turn, 4) {
			t.Errorf("a stopped run goes on: %+v", stopped)
		}
		if err := s.ResumeRun(background, p.Name, run); err != nil {
			t.Fatal(err)
		}
		turn = takeTurn(t, s, time.Minute)
		if turn == nil || turn.Next != 4 || !advance(t, s, turn, 6) {
			t.Fatalf("a resumed run is at %+v", turn)
		}
		whole := get(t, s, p, run)
		for name, change := range map[string]error{"resume": s.ResumeRun(background, p.Name, run), "stop": s.StopRun(background, p.Name, run)} {
			if got := get(t, s, p, run); change != nil || !got.Ended.Equal(whole.Ended) {
				t.Errorf("%s changes a run that is complete: %v, %+v", name, change, got)
			}
		}
		if err := s.RemoveRun(background, p.Name, run); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"stop": s.StopRun(background, p.Name, run), "resume": s.ResumeRun(background, p.Name, run), "remove": s.RemoveRun(background, p.Name, run),
		} {
			if codeOf(err) != contract.NotFound {
				t.Errorf("%s of a run that is not there: %v", name, err)
			}
		}
		if _, err := s.Run(background, p.Name, run); codeOf(err) != contract.NotFound {
			t.Errorf("a removed run: %v", err)
		}
		if again := start(t, s, p, run); again.Counts.Total != 0 || len(again.Counts.Outcomes) != 0 {
			t.Errorf("a run that was removed starts with %+v", again.Counts)
		}
	})
}

func TestATurnIsGivenUp(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		start(t, s, p, run)
		turn := takeTurn(t, s, time.Minute)
		if err := s.GiveUp(background, turn, "the rules are away", false, time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, p, run); got.Trouble != "the rules are away" || !got.Ended.IsZero() || takeTurn(t, s, time.Minute) != nil {
			t.Errorf("in trouble: %+v", got)
		}
		exec(t, s, "UPDATE runs SET lease = 0")
		// Two runs take turns.
		other := policy.Run{Seed: 1, Mode: policy.Random, Count: 20}
		start(t, s, p, other)
		var order []policy.Run
		for range 4 {
			turn := takeTurn(t, s, time.Minute)
			advance(t, s, turn, 2)
			if err := s.GiveUp(background, turn, "", false, 0); err != nil {
				t.Fatal(err)
			}
			order = append(order, turn.Run)
			time.Sleep(2 * time.Millisecond)
		}
		if diff := cmp.Diff([]policy.Run{run, other, run, other}, order); diff != "" {
			t.Error(diff)
		}
		if got := get(t, s, p, run); got.Trouble != "" {
			t.Errorf("a run that goes on keeps its trouble: %+v", got)
		}
		turn = takeTurn(t, s, time.Minute)
		if err := s.GiveUp(background, turn, "no verdict", true, 0); err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, p, turn.Run); got.State() != Failed || got.Trouble != "no verdict" {
			t.Errorf("a run that cannot go on: %+v", got)
		}
	})
}

func TestRunsSayWhatIsWrong(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		p := motor(t)
		s := open(t, url, p)
		if _, err := s.StartRun(background, "nothing", run); codeOf(err) != contract.NotFound {
			t.Errorf("under a version that was not kept: %v", err)
		}
		start(t, s, p, run)
		turn := takeTurn(t, s, time.Millisecond)
		attempts := map[string]func() error{
			"start":   func() error { _, err := s.StartRun(background, p.Digest, run); return err },
			"read":    func() error { _, err := s.Run(background, p.Name, run); return err },
			"list":    func() error { _, err := s.Runs(background, p.Name, 1); return err },
			"take":    func() error { _, err := s.TakeTurn(background, time.Minute); return err },
			"remove":  func() error { return s.RemoveRun(background, p.Name, run) },
			"advance": func() error { _, err := s.Advance(background, turn, []contract.Case{makeCase(p, 1)}, 0); return err },
		}
		fail := func(why string, names ...string) {
			t.Helper()
			for _, name := range names {
				if err := attempts[name](); err == nil {
					t.Errorf("%s: %s has no error", why, name)
				}
			}
		}
		exec(t, s, "UPDATE runs SET code = 'x'")
		time.Sleep(2 * time.Millisecond)
		fail("a name that is none", "list", "take")
		exec(t, s, "UPDATE runs SET lease = 0, code = '"+run.String()+"'")
		exec(t, s, "ALTER TABLE run_tallies RENAME TO gone")
		fail("no tallies", "read", "list", "advance", "remove")
		exec(t, s, "ALTER TABLE gone RENAME TO run_tallies")
		if got := get(t, s, p, run); got.Counts.Total != 0 {
			t.Errorf("what failed was counted: %+v", got)
		}
		exec(t, s, "UPDATE policy_versions SET rules = 'x'")
		other := open(t, url)
		if _, err := other.TakeTurn(background, time.Minute); err == nil {
			t.Error("a version that cannot be read: a turn is taken")
		}
		if _, err := other.Runs(background, p.Name, 1); err == nil {
			t.Error("a version that cannot be read: its runs are listed")
		}
		s.Close()
		for name, attempt := range attempts {
			if err := attempt(); codeOf(err) != contract.Unavailable {
				t.Errorf("closed: %s: %v", name, err)
			}
		}
	})
}
