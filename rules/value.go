package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Value is a threshold or a duration as it is written in the configuration,
// unit included: 500ms, 1.5s, 5%, 200/s, 4GiB. It is kept as text until its
// meaning is known, so that every complaint can name the field it stands in.
// Empty means not given.
type Value string

// off switches a default threshold off.
const off Value = "off"

// parse is v in the metric's base unit. Spaces do not matter. The error says
// what was given and what fits.
func (m *metric) parse(v Value) (float64, error) {
	text := strings.ReplaceAll(string(v), " ", "")
	digits := strings.TrimLeft(text, "+-.0123456789")
	number, unit := text[:len(text)-len(digits)], digits
	factor, known := m.units[unit]
	n, err := strconv.ParseFloat(number, 64)
	base := toBase(n, factor)
	switch {
	case err != nil || !known:
		return 0, fmt.Errorf("%q does not fit %s: give %s", string(v), m.name, m.wants)
	case base < 0:
		return 0, fmt.Errorf("%q is negative: give %s", string(v), m.wants)
	case m.limit > 0 && base > m.limit:
		return 0, fmt.Errorf("%q is more than %s can be: give %s", string(v), m.name, m.wants)
	}
	return base, nil
}

// toBase multiplies by factor. It divides by the inverse of a small one, so
// that 500ms is exactly 0.5.
func toBase(n, factor float64) float64 {
	if factor > 0 && factor < 1 {
		return n / math.Round(1/factor)
	}
	return n * factor
}

// duration is v as a length of time; nothing given is 0.
func (v Value) duration() (time.Duration, error) {
	text := strings.TrimSpace(string(v))
	if text == "" {
		return 0, nil
	}
	if strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("%q is negative: give a duration, e.g. 30s", text)
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration: write e.g. 30s, 5m or 1h30m", text)
	}
	return time.Duration(d), nil
}
