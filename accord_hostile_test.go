package heed

import (
	"encoding/binary"
	"testing"
	"time"
)

// A version whose proposer says that it was signed and over before the first
// one was known ends nothing, nor does a decline of it that is dated back.
func TestNobodyEndsAnAccordBeforeItBegan(t *testing.T) {
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	id := VersionID{1}
	members := []Member{{Party: "north.example"}, {Party: "south.example"}, {Party: "east.example"}}
	first := Accord{ID: id, Number: 1, Proposer: "north.example", Time: at, Node: "x", Quorum: 2, Members: members}
	var acts []AccordAct
	for i, m := range members {
		acts = append(acts, AccordAct{ID: AccordActID{byte(i + 1)}, Kind: AccordRatification, Accord: AccordID(id), Version: id, Party: m.Party, Time: at.Add(time.Second)})
	}
	second := first
	second.ID, second.Accord, second.Parent, second.Number, second.Proposer = VersionID{2}, AccordID(id), id, 2, "east.example"
	second.MustRatify = []PartyID{"east.example"}
	for name, signed := range map[string]time.Time{"signed before": at.AddDate(-30, 0, 0), "signed after": at.Add(time.Minute)} {
		second.Time, second.Until = signed, at.AddDate(-20, 0, 0)
		decline := AccordAct{ID: AccordActID{9}, Kind: AccordDecline, Accord: AccordID(id), Version: second.ID, Party: "east.example", Time: at.AddDate(-36, 0, 0), Reason: "no"}
		s := StandingOf(AccordID(id), []Accord{first, second}, append(acts, decline), at.Add(time.Hour))
		if s.State == AccordEnded || s.InForce != id || len(s.Effective()) != 3 {
			t.Errorf("%s: it is %s (%s, %s) and binds %v", name, s.State, s.Why, s.Ended, s.Effective())
		}
	}
}

// Whoever ratifies everything is shown to equivocate with one proof a version.
func TestOneProofForEachVersion(t *testing.T) {
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	first := Accord{ID: VersionID{1}, Number: 1, Proposer: "north.example", Time: at, Node: "x", Quorum: 2,
		Members: []Member{{Party: "north.example"}, {Party: "south.example"}}}
	versions := []Accord{first}
	var acts []AccordAct
	const siblings = 100
	for i := range siblings {
		v := first
		v.Accord, v.Parent, v.Number, v.ID = AccordID(first.ID), first.ID, 2, VersionID{2}
		binary.BigEndian.PutUint64(v.ID[8:], uint64(i))
		v.Time = at.Add(time.Duration(i) * time.Millisecond)
		versions = append(versions, v)
		acts = append(acts, AccordAct{ID: AccordActID(v.ID), Kind: AccordRatification, Accord: AccordID(first.ID), Version: v.ID, Party: "north.example", Time: v.Time})
	}
	s := StandingOf(AccordID(first.ID), versions, acts, at.Add(time.Hour))
	if n := len(s.Equivocations); n != siblings-1 {
		t.Errorf("%d proofs of %d versions that exclude each other", n, siblings)
	}
	for _, v := range s.Versions[1:] {
		if got := s.Answer(v.ID, "north.example").Answer; got != AnswerEquivocated {
			t.Errorf("version %s: %s", v.ID.Short(), got)
		}
	}
}
