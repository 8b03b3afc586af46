package scrape

import (
	"context"
	"fmt"
	"net"

	"github.com/prometheus/common/config"
)

// maxDiscovered bounds the answer of an http_sd_configs URL, its header
// included, in bytes. It is enough for a hundred thousand targets.
const maxDiscovered = 16 << 20

// discoveryClient are the options for the clients of http_sd_configs, which read
// an answer whatever its length. A connection is for one request, so that what
// arrives on it can be bounded; answers are never compressed.
func discoveryClient(agent string) []config.HTTPClientOption {
	var dialer net.Dialer
	return []config.HTTPClientOption{
		config.WithUserAgent(agent),
		config.WithKeepAlivesDisabled(),
		config.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &boundedConn{Conn: conn, left: maxDiscovered}, nil
		}),
	}
}

var errTooMuchDiscovered = fmt.Errorf("the answer is larger than %v; split it into several URLs", ByteSize(maxDiscovered))

// boundedConn is a connection on which not much may arrive.
type boundedConn struct {
	net.Conn
	left int // bytes; its reader is one goroutine
}

// Read fails once more than was left has arrived.
func (c *boundedConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuchDiscovered
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
