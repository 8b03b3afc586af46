package scrape

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits bound what a job's targets may be and send. In each, 0 is no limit
// unless it says otherwise. A job inherits from the global section those that
// it leaves at 0.
type Limits struct {
	// BodySizeLimit bounds the body after decompression; 0 is 50 MiB. A scrape
	// that passes it fails whatever OnLimit says: half a body says nothing.
	BodySizeLimit ByteSize `yaml:"body_size_limit,omitempty"`
	// SampleLimit bounds the samples of a scrape after metric_relabel_configs.
	SampleLimit uint `yaml:"sample_limit,omitempty"`
	// TargetLimit bounds the targets of a job after relabel_configs; 0 is
	// defaultTargets, and drops the excess whatever OnLimit says.
	TargetLimit uint `yaml:"target_limit,omitempty"`
	// LabelLimit bounds the labels of a series, LabelNameLengthLimit and
	// LabelValueLengthLimit their lengths in bytes, all after
	// metric_relabel_configs.
	LabelLimit            uint `yaml:"label_limit,omitempty"`
	LabelNameLengthLimit  uint `yaml:"label_name_length_limit,omitempty"`
	LabelValueLengthLimit uint `yaml:"label_value_length_limit,omitempty"`
	// KeepDroppedTargets bounds how many dropped targets of a job are kept to be
	// shown; 0 is maxDropped, the most. They are counted in any case.
	KeepDroppedTargets uint `yaml:"keep_dropped_targets,omitempty"`
	// OnLimit says what happens to what is beyond the other limits; empty is
	// LimitDrops.
	OnLimit OnLimit `yaml:"on_limit,omitempty"`
}

// OnLimit says what happens when a limit is passed.
type OnLimit string

// The ways to hold a limit. LimitFails is Prometheus'.
const (
	LimitDrops OnLimit = "drop" // the excess is left out, and a warning says so
	LimitFails OnLimit = "fail" // the scrape fails, with target_limit those of all the job's targets
)

// inherit takes from g what is not set.
func (l *Limits) inherit(g *Limits) {
	if l.BodySizeLimit == 0 {
		l.BodySizeLimit = g.BodySizeLimit
	}
	for _, pair := range [][2]*uint{
		{&l.SampleLimit, &g.SampleLimit},
		{&l.TargetLimit, &g.TargetLimit},
		{&l.LabelLimit, &g.LabelLimit},
		{&l.LabelNameLengthLimit, &g.LabelNameLengthLimit},
		{&l.LabelValueLengthLimit, &g.LabelValueLengthLimit},
		{&l.KeepDroppedTargets, &g.KeepDroppedTargets},
	} {
		if *pair[0] == 0 {
			*pair[0] = *pair[1]
		}
	}
	if l.OnLimit == "" {
		l.OnLimit = g.OnLimit
	}
}

func (l *Limits) validate() error {
	switch l.OnLimit {
	case "", LimitDrops, LimitFails:
		return nil
	}
	return fmt.Errorf("on_limit: %q is neither %q nor %q", l.OnLimit, LimitDrops, LimitFails)
}

// ByteSize is a number of bytes, in YAML with a unit (50MB), whose prefixes
// are powers of 1024 as in Prometheus.
type ByteSize int64

// defaultBodySizeLimit is far above any honest exposition.
const defaultBodySizeLimit ByteSize = 50 << 20

var byteUnits = []struct {
	name string
	size ByteSize
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// UnmarshalYAML reads a size such as 50MB, or 0.
func (b *ByteSize) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	size, err := parseByteSize(text)
	if err != nil {
		return err
	}
	*b = size
	return nil
}

func parseByteSize(text string) (ByteSize, error) {
	if text == "0" {
		return 0, nil
	}
	for _, unit := range byteUnits {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || ByteSize(n) > (1<<62)/unit.size {
			break
		}
		return ByteSize(n) * unit.size, nil
	}
	return 0, fmt.Errorf("%q is not a size; write it as 50MB", text)
}

// MarshalYAML writes the size with its largest whole unit.
func (b ByteSize) MarshalYAML() (any, error) { return b.String(), nil }

// String writes the size with its largest whole unit.
func (b ByteSize) String() string {
	if b == 0 {
		return "0"
	}
	for _, unit := range byteUnits[3:] {
		if b%unit.size == 0 {
			return strconv.FormatInt(int64(b/unit.size), 10) + unit.name
		}
	}
	return ""
}
