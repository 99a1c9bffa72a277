package wire

import (
	"crypto/sha256"
	"fmt"
	"slices"

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
	w.time("time", rel.Time)
	w.digest("nonce", rel.Nonce)
	writeContents(w, rel.Contents)
	if !rel.Check.IsZero() {
		w.digest("check", rel.Check)
	}
	writeOfficers(w, rel.Officers)
	return w.text()
}

func checkRelease(rel heed.Release) error {
	switch {
	case !rel.Kind.Released():
		return malformed("%s statements are not released", rel.Kind)
	case (rel.Kind == heed.KindWarning) != rel.Of.IsZero():
		return malformed("a release names what it is of, unless it is a warning's")
	case len(rel.Officers) == 0 || len(rel.Officers) > heed.MaxOfficers:
		return malformed("a release is signed by 1 to %d officers", heed.MaxOfficers)
	case rel.Nonce.IsZero():
		return malformed("a release has a nonce")
	case slices.ContainsFunc(rel.Contents, func(c heed.ContentRef) bool { return c.Digest == rel.Check }):
		return malformed("the rights check is one of the contents: it stays with its author")
	}
	for _, o := range rel.Officers {
		if !heed.Permits(o.Role, rel.Kind.Action()) {
			return malformed("role %s may not release a %s", o.Role, rel.Kind)
		}
	}
	return nil
}

// SignRelease has the officers sign the release, fills in their keys, and
// gives it its id. What ParseRelease would refuse is not signed; the error then
// matches ErrMalformed.
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
	note, err := seal.SignNote(text, officers...)
	if err != nil {
		return rel, nil, fmt.Errorf("sign release: %w", err)
	}
	return read, note, nil
}

// ParseRelease reads a release and verifies its officers' signatures.
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
	rel.Time = r.time("time")
	rel.Nonce = r.digest("nonce")
	rel.Contents = readContents(r)
	if check, ok := r.next("check"); ok {
		rel.Check = get(r, check, parseNonzero)
	}
	rel.Officers = readOfficers(r)
	if err := r.end(); err != nil {
		return heed.Release{}, err
	}
	if err := checkRelease(rel); err != nil {
		return heed.Release{}, err
	}
	if err := checkAuthorKeys(rel.Author, "", rel.Officers); err != nil {
		return heed.Release{}, err
	}
	if ReleaseText(rel) != text {
		return heed.Release{}, malformed("not in its canonical form")
	}
	rel.ID = heed.ReleaseID(sha256.Sum256([]byte(text)))
	return rel, nil
}

// CheckReleased reports whether the release is the one that the statement
// names, and says the same.
func CheckReleased(s heed.Statement, rel heed.Release) error {
	same := s.Release == rel.ID && s.Author == rel.Author && s.Kind == rel.Kind && len(s.Contents) == len(rel.Contents)
	for i := 0; same && i < len(s.Contents); i++ {
		same = s.Contents[i] == rel.Contents[i]
	}
	if !same {
		return malformed("the release does not say what the statement says")
	}
	return nil
}
