package testnet

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// Agree reports where two parties' views of the cases between them differ:
// statements, duties, what waits or misfits, equivocations. Nil: nowhere. Call
// it when both have drained.
func Agree(a, b *Party) error {
	ours, err := casesWith(a, b.ID)
	if err != nil {
		return err
	}
	theirs, err := casesWith(b, a.ID)
	if err != nil {
		return err
	}
	var errs []error
	for id := range theirs {
		if _, ok := ours[id]; !ok {
			errs = append(errs, fmt.Errorf("case %s: %s has it and %s has not", id, b.ID, a.ID))
		}
	}
	for id, c := range ours {
		other, ok := theirs[id]
		if !ok {
			errs = append(errs, fmt.Errorf("case %s: %s has it and %s has not", id, a.ID, b.ID))
			continue
		}
		errs = append(errs, sameCase(a.ID, b.ID, c, other))
	}
	return errors.Join(errs...)
}

func casesWith(p *Party, other heed.PartyID) (map[heed.CaseID]heed.Case, error) {
	cases := map[heed.CaseID]heed.Case{}
	err := p.Store.Read(context.Background(), func(v exchange.View) error {
		rows, err := v.Cases(1 << 20)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Peer != other {
				continue
			}
			if cases[row.ID], err = v.Case(row.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return cases, err
}

func sameCase(a, b heed.PartyID, ours, theirs heed.Case) error {
	differ := func(what string, x, y any) error {
		if reflect.DeepEqual(x, y) {
			return nil
		}
		return fmt.Errorf("case %s: %s and %s differ in %s:\n%s\n%s", ours.Code, a, b, what, describe(x), describe(y))
	}
	return errors.Join(
		differ("statements", ours.Statements, theirs.Statements),
		differ("duties", ours.Duties, theirs.Duties),
		differ("what waits", ours.Waiting, theirs.Waiting),
		differ("what does not fit", ours.Misfits, theirs.Misfits),
		differ("equivocations", ours.Equivocations, theirs.Equivocations),
	)
}

func describe(v any) string {
	statements, ok := v.([]heed.Statement)
	if !ok {
		return fmt.Sprintf("  %+v", v)
	}
	text := ""
	for _, s := range statements {
		text += fmt.Sprintf("  %s %s by %s at %s\n", s.ID.Short(), s.Kind, s.Author, heed.FormatTime(s.Time))
	}
	return text
}

// CheckReceipts reports what in the party's cases is not receipted exactly
// once, and numbers of its outward channels that name no statement.
func CheckReceipts(p *Party) error {
	return p.Store.Read(context.Background(), func(v exchange.View) error {
		rows, err := v.Cases(1 << 20)
		if err != nil {
			return err
		}
		var errs []error
		for _, row := range rows {
			kept, err := v.KeptOf(row.ID)
			if err != nil {
				return err
			}
			receipts := map[heed.StatementID]int{}
			for _, k := range kept {
				if k.Statement.Kind == heed.KindReceipt {
					receipts[k.Statement.Answers[0]]++
				}
			}
			for _, k := range kept {
				if k.Statement.Kind.OwedReceipt() && k.Dropped == nil && receipts[k.Statement.ID] != 1 {
					errs = append(errs, fmt.Errorf("%s: %s statement %s has %d receipts", p.ID, k.Statement.Kind, k.Statement.ID.Short(), receipts[k.Statement.ID]))
				}
			}
		}
		return errors.Join(errs...)
	})
}

// CheckChannels reports numbers that to has not answered for of what from has
// sent under the present cards of both.
func CheckChannels(from, to *Party) error {
	ours, theirs := from.Card().Serial, to.Card().Serial
	var highest uint64
	err := from.Store.Read(context.Background(), func(v exchange.View) (err error) {
		highest, err = v.Highest(exchange.Channel{Peer: to.ID, OurCard: ours, TheirCard: theirs, Outward: true})
		return err
	})
	if err != nil {
		return err
	}
	return to.Store.Read(context.Background(), func(v exchange.View) error {
		inward := exchange.Channel{Peer: from.ID, OurCard: theirs, TheirCard: ours}
		missing, err := v.Missing(inward, 10)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			return fmt.Errorf("%s still misses numbers %v of %s", to.ID, missing, from.ID)
		}
		seen, err := v.Highest(inward)
		if err == nil && seen != highest {
			err = fmt.Errorf("%s gave numbers up to %d, and %s has seen %d", from.ID, highest, to.ID, seen)
		}
		return err
	})
}

// CheckLedger replays a party's ledger, finds the leaf of each of its statements
// under the slot that DESIGN 4 gives it, verifies the published checkpoint, and
// compares the mirrors of it that the others hold.
func CheckLedger(p *Party, mirrors ...*Party) error {
	ctx := context.Background()
	if _, err := p.Exchange.CheckLedger(ctx, func(_, _ int64) {}); err != nil {
		return fmt.Errorf("%s: %w", p.ID, err)
	}
	var head exchange.Head
	err := p.Store.Read(ctx, func(v exchange.View) (err error) {
		if head, err = v.Head(); err != nil {
			return err
		}
		return checkSlots(p.ID, len(p.Keys.ledgers)-1, v)
	})
	if err != nil {
		return fmt.Errorf("ledger of %s: %w", p.ID, err)
	}
	origin := p.Keys.ledgers[0].Name()
	own, err := ledger.ParseCheckpoint(head.Note, origin, p.Keys.ledgers[0].Verifier())
	if err != nil {
		return fmt.Errorf("checkpoint of %s: %w", p.ID, err)
	}
	for _, m := range mirrors {
		err := m.Store.Read(ctx, func(v exchange.View) error {
			held, err := v.MirrorHead(origin)
			if err != nil {
				return err
			}
			mirrored, err := ledger.ParseCheckpoint(held.Note, origin, p.Keys.ledgers[0].Verifier())
			if err != nil {
				return err
			}
			tree, err := v.MirrorTree(origin)
			if err != nil {
				return err
			}
			if !mirrored.Same(own) || tree.Root() != own.Root {
				return fmt.Errorf("mirrored %d leaves with root %v, published are %d with root %v", mirrored.Size, tree.Root(), own.Size, own.Root)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("ledger of %s at %s: %w", p.ID, m.ID, err)
		}
	}
	return nil
}

// checkSlots computes each statement's tags anew, from the documents alone.
func checkSlots(party heed.PartyID, former int, v exchange.View) error {
	rows, err := v.Cases(1 << 20)
	if err != nil {
		return err
	}
	tags := map[ledger.Tag]heed.StatementID{}
	for _, row := range rows {
		c, err := v.Case(row.ID)
		if err != nil {
			return err
		}
		kept, err := v.KeptOf(row.ID)
		if err != nil {
			return err
		}
		keys := map[heed.StatementID]ledger.Key{}
		for _, k := range kept {
			keys[k.Statement.ID] = k.Key
		}
		for _, k := range kept {
			if k.Statement.Author != party || k.Dropped != nil {
				continue
			}
			for slot, of := range expectedSlots(c, k.Statement) {
				tag := ledger.SlotTag(keys[of], slot.name, uint8(slot.rung), of)
				if other, ok := tags[tag]; ok {
					return fmt.Errorf("statements %s and %s share a tag", other.Short(), k.Statement.ID.Short())
				}
				tags[tag] = k.Statement.ID
				if err := leafOpens(party, former, v, tag, keys[of], k.Note); err != nil {
					return fmt.Errorf("%s statement %s under %q: %w", k.Statement.Kind, k.Statement.ID.Short(), slot.name, err)
				}
			}
		}
	}
	return nil
}

// slot is what a statement is logged as, and for which rung.
type slot struct {
	name ledger.Slot
	rung int
}

// expectedSlots is which slot of which statement s takes. Where it discharges
// one kind of duty for several statements, it is looked for under one of them.
func expectedSlots(c heed.Case, s heed.Statement) map[slot]heed.StatementID {
	if s.Kind == heed.KindReceipt {
		return map[slot]heed.StatementID{{name: ledger.SlotReceipt}: s.Answers[0]}
	}
	slots := map[slot]heed.StatementID{}
	for _, d := range c.Duties {
		if d.Discharge == s.ID {
			slots[slot{ledger.Slot(d.Kind.Base()), d.Kind.Rung()}] = d.From
		}
	}
	if len(slots) > 0 {
		return slots
	}
	if s.Kind == heed.KindRecall {
		return map[slot]heed.StatementID{{name: ledger.SlotRecalled}: heed.StatementID(c.ID)}
	}
	return map[slot]heed.StatementID{{name: ledger.SlotSent}: s.ID}
}

func leafOpens(party heed.PartyID, former int, v exchange.View, tag ledger.Tag, key ledger.Key, note []byte) error {
	index, err := v.LeafIndex(tag)
	read := v.Leaves
	for number := 1; errors.Is(err, exchange.ErrNotFound) && number <= former; number++ {
		origin := ledger.Origin(string(party), number)
		marks, err2 := v.MirrorMap(origin)
		if err2 != nil {
			return err2
		}
		at, found, err2 := marks.Lookup(tag)
		if err2 != nil {
			return err2
		}
		if found {
			index, err = at, nil
			read = func(from, to int64) ([][]byte, error) { return v.MirrorLeaves(origin, from, to) }
		}
	}
	if err != nil {
		return fmt.Errorf("its leaf: %w", err)
	}
	leaves, err := read(index, index+1)
	if err != nil {
		return err
	}
	leaf, err := ledger.ParseLeaf(leaves[0])
	if err != nil {
		return err
	}
	if !leaf.Opens(key, wire.SignedDigest(note)) {
		return errors.New("its leaf commits to something else")
	}
	return nil
}

// CheckAll is every check of everybody, once the net has drained and mirrored.
func (n *Net) CheckAll() error {
	var errs []error
	for _, p := range n.Parties {
		var others []*Party
		for _, other := range n.Parties {
			if other != p {
				others = append(others, other)
				errs = append(errs, Agree(p, other), CheckChannels(p, other))
			}
		}
		errs = append(errs, CheckReceipts(p), CheckLedger(p, others...))
	}
	return errors.Join(errs...)
}

// Settle heals the network, drains it, has everybody publish and mirror, and
// runs every check.
func (n *Net) Settle() error {
	n.Network.Heal()
	var err error
	for range 3 {
		if err := n.Drain(3 * time.Minute); err != nil {
			return err
		}
		if err := n.Mirror(); err != nil {
			return err
		}
		// The nodes go on while they are compared: a reminder that was just
		// signed is on its way. What does not agree for good does not agree later.
		if err = n.CheckAll(); err == nil {
			return nil
		}
		time.Sleep(time.Second)
	}
	return err
}
