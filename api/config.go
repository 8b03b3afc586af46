package api

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// Config is the `web` section of the configuration file.
type Config struct {
	// ListenAddress is host:port; an empty host means every interface.
	ListenAddress string `yaml:"listen_address"`
	// AllowedOrigins are the origins (scheme://host[:port]) beside redpoll's
	// own whose pages may open streams and change state, and under whose names
	// a redpoll on loopback may be reached.
	AllowedOrigins []string `yaml:"allowed_origins,omitempty"`
	// MaxClients is how many streams, WebSocket and server-sent events
	// together, may be open at a time.
	MaxClients int `yaml:"max_clients"`
}

// DefaultConfig listens on loopback only.
var DefaultConfig = Config{
	ListenAddress: "127.0.0.1:3334",
	MaxClients:    10_000,
}

// UnmarshalYAML starts from DefaultConfig, so that a file names only what
// differs. What it read is for Validate to judge.
func (c *Config) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Config
	*c = DefaultConfig
	return unmarshal((*plain)(c))
}

// Validate names the first field that cannot work, and what would.
func (c *Config) Validate() error {
	if err := validateAddress(c.ListenAddress); err != nil {
		return fmt.Errorf("web.listen_address: %q %w, e.g. 127.0.0.1:3334", c.ListenAddress, err)
	}
	if c.MaxClients < 1 {
		return fmt.Errorf("web.max_clients: %d must be at least 1", c.MaxClients)
	}
	for i, o := range c.AllowedOrigins {
		if err := validateOrigin(o); err != nil {
			return fmt.Errorf("web.allowed_origins[%d]: %q %w, e.g. https://status.example.com", i, o, err)
		}
	}
	return nil
}

func validateAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("must be host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return errors.New("needs a port from 0 to 65535")
	}
	return nil
}

func validateOrigin(origin string) error {
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "":
		return errors.New("must be scheme://host or scheme://host:port")
	case u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must end after the host and port")
	}
	return nil
}
