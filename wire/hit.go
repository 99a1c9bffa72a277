package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"heed"
)

// MaxHitReport bounds the byte form of a hit report.
const MaxHitReport = 8 << 10

const hitReportFirst = "heed-hit-report/v1"

// EncodeHitReport gives the report its bytes, which a watch-hit names by their
// salted digest. A report that does not pass its Check has none: the error joins
// *heed.FieldErrors.
func EncodeHitReport(h heed.HitReport) ([]byte, error) {
	if err := h.Check(); err != nil {
		return nil, fmt.Errorf("hit report: %w", err)
	}
	w := &writer{}
	w.first(hitReportFirst)
	w.line("subject", string(h.Subject))
	w.line("record", string(h.Record))
	w.told("verdict", string(h.Verdict))
	w.told("at", h.At.String())
	w.told("where", h.Where)
	w.told("name", h.Name)
	w.told("born", h.Born.String())
	if d := h.Document; d != nil {
		w.line("document", string(d.Type)+" "+orNone(string(d.Country))+" "+d.Number)
	}
	w.line("score", h.Score.String())
	w.line("threshold", h.Threshold.String())
	w.line("model", orNone(h.Model))
	return []byte(w.text()), nil
}

// told writes a line that is left out where nothing is said in it.
func (w *writer) told(name, value string) {
	if value != "" {
		w.line(name, value)
	}
}

// ParseHitReport reads a report. What it accepts passes its Check, and
// EncodeHitReport would write it again byte for byte. Errors match ErrMalformed.
func ParseHitReport(data []byte) (heed.HitReport, error) {
	switch {
	case len(data) > MaxHitReport:
		return heed.HitReport{}, malformed("hit report: %d bytes, and at most %d are read", len(data), MaxHitReport)
	case !utf8.Valid(data):
		return heed.HitReport{}, malformed("hit report: it is not valid UTF-8")
	}
	var h heed.HitReport
	r := newReader(string(data), hitReportFirst)
	h.Subject = get(r, r.need("subject"), heed.ParseSubjectPath)
	h.Record = get(r, r.need("record"), heed.ParseRecordType)
	if verdict, ok := r.next("verdict"); ok {
		h.Verdict = get(r, verdict, heed.ParseHitVerdict)
	}
	if at, ok := r.next("at"); ok {
		h.At = get(r, at, heed.ParseMoment)
	}
	if where, ok := r.next("where"); ok {
		h.Where = where
	}
	if name, ok := r.next("name"); ok {
		h.Name = name
	}
	if born, ok := r.next("born"); ok {
		h.Born = get(r, born, heed.ParseBirth)
	}
	if document, ok := r.next("document"); ok {
		h.Document = get(r, document, parseDocument)
	}
	h.Score = get(r, r.need("score"), heed.ParseScore)
	h.Threshold = get(r, r.need("threshold"), heed.ParseScore)
	h.Model = noneOr(get(r, r.need("model"), parseWord))
	if err := r.end(); err != nil {
		return heed.HitReport{}, fmt.Errorf("hit report: %w", err)
	}
	again, err := EncodeHitReport(h)
	if err != nil {
		return heed.HitReport{}, malformed("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if string(again) != string(data) {
		return heed.HitReport{}, malformed("hit report: not in its canonical form")
	}
	return h, nil
}

func parseDocument(s string) (*heed.Document, error) {
	parts := strings.SplitN(s, " ", 3)
	if len(parts) != 3 {
		return nil, malformed("a document has a type, a country or none, and a number")
	}
	return &heed.Document{Type: heed.DocumentType(parts[0]), Country: heed.Country(noneOr(parts[1])), Number: parts[2]}, nil
}
