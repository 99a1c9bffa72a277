package testnet

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// warned has north warn south of something with an attachment.
func warned(t *testing.T, n, s *Party, order exchange.WarnOrder) heed.CaseID {
	t.Helper()
	order.Officer, order.To = Anna, []heed.PartyID{s.ID}
	order.Attachments = []exchange.Attachment{{Name: "plan.txt", MediaType: "text/plain", Data: []byte("the plan")}}
	out, err := n.Exchange.Warn(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, out.Cases[0], heed.StateReceived)
	return out.Cases[0]
}

// handled is a warning that is handled so.
func handled(h heed.Handling) heed.Warning {
	w := Warning("The ferry of Tuesday")
	w.Handling = h
	return w
}

func forward(t *testing.T, p *Party, id heed.CaseID, to heed.PartyID, edits ...func(*exchange.ForwardOrder)) (exchange.Forwarded, error) {
	t.Helper()
	order := exchange.ForwardOrder{Officer: Boris, Case: id, To: to}
	for _, edit := range edits {
		edit(&order)
	}
	return p.Forward(t.Context(), order)
}

// refusedTo forwards what must be refused with these words.
func refusedTo(t *testing.T, p *Party, id heed.CaseID, to heed.PartyID, want string, edits ...func(*exchange.ForwardOrder)) {
	t.Helper()
	if out, err := forward(t, p, id, to, edits...); !isRefused(err) || !strings.Contains(err.Error(), want) {
		t.Errorf("to %s: %+v, %v, want a refusal with %q", to, out, err, want)
	}
}

// asked forwards what must be asked first.
func asked(t *testing.T, p *Party, id heed.CaseID, to heed.PartyID, because string, edits ...func(*exchange.ForwardOrder)) exchange.Forwarded {
	t.Helper()
	out, err := forward(t, p, id, to, edits...)
	if err != nil || !out.Asked || out.Because != because || out.Request.IsZero() || len(out.Warned.Cases) != 0 {
		t.Fatalf("to %s: %+v, %v, want %s asked because of %q", to, out, err, out.Originator, because)
	}
	return out
}

// sent forwards what goes at once, and is the case in which it does.
func sent(t *testing.T, p *Party, id heed.CaseID, to *Party, edits ...func(*exchange.ForwardOrder)) heed.CaseID {
	t.Helper()
	out, err := forward(t, p, id, to.ID, edits...)
	if err != nil || out.Asked || len(out.Warned.Cases) != 1 {
		t.Fatalf("to %s: %+v, %v, want it sent", to.ID, out, err)
	}
	waitFor(t, to, out.Warned.Cases[0], heed.StateReceived)
	return out.Warned.Cases[0]
}

func consent(t *testing.T, p *Party, id heed.CaseID, to heed.PartyID, refuse bool) (heed.Statement, error) {
	t.Helper()
	order := exchange.ConsentOrder{Officer: Boris, Case: id, To: to, Refuse: refuse}
	if refuse {
		order.Reason = "the source would be known"
	}
	return p.Consent(t.Context(), order)
}

// settle waits until nothing is in flight.
func allArrived(t *testing.T, net *Net) {
	t.Helper()
	if err := net.Drain(time.Minute); err != nil {
		t.Fatal(err)
	}
}

