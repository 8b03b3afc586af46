package scrape

import (
	"fmt"
	"net"
	"net/http"

	"github.com/prometheus/common/config"
)

// maxRedirects is how many redirects of one scrape are followed.
const maxRedirects = 5

const (
	// readBuffer is what a connection reads at least at a time, in bytes. A body in
	// chunks, as servers send what they have no length of, comes in fewer system
	// calls with it, and a thousand kept connections hold no more than 16 MiB.
	readBuffer = 16 << 10
	// writeBuffer is enough for the requests of scrapes, in bytes.
	writeBuffer = 1 << 10
	// maxHeader bounds the header of an answer, those of 1xx before it included,
	// in bytes.
	maxHeader = 256 << 10
)

// newClient makes the client that all targets of a job share. It keeps the
// connection to each of them from one scrape to the next.
func newClient(c *JobConfig) (*http.Client, error) {
	client, err := config.NewClientFromConfig(c.HTTPClientConfig, c.JobName)
	if err != nil {
		return nil, err
	}
	// The transport of a job with credentials is not to be had. Its headers are
	// bounded as well, at net/http's 10 MB.
	if transport, plain := client.Transport.(*http.Transport); plain {
		transport.ReadBufferSize, transport.WriteBufferSize = readBuffer, writeBuffer
		// Its own way to dial keeps a log of each connection, of 9 KiB, that nobody
		// reads.
		transport.DialContext = new(net.Dialer).DialContext
		transport.MaxResponseHeaderBytes = maxHeader
	}
	if c.HTTPClientConfig.FollowRedirects {
		secret := hasCredentials(&c.HTTPClientConfig)
		client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
			r.Header.Del("Referer") // the first URL, whose parameters may be secret
			return checkRedirect(r, via, secret)
		}
	}
	return client, nil
}

func hasCredentials(c *config.HTTPClientConfig) bool {
	return c.BasicAuth != nil || c.Authorization != nil || c.OAuth2 != nil ||
		c.BearerToken != "" || c.BearerTokenFile != "" || c.HTTPHeaders != nil
}

var errTooManyRedirects = fmt.Errorf("more than %d redirects", maxRedirects)

// redirectError refuses a redirect that would take credentials along.
type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("redirects to %.200s, and credentials do not follow to another host; make that the target", e.to)
}

// checkRedirect bounds redirects. The client's own transport adds credentials
// to every request to the same host name, so a job with credentials may not
// leave the port either; going from http to https of one host is fine.
func checkRedirect(r *http.Request, via []*http.Request, secret bool) error {
	if len(via) > maxRedirects {
		return errTooManyRedirects
	}
	from, to := via[0].URL, r.URL
	upgraded := from.Scheme == "http" && to.Scheme == "https" && from.Hostname() == to.Hostname()
	if secret && !upgraded && (from.Host != to.Host || from.Scheme != to.Scheme) {
		return &redirectError{to: to.Scheme + "://" + to.Host}
	}
	return nil
}
