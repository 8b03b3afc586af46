package archtest

import (
	"fmt"
	"slices"
	"strings"
)

const module = "github.com/redpoll/redpoll"

// stages are the packages through which a scrape's figures flow. A stage knows
// the vocabulary and its own sub-packages, never another stage.
var stages = []string{"scrape", "rules", "store", "api", "web"}

// vocabulary is what every package may import.
const vocabulary = "internal/redpoll"

// composers may import stages: cmd wires them, internal/config puts their
// configurations together.
var composers = []string{"cmd", "internal/config"}

// owners names, for each outside library (or a package of one), the packages
// that may import it, sub-packages included; an import path is judged by its
// longest prefix here. "*" is any package. Tests may use every library named.
var owners = map[string][]string{
	"github.com/alecthomas/kingpin/v2":                        {"cmd"},
	"github.com/evanw/esbuild":                                {"internal/webbuild"},
	"github.com/google/uuid":                                  {"rules", "api"},
	"github.com/gorilla/websocket":                            {"api"},
	"github.com/klauspost/compress":                           {"api", "scrape"},
	"github.com/prometheus/client_golang":                     {"cmd", "scrape", "rules", "store", "api", "web", "internal/demo"},
	"github.com/prometheus/client_golang/prometheus/testutil": testsOnly,
	"github.com/prometheus/client_model":                      {"scrape"},
	"github.com/prometheus/common/config":                     {"scrape"},
	"github.com/prometheus/common/expfmt":                     {"scrape"},
	"github.com/prometheus/common/model":                      {"*"},
	"github.com/prometheus/common/promslog":                   {"cmd"},
	"github.com/prometheus/common/version":                    {"cmd"},
	"github.com/prometheus/exporter-toolkit":                  {"cmd"},
	"github.com/prometheus/prometheus":                        {"scrape"},
	"golang.org/x/sync":                                       {"*"},
	"gopkg.in/yaml.v3":                                        {"internal/config", "scrape/red"},
	"modernc.org/sqlite":                                      {"store"},
	"github.com/chromedp":                                     testsOnly,
	"github.com/getkin/kin-openapi":                           testsOnly,
	"github.com/google/go-cmp":                                testsOnly,
	"go.uber.org/goleak":                                      testsOnly,
}

// testsOnly marks libraries that the program itself does not use.
var testsOnly = []string{}

// edge is one import in one file.
type edge struct {
	from string // directory of the importing package, from the repository's root
	to   string // import path as written
	test bool   // the file is a _test.go file
}

// objection says what is wrong with an import and what to do; empty if nothing
// is.
func objection(e edge) string {
	if own, ok := strings.CutPrefix(e.to, module+"/"); ok {
		if e.from != own && isWithin(e.from, own) && !e.test {
			return "a package does not know the one that it stands in; move what both need below them"
		}
		return objectionToArrow(e.from, own)
	}
	if first, _, _ := strings.Cut(e.to, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	return objectionToLibrary(e)
}

// objectionToArrow judges an import of one of redpoll's packages by another.
func objectionToArrow(from, to string) string {
	fromStage, toStage := stageOf(from), stageOf(to)
	switch {
	case isWithin(from, vocabulary):
		return fmt.Sprintf("the vocabulary imports nothing but the standard library; move what needs %s into the stage that uses it", to)
	case isWithin(to, vocabulary), isWithin(from, "cmd"):
		return ""
	case isWithin(to, "cmd"):
		return "cmd is at the top and nothing imports it; move what is shared below it"
	case toStage != "" && toStage == fromStage:
		return ""
	case toStage != "" && fromStage != "":
		return "no stage imports another; declare the small interface that is needed and let cmd connect the two, or let the value travel as a type of " + vocabulary
	case toStage != "" && slices.Contains(composers, from):
		return ""
	case fromStage != "":
		return "a stage imports only " + vocabulary + " and its own sub-packages; hand the rest to it through its Options"
	default:
		return fmt.Sprintf("only %s may import stages, and only cmd the helpers under internal; everything else imports %s alone",
			strings.Join(composers, " and "), vocabulary)
	}
}

// objectionToLibrary judges an import of an outside library.
func objectionToLibrary(e edge) string {
	library := ""
	for prefix := range owners {
		if isWithin(e.to, prefix) && len(prefix) > len(library) {
			library = prefix
		}
	}
	if library == "" {
		return "the library has no owner; use what is there already, or name its owner in internal/archtest and DESIGN.md"
	}
	if e.test {
		return ""
	}
	allowed := owners[library]
	if len(allowed) == 0 {
		return "it is for tests only"
	}
	for _, owner := range allowed {
		if owner == "*" || isWithin(e.from, owner) {
			return ""
		}
	}
	return fmt.Sprintf("it belongs to %s; let that package do it, behind a function or type of its own", strings.Join(allowed, ", "))
}

// stageOf is the stage that a package is part of; empty if it is part of none.
func stageOf(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	if slices.Contains(stages, first) {
		return first
	}
	return ""
}

// isWithin reports whether path is the package prefix or below it.
func isWithin(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}
