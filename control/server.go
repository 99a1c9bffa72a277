package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
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
	mux := http.NewServeMux()
	x := n.Exchange
	verb(mux, "ping", func(ctx context.Context, _ struct{}) (Ping, error) {
		me, err := x.Self(ctx)
		return Ping{Party: x.Party(), Restored: me.Restored}, err
	})
	verb(mux, "card", func(ctx context.Context, _ struct{}) (CardAnswer, error) {
		note, err := x.CardNote(ctx)
		return CardAnswer{Note: note}, err
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
	actVerbs(mux, x)
	ledgerVerbs(mux, x)
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
		officer, err := x.AddOfficer(ctx, r.By, id, roles)
		return rosterLine(officer), err
	})
	verb(mux, "officer-remove", func(ctx context.Context, r OfficerRequest) (struct{}, error) {
		return struct{}{}, x.RemoveOfficer(ctx, r.By, heed.OfficerID(r.Name))
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
	return RosterLine{Name: o.ID, Roles: o.Roles, Removed: o.Removed, Key: o.Key}
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
			lines = append(lines, Peer{
				Party: p.Card.Party, Serial: p.Card.Serial, Fingerprint: seal.FingerprintOf(p.Card.ID).String(), Endpoint: p.Card.Endpoint,
				Added: At(p.Added), LastContact: maybe(p.LastContact), Ledger: p.HeadSize, Trouble: p.Trouble,
			})
		}
		return lines, err
	})
}

func caseVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "warn", func(ctx context.Context, r WarnRequest) (WarnAnswer, error) {
		order := exchange.WarnOrder{Officer: r.Officer, Warning: r.Warning, Attachments: attachments(r.Attachments)}
		for _, name := range r.To {
			party, err := heed.ParsePartyID(name)
			if err != nil {
				return WarnAnswer{}, err
			}
			order.To = append(order.To, party)
		}
		warned, err := x.Warn(ctx, order)
		return warnAnswer(warned, order.To), err
	})
	verb(mux, "ask-party", func(ctx context.Context, r ActRequest) (WarnAnswer, error) {
		party, err := heed.ParsePartyID(r.Party)
		if err != nil {
			return WarnAnswer{}, err
		}
		asked, err := x.AskParty(ctx, r.Officer, party, r.Urgency, r.Status, r.Text)
		return warnAnswer(asked, []heed.PartyID{party}), err
	})
	verb(mux, "inbox", func(ctx context.Context, r InboxRequest) (Inbox, error) {
		board, err := x.Board(ctx, 10_000)
		return shapeInbox(board, x.Party(), r.All), err
	})
	verb(mux, "show", func(ctx context.Context, r CaseRequest) (ShowAnswer, error) {
		ids, err := x.Find(ctx, r.Case)
		if err != nil {
			return ShowAnswer{}, err
		}
		var out ShowAnswer
		for _, id := range ids {
			c, err := show(ctx, x, id, r.Officer)
			if err != nil {
				return ShowAnswer{}, err
			}
			out.Cases = append(out.Cases, c)
		}
		return out, nil
	})
	verb(mux, "open", func(ctx context.Context, r CaseRequest) (Case, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return Case{}, err
		}
		opened, err := x.Open(ctx, r.Officer, id)
		if err != nil {
			return Case{}, err
		}
		return withContents(ctx, x, opened, true)
	})
	verb(mux, "wait", func(ctx context.Context, r WaitRequest) (struct{}, error) { return struct{}{}, wait(ctx, x, r) })
	verb(mux, "export", func(ctx context.Context, r CaseRequest) (Carriage, error) {
		ids, err := x.Find(ctx, r.Case)
		if err != nil {
			return Carriage{}, err
		}
		if len(ids) != 1 {
			_, err := x.FindOne(ctx, r.Case)
			return Carriage{}, err
		}
		envelopes, err := x.Export(ctx, ids[0])
		return Carriage{Envelopes: envelopes}, err
	})
	verb(mux, "import", func(ctx context.Context, r Carriage) (ImportAnswer, error) {
		done, err := x.Import(ctx, bytes.NewReader(bytes.Join(r.Envelopes, nil)))
		return ImportAnswer{From: done.From, Accepted: done.Accepted, Taken: done.Taken, Refused: done.Refused, Reply: done.Reply}, err
	})
}

