package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/seal"
)

const releaseFirst = "heed-release/v1"

// ReleaseText is the text that officers sign.
func ReleaseText(rel heed.Release) string {
	w := &writer{}
	w.first(releaseFirst)
	w.line("author", string(rel.Author))
	w.line("kind", string(rel.Kind))
	w.digest("of", heed.Digest(rel.Of))
	if !rel.Accord.IsZero() || !rel.Version.IsZero() {
		w.line("accord", rel.Accord.String()+" "+rel.Version.String())
	}
	w.time("time", rel.Time)
	w.digest("nonce", rel.Nonce)
	writeContents(w, rel.Contents)
	if !rel.Check.IsZero() {
		w.digest("check", rel.Check)
	}
	if d := rel.Drafted; !d.IsZero() {
		w.line("drafted", strings.Join([]string{heed.FormatTime(d.Time), base64.StdEncoding.EncodeToString(d.Signature), string(d.By.Role), d.By.Key}, " "))
	}
	writeOfficers(w, rel.Officers)
	return w.text()
}

const draftFirst = "heed-draft/v1"

// DraftText is the text that a drafter signs who cannot sign the release: what
// is drafted, as the release says it, and when and by whom.
func DraftText(rel heed.Release) string {
	w := &writer{}
	w.first(draftFirst)
	w.line("author", string(rel.Author))
	w.line("kind", string(rel.Kind))
	w.digest("of", heed.Digest(rel.Of))
	if !rel.Accord.IsZero() { // by which version is for when it is released
		w.line("accord", rel.Accord.String())
	}
	w.time("time", rel.Drafted.Time)
	writeContents(w, rel.Contents)
	writeOfficers(w, []heed.OfficerStamp{rel.Drafted.By})
	return w.text()
}

// SignDraft has a drafter sign what is drafted: author, kind, of, accord and
// contents of the release to be. Errors are those of the key.
func SignDraft(rel heed.Release, at time.Time, role heed.Role, drafter seal.SigningKey) (heed.Drafted, error) {
	rel.Drafted = heed.Drafted{Time: heed.Instant(at), By: heed.OfficerStamp{Role: role, Key: drafter.Verifier().String()}}
	var err error
	if rel.Drafted.Signature, err = drafter.Sign([]byte(DraftText(rel))); err != nil {
		return rel.Drafted, fmt.Errorf("sign draft: %w", err)
	}
	return rel.Drafted, nil
}

func parseDrafted(s string) (heed.Drafted, error) {
	parts := strings.SplitN(s, " ", 3)
	if len(parts) != 3 {
		return heed.Drafted{}, malformed("a draft's signature has a time, a signature, a role and a key")
	}
	var d heed.Drafted
	var err error
	if d.Time, err = heed.ParseTime(parts[0]); err != nil {
		return d, err
	}
	if d.Signature, err = base64.StdEncoding.Strict().DecodeString(parts[1]); err != nil || len(d.Signature) == 0 || len(d.Signature) > seal.MaxSignature {
		return d, malformed("a draft's signature is 1 to %d bytes in base64", seal.MaxSignature)
	}
	d.By, err = parseStamp(parts[2])
	return d, err
}

// checkDrafted verifies the drafter's own signature.
func checkDrafted(rel heed.Release) error {
	if rel.Drafted.IsZero() {
		return nil
	}
	key, err := officerKey(rel.Author, rel.Drafted.By.Key)
	if err != nil {
		return err
	}
	if !key.Verify([]byte(DraftText(rel)), rel.Drafted.Signature) {
		return fmt.Errorf("%w: %s did not sign this draft", seal.ErrSignature, key.Name())
	}
	return nil
}

func checkRelease(rel heed.Release) error {
	switch {
	case !rel.Kind.Released():
		return malformed("%s statements are not released", rel.Kind)
	case (rel.Kind == heed.KindWarning) != rel.Of.IsZero():
		return malformed("a release names what it is of, unless it is a warning's")
	case rel.Accord.IsZero() != rel.Version.IsZero() || !rel.Accord.IsZero() && rel.Kind != heed.KindWarning:
		return malformed("a warning's release names an accord with its version, or none; any other is under that of the warning")
	case len(rel.Officers) == 0 || len(rel.Officers) > heed.MaxOfficers:
		return malformed("a release is signed by 1 to %d officers", heed.MaxOfficers)
	case rel.Nonce.IsZero():
		return malformed("a release has a nonce")
	case slices.ContainsFunc(rel.Contents, func(c heed.ContentRef) bool { return c.Digest == rel.Check }):
		return malformed("the rights check is one of the contents: it stays with its author")
	}
	for _, o := range rel.Signers() {
		if !heed.Permits(o.Role, rel.Kind.Action()) {
			return malformed("role %s may not release a %s", o.Role, rel.Kind)
		}
	}
	if rel.Drafted.IsZero() {
		return nil
	}
	if !slices.ContainsFunc(rel.Officers, func(o heed.OfficerStamp) bool { return heed.Permits(o.Role, heed.ActRelease) }) {
		return malformed("none of those who signed may release what somebody else drafted")
	}
	drafter, _ := OfficerOf(rel.Drafted.By.Key)
	if slices.ContainsFunc(rel.Officers, func(o heed.OfficerStamp) bool { id, _ := OfficerOf(o.Key); return id == drafter }) {
		return malformed("%q signs the release, and so the draft is not signed", clip(string(drafter)))
	}
	return nil
}

