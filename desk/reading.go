package desk

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// readingKept is how long what an officer opened stays on the page without
// being opened again.
const readingKept = 30 * time.Minute

// reading is what an officer opened in this login. Attachments are not in it:
// each download reads them anew, and is noted anew.
type reading struct {
	id       heed.CaseID
	at       time.Time
	contents map[heed.Digest]readContent
}

type readContent struct {
	text     string
	isText   bool
	document *heed.Warning
	problem  string // why a document cannot be shown
}

func newReading(id heed.CaseID, at time.Time, contents []exchange.Content) *reading {
	r := &reading{id: id, at: at, contents: map[heed.Digest]readContent{}}
	for _, c := range contents {
		r.contents[c.Ref.Digest] = readContentOf(c)
	}
	return r
}

func readContentOf(c exchange.Content) readContent {
	switch {
	case c.Ref.MediaType == heed.MediaWarning:
		w, err := wire.ParseWarning(c.Data)
		if err != nil {
			return readContent{problem: "This document is not of the form of a warning, so it cannot be shown: " + err.Error()}
		}
		return readContent{document: &w}
	case c.Ref.MediaType == heed.MediaHitReport:
		report, err := wire.ParseHitReport(c.Data)
		if err != nil {
			return readContent{problem: "This report of a match is not of its form, so it cannot be shown: " + err.Error()}
		}
		return readContent{text: report.Text(), isText: true}
	case c.Ref.MediaType == heed.MediaText && c.Ref.Name == "" && utf8.Valid(c.Data):
		return readContent{text: string(c.Data), isText: true}
	}
	return readContent{}
}

// reading finds what was opened of a case and is still to be shown.
func (s *session) reading(id heed.CaseID, now time.Time) *reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.readings {
		if r.id == id && now.Sub(r.at) <= readingKept {
			return r
		}
	}
	return nil
}

// keepReading shows a reading for the officer who made it, and no longer for
// the case that was opened longest ago where there are too many.
func (s *session) keepReading(officer heed.OfficerID, r *reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.officer != officer {
		return // another officer was chosen while this one's was being read
	}
	var rest []*reading
	for _, other := range s.readings {
		if other.id != r.id {
			rest = append(rest, other)
		}
	}
	if len(rest) >= maxReadings {
		rest = rest[len(rest)-maxReadings+1:]
	}
	s.readings = append(rest, r)
}

func (s *session) closeReading(id heed.CaseID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []*reading
	for _, r := range s.readings {
		if r.id != id {
			rest = append(rest, r)
		}
	}
	s.readings = rest
}

// wrote adds what the officer just wrote to what is shown of the case.
func (s *session) wrote(officer heed.OfficerID, said heed.Statement, words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.officer != officer || len(said.Contents) != 1 {
		return
	}
	for i, r := range s.readings {
		if r.id != said.CaseID() {
			continue
		}
		more := &reading{id: r.id, at: r.at, contents: map[heed.Digest]readContent{}}
		for digest, c := range r.contents {
			more.contents[digest] = c
		}
		more.contents[said.Contents[0].Digest] = readContent{text: words, isText: true}
		s.readings[i] = more // readers of the old one are not disturbed
	}
}

// unopened counts the contents of a case that are not in the reading.
func unopened(c heed.Case, seen *reading) int {
	missing := map[heed.Digest]bool{}
	for _, s := range c.Statements {
		for _, ref := range s.Contents {
			if seen == nil {
				missing[ref.Digest] = true
			} else if _, ok := seen.contents[ref.Digest]; !ok {
				missing[ref.Digest] = true
			}
		}
	}
	return len(missing)
}

// getContent hands out one content as a file. It is a reading like any other:
// the exchange notes it before anything is given out.
func (d *desk) getContent(v *visit) {
	id, ok := d.caseOf(v)
	if !ok {
		return
	}
	digest, err := heed.ParseDigest(v.r.PathValue("digest"))
	if err != nil {
		d.notFound(v.w, v.r)
		return
	}
	seen := v.reading(id, v.now)
	if seen == nil {
		d.plain(v, http.StatusForbidden, "Not opened", "Open the contents of the case first: that a person opened them is put on record.")
		return
	}
	if _, ok := seen.contents[digest]; !ok {
		d.notFound(v.w, v.r)
		return
	}
	opened, err := d.exchange.Read(v.r.Context(), v.as.ID, id)
	if err != nil {
		d.fault(v, err)
		return
	}
	for _, c := range opened.Contents {
		if c.Ref.Digest == digest {
			d.download(v, c)
			return
		}
	}
	d.notFound(v.w, v.r)
}

// download sends bytes that came from another party: never to be shown, sniffed
// or run by the browser.
func (d *desk) download(v *visit, c exchange.Content) {
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(c.Ref)}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Length", strconv.Itoa(len(c.Data)))
	d.send(v.r, v.w, c.Data)
}

// fileName is the name that the author gave, where it is one that can be
// written into any folder.
func fileName(ref heed.ContentRef) string {
	if heed.IsFileName(ref.Name) && !strings.ContainsFunc(ref.Name, hidden) {
		return ref.Name
	}
	if ref.MediaType == heed.MediaWarning {
		return "warning-" + ref.Digest.String()[:8] + ".heed"
	}
	return "content-" + ref.Digest.String()[:8] + ".bin"
}

// hidden reports characters that make a name look like another one.
func hidden(c rune) bool {
	return c < 0x20 || c == 0x7f || c >= 0x200b && c <= 0x200f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 || c == 0xfeff
}
