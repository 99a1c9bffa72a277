package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/audit"
	"heed/control"
	"heed/ledger"
	"heed/peer"
	"heed/seal"
	"heed/wire"
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
		fault.Exit, fault.Hint = control.ExitInput, "is this the address of the party whose card it is? A ledger that has ended is read at ADDRESS/mirror/ORIGIN, with the card that names it"
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
		order.CardNote, err = newestCard(ctx, client, url)
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

// newestCard asks the server of a ledger's tiles for the party's cards.
func newestCard(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	const most = 256 * (wire.MaxCard + 1024)
	body, err := getBounded(ctx, client, url+"/cards", most)
	if err != nil {
		return nil, err
	}
	var note []byte
	for len(body) >= 4 {
		size := int64(binary.BigEndian.Uint32(body))
		if size > int64(len(body)-4) {
			return nil, &control.Fault{Exit: control.ExitUnreachable, Message: url + "/cards is cut short", Hint: "try again"}
		}
		note, body = body[4:4+size], body[4+size:]
	}
	if note == nil {
		return nil, &control.Fault{Exit: control.ExitUnreachable, Message: url + " shows no card", Hint: "add --card FILE"}
	}
	return note, nil
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
