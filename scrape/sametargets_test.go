package scrape

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// everyKind has every kind of relabelling, of targets that are static and from
// files. 2.42 puts a port to addresses that have none, so that all have one.
const everyKind = `
global: {scrape_interval: 20s, scrape_timeout: 10s}
scrape_configs:
  - job_name: plain
    static_configs:
      - targets: ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1"]
        labels: {env: prod, __metrics_path__: /own}
      - targets: ["127.0.0.1:1"]
        labels: {job: renamed, instance: first}
  - job_name: probes
    metrics_path: /probe
    scrape_interval: 1m
    params: {module: [http_2xx, unused], debug: ["true"]}
    file_sd_configs: [{files: ["*.json", "*.yml"]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {source_labels: [module], regex: (.+), target_label: __param_module}
      - {target_label: __address__, replacement: "127.0.0.1:9115"}
      - {regex: module, action: labeldrop}
  - job_name: rules
    scheme: https
    params: {"match[]": ['{job="a"}', "up"]}
    honor_labels: true
    static_configs:
      - {targets: ["a:1"], labels: {__meta_role: DB, __meta_label_team: shop, __meta_label_tier: "1", same: x}}
      - {targets: ["b:1"], labels: {__meta_role: web, same: b_1}}
      - {targets: ["c:1"], labels: {__meta_role: cache, same: "c:1", slow: "yes"}}
      - {targets: ["d:1"], labels: {__meta_role: none}}
      - {targets: ["e:1"], labels: {__meta_role: dropped}}
    relabel_configs:
      - {source_labels: [__meta_role], regex: "DB|web|cache|none", action: keep}
      - {source_labels: [__meta_role], regex: none, action: drop}
      - {source_labels: [__meta_role], target_label: role, action: lowercase}
      - {source_labels: [same], target_label: ROLE, action: uppercase}
      - {regex: __meta_label_(.+), action: labelmap, replacement: k_$1}
      - {source_labels: [__address__], modulus: 7, target_label: shard, action: hashmod}
      - {source_labels: [__address__, role], separator: "@", regex: "(.+):(\\d+)@(.+)", target_label: "${3}_at", replacement: "$1-$2"}
      - {source_labels: [slow], regex: "yes", target_label: __scrape_interval__, replacement: 2m}
      - {source_labels: [slow], regex: "yes", target_label: __scrape_timeout__, replacement: 30s}
      - {source_labels: [role], regex: db, target_label: __scheme__, replacement: http}
      - {source_labels: [role], regex: db, target_label: __metrics_path__, replacement: no/slash}
      - {source_labels: [role], regex: web, target_label: job, replacement: frontend}
  - job_name: equals
    static_configs:
      - {targets: ["a:1"], labels: {x: p, y: p}}
      - {targets: ["b:1"], labels: {x: p, y: q}}
      - {targets: ["c:1"], labels: {x: q, y: q, z: q}}
    relabel_configs:
      - {source_labels: [x], target_label: y, action: keepequal}
      - {source_labels: [x], target_label: z, action: dropequal}
      - {regex: "__.*|job|x", action: labelkeep}
`

// targetList is what Prometheus' API tells of targets.
type targetList struct {
	Active  []listedTarget `json:"activeTargets"`
	Dropped []listedTarget `json:"droppedTargets"` // only what was discovered
}

type listedTarget struct {
	Discovered map[string]string `json:"discoveredLabels"`
	Labels     map[string]string `json:"labels"`
	Pool       string            `json:"scrapePool"`
	URL        string            `json:"scrapeUrl"`
}

// lines makes the same text of the same targets. 2.42 writes labels from after
// relabelling over the discovered ones where there are many rules, so that of the
// job of these only the discovered address is compared.
func (s targetList) lines() (list []string) {
	for _, a := range s.Active {
		if a.Pool == "rules" {
			a.Discovered = map[string]string{"__address__": a.Discovered["__address__"]}
		}
		list = append(list, fmt.Sprintf("%s scrapes %s as %v, discovered %v", a.Pool, a.URL, a.Labels, a.Discovered))
	}
	for _, d := range s.Dropped {
		list = append(list, fmt.Sprintf("dropped: %v", d.Discovered))
	}
	slices.Sort(list)
	return list
}

func seenByPrometheus(t *testing.T, address string) targetList {
	t.Helper()
	response, err := http.Get("http://" + address + "/api/v1/targets?state=any")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Data targetList }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data
}

func seenByRedpoll(m *Manager) (s targetList) {
	for _, target := range m.Targets() {
		s.Active = append(s.Active, listedTarget{target.Discovered, target.Labels, target.Pool, target.URL})
	}
	dropped, _ := m.Dropped()
	for _, d := range dropped {
		s.Dropped = append(s.Dropped, listedTarget{Discovered: d.Discovered})
	}
	return s
}

func TestCanaryTargetsAreThoseOfPrometheus(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "prometheus.yml.txt"), everyKind)
	write(t, filepath.Join(dir, "a.json"), `[{"targets": ["http://shop.example/a?b=c", "shop.example:443"], "labels": {"module": "tcp"}}, {"targets": []}]`)
	write(t, filepath.Join(dir, "b.yml"), "- targets: ['http://shop.example/ü']\n- targets: ['http://shop.example/ü']\n  labels: {team: x}\n")
	address := freeAddress(t)
	exporter(t, "http://"+address+"/-/ready", "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml.txt"),
		"--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+address)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)

	var file struct {
		Global struct {
			Global `yaml:",inline"`
		}
		Jobs []JobConfig `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(everyKind), &file); err != nil {
		t.Fatal(err)
	}
	for i := range file.Jobs {
		if err := file.Jobs[i].Validate(file.Global.Global); err != nil {
			t.Fatal(err)
		}
		file.Jobs[i].SetDirectory(dir)
	}
	m := NewManager(Options{})
	t.Cleanup(m.Stop)
	if err := m.Apply(file.Jobs); err != nil {
		t.Fatal(err)
	}
	var want, got targetList
	wait(t, "that both know all files", func() bool {
		want, got = seenByPrometheus(t, address), seenByRedpoll(m)
		return len(want.Active) == 11 && len(got.Active) == 11
	})
	if diff := cmp.Diff(want.lines(), got.lines()); diff != "" {
		t.Errorf("Prometheus (-) and redpoll (+):\n%s", diff)
	}
	if len(want.Dropped) < 4 {
		t.Errorf("only %d targets are dropped: the comparison says little", len(want.Dropped))
	}
	if err := os.Remove(filepath.Join(dir, "b.yml")); err != nil {
		t.Fatal(err)
	}
	wait(t, "that the file is gone", func() bool { return len(seenByRedpoll(m).Active) == len(got.Active)-2 })
}