func readBy(t *testing.T, p *Party, id heed.CaseID) (exchange.Opened, heed.Warning) {
	t.Helper()
	opened, err := p.Read(t.Context(), Anna, id)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wire.ParseWarning(opened.Contents[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	return opened, w
}

func TestForward(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 21}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		if _, err := s.AddOfficer(t.Context(), "", "dora", []heed.Role{heed.DutyOfficer}); err != nil {
			t.Fatal(err)
		}
		net.Start()
		h := heed.Handling{TLP: heed.TLPAmber, PAP: heed.PAPRed, PoliceCodes: []heed.PoliceCode{heed.H2}, Purposes: []heed.Purpose{heed.PurposePrevention}}
		id := warned(t, n, s, exchange.WarnOrder{Warning: handled(h)})

		refusedTo(t, n, id, east, "we opened ourselves")
		refusedTo(t, s, id, north, "has it already")
		if out, err := forward(t, s, id, "far.example"); err == nil || !strings.Contains(err.Error(), "is not a peer") {
			t.Errorf("to whom nobody knows: %+v, %v", out, err)
		}
		refusedTo(t, s, id, east, `permits "forward"`, func(o *exchange.ForwardOrder) { o.Officer = "dora" })
		if _, err := consent(t, n, id, east, false); !isRefused(err) || !strings.Contains(err.Error(), "has not asked") {
			t.Errorf("nobody asked: %v", err)
		}

		first := asked(t, s, id, east, "H2")
		if again := asked(t, s, id, east, "H2"); again.Request != first.Request {
			t.Error("it asks twice")
		}
		reasoned := asked(t, s, id, east, "H2", func(o *exchange.ForwardOrder) { o.Reason = "it is their ferry" })
		if reasoned.Request == first.Request {
			t.Error("the reason is not told")
		}
		allArrived(t, net)
		if c := n.Case(id); len(c.Requests(east)) != 2 || len(c.Misfits) != 0 {
			t.Fatalf("north sees %v, misfits %v", c.Requests(east), c.Misfits)
		}
		if opened, _ := readBy(t, n, id); !slices.ContainsFunc(opened.Contents, func(c exchange.Content) bool { return string(c.Data) == "it is their ferry" }) {
			t.Error("north does not read the reason")
		}
		if _, err := consent(t, s, id, east, false); !isRefused(err) {
			t.Errorf("south consents for north: %v", err)
		}
		if _, err := n.Consent(t.Context(), exchange.ConsentOrder{Officer: Boris, Case: id, To: east, Refuse: true}); err == nil || !strings.Contains(err.Error(), "says why") {
			t.Errorf("refused without a reason: %v", err)
		}

		no := do(t)(consent(t, n, id, east, true))
		if len(no.Answers) != 2 || no.Consent || no.Party != east {
			t.Fatalf("refused as %+v", no)
		}
		allArrived(t, net)
		refusedTo(t, s, id, east, "north.example has refused, at "+heed.FormatTime(no.Time))

		do(t)(consent(t, n, id, east, false))
		allArrived(t, net)
		copied := sent(t, s, id, e)
		allArrived(t, net)
		opened, w := readBy(t, e, copied)
		_, original := readBy(t, s, id)
		if w.Source.Description != "Passed on from north.example." || w.Handling.LooserThan(h) != nil || h.LooserThan(w.Handling) != nil || w.Headline != original.Headline {
			t.Errorf("east reads %+v", w)
		}
		if len(opened.Contents) != 3 || string(opened.Contents[1].Data) != "the plan" {
			t.Fatalf("east has %d contents", len(opened.Contents))
		}
		if len(opened.Provenance) != 1 {
			t.Fatalf("provenance %+v", opened.Provenance)
		}
		if p := opened.Provenance[0]; !p.Holds || p.Why != "" || p.Former || len(p.Altered) != 0 || p.Statement.ID != heed.StatementID(id) || p.Statement.Author != north || p.Statement.Recipient != south || len(p.Release.Officers) != 1 {
			t.Errorf("provenance %+v", p)
		}
		// Nothing by which the ledgers could be searched goes along.
		for _, k := range keptIn(t, s, id) {
			if k.Key != [32]byte{} && bytes.Contains(opened.Contents[2].Data, k.Key[:]) {
				t.Errorf("the tag key of a %s is enclosed", k.Statement.Kind)
			}
		}
		if opened.Case.Opening.Author != south || e.Case(copied).Code == s.Case(id).Code {
			t.Error("it is no warning of south's own")
		}
		cases, err := n.Cases(t.Context(), 10)
		if err != nil || len(cases) != 1 {
			t.Errorf("north has %d cases, %v", len(cases), err)
		}

		// North takes its consent back: what went is out, nothing more goes.
		do(t)(consent(t, n, id, east, true))
		allArrived(t, net)
		refusedTo(t, s, id, east, "has refused")
		if err := net.Settle(); err != nil {
			t.Error(err)
		}
	})
}

