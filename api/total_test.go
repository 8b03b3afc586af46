package api

import (
	"math"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// window is what an endpoint saw of requests in so many seconds.
func window(seconds, requests, errors uint64, known bool) redpoll.EndpointMetrics {
	in := redpoll.Increase{
		Elapsed: time.Duration(seconds) * time.Second, Requests: requests, Errors: errors, ErrorsKnown: known,
	}
	return redpoll.EndpointMetrics{Throughput: in.Throughput(), ErrorRate: in.ErrorRate(), Window: in}
}

func TestFastSnapshotTellsTheSameTotalsAsTheTrend(t *testing.T) {
	s := snapshotAt(0,
		window(5, 100, 0, true),
		window(50, 100, 8, true), // weighs as much: it had as many requests
		window(5, 1000, 0, false),
		window(5, 0, 0, true),
	)
	total := toWireSnapshot(s).Total
	if *total.Throughput.v != 222 || *total.ErrorRate.v != 4 {
		t.Errorf("%v requests/s, %v %% errors; want 222 and 4", *total.Throughput.v, *total.ErrorRate.v)
	}
	trend := newTrend()
	trend.add(s)
	if w := trend.wire(); w.Throughput[0] != 222 || math.Abs(float64(w.ErrorRate[0])-4) > 1e-6 {
		t.Errorf("trend: %v requests/s, %v %% errors; want 222 and 4", w.Throughput, w.ErrorRate)
	}
}

func TestFastTotalsAreMissingWhereNothingIsKnown(t *testing.T) {
	unseen := redpoll.EndpointMetrics{Cause: redpoll.TargetDown}
	if total := addUp([]redpoll.EndpointMetrics{unseen}); total.throughput != nil || total.errorRate != nil {
		t.Errorf("got %+v", total)
	}
	total := addUp([]redpoll.EndpointMetrics{unseen, idle})
	if total.throughput == nil || *total.throughput != 0 || total.errorRate != nil {
		t.Errorf("without traffic: got %+v, want a throughput of 0 and no error rate", total)
	}
}
