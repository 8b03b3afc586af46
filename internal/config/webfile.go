package config

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

// WebFile is what redpoll itself has to know of the file named by
// --web.config.file, which otherwise is the exporter-toolkit's.
type WebFile struct {
	TLS       bool // requests have to be https
	BasicAuth bool // requests need a user and a password
}

// LoadWebFile reads a file that is known to be valid. An empty path is a file
// that asks for nothing.
func LoadWebFile(path string) (WebFile, error) {
	if path == "" {
		return WebFile{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return WebFile{}, err
	}
	var sections struct {
		TLS   map[string]any `yaml:"tls_server_config"`
		Users map[string]any `yaml:"basic_auth_users"`
	}
	if err := yaml.Unmarshal(text, &sections); err != nil {
		return WebFile{}, fmt.Errorf("%s: %w", path, err)
	}
	return WebFile{TLS: len(sections.TLS) > 0, BasicAuth: len(sections.Users) > 0}, nil
}
