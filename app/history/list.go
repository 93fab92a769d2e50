package history

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"verdictory/contract"
	"verdictory/policy"
)

// Origin says whether a case came from its seeds or from a person.
type Origin string

// The origins.
const (
	Generated Origin = "generated" // a function of its code
	Edited    Origin = "edited"    // a person changed a field of it
)

// Filter says which cases to list; the zero value of a part filters nothing, and all parts must hold. Without a Policy,
// which lists the cases of all policies, only From and To may be given.
type Filter struct {
	Policy   string
	Outcome  string
	Rule     contract.Hit // a rule that hit
	Mode     policy.Mode
	Origin   Origin
	From, To time.Time // stored at From or later, and before To
	// Text is words, at most 16, that the case has in its texts, labels or code. Words are runs of letters and digits;
	// they must match whole, large and small letters alike. A text without any word finds nothing.
	Text string
}

// Page is one page of a list, newest first.
type Page struct {
	Cases []contract.Case
	// Next is the cursor of the next page, empty at the end. A page may have fewer cases than asked for, or none, and
	// still a next page: where a filter's parts seldom meet, a page ends after looking at 1,200 cases.
	Next string
	// Searched is how far back such a page looked; zero for a page that is full or the last.
	Searched time.Time
}

// MaxLimit is the most cases that a page may be asked for.
const MaxLimit = 500

// List gives the page of the filter's cases that follows the cursor, the first page for the cursor "". Invalid: the
// cursor is not one that List gave, the limit is not from 1 to MaxLimit, or the filter cannot be.
func (s *Store) List(ctx context.Context, f Filter, cursor string, limit int) (Page, error) {
	q, err := f.query()
	if err != nil {
		return Page{}, err
	}
	if q.before, err = q.readCursor(cursor); err != nil {
		return Page{}, err
	}
	if limit < 1 || limit > MaxLimit {
		return Page{}, invalid("The limit is %d: write a number from 1 to %d.", limit, MaxLimit)
	}
	q.examine = s.examine
	return s.page(ctx, q, limit)
}

// Each gives every case of the filter to yield, newest first, and stops at yield's first error, which it returns. Cases
// that are stored meanwhile may be missed.
func (s *Store) Each(ctx context.Context, f Filter, yield func(contract.Case) error) error {
	q, err := f.query()
	q.examine = 10 * s.examine // nobody waits for the page
	for more := true; more && err == nil; {
		var page Page
		page, err = s.page(ctx, q, MaxLimit)
		for i := 0; i < len(page.Cases) && err == nil; i++ {
			err = yield(page.Cases[i])
		}
		if more = page.Next != ""; more {
			q.before, _ = q.readCursor(page.Next)
		}
	}
	return err
}

// query is a filter as the index takes it: the cases that have all terms and whose id lies between.
type query struct {
	terms        []int64
	none         bool  // nothing can match
	from, before int64 // from is included
	examine      int   // how many candidates are examined for a page at most
}

// query gives the filter's terms and range.
func (f Filter) query() (query, error) {
	q := query{before: maxID}
	if !f.From.IsZero() {
		q.from = firstID(f.From)
	}
	if !f.To.IsZero() {
		q.before = firstID(f.To)
	}
	words := wordsOf(nil, f.Text, maxSearchWords+1)
	if len(words) > maxSearchWords {
		return q, invalid("The search has too many words: write at most %d.", maxSearchWords)
	}
	q.none = len(words) == 0 && strings.TrimSpace(f.Text) != ""
	add := func(kind, text string) { q.terms = append(q.terms, term(f.Policy, kind, text)) }
	for _, part := range []struct{ kind, text string }{{termOutcome, f.Outcome}, {termMode, string(f.Mode)}, {termOrigin, string(f.Origin)}} {
		if part.text != "" {
			add(part.kind, part.text)
		}
	}
	if f.Rule != (contract.Hit{}) {
		add(termRule, f.Rule.String())
	}
	for _, word := range words {
		add(termWord, word)
	}
	if f.Policy == "" && q.terms != nil {
		return q, invalid("A list of all policies can be filtered by time alone: choose a policy.")
	}
	if f.Policy != "" && q.terms == nil { // the others hold the policy too
		add(termPolicy, "")
	}
	return q, nil
}

func invalid(format string, args ...any) error {
	return &contract.Error{Code: contract.Invalid, Message: fmt.Sprintf(format, args...)}
}

// cursorVersion is the first byte of a cursor; the other eight are the id before which to go on.
const cursorVersion = 1

func writeCursor(before int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64([]byte{cursorVersion}, uint64(before)))
}

