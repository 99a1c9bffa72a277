package exchange

import (
	"testing"
	"time"

	"heed"
)

// To whom something is sealed is remembered until anything is added, and no
// longer than until the next time that a version or an act names.
func TestSealableIsRemembered(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	later := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	held := AccordHeld{
		Versions: []KeptVersion{{Accord: heed.Accord{Time: later(-9), From: later(-8), Until: later(60), Notice: 15 * time.Minute}}},
		Acts:     []KeptAct{{Act: heed.AccordAct{Time: later(-5)}}},
	}
	if got := held.nextMoment(now); !got.Equal(later(10)) {
		t.Errorf("the next moment is %s: an act of withdrawal takes effect after notice", got)
	}
	if got := held.nextMoment(later(10)); !got.Equal(later(60)) {
		t.Errorf("then the next moment is %s, and the accord ends by its date", got)
	}
	if got := held.nextMoment(later(60)); !got.IsZero() {
		t.Errorf("after the end there is another moment, %s", got)
	}
	held.Acts = append(held.Acts, KeptAct{Act: heed.AccordAct{Time: later(-5), From: later(3), Until: later(4)}})
	if got := held.nextMoment(now); !got.Equal(later(3)) {
		t.Errorf("an act says from when it holds, and the next moment is %s", got)
	}

	var s sealables
	id, mark := heed.AccordID{1}, AccordMark{Version: 1, Act: 2}
	s.put(id, sealable{mark: mark, from: now, until: later(3)})
	for what, c := range map[string]struct {
		id   heed.AccordID
		mark AccordMark
		at   time.Time
		want bool
	}{
		"at once":                     {id, mark, now, true},
		"right before the moment":     {id, mark, later(3).Add(-time.Millisecond), true},
		"at the moment":               {id, mark, later(3), false},
		"with a clock that went back": {id, mark, later(-1), false},
		"with an act more":            {id, AccordMark{Version: 1, Act: 3}, now, false},
		"with a version more":         {id, AccordMark{Version: 4, Act: 2}, now, false},
		"of another accord":           {heed.AccordID{2}, mark, now, false},
	} {
		if _, ok := s.get(c.id, c.mark, c.at); ok != c.want {
			t.Errorf("%s it is remembered: %t", what, ok)
		}
	}
	for i := range 2 * mostSealable {
		s.put(heed.AccordID{3, byte(i)}, sealable{mark: mark, from: now})
	}
	if len(s.under) > mostSealable {
		t.Errorf("%d accords are remembered", len(s.under))
	}
	if _, ok := s.get(heed.AccordID{3, 2*mostSealable - 1}, mark, later(999)); !ok {
		t.Error("what no time ends is not remembered")
	}
}
