package lint

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// suiteVariable names the folder of the public OpenMetrics parser suite:
// tests/testdata/parsers in https://github.com/prometheus/OpenMetrics.
const suiteVariable = "REDPOLL_OPENMETRICS_SUITE"

func TestThePublicSuiteOfOpenMetricsIsJudgedRightly(t *testing.T) {
	folder := os.Getenv(suiteVariable)
	if folder == "" {
		t.Skipf("%s does not name a folder of test cases", suiteVariable)
	}
	cases, err := filepath.Glob(filepath.Join(folder, "*", "test.json"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("%s holds no test cases: %v", folder, err)
	}
	right := 0
	for _, file := range cases {
		var expected struct{ ShouldParse bool }
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &expected)
		}
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(file)
		body, err := os.Open(filepath.Join(dir, "metrics"))
		if err != nil {
			t.Fatal(err)
		}
		report, err := Check(body, OpenMetrics)
		_ = body.Close()
		if valid := len(report.Violations) == 0; err != nil || valid != expected.ShouldParse {
			t.Errorf("%s: valid is %v, want %v: %v %v", filepath.Base(dir), valid, expected.ShouldParse, report.Violations, err)
			continue
		}
		t.Logf("%s: %v", filepath.Base(dir), report.Violations)
		right++
	}
	t.Logf("%d of %d are judged rightly", right, len(cases))
}
