package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func TestFastConfigIsReadOverTheDefaultsAndNotJudged(t *testing.T) {
	var c Config
	if err := yaml.Unmarshal([]byte("max_clients: 0"), &c); err != nil {
		t.Fatal(err)
	}
	want := DefaultConfig
	want.MaxClients = 0
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

func TestFastConfigNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		says   string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.ListenAddress = ":0" }, ""},
		{func(c *Config) { c.ListenAddress = "[::1]:80" }, ""},
		{func(c *Config) { c.ListenAddress = "3334" }, "web.listen_address"},
		{func(c *Config) { c.ListenAddress = "a:99999" }, "web.listen_address"},
		{func(c *Config) { c.MaxClients = 0 }, "web.max_clients"},
		{func(c *Config) { c.AllowedOrigins = []string{"https://a.example"} }, ""},
		{func(c *Config) { c.AllowedOrigins = []string{"a.example"} }, "web.allowed_origins[0]"},
		{func(c *Config) { c.AllowedOrigins = []string{"https://a.example/x"} }, "web.allowed_origins[0]"},
	} {
		config := DefaultConfig
		c.change(&config)
		err := config.Validate()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", config, err, c.says)
		}
	}
}
