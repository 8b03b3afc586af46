package red

import (
	"fmt"
	"testing"
)

// nginx's library for Lua leaves out the buckets below the fastest request of
// each series: they are empty, whatever other series have.
func TestFastBucketsThatAreLeftOutAreEmpty(t *testing.T) {
	body := func(slow, fast string) string {
		return "# TYPE kong_request_latency_ms histogram\n" + slow + fast
	}
	series := func(node string, buckets ...any) string {
		text := ""
		for i := 0; i < len(buckets); i += 2 {
			text += fmt.Sprintf("kong_request_latency_ms_bucket{route=\"a\",node=%q,le=%q} %d\n", node, buckets[i], buckets[i+1])
		}
		return text
	}
	s := newTarget(t, Options{})
	s.scrape(body(series("1", "400", 10, "+Inf", 10), series("2", "100", 5, "200", 10, "400", 10, "+Inf", 10)))
	// Beyond 200 ms ten of node 1; up to 100 ms four, up to 200 ms six of node
	// 2: the tenth lies at 200 ms, the nineteenth 9/10 of the way to 400 ms.
	s.wants(s.scrape(body(series("1", "400", 20, "+Inf", 20), series("2", "100", 9, "200", 20, "400", 20, "+Inf", 20))),
		" a: 20 - 0.2 0.38 -\n")
	// Node 1 has its first request below 50 ms, and nothing else happens.
	s.wants(s.scrape(body(series("1", "50", 1, "100", 1, "200", 1, "400", 21, "+Inf", 21), series("2", "100", 9, "200", 20, "400", 20, "+Inf", 20))),
		" a: 1 - 0.025 0.0475 -\n")
}
