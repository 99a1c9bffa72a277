package testnet

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

const east heed.PartyID = "east.example"

// TestForgedWarnings: whatever is wrong with a warning, it is refused with the
// code that its sender's node can act on, it opens no case, and it consumes
// its number, so that the honest one that follows is received.
func TestForgedWarnings(t *testing.T) {
	t.Parallel()
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	stripLast := func(b []byte) []byte {
		lines := strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
		return []byte(strings.Join(lines[:len(lines)-1], ""))
	}
	for name, attack := range map[string]struct {
		forge func(t *testing.T, f *forgery, third *Party)
		want  heed.RefusalCode
	}{
		"for another recipient": {func(_ *testing.T, f *forgery, third *Party) { f.statement.Recipient = third.ID }, heed.WrongRecipient},
		"of another author": {func(_ *testing.T, f *forgery, third *Party) {
			f.statement.Author, f.node = third.ID, third.Keys.nodes[0]
		}, heed.Malformed},
		"by another party's key":            {func(_ *testing.T, f *forgery, third *Party) { f.node = third.Keys.nodes[0] }, heed.Malformed},
		"by another key of the same name":   {func(t *testing.T, f *forgery, _ *Party) { f.node = otherKey(t, wire.NodeKeyName(north)) }, heed.BadSignature},
		"under a card that never was":       {func(_ *testing.T, f *forgery, _ *Party) { f.statement.AuthorCard = 7 }, heed.StaleCard},
		"node's signature stripped":         {func(_ *testing.T, f *forgery, _ *Party) { f.editNote = stripLast }, heed.Malformed},
		"signature line added":              {func(t *testing.T, f *forgery, third *Party) { f.editNote = addLine(t, third.Keys.nodes[0]) }, heed.BadSignature},
		"signed text changed":               {func(_ *testing.T, f *forgery, _ *Party) { f.editNote = replace("Immediate", "Expected") }, heed.BadSignature},
		"releasing officer's line stripped": {func(_ *testing.T, f *forgery, _ *Party) { f.editRelease = stripLast }, heed.Malformed},
		"second line on the release":        {func(t *testing.T, f *forgery, third *Party) { f.editRelease = addLine(t, third.Keys.nodes[0]) }, heed.BadSignature},
		"released by an auditor":            {func(_ *testing.T, f *forgery, _ *Party) { f.role = heed.Auditor }, heed.Malformed},
		"released by an administrator":      {func(_ *testing.T, f *forgery, _ *Party) { f.role = heed.Administrator }, heed.Malformed},
		"document changed":                  {func(_ *testing.T, f *forgery, _ *Party) { f.editDocument = flip }, heed.Malformed},
		"document cut short": {func(_ *testing.T, f *forgery, _ *Party) {
			f.editDocument = func(b []byte) []byte { return b[:len(b)-1] }
		}, heed.Malformed},
		"document of another urgency":      {func(_ *testing.T, f *forgery, _ *Party) { f.warning.Urgency = heed.UrgencyFuture }, heed.Malformed},
		"document of another status":       {func(_ *testing.T, f *forgery, _ *Party) { f.warning.Status = heed.StatusExercise }, heed.Malformed},
		"document that asks for an answer": {func(_ *testing.T, f *forgery, _ *Party) { f.warning.Asks = []heed.Ask{{Code: heed.AskAnswer}} }, heed.Malformed},
		"another tag key": {func(_ *testing.T, f *forgery, _ *Party) {
			f.editKey = func(k ledger.Key) ledger.Key { k[0] ^= 1; return k }
		}, heed.Malformed},
		"two statements in one envelope": {func(t *testing.T, f *forgery, _ *Party) { f.more = forge(f.from, f.to, 1).parts(t) }, heed.Malformed},
		"signed far in the future":       {func(_ *testing.T, f *forgery, _ *Party) { f.statement.Time = f.statement.Time.Add(time.Hour) }, heed.ClockAhead},
		"officer's line where none belongs": {func(_ *testing.T, f *forgery, _ *Party) {
			f.statement.Officers = []heed.OfficerStamp{{Role: heed.Releaser, Key: mustKey(f.from, Anna)}}
		}, heed.Malformed},
		"of another case":                  {func(_ *testing.T, f *forgery, _ *Party) { f.statement.Case = heed.CaseID{1} }, heed.Malformed},
		"a refetch in a numbered envelope": {func(_ *testing.T, f *forgery, _ *Party) { f.more = []wire.Part{{Type: wire.PartRefetch}} }, heed.Malformed},
		"a refusal by a stranger's key":    {func(t *testing.T, f *forgery, third *Party) { f.more = []wire.Part{refusalBy(t, third, f.to)} }, heed.BadSignature},
		"a refusal of somebody else's":     {func(t *testing.T, f *forgery, third *Party) { f.more = []wire.Part{refusalBy(t, f.from, third)} }, heed.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
				third := New(t, Options{Seed: 9}, east).Parties[0]
				f := forge(n, s, 1)
				attack.forge(t, f, third)
				parts := f.parts(t)
				got := hand(t, n, s, sealed(t, n, s, 1, parts...))
				if len(got.refusals) != 1 || got.refusals[0].Code != attack.want || len(got.receipts) != 0 {
					t.Fatalf("answered %+v, want a refusal %s", got, attack.want)
				}
				if rows, err := s.Cases(t.Context(), 10); err != nil || len(rows) != 0 {
					t.Fatalf("%d cases, %v", len(rows), err)
				}
				if got := hand(t, n, s, forge(n, s, 2).envelope(t)); len(got.receipts) != 1 || len(got.missing) != 0 {
					t.Fatalf("the honest one that follows: %+v", got)
				}
			})
		})
	}
}

