package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver sqlite
)

// Readers of each store: five replicas stay well under PostgreSQL's 100 connections, and SQLite gains nothing from more
// readers than cores.
const (
	postgresReaders = 12
	sqliteReaders   = 4
)

// connect opens both pools and migrates the schema. connectPostgres and connectSQLite leave to it what they opened
// before they failed.
func connect(ctx context.Context, address string, log *slog.Logger) (write, read *bun.DB, err error) {
	path, isSQLite := strings.CutPrefix(address, "sqlite:")
	switch {
	case isSQLite:
		write, read, err = connectSQLite(ctx, strings.TrimPrefix(path, "//"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		write, read, err = connectPostgres(ctx, address, log)
	default:
		return nil, nil, errors.New("history: the database's URL is not known: write postgres://user:password@host/database or sqlite:///path/file.db")
	}
	if err == nil {
		err = migrate(ctx, write, migrationsOf(write), log)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("history: %w", err), closeAll(write, read))
	}
	return write, read, nil
}

// closeAll closes the pools that were opened.
func closeAll(pools ...*bun.DB) (err error) {
	for _, db := range pools {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// Patience with the network on the way to PostgreSQL, whose connections are made anew while requests wait: a container
// that was replaced has a new address, and for a moment none.
const (
	lookupPatience = 300 * time.Millisecond
	dialPatience   = 500 * time.Millisecond
)

// lookup finds the addresses of a host. A name that is not known for a moment may be asked for elsewhere, for many
// seconds; net's shared resolver has whoever asks meanwhile wait for that same answer, so each asks for itself.
func lookup(ctx context.Context, host string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	return new(net.Resolver).LookupHost(ctx, host)
}

// connectPostgres opens the pools for PostgreSQL and waits until it answers.
func connectPostgres(ctx context.Context, address string, log *slog.Logger) (write, read *bun.DB, err error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, nil, err // pgx leaves the password out of it
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // bun writes values into the text, so there is nothing to prepare
	config.ConnectTimeout = patience
	config.LookupFunc, config.DialFunc = lookup, (&net.Dialer{Timeout: dialPatience}).DialContext
	for name, value := range map[string]string{
		"application_name": "verdictory",
		// A replica that is cut off in the middle of a transaction must not keep the others from the tallies.
		"idle_in_transaction_session_timeout": "2000",
		"statement_timeout":                   "2000",
	} {
		if _, given := config.RuntimeParams[name]; !given {
			config.RuntimeParams[name] = value
		}
	}
	// A connection that PostgreSQL's restart has broken is found and replaced when it is taken from the pool.
	ping := stdlib.OptionShouldPing(func(_ context.Context, p stdlib.ShouldPingParams) bool {
		return p.IdleDuration > 50*time.Millisecond
	})
	pool := func(size int, config pgx.ConnConfig) *bun.DB {
		db := sql.OpenDB(stdlib.GetConnector(config, ping))
		db.SetMaxOpenConns(size)
		db.SetMaxIdleConns(size)
		db.SetConnMaxLifetime(30 * time.Minute) // so that a failover's new address is found
		return bun.NewDB(db, pgdialect.New())
	}
	reading := config.Copy()
	if _, given := reading.RuntimeParams["enable_bitmapscan"]; !given {
		// Every read goes along an index in its order. Until a new database has statistics, a bitmap scan seems cheaper,
		// and reads and sorts all entries of a term for the first few.
		reading.RuntimeParams["enable_bitmapscan"] = "off"
	}
	write, read = pool(1, *config), pool(postgresReaders, *reading)
	for waiting := false; ; waiting = true {
		err := write.PingContext(ctx)
		if err == nil || !starting(err) {
			return write, read, err
		}
		if !waiting {
			log.Warn("waiting for the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return write, read, fmt.Errorf("waited for the database: %w: %w", ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// starting tells a PostgreSQL that may yet come up from one that answers and refuses us.
func starting(err error) bool {
	var answer *pgconn.PgError
	return !errors.As(err, &answer) || answer.Code[:2] == "57" || answer.Code[:2] == "53"
}

// connectSQLite opens the pools for SQLite: one writer, because SQLite has one, and readers beside it, which its
// write-ahead log lets read while it writes. A database in memory has one connection for both.
func connectSQLite(ctx context.Context, path string) (write, read *bun.DB, err error) {
	// Without immediate, a transaction that reads first fails at its first write when another has written meanwhile.
	writer := url.Values{"_txlock": {"immediate"}}
	if path == ":memory:" {
		write, err = openSQLite(ctx, path, "memory", 1, writer)
		return write, write, err
	}
	if write, err = openSQLite(ctx, path, "wal", 1, writer); err == nil {
		read, err = openSQLite(ctx, path, "wal", sqliteReaders, url.Values{"_pragma": {"query_only(1)"}})
	}
	return write, read, err
}

func openSQLite(ctx context.Context, path, journal string, size int, parameters url.Values) (db *bun.DB, err error) {
	parameters["_pragma"] = append([]string{
		"busy_timeout(1500)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(1)", "cache_size(-32768)", "temp_store(memory)",
	}, parameters["_pragma"]...)
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: parameters.Encode()}
	pool, err := sql.Open("sqlite", name.String())
	if err == nil {
		pool.SetMaxOpenConns(size)
		pool.SetMaxIdleConns(size)
		db = bun.NewDB(pool, sqlitedialect.New())
		if err = checkPragmas(ctx, db, journal); err != nil {
			pool.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, nil
}

// checkPragmas reads back what a connection was told: SQLite passes over what it cannot do.
func checkPragmas(ctx context.Context, db *bun.DB, journal string) error {
	var is string
	err := db.NewRaw("SELECT journal_mode || ' ' || synchronous || ' ' || foreign_keys || ' ' || timeout"+
		" FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_busy_timeout").Scan(ctx, &is)
	if want := journal + " 2 1 1500"; err == nil && is != want {
		err = fmt.Errorf("journal mode, synchronous, foreign keys and busy timeout are %s in place of %s", is, want)
	}
	return err
}
