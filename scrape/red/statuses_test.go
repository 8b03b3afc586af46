package red

import (
	"strconv"
	"strings"
	"testing"
)

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
	f(failed, Statuses{"Unavailable"}, "UNAVAILABLE", "503", "Service Unavailable")
	f(served, Statuses{"Unavailable"}, "500", "Internal", "5xx")
	f(failed, Statuses{"SERVER_ERROR"}, "500", "5xx", "5", "Unavailable", "server_error")
	f(served, Statuses{"SERVER_ERROR"}, "200", "UNKNOWN", "other")
	f(clientError, Statuses{"SERVER_ERROR"}, "404")
	f(failed, Statuses{"Internal Server Error"}, "500", "Internal", "INTERNAL_SERVER_ERROR")
	f(served, Statuses{"Internal Server Error"}, "503", "5xx")
	f(failed, Statuses{"NotFound"}, "404", "Not Found", "NOT_FOUND")
	f(failed, Statuses{"5"}, "500", "5xx", "5")
	f(failed, Statuses{"Cancelled"}, "Canceled", "499")
	f(clientError, Statuses{"FailedPrecondition"}, "InvalidArgument", "OutOfRange")
	f(failed, Statuses{"declined"}, "declined", "DECLINED")
	f(served, Statuses{}, "500", "error")
	f(failed, Statuses{"deadline_exceeded"}, "DeadlineExceeded")
	f(served, Statuses{"-"}, "-", "_", "")
}

func TestFastStatusesThatCouldNeverMatchAreRefused(t *testing.T) {
	f := func(want string, patterns ...string) {
		t.Helper()
		for _, pattern := range patterns {
			err := (Statuses{"5xx", pattern}).Validate()
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want an error that says %q", pattern, err, want)
			}
		}
	}
	f("write a code (503), a class (5xx) or a word", "", "-", " 5xx", "5xx\n")
	f("name each status that counts", "*", "***", "!503", "5*", "Un*", "!NotFound")
	f("codes are 100 to 599, classes 1xx to 5xx", "6xx", "0xx", "5x", "5XXX", "50", "500-599", "5xx,429", "5xx 4xx", "99", "1000", "600", "-5", "0", "6", "14", "5.x")
	for _, pattern := range []string{"5xx", "5XX", "5", "100", "599", "SERVER_ERROR", "I'm a teapot", "declined", "2fa_required", "失敗", "xx"} {
		if err := (Statuses{pattern}).Validate(); err != nil {
			t.Error(err)
		}
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

// A word that is misspelled looks like one of the application's own, and would
// leave an error rate of 0 % without a reason.
func TestFastWordsThatMatchNoStatusAreSaid(t *testing.T) {
	f := func(errors Statuses, want string) {
		t.Helper()
		d := newTarget(t, Options{Errors: errors}).scrape(latency(1, 1, 1) + requests(200, 1, 404, 1, 500, 1))
		var got string
		for _, a := range d.Advice {
			if strings.HasPrefix(a.Text, "errors:") {
				got = a.Text
			}
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%v: advice %q, want %q", errors, got, want)
		}
	}
	const seen = " matched no status that the target exposes (seen: 200, 404, 500)"
	f(Statuses{"banana"}, `errors: "banana"`+seen)
	f(Statuses{"5xx", "Unavailabel", "banana"}, `errors: "Unavailabel", "banana"`+seen)
	f(nil, "")
	f(Statuses{}, "")
	f(Statuses{"503", "Unavailable", "CLIENT_ERROR", "Unknown", "I'm a teapot"}, "")
}

func TestFastTheApplicationsOwnWordsAreSaidUntilTheyMatch(t *testing.T) {
	s := newTarget(t, Options{
		Errors:      Statuses{"declined"},
		Conventions: []Convention{{Family: "pay_total", Kind: Requests, Path: LabelNames{"path"}, Status: LabelNames{"result"}}},
	})
	const head = "# TYPE pay_total counter\n"
	body := func(n string, results ...string) string {
		text := head
		for _, result := range results {
			text += `pay_total{path="/pay",result="` + result + `"} ` + n + "\n"
		}
		return text
	}
	if d := s.scrape(body("1", "paid")); len(d.Advice) != 1 || !strings.Contains(d.Advice[0].Text, "(seen: paid)") {
		t.Errorf("advice %+v", d.Advice)
	}
	if d := s.scrape(body("2", "paid", "late")); len(d.Advice) != 1 || !strings.Contains(d.Advice[0].Text, "(seen: late, paid)") {
		t.Errorf("advice %+v", d.Advice)
	}
	d := s.scrape(body("3", "paid", "late", "Declined"))
	if s.wants(d, " /pay: 5 3 - - -\n"); len(d.Advice) != 0 {
		t.Errorf("advice %+v", d.Advice)
	}
}

func TestFastWordsAndStatusesThatAreSaidAreBounded(t *testing.T) {
	var errors Statuses
	body := "# TYPE http_requests_total counter\n"
	for i := range 100 {
		many := strings.Repeat("word", 100) + strconv.Itoa(i)
		errors = append(errors, "own"+many)
		body += `http_requests_total{path="/a",code="` + many + strconv.Itoa(i) + "\"} 1\n"
	}
	d := newTarget(t, Options{Errors: errors}).scrape(body)
	if text := d.Advice[len(d.Advice)-1].Text; !strings.HasPrefix(text, "errors:") || len(text) > 1000 {
		t.Errorf("advice of %d bytes: %s", len(text), text)
	}
}
