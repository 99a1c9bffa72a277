package exchange

import (
	"testing"
	"time"

	"heed"
)

// An officer who does not sign holds up what the node says for a bounded time.
func TestSigningGoesOn(t *testing.T) {
	var s signing
	id, now := heed.CaseID{1}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	first := s.begin(id, now)
	second := s.begin(id, now.Add(time.Minute))
	for at, want := range map[time.Duration]bool{0: true, MaxSigning: true, MaxSigning + time.Minute: true, MaxSigning + time.Minute + 1: false} {
		if got := s.goesOn(id, now.Add(at)); got != want {
			t.Errorf("after %s: %t", at, got)
		}
	}
	if s.goesOn(heed.CaseID{2}, now) {
		t.Error("another case waits, too")
	}
	second()
	if !s.goesOn(id, now) || s.goesOn(id, now.Add(MaxSigning+1)) {
		t.Error("one act ended the other")
	}
	first()
	if s.goesOn(id, now) || len(s.in) != 0 {
		t.Error("it goes on for good")
	}
	if _, ok := s.waits("a"); ok {
		t.Error("nobody was told")
	}
	s.wait("a", "mail")
	if via, ok := s.waits("a"); !ok || via != "mail" {
		t.Errorf("told by %q, %t", via, ok)
	}
	s.forget("a")
	if _, ok := s.waits("a"); ok {
		t.Error("it waits for good")
	}
}
