package exposition

import (
	"context"
	"net/http"

	"github.com/prometheus/common/expfmt"
)

// IsProtobuf reports whether a body of this Content-Type is read as
// io.prometheus.client.MetricFamily messages, each with its length before it.
// All others are read as text.
func IsProtobuf(contentType string) bool {
	return expfmt.ResponseFormat(http.Header{"Content-Type": {contentType}}) == expfmt.FmtProtoDelim
}

// readProtobuf reads a protobuf body: by the plan path if it is like that which
// the reader, or another one of the library, had last.
func (r *Reader) readProtobuf(ctx context.Context, b *Body, w *workspace) (Scrape, error) {
	own := r.plan.layout
	for i, l := range [...]*layout{own, r.library.newestOf(protobuf)} {
		if l == nil || l.format != protobuf || i > 0 && l == own {
			continue
		}
		m, err := w.readLike(ctx, l, r.window(b), b.Bytes, &r.library.options.Limits)
		switch {
		case err != nil:
			return Scrape{}, err
		case m.whole:
			return r.scrape(l, w)
		case l == own && m.cut && !b.Complete && r.cut < patientCuts:
			r.cut++
			return Scrape{}, errShorter
		}
	}
	return r.readNewProtobuf(ctx, b, w)
}

// readLike reads a body that may be like that of a layout: the plan path.
func (w *workspace) readLike(ctx context.Context, l *layout, window window, body []byte, limits *Limits) (match, error) {
	w.begin(l)
	walker := walker{
		ctx: ctx, body: body, text: l.text, survey: surveyor{size: l.sources.size},
		numbers: append(w.numbers[:0], 0), natives: w.exposed,
	}
	ok := walker.walk()
	w.numbers = walker.numbers
	w.setNative(walker.natives, limits)
	switch {
	case walker.err != nil:
		return match{}, walker.err
	case !ok || walker.at < len(l.text):
		return match{cut: ok}, nil
	}
	if limits.NativeBuckets > 0 {
		for _, message := range w.exposed {
			if !w.exponential.isWithin(message, limits) {
				return match{}, nil
			}
		}
	}
	return match{whole: l.sources.fill(w.values, w.numbers, window)}, nil
}

// setNative has the native histograms of a body be read within limits.
func (w *workspace) setNative(messages [][]byte, limits *Limits) {
	w.exposed, w.buckets, w.finest, w.most = messages, MaxBuckets, schemaOf(limits.NativeFactor), limits.NativeBuckets
}

// readNewProtobuf reads a body by the plain path.
func (r *Reader) readNewProtobuf(ctx context.Context, body *Body, w *workspace) (Scrape, error) {
	size, err := measureProtobuf(body.Bytes)
	if err != nil {
		return Scrape{}, err
	}
	b := r.library.builders.Get().(*builder)
	defer b.release()
	b.begin(protobuf, r.window(body), size.Lines, len(body.Bytes))
	if err := b.readHeads(body.Bytes); err != nil {
		return Scrape{}, err
	}
	walker := walker{
		ctx: ctx, body: body.Bytes, recorder: &recorder{builder: b},
		numbers: append(w.numbers[:0], 0),
	}
	ok := walker.walk()
	w.numbers = walker.numbers
	if walker.err == nil {
		walker.err = ctx.Err()
	}
	switch {
	case walker.err != nil:
		return b.counted(), walker.err
	case !ok:
		return b.counted(), errWire
	case b.excess != nil:
		return b.counted(), b.excess
	}
	b.sources.size = size.without(walker.survey.size)
	l := b.link(false)
	w.begin(l)
	copy(w.values, b.values)
	w.setNative(walker.natives, &r.library.options.Limits)
	return r.scrape(l, w)
}
