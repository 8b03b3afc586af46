// Command webbuild makes web/dist, the dashboard that the binary embeds, from
// web/src.
//
//	go run ./internal/webbuild          write web/dist
//	go run ./internal/webbuild -check   fail if web/dist is not what web/src makes
//
// It bundles with esbuild's Go API, so of Node it needs only the packages that
// `npm ci` unpacks into web/node_modules. The same sources and packages give
// the same files, byte for byte.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	check := flag.Bool("check", false, "compare web/dist with a fresh build instead of writing it")
	dir := flag.String("web", "", "the web directory; found from the working directory by default")
	flag.Parse()
	if err := run(*dir, *check, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "webbuild:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool, out io.Writer) error {
	if dir == "" {
		var err error
		if dir, err = findWeb(); err != nil {
			return err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	built, err := build(dir)
	if err != nil {
		return err
	}
	dist := filepath.Join(dir, "dist")
	if !check {
		report(out, built)
		return write(dist, built)
	}
	stale, err := compare(dist, built)
	if err != nil {
		return err
	}
	if len(stale) > 0 {
		return fmt.Errorf("web/dist is stale, run `go generate ./web` and commit it:\n  %s", strings.Join(stale, "\n  "))
	}
	fmt.Fprintln(out, "web/dist is fresh")
	return nil
}

// findWeb works from the module's root and, as `go generate` does, from web.
func findWeb() (string, error) {
	for _, dir := range []string{"web", "."} {
		if _, err := os.Stat(filepath.Join(dir, "src", "index.html")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no web/src/index.html here: run it in the module's root, or name the directory with -web")
}