func otherKey(t *testing.T, name string) seal.SigningKey {
	t.Helper()
	key, err := seal.NewSigningKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func mustKey(p *Party, officer heed.OfficerID) string {
	key, err := p.Keys.Officer(officer)
	if err != nil {
		panic(err)
	}
	return key.Verifier().String()
}

func replace(old, with string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(with), 1) }
}

// addLine adds a valid signature of a key that the text does not list.
func addLine(t *testing.T, key seal.SigningKey) func([]byte) []byte {
	return func(b []byte) []byte {
		text, lines, err := seal.SplitNote(b, 1<<20, 10)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := key.Sign([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out, err := seal.JoinNote(text, append(lines, seal.NoteSignature{Name: key.Name(), KeyHash: key.KeyHash(), Signature: signature}))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func refusalBy(t *testing.T, author, sender *Party) wire.Part {
	t.Helper()
	_, f, err := wire.SignRefusal(wire.Refusal{Author: author.ID, AuthorCard: 1, Sender: sender.ID, SenderCard: 1, Number: 1,
		Envelope: heed.Digest{1}, Time: heed.Instant(time.Now()), Code: heed.Malformed, Detail: "made up"}, author.Keys.nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	return wire.Part{Type: wire.PartRefusal, Data: f}
}

// headerOnly fails the test when anything beyond a header is read.
type headerOnly struct {
	t      *testing.T
	header io.Reader
}

func (h headerOnly) Read(p []byte) (int, error) {
	n, err := h.header.Read(p)
	if err == io.EOF {
		h.t.Error("the body was read")
	}
	return n, err
}

// TestRefusedOnTheHeader: a stranger, a flood and a stale card are refused
// before the body is read.
func TestRefusedOnTheHeader(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]struct {
		change func(t *testing.T, h *wire.Header, node *seal.SigningKey, third *Party)
		want   heed.RefusalCode
	}{
		"another recipient": {func(_ *testing.T, h *wire.Header, _ *seal.SigningKey, _ *Party) { h.Recipient = east }, heed.WrongRecipient},
		"a stranger": {func(_ *testing.T, h *wire.Header, k *seal.SigningKey, third *Party) {
			h.Sender, *k = east, third.Keys.nodes[0]
		}, heed.UnknownSender},
		"an older card of us": {func(_ *testing.T, h *wire.Header, _ *seal.SigningKey, _ *Party) { h.RecipientCard = 9 }, heed.StaleCard},
		"an unknown card":     {func(_ *testing.T, h *wire.Header, _ *seal.SigningKey, _ *Party) { h.SenderCard = 2 }, heed.StaleCard},
		"another key": {func(t *testing.T, _ *wire.Header, k *seal.SigningKey, _ *Party) {
			*k = otherKey(t, wire.NodeKeyName(north))
		}, heed.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
				third := New(t, Options{Seed: 9}, east).Parties[0]
				h := wire.Header{Sender: north, SenderCard: 1, Recipient: south, RecipientCard: 1, Number: 1, Time: heed.Instant(time.Now())}
				node := n.Keys.nodes[0]
				attack.change(t, &h, &node, third)
				stream := sealedAs(t, h, s, node, forge(n, s, 1).parts(t)...)
				_, head := headerOf(t, stream)
				refusedOnHeader(t, s, stream[:head], attack.want)
			})
		})
	}
	t.Run("oversized", func(t *testing.T) {
		baseline := Seconds()
		baseline.MaxEnvelope = 64 << 10
		still(t, Options{Baseline: baseline}, func(t *testing.T, net *Net, n, s *Party) {
			stream := sealed(t, n, s, 1, wire.Part{Type: wire.PartContent, Data: make([]byte, 70<<10)})
			_, head := headerOf(t, stream)
			refusedOnHeader(t, s, stream[:head], heed.TooLarge)
		})
	})
	t.Run("a header too long", func(t *testing.T) {
		still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
			refusedOnHeader(t, s, binary.BigEndian.AppendUint32(nil, wire.MaxHeader+1), heed.Malformed)
		})
	})
}

