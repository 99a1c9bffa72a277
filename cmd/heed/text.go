package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"heed/control"
)

// stamp writes a time as people read it: UTC, and the zone's time beside it.
func stamp(t time.Time, zone *time.Location) string {
	utc := t.UTC().Format("2006-01-02 15:04:05Z")
	if zone == nil {
		zone = time.Local
	}
	if local := t.In(zone); local.Format("-07:00") != "+00:00" {
		return utc + local.Format(" (15:04:05 -07:00)")
	}
	return utc
}

// signedTime is a time as signed text and messages of the node have it, which
// know no zone of whoever reads them.
var signedTime = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z`)

// localTimes writes the times in a text as people read them.
func localTimes(text string) string {
	return signedTime.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return s // digits that are no time
		}
		return stamp(t, nil)
	})
}

// counted is a number with its noun, whose plural ends in s.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// span writes how long is left, or how long ago, in the two largest units.
func span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	days, hours, minutes, seconds := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %02d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %02d s", minutes, seconds)
	}
	return fmt.Sprintf("%d s", seconds)
}

// plain makes text from another party safe for a terminal: no control
// characters, no marks that turn the direction of writing.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) {
			return '\uFFFD'
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// indent sets text under its heading.
func indent(s, prefix string) string {
	return prefix + strings.ReplaceAll(strings.TrimRight(plain(s), "\n"), "\n", "\n"+prefix)
}

type tableWriter struct{ w *tabwriter.Writer }

func table(w io.Writer, heads ...string) tableWriter {
	t := tableWriter{tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)}
	t.row(heads...)
	return t
}

func (t tableWriter) row(cells ...string) { fmt.Fprintln(t.w, strings.Join(cells, "\t")) }

// flush ends the table. What cannot be written to the terminal any more is
// nobody's to read.
func (t tableWriter) flush() {
	if err := t.w.Flush(); err != nil {
		return
	}
}

// busy shows that work goes on, on a terminal, once it has taken a second.
func (a *app) busy(what string) (done func()) {
	f, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-stop:
			return
		case <-time.After(time.Second):
		}
		bar := progressbar.NewOptions(-1, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(true))
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				if bar.Finish() != nil {
					return // a terminal that is gone needs no clearing
				}
				return
			case <-tick.C:
				if bar.Add(1) != nil {
					return
				}
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// complaintHint repeats an error where it is only the reason for another.
func complaintHint(err error) string {
	var fault *control.Fault
	if errors.As(err, &fault) && fault.Hint != "" {
		return fault.Message + ": " + fault.Hint
	}
	return err.Error()
}
