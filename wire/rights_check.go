package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"heed"
)

// MaxRightsCheck bounds the byte form of a rights check.
const MaxRightsCheck = 16 << 10

const rightsCheckFirst = "heed-rights-check/v1"

// EncodeRightsCheck gives the form its bytes, which a release names by their
// salted digest. A form that does not pass its Check has none: the error joins
// *heed.FieldErrors.
func EncodeRightsCheck(f heed.RightsCheck) ([]byte, error) {
	if err := f.Check(); err != nil {
		return nil, fmt.Errorf("rights check: %w", err)
	}
	w := &writer{}
	w.first(rightsCheckFirst)
	w.line("duty-basis", string(f.DutyBasis.Ground))
	if f.DutyBasis.Reason != "" {
		w.line("duty-basis-reason", f.DutyBasis.Reason)
	}
	w.line("legal-basis", f.LegalBasis)
	w.line("purpose", string(f.Purpose))
	writeFinding(w, "character", f.Character)
	writeFinding(w, "necessity", f.Necessity)
	writeFinding(w, "reliability", f.Reliability)
	writeFinding(w, "risk", f.Risk)
	return []byte(w.text()), nil
}

// ParseRightsCheck reads a form. What it accepts passes its Check, and
// EncodeRightsCheck would write it again byte for byte. Errors match ErrMalformed.
func ParseRightsCheck(data []byte) (heed.RightsCheck, error) {
	switch {
	case len(data) > MaxRightsCheck:
		return heed.RightsCheck{}, malformed("rights check: %d bytes, and at most %d are read", len(data), MaxRightsCheck)
	case !utf8.Valid(data):
		return heed.RightsCheck{}, malformed("rights check: it is not valid UTF-8")
	}
	var f heed.RightsCheck
	r := newReader(string(data), rightsCheckFirst)
	f.DutyBasis.Ground = get(r, r.need("duty-basis"), parseGround)
	if reason, ok := r.next("duty-basis-reason"); ok {
		f.DutyBasis.Reason = reason
	}
	f.LegalBasis = r.need("legal-basis")
	f.Purpose = get(r, r.need("purpose"), heed.ParsePurpose)
	f.Character = readFinding(r, "character", heed.ParseCharacter)
	f.Necessity = readFinding(r, "necessity", heed.ParseNecessity)
	f.Reliability = readFinding(r, "reliability", heed.ParseSufficiency)
	f.Risk = readFinding(r, "risk", heed.ParseRisk)
	if err := r.end(); err != nil {
		return heed.RightsCheck{}, fmt.Errorf("rights check: %w", err)
	}
	again, err := EncodeRightsCheck(f)
	if err != nil {
		return heed.RightsCheck{}, malformed("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if string(again) != string(data) {
		return heed.RightsCheck{}, malformed("rights check: not in its canonical form")
	}
	return f, nil
}

func parseGround(s string) (heed.Ground, error) {
	for _, g := range heed.Grounds() {
		if string(g) == s {
			return g, nil
		}
	}
	return "", malformed("%q is not a ground", clip(s))
}

func writeFinding[T ~string](w *writer, question string, f heed.Finding[T]) {
	w.line(question, string(f.Answer))
	w.line(question+"-reason", f.Reason)
}

func readFinding[T ~string](r *reader, question string, parse func(string) (T, error)) heed.Finding[T] {
	answer := get(r, r.need(question), parse)
	return heed.Finding[T]{Answer: answer, Reason: r.need(question + "-reason")}
}
