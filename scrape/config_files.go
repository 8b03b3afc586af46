package scrape

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/common/config"
)

// NamedFile is a file that a job's settings name.
type NamedFile struct {
	Key  string // where it is named, e.g. "basic_auth.password_file"
	Path string
	// Pattern tells that the path is a pattern of file names, which may well
	// match none yet.
	Pattern bool
}

// NamedFiles are all files that the job reads, other than those that these name
// in turn.
func (c *JobConfig) NamedFiles() []NamedFile {
	list := clientFiles("", &c.HTTPClientConfig)
	for i, d := range c.FileSDConfigs {
		for j, path := range d.Files {
			list = append(list, NamedFile{fmt.Sprintf("file_sd_configs[%d].files[%d]", i, j), path, true})
		}
	}
	for i, d := range c.HTTPSDConfigs {
		list = append(list, clientFiles(fmt.Sprintf("http_sd_configs[%d].", i), &d.HTTPClientConfig)...)
	}
	return list
}

// clientFiles are the files of an HTTP client whose keys begin with prefix.
func clientFiles(prefix string, c *config.HTTPClientConfig) (list []NamedFile) {
	add := func(key, path string) {
		if path != "" {
			list = append(list, NamedFile{Key: prefix + key, Path: path})
		}
	}
	addTLS := func(key string, c *config.TLSConfig) {
		add(key+".ca_file", c.CAFile)
		add(key+".cert_file", c.CertFile)
		add(key+".key_file", c.KeyFile)
	}
	if a := c.BasicAuth; a != nil {
		add("basic_auth.username_file", a.UsernameFile)
		add("basic_auth.password_file", a.PasswordFile)
	}
	if a := c.Authorization; a != nil { // where validation puts bearer_token_file, too
		add("authorization.credentials_file", a.CredentialsFile)
	}
	if a := c.OAuth2; a != nil {
		add("oauth2.client_secret_file", a.ClientSecretFile)
		add("oauth2.client_certificate_key_file", a.ClientCertificateKeyFile)
		addTLS("oauth2.tls_config", &a.TLSConfig)
	}
	addTLS("tls_config", &c.TLSConfig)
	if c.HTTPHeaders != nil {
		for _, name := range slices.Sorted(maps.Keys(c.HTTPHeaders.Headers)) {
			for i, path := range c.HTTPHeaders.Headers[name].Files {
				add(fmt.Sprintf("http_headers.%s.files[%d]", name, i), path)
			}
		}
	}
	return list
}
