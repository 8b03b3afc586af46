package api

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSelectorsSelectAsPrometheusDoes(t *testing.T) {
	labels := map[string]string{"job": "shop", "path": `C:\temp`, "zone": "zürich", "service.name": "cart", "text": "a\nb"}
	for text, want := range map[string]bool{
		`{}`:                                      true,
		`{job!="db"}`:                             true,
		`{missing=""}`:                            true,
		`{job!="shop"}`:                           false,
		`{job="shop"}`:                            true,
		`{job='shop'}`:                            true,
		"{job=`shop`}":                            true,
		` { job = "shop" , } `:                    true,
		`{job="shop",zone="zürich"}`:              true,
		`{job="shop",zone="basel"}`:               false,
		`{job!="shop",zone=~".+"}`:                false,
		`{job!="db",zone=~".+"}`:                  true,
		`{job=~"sh|op"}`:                          false, // patterns match the whole value
		`{job=~"sh.p"}`:                           true,
		`{job!~"db|web",zone=~".+"}`:              true,
		`{text=~"a.b"}`:                           true, // a dot matches a line's end
		`{job="shop",missing=""}`:                 true,
		`{job="shop",missing!=""}`:                false,
		`{job="shop",missing=~"x?"}`:              true,
		`{path="C:\\temp"}`:                       true,
		"{path=`C:\\temp`}":                       true,
		`{zone="z\u00fcrich"}`:                    true,
		`{zone="z\xc3\xbcrich"}`:                  true,
		`{"service.name"="cart"}`:                 true,
		`{"http.requests"}`:                       false, // the name of a metric, which targets do not have
		`{"http.requests","service.name"="x"}`:    false,
		`up`:                                      false,
		`node:up:sum{job="shop"}`:                 false,
		`{__name__="up",job="shop"}`:              false,
		"{job=\"shop\"\r\n,\tzone=~\".+\"}":       true,
		`{by="x",offset="y",on!="z"}`:             false,
		`{job="sho\160"}`:                         true,
		`{job=~"(?i)SHOP"}`:                       true,
		`{job=~"shop",job!~"shop2",job!="other"}`: true,
	} {
		s, err := parseSelector(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := s.matches(labels); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
	if !selector(nil).matches(labels) {
		t.Error("no selector selects something")
	}
}

func TestSelectorsThatAreNoneAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		``:                         "character 1: expected a metric's name or {",
		`{`:                        "character 2: expected a label's name or }",
		`{job`:                     "character 5: expected =, !=, =~ or !~",
		`{job}`:                    "character 5: expected =",
		`{job==`:                   "character 6: expected a value in quotes",
		`{job=shop}`:               "character 6: expected a value in quotes",
		`{job="shop}`:              "character 6: expected a value in quotes",
		`{job="sh` + "\n" + `op"}`: "character 6: expected a value in quotes",
		`{job="shop"`:              "character 12: expected , or }",
		`{job="shop" zone="x"}`:    "character 13: expected , or }",
		`{,job="shop"}`:            "character 2: expected a label's name or }",
		`{job="shop",,}`:           "character 13: expected a label's name or }",
		`{zone="ü"} x`:             "character 12: expected the end",
		`up{job="shop"}[5m]`:       "expected the end",
		`sum(up)`:                  "character 4: expected a metric's name or {",
		`{job="shop"} or up`:       "expected the end",
		`{a:b="shop"}`:             "character 3: expected =",
		`{job="\z"}`:               "an escape is not known",
		`{job=~"("}`:               `the pattern of "job"`,
		`{job=~"(a{1000}){1000}"}`: `the pattern of "job"`,
		`1up`:                      "character 1: expected",
	} {
		s, err := parseSelector(text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v and %v, want %q", text, s, err, says)
		}
	}
}

func FuzzSelector(f *testing.F) {
	for _, seed := range []string{`{job="shop"}`, `up{a=~"b|c",}`, `{"a.b",'c'!="d"}`, "{a=`b`}", `{a="\x`, `{a!~"("}`, "\xff{", `{"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSelector(text)
		switch {
		case err == nil:
			s.matches(map[string]string{"a": text})
		case utf8.ValidString(text) && !utf8.ValidString(err.Error()):
			t.Errorf("%q: %q is not UTF-8", text, err)
		}
	})
}
