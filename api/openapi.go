package api

import (
	_ "embed"
	"net/http"
)

const textYAML = "application/yaml"

// openAPI describes every route; tests hold the handlers to it.
//
//go:embed openapi.yaml
var openAPI []byte

func openAPIFile(*http.Request) (any, error) {
	return encoded{contentType: textYAML, body: openAPI}, nil
}
