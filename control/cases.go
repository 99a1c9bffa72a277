package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
)

func caseVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "warn", func(ctx context.Context, r WarnRequest) (WarnAnswer, error) {
		order := exchange.WarnOrder{Officer: r.Officer, Warning: r.Warning, Attachments: attachments(r.Attachments), Draft: r.Draft}
		for _, name := range r.To {
			party, err := heed.ParsePartyID(name)
			if err != nil {
				return WarnAnswer{}, err
			}
			order.To = append(order.To, party)
		}
		if r.Accord != "" {
			accord, err := x.FindAccord(ctx, r.Accord)
			if err != nil {
				return WarnAnswer{}, err
			}
			order.Accord = accord
		}
		warned, err := x.Warn(ctx, order)
		answer := warnAnswer(warned, warned.To)
		answer.Unfindable = x.Unfindable(r.Warning)
		return answer, err
	})
	verb(mux, "ask-party", func(ctx context.Context, r ActRequest) (WarnAnswer, error) {
		party, err := heed.ParsePartyID(r.Party)
		if err != nil {
			return WarnAnswer{}, err
		}
		order := exchange.AskOrder{Officer: r.Officer, To: party, Urgency: r.Urgency, Status: r.Status, Text: r.Text}
		if r.Accord != "" {
			if order.Accord, err = x.FindAccord(ctx, r.Accord); err != nil {
				return WarnAnswer{}, err
			}
		}
		asked, err := x.AskParty(ctx, order)
		return warnAnswer(asked, []heed.PartyID{party}), err
	})
	verb(mux, "inbox", func(ctx context.Context, r InboxRequest) (Inbox, error) {
		board, err := x.Board(ctx, 10_000)
		if err != nil {
			return Inbox{}, err
		}
		apart, err := x.OneSidedBoard(ctx, 10_000)
		if err != nil {
			return Inbox{}, err
		}
		hits, err := x.Hits(ctx, true, 10_000)
		if err != nil {
			return Inbox{}, err
		}
		whole := func(inbox Inbox) Inbox {
			if letters := shapeOneSidedBoard(apart, x.Party(), r.All); len(apart.Ours)+len(apart.Theirs)+len(letters.Cases) > 0 {
				inbox.OneSided = &letters
			}
			for _, f := range hits {
				inbox.Hits = append(inbox.Hits, shapeHitLine(f))
			}
			return inbox
		}
		if !r.All {
			return whole(shapeInbox(board, x.Party(), nil)), nil
		}
		var unurgent []heed.CaseID // what is about an accord has no urgency
		for _, row := range board.Cases {
			if row.Urgency == "" {
				unurgent = append(unurgent, row.ID)
			}
		}
		kinds, err := x.OpenedBy(ctx, unurgent)
		return whole(shapeInbox(board, x.Party(), kinds)), err
	})
	verb(mux, "show", func(ctx context.Context, r CaseRequest) (ShowAnswer, error) {
		ids, err := x.Find(ctx, r.Case)
		if one := (*exchange.OneSidedCase)(nil); errors.As(err, &one) {
			c, err := showOneSidedNamed(ctx, x, r)
			return ShowAnswer{OneSided: &c}, err
		}
		if err != nil {
			draft, other := draftOf(ctx, x, r)
			if draft == nil && other == nil {
				return ShowAnswer{}, err
			}
			return ShowAnswer{Draft: draft}, other
		}
		var out ShowAnswer
		for _, id := range ids {
			c, err := show(ctx, x, id, r.Officer)
			if err != nil {
				return ShowAnswer{}, err
			}
			out.Cases = append(out.Cases, c)
		}
		if code, err := heed.ParseCode(r.Case); err == nil && code != out.Cases[0].Code {
			out.Draft, err = draftOf(ctx, x, r) // which became these cases
			return out, err
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
		out, err := x.Export(ctx, ids[0])
		carriage := Carriage{Envelopes: out.Envelopes, CutOff: out.CutOff, To: out.To}
		if out.CutOff > 0 {
			carriage.Accord = out.Accord.String()
		}
		return carriage, err
	})
	verb(mux, "import", func(ctx context.Context, r Carriage) (ImportAnswer, error) {
		done, err := x.Import(ctx, bytes.NewReader(bytes.Join(r.Envelopes, nil)))
		return ImportAnswer{From: done.From, Accepted: done.Accepted, Taken: done.Taken, Refused: done.Refused, Reply: done.Reply}, err
	})
}

func warnAnswer(w exchange.Warned, to []heed.PartyID) WarnAnswer {
	out := WarnAnswer{Case: w.Code, To: to, IDs: []string{}}
	if w.Drafted {
		out.State = StateDrafted
	}
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
	return look(ctx, x, id)
}

