package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"heed"
	"heed/exchange"
	"heed/seal"
)

// Node is what the door opens to.
type Node struct {
	Exchange *exchange.Exchange
	Backup   func(ctx context.Context, path string) error
	Renew    func(ctx context.Context, r RenewRequest) (note []byte, err error)
}

// MaxRequest bounds a request from the command line in bytes.
const MaxRequest = 512 << 20

// Handler serves the socket.
func Handler(n Node) http.Handler {
	all := verbs(n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(signsHeader) != "" {
			serveSigned(w, r, func(signer exchange.OfficerSigner) http.Handler {
				n := n
				n.Exchange = n.Exchange.SignedBy(signer)
				return verbs(n)
			})
			return
		}
		all.ServeHTTP(w, r)
	})
}

func verbs(n Node) *http.ServeMux {
	mux := http.NewServeMux()
	x := n.Exchange
	verb(mux, "ping", func(ctx context.Context, _ struct{}) (Ping, error) {
		me, err := x.Self(ctx)
		return Ping{Party: x.Party(), Restored: me.Restored}, err
	})
	healthVerb(mux, x)
	verb(mux, "card", func(ctx context.Context, _ struct{}) (CardAnswer, error) {
		note, err := x.CardNote(ctx)
		return CardAnswer{Note: note}, err
	})
	verb(mux, "cards", func(ctx context.Context, _ struct{}) (CardsAnswer, error) {
		notes, err := x.Cards(ctx)
		return CardsAnswer{Notes: notes}, err
	})
	verb(mux, "card-renew", func(ctx context.Context, r RenewRequest) (CardAnswer, error) {
		if err := x.MayAdminister(ctx, r.By); err != nil {
			return CardAnswer{}, err
		}
		note, err := n.Renew(ctx, r)
		return CardAnswer{Note: note}, err
	})
	verb(mux, "backup", func(ctx context.Context, r PathRequest) (struct{}, error) {
		if err := x.MayAdminister(ctx, r.By); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, n.Backup(ctx, r.Path)
	})
	rosterVerbs(mux, x)
	peerVerbs(mux, x)
	caseVerbs(mux, x)
	accordVerbs(mux, x)
	actVerbs(mux, x)
	releaseVerbs(mux, x)
	forwardVerbs(mux, x)
	drillVerbs(mux, x)
	letterVerbs(mux, x)
	ledgerVerbs(mux, x)
	proofVerbs(mux, x)
	witnessVerbs(mux, x)
	statisticsVerbs(mux, x)
	figuresVerbs(mux, x)
	screeningVerbs(mux, x)
	listVerbs(mux, x)
	watchVerbs(mux, x)
	return mux
}

func rosterVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "officer-add", func(ctx context.Context, r OfficerRequest) (RosterLine, error) {
		id, err := heed.ParseOfficerID(r.Name)
		if err != nil {
			return RosterLine{}, err
		}
		var roles []heed.Role
		for _, name := range r.Roles {
			role, err := heed.ParseRole(name)
			if err != nil {
				return RosterLine{}, err
			}
			roles = append(roles, role)
		}
		if r.SSHKey == "" {
			officer, err := x.AddOfficer(ctx, r.By, id, roles)
			return rosterLine(officer), err
		}
		key, err := seal.ParseSSHKey([]byte(r.SSHKey))
		if err != nil {
			return RosterLine{}, &heed.Invalid{What: err.Error(), Hint: "name a public key that `ssh-keygen -t ed25519-sk` or `ssh-keygen -t ed25519` made"}
		}
		officer, err := x.AddSSHOfficer(ctx, r.By, id, roles, key)
		return rosterLine(officer), err
	})
	verb(mux, "officer-remove", func(ctx context.Context, r OfficerRequest) (OfficerRemoved, error) {
		out := OfficerRemoved{Removed: heed.OfficerID(r.Name), Drafts: []heed.Code{}}
		if err := x.RemoveOfficer(ctx, r.By, out.Removed); err != nil {
			return out, err
		}
		drafts, err := x.Drafts(ctx)
		for _, d := range drafts {
			if d.Officer == out.Removed {
				out.Drafts = append(out.Drafts, d.Code)
			}
		}
		return out, err
	})
	verb(mux, "officer-list", func(ctx context.Context, _ struct{}) ([]RosterLine, error) {
		officers, err := x.Officers(ctx)
		lines := []RosterLine{}
		for _, o := range officers {
			lines = append(lines, rosterLine(o))
		}
		return lines, err
	})
}

func rosterLine(o heed.Officer) RosterLine {
	line := RosterLine{Name: o.ID, Roles: o.Roles, Removed: o.Removed, Key: o.Key}
	if key, err := seal.ParsePersonKey(o.Key); err == nil { // the roster was parsed with it
		if ssh, ok := key.SSH(); ok {
			line.SSH = &SSHKeyLine{Algorithm: ssh.Algorithm(), Fingerprint: ssh.Fingerprint(), Token: ssh.Token()}
		}
	}
	return line
}

func peerVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "peer-add", func(ctx context.Context, r PeerRequest) (Peer, error) {
		if err := x.MayAdminister(ctx, r.By); err != nil {
			return Peer{}, err
		}
		card, err := x.AddPeer(ctx, r.Note)
		return Peer{Party: card.Party, Serial: card.Serial, Fingerprint: seal.FingerprintOf(card.ID).String(), Endpoint: card.Endpoint, Added: At(x.Now())}, err
	})
	verb(mux, "peer-remove", func(ctx context.Context, r PeerRequest) (struct{}, error) {
		if err := x.MayAdminister(ctx, r.By); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, x.RemovePeer(ctx, heed.PartyID(r.Party))
	})
	verb(mux, "peer-list", func(ctx context.Context, _ struct{}) ([]Peer, error) {
		peers, err := x.Peers(ctx)
		lines := []Peer{}
		for _, p := range peers {
			line := Peer{
				Party: p.Card.Party, Serial: p.Card.Serial, Fingerprint: seal.FingerprintOf(p.Card.ID).String(), Endpoint: p.Card.Endpoint,
				Added: At(p.Added), LastContact: maybe(p.LastContact), Ledger: p.HeadSize, Trouble: p.Trouble, Introducer: p.Introducer, Pending: p.Pending,
			}
			if !p.Via.IsZero() {
				line.Accord = p.Via.String()
			}
			lines = append(lines, line)
		}
		return lines, err
	})
}

func ledgerVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "ledger-check", func(ctx context.Context, r LedgerRequest) (LedgerAnswer, error) {
		report, err := x.CheckLedger(ctx, func(int64, int64) {})
		if err != nil {
			return LedgerAnswer{}, err
		}
		out := LedgerAnswer{Origin: report.Origin, Leaves: report.Leaves, Published: report.Published, Statements: report.Statements, Holds: true, Peers: []LedgerPeerLine{}}
		if !r.Peers {
			return out, nil
		}
		peers, err := x.CompareLedgers(ctx)
		for _, p := range peers {
			out.Peers = append(out.Peers, LedgerPeerLine{Party: p.Party, Holds: p.Holds, Held: p.Held, Problem: p.Problem})
			out.Holds = out.Holds && p.Problem == ""
		}
		return out, err
	})
	verb(mux, "ledger-checkpoint", func(ctx context.Context, _ struct{}) (CheckpointAnswer, error) {
		if err := x.Cut(ctx); err != nil {
			return CheckpointAnswer{}, err
		}
		note, err := x.Ledger().Checkpoint(ctx)
		return CheckpointAnswer{Checkpoint: string(note)}, err
	})
	verb(mux, "ledger-proof", func(ctx context.Context, r CaseRequest) (ProofAnswer, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return ProofAnswer{}, err
		}
		proof, err := x.ProveLeaves(ctx, id)
		out := ProofAnswer{Checkpoint: string(proof.Checkpoint), Size: proof.Size, Former: map[string]string{}, Leaves: []ProofLeaf{}}
		for origin, note := range proof.Former {
			out.Former[origin] = string(note)
		}
		for _, l := range proof.Leaves {
			leaf := ProofLeaf{Statement: l.Statement.String(), Kind: l.Kind, Slot: string(l.Slot), Origin: l.Origin, Index: l.Index, Leaf: l.Leaf, Proof: [][]byte{}}
			for _, h := range l.Proof {
				leaf.Proof = append(leaf.Proof, h[:])
			}
			out.Leaves = append(out.Leaves, leaf)
		}
		return out, err
	})
}

// verb serves one request under its name.
func verb[In, Out any](mux *http.ServeMux, name string, f func(context.Context, In) (Out, error)) {
	mux.HandleFunc("POST /v1/"+name, func(w http.ResponseWriter, r *http.Request) {
		var in In
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxRequest))
		body.DisallowUnknownFields()
		err := body.Decode(&in)
		if _, more := body.Token(); err == nil && !errors.Is(more, io.EOF) {
			err = errors.New("more follows its end")
		}
		if err != nil {
			answer(w, nil, unreadable(err))
			return
		}
		out, err := f(r.Context(), in)
		answer(w, out, err)
	})
}

func unreadable(err error) error {
	return &heed.Invalid{What: "the request of the command line cannot be read: " + err.Error(), Hint: "are node and command of the same version?"}
}

func answer(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if err != nil {
		status, out = http.StatusUnprocessableEntity, faultOf(err)
	}
	body, err := json.Marshal(out)
	if err != nil {
		status = http.StatusInternalServerError
		body = []byte(`{"exit":1,"message":"the answer cannot be written as JSON"}`)
	}
	w.WriteHeader(status)
	// A client that has gone away is told nothing; what was done is committed.
	if _, err := w.Write(append(body, '\n')); err != nil {
		return
	}
}
