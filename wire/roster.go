package wire

import (
	"fmt"
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

// SignRoster signs a roster.
func SignRoster(t Roster, node seal.SigningKey) ([]byte, error) {
	if len(t.Officers) > MaxRoster {
		return nil, &heed.Invalid{What: fmt.Sprintf("a roster has at most %d officers, the removed ones included", MaxRoster)}
	}
	t.Node = node.Verifier().String()
	note, err := seal.SignNote(RosterText(t), node)
	if err != nil {
		return nil, fmt.Errorf("sign roster: %w", err)
	}
	return note, nil
}

// ParseRoster reads a roster and verifies its signature with the key that it lists.
func ParseRoster(note []byte) (Roster, error) {
	text, _, err := seal.SplitNote(note, 512<<10, 1)
	if err != nil {
		return Roster{}, fmt.Errorf("roster: %w", err)
	}
	var t Roster
	r := newReader(text, rosterFirst)
	t.Party = r.party("party")
	t.Serial = r.number("serial")
	t.Time = r.time("time")
	for _, v := range r.many("officer", MaxRoster) {
		t.Officers = append(t.Officers, get(r, v, parseOfficer))
	}
	t.Node = get(r, r.need("node"), parseKey)
	if err := r.end(); err != nil {
		return Roster{}, fmt.Errorf("roster: %w", err)
	}
	if RosterText(t) != text {
		return Roster{}, fmt.Errorf("roster: %w", malformed("not in its canonical form"))
	}
	if err := openNote(note, t.Party, t.Node, nil); err != nil {
		return Roster{}, fmt.Errorf("roster of %s: %w", t.Party, err)
	}
	return t, nil
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
		o.Roles = append(o.Roles, role)
	}
	if _, err := parseKey(o.Key); err != nil {
		return o, err
	}
	id, ok := OfficerOf(o.Key)
	if !ok {
		return o, malformed("%q is not an officer's key", clip(o.Key))
	}
	o.ID = id
	return o, nil
}
