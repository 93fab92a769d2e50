// Package history keeps the cases: on PostgreSQL, or on SQLite where everything runs on one machine. Both hold the same
// tables and the same bytes, and are read and written by the same code.
//
// A case is stored once, whoever sends it how often: it is known by its policy version and code, and by the sender's
// idempotency key. Saves that wait at the same time share a transaction, and so its flush to the disk; a save is
// acknowledged after its commit (writer.go). Every filter of the list is a conjunction of terms in an inverted index
// and a range of ids, which are times (terms.go, list.go). What is counted is counted when it is stored. No case is
// ever changed or deleted. Runs, whose cases are counted and not stored, are beside them (runs.go).
package history

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"verdictory/contract"
)

// patience is how long one statement, one transaction or one save may take, waiting included, before the database
// counts as unavailable.
const patience = 2 * time.Second

// Store is the history of cases. It is safe for concurrent use.
type Store struct {
	write, read *bun.DB // write has one connection
	log         *slog.Logger
	ids         sequence
	versions    versions
	patience    time.Duration // see the constant
	examine     int           // how many candidates are examined for a page at most

	gate   sync.RWMutex // held to read while a save is handed over, to write while the store is closed
	closed bool
	saves  chan *save
	done   chan struct{} // closed when the writer has drained saves
}

// Open connects to the database, brings its schema up to date, and gives the store. The URL is
// postgres://user:password@host/database with pgx's parameters, sqlite:///path/file.db, or sqlite::memory: for a
// database that goes with the store. A PostgreSQL that does not answer yet is waited for until ctx ends. A schema newer
// than this build is refused.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	write, read, err := connect(ctx, url, log)
	if err != nil {
		return nil, err
	}
	s := &Store{
		write: write, read: read, log: log,
		ids:      newSequence(),
		patience: patience,
		examine:  maxExamine,
		saves:    make(chan *save, maxGroup),
		done:     make(chan struct{}),
	}
	go s.writer()
	return s, nil
}

// Close waits for the saves that were handed over, refuses others, and ends the connections.
func (s *Store) Close() error {
	s.gate.Lock()
	if !s.closed {
		s.closed = true
		close(s.saves)
	}
	s.gate.Unlock()
	<-s.done
	return closeAll(s.write, s.read)
}

// Ready says whether the database answers and has the schema that this build needs.
func (s *Store) Ready(ctx context.Context) error {
	return s.bounded(ctx, "read the schema's version", func(ctx context.Context) error {
		var version int
		if err := s.read.NewRaw("SELECT max(version) FROM schema_migrations").Scan(ctx, &version); err != nil {
			return err
		}
		if newest := len(migrationsOf(s.read)); version < newest {
			return &contract.Error{Code: contract.Unavailable, Service: service, Message: "The database's schema is older than this build needs; restart it."}
		}
		return nil
	})
}

// bounded does something with the database, within its patience, and turns what went wrong into the store's errors.
func (s *Store) bounded(ctx context.Context, what string, do func(ctx context.Context) error) error {
	inner, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	return failure(ctx, what, do(inner))
}
