package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// applicationID marks a database as redpoll's ("redp").
const applicationID = 0x72656470

// The head of an SQLite file, https://www.sqlite.org/fileformat.html#the_database_header.
const (
	headerSize     = 100
	headerMagic    = "SQLite format 3\x00"
	userVersionAt  = 60
	applicationsAt = 68
)

// openFile opens the database file, and makes an empty one, a database yet to
// be made, where there is none. It refuses one that is not redpoll's, is too
// new or has several names, without changing it.
//
// The file must stay open until SQLite has closed it: closing it earlier would
// drop SQLite's locks.
func openFile(path string) (*os.File, error) {
	// Opening a named pipe would wait for its other end.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is %w but something else than a file (%s); change storage.path", path, ErrNotADatabase, info.Mode().Type())
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644) // as SQLite does
	if err != nil {
		return nil, fmt.Errorf("%w; redpoll must be able to read and write its database, or change storage.path", err)
	}
	if err = checkNames(f); err == nil {
		err = checkHeader(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// checkNames refuses a file with hard links: SQLite keeps the newest history
// in a -wal file that goes by the name, so that under another name it would be
// missing, and the database damaged on the way back.
func checkNames(f *os.File) error {
	info, err := f.Stat()
	if err == nil && hasHardLinks(info) {
		err = fmt.Errorf("%s has other names, which are hard links, and a database must have one only: it was left as it is; "+
			"delete the others (find -samefile lists them), copy it instead, or change storage.path", f.Name())
	}
	return err
}

// checkHeader refuses a file that is not redpoll's or is too new.
func checkHeader(f *os.File) error {
	path := f.Name()
	head := make([]byte, headerSize)
	switch n, err := io.ReadFull(f, head); {
	case n == 0 && errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read %s: %w", path, err)
	case err != nil || string(head[:len(headerMagic)]) != headerMagic:
		return fmt.Errorf("%s is %w: it was left as it is; move it away or change storage.path", path, ErrNotADatabase)
	}
	if id := binary.BigEndian.Uint32(head[applicationsAt:]); id != applicationID {
		return fmt.Errorf("%s is %w but another application's (id %#x): it was left as it is; change storage.path", path, ErrNotADatabase, id)
	}
	return checkVersion(path, int(binary.BigEndian.Uint32(head[userVersionAt:])))
}

// checkVersion refuses a schema that this redpoll does not know.
func checkVersion(path string, version int) error {
	if newest := len(migrations); version > newest {
		return fmt.Errorf("%s is %w (schema %d, this one knows up to %d): it was left as it is; run the newer redpoll or change storage.path",
			path, ErrNewerSchema, version, newest)
	}
	return nil
}

// explain adds what to do to an error by which SQLite says that the database
// is damaged, and leaves every other one as it is.
func explain(path string, err error) error {
	switch resultCode(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: the history is damaged; stop redpoll, move %[2]s and %[2]s-wal away and start it again, "+
			"which begins a new history (sqlite3's .recover saves what is left of the old one)", err, path)
	}
	return err
}

// resultCode is SQLite's primary result code, SQLITE_OK if the error is not
// SQLite's.
func resultCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return sqlite3.SQLITE_OK
	}
	return e.Code() & 0xff
}

// dsn names the database to the driver: only as a file: URL are its
// parameters heard.
func dsn(path, parameters string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: parameters}
	return u.String()
}

// openWriter opens the one connection that writes and makes sure of WAL, on
// which reading beside it rests.
func openWriter(ctx context.Context, path, synchronous string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate&_pragma=busy_timeout(5000)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous("+synchronous+")&_pragma=journal_size_limit(67108864)"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
	if err == nil && mode != "wal" {
		err = fmt.Errorf("journal mode is %q instead of WAL; keep the database on a local file system", mode)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return db, nil
}

// readers is how many queries may run at a time; more of them wait.
const readers = 4

func openReaders(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, "mode=ro&_pragma=query_only(1)"+
		"&_pragma=busy_timeout(2000)&_pragma=mmap_size(268435456)"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return db, nil
}
