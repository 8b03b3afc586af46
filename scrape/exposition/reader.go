package exposition

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"
)

// Reader reads the bodies of one target, one after the other. It is not safe
// for concurrent use.
//
// The first body makes a layout: the plain path. Later ones are compared with it
// line by line, and only numbers are read: the plan path. A body that differs
// makes a layout of its own; of the layout before it takes over what is the same.
type Reader struct {
	library   *Library
	known     known
	plan      *plan
	workspace *workspace // of the Scrape in use, nil if there is none
	cut       int        // bodies in a row that seemed to be cut

	contentType string   // of the last body
	format      format   // that it names
	ids         []uint64 // of the lines of a last body without a layout, see layout
}

// plan is the layout that a reader holds, nil if it has none, with its claim.
type plan struct {
	library *Library
	layout  *layout
	claim   claim
}

// NewReader makes a reader that has seen nothing yet, for one target.
func (l *Library) NewReader() *Reader {
	r := &Reader{library: l, plan: &plan{library: l}}
	runtime.AddCleanup(r, (*plan).end, r.plan)
	return r
}

// Close leaves what the Reader holds of the memory that all share to others. It
// is not to be used any more. A Reader that is not closed does so when the
// garbage collector finds it.
func (r *Reader) Close() {
	r.Release()
	r.plan.end()
}

func (p *plan) end() {
	p.set(nil)
	_ = p.claim.set(0) // less is always had
}

// set makes another layout, or none, the one that is held; it must have been
// taken with Library.hold.
func (p *plan) set(l *layout) {
	if p.layout != nil {
		p.library.leave(p.layout)
	}
	p.layout = l
}

// Release ends the use of the Scrape that Read gave last: what it points to but
// for Series and Families is used for other targets from then on.
func (r *Reader) Release() {
	if r.workspace == nil {
		return
	}
	r.workspace.clear()
	r.library.workspaces.Put(r.workspace)
	r.workspace = nil
}

// Read parses the whole body. An error means that the body as a whole cannot be
// trusted, or is that of ctx, which ends the reading soon; the Reader keeps its
// state and may read the next body. The Scrape is valid until Release, or the
// next Read.
//
// With an error the Scrape has Exposed, Relabelled and Limited alone, as far as
// they had been counted, as Prometheus reports them: of a body over
// Limits.Samples all, of others what stands before the fault, or 0 where the
// body was refused as a whole.
func (r *Reader) Read(ctx context.Context, b Body) (Scrape, error) {
	r.Release()
	w := r.library.workspaces.Get().(*workspace)
	s, err := r.read(ctx, &b, w)
	if err != nil {
		w.clear()
		r.library.workspaces.Put(w)
		return s, err
	}
	r.workspace = w
	return s, nil
}

var errNoLineEnd = errors.New("the body ends in the middle of a line; it was cut on its way")

// errShorter refuses a body that ends where the one before went on.
var errShorter = errors.New("the body ends earlier than the one before, between two lines, and nothing says that it arrived whole")

// patientCuts is how many such bodies in a row are refused: one after them is
// what the target has now.
const patientCuts = 3

func (r *Reader) read(ctx context.Context, b *Body, w *workspace) (Scrape, error) {
	if b.ContentType != r.contentType {
		r.contentType, r.format = b.ContentType, formatOf(b.ContentType)
	}
	f := r.format
	if f == protobuf {
		return r.readProtobuf(ctx, b, w)
	}
	text := view(b.Bytes)
	if f == plainText && !strings.HasSuffix(text, "\n") && text != "" {
		if !b.Complete {
			return Scrape{}, errNoLineEnd
		}
		text += "\n"
	}
	known, m, err := r.readKnown(ctx, text, f, b, w)
	switch {
	case err != nil:
		return Scrape{}, err
	case known != nil:
		return r.scrape(known, w)
	}
	return r.readNew(ctx, text, f, b, m, w)
}

