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
// page. It leaves out URLs, whose parameters may be secret, and bounds what the
// target may have written into the error.
func explain(err error, t *target) (reason, string) {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	if token, ok := errors.AsType[*url.Error](err); ok { // of another request inside of the scrape's
		return noToken, fmt.Sprintf("oauth2: no token could be had from token_url: %.200s", token.Err.Error())
	}
	if text, ok := explainTimeout(err, t.timeout); ok {
		return timedOut, text
	}
	for _, one := range []func(error, *target) (reason, string){explainCredentials, explainNetwork, explainTLS, explainHTTP, explainAnswer} {
		if why, text := one(err, t); text != "" {
			return why, text
		}
	}
	return otherReason, fmt.Sprintf("%.300s", err.Error())
}

func explainTimeout(err error, timeout time.Duration) (string, bool) {
	var timedOut interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timedOut) && timedOut.Timeout() {
		return fmt.Sprintf("no complete answer within %v (scrape_timeout); is the target overloaded or unreachable?", timeout), true
	}
	return "", false
}

func explainCredentials(err error, _ *target) (reason, string) {
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "oauth2: "):
		text, _, _ = strings.Cut(text, "\n") // the answer of the server is behind it
		return noToken, fmt.Sprintf("%.200s; check client_id, client_secret and scopes", text)
	case strings.HasPrefix(text, "unable to read"), strings.HasPrefix(text, "unable to use"): // a file that has them
		return noToken, fmt.Sprintf("%.300s", text)
	}
	return "", ""
}

func explainNetwork(err error, t *target) (reason, string) {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return noConnection, fmt.Sprintf("the proxy cannot be used: %.200s; check proxy_url", op.Err.Error())
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return noName, fmt.Sprintf("the name %.255s cannot be resolved: %.200s", dns.Name, dns.Err)
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return noConnection, fmt.Sprintf("nothing listens on %s: connection refused; is the exporter running?", t.hostPort())
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return noConnection, fmt.Sprintf("there is no route to %s", t.address)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return cutOff, "the connection was reset before the answer was complete"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return noConnection, "redpoll has too many files and connections open; raise its limit (ulimit -n)"
	}
	return "", ""
}

func explainTLS(err error, t *target) (reason, string) {
	var (
		record   tls.RecordHeaderError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return badTLS, "TLS: the target does not speak TLS; set scheme: http"
	case errors.As(err, &unknown):
		return badTLS, "TLS: the certificate is signed by an unknown authority; name the authority in tls_config.ca_file"
	case errors.As(err, &hostname):
		return badTLS, fmt.Sprintf("TLS: the certificate is for another name: %.300s; set tls_config.server_name", hostname.Error())
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return badTLS, "TLS: the certificate has expired or is not valid yet; renew it, or check the clocks"
	case errors.As(err, &invalid):
		return badTLS, "TLS: the certificate is not valid: " + invalid.Error()
	case strings.Contains(err.Error(), "tls: certificate required"), strings.Contains(err.Error(), "tls: bad certificate"):
		return badTLS, fmt.Sprintf("TLS: the target does not accept the client's certificate, or the lack of one: %.200s; set tls_config.cert_file and key_file", err.Error())
	case strings.Contains(err.Error(), "tls: "):
		return badTLS, fmt.Sprintf("TLS: the handshake failed: %.200s", err.Error())
	}
	return "", ""
}

// explainHTTP is for what net/http says in words alone.
func explainHTTP(err error, _ *target) (reason, string) {
	text := err.Error()
	switch {
	case strings.Contains(text, "response headers exceeded"):
		return badHTTP, fmt.Sprintf("the header of the answer is larger than %v; is it a metrics endpoint?", ByteSize(maxHeader))
	case strings.Contains(text, "header line too long"): // as of a chunk
		return badHTTP, "a line of the answer's framing has no end; look at the target, or at a proxy before it"
	case strings.Contains(text, "malformed HTTP"):
		return badHTTP, "the answer is not HTTP; if the target speaks TLS, set scheme: https"
	case strings.Contains(text, "Content-Length"), strings.Contains(text, "chunk"), strings.Contains(text, "malformed MIME header"),
		strings.Contains(text, "trailer"), strings.Contains(text, "http2: "):
		return badHTTP, fmt.Sprintf("the answer does not keep to HTTP: %.200s; look at the target, or at a proxy before it", text)
	}
	return "", ""
}

func explainAnswer(err error, t *target) (reason, string) {
	var (
		redirect *redirectError
		encoding *encodingError
		corrupt  flate.CorruptInputError
	)
	if status, ok := errors.AsType[*statusError](err); ok {
		return badStatus, status.Error() + adviceFor(status.code, t)
	}
	if large, ok := errors.AsType[*tooLargeError](err); ok {
		return tooLarge, large.Error() + "; is it a metrics page? If so, raise the limit"
	}
	switch {
	case errors.Is(err, errTooManyRedirects):
		return badRedirect, fmt.Sprintf("%v, perhaps in a circle; set metrics_path to where the metrics are", err)
	case errors.As(err, &redirect):
		return badRedirect, redirect.Error()
	case errors.As(err, &encoding):
		return badEncoding, encoding.Error()
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return badEncoding, "the answer says that it is gzip, but it cannot be decompressed"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return cutOff, "the answer ended in the middle: unexpected EOF"
	case errors.Is(err, io.EOF):
		return cutOff, "the connection was closed without an answer: EOF"
	case errors.Is(err, errNoRoom):
		return noRoom, err.Error()
	}
	return "", ""
}

func adviceFor(code int, t *target) string {
	switch {
	case code == 400 && strings.HasPrefix(t.URL, "http://"):
		return "; if the target speaks TLS, set scheme: https"
	case (code == 401 || code == 403) && hasCredentials(&t.job.config.HTTPClientConfig):
		return "; the target does not accept the credentials of the job: check basic_auth, authorization, oauth2 or http_headers"
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

func explainBlank(path string) (reason, string) {
	return badFormat, fmt.Sprintf("answered an empty body; is the metrics path (%s) right?", path)
}

// explainParse says what is wrong with a body that could not be read.
func explainParse(err error, a *answer, path string) (reason, string) {
	if limit, ok := errors.AsType[*exposition.LimitError](err); ok {
		return overLimit, limit.Error()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return badFormat, fmt.Sprintf("it took too long to read the body, more than %v; expose fewer series or split the target", readTimeout)
	case exposition.IsProtobuf(a.contentType):
		return badFormat, fmt.Sprintf("the answer says that it is protobuf, but it cannot be read: %.300s", err.Error())
	}
	begin := bytes.TrimSpace(a.body[:min(len(a.body), 512)])
	if bytes.HasPrefix(begin, []byte("<")) || bytes.HasPrefix(begin, []byte("{")) {
		mediaType, _, _ := strings.Cut(a.stated, ";")
		return badFormat, fmt.Sprintf("answered %.60s instead of metrics; is the metrics path (%s) right?",
			cmp.Or(mediaType, "something of unknown type"), path)
	}
	return badFormat, fmt.Sprintf("the body is not in the metrics text format: %.300s", err.Error())
}
