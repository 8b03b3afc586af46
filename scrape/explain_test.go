package scrape

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestFastExplanationsSayWhatToDo(t *testing.T) {
	target := idle(t, jobConfig(t, nil, "shop.example:8080")).jobs[0].targets[0]
	f := func(err error, want string) {
		t.Helper()
		wrapped := &url.Error{Op: "Get", URL: "http://shop.example:8080/metrics?token=hunter2", Err: err}
		_, got := explain(wrapped, target)
		if got != want || strings.Contains(got, "hunter2") {
			t.Errorf("%v is explained as %q, want %q", err, got, want)
		}
	}
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)} }
	invalid := func(reason x509.InvalidReason) error {
		return &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: reason}}
	}
	f(dial(syscall.ECONNREFUSED), "nothing listens on shop.example:8080: connection refused; is the exporter running?")
	f(dial(syscall.EHOSTUNREACH), "there is no route to shop.example:8080")
	f(dial(syscall.ETIMEDOUT), "no complete answer within 4s (scrape_timeout); is the target overloaded or unreachable?")
	f(context.DeadlineExceeded, "no complete answer within 4s (scrape_timeout); is the target overloaded or unreachable?")
	f(&net.DNSError{Err: "no such host", Name: "shop.example", IsNotFound: true}, "the name shop.example cannot be resolved: no such host")
	f(syscall.ECONNRESET, "the connection was reset before the answer was complete")
	f(invalid(x509.Expired), "TLS: the certificate has expired or is not valid yet; renew it, or check the clocks")
	f(invalid(x509.NotAuthorizedToSign), "TLS: the certificate is not valid: x509: certificate is not authorized to sign other certificates")
	f(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, "TLS: the certificate is for another name: x509: certificate is not valid for any names, but wanted to match x; set tls_config.server_name")
	f(errors.New("remote error: tls: certificate required"), "TLS: the target does not accept the client's certificate, or the lack of one: remote error: tls: certificate required; set tls_config.cert_file and key_file")
	f(x509.UnknownAuthorityError{}, "TLS: the certificate is signed by an unknown authority; name the authority in tls_config.ca_file")
	f(errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15"`), "the answer is not HTTP; if the target speaks TLS, set scheme: https")
	f(fmt.Errorf("%s", strings.Repeat("x", 9999)), strings.Repeat("x", 300))
}

func TestFastExplanationsOfAnAddressWithoutAPortNameThePort(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, one := range []struct{ scheme, address, want string }{
		{"http", "shop.example", "nothing listens on shop.example:80: "},
		{"https", "shop.example", "nothing listens on shop.example:443: "},
		{"http", "[::1]", "nothing listens on [::1]:80: "},
		{"https", "[::1]:8080", "nothing listens on [::1]:8080: "},
	} {
		target := idle(t, jobConfig(t, func(c *JobConfig) { c.Scheme = one.scheme }, one.address)).jobs[0].targets[0]
		_, got := explain(refused, target)
		wantContains(t, "the explanation", got, one.want)
	}
}
