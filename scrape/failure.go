package scrape

// reason is why a scrape failed, in one word: a label of redpoll's own metrics.
type reason string

// The reasons. What a person can do is in the text that explain gives.
const (
	timedOut     reason = "timeout"     // not all of the answer came in time
	noName       reason = "dns"         // the host's name has no address
	noConnection reason = "connection"  // nobody listens, there is no way there, or the proxy refuses
	badTLS       reason = "tls"         // the certificate, or the lack of one
	noToken      reason = "credentials" // those of the job cannot be had, such as a token of oauth2
	badHTTP      reason = "http"        // the answer does not keep to HTTP, or its header has no end
	badStatus    reason = "status"      // anything but 200
	badRedirect  reason = "redirect"    // in a circle, or away with credentials
	badEncoding  reason = "encoding"    // compressed in a way that was not asked for, or badly
	cutOff       reason = "cut_off"     // the connection ended before the answer
	tooLarge     reason = "too_large"   // the body, for body_size_limit
	noRoom       reason = "no_room"     // other targets' bodies fill the memory
	badFormat    reason = "format"      // the body is not metrics, or takes too long to read
	overLimit    reason = "limit"       // the metrics are more than the limits allow
	badClock     reason = "clock"       // of this machine
	otherReason  reason = "other"
)

// reasons are all of them.
var reasons = []reason{
	timedOut, noName, noConnection, badTLS, noToken, badHTTP, badStatus, badRedirect, badEncoding, cutOff,
	tooLarge, noRoom, badFormat, overLimit, badClock, otherReason,
}

// fail makes a scrape one that failed. text is for a person.
func (o *outcome) fail(why reason, text string) { o.reason, o.failure = why, text }