// readKnown reads a body that has the layout of the reader, or that which some
// reader of the library took last. If it has neither the layout is nil, and m
// tells where the body is first unlike that of the reader; w has the values
// before.
func (r *Reader) readKnown(ctx context.Context, text string, f format, b *Body, w *workspace) (l *layout, m match, err error) {
	own := r.plan.layout
	if own != nil && own.format == f {
		w.begin(own)
		m, err = own.read(ctx, text, r.window(b), m, w.values)
		if m.whole || err != nil {
			return own, m, err
		}
		if m.cut && !b.Complete && r.cut < patientCuts {
			r.cut++
			return nil, m, errShorter
		}
	}
	newest := r.library.newestOf(f)
	if newest == nil || newest == own {
		return nil, m, nil
	}
	w.begin(newest)
	other, err := newest.read(ctx, text, r.window(b), match{}, w.values)
	if !other.whole || err != nil {
		return nil, match{}, err
	}
	return newest, other, nil
}

// window is the time within which samples may be stamped.
func (r *Reader) window(b *Body) window {
	if !r.library.options.HonorTimestamps {
		return window{}
	}
	return window{b.At.Add(-5 * time.Minute).UnixMilli(), b.At.Add(10 * time.Minute).UnixMilli()}
}

// readNew reads a body that is unlike the layout of the reader from m on, as a
// patch of it, or else by the plain path.
func (r *Reader) readNew(ctx context.Context, text string, f format, b *Body, m match, w *workspace) (Scrape, error) {
	builder := r.library.builders.Get().(*builder)
	defer builder.release()
	lines := strings.Count(text, "\n")
	if lines > MaxTextLines {
		return Scrape{}, tooManyLines(lines)
	}
	builder.begin(f, r.window(b), lines, len(text))
	repaired := false
	if own := r.plan.layout; own != nil && own.format == f && own.origin != nil && !m.faulty {
		var err error
		if repaired, err = builder.repair(ctx, own, text, m, w.values); err != nil {
			return Scrape{}, err
		}
		if !repaired {
			builder.again()
			builder.begin(f, r.window(b), lines, len(text))
		}
	}
	if !repaired {
		if err := builder.readText(ctx, text); err != nil {
			return builder.counted(), err
		}
	}
	if builder.excess != nil {
		return builder.counted(), builder.excess
	}
	l := builder.link(r.known.read > 0) // a target that has changed will again
	w.begin(l)
	copy(w.values, builder.values)
	return r.scrape(l, w)
}

// scrape makes a Scrape of values that have a layout, if there is room for its
// series.
func (r *Reader) scrape(l *layout, w *workspace) (Scrape, error) {
	if l != r.plan.layout {
		if err := r.plan.claim.set(l.samples); err != nil {
			return Scrape{}, err
		}
	}
	r.known.read++
	r.cut = 0
	added := 0
	if l != r.plan.layout {
		l, added = r.adopt(l)
	}
	w.emit(l, &r.known)
	return Scrape{
		Read: r.known.read, Samples: w.samples,
		Exposed: l.exposed, Relabelled: l.relabelled, Taken: l.relabelled - w.skipped.Count, Added: added,
		Skipped: w.skipped, Limited: l.limited, Forgotten: r.known.end(),
		Families: l.families, Used: l.used, Unused: l.unused,
	}, nil
}

// adopt makes another layout the reader's, or the one that is shared already if
// there is one like it, and counts the lines that the last had not.
func (r *Reader) adopt(l *layout) (shared *layout, added int) {
	last := r.ids
	if r.plan.layout != nil {
		last = r.plan.layout.ids
	}
	held := false
	if l.isPlan {
		l, held = r.library.hold(l)
	}
	added = newIDs(last, l.ids)
	r.known.adopt(l)
	if held {
		r.plan.set(l)
		r.ids = nil
	} else {
		r.plan.set(nil)
		r.ids = l.ids
	}
	return l, added
}

// newIDs counts those that are not among the last. Most are, at the same place
// from the beginning or the end.
func newIDs(last, now []uint64) (n int) {
	for len(last) > 0 && len(now) > 0 && last[0] == now[0] {
		last, now = last[1:], now[1:]
	}
	for len(last) > 0 && len(now) > 0 && last[len(last)-1] == now[len(now)-1] {
		last, now = last[:len(last)-1], now[:len(now)-1]
	}
	if len(now) == 0 || len(last) == 0 {
		return len(now)
	}
	known := make(map[uint64]struct{}, len(last))
	for _, id := range last {
		known[id] = struct{}{}
	}
	for _, id := range now {
		if _, ok := known[id]; !ok {
			n++
		}
	}
	return n
}
