package exposition

import "sync/atomic"

const (
	// freeSeries is how many wanted series any body may have, so that targets with
	// very many never keep the others out.
	freeSeries = 2000
	// sharedSeries bounds the wanted series of all bodies beyond freeSeries of
	// each. With what is derived from it, one takes about 600 bytes for as long as
	// its target is there.
	sharedSeries = 400_000
)

// claimed is how many of the sharedSeries readers hold, in all libraries.
var claimed atomic.Int64

// claim is what one reader holds of the sharedSeries.
type claim struct{ held int64 }

// set makes it enough for a body with so many wanted series. The error is a
// *LimitError, and the claim is as it was then.
func (c *claim) set(series int) error {
	want := max(0, int64(series)-freeSeries)
	more := want - c.held
	if now := claimed.Add(more); more > 0 && now > sharedSeries {
		claimed.Add(-more)
		return overLimit("the body has %d series that redpoll would follow; any target may have %d, and all together %d more, of which %d are left; drop series by metric_relabel_configs",
			series, freeSeries, sharedSeries, max(0, sharedSeries-(now-more))+c.held)
	}
	c.held = want
	return nil
}
