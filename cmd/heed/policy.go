package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
	"heed/witness"
)

type policyOptions struct {
	cards          []string
	witnesses      []string
	corroborating  []string
	faulty         int
	publish, quiet int
}

func (a *app) policyCommand() *cobra.Command {
	o := policyOptions{faulty: -1}
	c := &cobra.Command{
		Use: "policy --card CARD... [--witness URL-OR-KEY...]", Short: "Write your own policy: whose cards and which witnesses you believe", Args: cobra.ArbitraryArgs,
		Long: `Write your own policy, for 'heed verify', on standard output: the cards of the
parties, whose fingerprints you have compared, and the witnesses whose clocks
count. Only mirroring witnesses (heed witness) may be counted; plain ones are
named with --corroborating and shown, and count for nothing. Without a witness it
is a policy for 'heed stats verify' alone.

Of n witnesses f may lie or fail; q must have cosigned what counts as published,
and s what counts as silent: 2q > n + f and q + s > n + f. The defaults are
f = (n-1)/3 and q = s = (n+f)/2 + 1: for 4 witnesses f = 1 and q = s = 3.`,
		Example: `  heed policy --card north.card --card south.card --witness http://w1.example:7100 --witness http://w2.example:7100 --witness http://w3.example:7100 > mine.policy`,
		RunE: func(c *cobra.Command, args []string) error {
			o.sortOut(args)
			policy, err := a.buildPolicy(c.Context(), o)
			if err != nil {
				return err
			}
			return a.printPolicy(policy)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&o.cards, "card", nil, "CARD file of a party, whose fingerprint you have compared")
	f.StringArrayVar(&o.witnesses, "witness", nil, "URL or KEY of a mirroring witness")
	f.StringArrayVar(&o.corroborating, "corroborating", nil, "KEY of a plain witness: shown, and counted for nothing")
	f.IntVar(&o.faulty, "faulty", -1, "how many witnesses may lie or fail (default (n-1)/3)")
	f.IntVar(&o.publish, "publish", 0, "how many must have cosigned what counts as published (default (n+f)/2 + 1)")
	f.IntVar(&o.quiet, "silence", 0, "how many must have cosigned what counts as silent (default (n+f)/2 + 1)")
	return c
}

// sortOut takes further values that follow a flag: `--card A B --witness X Y`.
func (o *policyOptions) sortOut(more []string) {
	for _, value := range more {
		if _, err := ledger.ParseCosignerKey(value); err == nil || strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://") {
			o.witnesses = append(o.witnesses, value)
			continue
		}
		o.cards = append(o.cards, value)
	}
}

const policyGroup = "witnesses"

func (a *app) buildPolicy(ctx context.Context, o policyOptions) (evidence.Policy, error) {
	var policy evidence.Policy
	if len(o.cards) == 0 {
		return policy, &control.Fault{Exit: control.ExitInput, Message: "a policy needs at least one --card", Hint: "see `heed policy --help`"}
	}
	if len(o.witnesses) == 0 && (len(o.corroborating) > 0 || o.faulty >= 0 || o.publish > 0 || o.quiet > 0) {
		return policy, &control.Fault{Exit: control.ExitInput, Message: "no --witness is named, and without one nothing else about witnesses counts", Hint: "add --witness URL-OR-KEY; a policy for figures alone has --card alone"}
	}
	group, check := policyGroup, evidence.Policy.Check
	if len(o.witnesses) == 0 {
		group, check = "", evidence.Policy.CheckFigures
	}
	var names []string
	for _, from := range o.witnesses {
		w, err := witnessFrom(ctx, from)
		if err != nil {
			return policy, err
		}
		policy.Witnesses = append(policy.Witnesses, w)
		names = addName(names, w.Name)
	}
	for _, key := range o.corroborating {
		k, err := ledger.ParseCosignerKey(key)
		if err != nil {
			return policy, &control.Fault{Exit: control.ExitInput, Message: "--corroborating: " + err.Error(), Hint: "give the witness's verification key, name+hash+base64"}
		}
		policy.Witnesses = append(policy.Witnesses, evidence.PolicyWitness{Name: k.Name(), Key: k, Corroborating: true})
	}
	if group != "" {
		quorum, err := o.quorum(len(names))
		if err != nil {
			return policy, err
		}
		policy.Groups = []evidence.PolicyGroup{{Name: group, Quorum: quorum, Members: names}}
	}
	for _, name := range o.cards {
		card, err := pinnedCard(name)
		if err != nil {
			return policy, err
		}
		if !a.json {
			fmt.Fprintf(a.err, "%s, card %d: %s\n", card.Party, card.Serial, seal.FingerprintOf(card.ID))
		}
		policy.Parties = append(policy.Parties, evidence.PolicyParty{Party: card.Party, Card: card.ID, Group: group})
	}
	if err := check(policy); err != nil {
		return policy, &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "each party and each witness is named once"}
	}
	return policy, nil
}

// quorum is how many of n witnesses count for what.
func (o policyOptions) quorum(n int) (ledger.Quorum, error) {
	quorum := ledger.DefaultQuorum(n)
	if o.faulty >= 0 {
		quorum.F = o.faulty
		quorum.Q = (quorum.N+quorum.F)/2 + 1
		quorum.S = quorum.Q
	}
	if o.publish > 0 {
		quorum.Q = o.publish
	}
	if o.quiet > 0 {
		quorum.S = o.quiet
	}
	if err := quorum.Check(); err != nil {
		return quorum, &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: quorumHint(quorum)}
	}
	return quorum, nil
}

