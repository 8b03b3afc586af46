package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/redpoll/redpoll/scrape"
)

// CheckFiles looks for the files that the jobs of a configuration from Load
// name, each as file:line: message. faults are those that are missing or cannot
// be read, so that scrapes would fail; doubts are patterns that match no file
// yet.
func (c *Config) CheckFiles() (faults, doubts []string) {
	texts := make(map[string][]byte)
	for i, from := range c.origins {
		text, read := texts[from.file]
		if !read {
			text, _ = readFile(from.file) // without it the line is unknown
			texts[from.file] = text
		}
		for _, named := range c.ScrapeConfigs[i].NamedFiles() {
			key := fmt.Sprintf("scrape_configs[%d].%s", from.index, named.Key)
			at := position(from.file, lineOf(text, key)) + ": " + key + ": "
			switch doubt, fault := checkFile(named); {
			case fault != nil:
				faults = append(faults, at+fault.Error())
			case doubt != "":
				doubts = append(doubts, at+doubt)
			}
		}
	}
	return faults, doubts
}

// checkFile says what is doubtful about a file, or what its fault is.
func checkFile(named scrape.NamedFile) (doubt string, fault error) {
	if !named.Pattern {
		f, err := os.Open(named.Path)
		if err == nil {
			err = f.Close()
		}
		return "", err
	}
	files, err := filepath.Glob(named.Path)
	if err == nil && len(files) == 0 {
		doubt = fmt.Sprintf("no file is called %s yet; its targets are scraped once there is one", named.Path)
	}
	return doubt, err
}