// look is a case without its contents.
func look(ctx context.Context, x *exchange.Exchange, id heed.CaseID) (Case, error) {
	file, err := x.Look(ctx, id)
	if err != nil {
		return Case{}, err
	}
	c := shapeCase(file, x.Party())
	if !file.Erased.IsZero() {
		c.Erased = &Erased{At: At(file.Erased), Accord: file.Opening.Accord.String()}
	}
	c.Warning.Accord, err = accordOf(ctx, x, file.Opening)
	return c, err
}

// accordOf is the accord that an opening names; nil where it names none.
func accordOf(ctx context.Context, x *exchange.Exchange, opening heed.Statement) (*CaseAccord, error) {
	if opening.Accord.IsZero() {
		return nil, nil
	}
	out := &CaseAccord{ID: opening.Accord.String(), Version: opening.Version.String()}
	terms, err := x.AccordTerms(ctx, opening.Version)
	if errors.Is(err, exchange.ErrNotFound) {
		return out, nil // it may still arrive
	}
	if err != nil {
		return nil, err
	}
	out.Number, out.Name, out.Members, out.Quorum = terms.Number, terms.Name, len(terms.Members), terms.Quorum
	out.From, out.Until = maybe(terms.From), maybe(terms.Until)
	return out, nil
}

func withContents(ctx context.Context, x *exchange.Exchange, opened exchange.Opened, data bool) (Case, error) {
	c, err := look(ctx, x, opened.Case.ID)
	if err != nil {
		return Case{}, err
	}
	c.Origins = shapeProvenance(opened.Provenance)
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
			return actAnswer(ctx, x, id, s)
		})
	}
	verb(mux, "take", func(ctx context.Context, r ActRequest) (TakeAnswer, error) {
		id, err := x.FindOne(ctx, r.Case)
		if err != nil {
			return TakeAnswer{}, err
		}
		taking, err := x.Take(ctx, r.Officer, id)
		if err != nil {
			return TakeAnswer{}, err
		}
		file, err := x.Look(ctx, id)
		return TakeAnswer{Case: file.Code, Officer: taking.Officer, At: At(taking.At)}, err
	})
	act("ack", func(ctx context.Context, r ActRequest, id heed.CaseID) (heed.Statement, error) {
		return x.AcknowledgeFor(ctx, r.Officer, id, r.Role, r.WithoutPrejudice)
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
	amend := func(name string, f func(ctx context.Context, r WarnRequest, ids []heed.CaseID) (exchange.Amended, error)) {
		verb(mux, name, func(ctx context.Context, r WarnRequest) (AmendAnswer, error) {
			ids, err := x.Find(ctx, r.Case)
			if err != nil {
				return AmendAnswer{}, err
			}
			amended, err := f(ctx, r, ids)
			if err != nil {
				return AmendAnswer{}, err
			}
			return amendAnswer(ctx, x, ids, amended)
		})
	}
	amend("supplement", func(ctx context.Context, r WarnRequest, ids []heed.CaseID) (exchange.Amended, error) {
		return x.Supplement(ctx, r.Officer, ids, r.Warning, attachments(r.Attachments))
	})
	amend("correct", func(ctx context.Context, r WarnRequest, ids []heed.CaseID) (exchange.Amended, error) {
		return x.Correct(ctx, r.Officer, ids, r.Warning, attachments(r.Attachments))
	})
	amend("recall", func(ctx context.Context, r WarnRequest, ids []heed.CaseID) (exchange.Amended, error) {
		return x.Recall(ctx, r.Officer, ids, r.Reason)
	})
}

// actAnswer is a statement that was made in a case, with what it answers.
func actAnswer(ctx context.Context, x *exchange.Exchange, id heed.CaseID, s heed.Statement) (ActAnswer, error) {
	file, err := x.Look(ctx, id)
	_, recalled := file.Reached()[heed.StateRecalled]
	return ActAnswer{Case: file.Code, Statement: shapeStatement(s, s.Officers), Covers: covered(file, s), Recalled: recalled}, err
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
		return heed.StatementID{}, &heed.Invalid{What: namesStatements(name, len(found), file.Code), Hint: "`heed show` lists the statements with their ids; eight digits are enough"}
	}
	return found[0], nil
}

func namesStatements(name string, n int, code heed.Code) string {
	if n == 0 {
		return fmt.Sprintf("no statement of case %s has an id that begins with %.80q", code.Spoken(), name)
	}
	return fmt.Sprintf("%d statements of case %s have an id that begins with %.80q", n, code.Spoken(), name)
}

// covered lists what a statement of ours answers.
func covered(f exchange.CaseFile, s heed.Statement) []Covered {
	opened := map[heed.StatementID]bool{}
	for _, o := range f.Statements {
		if o.Kind == heed.KindOpening && o.Author == s.Author {
			for _, id := range o.Answers {
				opened[id] = true
			}
		}
	}
	out := []Covered{}
	for _, id := range s.Answers {
		if from, ok := f.Statement(id); ok {
			out = append(out, Covered{Kind: from.Kind, ID: id.String(), Opened: opened[id] || from.Author == s.Author})
		}
	}
	return out
}
