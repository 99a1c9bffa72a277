package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what `heed version --json` prints. What the build does not know of
// itself is left out.
type build struct {
	Version  string `json:"version"`            // of the module; (devel) outside of a release
	Revision string `json:"revision,omitempty"` // of the source
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified,omitempty"` // the source was not what the revision has
	Go       string `json:"go"`
	System   string `json:"system,omitempty"` // and architecture
	Protocol string `json:"protocol"`         // docs/protocol.md
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print which build this is",
		Example: "  heed version",
		RunE:    func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	b := buildOf(debug.ReadBuildInfo())
	return a.print(b, func(w io.Writer) {
		fmt.Fprintf(w, "heed %s, protocol %s\n", b.Version, b.Protocol)
		if b.Revision != "" {
			modified := ""
			if b.Modified {
				modified = ", with changes"
			}
			fmt.Fprintf(w, "revision %s of %s%s\n", b.Revision, localTimes(b.Time), modified)
		}
		fmt.Fprintf(w, "%s, %s\n", b.Go, b.System)
	})
}

// buildOf reads what the toolchain has put into the program.
func buildOf(info *debug.BuildInfo, known bool) build {
	b := build{Version: "(devel)", Protocol: "heed/v1"}
	if !known {
		return b
	}
	b.Go = info.GoVersion
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	system := map[string]string{}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "GOOS", "GOARCH":
			system[s.Key] = s.Value
		}
	}
	if system["GOOS"] != "" {
		b.System = system["GOOS"] + "/" + system["GOARCH"]
	}
	return b
}
