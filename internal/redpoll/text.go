package redpoll

import "strconv"

// CountOf is a number of things in a text: "1 endpoint", "2 endpoints". The
// noun takes an s.
func CountOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// maxCompared is the length of text, in bytes, beyond which EditDistance does
// not look.
const maxCompared = 256

// EditDistance is Levenshtein's: the fewest bytes to insert, delete or replace
// that make b out of a. It is for suggesting the known name that a mistyped one
// is nearest to; a text longer than any name counts as wholly different, which
// bounds the time it takes.
func EditDistance(a, b string) int {
	if max(len(a), len(b)) > maxCompared {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1) // from the part of a so far to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
