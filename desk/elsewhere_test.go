package desk

import (
	"net/http"
	"testing"

	"heed"
	"heed/seal"
	"heed/seal/sshtest"
)

// The desk says that it cannot sign for an officer who holds the key.
func TestOfficersWhoHoldTheirKeysActElsewhere(t *testing.T) {
	w := newWorld(t)
	key, err := seal.ParseSSHKey(sshtest.New(sshtest.TokenEd25519, "s.ruth").Line())
	must(t, err)
	must(t, second(w.nodes[south].AddSSHOfficer(t.Context(), "", "s.ruth", []heed.Role{heed.DutyOfficer}, key)))
	id := w.warn(nil)
	b := w.as(south, "s.ruth")
	b.done(id, actTake, nil).says("Taken by s.ruth") // needs no signature
	for _, act := range []string{actOpen, actAcknowledge} {
		b.submit(casePath(id), casePath(id)+"/"+act, nil).status(http.StatusForbidden).says("signs with an SSH key, which this node does not hold", "on the command line")
	}
	if file, err := w.nodes[south].Look(t.Context(), id); err != nil || len(file.Readings) != 0 || !file.Last(south).IsZero() {
		t.Errorf("%d readings, %v", len(file.Readings), err)
	}
}
