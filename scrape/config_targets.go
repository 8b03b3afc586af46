package scrape

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/dns"
	"github.com/prometheus/prometheus/discovery/file"
	sdhttp "github.com/prometheus/prometheus/discovery/http"
	"github.com/prometheus/prometheus/model/relabel"
)

// Discovery is where a job's targets come from, and what relabelling makes of
// them.
type Discovery struct {
	StaticConfigs []StaticConfig     `yaml:"static_configs,omitempty"`
	FileSDConfigs []*file.SDConfig   `yaml:"file_sd_configs,omitempty"`
	HTTPSDConfigs []*sdhttp.SDConfig `yaml:"http_sd_configs,omitempty"`
	DNSSDConfigs  []*dns.SDConfig    `yaml:"dns_sd_configs,omitempty"`

	RelabelConfigs []*relabel.Config `yaml:"relabel_configs,omitempty"`
}

// StaticConfig lists targets that share labels.
type StaticConfig struct {
	Targets []string          `yaml:"targets"`
	Labels  map[string]string `yaml:"labels,omitempty"`
}

// dynamic are the discoverers that have to run.
func (d *Discovery) dynamic() discovery.Configs {
	var list discovery.Configs
	for _, c := range d.FileSDConfigs {
		list = append(list, c)
	}
	for _, c := range d.HTTPSDConfigs {
		list = append(list, c)
	}
	for _, c := range d.DNSSDConfigs {
		list = append(list, c)
	}
	return list
}

// setDirectory makes file names relative to dir.
func (d *Discovery) setDirectory(dir string) {
	configs := d.dynamic()
	configs.SetDirectory(dir)
}

// withoutPasswords is a copy without those in URLs. The other secrets know
// themselves how to be written.
func (d Discovery) withoutPasswords() Discovery {
	list := make([]*sdhttp.SDConfig, len(d.HTTPSDConfigs))
	for i, c := range d.HTTPSDConfigs {
		shown := *c
		shown.URL = withoutPassword(c.URL)
		shown.HTTPClientConfig = clientWithoutPasswords(c.HTTPClientConfig)
		list[i] = &shown
	}
	d.HTTPSDConfigs = list
	return d
}

// clientWithoutPasswords is a copy without those in URLs that do not know
// themselves how to be written.
func clientWithoutPasswords(c config.HTTPClientConfig) config.HTTPClientConfig {
	if c.OAuth2 != nil {
		shown := *c.OAuth2
		shown.TokenURL = withoutPassword(shown.TokenURL)
		c.OAuth2 = &shown
	}
	return c
}

func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Redacted()
}

// validate refuses what cannot be scraped. Where there is relabelling, it may
// make an address of anything, so that addresses are judged after it.
func (d *Discovery) validate(names model.ValidationScheme) error {
	if err := validateRelabelling("relabel_configs", d.RelabelConfigs, names); err != nil {
		return err
	}
	for i, static := range d.StaticConfigs {
		for _, address := range static.Targets {
			if len(d.RelabelConfigs) > 0 {
				break
			}
			if err := checkAddress(address); err != nil {
				return fmt.Errorf("static_configs[%d].targets: %w", i, err)
			}
		}
		for name := range static.Labels {
			if !model.UTF8Validation.IsValidLabelName(name) {
				return fmt.Errorf("static_configs[%d].labels: %q is not a label name", i, name)
			}
		}
	}
	return nil
}

// validateRelabelling checks the rules that stand under key.
func validateRelabelling(key string, rules []*relabel.Config, names model.ValidationScheme) error {
	for i, rule := range rules {
		if rule == nil {
			return fmt.Errorf("%s[%d]: the rule is empty; fill it in or remove it", key, i)
		}
		if err := rule.Validate(names); err != nil {
			return fmt.Errorf("%s[%d]: %w", key, i, err)
		}
	}
	return nil
}

// checkAddress accepts host or host:port and nothing else.
func checkAddress(address string) error {
	if strings.Contains(address, "@") {
		return errors.New("a target holds credentials; put them into basic_auth")
	}
	if strings.ContainsAny(address, "/?#") {
		return fmt.Errorf("%q is not host:port; scheme and path of a URL go into scheme and metrics_path", address)
	}
	text := url.URL{Scheme: "http", Host: address} // which escapes the zone of an IPv6 address
	u, err := url.Parse(text.String())
	if err != nil || u.Host != address || u.Hostname() == "" || strings.ContainsAny(address, " \t\n") {
		return fmt.Errorf("%q is not host:port", address)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%q has no valid port", address)
		}
	}
	return nil
}
