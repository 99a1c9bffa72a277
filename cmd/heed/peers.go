package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/seal"
	"heed/wire"
)

func (a *app) peerCommand() *cobra.Command {
	c := &cobra.Command{Use: "peer", Short: "The parties that this node exchanges with"}
	var yes bool
	add := &cobra.Command{
		Use: "add FILE", Short: "Add a party by its card, after comparing the fingerprint", Args: cobra.ExactArgs(1),
		Example: `  heed peer add south.card
  heed peer add --yes south.card       # the fingerprint was compared already`,
		RunE: func(c *cobra.Command, args []string) error { return a.addPeer(c.Context(), args[0], yes) },
	}
	add.Flags().BoolVar(&yes, "yes", false, "do not ask: the fingerprint was compared by other means")
	list := &cobra.Command{
		Use: "list", Short: "List the peers",
		Example: "  heed peer list",
		RunE: func(c *cobra.Command, _ []string) error {
			var peers []control.Peer
			if err := a.call(c.Context(), "peer-list", struct{}{}, &peers); err != nil {
				return err
			}
			return a.print(peers, func(w io.Writer) {
				for _, p := range peers {
					fmt.Fprintf(w, "%s  card %d  %s\n  fingerprint %s\n", p.Party, p.Serial, p.Endpoint, p.Fingerprint)
					if p.Introducer != "" {
						fmt.Fprintf(w, "  introduced by %s%s\n", p.Introducer, offered(p))
					}
					if p.LastContact != nil {
						fmt.Fprintf(w, "  last contact %s\n", stamp(p.LastContact.Time, nil))
					}
					if p.Trouble != "" {
						fmt.Fprintf(w, "  TROUBLE: %s\n", p.Trouble)
					}
				}
			})
		},
	}
	remove := &cobra.Command{
		Use: "remove PARTY", Short: "End the exchange with a party; what was said stays", Args: cobra.ExactArgs(1),
		Example: "  heed peer remove south.example",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.call(c.Context(), "peer-remove", control.PeerRequest{By: a.administrator(), Party: args[0]}, &struct{}{}); err != nil {
				return err
			}
			return a.print(map[string]string{"removed": args[0]}, func(w io.Writer) { fmt.Fprintf(w, "%s is no longer a peer\n", args[0]) })
		},
	}
	c.AddCommand(add, list, remove)
	return c
}

// offered says how far a card that was introduced has come, and by what.
func offered(p control.Peer) string {
	by := ""
	if p.Accord != "" {
		by = ", with accord " + p.Accord[:8]
	}
	if p.Pending {
		by += "; offered, not accepted"
	}
	return by
}

// addPeer shows the fingerprint and asks: the comparison by telephone is what
// makes the card the party's.
func (a *app) addPeer(ctx context.Context, path string, yes bool) error {
	note, err := readFile(a.in, path, wire.MaxCard+4096)
	if err != nil {
		return err
	}
	card, err := wire.ParseCard(note)
	if err != nil {
		return &control.Fault{Exit: control.ExitInput, Message: filepath.Base(path) + ": " + err.Error(), Hint: "the file must be what `heed card` printed on the peer's side, unchanged"}
	}
	if !yes {
		fmt.Fprintf(a.err, "Card %d of %s, %s\n\nRing them on a number that you know, have them run `heed card --fingerprint`,\nand compare all of it:\n\n  %s\n\nIs it the same? ", card.Serial, card.Party, card.Endpoint, seal.FingerprintOf(card.ID))
		same, err := a.confirmed()
		if err != nil {
			return err
		}
		if !same {
			return &control.Fault{Exit: control.ExitRefused, Message: "not added: the fingerprint was not confirmed", Hint: "use --yes where it was compared by other means"}
		}
	}
	var peer control.Peer
	if err := a.call(ctx, "peer-add", control.PeerRequest{By: a.administrator(), Note: note}, &peer); err != nil {
		return err
	}
	return a.print(peer, func(w io.Writer) {
		fmt.Fprintf(w, "%s was added, card %d, %s\n", peer.Party, peer.Serial, peer.Fingerprint)
	})
}

// confirmed asks for a typed yes.
func (a *app) confirmed() (bool, error) {
	fmt.Fprint(a.err, "Type yes: ")
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && err != io.EOF {
		return false, err
	}
	if !strings.HasSuffix(line, "\n") {
		fmt.Fprintln(a.err)
	}
	return strings.TrimSpace(strings.ToLower(line)) == "yes", nil
}

// readFile reads a file, or standard input for "-", up to a bound.
func readFile(in io.Reader, path string, most int64) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fileFault("", err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fileFault(path+": ", err)
	}
	if int64(len(data)) > most {
		return nil, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is larger than %d bytes", path, most), Hint: "send less, or in several parts"}
	}
	return data, nil
}
