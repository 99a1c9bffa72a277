package evidence

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultWidth is the width of a text, in characters, where none is known.
const DefaultWidth = 80

// A Layout says how Report.Text writes. The zero Layout is UTC alone, in
// DefaultWidth.
type Layout struct {
	Zone  *time.Location // the reader's, which stands beside UTC; nil: none
	Width int            // in characters; 0: DefaultWidth. A longer word is never broken
}

// stamp is a time in UTC with the zone's beside it, which no line end breaks.
func (l Layout) stamp(t Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	text := utc(t.Time)
	if l.Zone != nil {
		if local := t.In(l.Zone); local.Format("-07:00") != "+00:00" {
			text += local.Format(" (15:04:05 -07:00)")
		}
	}
	return glue(text)
}

// zoned puts the zone's time beside each time that a text has.
func (l Layout) zoned(text string) string {
	var b strings.Builder
	for {
		end := strings.IndexByte(text, 'Z') + 1
		if end == 0 {
			return b.String() + text
		}
		if from := end - len(dayLayout); from >= 0 {
			if at, err := time.Parse(dayLayout, text[from:end]); err == nil {
				b.WriteString(text[:from] + l.stamp(Time{at}))
				text = text[end:]
				continue
			}
		}
		b.WriteString(text[:end])
		text = text[end:]
	}
}

// glued is a space at which no line ends. What is written has plain ones.
const glued = "\u00a0"

func glue(s string) string { return strings.ReplaceAll(s, " ", glued) }

// textWriter writes lines; its first error stays.
type textWriter struct {
	Layout
	out io.Writer
	err error
}

// line writes a paragraph. What does not fit goes on two characters to the
// right of where it began.
func (t *textWriter) line(format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if t.err == nil {
		_, t.err = io.WriteString(t.out, strings.ReplaceAll(wrap(visible(text), t.Width), glued, " ")+"\n")
	}
}

// wrap breaks a line at its spaces.
func wrap(text string, width int) string {
	if width <= 0 {
		width = DefaultWidth
	}
	indent := len(text) - len(strings.TrimLeft(text, " "))
	hang := strings.Repeat(" ", indent+2)
	var b strings.Builder
	column, spaces := 0, 0
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			spaces++
		}
		size := utf8.RuneCountInString(word)
		if size == 0 {
			continue
		}
		if column > 0 && column+spaces+size > width {
			b.WriteString("\n" + hang)
			column, spaces = len(hang), 0
		}
		b.WriteString(strings.Repeat(" ", spaces) + word)
		column, spaces = column+spaces+size, 0
	}
	return b.String()
}

// visible keeps what a signed text says from moving the cursor or posing as a
// line of ours.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x61c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// count writes a number with its noun.
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// span writes a duration without what is zero at its end: 1h, not 1h0m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
