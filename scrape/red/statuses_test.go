package red

import "testing"

func TestFastStatusesAreJudged(t *testing.T) {
	f := func(want outcome, statuses Statuses, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if got := statuses.judge(readStatus(text, false)); got != want {
				t.Errorf("%v judge %q: %d, want %d", statuses, text, got, want)
			}
		}
	}
	f(failed, DefaultErrors, "500", "599", "5xx", "5XX", "5", "Internal Server Error", "SERVER_ERROR", "error", "Service Unavailable",
		"Internal", "UNAVAILABLE", "DATA_LOSS", "DeadlineExceeded", "deadline_exceeded", "Unimplemented")
	f(clientError, DefaultErrors, "400", "499", "4xx", "4", "Not Found", "I'm a teapot", "CLIENT_ERROR",
		"NOT_FOUND", "InvalidArgument", "PermissionDenied", "Canceled", "CANCELLED")
	f(served, DefaultErrors, "200", "101", "2xx", "2", "3", "OK", "success", "REDIRECTION", "UNKNOWN", "other", "5000", "50", "6xx", "-")
	f(failed, Statuses{"429", "5xx"}, "429", "Too Many Requests", "ResourceExhausted", "503")
	f(clientError, Statuses{"429", "5xx"}, "428", "4xx")
	f(failed, Statuses{"4xx"}, "404", "4", "NotFound")
	f(served, Statuses{"4xx"}, "500")
	f(failed, Statuses{"Unavailable"}, "UNAVAILABLE")
	f(served, Statuses{"Unavailable"}, "503", "Internal")
	f(failed, Statuses{"deadline_exceeded"}, "DeadlineExceeded")
	f(served, Statuses{"-"}, "-", "_", "")
}

func TestFastStatusesWithoutLetterOrDigitAreRefused(t *testing.T) {
	for _, pattern := range []string{"", "-", "***", " 5xx"} {
		if err := (Statuses{"5xx", pattern}).Validate(); err == nil {
			t.Errorf("%q was accepted", pattern)
		}
	}
	if err := (Statuses{"5xx", "503", "SERVER_ERROR", "失敗"}).Validate(); err != nil {
		t.Error(err)
	}
}

// Unknown is an error of gRPC alone, and only its codes have numbers that are
// not HTTP's.
func TestFastStatusesOfGRPC(t *testing.T) {
	f := func(text string, want outcome) {
		t.Helper()
		if got := DefaultErrors.judge(readStatus(text, true)); got != want {
			t.Errorf("%q is judged %d, want %d", text, got, want)
		}
	}
	f("OK", served)
	f("0", served)
	f("Unknown", failed)
	f("2", failed)
	f("4", failed)
	f("5", clientError)
	f("14", failed)
	f("17", served)
	if got := (Statuses{"NotFound"}).judge(readStatus("5", true)); got != failed {
		t.Errorf("gRPC's 5 is judged %d where NotFound is an error", got)
	}
}

func TestFastExceptionsAreErrorsWhereNoStatusSaysOtherwise(t *testing.T) {
	s := newTarget(t, Options{Conventions: []Convention{
		{Family: "f_total", Kind: Requests, Path: LabelNames{"path"}, Status: LabelNames{"status"}, Exception: LabelNames{"exception"}},
	}})
	body := func(n string) string {
		return "# TYPE f_total counter\n" +
			`f_total{path="/none",exception="None"} ` + n + "\n" +
			`f_total{path="/empty",exception=""} ` + n + "\n" +
			`f_total{path="/raised",exception="Timeout"} ` + n + "\n" +
			`f_total{path="/handled",exception="Timeout",status="404"} ` + n + "\n"
	}
	s.scrape(body("1"))
	s.wants(s.scrape(body("3")), " /none: 2 0 - - -\n /empty: 2 0 - - -\n /raised: 2 2 - - -\n /handled: 2 0 - - -\n")
}
