package page

import (
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// WorkbenchInput is what a handler knows when it shows the workbench: at /{policy} without a case, and at
// /{policy}/{code} and in the answer of a form with one.
type WorkbenchInput struct {
	Policy     *policy.Policy       // the version of the case shown, else the current one
	Key        string               // idempotency key for the next form
	Mode       policy.Mode          // that the next case is to be drawn in; empty is that of Case, or random
	Case       *contract.Case       // nil where none is shown
	Stale      bool                 // the case belongs to another version of the policy than the current one
	Trace      contract.Trace       // of Case; nil where the rules service did not answer
	Drawn      *Pair                // the objects as their seeds draw them, where Case was edited; nil if not known
	Boundaries *contract.Boundaries // offered when a field is edited; nil if not known
	Counts     Counts               // of the current version
	Latest     []contract.Case      // newest first
	JSONURL    string               // of Case
	Seed       Typed                // what was typed into the seed form, if anything
	Edit       Typed                // what was typed to edit Field, if anything
	Failure    *Failure             // why the cards are not what was asked for
}

// Pair is the two objects of a case.
type Pair struct{ Who, What policy.Object }

// Typed is a form's text as a person typed it, and what is wrong with it.
type Typed struct {
	Field string // driver.age; unused for the seed
	Text  string
	Error string // empty where nothing is wrong
}

// Failure is a case that could not be made.
type Failure struct {
	Err       *contract.Error
	RequestID string
	Keep      string // the object that was to be kept by a re-roll: who, what, or empty
	URL       string // the page that was asked for, where it was a GET; trying again is then a link to it
}

// Workbench is the page of three cards, with or without a case.
type Workbench struct {
	Base
	Heading  string
	Lead     string // what a reader must know before relying on the policy, or what it is about
	Version  string // short
	RulesURL string

	GenerateURL string // POST key, mode, from, and who= or what= to keep that one
	Key         string
	From        string // the code of the case shown
	Modes       []Option
	Seed        SeedForm

	Shown      bool
	Cards      []Card // who, what
	Verdict    VerdictCard
	Why        Why
	SoFar      SoFar
	Latest     []Row
	HistoryURL string
	Provenance *Provenance
	Trouble    *Trouble // one that belongs to no card

	Announcement string // what a screen reader says after a swap
}

// SeedForm takes a code or two seeds. Text is as it was typed.
type SeedForm struct {
	Open        bool
	Text, Error string
}

// Card is the card of a generated object.
type Card struct {
	Role     string // who, what
	Label    string
	About    string
	Seed     string // empty where there is none
	Edited   bool
	Keep     string // name of the re-roll button: the other object, which it keeps
	KeepSeed string // and its seed; empty where there is nothing to keep
	Empty    bool
	Fields   []CardField
	Trouble  *Trouble
}

// CardField is a field of an object, and the form that edits it.
type CardField struct {
	ID    string // of its element
	Name  string // driver.age: the form's field
	Label string
	Note  string
	Value Quantity
	Was   string // as the seed draws it; empty where it is not edited
	Long  bool   // a text that takes a line of its own
	Edit  *EditForm
}

// EditForm is the form of one field: POST URL key, Name=text.
type EditForm struct {
	URL     string
	Open    bool
	Kind    string // select, date, text
	Mode    string // inputmode of a text: numeric, decimal, text
	Text    string
	Unit    string
	Error   string
	Options []Option // of a select
	Limits  []Option // values at which a rule turns
}

// VerdictCard is the card of the third object.
type VerdictCard struct {
	Label         string
	Code          string
	URL           string
	Empty         bool
	Outcome       Outcome
	Headline      string
	HeadlineLabel string
	Because       []string
	Fields        []CardField
	Trouble       *Trouble
	Invitation    string // what the empty card says
}

// Trouble is an error in its place on the page, and the way to try again: a link where RetryURL is set, else a button
// of the form RetryForm.
type Trouble struct {
	Title, Message string
	RequestID      string
	Issues         []string
	RetryURL       string
	RetryForm      string
	RetryName      string // name and value of the button; empty for none
	RetryValue     string
}

// Provenance says where a case comes from.
type Provenance struct {
	Code, URL, JSONURL string
	Who, What          string // labels of the objects
	WhoSeed, WhatSeed  string
	Mode               string
	Version            string
	Stale              bool
	Created            Moment // empty where the case is not stored
	Edited             bool
	UneditedURL        string // the case without its edits; empty where it has none
}

// Why is the trace, rule by rule.
type Why struct {
	Summary   string // 4 decisions, 7 rules hit of 34
	Known     bool   // the trace is there; else Summary says why it is not
	Decisions []DecisionTrace
}

// DecisionTrace is the account of one decision.
type DecisionTrace struct {
	ID, Label, URL string
	Policy         string // hit policy
	Output         string // what it gave
	Hits, Others   []RuleTrace
	OthersText     string // 9 rules did not hit
}

// RuleTrace is the account of one rule.
type RuleTrace struct {
	Rule, URL  string
	Status     string // hit, miss, skipped
	Mark, Word string // ✕ and missed, – and not looked at
	Condition  string // of a miss the first condition that failed
	Saw        []string
	Because    string
}

func (*Workbench) template() string { return "workbench.html" }

// Workbench makes the workbench.
func (s *Site) Workbench(in WorkbenchInput) *Workbench {
	p, v := in.Policy, s.view(in.Policy)
	if in.Mode == "" && in.Case != nil {
		in.Mode = in.Case.Code.Mode
	}
	w := &Workbench{
		Base:    s.place(p, "workbench", p.Rules.Label),
		Heading: p.Rules.Title, Lead: lead(p),
		Version: p.Digest.Short(), RulesURL: policyURL(p.Name, "rules"),
		GenerateURL: policyURL(p.Name, "cases"), Key: in.Key,
		Modes:      modes(in.Mode),
		Seed:       SeedForm{Open: in.Seed.Text != "" || in.Seed.Error != "", Text: in.Seed.Text, Error: in.Seed.Error},
		Why:        Why{Summary: "Here each rule says whether it hit, which condition failed, and what it saw."},
		SoFar:      soFar(p, in.Counts),
		HistoryURL: policyURL(p.Name, "history"),
	}
	for _, c := range in.Latest {
		row := v.row(c)
		row.Current = in.Case != nil && c.Code == in.Case.Code
		w.Latest = append(w.Latest, row)
	}
	w.Cards = []Card{v.card(in, contract.RoleWho), v.card(in, contract.RoleWhat)}
	w.Verdict = v.verdict(in.Case)
	if in.Case != nil {
		w.show(v, in)
	}
	if in.Failure != nil {
		w.fail(in)
	}
	return w
}

// lead is the notice, without which nobody should read on, else what the policy is about.
func lead(p *policy.Policy) string {
	if p.Rules.Notice != "" {
		return p.Rules.Notice
	}
	return p.Rules.About
}

// show adds what only a case has.
func (w *Workbench) show(v *view, in WorkbenchInput) {
	c := in.Case
	w.Shown, w.From = true, c.Code.String()
	w.Title = w.From + " · " + w.Title
	if in.Trace != nil {
		w.Why = v.why(in.Trace)
	} else {
		w.Why.Summary = "The rules service does not answer, so the reasons are not shown."
	}
	w.Provenance = &Provenance{
		Code: w.From, URL: policyURL(v.policy.Name, w.From), JSONURL: ownURL(in.JSONURL),
		Who: v.policy.Who.Label, What: v.policy.What.Label,
		WhoSeed: c.Code.Who.String(), WhatSeed: c.Code.What.String(), Mode: string(c.Code.Mode),
		Version: c.Version.Short(), Stale: in.Stale, Created: moment(c.Created), Edited: c.Code.Edit != "",
	}
	if c.Code.Edit != "" {
		unedited := c.Code
		unedited.Edit = ""
		w.Provenance.UneditedURL = policyURL(v.policy.Name, unedited.String())
	}
	w.Announcement = strings.Join(nonEmpty(
		strings.Join(nonEmpty(w.Verdict.Outcome.Label, w.Verdict.Headline), ", "), strings.Join(w.Verdict.Because, " "),
	), ". ")
}

// fail puts the failure into the card of the service that failed.
func (w *Workbench) fail(in WorkbenchInput) {
	t := trouble(in.Failure.Err, in.Failure.RequestID)
	t.RetryURL = ownURL(in.Failure.URL)
	switch {
	case t.RetryURL != "":
	case in.Edit.Field != "":
		t.RetryForm = "edit-" + fieldID(in.Edit.Field)
	case in.Seed.Text != "":
		t.RetryForm = "seed"
	default:
		t.RetryForm = "generate"
		if in.Case != nil && in.Failure.Keep == contract.RoleWho {
			t.RetryName, t.RetryValue = contract.RoleWho, in.Case.Code.Who.String()
		}
		if in.Case != nil && in.Failure.Keep == contract.RoleWhat {
			t.RetryName, t.RetryValue = contract.RoleWhat, in.Case.Code.What.String()
		}
	}
	switch service := in.Failure.Err.Service; {
	case strings.Contains(service, "(who)"):
		w.Cards[0].Trouble = &t
	case strings.Contains(service, "(what)"):
		w.Cards[1].Trouble = &t
	case service != "" || in.Failure.Err.Code == contract.NoVerdict:
		w.Verdict.Trouble = &t
	default:
		w.Trouble = &t
	}
	w.Announcement = t.Title + ". " + t.Message
}

func nonEmpty(texts ...string) []string {
	var some []string
	for _, t := range texts {
		if t != "" {
			some = append(some, t)
		}
	}
	return some
}

func (v *view) card(in WorkbenchInput, role string) Card {
	doc, keep := v.policy.Who, contract.RoleWhat
	if role == contract.RoleWhat {
		doc, keep = v.policy.What, contract.RoleWho
	}
	card := Card{Role: role, Label: doc.Label, About: doc.About, Keep: keep, Empty: in.Case == nil}
	if in.Case == nil {
		card.Fields = blank(doc.Shape)
		return card
	}
	object, seed, other := in.Case.Who, in.Case.Code.Who, in.Case.Code.What
	if role == contract.RoleWhat {
		object, seed, other = in.Case.What, other, seed
	}
	card.Seed, card.KeepSeed = seed.String(), other.String()
	for i, c := range object.Shape.Columns {
		qualified := object.Shape.Name + "." + c.Name
		col := v.columnOf(object.Shape, i)
		shown := field(qualified, col, object.Values[i])
		if in.Drawn != nil {
			drawn := in.Drawn.Who
			if role == contract.RoleWhat {
				drawn = in.Drawn.What
			}
			if was := drawn.Get(c.Name); !was.Equal(object.Values[i]) {
				shown.Was = col.quantity(was).Before + col.quantity(was).Text
				card.Edited = true
			}
		}
		if !c.Text && c.Kind != policy.List {
			shown.Edit = v.editForm(in, role, qualified, col, object.Values[i])
		}
		card.Fields = append(card.Fields, shown)
	}
	return card
}

// blank is a shape's fields without values: the card of a case to come.
func blank(shape *policy.Shape) []CardField {
	var fields []CardField
	for _, c := range shape.Columns {
		fields = append(fields, CardField{ID: fieldID(shape.Name + "." + c.Name), Name: shape.Name + "." + c.Name, Label: c.Label, Note: c.Note})
	}
	return fields
}

// fieldID is the id of a field's element: driver.age is f-driver-age. Names hold no hyphen, so no two ids are alike.
func fieldID(qualified string) string { return "f-" + strings.ReplaceAll(qualified, ".", "-") }

// longText is from how many characters a text takes a line of its own in a card.
const longText = 44

func field(qualified string, c column, value policy.Value) CardField {
	q := c.quantity(value)
	return CardField{
		ID: fieldID(qualified), Name: qualified, Label: c.Label, Note: c.Note, Value: q,
		Long: len([]rune(q.Text)) > longText,
	}
}

func (v *view) editForm(in WorkbenchInput, role, qualified string, c column, value policy.Value) *EditForm {
	form := &EditForm{
		URL:  policyURL(v.policy.Name, "cases", in.Case.Code.String(), "edit"),
		Kind: "text", Mode: "text", Text: plain(c.Column, value), Unit: c.Unit,
	}
	if in.Edit.Field == qualified {
		form.Open, form.Text, form.Error = true, in.Edit.Text, in.Edit.Error
	}
	switch {
	case c.Kind == policy.Bool:
		form.Kind = "select"
		form.Options = options([]string{"yes", "no"}, form.Text)
	case c.Kind == policy.Date:
		form.Kind = "date"
	case len(c.Labels) > 0:
		form.Kind = "select"
		form.Options = options(c.Labels, form.Text)
	case c.Kind == policy.Number || c.Decimals > 0:
		form.Mode = "decimal"
	case c.Kind == policy.Int:
		form.Mode = "numeric"
	}
	if form.Kind != "select" {
		form.Limits = limits(in.Boundaries, role, c, value)
	}
	return form
}

// options lists the values of a select; one that is not among them is kept, so that the form never changes what it shows.
func options(values []string, selected string) []Option {
	var list []Option
	found := false
	for _, value := range values {
		list = append(list, Option{Value: value, Label: value, Selected: value == selected})
		found = found || value == selected
	}
	if !found {
		list = append([]Option{{Value: selected, Label: selected, Selected: true}}, list...)
	}
	return list
}

// maxLimits is how many of a field's boundary values are offered: those nearest to its value.
const maxLimits = 9

func limits(b *contract.Boundaries, role string, c column, value policy.Value) []Option {
	if b == nil {
		return nil
	}
	fields := b.Who
	if role == contract.RoleWhat {
		fields = b.What
	}
	var list []Option
	for _, f := range fields {
		if f.Field != c.Name {
			continue
		}
		for _, limit := range nearest(f.Values, value) {
			list = append(list, Option{Value: plain(c.Column, limit), Label: c.quantity(limit).Before + c.quantity(limit).Text, Selected: limit.Equal(value)})
		}
	}
	return list
}

// nearest gives the window of maxLimits ascending values around a value.
func nearest(values []policy.Value, value policy.Value) []policy.Value {
	at := 0
	for at < len(values) && less(values[at], value) {
		at++
	}
	from := max(0, min(at-maxLimits/2, len(values)-maxLimits))
	return values[from:min(len(values), from+maxLimits)]
}

func less(a, b policy.Value) bool {
	if a.Kind() == policy.Number && b.Kind() == policy.Number {
		return a.Number() < b.Number()
	}
	return a.Int() < b.Int()
}

func (v *view) verdict(c *contract.Case) VerdictCard {
	rules := v.policy.Rules
	card := VerdictCard{Label: rules.Verdict.Label, Empty: c == nil}
	if c == nil {
		card.Invitation = "Generate draws the " + lowerFirst(v.policy.Who.Label) + " and the " + lowerFirst(v.policy.What.Label) + ", and the rules decide."
		for _, f := range blank(rules.Verdict.Shape) {
			if !strings.HasSuffix(f.Name, "."+rules.Outcome.Field) && (rules.Outcome.Headline == "" || !strings.HasSuffix(f.Name, "."+rules.Outcome.Headline)) {
				card.Fields = append(card.Fields, f)
			}
		}
		return card
	}
	card.Code = c.Code.String()
	card.URL = policyURL(v.policy.Name, card.Code)
	card.Outcome = outcome(v.policy, c.Outcome)
	card.HeadlineLabel, card.Headline = v.headline(c.Verdict)
	card.Because = v.reasons(c.Hits)
	for i, col := range c.Verdict.Shape.Columns {
		if col.Name == rules.Outcome.Field || col.Name == rules.Outcome.Headline {
			continue
		}
		qualified := c.Verdict.Shape.Name + "." + col.Name
		card.Fields = append(card.Fields, field(qualified, v.columnOf(c.Verdict.Shape, i), c.Verdict.Values[i]))
	}
	return card
}

// modes are the choice of a form: random where nothing is chosen.
func modes(chosen policy.Mode) []Option {
	return []Option{
		{Value: string(policy.Random), Label: "Random", Selected: chosen != policy.Boundary},
		{Value: string(policy.Boundary), Label: "Boundary", Selected: chosen == policy.Boundary},
	}
}