func refusedOnHeader(t *testing.T, s *Party, header []byte, want heed.RefusalCode) {
	t.Helper()
	before := leaves(t, s)
	_, err := s.Receive(t.Context(), headerOnly{t, bytes.NewReader(header)})
	var refused *heed.Refused
	if !errors.As(err, &refused) || refused.Code != want {
		t.Fatalf("%v, want %s", err, want)
	}
	if after := leaves(t, s); after != before {
		t.Errorf("%d leaves were logged for it", after-before)
	}
}

// TestBrokenStreams: what is cut short, inflated or lies about its sizes.
func TestBrokenStreams(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		whole := forge(n, s, 1).envelope(t)
		h, head := headerOf(t, whole)
		lie := func(change func(*wire.Header)) []byte {
			lied := h
			change(&lied)
			lied.Node = n.Keys.nodes[0].Verifier().String()
			signed := note(t, wire.HeaderText(lied), n.Keys.nodes[0])
			out := binary.BigEndian.AppendUint32(nil, uint32(len(signed)))
			return append(append(out, signed...), whole[head:]...)
		}
		for name, c := range map[string]struct {
			stream []byte
			want   heed.RefusalCode
		}{
			"empty":                       {nil, heed.Malformed},
			"cut within the length":       {whole[:3], heed.Malformed},
			"cut within the header":       {whole[:head-5], heed.Malformed},
			"cut at the body":             {whole[:head], heed.Malformed},
			"cut within the body":         {whole[:len(whole)-1], heed.Malformed},
			"with bytes behind it":        {append(slices.Clone(whole), "more"...), heed.Malformed},
			"with zeros behind it":        {append(slices.Clone(whole), make([]byte, 1<<20)...), heed.Malformed},
			"a body changed":              {flipLast(whole), heed.Malformed},
			"says less than there is":     {lie(func(h *wire.Header) { h.Sealed-- }), heed.Malformed},
			"says more than there is":     {lie(func(h *wire.Header) { h.Sealed++ }), heed.Malformed},
			"another digest":              {lie(func(h *wire.Header) { h.SealedDigest[0] ^= 1 }), heed.Malformed},
			"opens to less than it says":  {lie(func(h *wire.Header) { h.Number, h.Opened = 11, h.Opened+1 }), heed.BadSeal},
			"opens to more than it says":  {lie(func(h *wire.Header) { h.Number, h.Opened = 12, h.Opened-1 }), heed.BadSeal},
			"sealed to somebody else":     {sealedToNobody(t, n, s, 13), heed.BadSeal},
			"sealed, and then changed":    {resealed(t, n, h, 14, whole[head:]), heed.BadSeal},
			"two senders in one stream":   {append(slices.Clone(whole), forge(s, n, 1).envelope(t)...), heed.WrongRecipient},
			"one bad among the good ones": {append(slices.Clone(whole), whole[:len(whole)-1]...), heed.Malformed},
		} {
			got := hand(t, n, s, c.stream)
			if len(got.refusals) != 1 || got.refusals[0].Code != c.want || len(got.receipts) != 0 {
				t.Errorf("%s: answered %+v, want a refusal %s", name, got, c.want)
			}
		}
		if got := hand(t, n, s, whole); len(got.receipts) != 1 {
			t.Errorf("whole: %+v", got)
		}
	})
}

