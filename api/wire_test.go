package api

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// openAPIDocument is what these tests look at in openapi.yaml.
type openAPIDocument struct {
	Paths      map[string]map[string]any
	Components struct{ Schemas map[string]openAPISchema }
}

type openAPISchema struct {
	Required   []string
	Properties map[string]any
}

func readOpenAPI(t *testing.T) openAPIDocument {
	t.Helper()
	var doc openAPIDocument
	if err := yaml.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestFastOpenAPIFileHasEveryRouteAndNoOther(t *testing.T) {
	var described, served []string
	for path, item := range readOpenAPI(t).Paths {
		for method := range item {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	a := New(DefaultConfig, Options{Dashboard: http.NotFoundHandler(), Gatherer: newServer(t).registry})
	for _, r := range a.routes() {
		served = append(served, r.method+" "+r.path)
	}
	slices.Sort(described)
	slices.Sort(served)
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("served (-), described (+):\n%s", diff)
	}
}

// fullServer has something to answer on every path.
func fullServer(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.targets = []redpoll.TargetStatus{shopTarget, deadTarget}
	s.dropped = []redpoll.DroppedTarget{droppedTarget}
	s.metadata = map[string][]redpoll.Metadata{shopTarget.ID: {requestsTotal}}
	s.expose = func(context.Context) (Exposition, error) {
		return Exposition{Body: []byte("up 1\n"), Truncated: true}, nil
	}
	s.rules.rules = []redpoll.RuleStatus{slowRule, cacheRule}
	unknown := slowAlert.Clone()
	unknown.State, unknown.Before, unknown.Cause, unknown.SilencedBy = redpoll.Unknown, redpoll.Firing, redpoll.TargetDown, slowAlert.ID
	s.rules.active = []redpoll.Alert{slowAlert, unknown}
	s.history.alerts = []redpoll.Alert{resolvedAlert(0)}
	s.history.marks = []redpoll.Mark{deployed}
	s.instances = []redpoll.InstanceMetrics{instanceOf("10.0.0.1:80"), instanceOf("10.0.0.2:80")}
	s.history.silences = []redpoll.Silence{{
		ID: slowAlert.ID, Matchers: []redpoll.Matcher{{Name: "job", Value: "*"}}, StartsAt: noon, EndsAt: noon.Add(1), CreatedBy: "ops", Comment: "x",
	}}
	s.history.history = redpoll.History{Points: []redpoll.HistoryPoint{{Time: noon.Add(-1), Increase: checkout.Window}}}
	now := snapshotAt(0)
	now.Marks = s.history.marks
	s.api.Publish(now, []redpoll.Alert{slowAlert}, s.rules.active)
	return s
}

// wireTypes pairs the interfaces of protocol.ts with the Go types; the schemas
// of the OpenAPI file have the names of the former.
var wireTypes = map[string]any{
	"EndpointMetrics":   wireEndpoint{},
	"InstanceMetrics":   wireInstance{},
	"InstanceList":      wireInstanceList{},
	"Mark":              wireMark{},
	"MarkList":          wireMarkList{},
	"MetricsSnapshot":   wireSnapshot{},
	"EndpointList":      wireEndpointList{},
	"Alert":             wireAlert{},
	"AlertList":         wireAlertList{},
	"History":           wireHistory{},
	"Trend":             wireTrend{},
	"TargetCount":       wireTargetCount{},
	"TargetStatus":      wireTarget{},
	"DroppedTarget":     wireDroppedTarget{},
	"DroppedTargetList": wireDroppedTargetList{},
	"Recognised":        wireRecognised{},
	"Ignored":           wireIgnored{},
	"Advice":            wireAdvice{},
	"Rule":              wireRule{},
	"Silence":           wireSilence{},
	"NewSilence":        newSilence{},
	"Health":            wireHealth{},
	"ApiError":          wireError{},
	"Matcher":           wireMatcher{},
}

func TestFastWireTypesHaveTheSameFieldsInGoTypeScriptAndOpenAPI(t *testing.T) {
	source, err := os.ReadFile("../web/src/protocol.ts")
	if err != nil {
		t.Fatal(err)
	}
	interfaces := typeScriptInterfaces(string(source))
	schemas := readOpenAPI(t).Components.Schemas
	for name, value := range wireTypes {
		inGo := goFields(reflect.TypeOf(value))
		slices.Sort(interfaces[name])
		if diff := cmp.Diff(inGo, schemaFields(schemas[name])); diff != "" {
			t.Errorf("%s: Go (-), openapi.yaml (+):\n%s", name, diff)
		}
		if diff := cmp.Diff(inGo, interfaces[name]); diff != "" {
			t.Errorf("%s: Go (-), protocol.ts (+):\n%s", name, diff)
		}
	}
	for name := range interfaces {
		if _, ok := wireTypes[name]; !ok {
			t.Errorf("protocol.ts has %s, which wireTypes does not", name)
		}
	}
}

// goFields names a struct's fields on the wire, sorted, with ? behind those
// that may be missing. In newSilence, which is only read, Go does not show
// which those are.
func goFields(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if f.Anonymous {
			names = append(names, goFields(f.Type)...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		mayMiss := t == reflect.TypeFor[newSilence]() && slices.Contains([]string{"startsAt", "endsAt", "duration"}, name)
		if strings.HasPrefix(options, "omit") || mayMiss {
			name += "?"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// schemaFields does the same for a schema.
func schemaFields(s openAPISchema) []string {
	var names []string
	for name := range s.Properties {
		if !slices.Contains(s.Required, name) {
			name += "?"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	interfaceHead = regexp.MustCompile(`^export interface (\w+)(?: extends (\w+))? \{`)
	fieldName     = regexp.MustCompile(`^  (\w+\??):`)
)

// typeScriptInterfaces finds the fields of exported interfaces, written as the
// formatter writes them: one field on a line, two spaces in front.
func typeScriptInterfaces(source string) map[string][]string {
	found := map[string][]string{}
	name := ""
	for line := range strings.Lines(source) {
		if head := interfaceHead.FindStringSubmatch(line); head != nil {
			name = head[1]
			found[name] = slices.Clone(found[head[2]])
		} else if strings.HasPrefix(line, "}") {
			name = ""
		} else if field := fieldName.FindStringSubmatch(line); field != nil && name != "" {
			found[name] = append(found[name], field[1])
		}
	}
	return found
}
