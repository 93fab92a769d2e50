package rules

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"verdictory/contract"
	"verdictory/expr"
	"verdictory/policy"
)

// MaxText is how many bytes of text, beyond the labels of choices, one verdict may take in and give out on the way. It
// keeps a trace, which repeats what conditions saw, within a few MiB whatever a rule book does.
const MaxText = 16 << 10

// Decider is one worker's scratch: it derives verdicts one after the other, and remembers the last one's trace.
type Decider struct {
	book  *Book
	frame expr.Frame
	fates []fate // by rule
	hits  []int  // the positions of the rules that hit in the decision under way
	rows  []policy.Value
	text  int // bytes of text so far

	outcome string
}

// fate is what became of a rule: one of these, or the index of the condition that failed.
type fate int16

const (
	hit       fate = -1
	skipped   fate = -2
	outranked fate = -3
)

// NewDecider makes the scratch of one worker.
func (b *Book) NewDecider() *Decider {
	return &Decider{
		book:  b,
		frame: expr.Frame{Slots: make([]policy.Value, len(b.vars))},
		fates: make([]fate, b.rules),
	}
}

// Decide derives the verdict from two objects' values, each in its shape's order, and fills verdict in the order of the
// verdict's shape. Kinds and labels are taken as checked (policy.DecodeObject does it); texts that rules cannot see may
// be absent. It allocates nothing but the texts and lists that expressions make.
//
// The error is a *contract.Error: NoVerdict, which names the decision, the rules and the reason, or Invalid for objects
// with more text than MaxText. The verdict and the trace are then not to be used.
func (d *Decider) Decide(who, what, verdict []policy.Value) error {
	d.text = 0
	if err := d.load(d.book.who, d.book.whoSlots, who); err != nil {
		return err
	}
	if err := d.load(d.book.what, d.book.whatSlots, what); err != nil {
		return err
	}
	for i := range d.book.decisions {
		if err := d.decide(&d.book.decisions[i]); err != nil {
			return err
		}
	}
	for i, p := range d.book.fields {
		v, err := p.Eval(&d.frame)
		if err != nil {
			return d.fieldError(i, err)
		}
		if !d.room(v) {
			return noVerdict(nil, "the field %s of the %s brings the verdict's texts over %d bytes", d.book.verdict.Columns[i].Name, d.book.verdict.Name, MaxText)
		}
		verdict[i] = v
	}
	d.outcome = verdict[d.book.outcome].Text()
	if !slices.Contains(d.book.outcomes, d.outcome) {
		return noVerdict(nil, "the outcome %s is %q, which is not among its values %s",
			d.book.verdict.Columns[d.book.outcome].Name, clip(d.outcome), strings.Join(d.book.outcomes, ", "))
	}
	return nil
}

// Outcome gives the last verdict's outcome.
func (d *Decider) Outcome() string { return d.outcome }

// load puts an object's values into the frame.
func (d *Decider) load(shape *policy.Shape, slots []slot, values []policy.Value) error {
	for _, s := range slots {
		v := values[s.column]
		d.frame.Slots[s.slot] = v
		if v.Kind() == policy.String && shape.Columns[s.column].Labels == nil && !d.room(v) {
			return &contract.Error{Code: contract.Invalid, Message: fmt.Sprintf("%s.%s brings the texts of this pair over %d bytes: write less.",
				shape.Name, shape.Columns[s.column].Name, MaxText)}
		}
	}
	return nil
}

// room counts a value's text and reports whether the verdict is still within MaxText.
func (d *Decider) room(v policy.Value) bool {
	switch v.Kind() {
	case policy.String:
		d.text += len(v.Text())
	case policy.List:
		for _, w := range v.List() {
			d.text += len(w.Text())
		}
	}
	return d.text <= MaxText
}

// decide evaluates a decision: which rules hit, and what they give together.
func (d *Decider) decide(dec *decision) error {
	d.hits = d.hits[:0]
	for i := range dec.rules {
		r := &dec.rules[i]
		if r.when != nil {
			failed, err := r.when.FirstFailing(&d.frame)
			if err != nil {
				return dec.ruleError(r, err)
			}
			if failed >= 0 {
				d.fates[r.index] = fate(failed)
				continue
			}
		}
		d.fates[r.index] = hit
		d.hits = append(d.hits, i)
		if dec.policy == policy.First {
			for _, later := range dec.rules[i+1:] {
				d.fates[later.index] = skipped
			}
			break
		}
	}
	var err error
	if len(d.hits) == 0 {
		err = d.settleMissing(dec)
	} else {
		err = dec.settle(d, dec)
	}
	if err != nil {
		return err
	}
	for i := range dec.outputs {
		if !d.room(d.frame.Slots[dec.outputs[i].slot]) {
			return dec.noVerdict(nil, "its output %s brings the verdict's texts over %d bytes", dec.outputs[i].name, MaxText)
		}
	}
	return nil
}

