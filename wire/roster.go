package wire

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/seal"
)

// Roster is a party's signed list of its officers' keys. It stays with the
// party, whose ledger commits to every version.
type Roster struct {
	Party    heed.PartyID
	Serial   uint64
	Time     time.Time
	Officers []heed.Officer
	Node     string
}

// MaxRoster bounds a roster's officers, the removed ones included.
const MaxRoster = 1000

// maxRosterText bounds a roster's text in bytes.
const maxRosterText = 512 << 10

const rosterFirst = "heed-roster/v1"

// RosterText is the text that the party's node signs.
func RosterText(t Roster) string {
	w := &writer{}
	w.first(rosterFirst)
	w.line("party", string(t.Party))
	w.number("serial", t.Serial)
	w.time("time", t.Time)
	for _, o := range t.Officers {
		standing := "active"
		if o.Removed {
			standing = "removed"
		}
		roles := make([]string, len(o.Roles))
		for i, r := range o.Roles {
			roles[i] = string(r)
		}
		w.line("officer", strings.Join([]string{standing, strings.Join(roles, ","), o.Key}, " "))
	}
	w.line("node", t.Node)
	return w.text()
}

// SignRoster signs a roster. What ParseRoster would refuse is not signed; the
// error is then a *heed.Invalid or matches ErrMalformed.
func SignRoster(t Roster, node seal.SigningKey) ([]byte, error) {
	if len(t.Officers) > MaxRoster {
		return nil, &heed.Invalid{What: fmt.Sprintf("a roster has at most %d officers, the removed ones included", MaxRoster)}
	}
	t.Node = node.Verifier().String()
	text := RosterText(t)
	read, err := parseRosterText(text)
	if err != nil {
		return nil, fmt.Errorf("sign roster: %w", err)
	}
	for i, o := range t.Officers {
		if read.Officers[i].ID != o.ID {
			return nil, malformed("sign roster: officer %q has the key of %q", clip(string(o.ID)), read.Officers[i].ID)
		}
	}
	note, err := seal.SignNote(text, node)
	if err != nil {
		return nil, fmt.Errorf("sign roster: %w", err)
	}
	return note, nil
}

// ParseRoster reads a roster and verifies its signature with the key that it lists.
func ParseRoster(note []byte) (Roster, error) {
	text, _, err := splitNote(note, maxRosterText, 1)
	if err != nil {
		return Roster{}, fmt.Errorf("roster: %w", err)
	}
	t, err := parseRosterText(text)
	if err != nil {
		return Roster{}, fmt.Errorf("roster: %w", err)
	}
	if err := openNote(note, t.Party, t.Node, nil); err != nil {
		return Roster{}, fmt.Errorf("roster of %s: %w", t.Party, err)
	}
	return t, nil
}

func parseRosterText(text string) (Roster, error) {
	if len(text) > maxRosterText {
		return Roster{}, malformed("%d bytes, and at most %d are read", len(text), maxRosterText)
	}
	var t Roster
	r := newReader(text, rosterFirst)
	t.Party = r.party("party")
	t.Serial = r.serial("serial")
	t.Time = r.time("time")
	t.Officers = list(r, "officer", MaxRoster, parseOfficer)
	t.Node = get(r, r.need("node"), parseKey)
	if err := r.end(); err != nil {
		return Roster{}, err
	}
	if err := checkRoster(t); err != nil {
		return Roster{}, err
	}
	if RosterText(t) != text {
		return Roster{}, malformed("not in its canonical form")
	}
	return t, nil
}

// checkRoster holds that a name is one person and a key one holder's.
func checkRoster(t Roster) error {
	stamps := make([]heed.OfficerStamp, len(t.Officers))
	for i, o := range t.Officers {
		if i > 0 && t.Officers[i-1].ID >= o.ID {
			return malformed("officers are not in ascending order of their names, each once")
		}
		stamps[i].Key = o.Key
	}
	return checkAuthorKeys(t.Party, t.Node, stamps)
}

func parseOfficer(s string) (heed.Officer, error) {
	parts := strings.Split(s, " ")
	if len(parts) != 3 || parts[0] != "active" && parts[0] != "removed" {
		return heed.Officer{}, malformed("an officer has a standing, roles and a key")
	}
	o := heed.Officer{Removed: parts[0] == "removed", Key: parts[2]}
	for _, name := range strings.Split(parts[1], ",") {
		role, err := heed.ParseRole(name)
		if err != nil {
			return o, err
		}
		if n := len(o.Roles); n > 0 && slices.Index(heed.Roles(), o.Roles[n-1]) >= slices.Index(heed.Roles(), role) {
			return o, malformed("an officer's roles are not in their order, each once")
		}
		o.Roles = append(o.Roles, role)
	}
	if _, err := parsePersonKey(o.Key); err != nil {
		return o, err
	}
	id, ok := OfficerOf(o.Key)
	if !ok {
		return o, malformed("%q is not an officer's key", clip(o.Key))
	}
	o.ID = id
	return o, nil
}
