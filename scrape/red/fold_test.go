package red

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestFastPathsAreFolded(t *testing.T) {
	f := newFolder(PathFolding{})
	for path, want := range map[string]string{
		"/users/42":      "/users/{id}",
		"/users/42/cart": "/users/{id}/cart",
		"/a/1/b/2/":      "/a/{id}/b/{id}/",
		"/7":             "/{id}",
		"/orders/9b2d6c1e-2f0a-4f0e-9c39-0a1b2c3d4e5f":          "/orders/{id}",
		"/orders/9B2D6C1E-2F0A-4F0E-9C39-0A1B2C3D4E5F/x":        "/orders/{id}/x",
		"/objects/507f1f77bcf86cd799439011":                     "/objects/{id}",
		"/blobs/da39a3ee5e6b4b0d3255bfef95601890afd80709":       "/blobs/{id}",
		"/tx/0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204":        "/tx/{id}",
		"/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41":  "/blobs/{id}",
		"/members/ann.lee@shop.example":                         "/members/{id}",
		"/members/ann%40shop.example/mail":                      "/members/{id}/mail",
		"/events/01ARZ3NDEKTSV4RRFFQ69G5FAV":                    "/events/{id}",
		"/events/0ujtsYcgvSTl8PAuAdqWYSMnLOv":                   "/events/{id}",
		"/share/V1StGXR8_Z5jdHi6B-myT":                          "/share/{id}",
		"/customers/cus_9s6XKzkNRiz8i3":                         "/customers/{id}",
		"/verify/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi": "/verify/{id}",
		"/verify/eyJhbGciOi%3D%3DJIUzI1NiIsInR5":                "/verify/{id}",
		"/avatars/42.png":                                       "/avatars/{id}.png",
		"/search?q=shoes&page=2":                                "/search",
		"/users/42?full=1":                                      "/users/{id}",
		"shop.example/users/42":                                 "shop.example/users/{id}",
		"https://shop.example/users/42?x=/y":                    "https://shop.example/users/{id}",
	} {
		if got, did := f.fold(path); got != want || did != strings.Contains(want, anyID) {
			t.Errorf("%s is folded to %s (%v), want %s", path, got, did, want)
		}
	}
}

func TestFastWordsAreNotFolded(t *testing.T) {
	f := newFolder(PathFolding{})
	for _, path := range []string{
		"", "/", "//", "other", "42", "GET", "controller#action42", "api@docker", "/internationalization", "/checkout-complete-v2",
		"/2024-report", "/2024-01-15", "/v1", "/v1beta1/k8s", "/api/v2.1/oauth2", "/users/:id", "/users/{userId}", "/users/<int:pk>", "/**",
		"/characteristically", "/getProductsByCategoryId2", "/i18nTranslations2024v2", "/iso8601timestampconverter",
		"/x509CertificateV3", "/sha256sum", "/base64-encode-utf8", "/html2pdf-chromium", "/utf8mb4-collation-x86", "/pbkdf2-password-hash",
		"/TestCgoPkgConfig", "/keepPkgGoModSums", "/grpc.health.v1.Health/Check", "/google.pubsub.v2.PublisherService/CreateTopic",
		"/SomeVeryLongCamelCaseNameOfAnAction", "/SCREAMING_SNAKE_CASE_NAME", "/deadbeef", "/facade", "/decade-effaced-accede",
		"/@scope/package", "/lodash@4.17.21", "/Rindfleischetikettierung", "/konfigurationsassistent2", "/wp-content/themes/twentytwentyfour",
		"/products/t-shirt-xxl-2024-03-black-friday", "/main.js", "/1.0", "/10.x", "/robots.txt", "/.well-known/openid-configuration",
		"/users/:id?", "/users/:id?/edit", "^articles/(?P<year>[0-9]{4})/$", "/files/[0-9]+?x", "/a%2", "/%E4%BD%A0%E5%A5%BD%E4%B8%96%E7%95%8C",
	} {
		if got, did := f.fold(path); got != path || did {
			t.Errorf("%s is folded to %s", path, got)
		}
	}
}