// settlers are how each hit policy makes the decision's outputs of its hits, of which there is at least one.
var settlers = map[policy.HitPolicy]func(*Decider, *decision) error{
	policy.Unique: (*Decider).settleUnique, policy.First: (*Decider).settleOne, policy.Any: (*Decider).settleAny,
	policy.Priority: (*Decider).settlePriority, policy.OutputOrder: (*Decider).settleOutputOrder,
	policy.RuleOrder: (*Decider).settleList, policy.Collect: (*Decider).settleList,
	policy.CollectSum: (*Decider).settleSum, policy.CollectMin: (*Decider).settleLeast, policy.CollectMax: (*Decider).settleMost,
	policy.CollectCount: (*Decider).settleCount,
}

// settleMissing gives the default, as if one rule had given it; without one, what the hit policy makes of no rules.
func (d *Decider) settleMissing(dec *decision) error {
	for k := range dec.outputs {
		out := &dec.outputs[k]
		var v policy.Value
		switch {
		case dec.fallback != nil:
			var err error
			if v, err = dec.fallback[k].Eval(&d.frame); err != nil {
				return dec.noVerdict(err, "its default gives no %s: %s", out.name, reason(err))
			}
			if dec.lists() {
				v = policy.ListValue([]policy.Value{v})
			}
		case dec.lists():
			v = policy.ListValue(nil)
		case dec.policy == policy.CollectCount:
			v = policy.IntValue(0)
		default:
			return dec.noVerdict(nil, "none of its %d rules hits, and it has no default", len(dec.rules))
		}
		d.frame.Slots[out.slot] = v
	}
	return nil
}

// settleOne gives the outputs of the first hit, which is the only one.
func (d *Decider) settleOne(dec *decision) error {
	return d.give(dec, &dec.rules[d.hits[0]])
}

// give puts a rule's outputs into the frame.
func (d *Decider) give(dec *decision, r *rule) error {
	for k, p := range r.then {
		v, err := p.Eval(&d.frame)
		if err != nil {
			return dec.ruleError(r, err)
		}
		d.frame.Slots[dec.outputs[k].slot] = v
	}
	return nil
}

func (d *Decider) settleUnique(dec *decision) error {
	if len(d.hits) > 1 {
		return dec.noVerdict(nil, "the rules %s hit, and its hit policy unique allows one", d.names(dec))
	}
	return d.settleOne(dec)
}

func (d *Decider) settleAny(dec *decision) error {
	if err := d.evaluate(dec); err != nil {
		return err
	}
	n := len(dec.outputs)
	for i := n; i < len(d.rows); i++ {
		if first, v := d.rows[i%n], d.rows[i]; !v.Equal(first) {
			return dec.noVerdict(nil, "the rules %s and %s hit with %s %s and %s, and its hit policy any allows only equal outputs",
				dec.rules[d.hits[0]].id, dec.rules[d.hits[i/n]].id, dec.outputs[i%n].name, clip(first.String()), clip(v.String()))
		}
	}
	d.row(dec, 0)
	return nil
}

// evaluate puts the outputs of all hits into d.rows, hit by hit.
func (d *Decider) evaluate(dec *decision) error {
	d.rows = d.rows[:0]
	for _, i := range d.hits {
		r := &dec.rules[i]
		for _, p := range r.then {
			v, err := p.Eval(&d.frame)
			if err != nil {
				return dec.ruleError(r, err)
			}
			d.rows = append(d.rows, v)
		}
	}
	return nil
}

// row puts the outputs of the hit at i into the frame.
func (d *Decider) row(dec *decision, i int) {
	n := len(dec.outputs)
	for k, v := range d.rows[i*n : i*n+n] {
		d.frame.Slots[dec.outputs[k].slot] = v
	}
}

// settlePriority gives the outputs of the hit that ranks highest; of several that rank the same, the first one's, which
// DMN leaves open.
func (d *Decider) settlePriority(dec *decision) error {
	if err := d.evaluateRanked(dec); err != nil {
		return err
	}
	best := 0
	for i := range d.hits {
		if d.outranks(dec, i, best) {
			best = i
		}
	}
	for i, r := range d.hits {
		if i != best {
			d.fates[dec.rules[r].index] = outranked
		}
	}
	d.row(dec, best)
	return nil
}

// settleOutputOrder gives lists of the outputs in decreasing priority; of hits that rank the same, in the rules' order.
func (d *Decider) settleOutputOrder(dec *decision) error {
	if err := d.evaluateRanked(dec); err != nil {
		return err
	}
	order := make([]int, len(d.hits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case d.outranks(dec, a, b):
			return -1
		case d.outranks(dec, b, a):
			return 1
		}
		return 0
	})
	d.lists(dec, order)
	return nil
}

// evaluateRanked is evaluate for outputs that must be among their decision's ordered values.
func (d *Decider) evaluateRanked(dec *decision) error {
	if err := d.evaluate(dec); err != nil {
		return err
	}
	n := len(dec.outputs)
	for i, v := range d.rows {
		if out := &dec.outputs[i%n]; out.ranks != nil && out.rank(v) < 0 {
			return dec.noVerdict(nil, "the rule %s gives the %s %s, which is not among the values that order it",
				dec.rules[d.hits[i/n]].id, out.name, clip(v.String()))
		}
	}
	return nil
}

