package main

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/notify"
)

// kept is a channel that keeps what it was given.
type kept struct{ notes []notify.Notice }

func (k *kept) Name() string { return "kept" }

func (k *kept) Send(_ context.Context, n notify.Notice) error {
	k.notes = append(k.notes, n)
	return nil
}

// A notice names whom to ring only where that is somebody else than who is told: a
// role of the same name at the other party is.
func TestNoticesNameWhomToRing(t *testing.T) {
	k := &kept{}
	told := &teller{routes: notify.Routes{{Channel: k}}, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	desk := heed.Rung{Role: "duty-desk", Telephone: "+00 555 0100"}
	for _, test := range []struct {
		owes heed.PartyID
		ring string // role
		want string
	}{{"north.example", "duty-desk", ""}, {"north.example", "supervisor", "supervisor"}, {"south.example", "duty-desk", "duty-desk"}} {
		ring := desk
		ring.Role = test.ring
		n := exchange.Notice{ID: "n-1", Code: "7K3MQ2XA", Party: "north.example", Peer: "south.example", Duty: heed.DutyAcknowledge, OwedBy: test.owes, Due: time.Now(), Rung: desk, Ring: ring}
		if _, err := told.Notify(t.Context(), n, time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := k.notes[len(k.notes)-1]; got.Ring != test.want || got.Telephone != desk.Telephone {
			t.Errorf("%s owes it, and %s is to be rung: told %q, %s", test.owes, test.ring, got.Ring, got.Telephone)
		}
	}
}
