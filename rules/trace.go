package rules

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"verdictory/contract"
	"verdictory/policy"
)

// Hits gives the rules that hit in the last verdict, in order.
func (d *Decider) Hits() []contract.Hit { return d.AppendHits(nil) }

// AppendHits appends what Hits gives.
func (d *Decider) AppendHits(dst []contract.Hit) []contract.Hit {
	for i := range d.book.decisions {
		for j := range d.book.decisions[i].rules {
			if r := &d.book.decisions[i].rules[j]; d.fates[r.index] == hit {
				dst = append(dst, r.hit)
			}
		}
	}
	return dst
}

// appendHitsJSON appends the rules that hit as JSON, joined by commas.
func (d *Decider) appendHitsJSON(dst []byte) []byte {
	first := true
	for i := range d.book.decisions {
		for j := range d.book.decisions[i].rules {
			r := &d.book.decisions[i].rules[j]
			if d.fates[r.index] != hit {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(dst, r.name...)
		}
	}
	return dst
}

// Trace gives the last verdict's account.
func (d *Decider) Trace() contract.Trace {
	trace := make(contract.Trace, len(d.book.decisions))
	for i := range d.book.decisions {
		dec := &d.book.decisions[i]
		t := contract.DecisionTrace{
			Decision: dec.id, HitPolicy: dec.policy,
			Output: make(map[string]policy.Value, len(dec.outputs)), Rules: make([]contract.RuleTrace, len(dec.rules)),
		}
		for _, out := range dec.outputs {
			t.Output[out.name] = d.frame.Slots[out.slot]
		}
		for j := range dec.rules {
			t.Rules[j] = d.ruleTrace(&dec.rules[j])
		}
		trace[i] = t
	}
	return trace
}

// ruleTrace gives the account of one rule.
func (d *Decider) ruleTrace(r *rule) contract.RuleTrace {
	t := contract.RuleTrace{Rule: r.id, Because: r.because}
	if r.when != nil {
		t.When = r.when.Source()
	}
	account := r.account(d.fates[r.index])
	t.Status, t.Failed = account.status, account.failed
	for _, slot := range account.saw {
		t.Saw = append(t.Saw, contract.Saw{Field: d.book.vars[slot].Name, Value: d.frame.Slots[slot]})
	}
	return t
}

// account is what a trace says of a rule with a given fate: everything but the values seen.
type account struct {
	status contract.Status
	failed string
	saw    []int // slots

	// The same as JSON: head is the rule's object up to the values seen, keys is what stands before each of them.
	head []byte
	keys [][]byte
}

// account gives the rule's account for a fate.
func (r *rule) account(f fate) *account {
	if f >= 0 {
		return &r.misses[f]
	}
	return &r.others[-1-f]
}

// accounts prepares the accounts of a decision and its rules, so that a trace is put together from ready pieces.
func (b *Book) accounts(dec *decision) {
	head, _ := json.Marshal(contract.DecisionTrace{Decision: dec.id, HitPolicy: dec.policy})
	dec.head = bytes.TrimSuffix(head, []byte(`null,"rules":null}`)) // up to the value of output
	for k := range dec.outputs {
		dec.sorted = append(dec.sorted, k) // as json.Marshal writes a map
	}
	slices.SortFunc(dec.sorted, func(x, y int) int { return cmp.Compare(dec.outputs[x].name, dec.outputs[y].name) })
	for j := range dec.rules {
		r := &dec.rules[j]
		r.name, _ = json.Marshal(r.hit)
		var refs []int
		if r.when != nil {
			refs = r.when.Refs()
			for _, c := range r.when.Conditions() {
				r.misses = append(r.misses, b.account(r, account{status: contract.StatusMiss, failed: c.Text, saw: c.Slots}))
			}
		}
		r.others = [3]account{
			-1 - hit:       b.account(r, account{status: contract.StatusHit, saw: refs}),
			-1 - skipped:   b.account(r, account{status: contract.StatusSkipped}),
			-1 - outranked: b.account(r, account{status: contract.StatusOutranked, saw: refs}),
		}
	}
}

// account fills in the JSON of an account.
func (b *Book) account(r *rule, a account) account {
	t := contract.RuleTrace{Rule: r.id, Status: a.status, Because: r.because, Failed: a.failed}
	if r.when != nil {
		t.When = r.when.Source()
	}
	head, _ := json.Marshal(t)
	a.head = head[:len(head)-1]
	for i, slot := range a.saw {
		key := []byte(`},{"field":`)
		if i == 0 {
			key = []byte(`,"saw":[{"field":`)
		}
		name, _ := json.Marshal(b.vars[slot].Name)
		a.keys = append(a.keys, append(append(key, name...), `,"value":`...))
	}
	return a
}

// AppendTraceJSON appends the last verdict's account as JSON: the bytes of json.Marshal(d.Trace()), without the work.
func (d *Decider) AppendTraceJSON(dst []byte) []byte {
	dst = append(dst, '[')
	for i := range d.book.decisions {
		dec := &d.book.decisions[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, dec.head...)
		dst = append(dst, '{')
		for n, k := range dec.sorted {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, '"'), dec.outputs[k].name...), '"', ':')
			dst = appendEscaped(dst, d.frame.Slots[dec.outputs[k].slot])
		}
		dst = append(dst, `},"rules":[`...)
		for j := range dec.rules {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = d.appendRule(dst, &dec.rules[j])
		}
		dst = append(dst, `]}`...)
	}
	return append(dst, ']')
}

// appendRule appends the account of one rule.
func (d *Decider) appendRule(dst []byte, r *rule) []byte {
	a := r.account(d.fates[r.index])
	dst = append(dst, a.head...)
	for i, slot := range a.saw {
		dst = append(dst, a.keys[i]...)
		dst = appendEscaped(dst, d.frame.Slots[slot])
	}
	if len(a.saw) > 0 {
		dst = append(dst, `}]`...)
	}
	return append(dst, '}')
}

// appendEscaped appends a value as json.Marshal writes it, which escapes what HTML would take for a tag.
func appendEscaped(dst []byte, v policy.Value) []byte {
	start := len(dst)
	dst = v.AppendJSON(dst)
	if kind := v.Kind(); kind != policy.String && kind != policy.List || !bytes.ContainsAny(dst[start:], "<>&\u2028\u2029") {
		return dst
	}
	var escaped bytes.Buffer
	json.HTMLEscape(&escaped, dst[start:])
	return append(dst[:start], escaped.Bytes()...)
}
