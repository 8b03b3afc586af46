package exposition

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// relabel has the job's rules change the labels of a line.
func (b *builder) relabel(name string, n naming, exposed []pair) (string, naming, []pair, bool) {
	scratch := labels.NewScratchBuilder(len(exposed) + 1)
	scratch.Add(model.MetricNameLabel, strings.Clone(name))
	for _, l := range exposed {
		value := strings.Clone(l.value)
		if n.role == bucket && l.name == "le" || n.role == quantile && l.name == "quantile" {
			if bound, end, ok := readNumber(value, 0); ok && end == len(value) {
				value = labels.FormatOpenMetricsFloat(bound) // as Prometheus' rules see it
			}
		}
		scratch.Add(strings.Clone(l.name), value)
	}
	scratch.Sort()
	after, keep := b.library.options.Relabel(scratch.Labels())
	renamed := after.Get(model.MetricNameLabel)
	if !keep || renamed == "" {
		return "", n, nil, false
	}
	list := exposed[:0]
	after.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			list = append(list, pair{l.Name, l.Value})
		}
	})
	if renamed != name {
		n = b.rename(n, name, renamed)
	}
	b.scanner.labels = list[:0]
	return renamed, n, list, true
}

// rename is what a sample says that has another name now. Where the new name
// ends as the old one did behind that of the family, it is the same of another
// family, of the same type. A sample of which only a family knows what it is
// becomes untyped without it.
func (b *builder) rename(n naming, before, after string) naming {
	f := n.family
	if n.role == value || n.role == quantile {
		return naming{b.familyLike(f, after), n.role}
	}
	suffix, _ := strings.CutPrefix(before, f.Name)
	if n.role == created {
		suffix = createdSuffix
	}
	base, ok := strings.CutSuffix(after, suffix)
	if !ok || base == "" || suffix == "" {
		return naming{b.familyOf(after, Untyped), value}
	}
	if n.role == created && f.Type == Counter {
		base += "_total"
	}
	return naming{b.familyLike(f, base), n.role}
}

// familyLike is the family of another name that is otherwise like f.
func (b *builder) familyLike(f *family, name string) *family {
	renamed := b.familyOf(name, f.Type)
	if renamed.Help == "" && renamed.Unit == "" {
		renamed.Help, renamed.Unit = f.Help, f.Unit
	}
	return renamed
}

// limited counts what limits leave out.
type limited []Limited

func (l *limited) add(limit, example string) {
	at := slices.IndexFunc(*l, func(one Limited) bool { return one.Limit == limit })
	if at < 0 {
		*l = append(*l, Limited{Limit: limit, Example: strings.Clone(example)})
		at = len(*l) - 1
	}
	(*l)[at].Count++
}

// limit reports whether a limit leaves a sample out.
func (b *builder) limit(name string, list []pair) (left bool, err error) {
	o := &b.library.options.Limits
	which, limit, has := "", 0, 0
	over := func(name string, max, n int) {
		if which == "" && max > 0 && n > max {
			which, limit, has = name, max, n
		}
	}
	over("label_limit", o.Labels, len(list)+1)
	over("label_value_length_limit", o.LabelValueLength, len(name))
	over("label_name_length_limit", o.LabelNameLength, len(model.MetricNameLabel))
	for i := range list {
		over("label_name_length_limit", o.LabelNameLength, len(list[i].name))
		over("label_value_length_limit", o.LabelValueLength, len(list[i].value))
	}
	over("sample_limit", o.Samples, b.relabelled+1)
	if which == "" {
		return false, nil
	}
	example := seriesOf(name, Untyped, list)
	if o.Fail && which != "sample_limit" {
		return false, overLimit("%s is %d, and %v has %d", which, limit, example, has)
	}
	if o.Fail && b.excess == nil {
		b.excess = overLimit("%s is %d, and the body has more samples, %v being the first", which, limit, example)
	}
	b.limited.add(which, example.String())
	return true, nil
}

// seriesOf is a series of its own, for a message.
func seriesOf(name string, t Type, list []pair) *Series {
	s := &Series{Name: strings.Clone(name), Type: t}
	for _, l := range list {
		s.Labels = append(s.Labels, Label{strings.Clone(l.name), strings.Clone(l.value)})
	}
	return s
}
