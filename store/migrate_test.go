package store

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// version1 makes the database that redpoll wrote at schema 1: 27 snapshots
// from noon on, 5 s apart, as version1Increases tells.
func version1(t *testing.T) (path string) {
	t.Helper()
	script, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	path = newPath(t)
	db, err := sql.Open("sqlite", dsn(path, "_pragma=journal_mode(WAL)"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(fmt.Sprintf("BEGIN; %s; PRAGMA application_id = %d; PRAGMA user_version = 1; COMMIT", script, applicationID))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

var jobs = redpoll.EndpointKey{Job: "shop", Path: "/jobs"} // counters only

const version1Snapshots = 27

// version1Increases are what the i-th snapshot added. From the twentieth on,
// the cart has other buckets, and not all of its requests are timed.
func version1Increases(i int) map[redpoll.EndpointKey]redpoll.Increase {
	inCart, inCheckout := increase(0, 0, 0, 7), increase(1, 0, 0, 90, uint64(i))
	if i >= 20 {
		inCart.Requests = 5
		inCart.Latency = &redpoll.Histogram{Bounds: []float64{0.1, 1}, Counts: []uint64{3, 0, 1}, Sum: 2.5}
	}
	inCart.ClientErrorsUnknown, inCheckout.ClientErrorsUnknown = true, true
	return map[redpoll.EndpointKey]redpoll.Increase{
		cart: inCart, checkout: inCheckout, jobs: {Elapsed: 5 * time.Second, Requests: 9},
	}
}

// version1Points are the points of an endpoint with n snapshots in each.
func version1Points(k redpoll.EndpointKey, n int) (points []redpoll.HistoryPoint) {
	for i := range version1Snapshots {
		if i%n == 0 {
			points = append(points, redpoll.HistoryPoint{Time: at(5 * i).Local()})
		}
		points[len(points)-1].Append(version1Increases(i)[k])
	}
	return points
}

func wantVersion1(t *testing.T, s *Store) {
	t.Helper()
	for _, k := range []redpoll.EndpointKey{cart, checkout, jobs} {
		for _, snapshots := range []int{1, 12} {
			step := time.Duration(snapshots) * 5 * time.Second
			got := history(t, s, k, noon, at(5*version1Snapshots), step).Points
			if diff := cmp.Diff(version1Points(k, snapshots), got); diff != "" {
				t.Errorf("%s by %s (-want +got):\n%s", k.Path, step, diff)
			}
		}
	}
}

func TestCanaryDatabaseOfVersion1IsReadUnchanged(t *testing.T) {
	path := version1(t)
	s := open(t, path)
	wantVersion1(t, s)
	if got := s.LastSnapshot(); !got.Equal(at(5 * (version1Snapshots - 1))) {
		t.Errorf("last snapshot at %s", got)
	}
	alerts, err := s.Alerts(t.Context(), redpoll.AlertQuery{})
	if err != nil {
		t.Fatal(err)
	}
	want := []redpoll.Alert{firing("1", 35), resolved(firing("0", 0), 30)}
	for i := range want {
		want[i].Lower, want[i].Upper, want[i].PeakIsLowerLimit = nil, nil, false
	}
	if diff := cmp.Diff(want, alerts); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	if silences, err := s.Silences(t.Context()); err != nil || len(silences) != 1 {
		t.Errorf("silences are %+v (%v)", silences, err)
	}
	const figures = `SELECT count(*) FROM endpoint_metrics WHERE client_error_rate IS NULL
		AND endpoint = '/checkout' AND p95 BETWEEN 28 AND 43 AND error_rate BETWEEN 0.9 AND 1.1`
	if n := count(t, s, figures); n != 2 {
		t.Errorf("the view has %d of checkout's 2 minutes", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantVersion1(t, open(t, path)) // once more without a migration
}

// The minute that is open at the migration begins with records of version 1
// and ends with records of this one.
func TestHistoryOfVersion1GoesOn(t *testing.T) {
	s := open(t, version1(t))
	geometric := increase(0, 0, 0, 7)
	geometric.ClientErrors = 3
	geometric.Latency.Scale = redpoll.Geometric
	for i := version1Snapshots; i <= 48; i++ {
		appendAll(t, s, snapshot(at(5*i), endpointMetrics(checkout, geometric)))
	}
	wantVersion1 := version1Points(checkout, 24)[1] // the snapshots 24 to 26
	for range 36 - version1Snapshots {
		wantVersion1.Append(geometric)
	}
	var after redpoll.Increase
	for range 12 {
		after.Append(geometric)
	}
	got := history(t, s, checkout, at(120), at(240), time.Minute).Points
	want := []redpoll.HistoryPoint{wantVersion1, {Time: at(180).Local(), Increase: after}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const rows = "SELECT count(*) FROM minute WHERE ts = ? AND client_errors IS "
	if n := count(t, s, rows+"NULL AND endpoint_id = 2", at(120).UnixMilli()); n != 1 {
		t.Error("the minute that version 1 began tells client errors")
	}
	if n := count(t, s, rows+"36", at(180).UnixMilli()); n != 1 {
		t.Error("the minute after does not have 36 client errors")
	}
}

func TestMigratedDatabaseHasTheSchemaOfANewOne(t *testing.T) {
	schema := func(s *Store) (statements []string) {
		rows, err := s.read.Query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var statement string
			if err := rows.Scan(&statement); err != nil {
				t.Fatal(err)
			}
			statements = append(statements, statement)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return statements
	}
	if diff := cmp.Diff(schema(open(t, newPath(t))), schema(open(t, version1(t)))); diff != "" {
		t.Errorf("(-new +migrated):\n%s", diff)
	}
}

// The table in the way is met after others have been changed.
func TestMigrationThatFailsChangesNothing(t *testing.T) {
	path := version1(t)
	run := func(statement string) {
		t.Helper()
		db, err := sql.Open("sqlite", dsn(path, ""))
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Exec(statement)
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE TABLE mark (something)")
	if s, err := Open(t.Context(), Config{Path: path}, Options{}); err == nil {
		s.Close()
		t.Fatal("the migration succeeds")
	}
	run("DROP TABLE mark; UPDATE bounds SET le = le") // still there, and of version 1
	wantVersion1(t, open(t, path))
}
