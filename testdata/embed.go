// Package testdata holds the fixtures that `heed demo` plays, so that the
// program has them wherever it runs. README.md beside it names their origins.
package testdata

import "embed"

// Files are the fixtures by their names in this folder.
//
//go:embed seconds.yaml watch.yaml attachments.yaml unanswered.yaml demo-clocks.yaml attachments
var Files embed.FS
