package main

import (
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

func (a *app) audit(ctx context.Context, url string, o auditOptions) error {
	client := &http.Client{Timeout: time.Minute}
	order, err := auditOrder(ctx, client, url, o)
	if err != nil {
		return err
	}
	if order.Views, err = auditViews(ctx, client, order.Card, o); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "%s, card %d: %s\n", order.Card.Party, order.Card.Serial, seal.FingerprintOf(order.Card.ID))
	done := a.busy("auditing " + string(order.Card.Party))
	report, err := audit.Run(ctx, order)
	done()
	if err != nil {
		return &control.Fault{Exit: control.ExitUnreachable, Message: err.Error(), Hint: "is the address that of the party's ledger, and does it answer?"}
	}
	files, err := writeFindings(o.out, report.Findings)
	if err != nil {
		return err
	}
	if o.state != "" && len(report.Findings) == 0 {
		if err := writeWhole(o.state, report.Checkpoint); err != nil {
			return fileFault("--state: ", err)
		}
	}
	err = a.print(report, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d leaves, %d map roots\n", report.Origin, report.Leaves, report.Roots)
		for _, from := range report.Compared {
			fmt.Fprintf(w, "compared with what %s holds\n", from)
		}
		for i, found := range report.Findings {
			fmt.Fprintf(w, "INCONSISTENT: %s\n", found.What)
			if files[i] != "" {
				fmt.Fprintf(w, "  proof: %s\n", files[i])
			}
		}
		if len(report.Findings) == 0 {
			fmt.Fprintln(w, "consistent")
		}
	})
	if err == nil && len(report.Findings) > 0 {
		return &control.Fault{Exit: control.ExitEvidence, Message: "the ledger is inconsistent", Hint: "what was found stands above; a proof is verified with `heed verify`"}
	}
	return err
}

// auditOrder finds the party's card and where its ledger is read.
func auditOrder(ctx context.Context, client *http.Client, url string, o auditOptions) (audit.Order, error) {
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
	card := order.Card
	card.Endpoint = url
	courier := peer.NewClient(peer.ClientOptions{Now: time.Now})
	order.Fetch = func(ctx context.Context, path string) ([]byte, error) { return courier.Resource(ctx, card, "", path) }
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

// auditViews are the heads that others hold.
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
			return nil, &control.Fault{Exit: control.ExitUnreachable, Message: url + ": " + err.Error(), Hint: "does this witness follow the ledger?"}
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
			return nil, &control.Fault{Exit: control.ExitInput, Message: name + ": " + err.Error(), Hint: "a checkpoint of this ledger is meant"}
		}
		views = append(views, audit.View{From: name, Checkpoint: note})
	}
	return views, nil
}

// writeFindings writes each proof to a file of its own.
func writeFindings(out string, findings []audit.Finding) ([]string, error) {
	files := make([]string, len(findings))
	written := 0
	for i, found := range findings {
		if found.Bundle == nil {
			continue
		}
		name := out
		if written++; written > 1 {
			name = fmt.Sprintf("%s.%d", out, written)
		}
		if err := writeWhole(name, found.Bundle); err != nil {
			return nil, fileFault("--out: ", err)
		}
		files[i] = name
	}
	return files, nil
}
