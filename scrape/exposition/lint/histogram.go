package lint

import "math"

// checkBucket checks a bucket of a histogram against the one before it.
func (c *checker) checkBucket(p *point) {
	text, ok := c.sample.label("le")
	if !ok {
		c.complain("the bucket has no label \"le\"; add it, with the bucket's upper bound")
		c.family.spoilt = true
		return
	}
	bound, err := parseBound(text, c.openMetrics)
	if err != nil {
		c.complain("%v", err)
		c.family.spoilt = true
		return
	}
	if p.has.have(bucketValue) {
		switch {
		case bound == p.bound:
			c.complain("a second bucket with the bound %v; keep one", bound)
		case bound < p.bound:
			c.complain("the bucket with the bound %v comes after that of %v; put buckets in increasing order", bound, p.bound)
		case c.sample.value < p.bucket:
			c.complain("the bucket with the bound %v holds %v and the one below it %v; a bucket counts all that is up to its bound", bound, c.sample.value, p.bucket)
		}
	}
	c.checkWhole("the bucket")
	p.bound, p.bucket = bound, c.sample.value
	p.below = p.below || bound < 0
	if math.IsInf(bound, 1) {
		p.endless, p.all = true, c.sample.value
	}
}

// endHistogram checks what can only be told once all samples of a histogram
// were seen.
func (c *checker) endHistogram(p *point) {
	name := show(c.family.name)
	complain := func(format string, args ...any) { c.findings.add(p.line, format, args...) }
	switch {
	case !p.has.have(bucketValue):
		complain(`the %v %s has no buckets with these labels; expose at least the one with le="+Inf"`, c.family.kind, name)
		return
	case !p.endless:
		complain(`the %v %s has no bucket with le="+Inf" and these labels; add it, with the count as its value`, c.family.kind, name)
		return
	}
	if p.has.have(countValue) && p.count != p.all && !math.IsNaN(p.count) && !math.IsNaN(p.all) {
		complain("the count of %s is %v, but its bucket +Inf holds %v; both count all events and have to be equal", name, p.count, p.all)
	}
	if c.openMetrics {
		c.checkSumAndCount(p)
	}
}

// checkSumAndCount checks what OpenMetrics asks of the two.
func (c *checker) checkSumAndCount(p *point) {
	name := show(c.family.name)
	complain := func(format string, args ...any) { c.findings.add(p.line, format, args...) }
	sum, count := p.has.have(sumValue), p.has.have(countValue)
	switch {
	case sum && p.below && c.family.kind == histogram:
		complain("%s has buckets below zero and a sum; such a sum may fall, which OpenMetrics forbids: leave sum and count out", name)
	case sum && p.sum < 0 && !p.below && c.family.kind == gaugeHistogram:
		complain("the sum of %s is %v, but it has no buckets below zero; correct the sum or add them", name, p.sum)
	case sum && !count:
		complain("%s has a sum and no count with these labels; expose both or none", name)
	case count && !sum:
		complain("%s has a count and no sum with these labels; expose both or none", name)
	}
}
