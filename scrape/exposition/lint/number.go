package lint

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseNumber reads a value. OpenMetrics has a grammar of its own; the text
// format leaves it to Go's ParseFloat, of which Prometheus refuses what is
// hexadecimal or has underscores.
func parseNumber(b []byte, openMetrics bool) (float64, error) {
	switch {
	case len(b) == 0:
		return 0, errors.New("a number is missing")
	case openMetrics && !isRealNumber(b) && !isNaN(b) && !isInfinity(b), bytes.ContainsAny(b, "xXpP_"):
		return 0, fmt.Errorf("%s is no number; write it in decimal digits, such as 1, 0.5 or 1e-3, or as NaN, +Inf or -Inf", show(b))
	}
	v, err := strconv.ParseFloat(string(b), 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s is more than a 64-bit float holds; write +Inf or -Inf if that is meant", show(b))
	case err != nil:
		return 0, fmt.Errorf("%s is no number; write it in decimal digits, such as 1, 0.5 or 1e-3, or as NaN, +Inf or -Inf", show(b))
	}
	return v, nil
}

// parseTimestamp reads a timestamp: seconds in OpenMetrics, milliseconds
// without a fraction in the text format.
func parseTimestamp(b []byte, openMetrics bool) (float64, error) {
	if !openMetrics {
		ms, err := strconv.ParseInt(string(b), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("timestamp %s is no 64-bit integer; write milliseconds since 1970 without a fraction", show(b))
		}
		return float64(ms), nil
	}
	if !isRealNumber(b) {
		return 0, fmt.Errorf("timestamp %s is no number of seconds since 1970, such as 1520879607.789", show(b))
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, fmt.Errorf("timestamp %s is more than a 64-bit float holds; write seconds since 1970", show(b))
	}
	return v, nil
}

// parseBound reads the bound of a bucket, which must not be NaN and has one
// spelling of infinity.
func parseBound(b []byte, openMetrics bool) (float64, error) {
	v, err := parseNumber(b, openMetrics)
	switch {
	case err != nil:
		return 0, fmt.Errorf("le=%s is no bound: write a number or +Inf", show(b))
	case math.IsNaN(v):
		return 0, errors.New("a bucket has the bound NaN; leave it out: no value is below it")
	case math.IsInf(v, 1) && string(b) != "+Inf":
		return 0, fmt.Errorf(`le=%s has to be spelled le="+Inf"`, show(b))
	}
	return v, nil
}

// isRealNumber tells whether b is what OpenMetrics calls a realnumber: decimal
// digits with an optional sign, fraction and exponent.
func isRealNumber(b []byte) bool {
	b = skipSign(b)
	whole := skipDigits(b)
	digits := len(b) - len(whole)
	if len(whole) > 0 && whole[0] == '.' {
		fraction := skipDigits(whole[1:])
		digits += len(whole) - 1 - len(fraction)
		whole = fraction
	}
	if digits == 0 {
		return false
	}
	if len(whole) > 0 && (whole[0] == 'e' || whole[0] == 'E') {
		exponent := skipSign(whole[1:])
		whole = skipDigits(exponent)
		return len(exponent) > 0 && len(whole) == 0
	}
	return len(whole) == 0
}

func skipSign(b []byte) []byte {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		return b[1:]
	}
	return b
}

func skipDigits(b []byte) []byte {
	for len(b) > 0 && '0' <= b[0] && b[0] <= '9' {
		b = b[1:]
	}
	return b
}

func isNaN(b []byte) bool { return len(b) == 3 && strings.EqualFold(string(b), "nan") }

func isInfinity(b []byte) bool {
	b = skipSign(b)
	return len(b) <= len("infinity") && (strings.EqualFold(string(b), "inf") || strings.EqualFold(string(b), "infinity"))
}
