package lint

import (
	"math"
	"unicode/utf8"
)

// checkSample checks what a sample says by the type of its family.
func (c *checker) checkSample(r role) {
	if c.isRepeated() {
		c.complain("%s with these labels was there before; expose every series once", show(c.sample.name))
		return
	}
	if !c.openMetrics && r == plainValue {
		return // anything goes
	}
	p := c.place(r)
	c.checkRole(r, p)
	p.has = p.has.with(r)
}

// checkRole checks the sample as a part of a point, to which it is added.
func (c *checker) checkRole(r role, p *point) {
	switch r {
	case totalValue:
		c.checkCounted("the total")
	case createdTime:
		if v := c.sample.value; math.IsNaN(v) || math.IsInf(v, 0) {
			c.complain("%v is no time at which anything was created; write seconds since 1970", v)
		}
	case infoValue:
		if c.sample.value != 1 {
			c.complain("an info has the value %v; it has to be 1", c.sample.value)
		}
	case stateValue:
		c.checkState()
	case quantileValue:
		c.checkQuantile(p)
	case bucketValue:
		c.checkBucket(p)
	case countValue:
		p.count = c.sample.value
		c.checkCount()
	case sumValue:
		p.sum = c.sample.value
		c.checkSum()
	}
}

// checkCounted checks a value that begins at zero and only grows.
func (c *checker) checkCounted(what string) {
	switch v := c.sample.value; {
	case math.IsNaN(v):
		c.complain("%s is NaN; it counts from 0 on, so that it is always a number", what)
	case v < 0:
		c.complain("%s is %v; it counts from 0 on, so that it is never negative", what, v)
	}
}

// checkWhole checks a number of events.
func (c *checker) checkWhole(what string) {
	c.checkCounted(what)
	if v := c.sample.value; c.openMetrics && v > 0 && v != math.Trunc(v) {
		c.complain("%s is %v; it counts events, so that it is a whole number", what, v)
	}
}

func (c *checker) checkState() {
	if _, ok := c.sample.label(string(c.family.name)); !ok {
		c.complain("the state has no label %s; add it, with the state's name as its value", show(c.family.name))
	}
	if v := c.sample.value; v != 0 && v != 1 {
		c.complain("a state has the value %v; write 1 if it is on and 0 if it is off", v)
	}
}

func (c *checker) checkQuantile(p *point) {
	text, ok := c.sample.label("quantile")
	if !ok {
		c.complain("%s has the type %v, and this sample no label \"quantile\"; add it, or give the sample its name: one of %s",
			show(c.family.name), c.family.kind, c.grammar.namesOf(c.family.kind, c.family.name))
		c.family.spoilt = true
		return
	}
	q, err := parseNumber(text, c.openMetrics)
	if err != nil || !(0 <= q && q <= 1) {
		c.complain("quantile=%s is not between 0 and 1; write it as a number, such as 0.99", show(text))
		return
	}
	if v := c.sample.value; c.openMetrics && v < 0 {
		c.complain("a quantile has the value %v; it must not be negative", v)
	}
	if !c.openMetrics && p.has.have(quantileValue) && q <= p.quantile {
		c.complain("quantile %v comes after %v; put quantiles in increasing order, each once", q, p.quantile)
	}
	p.quantile = q
}

// checkCount checks the number of events of a histogram or summary.
func (c *checker) checkCount() {
	c.checkOwnLabels()
	if c.openMetrics {
		c.checkWhole("the count")
	}
}

// checkSum checks the sum of a histogram or summary. The text format allows
// any; that of a gauge histogram depends on its buckets.
func (c *checker) checkSum() {
	c.checkOwnLabels()
	switch {
	case !c.openMetrics:
	case c.family.kind != gaugeHistogram:
		c.checkCounted("the sum")
	case math.IsNaN(c.sample.value):
		c.complain("the sum is NaN; leave out sum and count if they are not known")
	}
}

// checkOwnLabels checks that no metric has a label of its parts.
func (c *checker) checkOwnLabels() {
	own := c.family.kind.ownLabel(countValue, c.family.name)
	if _, ok := c.sample.label(own); ok {
		c.complain("%s has a label %q, which is for the other samples of a %v; take it away", show(c.sample.name), own, c.family.kind)
	}
}

// maxExemplar is how many characters the labels of an exemplar may have.
const maxExemplar = 128

// checkExemplar checks the exemplar of a sample of the role.
func (c *checker) checkExemplar(r role) {
	e := &c.sample.exemplar
	if r != bucketValue && r != totalValue {
		c.complain("%s has an exemplar; only buckets and the totals of counters may have one: take it away", show(c.sample.name))
	}
	c.checkLabels(e.labels)
	n := 0
	for _, l := range e.labels {
		n += utf8.RuneCount(l.name) + utf8.RuneCount(l.value)
	}
	if n > maxExemplar {
		c.complain("the labels of the exemplar have %d characters; at most %d are allowed: keep an identifier only", n, maxExemplar)
	}
	if r != bucketValue {
		return
	}
	text, _ := c.sample.label("le")
	if bound, err := parseBound(text, true); err == nil && e.value > bound {
		c.complain("the exemplar's value %v is above the bound %s of its bucket; move it to a bucket that it is in", e.value, text)
	}
}
