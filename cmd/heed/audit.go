package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/audit"
	"heed/control"
	"heed/exchange"
	"heed/ledger"
	"heed/peer"
	"heed/seal"
	"heed/wire"
	"heed/witness"
)

type auditOptions struct {
	card        string
	witnesses   []string
	checkpoints []string
	state       string
	out         string
}

func (a *app) auditCommand() *cobra.Command {
	var o auditOptions
	c := &cobra.Command{
		Use: "audit URL", Short: "Look through another party's whole ledger", Args: cobra.ExactArgs(1),
		Long: `Look through another party's whole ledger: fetch every leaf, make tree and map
anew, and hold it against heads that others have of it. URL is the ledger's
tiles address (http://HOST:PORT), or with --card the party's endpoint.

What is inconsistent is written as a proof that 'heed verify' reads, one file
for each finding, and the exit status is 5.`,
		Example: `  heed audit http://south.example:7002 --witness http://w1.example:7100 --state south.head
  heed audit https://south.example:7001 --card south.card --out south.inconsistency`,
		RunE: func(c *cobra.Command, args []string) error { return a.audit(c.Context(), args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.card, "card", "", "CARD file of the party, whose fingerprint you have compared (default: the card that the ledger's server shows)")
	f.StringArrayVar(&o.witnesses, "witness", nil, "URL of a witness (heed witness) whose copy is compared")
	f.StringArrayVar(&o.checkpoints, "checkpoint", nil, "FILE with a checkpoint of the ledger that somebody holds")
	f.StringVar(&o.state, "state", "", "FILE that keeps the head of this audit, for the next one to be held against")
	f.StringVar(&o.out, "out", "inconsistency.evidence", "FILE for the proof of what is found; a number is added to further ones")
	return c
}

// auditAnswer is the report with the files that prove its findings.
type auditAnswer struct {
	audit.Report
	Card        uint64         `json:"card"` // its serial
	Fingerprint string         `json:"fingerprint"`
	Findings    []auditFinding `json:"findings"`
}

type auditFinding struct {
	audit.Finding
	Proof string `json:"proof,omitempty"` // the file
}

func (a *app) audit(ctx context.Context, url string, o auditOptions) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16 // as many bundles are fetched at a time
	client := &http.Client{Timeout: time.Minute, Transport: transport}
	defer client.CloseIdleConnections()
	courier := peer.NewClient(peer.ClientOptions{Now: time.Now})
	defer courier.Close()
	order, err := auditOrder(ctx, client, courier, url, o)
	if err != nil {
		return err
	}
	if order.Views, err = auditViews(ctx, client, order.Card, o); err != nil {
		return err
	}
	done := a.busy("auditing " + string(order.Card.Party))
	report, err := audit.Run(ctx, order)
	done()
	if err != nil {
		return auditFault(ctx, err)
	}
	answer, err := writeFindings(o.out, order.Card, report)
	if err != nil {
		return err
	}
	if o.state != "" && len(report.Findings) == 0 {
		if err := writeWhole(o.state, report.Checkpoint); err != nil {
			return fileFault("--state: ", err)
		}
	}
	if err := a.print(answer, answer.text); err != nil {
		return err
	}
	return answer.fault()
}

// auditFault says what to do about an audit that did not come to its end.
func auditFault(ctx context.Context, err error) error {
	fault := &control.Fault{Exit: control.ExitUnreachable, Message: err.Error(), Hint: "is the address that of the party's ledger, and does it answer?"}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, audit.ErrTooLarge):
		fault.Exit, fault.Hint = control.ExitFault, "witnesses that mirror the ledger replay it as it grows"
	case errors.Is(err, ledger.ErrSignature):
		fault.Exit, fault.Hint = control.ExitEvidence, "somebody else signs this ledger, or the party has a newer card: compare its fingerprint, and name it with --card"
	case errors.Is(err, ledger.ErrOrigin):
		fault.Exit, fault.Hint = control.ExitInput, "is this the address of the party whose card it is? A ledger that has ended is read at ADDRESS/mirror/ORIGIN or at WITNESS/logs/ORIGIN, with the card that names it"
	}
	return fault
}

func (r auditAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%s, card %d: %s\n", r.Party, r.Card, r.Fingerprint)
	fmt.Fprintf(w, "%s: %d leaves, %d map roots\n", r.Origin, r.Leaves, r.Roots)
	if r.Ended {
		fmt.Fprintln(w, "it has ended: a newer card of the party names the one that follows")
	}
	for _, from := range r.Compared {
		fmt.Fprintf(w, "compared with what %s holds\n", plain(from))
	}
	for _, found := range r.Findings {
		switch {
		case found.Lie == "":
			fmt.Fprintf(w, "NOT IN ORDER, which proves nothing: %s\n", plain(found.What))
		case found.Proof == "":
			fmt.Fprintf(w, "INCONSISTENT: %s\n", plain(found.What))
		default:
			fmt.Fprintf(w, "INCONSISTENT: %s\n  proof: %s\n", plain(found.What), found.Proof)
		}
	}
	if len(r.Findings) == 0 {
		fmt.Fprintln(w, "consistent")
	}
}

