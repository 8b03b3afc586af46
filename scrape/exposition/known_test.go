package exposition

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// numbered is a body with the series n{i="from"} up to, but not including, to.
func numbered(from, to int) []byte {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "n{i=\"%d\"} 1\n", i)
	}
	return []byte(b.String())
}

// readAll gives the samples that the last of some bodies has.
func readAll(t *testing.T, r *Reader, bodies ...[]byte) (last []Sample) {
	t.Helper()
	for _, body := range bodies {
		s, err := readBody(r, body, "")
		if err != nil {
			t.Fatal(err)
		}
		last = slices.Clone(s.Samples)
	}
	return last
}

func TestFastASeriesThatComesBackAfterItWasForgottenIsKnownToHaveBeenThere(t *testing.T) {
	r := newReader(nil)
	const all = 3 * spareSeries
	readAll(t, r, numbered(0, all)) // the first read
	for range recentReads {
		readAll(t, r, numbered(0, 10))
	}
	if n := r.known.len(); n != 10 {
		t.Fatalf("%d series are remembered, want 10", n)
	}
	for i, s := range readAll(t, r, numbered(0, all+1)) {
		want := uint64(1)
		if i < 10 || i == all {
			want = 0 // never forgotten; never there
		}
		if s.Before != want {
			t.Fatalf("%v is said to have been there in read %d, want %d", s.Series, s.Before, want)
		}
	}
	if n := len(r.known.forgotten.newer); n != 0 {
		t.Errorf("%d series that are back count as forgotten", n)
	}
}

func TestFastSeriesThatMissedTheLastReadAloneAreNotForgotten(t *testing.T) {
	r := newReader(nil)
	const live = 3000
	// Short-lived series come on top, until some have to be forgotten.
	first := readAll(t, r, numbered(0, live))
	for round := range 20 {
		readAll(t, r, append(numbered(0, live), numbered(live+1000*round, live+1000*(round+1))...))
	}
	readAll(t, r, numbered(0, 10))
	if n := r.known.len(); n > 2*(live+1000)+spareSeries {
		t.Fatalf("%d series are remembered", n)
	}
	for i, s := range readAll(t, r, numbered(0, live)) {
		if s.Series != first[i].Series || s.Ref != first[i].Ref {
			t.Fatalf("%v is another series after it missed one read", s.Series)
		}
	}
}

func TestFastWhatIsKnownOfForgottenSeriesIsBounded(t *testing.T) {
	r := newReader(nil)
	const each = 5000
	for round := range 40 {
		readAll(t, r, numbered(round*each, (round+1)*each))
	}
	f := &r.known.forgotten
	if n := len(f.newer) + len(f.older); n < spareForgotten || n > 2*(spareForgotten+each) {
		t.Errorf("after %d series that were there once, %d are known of", 40*each, n)
	}
	for range 3 * generationReads {
		readAll(t, r, []byte("up 1\n"))
	}
	if n := len(f.newer) + len(f.older); n != 0 {
		t.Errorf("%d are known of for good", n)
	}
}

func TestFastABurstOfSeriesLeavesNoMemoryBehind(t *testing.T) {
	r := newReader(nil)
	const burst = 20_000
	readAll(t, r, numbered(0, 1), numbered(0, burst))
	var forgotten int
	for range recentReads + 1 {
		s, err := readBody(r, numbered(0, 1), "")
		if err != nil {
			t.Fatal(err)
		}
		forgotten += len(s.Forgotten)
	}
	if forgotten != burst-1 {
		t.Errorf("%d series are said to be forgotten, want all but one of %d", forgotten, burst)
	}
	k := &r.known
	if len(k.list) != 1 || cap(k.list) > spareSeries || cap(k.free) > spareSeries || cap(k.refs) > 2*spareSeries {
		t.Errorf("after a burst %d Refs are given out; there is memory for %d of them, %d free ones and %d of a body",
			len(k.list), cap(k.list), cap(k.free), cap(k.refs))
	}
}

// TestFastTheMemoryOfPlansIsBoundedAndGivenBack has readers that know a body
// each, until there is no room for another.
func TestFastTheMemoryOfPlansIsBoundedAndGivenBack(t *testing.T) {
	before := planned.Load()
	library := NewLibrary(Options{})
	r := library.NewReader()
	readAll(t, r, numbered(0, 1000))
	one := planned.Load() - before
	if one < 1000*10 {
		t.Fatalf("a plan of 1,000 lines is said to take %d bytes", one)
	}
	for i := range 20 {
		readAll(t, r, numbered(i, i+1000))
	}
	if now := planned.Load() - before; now > 2*one {
		t.Errorf("after 20 bodies the plan of the last takes %d bytes, want about %d", now, one)
	}
	planned.Add(planMemory)
	defer planned.Add(-planMemory)
	last := readAll(t, library.NewReader(), numbered(7, 50), numbered(7, 50))
	if len(last) != 43 {
		t.Errorf("without room for a plan %d series are read", len(last))
	}
}
