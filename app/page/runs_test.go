package page

import (
	"testing"
	"time"

	"verdictory/policy"
)

// counted is a run of cover of which so many cases are counted.
func counted(state string, total int64) RunState {
	run := RunState{
		Run: policy.Run{Seed: seedA, Mode: policy.Boundary, Count: 10_000}, State: state, Version: cover().Digest,
		Started: time.Date(2026, 3, 14, 9, 57, 0, 0, time.UTC), Counts: Counts{Total: total, Outcomes: map[string]int64{"accept": total - total/4, "refer": total / 4}},
	}
	if state != "running" {
		run.Ended = run.Started.Add(65 * time.Second)
	}
	return run
}

func TestRunsListsRuns(t *testing.T) {
	random := counted("complete", 10_000)
	random.Mode = policy.Random
	doc := rendered(t, site(), site().Runs(RunsInput{Policy: cover(), Count: "1000", Key: seedB.String(), Runs: []RunState{counted("running", 0), random}}), Part{})
	expect(t, doc, map[string]string{
		"title": "Runs · Cover · Verdictory", ".top nav [aria-current]": "Runs", ".runs th": "Run | Cases | State | Outcomes | Started (UTC)",
		".runs a.code": counted("running", 0).String() + " | " + random.String(), ".runs .tag": "boundary", ".runs td:nth-child(2)": "10,000 | 10,000",
		".runs .chip": "◆ Running | ● Complete", ".runs td:nth-child(3) .quiet": "0 % | 100 %", ".runs td:nth-child(4)": "– | ", ".runs time": "14 Mar 2026, 09:57 | 14 Mar 2026, 09:57",
		".error": "", ".hint": "1 to 10,000,000 | Same seed, same cases.",
	})
	if attr(doc.Find(".runs svg"), "aria-label") != "Accept 75\u00a0%, Ask 0\u00a0%, Refer 25\u00a0%, Decline 0\u00a0%" {
		t.Errorf("the outcomes are told as %q", attr(doc.Find(".runs svg"), "aria-label"))
	}
	form := doc.Find("form.start")
	if attr(form, "method") != "post" || attr(form, "action") != "/cover/runs" || attr(form.Find("[name=key]"), "value") != seedB.String() || attr(form.Find("[name=mode][checked]"), "value") != "random" {
		t.Error("the form starts something else")
	}
	if attr(doc.Find(".runs a.code").First(), "href") != "/cover/runs/"+counted("running", 0).String() {
		t.Error("a run's link leads elsewhere")
	}
}

func TestRunsShowsWhatIsWrongBesideItsField(t *testing.T) {
	in := RunsInput{Policy: cover(), Count: "none", Seed: "U", Mode: policy.Boundary, Errors: map[string]string{"count": "no count", "seed": "no seed", "mode": "no mode"}}
	doc := rendered(t, site(), site().Runs(in), Part{})
	expect(t, doc, map[string]string{"#count-error": "no count", "#seed-error": "no seed", ".error": "no count | no mode | no seed", ".empty h2": "No run yet"})
	if attr(doc.Find("#count"), "value") != "none" || attr(doc.Find("#seed"), "value") != "U" || attr(doc.Find("[name=mode][checked]"), "value") != "boundary" {
		t.Error("what was typed is lost")
	}
}

func TestRunShowsHowItStands(t *testing.T) {
	for name, c := range map[string]struct {
		run  RunState
		want map[string]string
		acts string
	}{
		"not begun": {counted("running", 0), map[string]string{"title": "0% · Run 78QSX0E4-10000-B · Cover · Verdictory", "h2 small": "0 %", ".took": ""}, "Stop"},
		"running":   {counted("running", 4_000), map[string]string{"#run-label": "4,000 of 10,000 cases 40 %", ".chip": "◆ Running", ".key b": "75 % | 0 % | 25 % | 0 %", "[hx-swap-oob]": ""}, "Stop"},
		"complete":  {counted("complete", 10_000), map[string]string{"title": "Run 78QSX0E4-10000-B · Cover · Verdictory", ".chip": "● Complete", ".key a": ""}, ""},
		"stopped":   {counted("stopped", 4_000), map[string]string{".chip": "▲ Stopped"}, "Go on"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := rendered(t, site(), site().Run(RunInput{Policy: cover(), Run: c.run}), Part{})
			expect(t, doc, c.want)
			expect(t, doc, map[string]string{".acts form button": c.acts, "#remove": "Remove", ".menu a": "CSV | JSON | NDJSON | SQL | Gherkin", "pre": "verdictory cases --policy cover -n 10000 --seed " + seedA.String() + " --mode boundary"})
			polled := attr(doc.Find("#run"), "hx-get")
			if running := c.run.State == "running"; running != (polled == "/cover/runs/"+c.run.String()) {
				t.Errorf("the page asks for %q again", polled)
			}
		})
	}
	in := RunInput{Policy: cover(), Run: counted("failed", 4_000), Outdated: true}
	in.Run.Trouble, in.Run.Mode = "no rule holds", policy.Random
	doc := rendered(t, site(), site().Run(in), Part{})
	expect(t, doc, map[string]string{"#run .trouble": "It cannot go on. no rule holds", ".chip": "■ Failed", "pre": "verdictory cases --policy cover -n 10000 --seed " + seedA.String()})
	in.Run.State = "running"
	doc = rendered(t, site(), site().Run(in), Part{})
	expect(t, doc, map[string]string{"#run .trouble p:first-child": "Waiting. no rule holds"})
}

func TestRunsPartThatGrows(t *testing.T) {
	doc := rendered(t, site(), site().Run(RunInput{Policy: cover(), Run: counted("complete", 10_000)}), Progress)
	expect(t, doc, map[string]string{"#run-label": "10,000 of 10,000 cases 100 %", "[hx-swap-oob]": "Complete: 10,000 cases counted", "h1": "", "title": "Run 78QSX0E4-10000-B · Cover · Verdictory"})
}

func TestWhatIsLeftOfARun(t *testing.T) {
	run := counted("running", 2_500)
	if got := left(run, time.Minute); got != "3\u00a0min 0\u00a0s" {
		t.Errorf("a quarter took a minute, and %s are left", got)
	}
	for d, want := range map[time.Duration]string{-time.Second: "0\u00a0s", 1499 * time.Millisecond: "1\u00a0s", 185 * time.Second: "3\u00a0min 5\u00a0s", 2*time.Hour + 10*time.Minute: "2\u00a0h 10\u00a0min"} {
		if got := span(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
