package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Error is a fault in a configuration file.
type Error struct {
	File string
	Line int    // 0 if unknown
	Msg  string // begins with the field's path where there is one
}

// Error is one line: file:line: message.
func (e *Error) Error() string { return position(e.File, e.Line) + ": " + e.Msg }

func position(file string, line int) string {
	if line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(line)
}

var (
	yamlLine     = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	duplicateKey = regexp.MustCompile(`^mapping key "(.*)" already defined at line (\d+)$`)
	wrongType    = regexp.MustCompile("^cannot unmarshal !!(\\S+) (?:`(.*)` )?into (\\S+)$")
	fieldPath    = regexp.MustCompile(`^[a-z_]+(?:\[\d+\])?(?:\.[A-Za-z0-9_-]+(?:\[\d+\])?)*: `)
)

// otherDiscoveries are the kinds of service discovery that Prometheus has and
// redpoll has not.
var otherDiscoveries = strings.Fields(`aws azure consul digitalocean docker dockerswarm ec2 ecs elasticache eureka
	gce hetzner ionos kubernetes kuma lightsail linode marathon msk nerve nomad oci openstack outscale ovhcloud
	puppetdb rds scaleway serverset stackit triton uyuni vultr`)

// locateDecodeError words an error of the YAML decoder for people. Errors of
// UnmarshalYAML methods carry no line; theirs is found by trying, with again,
// which part of the document has to go for the error to go.
func locateDecodeError(file string, text []byte, err error, again func(text []byte) error) *Error {
	msg := err.Error()
	if errors.Is(err, errManyDocuments) {
		return &Error{File: file, Msg: msg}
	}
	// The decoder collects faults under a heading; the first one is enough.
	if _, list, ok := strings.Cut(msg, "unmarshal errors:\n"); ok {
		msg, _, _ = strings.Cut(strings.TrimSpace(list), "\n")
	}
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ := strconv.Atoi(m[1])
		return &Error{File: file, Line: line, Msg: plainWords(strings.TrimPrefix(msg, m[0]))}
	}
	if fieldPath.MatchString(msg) {
		return locateFieldError(file, text, err)
	}
	path, line := culprit(text, again)
	msg = plainWords(strings.TrimPrefix(msg, "yaml: "))
	if path != "" {
		msg = path + ": " + msg
	}
	return &Error{File: file, Line: line, Msg: msg}
}

// plainWords replaces the decoder's Go type names by what a reader of YAML
// knows.
func plainWords(msg string) string {
	if m := unknownField.FindStringSubmatch(msg); m != nil {
		kind, sd := strings.CutSuffix(m[1], "_sd_configs")
		if sd && slices.Contains(otherDiscoveries, kind) {
			return fmt.Sprintf("redpoll has no `%s`; let something write the targets into a file for `file_sd_configs`, or serve them for `http_sd_configs`", m[1])
		}
		return fmt.Sprintf("unknown key `%s`; is it spelled right and indented under the right section?", m[1])
	}
	if m := duplicateKey.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("key `%s` is given twice, first in line %s; remove one", m[1], m[2])
	}
	if m := wrongType.FindStringSubmatch(msg); m != nil {
		found := map[string]string{"seq": "a list", "map": "a section", "str": "text", "int": "a number", "float": "a number", "bool": "true or false"}[m[1]]
		wanted := wantedType(m[3])
		if m[2] != "" && wanted != aSection { // a text instead of a section may be a password
			found += " (" + m[2] + ")"
		}
		return fmt.Sprintf("wrong type: found %s, want %s", found, wanted)
	}
	return msg
}

const (
	aSection = "a section of `key: value` lines"
	aList    = "a list (lines that begin with `- `)"
	aText    = "text"
	aWord    = "one word" // of a few
)

