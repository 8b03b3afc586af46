package exposition

import (
	"cmp"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// set takes over an exposed summary, reusing the memory for the quantiles. A
// quantile that appears twice counts once, as first exposed; left says how many
// were left out for that, or for a rank that is none. why is not empty if the
// summary cannot be used at all.
func (s *Summary) set(exposed *dto.Summary) (left int, why string) {
	if exposed.SampleCount == nil || exposed.GetSampleCount() > redpoll.MaxCount {
		return 0, "has no usable _count"
	}
	s.Count, s.Sum = float64(exposed.GetSampleCount()), math.NaN()
	if exposed.SampleSum != nil {
		s.Sum = exposed.GetSampleSum()
	}
	quantiles := exposed.GetQuantile()
	if !slices.IsSortedFunc(quantiles, byRank) {
		slices.SortStableFunc(quantiles, byRank)
	}
	s.Quantiles = s.Quantiles[:0]
	last := math.NaN()
	for _, exposed := range quantiles {
		q, v := exposed.GetQuantile(), exposed.GetValue()
		if !(q >= 0 && q <= 1) || q == last {
			left++
			continue
		}
		last = q
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			s.Quantiles = append(s.Quantiles, Quantile{q, v})
		}
	}
	return left, ""
}

func byRank(a, b *dto.Quantile) int { return cmp.Compare(a.GetQuantile(), b.GetQuantile()) }
