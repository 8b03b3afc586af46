package api

import "github.com/redpoll/redpoll/internal/redpoll"

// total has the figures of all endpoints together.
type total struct {
	throughput *float64 // requests/s; nil where no endpoint's is known
	errorRate  *float64 // ratio; nil where there were no requests of known outcome
}

// addUp weighs errors by requests. Endpoints whose errors are not known weigh
// nothing there.
func addUp(endpoints []redpoll.EndpointMetrics) total {
	var throughput *float64
	judged := redpoll.Increase{ErrorsKnown: true}
	for i := range endpoints {
		e := &endpoints[i]
		if e.Throughput != nil {
			if throughput == nil {
				throughput = new(float64)
			}
			*throughput += *e.Throughput
		}
		if e.Window.ErrorsKnown {
			judged.Requests += e.Window.Requests
			judged.Errors += e.Window.Errors
		}
	}
	return total{throughput, judged.ErrorRate()}
}
