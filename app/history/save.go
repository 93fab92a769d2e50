package history

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"verdictory/contract"
	"verdictory/policy"
)

// caseRow is a row of cases.
type caseRow struct {
	bun.BaseModel `bun:"table:cases,alias:c"`

	ID         int64 `bun:",pk"`
	Version    int64
	Code       string
	Outcome    string
	Who        string
	What       string
	Verdict    string
	Hits       string
	RequestKey string `bun:",nullzero"`
}

// Save stores a case and gives it as it is stored: for a case that is there already, under the same policy version and
// code or sent with the same idempotency key, the stored one, and existed is true. The key is any text, "" for none.
//
// An answer without an error means that the case is on the disk. After an error, also that of ctx, the case may be
// stored or not: send it again with the same key. Conflict: the key came with another code. NotFound: the case's policy
// version was not kept. Unavailable: the database cannot be had, or did not do it within 2 seconds.
func (s *Store) Save(ctx context.Context, c contract.Case, key string) (stored contract.Case, existed bool, err error) {
	err = s.bounded(ctx, "save a case", func(ctx context.Context) error {
		v, err := s.version(ctx, 0, c.Version)
		if err != nil {
			return err
		}
		sv := newSave(v.id, &c, key)
		if err := s.hand(ctx, sv); err != nil {
			return err
		}
		if existed = sv.standing != nil; !existed {
			stored, stored.Created = c, created(sv.row.ID)
			return nil
		}
		stored, err = s.decode(ctx, sv.standing)
		if err == nil && key != "" && sv.standing.RequestKey == sv.row.RequestKey && (stored.Code != c.Code || stored.Policy != c.Policy) {
			return &contract.Error{Code: contract.Conflict, Message: "This request was sent before with other fields: send the new ones with a key of their own."}
		}
		return err
	})
	if err != nil {
		return contract.Case{}, false, err
	}
	return stored, existed, nil
}

// Get gives a stored case by its code, of the newest version that has it.
func (s *Store) Get(ctx context.Context, name string, code policy.Code) (contract.Case, error) {
	var c contract.Case
	err := s.bounded(ctx, "read a case", func(ctx context.Context) error {
		var row caseRow
		err := s.read.NewSelect().Model(&row).Join("JOIN policy_versions AS v ON v.id = c.version").
			Where("c.code = ? AND v.policy = ?", code.String(), plain(name)).OrderExpr("c.version DESC").Limit(1).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return &contract.Error{Code: contract.NotFound, Message: fmt.Sprintf("The case %s is not stored.", code)}
		}
		if err == nil {
			c, err = s.decode(ctx, &row)
		}
		return err
	})
	return c, err
}

// Counts is how many cases a policy version has.
type Counts struct {
	Total    int64
	Outcomes map[string]int64
	Rules    map[contract.Hit]int64 // cases that a rule hit in
}

// NewCounts gives the counts of no case.
func NewCounts() Counts {
	return Counts{Outcomes: map[string]int64{}, Rules: map[contract.Hit]int64{}}
}

// Add counts a case. A rule that hit twice in it hit in one case.
func (c *Counts) Add(one *contract.Case) {
	c.Total++
	c.Outcomes[one.Outcome]++
	for i, hit := range one.Hits {
		if !slices.Contains(one.Hits[:i], hit) {
			c.Rules[hit]++
		}
	}
}

// set takes a tally as it is stored.
func (c *Counts) set(kind, key string, n int64) {
	switch kind {
	case tallyTotal:
		c.Total = n
	case tallyOutcome:
		c.Outcomes[key] = n
	case tallyRule:
		decision, rule, _ := strings.Cut(key, "/")
		c.Rules[contract.Hit{Decision: decision, Rule: rule}] = n
	}
}

// The kinds of tallies.
const (
	tallyTotal   = "total"
	tallyOutcome = "outcome"
	tallyRule    = "rule"
)

// Counts gives the counts of a version, all zero for one without cases.
func (s *Store) Counts(ctx context.Context, digest policy.Digest) (Counts, error) {
	counts := NewCounts()
	var rows []tallyRow
	err := s.bounded(ctx, "count cases", func(ctx context.Context) error {
		return s.read.NewSelect().Model(&rows).Join("JOIN policy_versions AS v ON v.id = t.version").
			Where("v.version = ?", plain(string(digest))).Scan(ctx)
	})
	for _, row := range rows {
		counts.set(row.Kind, row.Key, row.N)
	}
	return counts, err
}

// decode gives the case of a row, its objects in the shapes of its version.
func (s *Store) decode(ctx context.Context, row *caseRow) (contract.Case, error) {
	v, err := s.version(ctx, row.Version, "")
	if err != nil {
		return contract.Case{}, err
	}
	c := contract.Case{Policy: v.policy.Name, Version: v.digest, Outcome: row.Outcome, Created: created(row.ID)}
	code, err := policy.ParseCode(row.Code)
	var who, what, verdict policy.Issues
	c.Code = code
	c.Who, who = policy.DecodeObject(v.policy.Who.Shape, []byte(row.Who))
	c.What, what = policy.DecodeObject(v.policy.What.Shape, []byte(row.What))
	c.Verdict, verdict = policy.DecodeObject(v.policy.Rules.Verdict.Shape, []byte(row.Verdict))
	for _, text := range strings.Fields(row.Hits) {
		hit, bad := contract.ParseHit(text)
		c.Hits = append(c.Hits, hit)
		err = errors.Join(err, bad)
	}
	if err := errors.Join(err, who.Err(), what.Err(), verdict.Err()); err != nil {
		return contract.Case{}, contract.AsError(fmt.Errorf("the stored case %s cannot be read: %w", row.Code, err))
	}
	return c, nil
}

// hashKey gives an idempotency key as it is stored: whatever its bytes and its length are.
func hashKey(key string) string {
	if key == "" {
		return ""
	}
	hash := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(hash[:16])
}

// plain gives a stranger's text as a database takes it: PostgreSQL refuses a NUL, which no name and no digest has.
func plain(text string) string {
	if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		return ""
	}
	return text
}
