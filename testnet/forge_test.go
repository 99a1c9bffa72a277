package testnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// forgery is a warning as a dishonest node may make it: every part can be
// another than it should be, and all keys are real.
type forgery struct {
	from, to *Party
	number   uint64

	warning   heed.Warning
	statement heed.Statement // what is signed, but for what follows
	role      heed.Role      // of the officer who releases it
	second    heed.Role      // of another officer, who signs the release after the first; empty: nobody
	check     heed.Digest    // that the release names
	node      seal.SigningKey

	editDocument func([]byte) []byte // after it was named
	editNote     func([]byte) []byte // the signed statement
	editRelease  func([]byte) []byte // the signed release
	editKey      func(ledger.Key) ledger.Key
	more         []wire.Part
}

func forge(from, to *Party, number uint64) *forgery {
	return &forgery{
		from: from, to: to, number: number, warning: Warning("Something"), role: heed.Releaser, node: from.Keys.nodes[0],
		statement: heed.Statement{
			Kind: heed.KindWarning, Author: from.ID, AuthorCard: 1, Recipient: to.ID, RecipientCard: 1,
			Time: heed.Instant(from.now()), Urgency: heed.UrgencyImmediate, Status: heed.StatusActual,
		},
	}
}

// parts signs everything and returns it as parts of an envelope.
func (f *forgery) parts(t *testing.T) []wire.Part {
	t.Helper()
	document, err := wire.EncodeWarning(f.warning, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	salt, err := seal.NewSalt(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := wire.ContentDigest(heed.MediaWarning, salt, document)
	if err != nil {
		t.Fatal(err)
	}
	s := f.statement
	s.Contents = []heed.ContentRef{{Digest: digest, Size: int64(len(document)), MediaType: heed.MediaWarning}}
	officer, err := f.from.Keys.Officer(Anna)
	if err != nil {
		t.Fatal(err)
	}
	stamps, officers := []heed.OfficerStamp{{Role: f.role, Key: officer.Verifier().String()}}, []seal.SigningKey{officer}
	if f.second != "" {
		boris, err := f.from.Keys.Officer(Boris)
		if err != nil {
			t.Fatal(err)
		}
		stamps, officers = append(stamps, heed.OfficerStamp{Role: f.second, Key: boris.Verifier().String()}), append(officers, boris)
	}
	rel := heed.Release{
		Author: f.from.ID, Kind: s.Kind, Time: s.Time, Nonce: heed.Digest(salt), Contents: s.Contents, Check: f.check, Officers: stamps,
	}
	if s.Kind == heed.KindWarning {
		rel.Accord, rel.Version = s.Accord, s.Version
	}
	release := wire.ReleaseText(rel)
	releaseNote := note(t, release, officers...)
	s.Release = heed.ReleaseID(wire.StatementID(release))
	key, err := ledger.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.TagKey = ledger.KeyDigest(key)
	s.Node = f.node.Verifier().String()
	signed := note(t, wire.StatementText(s), f.node)
	for _, edit := range []struct {
		what *[]byte
		with func([]byte) []byte
	}{{&document, f.editDocument}, {&signed, f.editNote}, {&releaseNote, f.editRelease}} {
		if edit.with != nil {
			*edit.what = edit.with(*edit.what)
		}
	}
	if f.editKey != nil {
		key = f.editKey(key)
	}
	return append([]wire.Part{
		{Type: wire.PartStatement, Data: signed}, {Type: wire.PartTagKey, Data: key[:]}, {Type: wire.PartRelease, Data: releaseNote},
		{Type: wire.PartContent, Data: append(salt[:], document...)},
	}, f.more...)
}

// envelope is the forgery, sealed.
func (f *forgery) envelope(t *testing.T) []byte {
	t.Helper()
	return sealed(t, f.from, f.to, f.number, f.parts(t)...)
}

// spoken signs any statement by a party's node and officers, whatever it says.
func spokenBy(t *testing.T, p *Party, s heed.Statement, officers ...heed.OfficerID) (heed.Statement, []wire.Part) {
	t.Helper()
	key, err := ledger.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != heed.KindReceipt {
		s.TagKey = ledger.KeyDigest(key)
	}
	s.Node = p.Keys.nodes[0].Verifier().String()
	keys := []seal.SigningKey{p.Keys.nodes[0]}
	for i, id := range officers {
		officer, err := p.Keys.Officer(id)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, officer)
		s.Officers[i].Key = officer.Verifier().String()
	}
	text := wire.StatementText(s)
	s.ID = wire.StatementID(text)
	parts := []wire.Part{{Type: wire.PartStatement, Data: note(t, text, keys...)}}
	if s.Kind != heed.KindReceipt {
		parts = append(parts, wire.Part{Type: wire.PartTagKey, Data: key[:]})
	}
	return s, parts
}

func note(t *testing.T, text string, keys ...seal.SigningKey) []byte {
	t.Helper()
	signed, err := seal.SignNote(text, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func sealed(t *testing.T, from, to *Party, number uint64, parts ...wire.Part) []byte {
	t.Helper()
	h := wire.Header{
		Sender: from.ID, SenderCard: from.Card().Serial, Recipient: to.ID, RecipientCard: to.Card().Serial,
		Number: number, Time: heed.Instant(from.now()),
	}
	return sealedAs(t, h, to, from.Keys.nodes[0], parts...)
}

func sealedAs(t *testing.T, h wire.Header, to *Party, node seal.SigningKey, parts ...wire.Part) []byte {
	t.Helper()
	envelope, err := wire.SealEnvelope(h, parts, to.Keys.sealing[0].Recipient(), node)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// answered is what a node answered, opened.
type answered struct {
	receipts []heed.Statement
	notes    [][]byte // of the receipts
	refusals []wire.Refusal
	missing  []uint64
}

// hand gives a stream to a party's node and opens the answer for the sender.
func hand(t *testing.T, from, to *Party, stream []byte) answered {
	t.Helper()
	reply, err := to.Receive(context.Background(), bytes.NewReader(stream))
	var refused *heed.Refused
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("%s failed: %v", to.ID, err)
	}
	var out answered
	if reply.Refusal != nil {
		f, err := wire.ParseRefusal(reply.Refusal)
		if err != nil {
			t.Fatal(err)
		}
		out.refusals = append(out.refusals, f)
		return out
	}
	if err != nil {
		out.refusals = append(out.refusals, wire.Refusal{Code: refused.Code, Detail: refused.Detail})
		return out
	}
	return opened(t, from, reply.Envelope)
}

func opened(t *testing.T, by *Party, envelope []byte) answered {
	t.Helper()
	var out answered
	for _, p := range partsOf(t, by, envelope) {
		switch p.Type {
		case wire.PartStatement:
			s, err := wire.ParseStatement(p.Data)
			if err != nil {
				t.Fatal(err)
			}
			out.receipts, out.notes = append(out.receipts, s), append(out.notes, p.Data)
		case wire.PartRefusal:
			f, err := wire.ParseRefusal(p.Data)
			if err != nil {
				t.Fatal(err)
			}
			out.refusals = append(out.refusals, f)
		case wire.PartGap:
			var err error
			if out.missing, err = wire.ParseGap(p.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

func partsOf(t *testing.T, by *Party, envelope []byte) []wire.Part {
	t.Helper()
	in := bytes.NewReader(envelope)
	h, err := wire.ReadHeader(in)
	if err != nil {
		t.Fatal(err)
	}
	e, err := wire.ReadBody(in, h)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := e.Open(by.Keys.sealing...)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// headerOf is the header of a stream's first envelope, and how long its part of
// the stream is.
func headerOf(t *testing.T, stream []byte) (wire.Header, int) {
	t.Helper()
	in := bytes.NewReader(stream)
	h, err := wire.ReadHeader(in)
	if err != nil {
		t.Fatal(err)
	}
	return h, len(stream) - in.Len()
}

// envelopes splits a stream.
func envelopes(t *testing.T, stream []byte) [][]byte {
	t.Helper()
	var out [][]byte
	for len(stream) > 0 {
		h, head := headerOf(t, stream)
		size := head + int(h.Sealed)
		out, stream = append(out, stream[:size:size]), stream[size:]
	}
	return out
}

// leaves is how many leaves a party's ledger has.
func leaves(t *testing.T, p *Party) (size int64) {
	t.Helper()
	err := p.Store.Read(context.Background(), func(v exchange.View) error {
		tree, err := v.Tree()
		if err == nil {
			size = tree.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// kept is how many statements a party keeps of a case.
func kept(t *testing.T, p *Party, id heed.CaseID) (count int) {
	t.Helper()
	err := p.Store.Read(context.Background(), func(v exchange.View) error {
		all, err := v.KeptOf(id)
		count = len(all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func outbox(t *testing.T, p *Party) []exchange.Outgoing {
	t.Helper()
	board, err := p.Board(context.Background(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return board.Outbox
}

func trouble(t *testing.T, p *Party, with heed.PartyID) string {
	t.Helper()
	peers, err := p.Peers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, peer := range peers {
		if peer.Card.Party == with {
			return peer.Trouble
		}
	}
	t.Fatalf("%s has no peer %s", p.ID, with)
	return ""
}

// deliver has a party deliver, and fails where that fails.
func deliver(t *testing.T, from, to *Party) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = from.Deliver(context.Background(), to.ID); err != nil {
			t.Fatalf("%s delivers: %v", from.ID, err)
		}
	}
}

// still is two parties that act only when they are told to.
func still(t *testing.T, options Options, story func(t *testing.T, net *Net, n, s *Party)) {
	synctest.Test(t, func(t *testing.T) {
		net := New(t, options, north, south)
		time.Sleep(time.Second)
		story(t, net, net.Parties[0], net.Parties[1])
	})
}

// settle starts everybody and checks everything.
func settle(t *testing.T, net *Net) {
	t.Helper()
	net.Network.Heal()
	net.Start()
	if err := net.Settle(); err != nil {
		t.Error(err)
	}
	net.Stop()
}
