package scrape

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script is what a target answers to one scrape after the other, an empty text
// being an error; the last answer is repeated.
type script []string

// play serves the script from its beginning to whoever asks.
func (s script) play(t *testing.T) (address string) {
	t.Helper()
	var scrapes atomic.Int64
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		body := s[min(int(scrapes.Add(1)), len(s))-1]
		if body == "" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(body))
	})
}

const (
	first  = "# TYPE a_total counter\na_total{path=\"/a\"} 1\na_total{path=\"/b\"} 2\n# TYPE g gauge\ng{job=\"batch\",instance=\"db\"} 3\ng 4\n"
	grown  = first + "h{path=\"/a\"} 1\nh{path=\"/b\"} 1\n"
	longer = first + "g{path=\"/a-path-that-is-longer\"} 1\nh 2\n"
)

// countedScripts are the settings of jobs, as both understand them.
var countedScripts = map[string]string{
	"plain":    "",
	"rules":    "metric_relabel_configs: [{action: drop, source_labels: [path], regex: /b}, {source_labels: [path], target_label: where}]",
	"theirs":   "honor_labels: true\n    metric_relabel_configs: [{action: drop, source_labels: [job], regex: batch}]",
	"ours":     "metric_relabel_configs: [{action: drop, source_labels: [exported_job], regex: batch}]",
	"samples":  "sample_limit: 4",
	"kept":     "sample_limit: 3\n    metric_relabel_configs: [{action: drop, source_labels: [path], regex: /b}]",
	"labelled": "label_limit: 4",
	"valued":   "label_value_length_limit: 16",
}

// Both scrape the same answers; what Prometheus writes down of each scrape is
// what redpoll shows after it. What a failed scrape adds is left out: Prometheus
// counts the series up to the fault.
func TestCanaryTheCountsOfEveryScrapeAgreeWithPrometheus(t *testing.T) {
	answers := script{first, grown, grown, first, "", first, longer, grown, "a_total{path=\"/a\"} 1\ng 2\nthis is no sample\n", first}
	p := startPrometheusWith(t, countedJobs(t, answers))
	p.await(fmt.Sprintf("count(count_over_time(up[1h]) >= %d) == %d", len(answers), len(countedScripts)))
	want := make(map[string][]counts)
	for i, name := range []string{"up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"} {
		for job, values := range p.history(name) {
			want[job] = append(want[job], make([]counts, max(0, len(answers)-len(want[job])))...)
			for n := range answers {
				want[job][n][i] = values[n]
			}
		}
	}
	for job, settings := range countedScripts {
		m := idle(t, jobConfig(t, relabelled(t, strings.ReplaceAll(settings, "\n    ", "\n")+"\non_limit: fail"), answers.play(t)))
		one := m.jobs[0].targets[0]
		var got []counts
		for n := range answers {
			one.scrape(t.Context())
			r := one.lastReport()
			c := counts{0, float64(r.scraped), float64(r.relabelled), float64(r.added)}
			if r.up {
				c[0] = 1
			} else {
				want[job][n][3] = c[3]
			}
			got = append(got, c)
		}
		if diff := cmp.Diff(want[job], got); diff != "" {
			t.Errorf("%s: up, samples, samples after relabelling and series added (-Prometheus +redpoll):\n%s", job, diff)
		}
	}
}

// counts are up and three numbers of one scrape.
type counts [4]float64

// countedJobs is the text of a scrape_configs section in which every job has a
// target of its own.
func countedJobs(t *testing.T, answers script) string {
	t.Helper()
	var b strings.Builder
	for _, name := range sortedKeys(countedScripts) {
		fmt.Fprintf(&b, "  - job_name: %s\n    static_configs: [{targets: [%q]}]\n", name, answers.play(t))
		if settings := countedScripts[name]; settings != "" {
			fmt.Fprintf(&b, "    %s\n", settings)
		}
	}
	return b.String()
}

// startPrometheusWith runs a Prometheus with these jobs.
func startPrometheusWith(t *testing.T, jobs string) *realPrometheus {
	t.Helper()
	address, data := freeAddress(t), t.TempDir()
	file := filepath.Join(data, "prometheus.yml")
	text := "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs:\n" + jobs
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	exporter(t, "http://"+address+"/-/ready", "prometheus", "--config.file="+file, "--storage.tsdb.path="+data, "--web.listen-address="+address)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return &realPrometheus{t: t, address: address}
}

// history gives all values of a series by its job, the oldest first.
func (p *realPrometheus) history(series string) map[string][]float64 {
	p.t.Helper()
	parameters := url.Values{"query": {series + "[1h]"}, "time": {fmt.Sprint(time.Now().Unix() + 1)}}
	response, err := http.Get("http://" + p.address + "/api/v1/query?" + parameters.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct {
				Metric struct{ Job string }
				Values [][2]any
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		p.t.Fatal(err)
	}
	byJob := make(map[string][]float64)
	for _, r := range answer.Data.Result {
		for _, one := range r.Values {
			v, err := strconv.ParseFloat(fmt.Sprint(one[1]), 64)
			if err != nil {
				p.t.Fatal(err)
			}
			byJob[r.Metric.Job] = append(byJob[r.Metric.Job], v)
		}
	}
	return byJob
}