func keptIn(t *testing.T, p *Party, id heed.CaseID) (all []exchange.Kept) {
	t.Helper()
	err := p.Store.Read(t.Context(), func(v exchange.View) (err error) {
		all, err = v.KeptOf(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A consent is for what the originator had said when it gave it, and nothing
// that it has recalled goes on.
func TestForwardWhatStands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 22}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := warned(t, n, s, exchange.WarnOrder{Warning: handled(heed.Handling{TLP: heed.TLPAmber})})
		asked(t, s, id, east, "TLP:AMBER")
		allArrived(t, net)
		do(t)(consent(t, n, id, east, false))
		allArrived(t, net)
		draft, err := forward(t, s, id, east, func(o *exchange.ForwardOrder) { o.Draft = true })
		if err != nil || !draft.Warned.Drafted {
			t.Fatalf("drafted as %+v, %v", draft, err)
		}

		corrected := handled(heed.Handling{TLP: heed.TLPRed})
		corrected.Headline = "The ferry of Wednesday"
		if _, err := n.Correct(t.Context(), Anna, []heed.CaseID{id}, corrected, nil); err != nil {
			t.Fatal(err)
		}
		allArrived(t, net)
		_, err = s.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(draft.Warned.Code)})
		if !isRefused(err) || !strings.Contains(err.Error(), "not the last word") {
			t.Errorf("an outdated draft: %v", err)
		}
		asked(t, s, id, east, "TLP:RED")
		allArrived(t, net)
		if len(s.Case(id).Requests(east)) != 2 {
			t.Error("north is not asked again about what it said since")
		}
		do(t)(consent(t, n, id, east, false))
		allArrived(t, net)
		draft, err = forward(t, s, id, east, func(o *exchange.ForwardOrder) { o.Draft = true })
		if err != nil {
			t.Fatal(err)
		}
		opened, w := readBy(t, e, sent(t, s, id, e))
		if p := opened.Provenance; w.Headline != corrected.Headline || len(p) != 1 || !p[0].Holds || len(p[0].Altered) != 0 || p[0].Statement.Kind != heed.KindCorrection || p[0].Statement.CaseID() != id {
			t.Errorf("east reads %q, %+v", w.Headline, p)
		}

		// The draft waited too long: the consent is taken back, then the warning.
		do(t)(consent(t, n, id, east, true))
		allArrived(t, net)
		if _, err = s.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(draft.Warned.Code)}); !isRefused(err) || !strings.Contains(err.Error(), "has refused") {
			t.Errorf("a draft whose consent is gone: %v", err)
		}
		do(t)(consent(t, n, id, east, false))
		if _, err := n.Recall(t.Context(), Anna, []heed.CaseID{id}, "the source withdrew"); err != nil {
			t.Fatal(err)
		}
		allArrived(t, net)
		refusedTo(t, s, id, east, "has recalled")
		if _, err = s.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(draft.Warned.Code)}); !isRefused(err) || !strings.Contains(err.Error(), "has recalled") {
			t.Errorf("a draft of what was recalled: %v", err)
		}
	})
}

// Whoever passes on what was passed on to it asks whoever sent it, and that one
// asks in its turn.
func TestForwardFurther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 23, Knows: func(who, whom heed.PartyID) bool { return who != west || whom != north }}, north, south, east, west)
		n, s, e, far := net.Parties[0], net.Parties[1], net.Parties[2], net.Parties[3]
		net.Start()
		h := heed.Handling{TLP: heed.TLPAmber, ReleaseTo: []heed.PartyID{east}}
		id := warned(t, n, s, exchange.WarnOrder{Warning: handled(h)})
		second := sent(t, s, id, e) // released in advance
		allArrived(t, net)
		asked(t, e, second, west, "TLP:AMBER")
		allArrived(t, net)
		if _, err := consent(t, s, second, west, false); !isRefused(err) || !strings.Contains(err.Error(), "north.example is asked before it is passed on to west.example") {
			t.Errorf("south gives what is north's: %v", err)
		}
		asked(t, s, id, west, "TLP:AMBER")
		allArrived(t, net)
		do(t)(consent(t, n, id, west, false))
		allArrived(t, net)
		do(t)(consent(t, s, second, west, false))
		allArrived(t, net)
		third := sent(t, e, second, far)
		opened, w := readBy(t, far, third)
		if w.Source.Description != "Passed on from south.example.\nPassed on from north.example." {
			t.Errorf("the source is %q", w.Source.Description)
		}
		p := opened.Provenance
		if len(p) != 2 || p[0].Statement.Author != south || !p[0].Holds || len(p[0].Altered) != 0 {
			t.Fatalf("provenance %+v", p)
		}
		if p[1].Statement.Author != north || p[1].Holds || !strings.Contains(p[1].Why, "no card of north.example") || len(p[1].Altered) != 0 {
			t.Errorf("west cannot judge north's signature: %+v", p[1])
		}
		if _, err := far.AddPeer(t.Context(), n.CardNote()); err != nil {
			t.Fatal(err)
		}
		if opened, _ := readBy(t, far, third); !opened.Provenance[1].Holds {
			t.Errorf("with north's card: %+v", opened.Provenance[1])
		}
		do(t)(consent(t, n, id, west, true))
		allArrived(t, net)
		if _, err := s.Correct(t.Context(), Anna, []heed.CaseID{second}, handled(h), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := consent(t, s, second, west, false); !isRefused(err) {
			t.Errorf("south makes it its own: %v", err)
		}
	})
}

