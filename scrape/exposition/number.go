package exposition

import (
	"math"
	"strconv"
	"unsafe"
)

// view is the text of b without a copy. It is what makes comparing and slicing
// a body free of allocations, and the one use of unsafe here: nothing may keep
// the text, or a part of it, longer than b stays as it is, which is until Read
// returns. Whatever is kept is cloned.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Powers of ten that a float64 holds exactly.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

const (
	exactInteger = 1 << 53 // up to it a float64 holds every whole number
	maxDigits    = 19      // as many always fit in a uint64
)

// readNumber reads the number that begins at s[i] and gives where it ends: at a
// byte that no number has, or the end of s. It takes what strconv.ParseFloat
// takes, but for hexadecimals and underscores, and gives exactly its result: a
// whole mantissa and a power of ten that are exact make, by one rounding, the
// nearest float64 (Clinger, "How to read floating point numbers accurately").
func readNumber(s string, i int) (v float64, end int, ok bool) {
	begin := i
	negative := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	mantissa, digits, exponent := uint64(0), 0, 0
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		mantissa = mantissa*10 + uint64(s[i]-'0')
		digits++
	}
	if i < len(s) && s[i] == '.' {
		point := i
		for i++; i < len(s) && s[i]-'0' <= 9; i++ {
			mantissa = mantissa*10 + uint64(s[i]-'0')
			digits++
		}
		exponent = point + 1 - i
	}
	if digits > 0 && i+1 < len(s) && s[i]|0x20 == 'e' {
		shift, after := readExponent(s, i+1)
		exponent, i = exponent+shift, after
	}
	if digits == 0 || digits > maxDigits || i < len(s) && !endsNumber(s[i]) {
		return parseNumber(s, begin)
	}
	v = float64(mantissa)
	switch {
	case exponent == 0: // a conversion rounds once
	case mantissa > exactInteger:
		return parseNumber(s, begin)
	case exponent > 0 && exponent < len(tens):
		v *= tens[exponent]
	case exponent < 0 && -exponent < len(tens):
		v /= tens[-exponent]
	default:
		return parseNumber(s, begin)
	}
	if negative {
		v = -v
	}
	return v, i, true
}

// readExponent reads what follows the e of a number. An exponent without digits,
// or a long one, is given as one that is too large to be exact.
func readExponent(s string, i int) (exponent, end int) {
	negative := false
	if s[i] == '-' || s[i] == '+' {
		negative = s[i] == '-'
		i++
	}
	begin := i
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		exponent = min(exponent*10+int(s[i]-'0'), 1<<20)
	}
	if i == begin {
		return 1 << 20, i
	}
	if negative {
		exponent = -exponent
	}
	return exponent, i
}

// endsNumber reports whether c is a byte between which and the next words are
// split. In text { ends a number, too, and nothing may follow it there.
func endsNumber(c byte) bool { return c == '\n' || c == ' ' || c == '\t' || c == '{' }

// parseNumber is readNumber for numbers of any kind.
func parseNumber(s string, begin int) (v float64, end int, ok bool) {
	foreign := false
	for end = begin; end < len(s) && !endsNumber(s[end]); end++ {
		foreign = foreign || s[end] == '_' || s[end]|0x20 == 'p'
	}
	if foreign {
		return 0, end, false
	}
	v, err := strconv.ParseFloat(s[begin:end], 64)
	if math.IsNaN(v) {
		v = math.NaN() // absent is another one
	}
	return v, end, err == nil
}

// absent stands for the value of a line that counts as not there.
var absent = math.Float64frombits(0x7ff8_0000_0000_ab5e)

func isAbsent(v float64) bool { return math.Float64bits(v) == math.Float64bits(absent) }
