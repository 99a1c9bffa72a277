package post

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"
	"unicode/utf8"
)

// textWidth is where lines of plain text are broken: every mail reader and
// printer has room for as many characters.
const textWidth = 76

// Plain is the letter as plain text, in lines of at most 76 characters where a
// word allows it.
func (l Letter) Plain() string {
	var b strings.Builder
	line := func(s string) { b.WriteString(s + "\n") }
	line(string(l.From))
	line("")
	for _, s := range l.address() {
		line(plain(s))
	}
	line("")
	line(stamp(l.At))
	line("")
	line(plain(l.Subject()))
	line("")
	if mark := l.mark(); mark != "" {
		line(strings.TrimSpace(mark))
		line("")
	}
	for _, block := range l.blocks() {
		if block.heading != "" {
			wrap(&b, plain(block.heading), "", "")
			line(strings.Repeat("-", min(textWidth, utf8.RuneCountInString(block.heading))))
		}
		for _, text := range block.lines {
			first := ""
			if block.list {
				first = "- "
			}
			wrap(&b, plain(text), first, strings.Repeat(" ", len(first)))
			if !block.list {
				line("")
			}
		}
		if block.list {
			line("")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// wrap writes text in lines, the first behind one prefix, the others behind
// another. Line feeds of the text stay.
func wrap(b *strings.Builder, text, first, others string) {
	prefix := first
	for paragraph := range strings.SplitSeq(text, "\n") {
		width := 0
		for _, word := range strings.Fields(paragraph) {
			n := utf8.RuneCountInString(word)
			switch {
			case width == 0:
				b.WriteString(prefix)
				width = utf8.RuneCountInString(prefix)
			case width+1+n > textWidth:
				b.WriteString("\n" + others)
				width = len(others)
			default:
				b.WriteByte(' ')
				width++
			}
			b.WriteString(word)
			width += n
		}
		b.WriteByte('\n')
		prefix = others
	}
}

//go:embed letter.html
var page string

// HTML is the letter as one page to print, with nothing that is fetched from
// anywhere and no script.
func (l Letter) HTML() ([]byte, error) {
	t, err := template.New("letter").Parse(page)
	if err != nil {
		return nil, err
	}
	type part struct {
		Heading string
		Lines   [][]string
		List    bool
	}
	var parts []part
	for _, block := range l.blocks() {
		p := part{Heading: plain(block.heading), List: block.list}
		for _, text := range block.lines {
			p.Lines = append(p.Lines, strings.Split(plain(text), "\n"))
		}
		parts = append(parts, p)
	}
	var address []string
	for _, s := range l.address() {
		address = append(address, plain(s))
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Language, Subject, From, Mark, Code, At string
		Address                                 []string
		Parts                                   []part
	}{l.Language(), plain(l.Subject()), string(l.From), strings.TrimSpace(l.mark()), l.Code.Spoken(), stamp(l.At), address, parts})
	return b.Bytes(), err
}
