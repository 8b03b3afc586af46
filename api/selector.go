package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// selector is a series selector of PromQL, e.g. {job="shop",env=~"prod|test"}.
// The nil selector selects everything.
type selector []labelMatcher

type labelMatcher struct {
	label   string
	matches func(value string) bool
}

// matches reports whether all matchers do. A label that is missing is empty.
func (s selector) matches(labels map[string]string) bool {
	for _, m := range s {
		if !m.matches(labels[m.label]) {
			return false
		}
	}
	return true
}

// parseSelector reads a selector as Prometheus 3 does, names in quotes included
// (https://prometheus.io/docs/prometheus/latest/querying/basics/), but without
// comments; as there, {} selects every target. Errors say at which character,
// counted from 1, something else was expected.
func parseSelector(text string) (selector, error) {
	p := selectorParser{text: text}
	name := p.take(metricToken)
	p.metric(name)
	if name == "" || p.rest() != "" {
		p.braces()
	}
	if p.rest() != "" {
		p.expect("the end")
	}
	return p.selector, p.err
}

// The tokens of a selector. In quotes, escapes are those of Go.
var (
	metricToken   = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*`)
	labelToken    = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*`)
	operatorToken = regexp.MustCompile(`^(=~|=|!=|!~)`)
	quotedToken   = regexp.MustCompile("^(\"(\\\\.|[^\"\\\\\n])*\"|'(\\\\.|[^'\\\\\n])*'|`[^`]*`)")
	openToken     = regexp.MustCompile(`^\{`)
	closeToken    = regexp.MustCompile(`^\}`)
	commaToken    = regexp.MustCompile(`^,`)
)

// metricName is the label whose value is the metric's name.
const metricName = "__name__"

// selectorParser stands at a byte of the text. After an error it reads nothing
// more.
type selectorParser struct {
	text     string
	at       int
	selector selector
	err      error
}

// rest is what has not been read, blanks in front left out.
func (p *selectorParser) rest() string {
	rest := strings.TrimLeft(p.text[p.at:], " \t\r\n")
	p.at = len(p.text) - len(rest)
	return rest
}

// take reads a token; it is empty if another one comes.
func (p *selectorParser) take(token *regexp.Regexp) string {
	if p.err != nil {
		return ""
	}
	t := token.FindString(p.rest())
	p.at += len(t)
	return t
}

func (p *selectorParser) expect(what string) {
	p.fail("character %d: expected %s", utf8.RuneCountInString(p.text[:p.at])+1, what)
}

func (p *selectorParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// braces reads {…}: matchers with commas between, and one behind if need be.
func (p *selectorParser) braces() {
	if p.take(openToken) == "" {
		p.expect("a metric's name or {")
	}
	for p.err == nil && p.take(closeToken) == "" {
		p.matcher()
		if p.take(commaToken) == "" && !strings.HasPrefix(p.rest(), "}") {
			p.expect(", or }")
		}
	}
}

// matcher reads label="value", or a metric's name in quotes.
func (p *selectorParser) matcher() {
	label, isQuoted := p.take(labelToken), false
	if label == "" {
		label, isQuoted = p.quoted("a label's name or }")
	}
	operator := p.take(operatorToken)
	if operator == "" && isQuoted {
		p.metric(label)
		return
	}
	if operator == "" {
		p.expect("=, !=, =~ or !~")
	}
	value, _ := p.quoted("a value in quotes")
	p.add(label, operator, value)
}

// quoted reads text in quotes.
func (p *selectorParser) quoted(what string) (text string, ok bool) {
	t := p.take(quotedToken)
	if t == "" {
		p.expect(what)
		return "", false
	}
	text, err := unquote(t)
	if err != nil {
		p.fail("%s is not a text in quotes: %w", quote(t), err)
	}
	return text, true
}

// unquote is strconv.Unquote with single quotes as good as double ones.
func unquote(text string) (string, error) {
	mark, inner := text[0], text[1:len(text)-1]
	if mark == '`' {
		return inner, nil
	}
	var b []byte
	for inner != "" {
		c, multibyte, rest, err := strconv.UnquoteChar(inner, mark)
		if err != nil {
			return "", fmt.Errorf("an escape is not known: %w", err)
		}
		if multibyte {
			b = utf8.AppendRune(b, c)
		} else {
			b = append(b, byte(c))
		}
		inner = rest
	}
	return string(b), nil
}

// metric adds a matcher for the metric's name, if there is one.
func (p *selectorParser) metric(name string) {
	if name != "" {
		p.add(metricName, "=", name)
	}
}

func (p *selectorParser) add(label, operator, value string) {
	if p.err != nil {
		return
	}
	matches := func(v string) bool { return v == value }
	if strings.HasSuffix(operator, "~") {
		pattern, err := regexp.Compile("^(?s:" + value + ")$")
		if err != nil {
			p.fail("the pattern of %s: %w", quote(label), err)
			return
		}
		matches = pattern.MatchString
	}
	if strings.HasPrefix(operator, "!") {
		wanted := matches
		matches = func(v string) bool { return !wanted(v) }
	}
	p.selector = append(p.selector, labelMatcher{label, matches})
}
