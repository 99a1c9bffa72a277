package testnet

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"heed"
)

// Terms are those of an accord among the parties, to be proposed by the first:
// clocks of seconds, half as long as those of Seconds(), a reply within 10 s,
// and over half of them to ratify.
func Terms(name string, parties ...*Party) heed.Accord {
	a := heed.Accord{
		Name: name, Purpose: "Warnings among " + fmt.Sprint(len(parties)) + " desks", LegalBasis: "Memorandum of 1 May 2026",
		Purposes: []heed.Purpose{"prevention"}, Quorum: heed.OverHalf(len(parties)), Reply: 10 * time.Second,
		Ceiling: heed.Ceiling{TLP: heed.TLPRed}, Forwarding: heed.ForwardAsk,
		Disclosure: heed.Disclosure{Counts: heed.PublishAgreed, Times: heed.PublishNobody, Fields: heed.PublishNobody},
		End:        heed.Ending{Contents: heed.ContentsKeep, Watches: heed.WatchesDecide}, Limitation: 5 * 365 * 24 * time.Hour,
		Clocks: []heed.NamedClock{{Name: "normal", Clock: heed.Clock{}}},
	}
	for kind, times := range Seconds().Clock {
		halved := map[heed.Urgency]time.Duration{}
		for u, d := range times {
			halved[u] = d / 2
		}
		a.Clocks[0].Clock[kind] = halved
	}
	for _, p := range parties {
		a.Members = append(a.Members, heed.MemberOf(p.Card()))
	}
	return a
}

// AgreeOnAccords reports where two parties' views of the accords that both hold
// differ. Nil: nowhere. Call it when both have drained.
func AgreeOnAccords(a, b *Party, ids ...heed.AccordID) error {
	var errs []error
	for _, id := range ids {
		ours, err := a.Accord(context.Background(), id)
		if err != nil {
			return fmt.Errorf("%s: %w", a.ID, err)
		}
		theirs, err := b.Accord(context.Background(), id)
		if err != nil {
			return fmt.Errorf("%s: %w", b.ID, err)
		}
		if !reflect.DeepEqual(ours.Standing, theirs.Standing) {
			errs = append(errs, fmt.Errorf("accord %s: %s and %s differ:\n%+v\n%+v", id.Short(), a.ID, b.ID, ours.Standing, theirs.Standing))
		}
	}
	return errors.Join(errs...)
}