// quorumHint says which number has to change, and to what.
func quorumHint(q ledger.Quorum) string {
	least := (q.N+q.F)/2 + 1
	switch {
	case q.F >= q.N:
		return fmt.Sprintf("of %d witnesses at most %d can be faulty: name more, or give a smaller --faulty", q.N, q.N-1)
	case 2*q.Q <= q.N+q.F:
		return fmt.Sprintf("of %d witnesses, %d of them faulty, --publish is %d or more; or give a smaller --faulty", q.N, q.F, least)
	case q.Q > q.N || q.S > q.N:
		return fmt.Sprintf("--publish and --silence are at most %d, as many as there are witnesses", q.N)
	}
	return fmt.Sprintf("of %d witnesses, %d of them faulty, and with --publish %d, --silence is %d or more", q.N, q.F, q.Q, q.N+q.F-q.Q+1)
}

// pinnedCard reads the card to pin: of a file of several, the newest, which
// vouches for those before it.
func pinnedCard(name string) (newest heed.Card, err error) {
	file, err := readBounded(name, mostCardFile)
	if err != nil {
		return newest, err
	}
	for i, note := range splitCards(file) {
		card, err := wire.ParseCard(note)
		if err != nil {
			return card, &control.Fault{Exit: control.ExitInput, Message: name + ": " + err.Error(), Hint: "a card is what `heed card` prints"}
		}
		if i > 0 && card.Party != newest.Party {
			return card, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s: it has cards of %s and of %s", name, newest.Party, card.Party), Hint: "give each party's cards in a file of their own"}
		}
		if card.Serial >= newest.Serial {
			newest = card
		}
	}
	return newest, nil
}

// printedPolicy is what `heed policy --json` prints.
type printedPolicy struct {
	Policy    string          `json:"policy"`
	Parties   []printedPinned `json:"parties"`
	Witnesses int             `json:"witnesses"` // those that count
	Faulty    int             `json:"faulty"`
	Publish   int             `json:"publish"`
	Silence   int             `json:"silence"`
	Caution   string          `json:"caution,omitempty"`
}

type printedPinned struct {
	Party       heed.PartyID `json:"party"`
	Fingerprint string       `json:"fingerprint"`
}

func (a *app) printPolicy(policy evidence.Policy) error {
	var q ledger.Quorum
	if len(policy.Groups) > 0 {
		q = policy.Groups[0].Quorum
	}
	out := printedPolicy{Policy: policy.String(), Witnesses: q.N, Faulty: q.F, Publish: q.Q, Silence: q.S, Caution: caution(q)}
	for _, p := range policy.Parties {
		out.Parties = append(out.Parties, printedPinned{p.Party, seal.FingerprintOf(p.Card).String()})
	}
	if out.Caution != "" {
		fmt.Fprintln(a.err, "caution: "+out.Caution)
	}
	return a.print(out, func(w io.Writer) { fmt.Fprint(w, out.Policy) })
}

// caution says what a policy rests on that bears no fault at all.
func caution(q ledger.Quorum) string {
	switch {
	case q.N == 0:
		return "this policy names no witness: it is for published figures alone (heed stats verify), and evidence is not verified by it"
	case q.N == 1:
		return "this policy believes one witness alone: if it is down nothing can be proven, and if it lies anything"
	case q.Q == q.N || q.S == q.N:
		return fmt.Sprintf("this policy needs all %d witnesses: while one is down nothing new can be proven; name more of them", q.N)
	}
	return ""
}

func addName(names []string, name string) []string {
	for _, n := range names {
		if n == name {
			return names
		}
	}
	return append(names, name)
}

// witnessFrom takes a witness by its key, or asks it at its address for it.
func witnessFrom(ctx context.Context, from string) (evidence.PolicyWitness, error) {
	url, key := "", from
	if strings.Contains(from, "://") {
		client := witness.NewClient(nil)
		defer client.Close()
		asked, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		url = strings.TrimSuffix(from, "/")
		described, err := client.Describe(asked, url)
		if err != nil {
			message := from + ": " + err.Error()
			var silent *exchange.Unreachable
			if errors.As(err, &silent) {
				message = silent.What
			}
			return evidence.PolicyWitness{}, &control.Fault{Exit: control.ExitUnreachable, Message: message, Hint: "does the witness run? A plain one is named by its KEY, with --corroborating"}
		}
		if !described.Mirrors {
			return evidence.PolicyWitness{}, &control.Fault{Exit: control.ExitInput, Message: from + " does not mirror: its word counts for nothing", Hint: "name its KEY with --corroborating"}
		}
		key = described.Key
	}
	k, err := ledger.ParseCosignerKey(key)
	if err != nil {
		return evidence.PolicyWitness{}, &control.Fault{Exit: control.ExitInput, Message: "--witness: " + err.Error(), Hint: "give a witness's address, http://HOST:PORT, or its verification key, name+hash+base64"}
	}
	return evidence.PolicyWitness{Name: k.Name(), Key: k, URL: url}, nil
}
