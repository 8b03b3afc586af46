package redpoll

import "time"

// Snapshot is the state of everything at one evaluation. Package scrape
// produces it; nobody writes to it afterwards, so it may be read concurrently.
type Snapshot struct {
	Time time.Time
	// Interval is the time between two snapshots.
	Interval time.Duration
	// Endpoints are in the order of EndpointKey.Compare.
	Endpoints []EndpointMetrics
	// Targets are in the order of job, then instance.
	Targets []TargetStatus
	// Marks are what happened to targets since the snapshot before.
	Marks  []Mark
	CDN    CDN
	System System
}

// Endpoint finds one endpoint's figures; nil if the snapshot has none.
func (s *Snapshot) Endpoint(k EndpointKey) *EndpointMetrics {
	lo, hi := 0, len(s.Endpoints)
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := s.Endpoints[mid].Key.Compare(k); {
		case c == 0:
			return &s.Endpoints[mid]
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil
}

// CDN are the signals of a cache in front of the application. All are nil
// until signals are configured.
type CDN struct {
	Bandwidth     *float64 // bytes per second
	CacheHitRatio *float64 // 0–1
	Storage       *float64 // share in use, 0–1
}

// System tells how the machines (node_exporter's families) or, where there is
// no node_exporter, the scraped processes (process_*) are doing.
type System struct {
	Uptime *float64 // seconds since the most recent boot or process start
	Memory *float64 // bytes in use, summed
	CPU    *float64 // machines: share in use, 0–1; processes: cores in use, summed
	// Source is "node", "process" or empty.
	Source string
}
