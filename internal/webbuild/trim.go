package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// unused are the lines by which uPlot's bundle keeps what the dashboard does
// not draw with: renderers other than straight lines, and joining of tables.
// uPlot's own build leaves them out by feature flags, which its published
// bundle no longer has; without these lines nothing refers to them and esbuild
// drops a tenth of the charts' code.
var unused = []string{
	"(paths.stepped = stepped);",
	"(paths.bars    = bars);",
	"(paths.spline  = monotoneCubic);",
	"uPlot.join = join;",
}

// trimUPlot is an esbuild plugin. It fails where a newer uPlot looks different,
// so that the saving is not lost unnoticed.
func trimUPlot() api.Plugin {
	return api.Plugin{Name: "trim-uplot", Setup: func(build api.PluginBuild) {
		build.OnLoad(api.OnLoadOptions{Filter: `uPlot\.esm\.js$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			source, err := os.ReadFile(args.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			trimmed, err := without(string(source), unused)
			return api.OnLoadResult{Contents: &trimmed}, err
		})
	}}
}

// without removes lines that must each occur exactly once.
func without(source string, lines []string) (string, error) {
	for _, line := range lines {
		if n := strings.Count(source, line); n != 1 {
			return "", fmt.Errorf("%q occurs %d times instead of once: see the list of unused lines", line, n)
		}
		source = strings.Replace(source, line, "", 1)
	}
	return source, nil
}
