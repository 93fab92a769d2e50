package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"verdictory/contract"
	"verdictory/policy"
)

// versionRow is a row of policy_versions.
type versionRow struct {
	bun.BaseModel `bun:"table:policy_versions,alias:v"`

	ID        int64 `bun:",pk,autoincrement"`
	Version   policy.Digest
	Policy    string
	Who       string
	What      string
	Rules     string
	FirstSeen int64 // Unix milliseconds
}

// version is a policy version that the database holds.
type version struct {
	id     int64
	digest policy.Digest
	policy *policy.Policy
}

// maxVersions is how many policies are kept in memory beside those in use elsewhere.
const maxVersions = 128

// versions remembers policies that were kept or read, by id and by digest. They never change.
type versions struct {
	sync.Mutex
	byID     map[int64]*version
	byDigest map[policy.Digest]*version
}

func (vs *versions) find(id int64, digest policy.Digest) *version {
	vs.Lock()
	defer vs.Unlock()
	if v := vs.byID[id]; v != nil {
		return v
	}
	return vs.byDigest[digest]
}

func (vs *versions) remember(v *version) {
	vs.Lock()
	defer vs.Unlock()
	if len(vs.byID) >= maxVersions || vs.byID == nil {
		vs.byID, vs.byDigest = map[int64]*version{}, map[policy.Digest]*version{}
	}
	vs.byID[v.id], vs.byDigest[v.digest] = v, v
}

// KeepPolicy keeps the documents of a policy's version, which must come before the first case under it. Keeping it
// again changes nothing. Cases read later have the shapes of the policy given last.
func (s *Store) KeepPolicy(ctx context.Context, p *policy.Policy) error {
	if v := s.versions.find(0, p.Digest); v != nil && v.policy == p {
		return nil
	}
	return s.bounded(ctx, "keep a policy", func(ctx context.Context) error {
		row := versionRow{
			Version: p.Digest, Policy: p.Name,
			Who: p.Who.Source, What: p.What.Source, Rules: p.Rules.Source, FirstSeen: time.Now().UnixMilli(),
		}
		if _, err := s.write.NewInsert().Model(&row).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
			return err
		}
		v := &version{digest: p.Digest, policy: p}
		err := s.write.NewSelect().Model((*versionRow)(nil)).Column("id").Where("version = ?", p.Digest).Scan(ctx, &v.id)
		if err == nil {
			s.versions.remember(v)
		}
		return err
	})
}

// Policy gives the policy of a version, without examples: NotFound where no case was made under it.
func (s *Store) Policy(ctx context.Context, digest policy.Digest) (p *policy.Policy, err error) {
	err = s.bounded(ctx, "read a policy", func(ctx context.Context) error {
		v, err := s.version(ctx, 0, digest)
		if err == nil {
			p = v.policy
		}
		return err
	})
	return p, err
}

// version gives a version by its id or, where id is 0, by its digest.
func (s *Store) version(ctx context.Context, id int64, digest policy.Digest) (*version, error) {
	if v := s.versions.find(id, digest); v != nil {
		return v, nil
	}
	var row versionRow
	err := s.read.NewSelect().Model(&row).Where("id = ? OR version = ?", id, plain(string(digest))).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &contract.Error{Code: contract.NotFound, Message: fmt.Sprintf("There is no case under the policy version %q.", digest.Short())}
	}
	if err != nil {
		return nil, err
	}
	p, issues := policy.Assemble(row.Policy, []byte(row.Who), []byte(row.What), []byte(row.Rules), nil)
	if issues != nil {
		return nil, contract.AsError(fmt.Errorf("this build cannot read the kept policy %s, version %s: %w", row.Policy, row.Version, issues))
	}
	v := &version{id: row.ID, digest: row.Version, policy: p}
	s.versions.remember(v)
	return v, nil
}