func flipLast(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

func sealedToNobody(t *testing.T, n, s *Party, number uint64) []byte {
	t.Helper()
	key, err := seal.NewSealingKey()
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := wire.SealEnvelope(wire.Header{Sender: n.ID, SenderCard: 1, Recipient: s.ID, RecipientCard: 1, Number: number, Time: heed.Instant(time.Now())},
		forge(n, s, number).parts(t), key.Recipient(), n.Keys.nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// resealed signs a header for a body that was damaged before it was named.
func resealed(t *testing.T, n *Party, h wire.Header, number uint64, body []byte) []byte {
	t.Helper()
	body = flipLast(body)
	h.Number, h.SealedDigest = number, sha256.Sum256(body)
	signed := note(t, wire.HeaderText(h), n.Keys.nodes[0])
	out := binary.BigEndian.AppendUint32(nil, uint32(len(signed)))
	return append(append(out, signed...), body...)
}

// TestReplay: the same bytes, or the same statement under another number or
// sealed again, get the first receipt back, and nothing is logged for them.
func TestReplay(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		parts := forge(n, s, 1).parts(t)
		first := sealed(t, n, s, 1, parts...)
		receipt := hand(t, n, s, first)
		if len(receipt.notes) != 1 {
			t.Fatalf("%+v", receipt)
		}
		before, statements := leaves(t, s), kept(t, s, receipt.receipts[0].Case)
		time.Sleep(time.Hour)
		for name, again := range map[string][]byte{
			"the same bytes":          first,
			"the same bytes twice":    append(slices.Clone(first), first...),
			"sealed again":            sealed(t, n, s, 1, parts...),
			"under another number":    sealed(t, n, s, 2, parts...),
			"among others, repeated ": append(slices.Clone(first), sealed(t, n, s, 2, parts...)...),
		} {
			got := hand(t, n, s, again)
			if len(got.refusals) != 0 || len(got.notes) == 0 {
				t.Errorf("%s: %+v", name, got)
			}
			for _, note := range got.notes {
				if !bytes.Equal(note, receipt.notes[0]) {
					t.Errorf("%s: another receipt", name)
				}
			}
		}
		if leaves(t, s) != before || kept(t, s, receipt.receipts[0].Case) != statements {
			t.Error("a replay was logged or kept")
		}
		// To somebody else it is nothing.
		third := New(t, Options{Seed: 9}, east).Parties[0]
		if _, err := third.Receive(t.Context(), bytes.NewReader(first)); err == nil {
			t.Error("another party took it")
		}
	})
}

func TestNumberReused(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		first := forge(n, s, 1).envelope(t)
		receipt := hand(t, n, s, first)
		got := hand(t, n, s, forge(n, s, 1).envelope(t))
		if len(got.refusals) != 1 || got.refusals[0].Code != heed.NumberReused {
			t.Fatalf("%+v", got)
		}
		if again := hand(t, n, s, first); len(again.notes) != 1 || !bytes.Equal(again.notes[0], receipt.notes[0]) {
			t.Error("the number lost its first answer")
		}
	})
}

// accepted is a case that south has acknowledged, with both sides up to date.
func accepted(t *testing.T, net *Net, n, s *Party) (heed.CaseID, heed.Statement) {
	t.Helper()
	id := n.Warn("Something", s)[0]
	deliver(t, n, s)
	ack := do(t)(s.Acknowledge(t.Context(), Anna, id, false))
	deliver(t, s, n)
	if err := Agree(n, s); err != nil {
		t.Fatal(err)
	}
	return id, ack
}

// saying is a statement of south in a case as its own node would begin it.
func saying(kind heed.Kind, id heed.CaseID, previous heed.StatementID, answers ...heed.StatementID) heed.Statement {
	return heed.Statement{
		Kind: kind, Case: id, Author: south, AuthorCard: 1, Recipient: north, RecipientCard: 1,
		Time: heed.Instant(time.Now()), Previous: previous, Answers: answers,
		Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
	}
}

