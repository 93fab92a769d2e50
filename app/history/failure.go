package history

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"verdictory/contract"
)

// service is the database's name in errors.
const service = "database"

// failure turns an error of the database into the store's: that the caller has gone as it is, Unavailable where the
// database cannot be had, in the caller's time or at all, and anything else for the log alone.
func failure(caller context.Context, what string, err error) error {
	var known *contract.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(caller.Err(), context.Canceled):
		return caller.Err()
	case errors.As(err, &known):
		return known
	case unavailable(err):
		return &contract.Error{
			Code: contract.Unavailable, Service: service, Cause: fmt.Errorf("history: %s: %w", what, err),
			Message: "The database does not answer at the moment, so nothing can be stored or looked up. Try again shortly.",
		}
	}
	return fmt.Errorf("history: %s: %w", what, err)
}

// unavailable tells a database that cannot be had from one that answers and blames the statement. An error that is not
// the database's answer is a connection that broke or a time that ran out.
func unavailable(err error) bool {
	var postgres *pgconn.PgError
	if errors.As(err, &postgres) {
		// The classes of SQLSTATE: connection, idle transaction ended, access refused, no such database, resources, lock
		// not to be had, operator (stopping, starting, statement timeout), system.
		return slices.Contains([]string{"08", "25", "28", "3D", "53", "55", "57", "58"}, postgres.Code[:2])
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return slices.Contains([]int{
			sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
		}, lite.Code()&0xFF) // the low byte is the primary code
	}
	return true
}
