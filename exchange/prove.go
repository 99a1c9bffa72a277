package exchange

import (
	"context"
	"fmt"
	"time"

	"heed"
	"heed/evidence"
	"heed/ledger"
)

// ProofOrder says what is to be proven of a case.
type ProofOrder struct {
	Case  heed.CaseID
	Steps []string // kinds of statements or states of a case; none: every step

	// Open is what of the contents is opened: OpenAll, OpenNone, or paths of
	// the warning document.
	Open []string

	// Silence, where it is not empty, asks for the certificate that this duty of
	// the other party has no answer on record.
	Silence heed.DutyKind
	// Until is how long to go on asking witnesses for a time past the due time.
	Until time.Time
}

// What a ProofOrder opens without naming paths.
const (
	OpenAll  = "all"
	OpenNone = "none"
)

// Prove publishes what is due, has the ledgers of both parties cosigned anew,
// and gathers the evidence file. The other party is not needed.
//
// Nobody is waited for longer than about a minute, whatever hangs, but for the time that
// order.Until allows for an absence to tell anything. Errors: ErrNotFound for
// an unknown case, *heed.Invalid for what cannot be proven of it.
func (x *Exchange) Prove(ctx context.Context, order ProofOrder) (Proof, error) {
	for {
		scattered, err := x.freshen(ctx, order.Case)
		if err != nil {
			return Proof{}, err
		}
		g, err := x.gather(ctx, order, scattered)
		if err != nil {
			return Proof{}, err
		}
		// The witnesses' clocks count in seconds and are not ours: a moment is left
		// for them to pass the time from which the absence tells anything.
		now := x.Now()
		next := now.Add(2 * time.Second)
		if g.ripe.After(now) {
			next = g.ripe.Add(2 * time.Second)
		}
		if g.ripe.IsZero() || g.shown.After(g.ripe) || next.After(order.Until) {
			return g.finish(next)
		}
		if err := pause(ctx, next.Sub(now)); err != nil {
			return Proof{}, err
		}
	}
}

// Proof is an evidence file, and what a verifier would make of it who believes
// the witnesses that we believe.
type Proof struct {
	File   []byte
	Report evidence.Report
	// Ripe is from when on the absence that was asked for tells anything; zero
	// where that does not depend on time.
	Ripe time.Time
}

// finish writes the file and judges it.
func (g *gathering) finish(next time.Time) (p Proof, err error) {
	if p.File, err = g.bundle.Encode(); err != nil {
		return p, fmt.Errorf("evidence of case %s: %w", g.c.Code.Spoken(), err)
	}
	if p.Ripe = g.ripe; !g.ripe.IsZero() {
		p.Ripe = next
	}
	if len(g.policy.Groups) == 0 {
		return p, nil // without witnesses nobody dates anything
	}
	p.Report, err = evidence.Verify(g.policy, p.File)
	return p, err
}

// ownPolicy is that of somebody who believes our witnesses, and pins the cards
// that we hold.
func (g *gathering) ownPolicy() (policy evidence.Policy, err error) {
	counting, err := g.counting()
	if err != nil || len(counting) == 0 {
		return policy, err
	}
	const group = "ours"
	var names []string
	for _, w := range counting {
		names = append(names, w.Name)
		for _, key := range w.Keys {
			policy.Witnesses = append(policy.Witnesses, evidence.PolicyWitness{Name: w.Name, Key: key})
		}
	}
	policy.Groups = []evidence.PolicyGroup{{Name: group, Quorum: ledger.DefaultQuorum(len(names)), Members: names}}
	for _, party := range []heed.PartyID{g.c.Warner, g.c.Warned} {
		card, err := g.x.newestCard(g.v, party)
		if err != nil {
			return policy, err
		}
		policy.Parties = append(policy.Parties, evidence.PolicyParty{Party: party, Card: card.ID, Group: group})
	}
	return policy, nil
}

// counting are our witnesses whose word counts.
func (g *gathering) counting() ([]ledger.Witness, error) {
	all, err := g.v.Witnesses()
	if err != nil {
		return nil, err
	}
	return listWitnesses(mirroring(all))
}

// gather fills a bundle from one snapshot.
func (x *Exchange) gather(ctx context.Context, order ProofOrder, scattered map[string][]Head) (g *gathering, err error) {
	err = x.store.Read(ctx, func(v View) error {
		g = &gathering{x: x, v: v, bundle: &evidence.Bundle{}, scattered: scattered}
		if err := g.begin(order.Case); err != nil {
			return err
		}
		if order.Silence == "" {
			return g.steps(order)
		}
		return g.silence(order.Silence)
	})
	return g, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