// TestForgedStatementsInACase: what a dishonest peer may say in a case of ours.
func TestForgedStatementsInACase(t *testing.T) {
	t.Parallel()
	opening := func(id heed.CaseID) heed.StatementID { return heed.StatementID(id) }
	credible := func(s *heed.Statement) { s.Disposition = heed.Credible }
	for name, c := range map[string]struct {
		say      func(id heed.CaseID, ack heed.Statement) heed.Statement
		officers []heed.OfficerID
		want     heed.RefusalCode
	}{
		"a second statement with one predecessor": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			return saying(heed.KindAcknowledgement, id, heed.StatementID{}, opening(id))
		}, []heed.OfficerID{Boris}, heed.Equivocation},
		"signed before its predecessor": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindAcknowledgement, id, ack.ID, opening(id))
			s.Time = ack.Time.Add(-time.Millisecond)
			return s
		}, []heed.OfficerID{Boris}, heed.NotAdmitted},
		"signed in the future": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindAcknowledgement, id, ack.ID, opening(id))
			s.Time = s.Time.Add(heed.ClockSkew + time.Millisecond)
			return s
		}, []heed.OfficerID{Boris}, heed.ClockAhead},
		"without an officer": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindAcknowledgement, id, ack.ID, opening(id))
			s.Officers = nil
			return s
		}, nil, heed.Malformed},
		"by a role that may not": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindAcknowledgement, id, ack.ID, opening(id))
			s.Officers[0].Role = heed.Auditor
			return s
		}, []heed.OfficerID{Anna}, heed.Malformed},
		"assessed by one who may only acknowledge": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindAssessment, id, ack.ID, opening(id))
			s.Disposition, s.Officers[0].Role = heed.NotCredible, heed.DutyOfficer
			return s
		}, []heed.OfficerID{Anna}, heed.Malformed},
		"undertakings with more time than its terms give": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindAssessment, id, ack.ID, opening(id))
			credible(&s)
			s.Duties = heed.Undertakings(s.Disposition, heed.UrgencyImmediate, Seconds(), s.Time)
			s.Duties[1].Due = s.Duties[1].Due.Add(time.Hour)
			return s
		}, []heed.OfficerID{Anna}, heed.NotAdmitted},
		"credible, and undertaking nothing": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindAssessment, id, ack.ID, opening(id))
			credible(&s)
			return s
		}, []heed.OfficerID{Anna}, heed.NotAdmitted},
		"extending what it owes itself": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			s := saying(heed.KindExtension, id, ack.ID, opening(id))
			s.Duties = []heed.Promise{{Kind: heed.DutyAssess, Due: s.Time.Add(time.Hour)}}
			return s
		}, []heed.OfficerID{Anna}, heed.NotAdmitted},
		"following what the other party said": {func(id heed.CaseID, ack heed.Statement) heed.Statement {
			return saying(heed.KindAcknowledgement, id, opening(id), opening(id))
		}, []heed.OfficerID{Anna}, heed.NotAdmitted},
	} {
		t.Run(name, func(t *testing.T) {
			still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
				id, ack := accepted(t, net, n, s)
				before := n.Case(id)
				forged, parts := spokenBy(t, s, c.say(id, ack), c.officers...)
				got := hand(t, s, n, sealed(t, s, n, 100, parts...))
				if len(got.refusals) != 1 || got.refusals[0].Code != c.want || len(got.receipts) != 0 {
					t.Fatalf("answered %+v, want a refusal %s", got, c.want)
				}
				if after := n.Case(id); len(after.Statements) != len(before.Statements) {
					t.Error("it is in the case")
				}
				if c.want != heed.Equivocation {
					return
				}
				// Both are signed, so whoever has the pair can show the lie.
				again, err := wire.ParseStatement(parts[0].Data)
				if err != nil {
					t.Fatal(err)
				}
				proof := heed.Fold(id, append(slices.Clone(before.Statements), again)).Equivocations
				if len(proof) != 1 || !slices.Contains(proof[0][:], forged.ID) || !slices.Contains(proof[0][:], ack.ID) {
					t.Errorf("the proof is %v", proof)
				}
			})
		})
	}
}

// TestSecondAcknowledgement: one's own node refuses it and says who was first;
// a dishonest peer's is received, and changes nothing.
func TestSecondAcknowledgement(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id, ack := accepted(t, net, n, s)
		_, err := s.Acknowledge(t.Context(), Boris, id, false)
		var refused *heed.Refused
		if !errors.As(err, &refused) || !strings.Contains(refused.Detail, "anna") || !strings.Contains(refused.Detail, heed.FormatTime(ack.Time)) {
			t.Errorf("the second acknowledgement: %v", err)
		}
		before := n.Case(id)
		_, parts := spokenBy(t, s, saying(heed.KindAcknowledgement, id, ack.ID, heed.StatementID(id)), Boris)
		if got := hand(t, s, n, sealed(t, s, n, 100, parts...)); len(got.receipts) != 1 {
			t.Fatalf("%+v", got)
		}
		after := n.Case(id)
		if len(after.Statements) != len(before.Statements)+2 {
			t.Errorf("%d statements", len(after.Statements))
		}
		for i, d := range after.Duties {
			if d != before.Duties[i] {
				t.Errorf("%s was %+v and is %+v", d.Kind, before.Duties[i], d)
			}
		}
	})
}

