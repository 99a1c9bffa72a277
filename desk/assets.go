package desk

import (
	"embed"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/*.css assets/*.js
var assetFiles embed.FS

// assets are the files of assets/, by name.
type assets map[string][]byte

func readAssets() assets {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // embedded at build time
	}
	all := assets{}
	for _, e := range entries {
		data, err := assetFiles.ReadFile(path.Join("assets", e.Name()))
		if err != nil {
			panic(err) // as above
		}
		all[e.Name()] = data
	}
	return all
}

func (d *desk) getAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	data, ok := d.assets[name]
	if !ok {
		d.notFound(w, r)
		return
	}
	media := "text/javascript; charset=utf-8"
	if strings.HasSuffix(name, ".css") {
		media = "text/css; charset=utf-8"
	}
	w.Header().Set("Content-Type", media)
	d.send(r, w, data)
}