func (r auditAnswer) fault() error {
	if len(r.Findings) == 0 {
		return nil
	}
	for _, found := range r.Findings {
		if found.Lie != "" {
			return &control.Fault{Exit: control.ExitEvidence, Message: "the ledger is inconsistent", Hint: "a proof is verified with `heed verify`; keep it, and speak to the party"}
		}
	}
	return &control.Fault{Exit: control.ExitEvidence, Message: "the ledger is not as it should be", Hint: "audit it again, and from a witness's copy (URL/logs/ORIGIN with --card); then ask the party"}
}

// auditOrder finds the party's card and where its ledger is read.
func auditOrder(ctx context.Context, client *http.Client, courier *peer.Client, url string, o auditOptions) (audit.Order, error) {
	url = strings.TrimSuffix(url, "/")
	var order audit.Order
	var err error
	switch {
	case o.card != "":
		order.CardNote, err = readBounded(o.card, wire.MaxCard+1024)
	case strings.HasPrefix(url, "http://"):
		order.CardNote, err = cardOf(ctx, client, url)
	default:
		err = &control.Fault{Exit: control.ExitInput, Message: url + " is an endpoint, whose key stands in the party's card", Hint: "add --card FILE, or name the ledger's tiles address, http://HOST:PORT"}
	}
	if err != nil {
		return order, err
	}
	if order.Card, err = wire.ParseCard(order.CardNote); err != nil {
		return order, &control.Fault{Exit: control.ExitInput, Message: "card: " + err.Error(), Hint: "a card is what `heed card` prints"}
	}
	if strings.HasPrefix(url, "http://") {
		order.Fetch = ledger.FetchHTTP(client, url)
		return order, nil
	}
	key, err := seal.ParseVerifyKey(order.Card.LedgerKey)
	if err != nil {
		return order, err
	}
	card := order.Card
	card.Endpoint = url
	order.Fetch = func(ctx context.Context, path string) ([]byte, error) {
		return courier.Resource(ctx, card, key.Name(), path) // by its name: a ledger that has ended is there, too
	}
	return order, nil
}

// maxAuditCard is a card's text with its two signature lines.
const maxAuditCard = wire.MaxCard + 2<<10

// cardOf asks the server of a ledger for its party's cards and takes the newest
// that names the ledger: a party that has gone on in another one has newer cards.
func cardOf(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	notes, origin, err := cardsAt(ctx, client, url)
	if err != nil {
		return nil, err
	}
	for _, note := range slices.Backward(notes) {
		if origin == "" {
			return note, nil // the present ledger
		}
		card, err := wire.ParseCard(note)
		if err != nil {
			return nil, &control.Fault{Exit: control.ExitUnreachable, Message: url + ": card: " + err.Error(), Hint: "add --card FILE"}
		}
		if key, err := seal.ParseVerifyKey(card.LedgerKey); err == nil && key.Name() == origin {
			return note, nil
		}
	}
	return nil, &control.Fault{Exit: control.ExitUnreachable, Message: url + ": its server shows no card that names this ledger", Hint: "add --card FILE"}
}

// cardsAt are a party's cards, oldest first, as the server of a ledger shows
// them: a witness for its copies, a node for its own ledgers. origin is that of
// the ledger where the address names one.
func cardsAt(ctx context.Context, client *http.Client, url string) (notes [][]byte, origin string, err error) {
	const scheme = "http://"
	address := strings.TrimPrefix(url, scheme) // whose host may be called logs
	if base, named, found := strings.Cut(address, witness.LogsPath); found {
		party, _, err := ledger.ParseOrigin(named)
		if err != nil {
			return nil, "", &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "a witness's copy is at URL" + witness.LogsPath + "south.example/v1"}
		}
		notes, err = witnessedCards(ctx, client, scheme+base, party)
		return notes, named, err
	}
	base, origin, _ := strings.Cut(address, "/mirror/")
	const most, size = 4096, 32 << 20 // as a peer reads
	list, err := getBounded(ctx, client, scheme+base+"/cards", size)
	if err != nil {
		return nil, "", err
	}
	if notes, err = wire.SplitNotes(list, most, maxAuditCard); err != nil {
		return nil, "", &control.Fault{Exit: control.ExitUnreachable, Message: scheme + base + "/cards: " + err.Error(), Hint: "try again, or add --card FILE"}
	}
	return notes, origin, nil
}

