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
