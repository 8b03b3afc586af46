package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
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

// resolve makes the path absolute and follows links, so that one database has
// one lock whatever it is called.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s: %s is not a directory; create it or change storage.path", path, dir)
	}
	switch real, err := filepath.EvalSymlinks(path); {
	case err == nil:
		return real, nil
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	default:
		return "", err
	}
}

// acquire takes the lock that goes with the database: an advisory lock on a
// file beside it, which the operating system drops when the process ends,
// however it ends. The lock file stays behind: removing it could leave two
// processes with locks on two files of that name. It holds the owner's pid.
func acquire(path string) (*os.File, error) {
	name := path + ".lock"
	f, err := openLock(name)
	if errors.Is(err, ErrLocked) {
		return nil, fmt.Errorf("%s is %w%s; stop that one or change storage.path", path, ErrLocked, owner(name))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot lock the database: %w; let redpoll write to the directory or change storage.path", path, err)
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := fmt.Fprintln(f, os.Getpid()); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close())
	}
	return f, nil
}

// owner names the process that holds a lock, as " (pid 123)"; it is empty
// where the file does not say.
func owner(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close() // only read
	head, err := io.ReadAll(io.LimitReader(f, 20))
	pid := strings.TrimSpace(string(head))
	if err != nil || pid == "" {
		return ""
	}
	return " (pid " + pid + ")"
}

// checkHeader refuses a file that is not redpoll's or is too new without
// changing it. A missing or empty file is a database yet to be made.
func checkHeader(path string) error {
	// Opening a named pipe would wait for its other end.
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is %w but something else than a file (%s); change storage.path", path, ErrNotADatabase, info.Mode().Type())
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w; redpoll must be able to read and write its database, or change storage.path", err)
	}
	defer f.Close() // only read
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
