package red

// What makes a segment random.
const (
	// minRandom is the shortest random text, in bytes.
	minRandom = 16
	// minRandomPart is the shortest part of it that can be random, for v2, k8s
	// and x86 mix letters and digits, too; minRandomParts is what such parts
	// must have together.
	minRandomPart  = 6
	minRandomParts = 12
	// oddShare is the share of odd neighbours that words do not reach,
	// oddLetters that of text without digits, where abbreviations in camel case
	// come close. Random text has about 0.6, i18nTranslations2024v2 below 0.3.
	oddShare   = 0.4
	oddLetters = 0.45
)

// isRandom reports whether s is long and mixes letters and digits as words do
// not: a token, ULID, nano ID or base64. It judges the parts of s that anything
// but letters and digits separates.
func isRandom(s string) bool {
	if len(s) < minRandom {
		return false
	}
	random := 0
	for begin := 0; begin < len(s); {
		end := begin
		for end < len(s) && classOf(s[end]) != separator {
			end++
		}
		if part := s[begin:end]; len(part) >= minRandomPart && isRandomPart(part) {
			random += len(part)
		}
		begin = end + 1
	}
	return random >= minRandomParts
}

// isRandomPart counts neighbours that are odd: a letter beside a digit, an upper
// case letter behind a lower case one, and two letters that words do not have
// beside each other.
func isRandomPart(s string) bool {
	var has [classes]bool
	odd := 0
	for i := range len(s) {
		has[classOf(s[i])] = true
		if i > 0 && isOdd(s[i-1], s[i]) {
			odd++
		}
	}
	share := float64(odd) / float64(len(s)-1)
	if has[digit] {
		return share >= oddShare
	}
	return has[lower] && has[upper] && share >= oddLetters
}

// class is a class of characters.
type class uint8

const (
	separator class = iota
	digit
	lower
	upper
	classes
)

func classOf(c byte) class {
	switch {
	case isDigit(c):
		return digit
	case c >= 'a' && c <= 'z':
		return lower
	case c >= 'A' && c <= 'Z':
		return upper
	}
	return separator
}

// isOdd reports whether words seldom have b, which is no separator, behind a.
func isOdd(a, b byte) bool {
	x, y := classOf(a), classOf(b)
	switch {
	case x == digit || y == digit:
		return x != y
	case x == lower && y == upper:
		return true
	}
	return followers[a|0x20-'a']&(1<<(b|0x20-'a')) == 0
}

// followers are, for every letter, those that stand behind it in English words
// and in names of software, as a set of bits.
var followers = func() (sets [26]uint32) {
	for i, letters := range [26]string{
		"bcdefgiklmnprstuvwxyz", // behind a
		"abeijlorstuy",
		"acehiklorstuy",
		"adegijlmnorsuvwy",
		"abcdefgilmnopqrstuvwxy",
		"aefilortuy",
		"aeghilnorsuy",
		"aeilmnortuy",
		"abcdefgklmnopqrstvxz",
		"aeou",
		"aeiklnosy",
		"abcdefgikmoprstuvy",
		"abeimnopsuy",
		"acdefgijklnoqstuvxyz",
		"abcdefghiklmnoprstuvwxy",
		"aehiloprstuy",
		"u",
		"abcdefgiklmnoprstuvwy",
		"acefhiklmnopqrstuwy",
		"acefhilmorstuwyz",
		"abcdefgiklmnprstvxyz",
		"aeiouy",
		"aehiklnors",
		"aceimptuy",
		"abcdeilmnopstuw",
		"aeiolyz",
	} {
		for _, letter := range letters {
			sets[i] |= 1 << (letter - 'a')
		}
	}
	return sets
}()