// readCursor gives the id before which the cursor's page starts.
func (q query) readCursor(cursor string) (before int64, err error) {
	if cursor == "" {
		return q.before, nil
	}
	wrong := invalid("The place to go on from is not one that this list gave: start again from its first page.")
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != 9 {
		return 0, wrong
	}
	before = int64(binary.BigEndian.Uint64(raw[1:]))
	if before < 0 || writeCursor(before) != cursor {
		return 0, wrong
	}
	return min(q.before, before), nil
}

// page reads the query's next page.
func (s *Store) page(ctx context.Context, q query, limit int) (Page, error) {
	var page Page
	if q.none {
		return page, nil
	}
	err := s.bounded(ctx, "list cases", func(ctx context.Context) error {
		ids, next, err := s.find(ctx, q, limit)
		page.Next = next
		if next != "" && len(ids) < limit {
			q.before, _ = q.readCursor(next)
			page.Searched = created(q.before)
		}
		if err != nil || len(ids) == 0 {
			return err
		}
		var rows []caseRow
		err = s.read.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).OrderExpr("id DESC").Scan(ctx)
		page.Cases = make([]contract.Case, len(rows))
		for i := 0; i < len(rows) && err == nil; i++ {
			page.Cases[i], err = s.decode(ctx, &rows[i])
		}
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// The sizes of a search.
const (
	sample     = 256   // how many entries of a term are passed to see how dense it is
	firstChunk = 256   // candidates examined at first, then four times as many as were
	maxExamine = 1_200 // candidates examined for a page: about 3 milliseconds where four other terms are probed
)

// find gives the ids of the query's next cases, newest first, and the cursor of the page behind them.
func (s *Store) find(ctx context.Context, q query, limit int) (ids []int64, next string, err error) {
	switch len(q.terms) {
	case 0:
		err = s.read.NewRaw("SELECT id FROM cases WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?", q.from, q.before, limit+1).Scan(ctx, &ids)
	case 1:
		err = s.read.NewRaw("SELECT case_id FROM case_terms WHERE term = ? AND case_id >= ? AND case_id < ? ORDER BY case_id DESC LIMIT ?",
			q.terms[0], q.from, q.before, limit+1).Scan(ctx, &ids)
	default:
		ids, next, err = s.intersect(ctx, q, limit)
	}
	if len(ids) > limit {
		ids = ids[:limit]
		next = writeCursor(ids[limit-1])
	}
	return ids, next, err
}

// intersect finds the cases that have all of several terms, newest first: it goes down the list of the rarest and
// probes the index for the others. It may give more ids than the limit. Where it stopped before the end, next is the
// cursor to go on from.
func (s *Store) intersect(ctx context.Context, q query, limit int) (ids []int64, next string, err error) {
	const probe = "(SELECT 1 FROM case_terms AS p WHERE p.term = ? AND p.case_id = d.case_id) = 1"
	text := "WITH d AS MATERIALIZED (SELECT case_id FROM case_terms WHERE term = ? AND case_id >= ? AND case_id < ? ORDER BY case_id DESC LIMIT ?)" +
		" SELECT case_id, -1 AS examined FROM d WHERE " + strings.Repeat(probe+" AND ", len(q.terms)-2) + probe +
		" UNION ALL SELECT coalesce(min(case_id), 0), count(*) FROM d"
	err = s.rarestFirst(ctx, q)
	chunk, last := firstChunk, firstChunk
	for examined := 0; err == nil && last == chunk && len(ids) <= limit && examined < q.examine; examined += last {
		chunk = min(max(firstChunk, 4*examined), q.examine-examined)
		args := []any{q.terms[0], q.from, q.before, chunk}
		for _, probed := range q.terms[1:] {
			args = append(args, probed)
		}
		var rows []struct {
			CaseID   int64
			Examined int // -1 for a case, or how many were, with the last of them
		}
		err = s.read.NewRaw(text, args...).Scan(ctx, &rows)
		for _, row := range rows {
			if row.Examined < 0 {
				ids = append(ids, row.CaseID)
			} else {
				last, q.before = row.Examined, row.CaseID
			}
		}
	}
	if last == chunk { // not the list's end
		next = writeCursor(q.before)
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	return ids, next, err
}

// rarestFirst orders the query's terms by how dense they are just below where the page starts: the further back a
// term's entries reach, the rarer it is there. So no counts of terms need to be kept.
func (s *Store) rarestFirst(ctx context.Context, q query) error {
	const entry = "SELECT ? AS term, coalesce((SELECT case_id FROM case_terms WHERE term = ? AND case_id >= ? AND case_id < ? ORDER BY case_id DESC LIMIT 1 OFFSET ?), 0) AS reach"
	var args []any
	for _, t := range q.terms {
		args = append(args, t, t, q.from, q.before, sample)
	}
	return s.read.NewRaw("SELECT term FROM ("+strings.Repeat(entry+" UNION ALL ", len(q.terms)-1)+entry+") AS terms ORDER BY reach", args...).Scan(ctx, &q.terms)
}
