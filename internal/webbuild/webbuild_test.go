package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFastCompareNamesEveryStaleFile(t *testing.T) {
	dist := filepath.Join(t.TempDir(), "dist")
	built := files{"index.html": []byte("page"), "assets/a.js": []byte("a"), "assets/b.js": []byte("b")}
	if err := write(dist, built); err != nil {
		t.Fatal(err)
	}
	expect := func(want ...string) {
		t.Helper()
		got, err := compare(dist, built)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	expect()
	for name, content := range map[string]string{"index.html": "another", "assets/old.js": ""} {
		if err := os.WriteFile(filepath.Join(dist, filepath.FromSlash(name)), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dist, "assets", "b.js")); err != nil {
		t.Fatal(err)
	}
	expect("assets/b.js: missing", "assets/old.js: no longer made", "index.html: differs")
}

func TestFastCompareWithoutDistFindsEverythingMissing(t *testing.T) {
	got, err := compare(filepath.Join(t.TempDir(), "dist"), files{"index.html": nil})
	if err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestFastWriteLeavesNothingOld(t *testing.T) {
	dist := filepath.Join(t.TempDir(), "dist")
	for _, built := range []files{{"old.js": nil}, {"new.js": nil}} {
		if err := write(dist, built); err != nil {
			t.Fatal(err)
		}
	}
	if stale, err := compare(dist, files{"new.js": nil}); err != nil || len(stale) > 0 {
		t.Errorf("%v, %v", stale, err)
	}
}

func TestFastLinkNamesTheHashedFiles(t *testing.T) {
	built := files{"assets/main-1.js": nil, "assets/main-2.css": nil, "assets/inter-latin-3.woff2": nil, "assets/favicon-4.svg": nil, "assets/detail-5.js": nil}
	html, err := link("%main.js% %main.css% %inter.woff2% %favicon.svg%", built)
	if want := "assets/main-1.js assets/main-2.css assets/inter-latin-3.woff2 assets/favicon-4.svg"; err != nil || string(html) != want {
		t.Errorf("%s, %v", html, err)
	}
	delete(built, "assets/main-2.css")
	if _, err := link("%main.js% %main.css% %inter.woff2% %favicon.svg%", built); err == nil {
		t.Error("a missing style sheet went unnoticed")
	}
}

func TestFastTextsToEditMustBeThereOnce(t *testing.T) {
	if got, err := edited("a;\nb;\n", []edit{{"b;", "c;"}, {"a;", ""}}); err != nil || got != "\nc;\n" {
		t.Errorf("%q, %v", got, err)
	}
	for _, source := range []string{"a;", "b; b;"} {
		if _, err := edited(source, []edit{{"b;", ""}}); err == nil || !strings.Contains(err.Error(), "instead of once") {
			t.Errorf("%q: %v", source, err)
		}
	}
}

func TestFastWithoutPackagesTheMessageSaysWhatToRun(t *testing.T) {
	if _, err := build(t.TempDir()); err == nil || !strings.Contains(err.Error(), "npm ci") {
		t.Errorf("%v", err)
	}
}
