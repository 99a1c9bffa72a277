package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/exchange"
	"heed/seal"
	"heed/store"
	"heed/wire"
)

// printedCard is a card as `heed card --json` prints it.
type printedCard struct {
	Party       heed.PartyID `json:"party"`
	Serial      uint64       `json:"serial"`
	Fingerprint string       `json:"fingerprint"`
	Card        string       `json:"card,omitempty"`
}

func printed(note []byte) (printedCard, error) {
	card, err := wire.ParseCard(note)
	return printedCard{Party: card.Party, Serial: card.Serial, Fingerprint: seal.FingerprintOf(card.ID).String(), Card: string(note)}, err
}

func (a *app) cardCommand() *cobra.Command {
	var fingerprint, all bool
	var serial uint64
	c := &cobra.Command{
		Use: "card", Short: "Print the node's card, or its fingerprint",
		Long: `Print the node's card, or its fingerprint. An older card is found by its serial;
--all prints all of them, one after another, oldest first, as 'heed witness --log'
and 'heed policy --card' read them.`,
		Example: `  heed card > north.card
  heed card --fingerprint
  heed card --serial 4 > north-4.card`,
		RunE: func(c *cobra.Command, _ []string) error {
			if all && c.Flags().Changed("serial") {
				return &control.Fault{Exit: control.ExitInput, Message: "--serial names one card, and --all means all of them", Hint: "leave one of them out"}
			}
			if all {
				return a.printCards(c.Context(), fingerprint)
			}
			note, err := a.cardNote(c.Context(), serial)
			if err != nil {
				return err
			}
			card, err := printed(note)
			if err != nil {
				return err
			}
			if fingerprint {
				card.Card = ""
				return a.print(card, func(w io.Writer) { fmt.Fprintln(w, card.Fingerprint) })
			}
			return a.print(card, func(w io.Writer) { w.Write(note) })
		},
	}
	c.Flags().BoolVar(&fingerprint, "fingerprint", false, "print what people compare over the telephone")
	c.Flags().Uint64Var(&serial, "serial", 0, "the card with this serial (default the present one)")
	c.Flags().BoolVar(&all, "all", false, "every card that the node has had, oldest first")
	c.AddCommand(a.cardRenewCommand())
	return c
}

func (a *app) printCards(ctx context.Context, fingerprint bool) error {
	notes, err := a.cardNotes(ctx)
	if err != nil {
		return err
	}
	cards := []printedCard{}
	for _, note := range notes {
		card, err := printed(note)
		if err != nil {
			return err
		}
		if fingerprint {
			card.Card = ""
		}
		cards = append(cards, card)
	}
	return a.print(cards, func(w io.Writer) {
		for _, card := range cards {
			if fingerprint {
				fmt.Fprintf(w, "card %d: %s\n", card.Serial, card.Fingerprint)
			} else {
				fmt.Fprint(w, card.Card)
			}
		}
	})
}

// cardNote is one of the node's cards; serial 0: the present one.
func (a *app) cardNote(ctx context.Context, serial uint64) ([]byte, error) {
	if serial == 0 {
		var answer control.CardAnswer
		err := a.fromHome(ctx, "card", &answer, func(x *exchange.Exchange) (err error) {
			answer.Note, err = x.CardNote(ctx)
			return err
		})
		return answer.Note, err
	}
	notes, err := a.cardNotes(ctx)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		card, err := wire.ParseCard(note)
		if err != nil {
			return nil, err
		}
		if card.Serial == serial {
			return note, nil
		}
	}
	return nil, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("this node has no card %d", serial), Hint: "`heed card --all --fingerprint` lists those that it has"}
}

func (a *app) cardNotes(ctx context.Context) ([][]byte, error) {
	var answer control.CardsAnswer
	err := a.fromHome(ctx, "cards", &answer, func(x *exchange.Exchange) (err error) {
		answer.Notes, err = x.Cards(ctx)
		return err
	})
	return answer.Notes, err
}

// fromHome asks the node, or reads in the home while none runs. A node that is
// starting or ending answers no more and lets nobody in yet: that is waited out.
func (a *app) fromHome(ctx context.Context, verb string, out any, read func(*exchange.Exchange) error) error {
	const patience, pause = 3 * time.Second, 50 * time.Millisecond
	for end := time.Now().Add(patience); ; {
		err := a.call(ctx, verb, struct{}{}, out)
		if err == nil || !errors.Is(err, control.ErrNoNode) && !errors.Is(err, control.ErrWentAway) {
			return err
		}
		s, missing := readSettings(a.home)
		if missing != nil {
			return err
		}
		err = readStored(ctx, a.home, s.Party, read)
		if !errors.Is(err, store.ErrLocked) || time.Now().After(end) {
			return storeFault(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// readStored reads in the database of a home whose node does not run.
func readStored(ctx context.Context, home string, party heed.PartyID, read func(*exchange.Exchange) error) error {
	db, err := openDatabase(ctx, home)
	if err != nil {
		return err
	}
	return errors.Join(read(exchange.New(exchange.Parts{Party: party, Store: db})), db.Close())
}

// mostCardFile bounds a file of cards: `heed card --all` prints one after another.
const mostCardFile = 64 * (wire.MaxCard + 4096)

// cardFirst is a card's first line.
const cardFirst = "heed-card/v1\n"

// splitCards takes a file of cards apart. Within a card, its first line stands
// nowhere else: every other one has a name and a value.
func splitCards(file []byte) (notes [][]byte) {
	for {
		end := bytes.Index(file, []byte("\n"+cardFirst))
		if end < 0 {
			return append(notes, file)
		}
		notes, file = append(notes, file[:end+1]), file[end+1:]
	}
}