func warnAnswer(w exchange.Warned, to []heed.PartyID) WarnAnswer {
	out := WarnAnswer{Case: w.Code, To: to}
	for _, id := range w.Cases {
		out.IDs = append(out.IDs, id.String())
	}
	return out
}

// show gives headers to whoever may use the socket, and contents only to an
// officer who may read them: that reading is noted.
func show(ctx context.Context, x *exchange.Exchange, id heed.CaseID, officer heed.OfficerID) (Case, error) {
	if officer != "" {
		opened, err := x.Read(ctx, officer, id)
		var refused *heed.Refused
		if err == nil {
			return withContents(ctx, x, opened, false)
		}
		if !errors.As(err, &refused) {
			return Case{}, err
		}
	}
	file, err := x.Look(ctx, id)
	return shapeCase(file, x.Party()), err
}

func withContents(ctx context.Context, x *exchange.Exchange, opened exchange.Opened, data bool) (Case, error) {
	file, err := x.Look(ctx, opened.Case.ID)
	if err != nil {
		return Case{}, err
	}
	c := shapeCase(file, x.Party())
	c.Contents, c.Warning.Document, err = shapeContents(opened, data)
	return c, err
}

func attachments(in []AttachmentForm) []exchange.Attachment {
	var out []exchange.Attachment
	for _, a := range in {
		out = append(out, exchange.Attachment{Name: a.Name, MediaType: a.MediaType, Data: a.Data})
	}
	return out
}

// actVerbs are what officers do in a case.
func actVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	act := func(name string, f func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error)) {
		verb(mux, name, func(ctx context.Context, r ActRequest) (ActAnswer, error) {
			id, err := x.FindOne(ctx, r.Case)
			if err != nil {
				return ActAnswer{}, err
			}
			s, err := f(ctx, r, id)
			if err != nil {
				return ActAnswer{}, err
			}
			file, err := x.Look(ctx, id)
			return ActAnswer{Case: file.Code, Statement: shapeStatement(s, s.Officers)}, err
		})
	}
	verb(mux, "take", func(ctx context.Context, r ActRequest) (TakeAnswer, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return TakeAnswer{}, err
		}
		taking, err := x.Take(ctx, r.Officer, id)
		return TakeAnswer{Officer: taking.Officer, At: At(taking.At)}, err
	})
	act("ack", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		return x.Acknowledge(ctx, r.Officer, id, r.WithoutPrejudice)
	})
	act("assess", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		disposition, err := heed.ParseDisposition(r.Disposition)
		if err != nil {
			return heed.Statement{}, err
		}
		return x.Assess(ctx, r.Officer, id, disposition, r.Text)
	})
	act("ask", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		return x.Ask(ctx, r.Officer, id, r.Text)
	})
	act("answer", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		question, err := statementMeant(ctx, x, id, r.Question)
		if err != nil {
			return heed.Statement{}, err
		}
		return x.Answer(ctx, r.Officer, id, question, r.Text)
	})
	act("interim", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		until, err := r.until()
		if err != nil {
			return heed.Statement{}, err
		}
		return x.Interim(ctx, r.Officer, id, until, r.Text)
	})
	act("extend", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		kind, err := DutyNamed(r.Duty)
		if err != nil {
			return heed.Statement{}, err
		}
		until, err := r.until()
		if err != nil {
			return heed.Statement{}, err
		}
		return x.Extend(ctx, r.Officer, id, kind, until)
	})
	act("refuse", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		return x.Refuse(ctx, r.Officer, id, heed.RefusalCode(r.Code), r.Text)
	})
	act("act", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		return x.Report(ctx, r.Officer, id, r.Text)
	})
	act("conclude", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		outcome, err := heed.ParseOutcome(r.Outcome)
		if err != nil {
			return heed.Statement{}, err
		}
		return x.Conclude(ctx, r.Officer, id, outcome, r.Text)
	})
	act("call", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		return x.Call(ctx, r.Officer, id, r.With, r.Text)
	})
	amend := func(name string, f func(ctx context.Context, r WarnRequest, ids []heed.CaseID) ([]heed.StatementID, error)) {
		verb(mux, name, func(ctx context.Context, r WarnRequest) (AmendAnswer, error) {
			ids, err := x.Find(ctx, r.Case)
			if err != nil {
				return AmendAnswer{}, err
			}
			statements, err := f(ctx, r, ids)
			out := AmendAnswer{Case: r.Case}
			for _, id := range statements {
				out.Statements = append(out.Statements, id.String())
			}
			return out, err
		})
	}
	amend("supplement", func(ctx context.Context, r WarnRequest, ids []heed.CaseID) ([]heed.StatementID, error) {
		return x.Supplement(ctx, r.Officer, ids, r.Warning, attachments(r.Attachments))
	})
	amend("correct", func(ctx context.Context, r WarnRequest, ids []heed.CaseID) ([]heed.StatementID, error) {
		return x.Correct(ctx, r.Officer, ids, r.Warning, attachments(r.Attachments))
	})
	amend("recall", func(ctx context.Context, r WarnRequest, ids []heed.CaseID) ([]heed.StatementID, error) {
		return x.Recall(ctx, r.Officer, ids, r.Reason)
	})
}

