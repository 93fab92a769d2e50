package history

import (
	"context"
	"database/sql/driver"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"regexp"
	"strconv"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

//go:embed migrations
var files embed.FS

// migration is one step of the schema; the first is number 1.
type migration struct{ name, text string }

// migrationsOf gives the steps for the database's kind, in order.
func migrationsOf(db *bun.DB) []migration {
	folder := "migrations/sqlite"
	if db.Dialect().Name() == dialect.PG {
		folder = "migrations/postgres"
	}
	var steps []migration
	names, _ := fs.Glob(files, path.Join(folder, "*.sql")) // embedded and in the order of their numbers: a test reads them
	for _, name := range names {
		text, _ := files.ReadFile(name)
		steps = append(steps, migration{path.Base(name), string(text)})
	}
	return steps
}

// migrationLock is the key of the advisory lock under which PostgreSQL's schema is changed.
const migrationLock = 0x7665_7264_6963_74 // "verdict"

// migrate takes the steps that the database has not taken, each in a transaction that also records it. Of several
// processes that start at once each step is taken by one, and the others wait for it: on PostgreSQL by a lock that the
// connection holds and loses when its process dies, on SQLite by the transaction itself.
func migrate(ctx context.Context, db *bun.DB, steps []migration, log *slog.Logger) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if db.Dialect().Name() == dialect.PG {
		// The connection goes with the lock and the setting that it holds.
		defer conn.Raw(func(any) error { return driver.ErrBadConn })
		if _, err := conn.ExecContext(ctx, "SET statement_timeout = 0; SELECT pg_advisory_lock(?)", migrationLock); err != nil {
			return fmt.Errorf("wait for the lock on migrations: %w", err)
		}
	}
	if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied BIGINT NOT NULL)"); err != nil {
		return err
	}
	for i, step := range steps {
		if err := take(ctx, conn, i+1, step, log); err != nil {
			return fmt.Errorf("migration %s: %w", step.name, err)
		}
	}
	return live(ctx, conn, len(steps), log)
}

// live tells whether a build that knows so many steps can live with the schema, which a newer build may have brought further
// before it was rolled back.
func live(ctx context.Context, db bun.IDB, known int, log *slog.Logger) error {
	var newer []struct {
		Version int
		Name    string
	}
	err := db.NewRaw("SELECT version, name FROM schema_migrations WHERE version > ? ORDER BY version", known).Scan(ctx, &newer)
	for _, step := range newer {
		if needs(step.Version, step.Name) > known {
			return fmt.Errorf("the database's schema has step %s, and this build knows steps up to %d and cannot live with that one: start the newer build that took it", step.Name, known)
		}
		log.Warn("a newer build has changed the database in a way that this one can live with", "step", step.Name)
	}
	return err
}

// fits is how a step's name says which builds can live with it though they do not know it: 0003_state.fits-0002.sql is for those
// that know step 2. It is in the name, since the name is what the database keeps of a step.
var fits = regexp.MustCompile(`\.fits-([0-9]{4})\.sql$`)

// needs gives the step that a build must know to live with this one, which is the step itself unless its name says otherwise.
func needs(version int, name string) int {
	if mark := fits.FindStringSubmatch(name); mark != nil {
		version, _ = strconv.Atoi(mark[1])
	}
	return version
}

// take takes one step, unless it is taken already.
func take(ctx context.Context, conn bun.Conn, number int, step migration, log *slog.Logger) error {
	start, taken := time.Now(), false
	err := conn.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var before string
		err := tx.NewRaw("SELECT coalesce(max(name), '') FROM schema_migrations WHERE version = ?", number).Scan(ctx, &before)
		if err != nil || before == step.name {
			return err
		}
		if before != "" {
			return fmt.Errorf("the database has taken %s under this number, from a build that is not in this one's history: keep that step, and give this one the number after it", before)
		}
		taken = true
		if _, err := tx.Tx.ExecContext(ctx, step.text); err != nil {
			return err
		}
		_, err = tx.NewRaw("INSERT INTO schema_migrations (version, name, applied) VALUES (?, ?, ?)", number, step.name, start.UnixMilli()).Exec(ctx)
		return err
	})
	if taken && err == nil {
		log.Info("migrated the database", "step", step.name, "took", time.Since(start))
	}
	return err
}