// TestDishonestReceipts: a receipt that gains its giver time, or hides where it
// will be published, is none; the statement goes on waiting for an honest one.
func TestDishonestReceipts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*heed.Statement){
		"a due time later":                func(r *heed.Statement) { r.Duties[0].Due = r.Duties[0].Due.Add(time.Millisecond) },
		"a duty left out":                 func(r *heed.Statement) { r.Duties = r.Duties[1:] },
		"no duties at all":                func(r *heed.Statement) { r.Duties = nil },
		"published later":                 func(r *heed.Statement) { r.PublishBy = r.PublishBy.Add(time.Second) },
		"received later than it is":       func(r *heed.Statement) { shift(r, heed.ClockSkew+time.Second) },
		"under terms that we do not hold": func(r *heed.Statement) { r.Terms[0] ^= 1 },
		"under a card that never was":     func(r *heed.Statement) { r.AuthorCard = 3 },
		"in another ledger": func(r *heed.Statement) {
			r.Ledger = "south.example/other" + strings.TrimPrefix(r.Ledger, "south.example/ledger")
		},
		"for another tag key":               func(r *heed.Statement) { r.TagKey[0] ^= 1 },
		"for a statement that was not sent": func(r *heed.Statement) { r.Answers[0][0] ^= 1 },
		"for another case":                  func(r *heed.Statement) { r.Case[0] ^= 1 },
	} {
		t.Run(name, func(t *testing.T) {
			still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
				id := n.Warn("Something", s)[0]
				net.Network.Set(north, south, Link{TamperAnswer: func(reply exchange.Reply) exchange.Reply {
					parts := partsOf(t, n, reply.Envelope)
					for i := range parts {
						if parts[i].Type != wire.PartStatement {
							continue
						}
						r, err := wire.ParseStatement(parts[i].Data)
						if err != nil {
							t.Fatal(err)
						}
						change(&r)
						parts[i].Data = note(t, wire.StatementText(r), s.Keys.nodes[0])
					}
					return exchange.Reply{Envelope: sealed(t, s, n, 0, parts...)}
				}})
				if _, err := n.Deliver(t.Context(), south); err == nil {
					t.Error("the delivery counts as answered")
				}
				if c := n.Case(id); len(c.Statements) != 1 || len(c.Duties) != 0 {
					t.Fatalf("the receipt was taken: %+v", c.Duties)
				}
				if len(outbox(t, n)) != 1 {
					t.Error("the warning no longer waits for its receipt")
				}
				net.Network.Heal()
				time.Sleep(time.Minute)
				deliver(t, n, s)
				if err := Agree(n, s); err != nil {
					t.Error(err)
				}
				if len(outbox(t, n)) != 0 || len(n.Case(id).Duties) != 2 {
					t.Error("the honest receipt was not taken")
				}
			})
		})
	}
}

func shift(r *heed.Statement, by time.Duration) {
	r.Received, r.PublishBy, r.Time = r.Received.Add(by), r.PublishBy.Add(by), r.Time.Add(by)
	for i := range r.Duties {
		r.Duties[i].Due = r.Duties[i].Due.Add(by)
	}
}

// TestAnswerToAnotherRequest: an answer that was recorded cannot be given again.
func TestAnswerToAnotherRequest(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		n.Warn("Something", s)
		var old exchange.Reply
		net.Network.Set(north, south, Link{TamperAnswer: func(reply exchange.Reply) exchange.Reply {
			if old.Envelope == nil {
				old = reply
			}
			return old
		}})
		deliver(t, n, s)
		n.Warn("Another", s)
		if _, err := n.Deliver(t.Context(), south); err == nil {
			t.Error("the old answer was taken for the new one")
		}
		settle(t, net)
	})
}

// TestStatementsOutsideTheChannel: what nobody asked for is not taken in.
func TestStatementsOutsideTheChannel(t *testing.T) {
	t.Parallel()
	still(t, Options{}, func(t *testing.T, net *Net, n, s *Party) {
		id, ack := accepted(t, net, n, s)
		before, size := kept(t, n, id), leaves(t, n)
		_, parts := spokenBy(t, s, saying(heed.KindQuestion, id, ack.ID), Anna)
		hand(t, s, n, sealed(t, s, n, 0, parts...))
		hand(t, s, n, sealed(t, s, n, 0, forge(s, n, 0).parts(t)...))
		if kept(t, n, id) != before || leaves(t, n) != size {
			t.Error("it was taken in")
		}
		if trouble(t, n, south) == "" {
			t.Error("nobody is told")
		}
	})
}
