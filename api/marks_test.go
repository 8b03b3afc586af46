package api

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestMarksAreThoseOfTheHistory(t *testing.T) {
	s := newServer(t)
	s.history.marks = []redpoll.Mark{
		deployed,
		{Time: noon.Add(-time.Minute), Job: "shop", Instance: "10.0.0.2:80", Kind: redpoll.Restart},
	}
	a := s.get(t, "/api/marks?job=shop&start=2026-03-01T11:00:00Z&end=1772366430000&limit=2")
	want := `{"marks":[` +
		`{"timestamp":1772366400000,"job":"shop","instance":"10.0.0.1:80","kind":"deploy","text":"1.4.1 → 1.4.2"},` +
		`{"timestamp":1772366340000,"job":"shop","instance":"10.0.0.2:80","kind":"restart","text":""}]}`
	if diff := cmp.Diff(want, string(a.body)); diff != "" {
		t.Error(diff)
	}
	s.get(t, "/api/marks")
	wantQueries := []redpoll.MarkQuery{
		{Job: "shop", Start: noon.Add(-time.Hour), End: noon.Add(30 * time.Second), Limit: 2},
		{Limit: 1000},
	}
	if diff := cmp.Diff(wantQueries, s.history.marked); diff != "" {
		t.Errorf("asked for: %s", diff)
	}
}

func TestMarksWithoutAnyAreAnEmptyList(t *testing.T) {
	if a := newServer(t).get(t, "/api/marks"); string(a.body) != `{"marks":[]}` {
		t.Errorf("got %s", a.body)
	}
}

func TestMarksRefuseWhatTheyCannotUse(t *testing.T) {
	s := newServer(t)
	f := func(query, says string) {
		t.Helper()
		wantError(t, s.get(t, "/api/marks?"+query), http.StatusBadRequest, says)
	}
	f("start=yesterday", "Unix milliseconds or RFC 3339")
	f("start=2&end=2", "before end")
	f("limit=10001", "from 1 to 10000")
	f("path=/", "unknown")
	if len(s.history.marked) > 0 {
		t.Errorf("the history was asked all the same: %v", s.history.marked)
	}
	s.history.err = errors.New("read marks: disk gone")
	wantError(t, s.get(t, "/api/marks"), http.StatusInternalServerError, "disk gone")
}

func TestInstancesAreThoseOfOneEndpoint(t *testing.T) {
	s := newServer(t)
	const path = "/api/instances?job=shop&method=post&path=/checkout"
	wantError(t, s.get(t, path), http.StatusServiceUnavailable, "no figures yet")
	s.instances = []redpoll.InstanceMetrics{instanceOf("10.0.0.1:80")}
	s.api.Publish(snapshotAt(0), nil, nil)
	want := `{"timestamp":1772366400000,"instances":[{"instance":"10.0.0.1:80",` +
		`"job":"shop","method":"POST","path":"/checkout","p50":20,"p95":90.5,"p99":250,"mean":32.5,"ranges":[[10,25],[50,100],[250,null]],` +
		`"errorRate":1.5,"clientErrorRate":4,"throughput":42.5,"requests":200,"instances":1}]}`
	if diff := cmp.Diff(want, string(s.get(t, path).body)); diff != "" {
		t.Error(diff)
	}
	if a := s.get(t, "/api/instances?job=shop&path=/none"); string(a.body) != `{"timestamp":1772366400000,"instances":[]}` {
		t.Errorf("of an endpoint that there is not: %s", a.body)
	}
	wantError(t, s.get(t, "/api/instances?job=shop"), http.StatusBadRequest, `"path" is required`)
}
