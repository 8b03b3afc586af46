package red

import (
	"fmt"
	"strings"
)

// Statuses are the statuses that count as errors: codes ("503"), classes
// ("5xx") or words ("SERVER_ERROR"), compared without regard to case.
type Statuses []string

// DefaultErrors: a response is an error if the server says that it was.
var DefaultErrors = Statuses{"5xx"}

// Validate refuses an entry that could never match.
func (s Statuses) Validate() error {
	for _, pattern := range s {
		if strings.TrimSpace(pattern) != pattern || pattern == "" {
			return fmt.Errorf("errors: %q is no status; write a code (503), a class (5xx) or a word", pattern)
		}
	}
	return nil
}

// Match reports whether status is one of them. A class matches the codes in it
// and itself, as applications expose either.
func (s Statuses) Match(status string) bool {
	for _, pattern := range s {
		if strings.EqualFold(pattern, status) || inClass(pattern, status) {
			return true
		}
	}
	return false
}

// inClass reports whether status is a three-digit code of a class such as 5xx.
func inClass(class, status string) bool {
	if len(class) != 3 || len(status) != 3 || !strings.EqualFold(class[1:], "xx") {
		return false
	}
	return status[0] == class[0] && isDigit(status[1]) && isDigit(status[2])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
