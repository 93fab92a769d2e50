package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"verdictory/policy"
)

// RunState is a run as it stands: history.Run, field by field.
type RunState struct {
	policy.Run
	State   string // running, complete, stopped or failed
	Version policy.Digest
	Started time.Time
	Ended   time.Time // zero while it goes on
	Trouble string    // why it does not go on at the moment, or ended early
	Counts  Counts
}

// RunsInput is what a handler knows when it shows the runs of a policy. Count, Seed and Mode are what the form holds.
type RunsInput struct {
	Policy *policy.Policy
	Count  string
	Seed   string
	Mode   policy.Mode
	Errors map[string]string // what is wrong with a field, by its name
	Key    string            // the seed of the run that the form starts where nobody types another
	Runs   []RunState        // newest first
}

// Runs is the page of a policy's runs.
type Runs struct {
	Base
	Label string // of the policy
	URL   string // of the form: POST count, seed, mode, key
	Form  RunForm
	Rows  []RunRow
}

// RunForm is the fields of the form that starts a run. An error stands beside its field.
type RunForm struct {
	Count, Seed, Key                 string
	Modes                            []Option
	CountError, SeedError, ModeError string
	Most                             string // cases
}

// RunRow is a run in the list.
type RunRow struct {
	Code, URL string
	Count     string // 10,000
	Boundary  bool
	State     RunLabel
	Share     string // 41.2: width of the bar of what is counted, in hundredths
	Percent   string
	Mix       Mix
	Any       bool // something is counted
	When      Moment
}

// RunLabel is the word for a run's state, with its tone and mark.
type RunLabel struct{ Label, Tone, Mark string }

func (*Runs) template() string { return "runs.html" }

// Runs makes the page of a policy's runs.
func (s *Site) Runs(in RunsInput) *Runs {
	p := in.Policy
	r := &Runs{
		Base:  s.place(p, "runs", "Runs · "+p.Rules.Label),
		Label: p.Rules.Label, URL: policyURL(p.Name, "runs"),
		Form: RunForm{
			Count: in.Count, Seed: in.Seed, Key: in.Key, Most: Count(policy.MaxRun),
			CountError: in.Errors["count"], SeedError: in.Errors["seed"], ModeError: in.Errors["mode"],
			Modes: modes(in.Mode),
		},
	}
	for _, run := range in.Runs {
		r.Rows = append(r.Rows, runRow(p, run))
	}
	return r
}

func runRow(p *policy.Policy, run RunState) RunRow {
	return RunRow{
		Code: run.String(), URL: runURL(p, run), Count: Count(run.Count), Boundary: run.Mode == policy.Boundary,
		State: runLabels[run.State], Share: hundredths(run.Counts.Total, run.Count), Percent: percent(run.Counts.Total, run.Count),
		Mix: unlinked(mix(p, run.Counts)), Any: run.Counts.Total > 0, When: moment(run.Started),
	}
}

// runLabels are the states as people read them.
var runLabels = map[string]RunLabel{
	"running":  {"Running", string(policy.Neutral), marks[policy.Neutral]},
	"complete": {"Complete", string(policy.Good), marks[policy.Good]},
	"stopped":  {"Stopped", string(policy.Warn), marks[policy.Warn]},
	"failed":   {"Failed", string(policy.Bad), marks[policy.Bad]},
}

func runURL(p *policy.Policy, run RunState, rest ...string) string {
	return policyURL(p.Name, append([]string{"runs", run.String()}, rest...)...)
}

// unlinked takes the links out of a mix: the cases of a run are in no history.
func unlinked(m Mix) Mix {
	for i := range m.Key {
		m.Key[i].URL = ""
	}
	return m
}

// RunInput is what a handler knows when it shows a run.
type RunInput struct {
	Policy   *policy.Policy // at the run's version
	Outdated bool           // that is not the policy's version of today
	Run      RunState
}

// Run is the page of a run.
type Run struct {
	Base
	RunRow
	URL       string // of the page, which htmx asks for the part that grows
	Label     string // of the policy
	Version   string
	Outdated  bool
	Seed      string
	Counted   string // 4,000
	Left      string // about 12 s; empty where it is not known
	Took      string // 12 s; empty while it goes on
	Trouble   string
	Running   bool
	SoFar     SoFar
	Command   string // that gives the same cases
	Exports   []Link
	StopURL   string // empty where it cannot be stopped
	ResumeURL string // empty where it cannot go on
	RemoveURL string
	RunsURL   string

	Announcement string // what a screen reader says after a swap; empty while it goes on
}

// Progress is the part of Run that grows.
var Progress = Part{blocks: []string{"title", "progress", "live"}}

func (*Run) template() string { return "run.html" }

// Run makes the page of a run.
func (s *Site) Run(in RunInput) *Run {
	p, run := in.Policy, in.Run
	r := &Run{
		RunRow: runRow(p, run), URL: runURL(p, run), RunsURL: policyURL(p.Name, "runs"), RemoveURL: runURL(p, run, "remove"),
		Label: p.Rules.Label, Version: run.Version.Short(), Outdated: in.Outdated, Seed: run.Seed.String(),
		Counted: Count(run.Counts.Total), Trouble: run.Trouble, Running: run.State == "running",
		SoFar:   soFar(p, run.Counts),
		Command: fmt.Sprintf("verdictory cases --policy %s -n %d --seed %s", p.Name, run.Count, run.Seed),
	}
	if run.Mode == policy.Boundary {
		r.Command += " --mode boundary"
	}
	for _, e := range exports {
		r.Exports = append(r.Exports, Link{Label: e.Label, URL: r.URL + "." + e.URL})
	}
	title := "Run " + r.Code
	switch run.State {
	case "running":
		title = strings.ReplaceAll(r.Percent, "\u00a0", "") + " · " + title
		r.StopURL = runURL(p, run, "stop")
		r.Left = left(run, time.Since(run.Started))
	case "stopped", "failed":
		r.ResumeURL = runURL(p, run, "resume")
	}
	if !r.Running {
		r.Took = span(run.Ended.Sub(run.Started))
		r.Announcement = r.State.Label + ": " + plural(run.Counts.Total, "case") + " counted"
	}
	r.Base = s.place(p, "runs", title+" · "+p.Rules.Label)
	return r
}

// left guesses how long a run has to go, from how far it came in the time since it was started.
func left(run RunState, since time.Duration) string {
	if run.Counts.Total == 0 {
		return ""
	}
	return span(time.Duration(float64(since) * float64(run.Count-run.Counts.Total) / float64(run.Counts.Total)))
}

// span writes a time between two moments: 12 s, 3 min 5 s, 2 h 10 min.
func span(d time.Duration) string {
	seconds := int(max(d, 0).Round(time.Second) / time.Second)
	texts := []string{strconv.Itoa(seconds%60) + "\u00a0s"}
	if minutes := seconds / 60; minutes > 0 {
		texts = []string{strconv.Itoa(minutes%60) + "\u00a0min", texts[0]}
		if hours := minutes / 60; hours > 0 {
			texts = []string{strconv.Itoa(hours) + "\u00a0h", texts[0]}
		}
	}
	return strings.Join(texts, " ")
}
