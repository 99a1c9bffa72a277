package wire

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"heed"
	"heed/seal"
)

// MaxAccordAct bounds the text of an act about an accord, in bytes.
const MaxAccordAct = 8 << 10

const accordActFirst = "heed-accord-act/v1"

// AccordActText is the text that the party's node and officers sign.
func AccordActText(a heed.AccordAct) string {
	w := &writer{}
	w.first(accordActFirst)
	w.line("act", string(a.Kind))
	w.digest("accord", heed.Digest(a.Accord))
	w.digest("version", heed.Digest(a.Version))
	w.line("party", string(a.Party))
	w.time("time", a.Time)
	switch a.Kind {
	case heed.AccordReservation:
		w.line("clause", string(a.Clause))
	case heed.AccordSuspension:
		w.moment("until", a.Until)
	case heed.AccordWithdrawal:
		w.moment("from", a.From)
	}
	if a.Reason != "" {
		w.line("reason", a.Reason)
	}
	w.line("node", a.Node)
	writeOfficers(w, a.Officers)
	return w.text()
}

// SignAccordAct signs an act with the party's node key and those of its
// officers, whose roles a names in their order; it fills in the keys and gives
// the act its id. What ParseAccordAct would refuse is not signed: the error then
// joins *heed.FieldErrors or matches ErrMalformed.
func SignAccordAct(a heed.AccordAct, node seal.SigningKey, officers ...seal.SigningKey) (heed.AccordAct, []byte, error) {
	if len(officers) != len(a.Officers) {
		return a, nil, fmt.Errorf("sign accord act: %d keys for %d officers", len(officers), len(a.Officers))
	}
	a.Node, a.Officers = node.Verifier().String(), stamped(a.Officers, officers)
	if err := a.Check(); err != nil {
		return a, nil, err
	}
	text := AccordActText(a)
	read, err := parseAccordActText(text)
	if err != nil {
		return a, nil, fmt.Errorf("sign accord act: %w", err)
	}
	note, err := seal.SignNote(text, append([]seal.SigningKey{node}, officers...)...)
	if err != nil {
		return a, nil, fmt.Errorf("sign accord act: %w", err)
	}
	return read, note, nil
}

// ParseAccordAct reads a signed act and verifies every signature with the keys
// that its text lists. Whether the node key is the party's is for the caller,
// who has the party's card.
func ParseAccordAct(note []byte) (heed.AccordAct, error) {
	a, err := ReadAccordAct(note)
	if err != nil {
		return heed.AccordAct{}, fmt.Errorf("accord act: %w", err)
	}
	if err := openNote(note, a.Party, a.Node, a.Officers); err != nil {
		return heed.AccordAct{}, fmt.Errorf("accord act of %s: %w", a.Party, err)
	}
	return a, nil
}

// ReadAccordAct reads an act that was verified before it was kept: it parses
// strictly and verifies nothing.
func ReadAccordAct(note []byte) (heed.AccordAct, error) {
	text, _, err := splitNote(note, MaxAccordAct, MaxSignatures)
	if err != nil {
		return heed.AccordAct{}, err
	}
	return parseAccordActText(text)
}

func parseAccordActText(text string) (heed.AccordAct, error) {
	if len(text) > MaxAccordAct {
		return heed.AccordAct{}, malformed("%d bytes, and at most %d are read", len(text), MaxAccordAct)
	}
	var a heed.AccordAct
	r := newReader(text, accordActFirst)
	a.Kind = get(r, r.need("act"), heed.ParseAccordActKind)
	a.Accord = heed.AccordID(r.named("accord"))
	a.Version = heed.VersionID(r.named("version"))
	a.Party = r.party("party")
	a.Time = r.time("time")
	switch a.Kind {
	case heed.AccordReservation:
		a.Clause = get(r, r.need("clause"), heed.ParseClause)
	case heed.AccordSuspension:
		a.Until = r.moment("until")
	case heed.AccordWithdrawal:
		a.From = r.moment("from")
	}
	if reason, ok := r.next("reason"); ok {
		a.Reason = reason
	}
	a.Node = get(r, r.need("node"), parseKey)
	a.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.AccordAct{}, err
	}
	if err := a.Check(); err != nil {
		return heed.AccordAct{}, malformed("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if err := checkAuthorKeys(a.Party, a.Node, a.Officers); err != nil {
		return heed.AccordAct{}, err
	}
	if AccordActText(a) != text {
		return heed.AccordAct{}, malformed("not in its canonical form")
	}
	a.ID = heed.AccordActID(sha256.Sum256([]byte(text)))
	return a, nil
}
