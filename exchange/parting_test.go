package exchange

import (
	"testing"
	"time"

	"heed"
)

// What is told to whom: of three versions of which the second, in force, leaves
// east out, and of a third that waits.
func TestWhoIsToldWhat(t *testing.T) {
	const north, south, east, west, gone = "north.example", "south.example", "east.example", "west.example", "gone.example"
	at := func(minutes int) time.Time {
		return time.Date(2026, 11, 23, 12, minutes, 0, 0, time.UTC)
	}
	version := func(number byte, minutes int, parties ...heed.PartyID) KeptVersion {
		a := heed.Accord{ID: heed.VersionID{number}, Accord: heed.AccordID{1}, Number: uint64(number), Time: at(minutes)}
		if number > 1 {
			a.Parent = heed.VersionID{number - 1}
		}
		for _, p := range parties {
			a.Members = append(a.Members, heed.Member{Party: p})
		}
		return KeptVersion{Accord: a}
	}
	held := func(second, third heed.VersionState, started time.Time) AccordHeld {
		return AccordHeld{
			Versions: []KeptVersion{version(1, 0, north, south, east, gone), version(2, 20, north, south, gone), version(3, 40, north, south, west)},
			Standing: heed.Standing{
				Adopted: heed.VersionID{2},
				Parties: []heed.PartyStanding{{Party: gone, Presence: heed.PresenceGone, Leaves: at(10)}},
				Versions: []heed.VersionStanding{
					{ID: heed.VersionID{1}, State: heed.VersionSuperseded, Started: at(2)},
					{ID: heed.VersionID{2}, Parent: heed.VersionID{1}, State: second, Started: started},
					{ID: heed.VersionID{3}, Parent: heed.VersionID{2}, State: third},
				},
			},
		}
	}
	act := func(kind heed.AccordActKind, version byte, minutes int) heed.AccordAct {
		return heed.AccordAct{Kind: kind, Version: heed.VersionID{version}, Party: north, Time: at(minutes)}
	}
	acts := map[string]heed.AccordAct{
		"the first ratification": act(heed.AccordRatification, 1, 1),
		"the removal":            act(heed.AccordRatification, 2, 30),
		"a late reservation":     act(heed.AccordReservation, 2, 31),
		"a suspension":           act(heed.AccordSuspension, 2, 32),
		"an answer to the next":  act(heed.AccordDecline, 3, 41),
	}
	early := []string{"the first ratification", "the removal"}
	for what, c := range map[string]struct {
		held     AccordHeld
		party    heed.PartyID
		all      bool
		told     []string
		versions int
	}{
		"a member":                               {held: held(heed.VersionInForce, heed.VersionProposed, at(30)), party: south, all: true},
		"the next version asks in":               {held: held(heed.VersionInForce, heed.VersionProposed, at(30)), party: west, all: true},
		"what asked in came to nothing":          {held: held(heed.VersionInForce, heed.VersionFallen, at(30)), party: west, told: []string{"an answer to the next"}, versions: 3},
		"left out":                               {held: held(heed.VersionInForce, heed.VersionProposed, at(30)), party: east, told: early, versions: 2},
		"left out by what is not in force yet":   {held: held(heed.VersionAdopted, heed.VersionProposed, time.Time{}), party: east, told: append([]string{"a late reservation", "a suspension"}, early...), versions: 2},
		"withdrawn, and put into what came then": {held: held(heed.VersionInForce, heed.VersionProposed, at(30)), party: gone, told: early[:1], versions: 1},
	} {
		parting := c.held.partings().of(c.party)
		if (parting == nil) != c.all {
			t.Fatalf("%s: has left: %t", what, parting != nil)
		}
		told := map[string]bool{}
		for _, name := range c.told {
			told[name] = true
		}
		for name, a := range acts {
			if got := parting.tells(a); got != (c.all || told[name]) {
				t.Errorf("%s: is told %s: %t", what, name, got)
			}
			c.held.Acts = append(c.held.Acts, KeptAct{Act: a})
		}
		seen := parting.seen(c.held)
		if c.all {
			c.versions, told = 3, map[string]bool{"": true, "1": true, "2": true, "3": true, "4": true}
		}
		if len(seen.Versions) != c.versions || len(seen.Acts) != len(told) {
			t.Errorf("%s: %d versions and %d acts go with it", what, len(seen.Versions), len(seen.Acts))
		}
	}
}
