package scrape

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// Formats say in which form expositions are asked for and how names in them are
// judged. A job inherits from the global section what it leaves out.
type Formats struct {
	// ScrapeProtocols are asked for, the most wanted first; never empty after
	// validation.
	ScrapeProtocols []Protocol `yaml:"scrape_protocols,omitempty,flow"`
	// ScrapeNativeHistograms is whether native histograms are read where a
	// target has them; nil is true. The protocols to ask for follow from it
	// where none are set.
	ScrapeNativeHistograms *bool `yaml:"scrape_native_histograms,omitempty"`
	// AlwaysScrapeClassicHistograms and ConvertClassicHistogramsToNHCB tell
	// Prometheus how to store histograms.
	AlwaysScrapeClassicHistograms  *bool `yaml:"always_scrape_classic_histograms,omitempty"`
	ConvertClassicHistogramsToNHCB *bool `yaml:"convert_classic_histograms_to_nhcb,omitempty"`
	// MetricNameValidationScheme is what names may be made of: UTF-8, or what
	// was allowed before Prometheus 3. Never unset after validation.
	MetricNameValidationScheme model.ValidationScheme `yaml:"metric_name_validation_scheme,omitempty"`
	// MetricNameEscapingScheme is how targets are asked to write names that are
	// not legacy ones: allow-utf-8, underscores, dots or values, as in package
	// model. Never empty after validation.
	MetricNameEscapingScheme string `yaml:"metric_name_escaping_scheme,omitempty"`

	ScrapeFailureLogFile string `yaml:"scrape_failure_log_file,omitempty"`
	// ExtraScrapeMetrics adds timeout, sample_limit and size of the body to what
	// redpoll's own metrics page has of each target.
	ExtraScrapeMetrics *bool `yaml:"extra_scrape_metrics,omitempty"`
}

// Protocol is a format of expositions under Prometheus' name for it.
type Protocol string

// The protocols, which are all that scrape_protocols may name.
const (
	PrometheusProto     Protocol = "PrometheusProto"
	PrometheusText0_0_4 Protocol = "PrometheusText0.0.4"
	PrometheusText1_0_0 Protocol = "PrometheusText1.0.0"
	OpenMetrics0_0_1    Protocol = "OpenMetricsText0.0.1"
	OpenMetrics1_0_0    Protocol = "OpenMetricsText1.0.0"
)

var textProtocols = []Protocol{OpenMetrics1_0_0, OpenMetrics0_0_1, PrometheusText1_0_0, PrometheusText0_0_4}

func (p Protocol) validate() error {
	if p == PrometheusProto || slices.Contains(textProtocols, p) {
		return nil
	}
	return fmt.Errorf("%q is not one of %s, %s, %s, %s, %s", p,
		PrometheusProto, OpenMetrics1_0_0, OpenMetrics0_0_1, PrometheusText1_0_0, PrometheusText0_0_4)
}

// nativeHistograms reports whether native histograms are read.
func (f *Formats) nativeHistograms() bool {
	return f.ScrapeNativeHistograms == nil || *f.ScrapeNativeHistograms
}

// inherit takes from g what is not set. An escaping is taken only together with
// the validation that it fits.
func (f *Formats) inherit(g *Formats) {
	if f.ScrapeProtocols == nil {
		f.ScrapeProtocols = g.ScrapeProtocols
	}
	for _, pair := range [][2]**bool{
		{&f.ScrapeNativeHistograms, &g.ScrapeNativeHistograms},
		{&f.AlwaysScrapeClassicHistograms, &g.AlwaysScrapeClassicHistograms},
		{&f.ConvertClassicHistogramsToNHCB, &g.ConvertClassicHistogramsToNHCB},
		{&f.ExtraScrapeMetrics, &g.ExtraScrapeMetrics},
	} {
		if *pair[0] == nil {
			*pair[0] = *pair[1]
		}
	}
	if f.MetricNameValidationScheme == model.UnsetValidation {
		f.MetricNameValidationScheme = g.MetricNameValidationScheme
		if f.MetricNameEscapingScheme == "" {
			f.MetricNameEscapingScheme = g.MetricNameEscapingScheme
		}
	}
	if f.ScrapeFailureLogFile == "" {
		f.ScrapeFailureLogFile = g.ScrapeFailureLogFile
	}
}

// fillDefaults sets what follows from other keys. The protocols of the global
// section stay open, because a job may decide about native histograms.
func (f *Formats) fillDefaults() {
	if f.MetricNameValidationScheme == model.UnsetValidation {
		f.MetricNameValidationScheme = model.UTF8Validation
	}
	if f.MetricNameEscapingScheme == "" {
		f.MetricNameEscapingScheme = model.AllowUTF8
		if f.MetricNameValidationScheme == model.LegacyValidation {
			f.MetricNameEscapingScheme = model.EscapeUnderscores
		}
	}
}

// protocols are those to ask for where none are set.
func (f *Formats) protocols() []Protocol {
	if f.nativeHistograms() {
		return append([]Protocol{PrometheusProto}, textProtocols...)
	}
	return slices.Clone(textProtocols)
}

func (f *Formats) validate() error {
	if f.ScrapeProtocols != nil && len(f.ScrapeProtocols) == 0 {
		return fmt.Errorf("scrape_protocols: the list is empty; name at least one, or leave the key out")
	}
	for i, p := range f.ScrapeProtocols {
		if err := p.validate(); err != nil {
			return fmt.Errorf("scrape_protocols[%d]: %w", i, err)
		}
		if slices.Index(f.ScrapeProtocols, p) < i {
			return fmt.Errorf("scrape_protocols[%d]: %s is there already", i, p)
		}
	}
	switch f.MetricNameEscapingScheme {
	case model.EscapeUnderscores, model.EscapeDots, model.EscapeValues:
	case model.AllowUTF8:
		if f.MetricNameValidationScheme != model.UTF8Validation {
			return fmt.Errorf("metric_name_escaping_scheme: %s does not go with metric_name_validation_scheme: legacy", model.AllowUTF8)
		}
	default:
		return fmt.Errorf("metric_name_escaping_scheme: %q is not one of %s", f.MetricNameEscapingScheme,
			strings.Join([]string{model.AllowUTF8, model.EscapeUnderscores, model.EscapeDots, model.EscapeValues}, ", "))
	}
	return nil
}

// unused notes the keys that redpoll accepts and has no use for, with what it
// does instead.
func (f *Formats) unused(note func(key, instead string)) {
	isSet := func(b *bool) bool { return b != nil && *b }
	if isSet(f.AlwaysScrapeClassicHistograms) {
		note("always_scrape_classic_histograms", "where a target has both, the figures come from native histograms")
	}
	if isSet(f.ConvertClassicHistogramsToNHCB) {
		note("convert_classic_histograms_to_nhcb", "classic histograms are read as they are; their quantiles are the same")
	}
	if f.ScrapeFailureLogFile != "" {
		note("scrape_failure_log_file", "failures are in redpoll's own log and on the Targets page")
	}
}
