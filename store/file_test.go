package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCanaryOpenRefusesForeignFilesUntouched(t *testing.T) {
	f := func(name string, content []byte, want error) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), Config{Path: path}, Options{})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "storage.path") {
				t.Errorf("%q names no path or no way out", err)
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(content, after) {
				t.Error("the file was changed")
			}
			for _, suffix := range []string{"-wal", "-shm", "-journal"} {
				if _, err := os.Stat(path + suffix); err == nil {
					t.Errorf("%s was left behind", filepath.Base(path+suffix))
				}
			}
		})
	}
	f("HTML", []byte("<!DOCTYPE html><html><body>"+strings.Repeat("not a database ", 20)), ErrNotADatabase)
	f("one byte", []byte("S"), ErrNotADatabase)
	f("cut off header", []byte(headerMagic+"1234"), ErrNotADatabase)
	f("zeroes", make([]byte, 4096), ErrNotADatabase)
	f("another application's database", foreignDatabase(t, 0, 0), ErrNotADatabase)
	f("another application's database with an id", foreignDatabase(t, 0x1234, 1), ErrNotADatabase)
	f("another application's database with redpoll's id", foreignDatabase(t, applicationID, len(migrations)), ErrNotADatabase)
	f("newer schema", foreignDatabase(t, applicationID, len(migrations)+1), ErrNewerSchema)
}

// foreignDatabase is the content of an SQLite database with a table.
func foreignDatabase(t *testing.T, application, version int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "foreign.db")
	db, err := sql.Open("sqlite", dsn(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; CREATE TABLE bookmarks (url TEXT)", application, version))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestOpenTakesAnEmptyFile(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestOpenSaysWhatIsWrongWithThePath(t *testing.T) {
	f := func(name, path, want string) {
		t.Helper()
		_, err := Open(t.Context(), Config{Path: path}, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "storage.path") {
			t.Errorf("%s: %v, want it to contain %q and storage.path", name, err, want)
		}
	}
	dir := t.TempDir()
	f("missing directory", filepath.Join(dir, "missing", "redpoll.db"), "is not a directory")
	f("directory", dir, "something else than a file (d---------)")
	if os.Geteuid() == 0 {
		return // root may write everywhere
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	f("directory that cannot be written", filepath.Join(dir, "redpoll.db"), "cannot lock")
}

func TestOpenTellsWhoHoldsTheLock(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		_, err := Open(t.Context(), Config{Path: name}, Options{})
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("(pid %d)", os.Getpid())) {
			t.Errorf("got %v, want ErrLocked and the pid", err)
		}
	}
	// The first one goes on, and once closed lets the next one in.
	appendAll(t, s, snapshot(noon.Add(5e9), endpointMetrics(checkout, increase(0, 1))))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestOpenFollowsLinksToADatabaseYetToBeMade(t *testing.T) {
	real, dir := newPath(t), t.TempDir()
	inner, outer := filepath.Join(dir, "inner.db"), filepath.Join(dir, "outer.db")
	if err := errors.Join(os.Symlink(real, inner), os.Symlink("inner.db", outer)); err != nil {
		t.Fatal(err)
	}
	open(t, outer)
	for _, name := range []string{real, inner, outer} {
		if _, err := Open(t.Context(), Config{Path: name}, Options{}); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v, want ErrLocked", name, err)
		}
	}
	loop := filepath.Join(dir, "loop.db")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: loop}, Options{}); err == nil || !strings.Contains(err.Error(), "too many symbolic links") {
		t.Errorf("a link to itself: %v", err)
	}
}

// TestOpenAfterSIGKILL has another process killed while it has the database
// open: this test's own binary, told by the environment to play that part.
func TestOpenAfterSIGKILL(t *testing.T) {
	if path := os.Getenv("REDPOLL_TEST_STORE"); path != "" {
		s, err := Open(t.Context(), Config{Path: path}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 7))))
		fmt.Println("ready")
		select {}
	}
	path := newPath(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOpenAfterSIGKILL$")
	child.Env = append(os.Environ(), "REDPOLL_TEST_STORE="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanln(out, new(string)); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("(pid %d)", child.Process.Pid)
	if _, err := Open(t.Context(), Config{Path: path}, Options{}); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want ErrLocked and %s", err, want)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait() // its error is the kill
	h := history(t, open(t, path), checkout, noon, noon.Add(1e9), 1e9)
	if len(h.Points) != 1 || h.Points[0].Requests != 7 {
		t.Errorf("history after the kill is %+v", h)
	}
}

func TestOpenUsesTheSettingsOfTheDesign(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "odd name?#%20.db"))
	f := func(db *sql.DB, pragma, want string) {
		t.Helper()
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
		}
	}
	f(s.write, "journal_mode", "wal")
	f(s.write, "synchronous", "2")
	f(s.write, "busy_timeout", "5000")
	f(s.write, "user_version", fmt.Sprint(len(migrations)))
	f(s.write, "application_id", fmt.Sprint(applicationID))
	f(s.read, "query_only", "1")
	f(s.read, "busy_timeout", "2000")
	if _, err := s.read.Exec("DELETE FROM tick"); err == nil {
		t.Error("a reader may write")
	}
	if _, err := os.Stat(s.config.Path); err != nil {
		t.Error(err)
	}
}

func TestCloseEmptiesTheWAL(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := fileSize(path + "-wal"); n != 0 {
		t.Errorf("the WAL still has %d bytes", n)
	}
	if err := s.Append(t.Context(), snapshot(noon), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after Close: %v, want ErrClosed", err)
	}
}

func TestDamagedDatabaseComesWithAdvice(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	for i := range 5 {
		appendAll(t, s, many(at(5*i), 500))
	}
	// Somebody empties the WAL; the checkpoint then copies holes from it.
	if err := os.Truncate(path+"-wal", 0); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, many(at(25), 500))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Path: path}, Options{})
	if err == nil || !strings.Contains(err.Error(), "malformed") || !strings.Contains(err.Error(), "move "+path) {
		t.Fatalf("got %v, want SQLite's error and what to do", err)
	}
	if err := errors.Join(os.Remove(path), os.RemoveAll(path+"-wal")); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestCloseWhileAnotherProcessReadsLosesNothing(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 3))))
	foreign, err := openReaders(path)
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	tx, err := foreign.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if err := tx.QueryRow("SELECT count(*) FROM tick").Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, snapshot(at(5), endpointMetrics(checkout, increase(0, 4))))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if h := history(t, open(t, path), checkout, noon, at(60), time.Minute); len(h.Points) != 1 || h.Points[0].Requests != 7 {
		t.Errorf("after that there is %+v", h.Points)
	}
}
