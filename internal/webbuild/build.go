package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// files are the contents of web/dist by slash-separated path.
type files map[string][]byte

const page = "index.html"

// build bundles the sources in dir/src. It writes nothing.
func build(dir string) (files, error) {
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "preact")); err != nil {
		return nil, errors.New("web/node_modules is missing: run `npm ci` in web first")
	}
	result := api.Build(options(dir))
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), ""))
	}
	built := files{}
	for _, f := range result.OutputFiles {
		name, err := filepath.Rel(filepath.Join(dir, "dist"), f.Path)
		if err != nil {
			return nil, err
		}
		built[filepath.ToSlash(name)] = f.Contents
	}
	html, err := os.ReadFile(filepath.Join(dir, "src", page))
	if err != nil {
		return nil, err
	}
	built[page], err = link(string(html), built)
	return built, err
}

func options(dir string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: dir,
		EntryPointsAdvanced: []api.EntryPoint{
			{InputPath: "src/main.tsx", OutputPath: "main"},
			{InputPath: "src/favicon.svg", OutputPath: "favicon"},
		},
		// Hashed names may be cached for ever.
		EntryNames: "assets/[name]-[hash]",
		ChunkNames: "assets/[name]-[hash]",
		AssetNames: "assets/[name]-[hash]",
		Outdir:     "dist",
		Bundle:     true,
		Splitting:  true,
		Format:     api.FormatESModule,
		Target:     api.ES2022,

		JSX:         api.JSXTransform,
		JSXFactory:  "h",
		JSXFragment: "Fragment",
		Inject:      []string{"src/jsx.ts"},
		Loader:      map[string]api.Loader{".woff2": api.LoaderFile, ".svg": api.LoaderCopy},

		Plugins: []api.Plugin{trimUPlot()},

		MinifySyntax:      true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		LegalComments:     api.LegalCommentsNone,
		Charset:           api.CharsetUTF8,
		LogLevel:          api.LogLevelSilent,
	}
}

// link puts the built files' names in place of the page's %placeholders%.
func link(html string, built files) ([]byte, error) {
	placeholders := []struct{ text, prefix, extension string }{
		{"%main.js%", "main-", ".js"},
		{"%main.css%", "main-", ".css"},
		{"%inter.woff2%", "inter-", ".woff2"},
		{"%favicon.svg%", "favicon-", ".svg"},
	}
	for _, p := range placeholders {
		name, err := find(built, p.prefix, p.extension)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(html, p.text) {
			return nil, fmt.Errorf("src/%s does not hold %s", page, p.text)
		}
		html = strings.ReplaceAll(html, p.text, name)
	}
	return []byte(html), nil
}

func find(built files, prefix, extension string) (string, error) {
	for name := range built {
		if base := path.Base(name); strings.HasPrefix(base, prefix) && path.Ext(base) == extension {
			return name, nil
		}
	}
	return "", fmt.Errorf("the build made no %s*%s", prefix, extension)
}