// One in fifty may pass for words, but not more; IDs of one make are then a
// few endpoints instead of thousands.
func TestFastRandomTextIsToldFromWords(t *testing.T) {
	const digits, capitals, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
	r := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		alphabet string
		length   int
	}{
		"ULID":            {"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26},
		"base62":          {digits + capitals + letters, 20},
		"base36":          {digits + letters, 25},
		"base64url":       {digits + capitals + letters + "-_", 32},
		"letters":         {capitals + letters, 60},
		"MongoDB":         {"0123456789abcdef", 24},
		"64 bits in hex":  {"0123456789abcdef", 16},
		"short in base58": {"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 16},
	} {
		missed := 0
		for range 5000 {
			id := make([]byte, c.length)
			for i := range id {
				id[i] = c.alphabet[r.IntN(len(c.alphabet))]
			}
			if !isID(string(id)) {
				missed++
			}
		}
		if missed > 100 {
			t.Errorf("%s: %d of 5000 were taken for words", name, missed)
		}
	}
}

func TestFastOwnPatternsComeFirstAndIDsCanBeSwitchedOff(t *testing.T) {
	off := false
	patterns := []SegmentPattern{{Segment: "ord-[0-9]+", As: "{order}"}, {Segment: "[0-9]{4}|[a-z]{2}"}}
	for _, c := range []struct {
		folding    PathFolding
		path, want string
	}{
		{PathFolding{IDs: &off}, "/users/42?x=1", "/users/42"},
		{PathFolding{Patterns: patterns}, "/ord-17/items/3", "/{order}/items/{id}"},
		{PathFolding{Patterns: patterns, IDs: &off}, "/ord-17/items/3", "/{order}/items/3"},
		{PathFolding{Patterns: patterns, IDs: &off}, "/xord-17/2024/20245/de/deu", "/xord-17/{id}/20245/{id}/deu"},
	} {
		if err := c.folding.Validate(); err != nil {
			t.Error(err)
		}
		if got, _ := newFolder(c.folding).fold(c.path); got != c.want {
			t.Errorf("%s is folded to %s, want %s", c.path, got, c.want)
		}
	}
}

func TestFastPathFoldingIsRefusedWithTheField(t *testing.T) {
	one := func(p SegmentPattern) PathFolding { return PathFolding{Patterns: []SegmentPattern{p}} }
	for _, c := range []struct {
		folding PathFolding
		want    string
	}{
		{one(SegmentPattern{}), "path_folding.patterns[0].segment: write a regular expression"},
		{one(SegmentPattern{Segment: "a("}), "path_folding.patterns[0].segment: \"a(\" is no regular expression: missing closing )"},
		{one(SegmentPattern{Segment: strings.Repeat("a", 201)}), "path_folding.patterns[0].segment: it is longer than 200 bytes"},
		{one(SegmentPattern{Segment: "([a-z]{1,30}[0-9]*){1,30}"}), "path_folding.patterns[0].segment: \"([a-z]{1,30}[0-9]*){1,30}\" takes too long to match"},
		{one(SegmentPattern{Segment: "a", As: "b/c"}), `path_folding.patterns[0].as: "b/c" is no segment of 64 bytes at most`},
		{PathFolding{Patterns: make([]SegmentPattern, 51)}, "path_folding.patterns: 51 are too many; write 50 at most"},
	} {
		if err := c.folding.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

// 12 and 30 requests to two orders are 42 to one endpoint; of two errors that
// another counter tells, too.
func TestFastFoldedSeriesAreMergedByAddedBuckets(t *testing.T) {
	body := func(n int) string {
		b := "# TYPE http_request_duration_seconds histogram\n"
		b += histogram("http_request_duration_seconds", `path="/orders/1"`, 12*n, 12*n, 12*n)
		b += histogram("http_request_duration_seconds", `path="/orders/2?x=1"`, 0, 30*n, 30*n)
		b += "# TYPE http_requests_total counter\n"
		for i := 1; i <= 2; i++ {
			b += fmt.Sprintf("http_requests_total{path=\"/orders/%d\",code=\"500\"} %d\n", i, n)
			b += fmt.Sprintf("http_requests_total{path=\"/orders/%d\",code=\"200\"} %d\n", i, 20*n)
		}
		return b
	}
	s := newTarget(t, Options{})
	s.scrape(body(1))
	// Rank 21 is 9 of 30 into the second bucket.
	s.wants(s.scrape(body(2)), " /orders/{id}: 42 2 0.22 0.472 0.2\n")
}

func TestFastTheReportSaysHowManySeriesAreFolded(t *testing.T) {
	for n, want := range map[int]string{9: "", 10: "the paths of 10 series are folded: their IDs are {id}"} {
		body := counterType
		for i := range n {
			body += fmt.Sprintf("http_requests_total{path=\"/orders/%d\",code=\"200\"} 1\n", i)
		}
		note := newTarget(t, Options{}).scrape(body).Recognised[0].Note
		if strings.Contains(note, "folded") != (want != "") || !strings.Contains(note, want) {
			t.Errorf("of %d series the note is %q, want %q", n, note, want)
		}
	}
}
