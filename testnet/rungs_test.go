package testnet

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
)

// Two rungs of every ladder must acknowledge, each for itself. The first does;
// the second is told on arrival, reminded, and its silence is a certificate of
// its own, while what the first gave is on record.
func TestEachRungForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 61}, north, south, east)
		net.AddWitnesses(4)
		net.Start()
		time.Sleep(3 * time.Second)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		terms := Terms("Three desks", net.Parties...)
		ladder := terms.Members[0].Ladder
		terms.Acknowledge = []string{ladder[1].Role, ladder[0].Role}
		accord := propose(t, n, terms).Accord
		for _, p := range net.Parties[1:] {
			reach(t, p, accord, heed.AccordProposed)
			declare(t, p, accord, heed.AccordRatification)
		}
		for _, p := range net.Parties {
			reach(t, p, accord, heed.AccordInForce)
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err) // it is in force once over half have ratified
		}
		warned, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: accord, Warning: Warning("To both")})
		if err != nil {
			t.Fatal(err)
		}
		at := func(p *Party) heed.CaseID { return warned.Cases[slices.Index(warned.To, p.ID)] }
		id, other := at(s), at(e)
		from := heed.StatementID(id)
		waitFor(t, n, id, heed.StateReceived)
		waitFor(t, s, id, heed.StateNotified)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for rung := 1; rung <= 2; rung++ {
			told := s.Notices.About(id, heed.OfRung(rung), from)
			if len(told) == 0 || told[0].Level != 0 || told[0].Rung.Role != ladder[rung-1].Role {
				t.Errorf("on arrival rung %d is told %+v", rung, told)
			}
		}
		if d, ok := s.Case(id).Duty(heed.DutyAcknowledge, from); ok {
			t.Errorf("the party owes one, too: %+v", d)
		}

		first := do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		if first.Level != 1 || first.Role != ladder[0].Role {
			t.Errorf("acknowledged for rung %d, %q", first.Level, first.Role)
		}
		if _, err := s.Acknowledge(t.Context(), Anna, id, false); !isRefused(err) {
			t.Errorf("the first rung acknowledges again: %v", err)
		}
		if _, err := s.AcknowledgeFor(t.Context(), Anna, id, ladder[2].Role, false); !isRefused(err) {
			t.Errorf("a rung that owes none acknowledges: %v", err)
		}
		do(t)(s.Assess(t.Context(), Anna, id, heed.NotCredible, ""))
		for _, role := range []string{ladder[1].Role, ""} {
			do(t)(e.AcknowledgeFor(t.Context(), Anna, other, role, false))
		}
		waitFor(t, n, other, heed.StateAcknowledged)
		waitFor(t, n, id, heed.StateAssessed)
		time.Sleep(8 * time.Second)

		c := n.Case(id)
		if _, done := c.Reached()[heed.StateAcknowledged]; done {
			t.Error("acknowledged, and a rung has not")
		}
		d, ok := c.Duty(heed.OfRung(2), from)
		if !ok || d.State(time.Now()) != heed.DutyOverdue || d.Level == 0 {
			t.Fatalf("rung 2 owes %+v", d)
		}
		var reminded []string
		for _, said := range c.Statements {
			if said.Kind == heed.KindReminder && said.Duties[0].Kind == heed.OfRung(2) {
				reminded = append(reminded, said.Role)
			}
		}
		if len(reminded) == 0 || slices.Contains(reminded, ladder[0].Role) {
			t.Errorf("reminded: %v", reminded)
		}

		file := certificate(t, n, id, heed.OfRung(2))
		v := says(t, evidence.Silent, present(t, net), file)
		if v.Duty != heed.OfRung(2) || v.OwedBy != south || !v.Due.Equal(d.Due) {
			t.Errorf("%+v", v)
		}
		// Who asks about acknowledging alone asks about the rung that has not.
		if v := says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge)); v.Duty != heed.OfRung(2) {
			t.Errorf("%+v", v)
		}
		says(t, evidence.Answered, present(t, net), certificate(t, n, id, heed.OfRung(1)))

		late := do(t)(s.AcknowledgeFor(t.Context(), Anna, id, ladder[1].Role, true))
		waitFor(t, n, id, heed.StateAcknowledged)
		if d, _ := n.Case(id).Duty(heed.OfRung(2), from); d.Discharge != late.ID || d.State(time.Now()) != heed.DutyDischargedLate {
			t.Errorf("rung 2: %+v", d)
		}
		if _, err := s.Acknowledge(t.Context(), Anna, id, false); !isRefused(err) {
			t.Errorf("acknowledged again: %v", err)
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, p := range net.Parties[1:] {
			if err := Agree(n, p); err != nil {
				t.Error(err)
			}
		}
	})
}

// A reminder to a role that has a key of its own is sealed to that key, too, and
// nothing else is.
func TestRemindersToARoleOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 62}, north, south)
		net.Start()
		n, s := net.Parties[0], net.Parties[1]
		terms := Terms("Two desks", net.Parties...)
		keys := map[string]seal.SealingKey{}
		terms.RoleKeys = true
		for i := range terms.Members {
			m := &terms.Members[i]
			for _, rung := range m.Ladder {
				key, err := seal.NewSealingKey()
				if err != nil {
					t.Fatal(err)
				}
				m.Keys = append(m.Keys, heed.RoleKey{Role: rung.Role, Key: key.Recipient().String()})
				keys[string(m.Party)+" "+rung.Role] = key
			}
		}
		accord := propose(t, n, terms).Accord
		reach(t, s, accord, heed.AccordProposed)
		declare(t, s, accord, heed.AccordRatification)
		reach(t, n, accord, heed.AccordInForce)
		reach(t, s, accord, heed.AccordInForce)
		warned, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: accord, Warning: Warning("Never acknowledged")})
		if err != nil {
			t.Fatal(err)
		}
		id := warned.Cases[0]
		waitFor(t, s, id, heed.StateReminded)
		time.Sleep(10 * time.Second)

		exported, err := n.Export(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		reminders := 0
		for _, sealed := range exported.Envelopes {
			in := bytes.NewReader(sealed)
			h, err := wire.ReadHeader(in)
			if err != nil {
				t.Fatal(err)
			}
			e, err := wire.ReadBody(in, h)
			if err != nil {
				t.Fatal(err)
			}
			parts, err := e.Open(s.Keys.Sealing()...)
			if err != nil {
				t.Fatalf("south's own key does not open it: %v", err)
			}
			said, err := wire.ParseStatement(parts[0].Data)
			if err != nil {
				t.Fatal(err)
			}
			for whose, key := range keys {
				_, err := e.Open(key)
				opens := said.Kind == heed.KindReminder && whose == "south.example "+said.Role
				if (err == nil) != opens {
					t.Errorf("%s to %q: the key of %s: %v", said.Kind, said.Role, whose, err)
				}
			}
			if said.Kind == heed.KindReminder {
				reminders++
			}
		}
		if reminders < 2 {
			t.Errorf("%d reminders", reminders)
		}
	})
}
