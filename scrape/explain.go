package scrape

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// explain says why a scrape failed and what to do about it, for the Targets
// page. It leaves out the URL, whose parameters may be secret, and bounds what
// the target may have written into the error.
func explain(err error, t *target) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if text, ok := explainTimeout(err, t.timeout); ok {
		return text
	}
	for _, one := range []func(error, *target) string{explainNetwork, explainTLS, explainAnswer} {
		if text := one(err, t); text != "" {
			return text
		}
	}
	return fmt.Sprintf("%.300s", err.Error())
}

func explainTimeout(err error, timeout time.Duration) (string, bool) {
	var timedOut interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timedOut) && timedOut.Timeout() {
		return fmt.Sprintf("no complete answer within %v (scrape_timeout); is the target overloaded or unreachable?", timeout), true
	}
	return "", false
}

func explainNetwork(err error, t *target) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing listens on %s: connection refused; is the exporter running?", t.address)
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s cannot be resolved: %s", dns.Name, dns.Err)
	case errors.Is(err, syscall.ECONNRESET):
		return "the connection was reset before the answer was complete"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Sprintf("there is no route to %s", t.address)
	}
	return ""
}

func explainTLS(err error, t *target) string {
	var (
		record   tls.RecordHeaderError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &record):
		return "TLS: the target does not speak TLS; set scheme: http"
	case errors.As(err, &unknown):
		return "TLS: the certificate is signed by an unknown authority; name the authority in tls_config.ca_file"
	case errors.As(err, &hostname):
		return fmt.Sprintf("TLS: the certificate is not for %s; set tls_config.server_name", t.address)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS: the certificate has expired or is not valid yet; renew it, or check the clocks"
	case errors.As(err, &invalid):
		return "TLS: the certificate is not valid: " + invalid.Error()
	}
	return ""
}

func explainAnswer(err error, t *target) string {
	var (
		status   *statusError
		tooLarge *tooLargeError
		corrupt  flate.CorruptInputError
	)
	switch {
	case errors.As(err, &status):
		return status.Error() + adviceFor(status.code, t)
	case errors.As(err, &tooLarge):
		return tooLarge.Error() + "; is it a metrics page? If so, raise the limit"
	case errors.Is(err, errTooManyRedirects):
		return fmt.Sprintf("%v, perhaps in a circle; set metrics_path to where the metrics are", err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return "the answer says that it is gzip, but it cannot be decompressed"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer ended in the middle: unexpected EOF"
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer: EOF"
	case strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "TLS: the target does not speak TLS; set scheme: http"
	case strings.Contains(err.Error(), "malformed HTTP response"):
		return "the answer is not HTTP; if the target speaks TLS, set scheme: https"
	}
	return ""
}

func adviceFor(code int, t *target) string {
	switch {
	case code == 401 || code == 403:
		return "; set basic_auth or authorization in the job"
	case code == 404:
		return fmt.Sprintf("; is the metrics path (%s) right?", t.path)
	case code >= 500:
		return "; look at the target's own log"
	case code >= 300 && code < 400:
		return "; it redirects, and follow_redirects is off"
	}
	return ""
}

// isBlank reports whether there is nothing but white space, and nothing that
// says that this is all there is: an application that has not served anyone
// yet may well expose no metrics.
func (a *answer) isBlank() bool {
	return len(bytes.TrimSpace(a.body)) == 0 &&
		!strings.Contains(a.contentType, "version=0.0.4") && !exposition.IsProtobuf(a.contentType)
}

func explainBlank(path string) string {
	return fmt.Sprintf("answered an empty body; is the metrics path (%s) right?", path)
}

// explainParse says what is wrong with a body that could not be read.
func explainParse(err error, a *answer, path string) string {
	var limit *exposition.LimitError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("it took too long to read the body, more than %v; expose fewer series or split the target", readTimeout)
	case errors.As(err, &limit):
		return limit.Error()
	case exposition.IsProtobuf(a.contentType):
		return fmt.Sprintf("the answer says that it is protobuf, but it cannot be read: %.300s", err.Error())
	}
	begin := bytes.TrimSpace(a.body[:min(len(a.body), 512)])
	if bytes.HasPrefix(begin, []byte("<")) || bytes.HasPrefix(begin, []byte("{")) {
		mediaType, _, _ := strings.Cut(a.contentType, ";")
		return fmt.Sprintf("answered %.60s instead of metrics; is the metrics path (%s) right?",
			cmp.Or(mediaType, "something of unknown type"), path)
	}
	return fmt.Sprintf("the body is not in the metrics text format: %.300s", err.Error())
}