// What is enclosed says what the originator said, whatever the copy says.
func TestForwardedAsItWasNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 24}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		h := heed.Handling{TLP: heed.TLPGreen, Purposes: []heed.Purpose{heed.PurposePrevention}}
		id := warned(t, n, s, exchange.WarnOrder{Warning: handled(h)})
		honest, w := readBy(t, e, sent(t, s, id, e))
		enclosed := honest.Contents[2].Data
		tamper := func(old, with string) []byte {
			out := bytes.Replace(enclosed, []byte(old), []byte(with), 1)
			if bytes.Equal(out, enclosed) {
				t.Fatalf("there is no %q in it", old)
			}
			return out
		}
		other := warned(t, n, e, exchange.WarnOrder{Warning: handled(h)})
		forEast := wire.Forwarded{}
		for _, k := range keptIn(t, e, other) {
			if k.Statement.Kind != heed.KindWarning {
				continue
			}
			opened, _ := readBy(t, e, other)
			forEast.Statement, forEast.Salt, forEast.Document = k.Note, opened.Contents[0].Salt, opened.Contents[0].Data
			if err := e.Store.Read(t.Context(), func(v exchange.View) (err error) {
				forEast.Release, err = v.Release(k.Statement.Release)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		stolen, err := forEast.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		w.Attachments = nil
		for name, c := range map[string]struct {
			enclosed []byte
			edit     func(*heed.Warning)
			holds    bool
			altered  []string
			why      string
		}{
			"other text":           {enclosed, func(w *heed.Warning) { w.Headline, w.Severity = "Nothing much", "Minor" }, true, []string{"attachments/0", "headline", "severity"}, ""},
			"looser":               {enclosed, func(w *heed.Warning) { w.Handling = heed.Handling{TLP: heed.TLPClear} }, true, []string{"attachments/0", "handling/purposes", "handling/tlp"}, ""},
			"another source":       {enclosed, func(w *heed.Warning) { w.Source.Description = "Our own." }, true, []string{"attachments/0", "source/description"}, ""},
			"its document changed": {tamper("Extreme", "Unknown"), nil, false, nil, "warning document"},
			"its signature":        {tamper("north.example", "nurth.example"), nil, false, nil, ""},
			"nothing of the kind":  {[]byte("as north.example said"), nil, false, nil, "does not begin with"},
			"what it stole":        {stolen, nil, false, nil, "it was made to east.example"},
		} {
			copied := w
			if c.edit != nil {
				c.edit(&copied)
			}
			out, err := s.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{east}, Warning: copied,
				Attachments: []exchange.Attachment{{Name: "origin.heed", MediaType: heed.MediaForwarded, Data: c.enclosed}}})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			waitFor(t, e, out.Cases[0], heed.StateReceived)
			opened, _ := readBy(t, e, out.Cases[0])
			p := opened.Provenance
			if len(p) == 1 {
				slices.Sort(p[0].Altered)
			}
			if len(p) != 1 || p[0].Holds != c.holds || !slices.Equal(p[0].Altered, c.altered) || !strings.Contains(p[0].Why, c.why) || (p[0].Why == "") != c.holds {
				t.Errorf("%s: %+v", name, p)
			}
		}
	})
}

