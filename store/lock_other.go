//go:build !linux

package store

import "os"

// lockDatabase does nothing: the lock beside the file has to do. On Windows
// that one cannot be removed; elsewhere locks of the database itself differ
// too much.
func lockDatabase(*os.File) error { return nil }
