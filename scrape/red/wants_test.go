package red

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestFastWhatIsNotWantedChangesNothing(t *testing.T) {
	for _, c := range conventionCases {
		t.Run(c.name, func(t *testing.T) {
			all, wanted := newTarget(t, Options{}), newTarget(t, Options{})
			wanted.reader = newReader(wanted.deriver.Wants)
			others := "# TYPE go_goroutines gauge\ngo_goroutines 7\nprocess_start_time_seconds 1000\nredpoll_build_info 1\n"
			for _, body := range []string{c.first + others, c.second + others} {
				if diff := cmp.Diff(all.scrape(body), wanted.scrape(body), cmpopts.IgnoreUnexported(Endpoint{})); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestFastWants(t *testing.T) {
	f := func(o Options, family string, want bool) {
		t.Helper()
		if got := NewDeriver(o).Wants(family); got != want {
			t.Errorf("wants %s: %v", family, got)
		}
	}
	own := Options{Conventions: []Convention{{Family: "my_*_seconds", ErrorsFrom: &ErrorsFrom{Family: "my_errors"}}}}
	f(Options{}, "http_request_duration_seconds", true)
	f(Options{}, "node_cpu_seconds_total", true)
	f(Options{}, "redpoll_targets", true)
	f(Options{}, "go_goroutines", false)
	f(Options{}, "acme_build_info", true)
	f(Options{}, "target_info", true)
	f(Options{}, "api_http_requests_duration_seconds", true)
	f(Options{}, "django_http_responses_total_by_status_view_method_total", true)
	f(Options{}, "acme_request_duration_seconds", true)
	f(Options{}, "acme_client_request_duration_seconds", false)
	f(Options{}, "http_request_size_bytes", false)
	f(own, "acme_request_duration_seconds", false)
	f(own, "my_latency_seconds", true)
	f(own, "my_errors", true)
	f(own, "process_start_time_seconds", true)
	f(own, "http_request_duration_seconds", false)
}
