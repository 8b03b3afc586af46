package store

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

func TestFastConfigFillsDefaults(t *testing.T) {
	var c Config
	if err := c.Validate(); err != nil || c != DefaultConfig {
		t.Errorf("got %+v, %v; want the defaults", c, err)
	}
}

func TestFastConfigNamesTheWrongKey(t *testing.T) {
	f := func(key string, c Config) {
		t.Helper()
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("got %v, want an error of %s", err, key)
		}
	}
	f("storage.synchronous", Config{Synchronous: "off"})
	f("storage.retention.raw", Config{Retention: Retention{Raw: model.Duration(time.Minute)}})
	f("storage.retention.raw", Config{Retention: Retention{Raw: -1}})
	f("storage.retention.minute", Config{Retention: Retention{Minute: model.Duration(time.Hour)}})
}

func TestFastConfigStartsFromDefaultsInYAML(t *testing.T) {
	var c Config
	err := c.UnmarshalYAML(func(to any) error {
		return nil // an empty section
	})
	if err != nil || c != DefaultConfig {
		t.Errorf("got %+v, %v; want the defaults", c, err)
	}
}
