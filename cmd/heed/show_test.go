package main

import (
	"strings"
	"testing"

	"heed"
	"heed/control"
)

// What the other party could still disown is said where it is shown.
func TestWhatIsNotInTheirLedgerIsSaid(t *testing.T) {
	for kind, want := range map[heed.Kind]string{
		heed.KindExtension: "    not in their ledger yet: keep to the old time\n",
		heed.KindRecall:    "    not in their ledger yet: rest nothing on it\n",
	} {
		for _, notLogged := range []bool{true, false} {
			var out strings.Builder
			shown := control.Case{Statements: []control.Statement{{ID: strings.Repeat("ab", 32), Kind: kind, Author: "north.example", Recipient: "south.example"}}}
			if notLogged {
				shown.Local.NotLogged = []string{shown.Statements[0].ID}
			}
			writeTimeline(&out, shown)
			if strings.Contains(out.String(), want) != notLogged {
				t.Errorf("%s: %s", kind, out.String())
			}
		}
	}
}
