package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrShowing is about bytes that are no witness's word on what it holds of a
// party, or not the word of this witness.
var ErrShowing = errors.New("not what a witness has signed of a party")

// What a witness shows of a party beside its ledgers.
const (
	ShowsCards       = "cards"
	ShowsSuccessions = "successions"
)

// MaxShowing bounds a signed showing in bytes.
const MaxShowing = 1 << 10

const (
	showingFirst = "heed-witness-notes/v1"
	// showingType is the type of the key, as it enters the key's id: one without
	// a number of its own (C2SP signed-note, "Signatures"), so that neither a
	// cosignature nor a log's signature is taken for one, by its id already. By
	// its first line the text is none that those sign.
	showingType = "\xff" + showingFirst
)

// A Showing is what a witness says that it holds of a party at a time
// (docs/witnesses.md, section 8).
type Showing struct {
	Party string    // as in the origins of its ledgers
	What  string    // ShowsCards or ShowsSuccessions
	After uint64    // the serial after which cards are shown; 0 with successions
	At    time.Time // whole seconds, UTC
	Notes [32]byte  // SHA-256 of the list of what is shown
}

func (s Showing) text() string {
	return fmt.Sprintf("%s\nparty: %s\nwhat: %s\nafter: %d\ntime: %d\nsha256: %x\n", showingFirst, s.Party, s.What, s.After, s.At.Unix(), s.Notes)
}

func (s Showing) check() error {
	switch {
	case !isKeyName(s.Party):
		return fmt.Errorf("ledger: %w: %.80q is no party", ErrShowing, s.Party)
	case s.What != ShowsCards && (s.What != ShowsSuccessions || s.After != 0):
		return fmt.Errorf("ledger: %w: nothing is shown as %.20q after %d", ErrShowing, s.What, s.After)
	case !isCosignatureTime(s.At.Unix()):
		return fmt.Errorf("ledger: %w: the time %v is no time to sign at", ErrShowing, s.At)
	}
	return nil
}

// Show signs what the witness holds of a party: a C2SP signed note with one
// line. The time is cut to whole seconds. Errors: ErrShowing.
//
// Who was shown a party's card by enough witnesses may take it over on the
// word of the party's recovery key: a witness shows only what it has taken over
// from the party's own endpoint, or its operator gave it.
func (k CosigningKey) Show(s Showing) ([]byte, error) {
	if k.private == nil {
		return nil, fmt.Errorf("ledger: %w: no key to sign with", ErrShowing)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	text := s.text()
	line := formatSignatureLine(k.public.name, k.public.showingID(), ed25519.Sign(*k.private, []byte(text)))
	return append([]byte(text+"\n"), line...), nil
}

// showingID is the id of an Ed25519 key in the lines of showings.
func (k CosignerKey) showingID() uint32 { return keyID(k.name, []byte(showingType+k.data[1:])) }

// OpenShowing reads a note that Show has made under one of the keys, and
// accepts no other bytes. Whether it is about what was asked for, and is fresh,
// is for the caller to see. ML-DSA-44 keys sign none. Errors: ErrShowing.
func OpenShowing(note []byte, keys ...CosignerKey) (Showing, error) {
	fail := func(format string, args ...any) (Showing, error) {
		return Showing{}, fmt.Errorf("ledger: %w: "+format, append([]any{ErrShowing}, args...)...)
	}
	if len(note) > MaxShowing {
		return fail("%d bytes, at most %d", len(note), MaxShowing)
	}
	text, rest, found := bytes.Cut(note, []byte("\n\n"))
	text = append(bytes.Clone(text), '\n')
	s, ok := parseShowing(string(text))
	if !found || !ok {
		return fail("it has not the lines that begin with %s", showingFirst)
	}
	if err := s.check(); err != nil {
		return Showing{}, err
	}
	signed, ended := bytes.CutSuffix(rest, []byte("\n"))
	line, ok := parseSignatureLine(signed)
	if !ended || !ok {
		return fail("it does not end in one signature line")
	}
	for _, key := range keys {
		if key.data == "" || key.post != nil || line.name != key.name || line.keyHash != key.showingID() {
			continue
		}
		if !ed25519.Verify(ed25519.PublicKey(key.data[1:]), text, line.signature) {
			return fail("the signature of %s does not verify: it was changed on the way", key.name)
		}
		return s, nil
	}
	return fail("it is signed by %.80s+%08x, which is not a key of this witness", line.name, line.keyHash)
}

// parseShowing reads the text in its one form.
func parseShowing(text string) (s Showing, ok bool) {
	lines := strings.Split(text, "\n")
	if len(lines) != 7 {
		return s, false
	}
	value := func(line int, name string) string { return strings.TrimPrefix(lines[line], name+": ") }
	after, err := strconv.ParseUint(value(3, "after"), 10, 64)
	if err != nil {
		return s, false
	}
	seconds, err := strconv.ParseInt(value(4, "time"), 10, 64)
	if err != nil {
		return s, false
	}
	digest, err := hex.DecodeString(value(5, "sha256"))
	if err != nil || len(digest) != len(s.Notes) {
		return s, false
	}
	s = Showing{Party: value(1, "party"), What: value(2, "what"), After: after, At: time.Unix(seconds, 0).UTC(), Notes: [32]byte(digest)}
	return s, s.text() == text
}
