// Package web serves the dashboard from inside the binary.
//
// The sources are TypeScript in src; dist holds what internal/webbuild makes
// of them. dist is committed, so that building redpoll needs no Node.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:generate go run ../internal/webbuild

//go:embed dist
var dist embed.FS

// page is the document that every client route starts from.
const page = "index.html"

// securityHeaders go with every answer. The dashboard shows label values that
// anybody who reaches a target can choose, so nothing but its own files may
// run in it.
var securityHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'self'; object-src 'none'",
	"Referrer-Policy":         "same-origin",
	"X-Content-Type-Options":  "nosniff",
}

// Handler serves the dashboard at the root of a host, GET and HEAD only.
//
// Files under assets carry a hash of their content in the name and may be
// cached for ever; the page itself is asked for again each time and answered
// with 304 while it is the same. Paths that are no file belong to the
// dashboard's own navigation (/alerts, /targets) and get the page, unless they
// look like a file: a missing asset is 404, not a page that does not parse.
//
// The handler may be used concurrently.
func Handler() http.Handler {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid name
	}
	assets, err := load(root)
	if err != nil {
		panic(err) // files inside the binary can always be read
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the dashboard can only be read", http.StatusMethodNotAllowed)
			return
		}
		asset, ok := assets[fileFor(r.URL.Path)]
		if !ok {
			http.Error(w, "no such file in the dashboard", http.StatusNotFound)
			return
		}
		asset.serve(w, r)
	})
}

// fileFor names the file that answers a URL's path; it may not exist. Paths
// with dots for directories are nobody's honest request and name none.
func fileFor(urlPath string) string {
	name := strings.TrimPrefix(urlPath, "/")
	switch {
	case name == "":
		return page
	case !fs.ValidPath(strings.TrimSuffix(name, "/")):
		return ""
	case path.Ext(name) != "" || strings.HasPrefix(name, assetDir):
		return name
	default:
		return page
	}
}
