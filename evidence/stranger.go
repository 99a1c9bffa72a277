package evidence

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"heed"
)

// MaxSigners is how many unknown signers one verdict names.
const MaxSigners = 64

// A Signer is somebody whom the policy does not vouch for, as the files name
// them. That it is who it says is what nothing shows.
type Signer struct {
	Party   heed.PartyID `json:"party,omitempty"`   // for whom it signs, by its own word
	Serial  uint64       `json:"serial,omitempty"`  // of the card under which it says that it signs
	Card    string       `json:"card,omitempty"`    // that card's id, where it is in the files
	Ledger  string       `json:"ledger,omitempty"`  // the origin of the ledger whose head it signed
	Witness string       `json:"witness,omitempty"` // the name under which it cosigned a head
	Key     string       `json:"key,omitempty"`     // a verification key; of it only NAME+HASH where a signature line says no more
}

// String is the signer as people read it, with the key as NAME+HASH.
func (s Signer) String() string {
	var parts []string
	switch {
	case s.Witness != "":
		parts = append(parts, "witness "+clip(s.Witness))
	case s.Ledger != "":
		parts = append(parts, "ledger "+clip(s.Ledger))
	default:
		parts = append(parts, string(s.Party))
	}
	if s.Serial > 0 {
		parts = append(parts, "card "+strconv.FormatUint(s.Serial, 10))
	}
	if key := shortKey(s.Key); key != "" {
		parts = append(parts, "key "+key)
	}
	return strings.Join(parts, ", ")
}

// shortKey is the name and the hash of a verification key.
func shortKey(vkey string) string {
	name, rest, ok := strings.Cut(vkey, "+")
	if !ok {
		return ""
	}
	hash, _, _ := strings.Cut(rest, "+")
	return clip(name) + "+" + clip(hash)
}

// tidy puts signers into one order, each once, and bounds their number.
func tidy(signers []Signer) []Signer {
	signers = slices.Clone(signers)
	slices.SortFunc(signers, func(a, b Signer) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Serial, b.Serial), cmp.Compare(a.Card, b.Card),
			cmp.Compare(a.Ledger, b.Ledger), cmp.Compare(a.Witness, b.Witness), cmp.Compare(a.Key, b.Key))
	})
	signers = slices.Compact(signers)
	return signers[:min(len(signers), MaxSigners)]
}

// unknown is the verdict about what these signed.
func (v Verdict) unknown(signers []Signer, why string) Verdict {
	v.Signers = tidy(signers)
	return v.because(UnknownSigner, why)
}

// beyond is the verdict where a sight shows nothing: because of strangers, or
// because something is missing.
func (v Verdict) beyond(s sight, why string) Verdict {
	if len(s.strangers) > 0 {
		return v.unknown(s.strangers, why)
	}
	return v.because(CannotTell, why)
}

// posing are whoever signs for a party that is not known: the cards in the
// files that bear its name, or else the name alone.
func (m *material) posing(id heed.PartyID) []Signer {
	var all []Signer
	for _, c := range m.named(id) {
		all = append(all, Signer{Party: id, Serial: c.Serial, Card: c.ID.String(), Key: c.NodeKey})
	}
	if len(all) == 0 {
		return []Signer{{Party: id}}
	}
	return all
}

// named are the cards in the files that bear a party's name, whoever made them,
// by serial.
func (m *material) named(id heed.PartyID) []heed.Card {
	var all []heed.Card
	for _, c := range m.cards {
		if c.Party == id {
			all = append(all, c.Card)
		}
	}
	slices.SortFunc(all, bySerial)
	return all
}

// signer is whoever signed a statement.
func (m *material) signer(s *said) []Signer {
	one := Signer{Party: s.Author, Serial: s.AuthorCard, Key: s.Node}
	for _, c := range m.named(s.Author) {
		if c.Serial == s.AuthorCard && c.NodeKey == s.Node {
			one.Card = c.ID.String()
		}
	}
	return []Signer{one}
}

// strangers are those who cosigned the head, where none of them counts.
func (h *head) strangers() []Signer {
	if !h.strange() {
		return nil
	}
	var all []Signer
	for line := range strings.Lines(string(h.Cosignatures)) {
		if name, key, ok := signatureKey(line); ok {
			all = append(all, Signer{Witness: name, Key: key})
		}
	}
	return all
}

// headSigner is whoever signed a head that is no party's.
func headSigner(origin string, note []byte) Signer {
	_, lines, _ := strings.Cut(string(note), "\n\n")
	for line := range strings.Lines(lines) {
		if name, key, ok := signatureKey(line); ok && name == origin {
			return Signer{Ledger: origin, Key: key}
		}
	}
	return Signer{Ledger: origin}
}

// signatureKey is the key that a signature line of a checkpoint names, as
// NAME+HASH (C2SP signed-note).
func signatureKey(line string) (name, key string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— ")
	name, encoded, found := strings.Cut(rest, " ")
	data, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || !found || err != nil || len(data) < 4 {
		return "", "", false
	}
	return name, fmt.Sprintf("%s+%08x", name, data[:4]), true
}
