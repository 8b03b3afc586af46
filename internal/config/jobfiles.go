package config

import (
	"fmt"
	"path/filepath"

	"github.com/redpoll/redpoll/scrape"
)

// jobFile is a file that scrape_config_files names.
type jobFile struct {
	ScrapeConfigs []scrape.JobConfig `yaml:"scrape_configs"`
}

// loadJobFiles adds the jobs of the files that ScrapeConfigFiles name, relative
// to the file at path with the given text. A pattern that matches nothing adds
// nothing, and is warned of.
func (c *Config) loadJobFiles(path string, text []byte) (warnings []string, err error) {
	origins := make(map[string]string) // of jobs, by their names
	for i := range c.ScrapeConfigs {
		origins[c.ScrapeConfigs[i].JobName] = position(path, lineOf(text, fmt.Sprintf("scrape_configs[%d].job_name", i)))
	}
	for i, pattern := range c.ScrapeConfigFiles {
		key := fmt.Sprintf("scrape_config_files[%d]", i)
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(path), pattern)
		}
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, &Error{File: path, Line: lineOf(text, key), Msg: fmt.Sprintf("%s: %q is no pattern of file names: %v", key, pattern, err)}
		}
		if len(files) == 0 {
			warnings = append(warnings, fmt.Sprintf("%s: `%s` names %s, and there is no such file", position(path, lineOf(text, key)), key, pattern))
		}
		for _, file := range files {
			more, err := c.loadJobFile(file, origins)
			if err != nil {
				return nil, err
			}
			warnings = append(warnings, more...)
		}
	}
	c.ScrapeConfigFiles = nil
	return warnings, nil
}

// loadJobFile adds the jobs of one file. origins says where the jobs so far
// come from, and is added to.
func (c *Config) loadJobFile(path string, origins map[string]string) (warnings []string, err error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var f jobFile
	if err := decodeFile(path, text, &f, func() any { return new(jobFile) }); err != nil {
		return nil, err
	}
	for i := range f.ScrapeConfigs {
		job := &f.ScrapeConfigs[i]
		key := fmt.Sprintf("scrape_configs[%d]", i)
		if err := c.validateJob(job); err != nil {
			return nil, locateFieldError(path, text, below(key, err))
		}
		line := lineOf(text, key+".job_name")
		if origin, dup := origins[job.JobName]; dup {
			return nil, &Error{File: path, Line: line, Msg: fmt.Sprintf("%s.job_name: %q is already the name of a job in %s; job names are unique", key, job.JobName, origin)}
		}
		origins[job.JobName] = position(path, line)
		job.SetDirectory(filepath.Dir(path))
		c.origins = append(c.origins, origin{path, i})
	}
	unused := make(map[string]string)
	addUnused(unused, f.ScrapeConfigs)
	c.ScrapeConfigs = append(c.ScrapeConfigs, f.ScrapeConfigs...)
	return warn(path, text, unused), nil
}
