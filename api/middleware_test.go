package api

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// A page whose name resolves to 127.0.0.1 is same-origin with what it finds
// there; only the name in the Host header gives it away.
func TestCanaryARedpollOnLoopbackAnswersToNamesOfThisMachineOnly(t *testing.T) {
	s := newServer(t, func(c *Config, _ *limits) { c.AllowedOrigins = []string{"https://status.example.com"} })
	for _, host := range []string{"evil.example", "evil.example:3334", "localhost.evil.example", "127.0.0.1.evil.example", "evil\"><script>"} {
		wantError(t, s.get(t, "/api/metrics", "Host: "+host), http.StatusMisdirectedRequest, "web.allowed_origins")
		wantError(t, s.do(t, "POST", "/-/reload", "", "Host: "+host, "Origin: http://"+host, "Sec-Fetch-Site: same-origin"),
			http.StatusMisdirectedRequest, "does not answer to the name")
	}
	for _, host := range []string{"127.0.0.1", "127.0.0.1:3334", "[::1]:3334", "localhost", "LOCALHOST:3334", "status.example.com"} {
		if a := s.get(t, "/-/healthy", "Host: "+host); a.status != 200 {
			t.Errorf("Host %s: %d %s", host, a.status, a.body)
		}
	}
}

func TestTrendBearsLatenciesBeyondAFloat32(t *testing.T) {
	s := newServer(t)
	e := checkout
	e.P95 = redpoll.Exactly(1e305)
	s.api.Publish(snapshotAt(0, e), nil, nil)
	if a := s.get(t, "/api/trend"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestFastTheDefaultStepOfTheLongestTimeDoesNotOverflow(t *testing.T) {
	if step := niceStep(math.MaxInt64, defaultPoints); step < math.MaxInt64/(defaultPoints+1) {
		t.Errorf("step is %s", step)
	}
}

func TestSilencesAreBoundedInNumberAndTime(t *testing.T) {
	s := newServer(t)
	post := func(duration string) answer {
		t.Helper()
		return s.do(t, "POST", "/api/silences",
			`{"matchers":[{"name":"job","value":"*"}],"duration":"`+duration+`","createdBy":"a","comment":"b"}`,
			"Content-Type: application/json")
	}
	wantError(t, post("2y"), http.StatusBadRequest, "more than a year")
	for range maxSilences {
		s.history.silences = append(s.history.silences, redpoll.Silence{EndsAt: noon.Add(time.Hour)})
	}
	wantError(t, post("1h"), http.StatusUnprocessableEntity, "1000 silences")
}

func TestFastNothingMayFollowTheBody(t *testing.T) {
	s := newServer(t)
	body := `{"matchers":[{"name":"job","value":"*"}],"duration":"1h","createdBy":"a","comment":"b"}`
	for _, rest := range []string{"}} ]", "{}", "]", "x"} {
		a := s.do(t, "POST", "/api/silences", body+rest, "Content-Type: application/json")
		wantError(t, a, http.StatusBadRequest, "more than one JSON value")
	}
}