// What came under an accord goes on as its clause says, and under another one
// only what that one admits.
func TestForwardUnderAccords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 25}, north, south, east, west)
		n, s, e, far := net.Parties[0], net.Parties[1], net.Parties[2], net.Parties[3]
		net.Start()
		under := func(name string, edit func(*heed.Accord), parties ...*Party) heed.AccordID {
			terms := Terms(name, parties...)
			edit(&terms)
			id := propose(t, parties[0], terms).Accord
			for _, p := range parties[1:] {
				reach(t, p, id, heed.AccordProposed)
				declare(t, p, id, heed.AccordRatification)
			}
			allArrived(t, net)
			for _, p := range parties {
				reach(t, p, id, heed.AccordInForce)
			}
			return id
		}
		rule := func(r heed.ForwardingRule) func(*heed.Accord) {
			return func(a *heed.Accord) { a.Forwarding, a.Quorum = r, len(a.Members) }
		}
		green := handled(heed.Handling{TLP: heed.TLPGreen, ReleaseTo: []heed.PartyID{west}})

		never := under("Never", rule(heed.ForwardNever), n, s)
		refusedTo(t, s, warned(t, n, s, exchange.WarnOrder{Accord: never, Warning: green}), west, "accord Never, clause forwarding: what came under it is passed on to nobody")

		ask := under("Ask", rule(heed.ForwardAsk), n, s)
		asked(t, s, warned(t, n, s, exchange.WarnOrder{Accord: ask, Warning: green}), west, "accord Ask, clause forwarding: ask-originator")

		members := under("Members", rule(heed.ForwardMembers), n, s, e)
		id := warned(t, n, s, exchange.WarnOrder{Accord: members, Warning: green})
		asked(t, s, id, west, "accord Members, clause forwarding: members")
		_, w := readBy(t, e, sent(t, s, id, e))
		if !w.Handling.OriginatorControl || len(w.Handling.ReleaseTo) != 0 || !slices.Equal(w.Handling.Purposes, []heed.Purpose{heed.PurposePrevention}) {
			t.Errorf("outside the accord it is handled as %+v", w.Handling)
		}
		within, w := readBy(t, e, sent(t, s, id, e, func(o *exchange.ForwardOrder) { o.Accord = members }))
		if w.Handling.OriginatorControl || within.Case.Opening.Accord != members || len(within.Provenance[0].Altered) != 0 {
			t.Errorf("within the accord it is handled as %+v, under %s", w.Handling, within.Case.Opening.Accord)
		}

		// The accord of the third case: its purposes, its ceiling, its release gate.
		marked := under("Marked", rule(heed.ForwardAsMarked), n, s)
		loose := handled(heed.Handling{TLP: heed.TLPGreen, PoliceCodes: []heed.PoliceCode{heed.H1}})
		id = warned(t, n, s, exchange.WarnOrder{Warning: loose})
		gate := under("Gate", func(a *heed.Accord) { rule(heed.ForwardAsk)(a); a.TwoOfficers = true }, s, far)
		money := under("Money", func(a *heed.Accord) {
			rule(heed.ForwardAsk)(a)
			a.Purposes = []heed.Purpose{heed.PurposeFinancialAnalysis}
		}, s, far)
		to := func(accord heed.AccordID) func(*exchange.ForwardOrder) {
			return func(o *exchange.ForwardOrder) { o.Accord = accord }
		}
		refusedTo(t, s, id, west, "accord Gate, clause ceiling: the police code H1", to(gate))
		id = warned(t, n, s, exchange.WarnOrder{Accord: marked, Warning: green})
		refusedTo(t, s, id, west, "accord Money, clause purposes: the purpose prevention", to(money))
		refusedTo(t, s, id, east, "which it does not bind", to(gate))
		draft, err := forward(t, s, id, west, to(gate))
		if err != nil || !draft.Warned.Drafted {
			t.Fatalf("two officers are asked for: %+v, %v", draft, err)
		}
		out := release(t, s, Anna, draft.Warned.Code, nil)
		waitFor(t, far, out.Cases[0], heed.StateReceived)
		opened, w := readBy(t, far, out.Cases[0])
		if len(opened.Provenance) != 1 || !opened.Provenance[0].Holds || len(opened.Provenance[0].Altered) != 0 || w.Handling.OriginatorControl {
			t.Errorf("provenance %+v, handling %+v", opened.Provenance, w.Handling)
		}
	})
}

// A warning is not passed on once it was erased here, or was to be.
func TestForwardBeforeItIsErased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 26}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		end := heed.MomentAt(time.Now().Add(5 * time.Second))
		id := warned(t, n, s, exchange.WarnOrder{Warning: handled(heed.Handling{TLP: heed.TLPClear, DeleteAfter: end})})
		copied := sent(t, s, id, e)
		other := warned(t, n, s, exchange.WarnOrder{Warning: handled(heed.Handling{TLP: heed.TLPClear})})
		sent(t, s, other, e)
		err := s.Store.Write(t.Context(), func(tx exchange.Tx) error {
			var digests []heed.Digest
			for _, ref := range s.Case(other).Opening.Contents {
				digests = append(digests, ref.Digest)
			}
			return tx.EraseCase(other, digests, time.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		refusedTo(t, s, other, east, "were erased here")
		if opened, _ := readBy(t, s, copied); len(opened.Contents) != 3 {
			t.Errorf("%d contents of what went before are left", len(opened.Contents))
		}
		time.Sleep(10 * time.Second)
		refusedTo(t, s, id, east, "handling delete-after: it was to be erased after "+end.String())
	})
}
