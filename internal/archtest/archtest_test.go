package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCanaryImportsFollowTheMap(t *testing.T) {
	wrong, files := violations(t, os.DirFS("../.."))
	for _, w := range wrong {
		t.Error(w)
	}
	if files < 10 {
		t.Errorf("only %d Go files were read; is this still the repository?", files)
	}
}

// violations reads the imports of every Go file in the tree. Build constraints
// are ignored on purpose: the map holds on every platform.
func violations(t *testing.T, tree fs.FS) (wrong []string, files int) {
	t.Helper()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && isIgnored(d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		files++
		w, err := violationsIn(tree, name)
		wrong = append(wrong, w...)
		return err
	})
	if err != nil {
		t.Fatalf("read the imports: %v", err)
	}
	return wrong, files
}

// isIgnored names the directories that hold no code of redpoll's packages.
func isIgnored(dir string) bool {
	return dir == "testdata" || dir == "node_modules" || strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_")
}

func violationsIn(tree fs.FS, name string) ([]string, error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, name, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, spec := range file.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		e := edge{from: path.Dir(name), to: to, test: strings.HasSuffix(name, "_test.go")}
		if why := objection(e); why != "" {
			line := positions.Position(spec.Pos()).Line
			wrong = append(wrong, fmt.Sprintf("%s:%d: %s imports %s: %s (see DESIGN.md)",
				name, line, e.from, strings.TrimPrefix(to, module+"/"), why))
		}
	}
	return wrong, nil
}

func TestFastViolationsAreFoundInAFaultyTree(t *testing.T) {
	root := t.TempDir()
	write := func(name string, imports ...string) {
		t.Helper()
		text := "package p\n\nimport (\n"
		for _, i := range imports {
			text += "\t_ " + strconv.Quote(i) + "\n"
		}
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text+")\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("store/append.go", module+"/internal/redpoll", module+"/scrape", "modernc.org/sqlite")
	write("store/append_test.go", module+"/rules", "go.uber.org/goleak")
	write("api/hub.go", "modernc.org/sqlite", "net/http")
	write("api/testdata/ignored.go", module+"/store")
	write("web/node_modules/ignored.go", module+"/store")

	wrong, files := violations(t, os.DirFS(root))
	if files != 3 {
		t.Errorf("%d files were read, want 3", files)
	}
	var found []string
	for _, w := range wrong {
		arrow, _, _ := strings.Cut(w, ";") // without the advice
		found = append(found, arrow)
	}
	want := []string{
		"api/hub.go:4: api imports modernc.org/sqlite: it belongs to store",
		"store/append.go:5: store imports scrape: no stage imports another",
		"store/append_test.go:4: store imports rules: no stage imports another",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestFastWhichImportsAreAllowed(t *testing.T) {
	own := func(pkg string) string { return module + "/" + pkg }
	allowed := func(from, to string) {
		t.Helper()
		if why := objection(edge{from: from, to: to}); why != "" {
			t.Errorf("%s may not import %s: %s", from, to, why)
		}
	}
	refused := func(from, to, reason string) {
		t.Helper()
		if why := objection(edge{from: from, to: to}); !strings.Contains(why, reason) {
			t.Errorf("%s imports %s: the objection is %q, want %q", from, to, why, reason)
		}
	}

	allowed("scrape", own("internal/redpoll"))
	allowed("scrape", own("scrape/red"))
	allowed("scrape/red", own("scrape/exposition"))
	allowed("cmd/redpoll", own("internal/demo"))
	allowed("cmd/redpoll", own("store"))
	allowed("internal/config", own("rules/notify"))
	allowed("store", "database/sql")
	allowed("rules", "github.com/prometheus/common/model")
	allowed("scrape/red", "gopkg.in/yaml.v3")
	allowed("internal/demo", "github.com/prometheus/client_golang/prometheus")

	refused("api", own("store"), "no stage imports another")
	refused("scrape/exposition/lint", own("scrape/exposition"), "the one that it stands in")
	refused("scrape/red", own("rules"), "no stage imports another")
	refused("store", own("internal/config"), "through its Options")
	refused("internal/demo", own("scrape"), "only cmd and internal/config")
	refused("internal/redpoll", own("scrape"), "nothing but the standard library")
	refused("internal/redpoll", "github.com/google/uuid", "belongs to rules, api")
	refused("internal/config", own("cmd/redpoll"), "nothing imports it")
	refused("scrape", "gopkg.in/yaml.v3", "belongs to internal/config")
	refused("store", "github.com/google/go-cmp/cmp", "for tests only")
	refused("store", "github.com/prometheus/client_golang/prometheus/testutil", "for tests only")
	refused("store", "example.org/unknown", "has no owner")
	refused("storekeeper", own("store"), "only cmd and internal/config")
}

func TestFastTestsMayUseEveryKnownLibraryAndNoOther(t *testing.T) {
	if why := objection(edge{from: "store", to: "github.com/google/go-cmp/cmp", test: true}); why != "" {
		t.Error(why)
	}
	if why := objection(edge{from: "web/browsertest", to: module + "/web", test: true}); why != "" {
		t.Error(why)
	}
	if why := objection(edge{from: "store", to: "example.org/unknown", test: true}); why == "" {
		t.Error("a test may use an unknown library")
	}
}
