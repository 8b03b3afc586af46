package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// write replaces what dist holds.
func write(dist string, built files) error {
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	for name, content := range built {
		file := filepath.Join(dist, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare lists in which files dist is not what was built, in alphabetical
// order; none if it is fresh.
func compare(dist string, built files) ([]string, error) {
	var stale []string
	missing := maps.Clone(built)
	err := filepath.WalkDir(dist, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dist, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if want, ok := built[name]; !ok {
			stale = append(stale, name+": no longer made")
		} else if !bytes.Equal(content, want) {
			stale = append(stale, name+": differs")
		}
		delete(missing, name)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for name := range missing {
		stale = append(stale, name+": missing")
	}
	slices.Sort(stale)
	return stale, nil
}

// report lists the files with their sizes as they are and gzipped, which is
// what travels.
func report(out io.Writer, built files) {
	total := 0
	for _, name := range slices.Sorted(maps.Keys(built)) {
		compressed := gzippedSize(built[name])
		fmt.Fprintf(out, "%8d B %8d B gzipped  %s\n", len(built[name]), compressed, name)
		if path.Ext(name) == ".js" {
			total += compressed
		}
	}
	fmt.Fprintf(out, "JavaScript: %d B gzipped\n", total)
}

func gzippedSize(content []byte) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for unknown levels only
	_, _ = w.Write(content)                               // a Buffer takes everything
	_ = w.Close()
	return b.Len()
}
