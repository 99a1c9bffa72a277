package testnet

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
)

// proven is north and south with witnesses, running. With four witnesses one
// may be faulty.
func proven(t *testing.T, options Options, witnesses int, story func(t *testing.T, net *Net, n, s *Party)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, options, north, south)
		net.AddWitnesses(witnesses)
		net.Start()
		time.Sleep(3 * time.Second)
		story(t, net, net.Parties[0], net.Parties[1])
	})
}

// pinning is the policy of somebody who has compared these cards and believes
// these witnesses.
func pinning(t *testing.T, witnesses []*Witness, cards ...heed.Card) evidence.Policy {
	t.Helper()
	var p evidence.Policy
	group := evidence.PolicyGroup{Name: "neutral", Quorum: ledger.DefaultQuorum(len(witnesses))}
	for _, w := range witnesses {
		p.Witnesses = append(p.Witnesses, evidence.PolicyWitness{Name: w.Name, Key: w.Key.Public(), URL: w.URL})
		group.Members = append(group.Members, w.Name)
	}
	p.Groups = []evidence.PolicyGroup{group}
	for _, c := range cards {
		p.Parties = append(p.Parties, evidence.PolicyParty{Party: c.Party, Card: c.ID, Group: group.Name})
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	return p
}

// present pins the present cards of all parties.
func present(t *testing.T, net *Net) evidence.Policy {
	t.Helper()
	var cards []heed.Card
	for _, p := range net.Parties {
		cards = append(cards, p.Card())
	}
	return pinning(t, net.Witnesses, cards...)
}

func prove(t *testing.T, p *Party, order exchange.ProofOrder) []byte {
	t.Helper()
	proof, err := p.Prove(context.Background(), order)
	file := proof.File
	if err != nil {
		t.Fatalf("%s proves: %v", p.ID, err)
	}
	if err := disjoint(file); err != nil {
		t.Fatalf("%s proves: %v", p.ID, err)
	}
	t.Logf("%s proves %s%v: %d bytes", p.ID, order.Silence, order.Steps, len(file))
	return file
}

// disjoint reads a file again.
func disjoint(file []byte) error {
	b, err := evidence.Parse(file)
	if err != nil {
		return err
	}
	again, err := b.Encode()
	if err == nil && string(again) != string(file) {
		err = errors.New("it is not written again as it was read")
	}
	return err
}

// certificate is that of a duty's silence, with a minute for the witnesses'
// clocks to pass its due time.
func certificate(t *testing.T, p *Party, id heed.CaseID, kind heed.DutyKind) []byte {
	t.Helper()
	return prove(t, p, exchange.ProofOrder{Case: id, Silence: kind, Until: time.Now().Add(time.Minute)})
}

// everything is evidence of all steps of a case, without its contents.
func everything(t *testing.T, p *Party, id heed.CaseID) []byte {
	t.Helper()
	return prove(t, p, exchange.ProofOrder{Case: id})
}

func verified(t *testing.T, policy evidence.Policy, files ...[]byte) evidence.Report {
	t.Helper()
	report, err := evidence.Verify(policy, files...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// judged is the verdict on the one claim of silence in the files.
func judged(t *testing.T, policy evidence.Policy, files ...[]byte) evidence.Verdict {
	t.Helper()
	var found []evidence.Verdict
	for _, v := range verified(t, policy, files...).Verdicts {
		if v.Claim == evidence.ClaimSilence {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d verdicts on silence: %+v", len(found), found)
	}
	return found[0]
}

// says checks the verdict on the one claim of silence in the files.
func says(t *testing.T, want evidence.Finding, policy evidence.Policy, files ...[]byte) evidence.Verdict {
	t.Helper()
	v := judged(t, policy, files...)
	if v.Verdict != want {
		t.Errorf("the verdict is %q (%s), want %q", v.Verdict, v.Why, want)
	}
	return v
}
