package store

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// BenchmarkAppend stores 5 s snapshots in a steady state: everything that has
// a minute's rhythm is part of it, on average. Beside the time it reports the
// CPU time, what the process wrote to files, and what the database grew by per
// endpoint and snapshot.
//
//	go test -run '^$' -bench Append -benchtime 240x ./store
func BenchmarkAppend(b *testing.B) {
	classic := redpoll.NewHistogram(bounds)
	native := native(b, 3, math.Exp2(-128), 0, -8*9, make([]uint64, 8*14)...) // 2 ms to 32 s
	for _, c := range []struct {
		name  string
		n     int
		empty *redpoll.Histogram
	}{{"endpoints", 1000, classic}, {"endpoints", 10000, classic}, {"native", 1000, native}, {"native", 10000, native}} {
		n := c.n
		b.Run(fmt.Sprintf("%s=%d", c.name, n), func(b *testing.B) {
			s := open(b, newPath(b))
			l := newLoad(n, c.empty)
			appendAll(b, s, l.snapshot(noon))
			i, size := 0, fileSize(s.config.Path)
			var used usage
			for b.Loop() {
				b.StopTimer()
				i++
				snap := l.snapshot(noon.Add(time.Duration(i) * 5 * time.Second))
				before := measure(b)
				b.StartTimer()
				appendAll(b, s, snap)
				b.StopTimer()
				used = used.plus(measure(b).minus(before))
				b.StartTimer()
			}
			if _, err := s.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
				b.Fatal(err)
			}
			samples := float64(i * n)
			b.ReportMetric(used.cpu.Seconds()*1000/float64(i), "cpu-ms/tick")
			b.ReportMetric(float64(used.written)/samples, "written-B/sample")
			b.ReportMetric(float64(fileSize(s.config.Path)-size)/samples, "db-B/sample")
		})
	}
}

// usage is what the process has used.
type usage struct {
	cpu     time.Duration
	written int64 // bytes passed to write calls
}

func (u usage) minus(o usage) usage { return usage{u.cpu - o.cpu, u.written - o.written} }
func (u usage) plus(o usage) usage  { return usage{u.cpu + o.cpu, u.written + o.written} }

func measure(b *testing.B) (u usage) {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	io, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(io) {
		if _, err := fmt.Sscanf(string(line), "wchar: %d", &u.written); err == nil {
			return u
		}
	}
	b.Fatal("/proc/self/io has no wchar")
	return u
}
