package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// edit replaces a text that must occur exactly once.
type edit struct{ old, new string }

// trims take out of uPlot what the dashboard does not draw with. uPlot's own
// build leaves such things out by feature flags, which its published bundle no
// longer has; where nothing refers to them any more, esbuild drops them: a
// quarter of the charts' code.
var trims = []edit{
	// Renderers other than straight lines, and joining of tables.
	{"(paths.stepped = stepped);", ""},
	{"(paths.bars    = bars);", ""},
	{"(paths.spline  = monotoneCubic);", ""},
	{"uPlot.join = join;", ""},

	// Series and bands that come and go; ours are drawn by hooks.
	{"self.addSeries = addSeries;", ""},
	{"self.delSeries = delSeries;", ""},
	{"self.addBand = addBand;", ""},
	{"self.setBand = setBand;", ""},
	{"self.delBand = delBand;", ""},
	{"flags != 0 && bands.forEach(", "false && bands.forEach("},
	{"function bandFillClipDirs(self, seriesIdx) {", "function bandFillClipDirs() { return [0, 0]; }\nfunction unusedClipDirs(self, seriesIdx) {"},
	{"function clipBandLine(self, seriesIdx, idx0, idx1, strokePath, clipDir) {", "function clipBandLine() {}\nfunction unusedClip(self, seriesIdx, idx0, idx1, strokePath, clipDir) {"},

	// Questions whose answer is always the same: milliseconds, lines over one
	// common x, no legend (ours is outside the plot). esbuild knows constants
	// of the module only.
	{`const pre = "u-";`, `const pre = "u-", ms = 1, mode = 1, showLegend = false;`},
	{"const ms = opts.ms || 1e-3;", ""},
	{"const mode = self.mode;", ""},
	{"const showLegend = legend.show;", ""},
	{"s.value = isTime ? (isStr(sv) ? timeSeriesVal(_tzDate, timeSeriesStamp(sv, _fmtDate)) : sv || _timeSeriesVal) : sv || numSeriesVal;", ""},
	{"const _timeSeriesVal  = timeSeriesVal(_tzDate, timeSeriesStamp(_timeSeriesStamp, _fmtDate));", ""},

	// Labels of the time axis: our charts bring their own.
	{"uPlot.fmtDate = fmtDate;", ""},
	{"const _fmtDate = (opts.fmtDate || fmtDate);", ""},
	{"const _timeAxisVals   = timeAxisVals(_tzDate, timeAxisStamps((ms == 1 ? _timeAxisStampsMs : _timeAxisStampsS), _fmtDate));", ""},
	{"timeAxisVals(_tzDate, timeAxisStamps(av, _fmtDate))", "av"},
	{"timeAxisVal(_tzDate, av)", "av"},
	{"av || _timeAxisVals", "av"},
	{"const days3 = days.map(slice3);", "const days3 = days;"},
	{"const months3 = months.map(slice3);", "const months3 = months;"},
	{"const _timeAxisStamps = [", "() => ["},
	{"\t\t_timeAxisStamps,\n", "\t\tnull,\n"},

	// Ranges that uPlot works out by itself, and logarithmic axes.
	{"uPlot.rangeNum = rangeNum;", ""},
	{"rn = (self, dataMin, dataMax) => dataMin == null ? nullNullTuple : rangeNum(dataMin, dataMax, cfg);", ""},
	{"return dataMin == null ? nullNullTuple : rangeNum(dataMin, dataMax, rangePad, true);", "return nullNullTuple;"},
	{"[_min, _max] = rangeNum(_min, _max, rangePad, true);", ";"},
	{"uPlot.rangeLog = rangeLog;", ""},
	{"uPlot.rangeAsinh = rangeAsinh;", ""},
	{"sc.distr == 3   ? val => log10(val > 0 ? val : sc.clamp(self, val, sc.min, sc.max, sc.key)) :", ""},
	{"sc.distr == 4   ? val => asinh(val, sc.asinh) :", ""},
	{"(sc.distr == 3 ? snapLogX : sc.distr == 4 ? snapAsinhX : snapNumX)", "snapNumX"},
	{"(sc.distr == 3 ? snapLogY : sc.distr == 4 ? snapAsinhY : snapNumY)", "snapNumY"},
	{"sc.distr == 3 ? logAxisSplits : sc.distr == 4 ? asinhAxisSplits : numAxisSplits", "numAxisSplits"},
	{"sc.distr >= 3 && sc.log == 10 ? log10AxisValsFilt : sc.distr == 3 && sc.log == 2 ? log2AxisValsFilt : retArg1", "retArg1"},
	{"[_min, _max] = rangeLog(_min, _min, scaleX.log, false);", ";"},
	{"[_min, _max] = rangeAsinh(_min, _min, scaleX.log, false);", ";"},
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
			trimmed, err := edited(string(source), trims)
			return api.OnLoadResult{Contents: &trimmed}, err
		})
	}}
}

// edited applies the edits one after the other.
func edited(source string, edits []edit) (string, error) {
	for _, e := range edits {
		if n := strings.Count(source, e.old); n != 1 {
			return "", fmt.Errorf("%q occurs %d times instead of once: see the list of trims", e.old, n)
		}
		source = strings.Replace(source, e.old, e.new, 1)
	}
	return source, nil
}