func (r ActRequest) until() (time.Time, error) {
	if r.Until == nil {
		return time.Time{}, &heed.Invalid{What: "it is not said until when", Hint: "name a time"}
	}
	return r.Until.Time, nil
}

// statementMeant resolves a statement's id, or as much of its beginning as
// names one statement of the case.
func statementMeant(ctx context.Context, x *exchange.Exchange, id heed.CaseID, name string) (heed.StatementID, error) {
	if name == "" {
		return heed.StatementID{}, nil
	}
	file, err := x.Look(ctx, id)
	if err != nil {
		return heed.StatementID{}, err
	}
	var found []heed.StatementID
	for _, s := range file.Statements {
		if full := s.ID.String(); len(name) >= 4 && len(name) <= len(full) && full[:len(name)] == name {
			found = append(found, s.ID)
		}
	}
	if len(found) != 1 {
		return heed.StatementID{}, &heed.Invalid{What: fmt.Sprintf("%q names %d statements of case %s", name, len(found), file.Code), Hint: "`heed show` lists the statements with their ids; eight digits are enough"}
	}
	return found[0], nil
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
		out := ProofAnswer{Checkpoint: string(proof.Checkpoint), Size: proof.Size, Leaves: []ProofLeaf{}}
		for _, l := range proof.Leaves {
			leaf := ProofLeaf{Statement: l.Statement.String(), Kind: l.Kind, Slot: string(l.Slot), Index: l.Index, Leaf: l.Leaf, Proof: [][]byte{}}
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
			answer(w, nil, &heed.Invalid{What: "the request of the command line cannot be read: " + err.Error(), Hint: "are node and command of the same version?"})
			return
		}
		out, err := f(r.Context(), in)
		answer(w, out, err)
	})
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

// Fault is an error on its way to the command line.
type Fault struct {
	Exit    int              `json:"exit"`
	Message string           `json:"message"`
	Hint    string           `json:"hint,omitempty"`
	Code    heed.RefusalCode `json:"code,omitempty"`
}

func (f *Fault) Error() string { return f.Message }

// Exit statuses of the command line (docs/cli.md).
const (
	ExitDone        = 0
	ExitFault       = 1
	ExitInput       = 2
	ExitUnreachable = 3
	ExitRefused     = 4
	ExitEvidence    = 5
	ExitTimeout     = 6
)

const damaged = "stop the node, keep its home as it is for whoever looks into it, and restore the last backup"

