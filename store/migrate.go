package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations are the steps from the empty database to the schema of this
// redpoll, in order; PRAGMA user_version counts those taken. A step that was
// released never changes.
var migrations = readMigrations()

func readMigrations() (steps []string) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		panic(err) // the pattern is constant
	}
	for _, name := range names {
		step, err := migrationFiles.ReadFile(name)
		if err != nil {
			panic(err) // the file was just listed
		}
		steps = append(steps, string(step))
	}
	return steps
}

// migrate brings the schema up to date in one transaction, and refuses one that
// is not redpoll's.
//
// It uses a connection of its own, closed at the end, and sets no journal
// mode: so a new database is written in rollback mode, and in every case the
// file itself, not only a WAL beside it, tells whose it is and which schema it
// has before anything else is written. checkHeader relies on that.
func migrate(ctx context.Context, path string, log *slog.Logger) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)"))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()

	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("%s: read the schema's version: %w", path, err)
	}
	if err := checkVersion(path, version); err != nil {
		return err
	}
	if version == len(migrations) {
		return checkSchema(ctx, path, db)
	}
	if err := applyMigrations(ctx, db, version); err != nil {
		return fmt.Errorf("%s: migrate: %w", path, err)
	}
	log.Info("Database schema is up to date", "path", path, "from", version, "to", len(migrations))
	return nil
}

// checkSchema refuses a database of redpoll's id and version that lacks what
// the write path needs.
func checkSchema(ctx context.Context, path string, db *sql.DB) error {
	_, err := prepareInserts(ctx, db)            // closed with db
	if resultCode(err) == sqlite3.SQLITE_ERROR { // no such table, no such column
		return fmt.Errorf("%s is %w although it is marked as one: it was left as it is; move it away or change storage.path: %w", path, ErrNotADatabase, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func applyMigrations(ctx context.Context, db *sql.DB, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	for i, step := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("step %d: %w", version+i+1, err)
		}
	}
	// PRAGMA takes no parameters.
	mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(migrations))
	if _, err := tx.ExecContext(ctx, mark); err != nil {
		return err
	}
	return tx.Commit()
}
