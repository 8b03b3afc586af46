package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// Config is the `storage` section of the configuration.
type Config struct {
	// Path is the database file. A lock file and SQLite's -wal and -shm files
	// stand beside it.
	Path string `yaml:"path"`
	// Synchronous says when a commit counts as done: "full" once it is on the
	// disk, "normal" once the operating system has it. Normal may lose the
	// newest snapshots when the power fails, never when redpoll is killed.
	Synchronous string `yaml:"synchronous"`
	// Retention says how far back history goes.
	Retention Retention `yaml:"retention"`
}

// Retention is how long each resolution of the history is kept.
type Retention struct {
	Raw    model.Duration `yaml:"raw"`    // every snapshot
	Minute model.Duration `yaml:"minute"` // one-minute sums
}

// DefaultConfig holds for every key that the file leaves out.
var DefaultConfig = Config{
	Path:        "redpoll.db",
	Synchronous: "full",
	Retention: Retention{
		Raw:    model.Duration(2 * time.Hour),
		Minute: model.Duration(7 * 24 * time.Hour),
	},
}

// minRawRetention keeps the minute that is not summed up yet well inside the
// journal.
const minRawRetention = 5 * time.Minute

// UnmarshalYAML starts from DefaultConfig, so that a file names only what
// differs.
func (c *Config) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Config
	*c = DefaultConfig
	return unmarshal((*plain)(c))
}

// Validate fills what is empty from DefaultConfig and says which key is wrong
// and what it may be.
func (c *Config) Validate() error {
	c.fill()
	if c.Synchronous != "full" && c.Synchronous != "normal" {
		return fmt.Errorf("storage.synchronous: %q is neither full nor normal", c.Synchronous)
	}
	if time.Duration(c.Retention.Raw) < minRawRetention {
		return fmt.Errorf("storage.retention.raw: %s is shorter than %s", c.Retention.Raw, model.Duration(minRawRetention))
	}
	if c.Retention.Minute < c.Retention.Raw {
		return errors.New("storage.retention.minute: must not be shorter than storage.retention.raw")
	}
	return nil
}

func (c *Config) fill() {
	if c.Path == "" {
		c.Path = DefaultConfig.Path
	}
	if c.Synchronous == "" {
		c.Synchronous = DefaultConfig.Synchronous
	}
	if c.Retention.Raw == 0 {
		c.Retention.Raw = DefaultConfig.Retention.Raw
	}
	if c.Retention.Minute == 0 {
		c.Retention.Minute = max(DefaultConfig.Retention.Minute, c.Retention.Raw)
	}
}
