package history

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/pgdialect"

	"verdictory/contract"
)

// maxGroup is the most saves that share a transaction.
const maxGroup = 256

// save is one case on its way into the database.
type save struct {
	ctx     context.Context // the sender's: a save that nobody waits for any more is left out
	row     caseRow         // its id is set when it is written
	terms   []int64
	tallies []tallyRow

	done     chan struct{} // closed when the rest is set
	standing *caseRow      // what stood in its place already
	err      error
}

// tallyRow is a row of tallies, or what to add to it.
type tallyRow struct {
	bun.BaseModel `bun:"table:tallies,alias:t"`

	Version   int64
	Kind, Key string
	N         int64
}

// termRow is a row of case_terms.
type termRow struct {
	bun.BaseModel `bun:"table:case_terms,alias:ct"`

	Term, CaseID int64
}

// newSave makes the rows of a case, all but their id.
func newSave(version int64, c *contract.Case, key string) *save {
	sv := &save{terms: termsOf(c), done: make(chan struct{})}
	sv.tallies = append(sv.tallies,
		tallyRow{Version: version, Kind: tallyTotal, N: 1},
		tallyRow{Version: version, Kind: tallyOutcome, Key: c.Outcome, N: 1})
	hits := make([]string, len(c.Hits))
	for i, hit := range c.Hits {
		hits[i] = hit.String()
		if !slices.Contains(c.Hits[:i], hit) {
			sv.tallies = append(sv.tallies, tallyRow{Version: version, Kind: tallyRule, Key: hits[i], N: 1})
		}
	}
	sv.row = caseRow{
		Version: version, Code: c.Code.String(), Outcome: c.Outcome,
		Who: string(c.Who.AppendJSON(nil)), What: string(c.What.AppendJSON(nil)), Verdict: string(c.Verdict.AppendJSON(nil)),
		Hits: strings.Join(hits, " "), RequestKey: hashKey(key),
	}
	return sv
}

// hand gives a save to the writer and waits until it is stored.
func (s *Store) hand(ctx context.Context, sv *save) error {
	sv.ctx = ctx
	if err := s.enqueue(ctx, sv); err != nil {
		return err
	}
	select {
	case <-sv.done:
		return sv.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) enqueue(ctx context.Context, sv *save) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return &contract.Error{Code: contract.Unavailable, Message: "The service is stopping. Try again shortly."}
	}
	select {
	case s.saves <- sv:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// writer stores what is handed over until the store is closed, each time all that waits.
func (s *Store) writer() {
	defer close(s.done)
	for first := range s.saves {
		group := []*save{first}
		for more := true; more && len(group) < maxGroup; {
			select {
			case sv, open := <-s.saves:
				if more = open; open {
					group = append(group, sv)
				}
			default:
				more = false
			}
		}
		s.store(slices.DeleteFunc(group, func(sv *save) bool { return sv.ctx.Err() != nil }))
	}
}

// store stores a group and tells its senders. A group that the database refuses is halved, so that one bad case, or
// a deadlock with another replica, fails nobody else.
func (s *Store) store(group []*save) {
	if len(group) == 0 {
		return
	}
	for _, sv := range group {
		sv.standing, sv.row.ID = nil, s.ids.next()
	}
	// The order in which rows are locked is the same in every replica.
	slices.SortFunc(group, func(a, b *save) int { return cmp.Compare(a.row.Code, b.row.Code) })
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	err := s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error { return s.insert(ctx, tx, group) })
	if half := len(group) / 2; err != nil && half > 0 && !unavailable(err) {
		s.store(group[:half])
		s.store(group[half:])
		return
	}
	for _, sv := range group {
		sv.err = err
		close(sv.done)
	}
}

// insert stores a group in a transaction, or finds what stands already in its place.
func (s *Store) insert(ctx context.Context, tx bun.Tx, group []*save) error {
	var fresh []*save
	var err error
	for rest := group; len(rest) > 0 && err == nil; {
		rows := make([]*caseRow, len(rest))
		for i, sv := range rest {
			rows[i] = &sv.row
		}
		var inserted []int64
		if _, err := tx.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Returning("id").Exec(ctx, &inserted); err != nil {
			return err
		}
		slices.Sort(inserted)
		var refused []*save
		for _, sv := range rest {
			if _, is := slices.BinarySearch(inserted, sv.row.ID); is {
				fresh = append(fresh, sv)
			} else {
				refused = append(refused, sv)
			}
		}
		rest, err = s.resolve(ctx, tx, refused)
	}
	if len(fresh) > 0 && err == nil {
		if err = s.index(ctx, tx, fresh); err == nil {
			err = s.count(ctx, tx, fresh)
		}
	}
	return err
}

// resolve finds what stands in the way of saves: the row with the same key or else the same code. It gives those that
// nothing of the kind stands in the way of, each with another id: theirs was taken.
func (s *Store) resolve(ctx context.Context, tx bun.Tx, saves []*save) (rest []*save, err error) {
	if len(saves) == 0 {
		return nil, nil
	}
	var codes, keys []string
	for _, sv := range saves {
		codes, keys = append(codes, sv.row.Code), append(keys, sv.row.RequestKey)
	}
	var rows []caseRow
	err = tx.NewSelect().Model(&rows).Where("code IN (?) OR request_key IN (?)", bun.List(codes), bun.List(keys)).Scan(ctx)
	for _, sv := range saves {
		i := slices.IndexFunc(rows, func(row caseRow) bool { return row.RequestKey != "" && row.RequestKey == sv.row.RequestKey })
		if i < 0 {
			i = slices.IndexFunc(rows, func(row caseRow) bool { return row.Code == sv.row.Code && row.Version == sv.row.Version })
		}
		if i >= 0 {
			sv.standing = &rows[i]
			continue
		}
		sv.row.ID = s.ids.next()
		rest = append(rest, sv)
	}
	return rest, err
}

// index enters new cases under their terms.
func (s *Store) index(ctx context.Context, tx bun.Tx, fresh []*save) error {
	var rows []termRow
	for _, sv := range fresh {
		for _, t := range sv.terms {
			rows = append(rows, termRow{Term: t, CaseID: sv.row.ID})
		}
	}
	slices.SortFunc(rows, func(a, b termRow) int { return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.CaseID, b.CaseID)) })
	if tx.Dialect().Name() == dialect.PG {
		var terms, ids []int64
		for _, row := range rows {
			terms, ids = append(terms, row.Term), append(ids, row.CaseID)
		}
		_, err := tx.NewRaw("INSERT INTO case_terms SELECT unnest(?::bigint[]), unnest(?::bigint[])", pgdialect.Array(terms), pgdialect.Array(ids)).Exec(ctx)
		return err
	}
	_, err := tx.NewInsert().Model(&rows).Exec(ctx)
	return err
}

// count adds new cases to the tallies, whose rows are locked in the same order by every replica.
func (s *Store) count(ctx context.Context, tx bun.Tx, fresh []*save) error {
	var rows []tallyRow
	for _, sv := range fresh {
		rows = append(rows, sv.tallies...)
	}
	order := func(a, b tallyRow) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	}
	slices.SortFunc(rows, order)
	sums := rows[:0]
	for _, row := range rows {
		if last := len(sums) - 1; last >= 0 && order(sums[last], row) == 0 {
			sums[last].N += row.N
		} else {
			sums = append(sums, row)
		}
	}
	_, err := tx.NewInsert().Model(&sums).On("CONFLICT (version, kind, key) DO UPDATE").Set("n = t.n + EXCLUDED.n").Exec(ctx)
	return err
}
