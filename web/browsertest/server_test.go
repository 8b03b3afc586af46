package browsertest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/redpoll/redpoll/web"
)

// object is JSON on its way out.
type object = map[string]any

// server is a redpoll whose figures come from a script: real sockets, real
// HTTP, the dashboard as embedded in the binary. Its methods may be called
// concurrently.
type server struct {
	*httptest.Server

	mu        sync.Mutex
	sockets   map[*websocket.Conn]bool
	script    script
	seq       int
	refusing  bool
	withheld  string      // files whose paths begin so are not served; none if empty
	subscribe chan object // what clients sent
	asked     []string    // the API's URLs that were asked for
}

// script is what the server tells.
type script struct {
	now       time.Time
	interval  time.Duration
	endpoints []endpoint
	targets   []object
	alerts    []object // active
	past      []object // alerts that have ended
	marks     []object // that history keeps, oldest first
	fresh     []object // marks that come with the next message
	instances int      // of every endpoint
	rules     []object
	// historyLag is how far history ends before the time it is asked for.
	historyLag time.Duration
	// historyError makes /api/history answer 503 with that text.
	historyError string
	dropped      []object       // targets
	droppedCount map[string]int // by pool
	// exposition is what every target exposes; empty for one that cannot be
	// reached. What is beyond expositionLimit, if that is not 0, is cut.
	exposition      string
	expositionLimit int
}

func serve(t testing.TB, s script) *server {
	t.Helper()
	if s.now.IsZero() {
		s.now = time.Now()
	}
	if s.interval == 0 {
		s.interval = time.Minute // nothing counts as silent while a test looks around
	}
	srv := &server{sockets: map[*websocket.Conn]bool{}, script: s, seq: 1, subscribe: make(chan object, 64)}
	dashboard := web.Handler()
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", srv.stream)
	mux.HandleFunc("/api/history", srv.history)
	mux.HandleFunc("/api/trend", srv.trend)
	mux.HandleFunc("/api/alerts", srv.alertList)
	mux.HandleFunc("/api/targets", srv.targetList)
	mux.HandleFunc("/api/targets/dropped", srv.droppedList)
	mux.HandleFunc("/api/targets/{id}/exposition", srv.exposition)
	mux.HandleFunc("/api/marks", srv.markList)
	mux.HandleFunc("/api/instances", srv.instanceList)
	mux.HandleFunc("/api/rules", srv.ruleList)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if srv.withholds(r.URL.Path) {
			http.Error(w, "down for the test", http.StatusServiceUnavailable)
			return
		}
		dashboard.ServeHTTP(w, r)
	})
	srv.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		srv.refuse(true)
		srv.drop()
		srv.Close()
	})
	return srv
}

var upgrader = websocket.Upgrader{EnableCompression: true}

func (s *server) stream(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusing {
		http.Error(w, "down for the test", http.StatusServiceUnavailable)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // answered by Upgrade
	}
	s.sockets[conn] = true
	go s.listen(conn)
	_ = conn.WriteJSON(s.message("snapshot", s.script.alerts))
}

// listen answers subscribe with a snapshot, as redpoll does.
func (s *server) listen(conn *websocket.Conn) {
	for {
		var message object
		if conn.ReadJSON(&message) != nil {
			s.mu.Lock()
			delete(s.sockets, conn)
			s.mu.Unlock()
			return
		}
		s.subscribe <- message
		s.mu.Lock()
		_ = conn.WriteJSON(s.message("snapshot", s.script.alerts))
		s.mu.Unlock()
	}
}

func (s *server) message(kind string, alerts []object) object {
	m := object{"type": kind, "seq": s.seq, "timestamp": s.script.now.UnixMilli(), "data": s.script.snapshot()}
	if alerts != nil {
		m["alerts"] = alerts
	}
	return m
}

// update moves the script on by an interval, lets change edit it, and sends
// the result with the transitions to everybody.
func (s *server) update(change func(*script), transitions ...object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	s.script.now = s.script.now.Add(s.script.interval)
	if change != nil {
		change(&s.script)
	}
	s.broadcast(s.message("update", transitions))
}

func (s *server) broadcast(message object) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err) // scripts hold nothing that JSON has not
	}
	for conn := range s.sockets {
		_ = conn.WriteMessage(websocket.TextMessage, text)
	}
}

// lose counts an update that nobody gets.
func (s *server) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
}

func (s *server) complain(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broadcast(object{"type": "error", "timestamp": s.script.now.UnixMilli(), "error": text})
}

// drop hangs up on everybody.
func (s *server) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.sockets {
		_ = conn.Close()
	}
}

func (s *server) refuse(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = on
}

// withhold keeps back the dashboard's files whose paths begin with prefix; all
// are served where it is empty.
func (s *server) withhold(prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withheld = prefix
}

func (s *server) withholds(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.withheld != "" && strings.HasPrefix(path, s.withheld)
}

// wasAsked lists the API's URLs that were asked for so far.
func (s *server) wasAsked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *server) answer(w http.ResponseWriter, r *http.Request, make func(*script) (int, any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.String())
	status, body := make(&s.script)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *server) history(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) {
		if sc.historyError != "" {
			return http.StatusServiceUnavailable, object{"error": sc.historyError}
		}
		return http.StatusOK, sc.history(r.URL.Query())
	})
}

func (s *server) trend(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) { return http.StatusOK, sc.trend() })
}

func (s *server) alertList(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) {
		return http.StatusOK, object{"alerts": sc.alertsOf(r.URL.Query()), "next": ""}
	})
}

func (s *server) targetList(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) { return http.StatusOK, append([]object{}, sc.targets...) })
}

func (s *server) droppedList(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) {
		counts := sc.droppedCount
		if counts == nil {
			counts = map[string]int{}
		}
		return http.StatusOK, object{"targets": append([]object{}, sc.dropped...), "counts": counts}
	})
}

// exposition answers with text, where all others answer with JSON.
func (s *server) exposition(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.String())
	body, limit := s.script.exposition, s.script.expositionLimit
	s.mu.Unlock()
	if body == "" {
		s.answer(w, r, func(*script) (int, any) {
			return http.StatusBadGateway, object{"error": "connection refused: nothing listens at the target"}
		})
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if limit > 0 && len(body) > limit {
		w.Header().Set("X-Redpoll-Truncated", "true")
		body = body[:limit]
	}
	_, _ = io.WriteString(w, body)
}

func (s *server) markList(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) { return http.StatusOK, object{"marks": sc.marksOf(r.URL.Query())} })
}

func (s *server) instanceList(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) {
		return http.StatusOK, object{"timestamp": sc.now.UnixMilli(), "instances": sc.instancesOf(r.URL.Query())}
	})
}

func (s *server) ruleList(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(sc *script) (int, any) { return http.StatusOK, append([]object{}, sc.rules...) })
}
