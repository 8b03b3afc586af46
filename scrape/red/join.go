package red

// joinCounters adds counters to the endpoints whose latency they belong to.
func (d *Deriver) joinCounters() {
	for _, t := range d.now.linked {
		for i := range t.joins.links {
			link := &t.joins.links[i]
			if e := d.joined(link); e != nil && e.known.family.convention == link.convention {
				e.joined.add(t, link.outcome)
				t.joins.in = d.scrape
			}
		}
		if t.family != nil && t.joins.in == d.scrape {
			t.family.now.linked = true
		}
	}
	d.adoptCounters()
}

// joined finds the endpoint that a link is about, in this scrape. The counter
// may tell methods apart where the latency does not.
func (d *Deriver) joined(l *link) *Endpoint {
	for _, key := range [...]endpointKey{l.endpoint, {origin: l.endpoint.origin, path: l.endpoint.path}} {
		if e := d.endpoints[key]; e != nil && e.scrape == d.scrape {
			return e.now
		}
	}
	return nil
}

// adoptCounters makes endpoints of what a counter counts on paths of which
// nothing is timed. Its own convention must say that it counts requests, and
// it must be joined elsewhere: otherwise it may name paths in its own way, and
// count the same requests once more.
func (d *Deriver) adoptCounters() {
	looked := false
	for _, t := range d.now.linked {
		f := t.family
		if f == nil || f.now.chosen || !f.now.linked || t.joins.in == d.scrape {
			continue
		}
		if !looked {
			d.lookAtPaths()
			looked = true
		}
		if !d.now.paths[endpointKey{origin: t.key.origin, path: t.key.path}] && d.mayAdopt(t) {
			f.now.adopted = true
			d.presentEndpoint(t).add(t)
		}
	}
}

// lookAtPaths notes those of the scrape.
func (d *Deriver) lookAtPaths() {
	for _, e := range d.now.present {
		d.now.paths[endpointKey{origin: e.known.key.origin, path: e.Path}] = true
	}
}

// mayAdopt: an endpoint that was timed a moment ago is only away, and its
// requests are counted when it is back. Where there is no room, what is timed
// goes into Other, of which counters could not be told apart.
func (d *Deriver) mayAdopt(t *track) bool {
	if e := d.endpoints[*t.key]; e != nil {
		return e.family == t.family
	}
	return d.room() > 0
}
