package red

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func nodeBody(busy, idle int) string {
	return fmt.Sprintf(`# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="user"} %d
node_cpu_seconds_total{cpu="1",mode="system"} %d
node_cpu_seconds_total{cpu="0",mode="idle"} %d
node_cpu_seconds_total{cpu="1",mode="idle"} %d
node_memory_MemTotal_bytes 1000
node_memory_MemAvailable_bytes 400
node_boot_time_seconds 5000
`, busy, busy, idle, idle)
}

func TestFastMachineUsage(t *testing.T) {
	s := newTarget(t, Options{})
	boot, memory := 5000.0, 600.0
	first := s.scrape(nodeBody(10, 100)).System.Machine
	if diff := cmp.Diff(Usage{Started: &boot, Memory: &memory}, first); diff != "" {
		t.Errorf("first scrape: %s", diff)
	}
	// In 5 s, 2 × 1 s busy and 2 × 4 s idle: 0.4 of 2 cores.
	cores := 0.4
	if diff := cmp.Diff(Usage{&boot, &memory, &cores, 2}, s.scrape(nodeBody(11, 104)).System.Machine); diff != "" {
		t.Errorf("second scrape: %s", diff)
	}
	if got := s.scrape(nodeBody(1, 2)).System.Machine.CPU; got != nil {
		t.Errorf("after a reboot the CPU is %v, want unknown for one scrape", *got)
	}
}

func TestFastProcessUsage(t *testing.T) {
	body := func(cpu float64) string {
		return fmt.Sprintf("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %g\n"+
			"process_resident_memory_bytes 77\nprocess_start_time_seconds 9\n", cpu)
	}
	s := newTarget(t, Options{})
	s.scrape(body(1))
	start, memory, cores := 9.0, 77.0, 0.5
	d := s.scrape(body(3.5) + "redpoll_scrapes_total 1\n")
	if diff := cmp.Diff(System{Process: Usage{Started: &start, Memory: &memory, CPU: &cores}, Own: true}, d.System); diff != "" {
		t.Error(diff)
	}
}

func TestFastNonsenseIsNoUsage(t *testing.T) {
	s := newTarget(t, Options{})
	d := s.scrape("process_resident_memory_bytes NaN\nprocess_start_time_seconds +Inf\n")
	if diff := cmp.Diff(System{}, d.System); diff != "" {
		t.Error(diff)
	}
	if d := s.scrape("process_start_time_seconds 1e300\n"); !d.Started.IsZero() {
		t.Errorf("started %v", d.Started)
	}
}
