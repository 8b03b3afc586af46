package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// assetDir holds the files whose names carry a hash of their content.
const assetDir = "assets/"

// asset is one file of the dashboard, ready to be sent.
type asset struct {
	contentType  string
	cacheControl string
	plain        body
	gzipped      body // empty if compression does not pay
}

// body is one encoding of an asset. Encodings differ in their bytes, so each
// has its own entity tag (RFC 9110, section 8.8.3.3).
type body struct {
	content []byte
	etag    string
}

// load reads every file, and compresses each once for all clients.
func load(root fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		assets[name] = newAsset(name, content)
		return nil
	})
	return assets, err
}

func newAsset(name string, content []byte) *asset {
	a := &asset{
		contentType:  contentType(name),
		cacheControl: "no-cache",
		plain:        newBody(content),
	}
	if strings.HasPrefix(name, assetDir) {
		a.cacheControl = "public, max-age=31536000, immutable"
	}
	if c := compress(content); len(c) < len(content)*9/10 {
		a.gzipped = newBody(c)
	}
	return a
}

// contentType does not ask the machine's MIME tables: they differ, and with
// nosniff a wrong answer means that the file is not used.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		return "application/octet-stream"
	}
}

func newBody(content []byte) body {
	sum := sha256.Sum256(content)
	return body{content, `"` + hex.EncodeToString(sum[:12]) + `"`}
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for unknown levels only
	_, _ = w.Write(content)                               // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// serve answers GET and HEAD, conditional requests included.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", a.cacheControl)
	send := a.plain
	if a.gzipped.content != nil {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			header.Set("Content-Encoding", "gzip")
			send = a.gzipped
		}
	}
	header.Set("ETag", send.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(send.content))
}

// acceptsGzip reads an Accept-Encoding header as far as it matters: gzip or *
// is named, and not with quality 0.
func acceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, params, err := mime.ParseMediaType(coding)
		if err != nil || name != "gzip" && name != "*" {
			continue
		}
		quality, err := strconv.ParseFloat(params["q"], 64)
		return err != nil || quality > 0
	}
	return false
}