// witnessedCards are the cards that a witness holds of a party, page by page.
// Its signature on them is not looked at: nobody has said whose it is to be.
func witnessedCards(ctx context.Context, client *http.Client, base, party string) (notes [][]byte, err error) {
	bad := func(why any) ([][]byte, error) {
		return nil, &control.Fault{Exit: control.ExitUnreachable, Message: fmt.Sprintf("the cards of %s at %s: %v", party, base, why), Hint: "add --card FILE"}
	}
	const pages = 512
	after := uint64(0)
	for range pages {
		list, err := getBounded(ctx, client, fmt.Sprintf("%s%s%s/%d", base, witness.CardsPath, party, after), exchange.MaxShown)
		if err != nil {
			return nil, err
		}
		page, err := wire.SplitNotes(list, 1+exchange.MaxShownCards, maxAuditCard)
		if err != nil {
			return bad(err)
		}
		if len(page) < 2 {
			return notes, nil
		}
		notes = append(notes, page[1:]...)
		last, err := wire.ParseCard(notes[len(notes)-1])
		if err != nil {
			return bad(err)
		}
		if last.Serial <= after {
			return bad("they do not end")
		}
		after = last.Serial
	}
	return bad("there are too many")
}

func getBounded(ctx context.Context, client *http.Client, url string, most int64) ([]byte, error) {
	unreachable := func(err any) error {
		return &control.Fault{Exit: control.ExitUnreachable, Message: fmt.Sprintf("%s: %v", url, err), Hint: "is the address right, and does the server run?"}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "write it like http://HOST:PORT"}
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, unreachable(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, unreachable(response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return nil, unreachable(err)
	}
	if int64(len(body)) > most {
		return nil, unreachable("the answer is too large")
	}
	return body, nil
}

// auditViews are the heads that others hold. They are read before the ledger's
// own: what it publishes in between is then no sign of anything.
func auditViews(ctx context.Context, client *http.Client, card heed.Card, o auditOptions) ([]audit.View, error) {
	key, err := seal.ParseVerifyKey(card.LedgerKey)
	if err != nil {
		return nil, err
	}
	var views []audit.View
	for _, url := range o.witnesses {
		fetch := ledger.FetchHTTP(client, strings.TrimSuffix(url, "/")+"/logs/"+key.Name())
		note, err := fetch(ctx, ledger.CheckpointPath)
		if err != nil {
			return nil, &control.Fault{Exit: control.ExitUnreachable, Message: url + ": " + err.Error(), Hint: "is it the address of a witness (heed witness), and does it follow the ledger?"}
		}
		if _, err := ledger.ParseCheckpoint(note, key.Name(), key); err != nil {
			return nil, &control.Fault{Exit: control.ExitUnreachable, Message: url + ": " + err.Error(), Hint: "this witness shows no head of the ledger: leave it out"}
		}
		views = append(views, audit.View{From: url, Checkpoint: note, Fetch: fetch})
	}
	files := o.checkpoints
	if o.state != "" {
		if _, err := os.Stat(o.state); err == nil {
			files = append(files, o.state)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fileFault("--state: ", err)
		}
	}
	for _, name := range files {
		note, err := readBounded(name, ledger.MaxCheckpointBytes)
		if err != nil {
			return nil, err
		}
		if _, err := ledger.ParseCheckpoint(note, key.Name(), key); err != nil {
			hint := "a checkpoint of " + key.Name() + " is meant"
			if errors.Is(err, ledger.ErrOrigin) {
				hint += ": where that has followed another ledger, name another --state FILE for it"
			}
			return nil, &control.Fault{Exit: control.ExitInput, Message: name + ": " + err.Error(), Hint: hint}
		}
		views = append(views, audit.View{From: name, Checkpoint: note})
	}
	return views, nil
}

// writeFindings writes each proof to a file of its own, and never over another proof.
func writeFindings(out string, card heed.Card, report audit.Report) (auditAnswer, error) {
	answer := auditAnswer{Report: report, Card: card.Serial, Fingerprint: seal.FingerprintOf(card.ID).String(), Findings: []auditFinding{}}
	number := 1
	for _, found := range report.Findings {
		written := auditFinding{Finding: found}
		if found.Bundle != nil {
			name, err := writeProof(out, &number, found.Bundle)
			if err != nil {
				return answer, fileFault("--out: ", err)
			}
			written.Proof = name
		}
		answer.Findings = append(answer.Findings, written)
	}
	return answer, nil
}

// writeProof writes to FILE, FILE.2, FILE.3, ..., from number on the first that
// is not there yet, or that is this very proof.
func writeProof(out string, number *int, proof []byte) (name string, err error) {
	for ; ; *number++ {
		name = out
		if *number > 1 {
			name = fmt.Sprintf("%s.%d", out, *number)
		}
		held, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return name, writeWhole(name, proof)
		case err != nil:
			return "", err
		case bytes.Equal(held, proof):
			return name, nil
		}
	}
}
