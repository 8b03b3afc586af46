package red

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// outcome is how a request ended, as its status tells.
type outcome uint8

const (
	untold      outcome = iota // there is no status
	served                     // neither of the next two
	clientError                // 4xx, unless the job counts it as an error
	failed                     // an error in the eyes of the job
)

// Statuses are the statuses that count as errors: codes ("503"), classes
// ("5xx", "5") or words. A word that HTTP or gRPC knows ("Not Found",
// "SERVER_ERROR", "Unavailable") stands for its code or class; any other is one
// of the application's own ("declined"). Words are compared by their letters
// and digits alone, without regard to case. In YAML a single one may stand
// without a list. Where nil stands for a default, an empty list does not:
// nothing counts as an error then.
type Statuses []string

// DefaultErrors: a response is an error if the server says that it was.
var DefaultErrors = Statuses{"5xx"}

// UnmarshalYAML accepts one status or a list of them.
func (s *Statuses) UnmarshalYAML(unmarshal func(any) error) error {
	list, err := oneOrMore(unmarshal)
	*s = list
	return err
}

// IsZero tells YAML that an empty list is not the lack of one.
func (s Statuses) IsZero() bool { return s == nil }

// meantAsCodes is a text of digits, signs and the x of classes, rather than a
// word.
var meantAsCodes = regexp.MustCompile(`^(?:[^\pL]|[xX])*[0-9](?:[^\pL]|[xX])*$`)

// Validate refuses an entry that could never match, as well as what looks like a
// code, a class or a pattern and is none.
func (s Statuses) Validate() error {
	for _, pattern := range s {
		switch {
		case strings.ContainsAny(pattern, "*!"):
			return fmt.Errorf("errors: %.100q: signs such as * and ! have no meaning here; name each status that counts: a code (503), a class (5xx) or a word", pattern)
		case strings.TrimSpace(pattern) != pattern || lettersAndDigits(pattern) == "":
			return fmt.Errorf("errors: %.100q is no status; write a code (503), a class (5xx) or a word", pattern)
		case meantAsCodes.MatchString(pattern) && readStatus(pattern, false).class == 0:
			return fmt.Errorf("errors: %.100q is no status; codes are 100 to 599, classes 1xx to 5xx, several are a list ([5xx, 429]), and gRPC's codes go by their names (Unavailable)", pattern)
		}
	}
	return nil
}

// judge is the outcome that a status stands for. Statuses are compared by what
// they mean, whatever way the application has to say them: "5xx" is Internal
// Server Error as well, and gRPC's DeadlineExceeded; "NotFound" is 404.
func (s Statuses) judge(st status) outcome {
	for _, pattern := range s {
		if st.matches(pattern) {
			return failed
		}
	}
	if st.class == 4 {
		return clientError
	}
	return served
}

// judge is how requests with the status st, which is written as text, ended in
// the eyes of the job.
func (d *Deriver) judge(text string, st status) outcome {
	d.words.observe(text, st)
	return d.options.Errors.judge(st)
}

// status is the value of a status label in the terms of HTTP.
type status struct {
	word  string // its letters and digits in lower case
	code  int    // 0 if there is none
	class int    // 1 to 5; 0 if it does not tell
}

func (st status) matches(pattern string) bool {
	p := readStatus(pattern, false)
	switch {
	case p.word == "":
		return false
	case st.word == p.word:
		return true
	case p.code != 0: // gRPC tells apart by name what has one code in HTTP
		return st.code == p.code && !(isGRPC(st.word) && isGRPC(p.word))
	default:
		return p.class != 0 && st.class == p.class
	}
}

// readStatus understands codes (503), classes (5xx, 5), reason phrases (Not
// Found), outcomes (SERVER_ERROR, success) and gRPC's codes by name in any
// spelling (NotFound, NOT_FOUND); of gRPC also by number.
func readStatus(text string, grpc bool) status {
	word := lettersAndDigits(text)
	if word == "cancelled" {
		word = "canceled"
	}
	if grpc {
		if name, ok := grpcNumbers[word]; ok {
			word = name
		}
		if code, ok := grpcCodes[word]; ok {
			return status{word, code, code / 100}
		}
	}
	switch {
	case isCode(text):
		code := int(text[0]-'0')*100 + int(text[1]-'0')*10 + int(text[2]-'0')
		return status{word, code, code / 100}
	case isClass(text), len(text) == 1 && text[0] >= '1' && text[0] <= '5':
		return status{word: word, class: int(text[0] - '0')}
	case word == "unknown": // of gRPC an error, elsewhere the lack of a status
		return status{word: word}
	}
	if code, ok := reasonPhrases[word]; ok {
		return status{word, code, code / 100}
	}
	if code, ok := grpcCodes[word]; ok {
		return status{word, code, code / 100}
	}
	return status{word: word, class: outcomeWords[word]}
}

// raised is the status of a request that ended with an exception.
func raised(exception string) status { return status{lettersAndDigits(exception), 500, 5} }

func isGRPC(word string) bool { return grpcCodes[word] != 0 }

func isCode(text string) bool {
	return len(text) == 3 && text[0] >= '1' && text[0] <= '5' && isDigit(text[1]) && isDigit(text[2])
}

func isClass(text string) bool {
	return len(text) == 3 && text[0] >= '1' && text[0] <= '5' && strings.EqualFold(text[1:], "xx")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// lettersAndDigits makes one word of the ways to spell it: NOT_FOUND, NotFound
// and "not found".
func lettersAndDigits(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 0x7f:
			return r
		}
		return -1
	}, clip(text))
}

// reasonPhrases are HTTP's, as words, with their codes.
var reasonPhrases = func() map[string]int {
	codes := make(map[string]int)
	for code := 100; code < 600; code++ {
		if phrase := http.StatusText(code); phrase != "" {
			codes[lettersAndDigits(phrase)] = code
		}
	}
	return codes
}()

// outcomeWords are words for a class of statuses.
var outcomeWords = map[string]int{
	"informational": 1,
	"success":       2, "successful": 2, "succeeded": 2,
	"redirection": 3, "redirect": 3,
	"clienterror": 4,
	"servererror": 5, "error": 5, "failure": 5, "failed": 5, "exception": 5,
}

// grpcCodes are gRPC's codes, as words, with the HTTP code that google.rpc.Code
// maps them to (https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto).
var grpcCodes = map[string]int{
	"ok": 200, "canceled": 499, "unknown": 500, "invalidargument": 400,
	"deadlineexceeded": 504, "notfound": 404, "alreadyexists": 409, "permissiondenied": 403,
	"resourceexhausted": 429, "failedprecondition": 400, "aborted": 409, "outofrange": 400,
	"unimplemented": 501, "internal": 500, "unavailable": 503, "dataloss": 500, "unauthenticated": 401,
}

// grpcNumbers are the names of gRPC's codes by number.
var grpcNumbers = map[string]string{
	"0": "ok", "1": "canceled", "2": "unknown", "3": "invalidargument", "4": "deadlineexceeded",
	"5": "notfound", "6": "alreadyexists", "7": "permissiondenied", "8": "resourceexhausted",
	"9": "failedprecondition", "10": "aborted", "11": "outofrange", "12": "unimplemented",
	"13": "internal", "14": "unavailable", "15": "dataloss", "16": "unauthenticated",
}