// faultOf sorts an error by what the caller can do about it.
func faultOf(err error) *Fault {
	var invalid *heed.Invalid
	var refused *heed.Refused
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &refused):
		return &Fault{Exit: ExitRefused, Message: refused.Detail, Hint: refused.Hint, Code: refused.Code}
	case errors.As(err, &invalid):
		return &Fault{Exit: ExitInput, Message: invalid.What, Hint: invalid.Hint}
	case errors.Is(err, exchange.ErrLedger):
		return &Fault{Exit: ExitEvidence, Message: err.Error(), Hint: damaged}
	case errors.Is(err, wire.ErrMalformed) || errors.Is(err, seal.ErrSignature):
		// What users give is judged where it is read: this is what the node keeps.
		return &Fault{Exit: ExitEvidence, Message: err.Error(), Hint: damaged}
	case errors.Is(err, exchange.ErrNotFound):
		return &Fault{Exit: ExitInput, Message: err.Error(), Hint: "`heed inbox --all` lists the cases, `heed peer list` the peers"}
	case errors.Is(err, context.DeadlineExceeded):
		return &Fault{Exit: ExitTimeout, Message: err.Error()}
	}
	return &Fault{Exit: ExitFault, Message: err.Error(), Hint: "the fault is the node's or its machine's: is there room on its disk? What `heed serve` printed says more"}
}

// wait blocks until what is asked for is so, the time is up, or the caller goes away.
func wait(ctx context.Context, x *exchange.Exchange, r WaitRequest) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.Seconds*float64(time.Second)))
	defer cancel()
	for {
		changed := x.Changes().Next()
		done, again, err := r.reached(ctx, x)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if done {
			return nil
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return &Fault{Exit: ExitTimeout, Message: r.what() + ": not so in time", Hint: r.hint()}
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (r WaitRequest) what() string {
	switch {
	case r.Drained:
		return "nothing in flight"
	case r.Overdue != "":
		return "case " + r.Case + ", " + r.Overdue + " overdue"
	}
	return "case " + r.Case + " " + r.State
}

// hint is where people see why it was not so.
func (r WaitRequest) hint() string {
	if r.Drained {
		return "`heed peer list` shows which peer is in trouble; what waits is sent when it answers"
	}
	return "`heed show " + r.Case + "` shows how far it has come; --timeout waits longer"
}

// reached looks once; again is how long nothing but a change can make it so.
func (r WaitRequest) reached(ctx context.Context, x *exchange.Exchange) (done bool, again time.Duration, err error) {
	const idle = time.Second
	if r.Drained {
		count, err := x.InFlight(ctx)
		return count == 0, idle, err
	}
	if r.Case == "" {
		return true, idle, nil
	}
	ids, err := x.Find(ctx, r.Case)
	var missing *heed.Invalid
	if errors.As(err, &missing) && validCase(r.Case) {
		return false, idle, nil // it may still arrive
	}
	if err != nil {
		return false, idle, err
	}
	again = idle
	for _, id := range ids {
		file, err := x.Look(ctx, id)
		if err != nil {
			return false, idle, err
		}
		ok, due, err := r.holds(file)
		if err != nil || !ok {
			if !due.IsZero() {
				again = min(again, max(due.Sub(file.At)+2*time.Millisecond, time.Millisecond))
			}
			return false, again, err
		}
	}
	return true, again, nil
}

func validCase(name string) bool {
	if _, err := heed.ParseDigest(name); err == nil {
		return true
	}
	_, err := heed.ParseCode(name)
	return err == nil
}

// holds decides for one case; due is when time alone may change the answer.
func (r WaitRequest) holds(f exchange.CaseFile) (ok bool, due time.Time, err error) {
	if r.Overdue == "" {
		state, err := StateNamed(r.State)
		if err != nil {
			return false, due, err
		}
		_, ok := f.Reached()[state]
		return ok, due, nil
	}
	kind, err := DutyNamed(r.Overdue)
	if err != nil {
		return false, due, err
	}
	for _, d := range f.Duties {
		if d.Kind != kind {
			continue
		}
		switch d.State(f.At) {
		case heed.DutyOverdue, heed.DutyDischargedLate:
			return true, due, nil
		case heed.DutyOpen:
			due = d.Due
		}
	}
	return false, due, nil
}
