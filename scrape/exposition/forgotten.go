package exposition

// forgotten knows of series that a reader has forgotten when they were last
// there, by their hashes. A target that leaves out most of its answer for
// a while would otherwise seem to have counted everything since it is complete
// again.
//
// It holds two generations: the older is dropped when the newer has as many, so
// that a flood of short-lived series has to be as large as what it drives out,
// or when both are of a long time ago.
type forgotten struct {
	newer, older map[uint64]uint64 // the read that had the series last, by hash
	since        uint64            // the read in which newer was begun
}

// The size that a generation may always have, and the reads that it lasts.
const (
	spareForgotten  = 10_000
	generationReads = 1000
)

// add notes that a series was last there in a read.
func (f *forgotten) add(hash, lastRead uint64) {
	if f.newer == nil {
		f.newer = make(map[uint64]uint64)
	}
	f.newer[hash] = lastRead
}

// recall gives the read that had a series last, 0 if that is not known, and
// drops it.
func (f *forgotten) recall(hash uint64) (lastRead uint64) {
	for _, generation := range [...]map[uint64]uint64{f.newer, f.older} {
		if read, ok := generation[hash]; ok {
			delete(generation, hash)
			return read
		}
	}
	return 0
}

// age begins a new generation if it is time to.
func (f *forgotten) age(read uint64) {
	if len(f.newer) >= max(spareForgotten, len(f.older)) || read-f.since >= generationReads {
		f.newer, f.older, f.since = nil, f.newer, read
	}
}
