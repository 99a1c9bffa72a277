package wire

import (
	"crypto/sha256"
	"fmt"

	"heed"
	"heed/seal"
)

const hitDecisionFirst = "heed-hit-decision/v1"

// HitDecisionText is the text that is signed.
func HitDecisionText(d heed.HitDecision) string {
	w := &writer{}
	w.first(hitDecisionFirst)
	w.line("kind", string(d.Kind))
	w.line("party", string(d.Party))
	w.digest("hit", heed.Digest(d.Hit))
	w.digest("subject", d.Subject)
	w.time("time", d.Time)
	if d.Kind == heed.DecisionRevoked {
		w.digest("revokes", heed.Digest(d.Revokes))
	} else {
		w.line("verdict", string(d.Verdict))
		w.digest("excludes", d.Traveller)
		if !d.Traveller.IsZero() {
			w.time("until", d.Until)
		}
	}
	writeContents(w, d.Contents)
	w.line("node", d.Node)
	writeOfficers(w, d.Officers)
	return w.text()
}

// SignHitDecision completes the decision with the keys that sign it and gives it
// its id. What ParseHitDecision would refuse is not signed; the error is then a
// *heed.Invalid, a *heed.FieldError, or matches ErrMalformed.
func SignHitDecision(d heed.HitDecision, node seal.SigningKey, officers ...seal.SigningKey) (heed.HitDecision, []byte, error) {
	if len(officers) != len(d.Officers) {
		return d, nil, fmt.Errorf("sign hit decision: %d officers' keys for %d officers", len(officers), len(d.Officers))
	}
	d.Node, d.Time = node.Verifier().String(), heed.Instant(d.Time)
	d.Officers = stamped(d.Officers, officers)
	if err := d.Check(); err != nil {
		return d, nil, err
	}
	text := HitDecisionText(d)
	read, err := parseHitDecisionText(text)
	if err != nil {
		return d, nil, fmt.Errorf("sign hit decision: %w", err)
	}
	note, err := seal.SignNote(text, append([]seal.SigningKey{node}, officers...)...)
	if err != nil {
		return d, nil, fmt.Errorf("sign hit decision: %w", err)
	}
	return read, note, nil
}

// ParseHitDecision reads a signed decision and verifies every signature with the
// keys that the text lists. Errors match ErrMalformed or seal.ErrSignature.
func ParseHitDecision(note []byte) (heed.HitDecision, error) {
	d, err := ReadHitDecision(note)
	if err != nil {
		return d, err
	}
	if err := openNote(note, d.Party, d.Node, d.Officers); err != nil {
		return heed.HitDecision{}, fmt.Errorf("hit decision %s: %w", d.ID, err)
	}
	return d, nil
}

// ReadHitDecision is ParseHitDecision without verifying signatures, for what a
// node has verified before it kept it.
func ReadHitDecision(note []byte) (heed.HitDecision, error) {
	text, _, err := splitNote(note, MaxStatementText, MaxSignatures)
	if err != nil {
		return heed.HitDecision{}, fmt.Errorf("hit decision: %w", err)
	}
	d, err := parseHitDecisionText(text)
	if err != nil {
		return heed.HitDecision{}, fmt.Errorf("hit decision: %w", err)
	}
	return d, nil
}

func parseHitDecisionText(text string) (heed.HitDecision, error) {
	var d heed.HitDecision
	r := newReader(text, hitDecisionFirst)
	d.Kind = get(r, r.need("kind"), heed.ParseDecisionKind)
	d.Party = r.party("party")
	d.Hit = heed.HitID(r.named("hit"))
	d.Subject = r.named("subject")
	d.Time = r.time("time")
	if d.Kind == heed.DecisionRevoked {
		d.Revokes = heed.DecisionID(r.named("revokes"))
	} else {
		d.Verdict = get(r, r.need("verdict"), heed.ParseHitVerdict)
		if d.Traveller = r.digest("excludes"); !d.Traveller.IsZero() {
			d.Until = r.time("until")
		}
	}
	d.Contents = readContents(r)
	d.Node = get(r, r.need("node"), parseKey)
	d.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.HitDecision{}, err
	}
	if err := checkAuthorKeys(d.Party, d.Node, d.Officers); err != nil {
		return heed.HitDecision{}, err
	}
	if err := d.Check(); err != nil {
		return heed.HitDecision{}, malformed("%v", err)
	}
	if HitDecisionText(d) != text {
		return heed.HitDecision{}, malformed("not in its canonical form")
	}
	d.ID = heed.DecisionID(sha256.Sum256([]byte(text)))
	return d, nil
}