// outranks reports whether the hit at a ranks above the one at b: by the first output in which their ranks differ.
func (d *Decider) outranks(dec *decision, a, b int) bool {
	n := len(dec.outputs)
	for k := range dec.outputs {
		out := &dec.outputs[k]
		if ra, rb := out.rank(d.rows[a*n+k]), out.rank(d.rows[b*n+k]); ra != rb {
			return ra < rb
		}
	}
	return false
}

// rank gives the position of a value in the output's ordered values, -1 where it is not among them or there are none.
func (o *output) rank(v policy.Value) int { return slices.IndexFunc(o.ranks, v.Equal) }

// settleList gives lists of the outputs in the rules' order: what rule order demands, and collect allows.
func (d *Decider) settleList(dec *decision) error {
	if err := d.evaluate(dec); err != nil {
		return err
	}
	order := make([]int, len(d.hits))
	for i := range order {
		order[i] = i
	}
	d.lists(dec, order)
	return nil
}

// lists puts a list of each output into the frame, the hits in the given order.
func (d *Decider) lists(dec *decision, order []int) {
	n := len(dec.outputs)
	for k := range dec.outputs {
		values := make([]policy.Value, len(order))
		for i, row := range order {
			values[i] = d.rows[row*n+k]
		}
		d.frame.Slots[dec.outputs[k].slot] = policy.ListValue(values)
	}
}

func (d *Decider) settleSum(dec *decision) error {
	if err := d.evaluate(dec); err != nil {
		return err
	}
	out := &dec.outputs[0]
	var whole int64
	var number float64
	for _, v := range d.rows {
		if out.kind == policy.Number {
			number += v.Number()
			continue
		}
		if n := v.Int(); n > 0 && whole > math.MaxInt64-n || n < 0 && whole < math.MinInt64-n {
			return dec.noVerdict(nil, "the sum of the %s that the rules %s give is beyond 64 bits", out.name, d.names(dec))
		}
		whole += v.Int()
	}
	if math.IsInf(number, 0) {
		return dec.noVerdict(nil, "the sum of the %s that the rules %s give is not a finite number", out.name, d.names(dec))
	}
	sum := policy.IntValue(whole)
	if out.kind == policy.Number {
		sum = policy.NumberValue(number)
	}
	d.frame.Slots[out.slot] = sum
	return nil
}

func (d *Decider) settleLeast(dec *decision) error { return d.settleExtreme(dec, -1) }

func (d *Decider) settleMost(dec *decision) error { return d.settleExtreme(dec, 1) }

// settleExtreme gives the greatest of the outputs, or the least where sign is -1.
func (d *Decider) settleExtreme(dec *decision, sign int) error {
	if err := d.evaluate(dec); err != nil {
		return err
	}
	best := d.rows[0]
	for _, v := range d.rows[1:] {
		order := cmp.Compare(v.Int(), best.Int())
		if v.Kind() == policy.Number {
			order = cmp.Compare(v.Number(), best.Number())
		}
		if order == sign {
			best = v
		}
	}
	d.frame.Slots[dec.outputs[0].slot] = best
	return nil
}

// settleCount gives the number of hits. Their outputs do not matter to it and are not evaluated.
func (d *Decider) settleCount(dec *decision) error {
	d.frame.Slots[dec.outputs[0].slot] = policy.IntValue(int64(len(d.hits)))
	return nil
}

// names lists the rules that hit, for people.
func (d *Decider) names(dec *decision) string {
	ids := make([]string, len(d.hits))
	for i, j := range d.hits {
		ids[i] = dec.rules[j].id
	}
	return strings.Join(ids[:len(ids)-1], ", ") + " and " + ids[len(ids)-1]
}

// fieldError is the error of a verdict's field.
func (d *Decider) fieldError(i int, err error) error {
	return noVerdict(err, "the field %s of the %s cannot be worked out: %s", d.book.verdict.Columns[i].Name, d.book.verdict.Name, reason(err))
}

// ruleError is the error of an expression of one of the decision's rules.
func (dec *decision) ruleError(r *rule, err error) error {
	return dec.noVerdict(err, "its rule %s cannot be worked out: %s", r.id, reason(err))
}

// noVerdict is the error of a decision that gives nothing.
func (dec *decision) noVerdict(cause error, format string, args ...any) error {
	return noVerdict(cause, "in the decision %s (%s) "+format, append([]any{dec.id, dec.label}, args...)...)
}

// noVerdict makes the error for objects that the rules give no verdict.
func noVerdict(cause error, format string, args ...any) error {
	return &contract.Error{Code: contract.NoVerdict, Message: "There is no verdict: " + fmt.Sprintf(format, args...) + ".", Cause: cause}
}

// reason gives an evaluation's error for people.
func reason(err error) string {
	var e *expr.Error
	errors.As(err, &e)
	return e.Error()
}

// clip cuts a long text for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