// namedTypes are the types of keys whose names do not say what they are.
var namedTypes = map[string]string{
	"scrape.Conventions": aList, "model.LabelNames": aList,
	"scrape.Estimate": aWord, "scrape.OnLimit": aWord, "scrape.Protocol": aWord,
	"red.Kind": aWord, "red.Unit": aWord, "red.Traffic": aWord, "redpoll.Severity": aWord,
	"model.Duration": aText,
}

func wantedType(goType string) string {
	if wanted, ok := namedTypes[goType]; ok {
		return wanted
	}
	switch {
	case strings.HasPrefix(goType, "[]"):
		return aList
	case goType == "string":
		return aText
	case goType == "bool":
		return "true or false"
	case strings.HasPrefix(goType, "uint"):
		return "a number that is not negative"
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "float"):
		return "a number"
	default:
		return aSection
	}
}

// locateFieldError finds the line of a validation error by the field's path at
// its beginning. Where the field itself is not in the file, the line is that
// of the nearest section above it.
func locateFieldError(file string, text []byte, err error) *Error {
	msg := err.Error()
	path := strings.TrimSuffix(fieldPath.FindString(msg), ": ")
	return &Error{File: file, Line: lineOf(text, path), Msg: msg}
}

// lineOf is the line of the deepest node on path that the text has; 0 for
// none.
func lineOf(text []byte, path string) int {
	line, _ := find(text, path)
	return line
}

// find is lineOf that tells, too, whether the text has the whole path.
func find(text []byte, path string) (line int, whole bool) {
	var doc yaml.Node
	if path == "" || yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return 0, false
	}
	node := doc.Content[0]
	for step := range strings.SplitSeq(strings.ReplaceAll(path, "[", ".["), ".") {
		key, next := child(node, step)
		if next == nil {
			return line, false
		}
		node, line = next, key.Line
	}
	return line, true
}

// child follows one step: a key, or [index].
func child(n *yaml.Node, step string) (key, value *yaml.Node) {
	switch n.Kind {
	case yaml.SequenceNode:
		i, err := strconv.Atoi(strings.Trim(step, "[]"))
		if err == nil && i < len(n.Content) {
			return n.Content[i], n.Content[i]
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i], n.Content[i+1]
			}
		}
	}
	return nil, nil
}

// culprit finds the smallest part of the document that does not decode: the
// first one, if there are several.
func culprit(text []byte, again func(text []byte) error) (path string, line int) {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return "", 0
	}
	node := doc.Content[0]
	for {
		step, at, next := culpritChild(&doc, node, again)
		if next == nil {
			return strings.TrimPrefix(strings.ReplaceAll(path, ".[", "["), "."), line
		}
		path, line, node = path+"."+step, at, next
	}
}

// culpritChild bisects the children of node for the first one with which the
// document does not decode, and leaves those behind it out; next is nil if the
// fault is in node itself.
func culpritChild(doc, node *yaml.Node, again func(text []byte) error) (step string, line int, next *yaml.Node) {
	stride := 1
	if node.Kind == yaml.MappingNode {
		stride = 2
	}
	all := node.Content
	faultyWith := func(children int) bool {
		node.Content = all[:children*stride]
		text, err := yaml.Marshal(doc)
		if err == nil {
			err = again(text)
		}
		return err != nil
	}
	n := len(all) / stride
	if n == 0 || faultyWith(0) {
		node.Content = all
		return "", 0, nil
	}
	i := sort.Search(n-1, func(i int) bool { return faultyWith(i + 1) })
	node.Content = all[:(i+1)*stride]
	if stride == 2 {
		return all[2*i].Value, all[2*i].Line, all[2*i+1]
	}
	return fmt.Sprintf("[%d]", i), all[i].Line, all[i]
}

// emptyEntry finds the first list entry with nothing in it, which the decoder
// would drop without a word.
func emptyEntry(n *yaml.Node) (line int, found bool) {
	for _, c := range n.Content {
		if n.Kind == yaml.SequenceNode && c.Tag == "!!null" {
			return c.Line, true
		}
		if line, found := emptyEntry(c); found {
			return line, true
		}
	}
	return 0, false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