// SignRelease has the officers sign the release, fills in their keys, and
// gives it its id. What ParseRelease would refuse is not signed; the error then
// matches ErrMalformed, or seal.ErrSignature for a drafter's. Where a key does not
// sign, its error comes with the release as it would be signed.
func SignRelease(rel heed.Release, officers ...seal.SigningKey) (heed.Release, []byte, error) {
	if len(officers) != len(rel.Officers) {
		return rel, nil, fmt.Errorf("sign release: %d keys for %d officers", len(officers), len(rel.Officers))
	}
	rel.Officers = stamped(rel.Officers, officers)
	text := ReleaseText(rel)
	read, err := parseReleaseText(text)
	if err != nil {
		return rel, nil, fmt.Errorf("sign release: %w", err)
	}
	if err := checkDrafted(read); err != nil {
		return rel, nil, fmt.Errorf("sign release: %w", err)
	}
	note, err := seal.SignNote(text, officers...)
	if err != nil {
		return read, nil, fmt.Errorf("sign release: %w", err)
	}
	return read, note, nil
}

// ParseRelease reads a release and verifies its officers' signatures, and that of
// a drafter who signed the draft.
func ParseRelease(note []byte) (heed.Release, error) {
	text, _, err := splitNote(note, MaxStatementText, heed.MaxOfficers)
	if err != nil {
		return heed.Release{}, fmt.Errorf("release: %w", err)
	}
	rel, err := parseReleaseText(text)
	if err != nil {
		return heed.Release{}, fmt.Errorf("release: %w", err)
	}
	if err := openNote(note, rel.Author, "", rel.Officers); err != nil {
		return heed.Release{}, fmt.Errorf("release: %w", err)
	}
	if err := checkDrafted(rel); err != nil {
		return heed.Release{}, fmt.Errorf("release: %w", err)
	}
	return rel, nil
}

func parseReleaseText(text string) (heed.Release, error) {
	if len(text) > MaxStatementText {
		return heed.Release{}, malformed("%d bytes, and at most %d are read", len(text), MaxStatementText)
	}
	var rel heed.Release
	r := newReader(text, releaseFirst)
	rel.Author = r.party("author")
	rel.Kind = get(r, r.need("kind"), heed.ParseKind)
	rel.Of = heed.ReleaseID(r.digest("of"))
	if under, ok := r.next("accord"); ok {
		u := get(r, under, parseVersion)
		rel.Accord, rel.Version = u.accord, u.version
	}
	rel.Time = r.time("time")
	rel.Nonce = r.digest("nonce")
	rel.Contents = readContents(r)
	if check, ok := r.next("check"); ok {
		rel.Check = get(r, check, parseNonzero)
	}
	if drafted, ok := r.next("drafted"); ok {
		rel.Drafted = get(r, drafted, parseDrafted)
	}
	rel.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.Release{}, err
	}
	if err := checkRelease(rel); err != nil {
		return heed.Release{}, err
	}
	if err := checkAuthorKeys(rel.Author, "", rel.Signers()); err != nil {
		return heed.Release{}, err
	}
	if ReleaseText(rel) != text {
		return heed.Release{}, malformed("not in its canonical form")
	}
	rel.ID = heed.ReleaseID(sha256.Sum256([]byte(text)))
	return rel, nil
}

// CheckReleased reports whether the release is the one that the statement
// names, and says the same: a warning's under the same version of an accord.
func CheckReleased(s heed.Statement, rel heed.Release) error {
	same := s.Release == rel.ID && s.Author == rel.Author && s.Kind == rel.Kind && len(s.Contents) == len(rel.Contents)
	if s.Kind == heed.KindWarning {
		same = same && s.Accord == rel.Accord && s.Version == rel.Version
	}
	for i := 0; same && i < len(s.Contents); i++ {
		same = s.Contents[i] == rel.Contents[i]
	}
	if !same {
		return malformed("the release does not say what the statement says")
	}
	return nil
}
