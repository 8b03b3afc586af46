package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// claim is the hold on a database that one process at a time can have. The
// operating system drops it when the process ends, however it ends.
type claim struct {
	// lock is the file beside the database that is locked. It stays behind:
	// removing it could leave two processes with locks on two files of that
	// name. It holds the owner's pid.
	lock *os.File
	// file is the database itself, see openFile. It is locked, too, where
	// that is possible, for somebody may remove the other lock.
	file *os.File
	// info is what the database's name stood for at first.
	info os.FileInfo
}

// takeClaim claims the database at a resolved path, and makes an empty file of
// it if there is none. The caller must release the claim after SQLite has
// closed the database.
func takeClaim(path string) (claim, error) {
	lock, err := acquire(path)
	if err != nil {
		return claim{}, err
	}
	file, err := openFile(path)
	if err != nil {
		return claim{}, errors.Join(err, lock.Close())
	}
	c := claim{lock: lock, file: file}
	if err := lockDatabase(file); err != nil {
		return claim{}, errors.Join(fmt.Errorf("%s is %w, whose %s was removed; stop that one or change storage.path",
			path, err, filepath.Base(lock.Name())), c.release())
	}
	if c.info, err = os.Stat(path); err != nil {
		return claim{}, errors.Join(err, c.release())
	}
	return c, nil
}

// check fails if the database's name does not stand for it any more: SQLite
// would go on to write a file that is gone once redpoll ends. It may be called
// concurrently.
func (c claim) check() error {
	info, err := os.Stat(c.file.Name())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, c.info) {
		return errors.New("the file was deleted or replaced while redpoll runs; put it back or restart redpoll, which begins with what is there then")
	}
	return nil // where the directory cannot be read, the database is as good as it was
}

func (c claim) release() error { return errors.Join(c.file.Close(), c.lock.Close()) }

// maxLinks is how many symbolic links are followed, as many as Linux does.
const maxLinks = 40

// resolve makes the path absolute and follows links, also to a file that does
// not exist yet, so that one database has one lock whatever it is called.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		dir, name := filepath.Split(path) // unlike Dir it cleans nothing: x/.. may lead elsewhere
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return "", fmt.Errorf("%s: %s is not a directory; create it or change storage.path", path, dir)
		}
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			return "", err
		}
		path = filepath.Join(dir, name)
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link: a file, or nothing yet
		}
		if !filepath.IsAbs(target) {
			target = dir + string(filepath.Separator) + target
		}
		path = target
	}
	return "", fmt.Errorf("%s: too many symbolic links; change storage.path", path)
}

// acquire takes the lock beside the database.
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
