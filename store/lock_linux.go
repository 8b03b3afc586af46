package store

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// setFileLock is fcntl's F_OFD_SETLK. Its locks belong to the open file, as
// those of flock do. But flock locks the whole file, and over NFS that would
// shut SQLite out.
const setFileLock = 37

// lockedByte is far behind the bytes that SQLite locks,
// https://www.sqlite.org/lockingv3.html.
const lockedByte = 1 << 62

// lockDatabase locks the database file itself, whatever name it has, as long
// as f is open; ErrLocked if another one has done so. A file system without
// such locks is no error: there the lock beside the file has to do.
func lockDatabase(f *os.File) error {
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: lockedByte, Len: 1}
	err := syscall.FcntlFlock(f.Fd(), setFileLock, &lock)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		return ErrLocked
	}
	return nil
}
