package peer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// fakeDepositary stands in for exchange.Depositary.
type fakeDepositary struct {
	*fakeNode
	take  func(ctx context.Context, sender, recipient []byte, envelope io.Reader) ([]byte, error)
	serve func(ctx context.Context, cards [][]byte, collect []byte) ([]exchange.Collected, error)
}

var _ Depositary = (*exchange.Depositary)(nil)

func (d *fakeDepositary) TakeDeposit(ctx context.Context, sender, recipient []byte, envelope io.Reader) ([]byte, error) {
	if d.take != nil {
		return d.take(ctx, sender, recipient, envelope)
	}
	reply, err := readAll(envelope)
	return slices.Concat(sender, []byte("|"), recipient, []byte("|"), reply.Envelope), err
}

func (d *fakeDepositary) ServeCollect(ctx context.Context, cards [][]byte, collect []byte) ([]exchange.Collected, error) {
	if d.serve != nil {
		return d.serve(ctx, cards, collect)
	}
	return []exchange.Collected{
		{Seq: 3, Deposit: collect, Envelope: bytes.Join(cards, []byte("|"))},
		{Seq: 9, Deposit: []byte("deposit"), Envelope: bytes.Repeat([]byte{7}, 3<<20)},
	}, nil
}

func depositary(t *testing.T, d *fakeDepositary, opts Options) heed.Depositary {
	t.Helper()
	id := identity(t, time.Now())
	address := serve(t, Server(DepositaryHandler(d, opts), id.ServerTLS(), opts))
	return heed.Depositary{Party: "south.example", Endpoint: "https://" + address, Pin: id.Pin()}
}

func TestDepositAndCollect(t *testing.T) {
	var said reports
	defer said.none(t)
	d := &fakeDepositary{fakeNode: &fakeNode{}}
	at := depositary(t, d, options(&said))
	c := client(t, ClientOptions{})
	note, err := c.Deposit(t.Context(), at, []byte("north's card"), []byte("west's card"), envelope(t, 1, 2<<20))
	if err != nil || string(note) != "north's card|west's card|1 envelopes" {
		t.Errorf("Deposit: %q, %v", note, err)
	}
	held, err := c.Collect(t.Context(), at, [][]byte{[]byte("card 2"), []byte("card 1")}, []byte("collect"))
	if err != nil || len(held) != 2 || held[0].Seq != 3 || string(held[0].Deposit) != "collect" || string(held[0].Envelope) != "card 2|card 1" || held[1].Seq != 9 || len(held[1].Envelope) != 3<<20 {
		t.Errorf("Collect: %d, %v", len(held), err)
	}
	d.serve = func(context.Context, [][]byte, []byte) ([]exchange.Collected, error) { return nil, nil }
	if held, err := c.Collect(t.Context(), at, [][]byte{[]byte("card")}, []byte("collect")); err != nil || held != nil {
		t.Errorf("nothing is held: %v, %v", held, err)
	}
	card := heed.Card{Party: at.Party, Endpoint: at.Endpoint, Pin: at.Pin}
	if note, err := c.CurrentCard(t.Context(), card); err != nil || string(note) != "card of south" {
		t.Errorf("CurrentCard: %q, %v", note, err)
	}
	if body, err := c.Resource(t.Context(), card, "", "checkpoint"); err != nil || string(body) != "south's checkpoint" {
		t.Errorf("Resource: %q, %v", body, err)
	}
	if notes, err := c.Cards(t.Context(), card); err != nil || len(notes) != 2 {
		t.Errorf("Cards: %q, %v", notes, err)
	}
	var rejected *Rejected
	if _, err := c.Carry(t.Context(), card, envelope(t, 1, 10)); !errors.As(err, &rejected) || rejected.Status != 404 {
		t.Errorf("an envelope for the depositary itself: %v", err)
	}
}

// A node that is no depositary has none of its paths.
func TestNodesTakeNoDeposits(t *testing.T) {
	var said reports
	defer said.none(t)
	h := Handler(&fakeNode{}, options(&said))
	for _, path := range []string{DepositsPath, CollectPath} {
		if w := ask(h, "POST", path, "192.0.2.1:1", MediaDeposits, strings.NewReader("x")); w.Code != 404 || problemOf(t, w) != CodeNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestRefusedDeposits(t *testing.T) {
	var said reports
	defer said.none(t)
	for _, test := range []struct {
		err    error
		status int
		final  bool
	}{
		{heed.Refuse(heed.NotAdmitted, "nobody named us"), 403, true},
		{heed.Refuse(heed.BadSignature, "not its key"), 400, true},
		{heed.Refuse(heed.TooLarge, "too much"), 413, true},
		{heed.Refuse(heed.OverQuota, "full"), 429, false},
		{heed.Refuse(heed.CatchingUp, "restored"), 409, false},
	} {
		d := &fakeDepositary{fakeNode: &fakeNode{},
			take:  func(context.Context, []byte, []byte, io.Reader) ([]byte, error) { return nil, test.err },
			serve: func(context.Context, [][]byte, []byte) ([]exchange.Collected, error) { return nil, test.err }}
		at := depositary(t, d, options(&said))
		c := client(t, ClientOptions{})
		_, depositing := c.Deposit(t.Context(), at, []byte("a"), []byte("b"), envelope(t, 1, 10))
		_, collecting := c.Collect(t.Context(), at, [][]byte{[]byte("a")}, []byte("b"))
		for _, err := range []error{depositing, collecting} {
			var rejected *Rejected
			var refused *heed.Refused
			if !errors.As(err, &rejected) || rejected.Status != test.status || errors.As(err, &refused) != test.final {
				t.Errorf("%v: %v", test.err, err)
			}
		}
	}
}

func TestDepositRoutes(t *testing.T) {
	var said reports
	defer said.none(t)
	opts := options(&said)
	opts.StrangerBurst = 1000
	h := DepositaryHandler(&fakeDepositary{fakeNode: &fakeNode{}}, opts)
	whole := append(wire.JoinNotes([][]byte{[]byte("a"), []byte("b")}), envelope(t, 1, 10)...)
	collect := wire.JoinNotes([][]byte{[]byte("card"), []byte("collect")})
	many := wire.JoinNotes(slices.Repeat([][]byte{[]byte("card")}, MaxCollectCards+2))
	for _, test := range []struct {
		method, path, media string
		body                []byte
		status              int
		code                string
	}{
		{"POST", DepositsPath, MediaDeposits, whole, 200, ""},
		{"POST", CollectPath, MediaCollect, collect, 200, ""},
		{"GET", DepositsPath, "", nil, 405, CodeMethod},
		{"GET", CollectPath, "", nil, 405, CodeMethod},
		{"POST", DepositsPath, MediaEnvelopes, whole, 415, CodeMediaType},
		{"POST", CollectPath, MediaDeposits, collect, 415, CodeMediaType},
		{"POST", DepositsPath + "/", MediaDeposits, whole, 404, CodeNotFound},
		{"POST", "/heed/v1/%64eposits", MediaDeposits, whole, 404, CodeNotFound},
		{"POST", EnvelopesPath, MediaEnvelopes, envelope(t, 1, 10), 404, CodeNotFound},
		{"POST", DepositsPath, MediaDeposits, nil, 400, "malformed"},
		{"POST", DepositsPath, MediaDeposits, whole[:3], 400, "malformed"},
		{"POST", DepositsPath, MediaDeposits, whole[:9], 400, "malformed"},
		{"POST", DepositsPath, MediaDeposits, whole[:len(whole)-1], 400, "malformed"},
		{"POST", DepositsPath, MediaDeposits, append([]byte{0, 0, 0, 0}, whole...), 400, "malformed"},
		{"POST", DepositsPath, MediaDeposits, append([]byte{255, 0, 0, 0}, whole...), 400, "malformed"},
		{"POST", CollectPath, MediaCollect, nil, 400, "malformed"},
		{"POST", CollectPath, MediaCollect, collect[:8], 400, "malformed"},
		{"POST", CollectPath, MediaCollect, append(collect, 0), 400, "malformed"},
		{"POST", CollectPath, MediaCollect, many, 400, "malformed"},
		{"POST", CollectPath, MediaCollect, make([]byte, 2<<20), 413, CodeBodyTooLarge},
	} {
		w := ask(h, test.method, test.path, "192.0.2.1:1", test.media, bytes.NewReader(test.body))
		code := ""
		if w.Code != 200 {
			code = problemOf(t, w)
		}
		if w.Code != test.status || code != test.code {
			t.Errorf("%s %s with %d bytes: %d %s, and %d %s is expected", test.method, test.path, len(test.body), w.Code, code, test.status, test.code)
		}
	}
}

// A deposit whose bytes did not arrive is no fault of its sender's.
func TestBrokenDepositIsToBeRepeated(t *testing.T) {
	var said reports
	defer said.none(t)
	h := DepositaryHandler(&fakeDepositary{fakeNode: &fakeNode{}}, options(&said))
	whole := append(wire.JoinNotes([][]byte{[]byte("a"), []byte("b")}), envelope(t, 1, 100)...)
	for _, n := range []int{0, 2, 6, 12, len(whole) - 10} {
		w := ask(h, "POST", DepositsPath, "192.0.2.1:1", MediaDeposits, io.MultiReader(bytes.NewReader(whole[:n]), failingReader{io.ErrUnexpectedEOF}))
		if code := problemOf(t, w); w.Code != 400 || code != CodeCutShort {
			t.Errorf("after %d bytes: %d %s", n, w.Code, code)
		}
	}
	w := ask(h, "POST", CollectPath, "192.0.2.1:1", MediaCollect, failingReader{io.ErrUnexpectedEOF})
	if code := problemOf(t, w); w.Code != 400 || code != CodeCutShort {
		t.Errorf("collect: %d %s", w.Code, code)
	}
}

// Strangers who are refused are not read any more; what is public is served on.
func TestDepositingStrangersAreSlowedDown(t *testing.T) {
	var said reports
	defer said.none(t)
	opts := options(&said)
	opts.StrangerBurst = 2
	read := 0
	d := &fakeDepositary{fakeNode: &fakeNode{}, take: func(context.Context, []byte, []byte, io.Reader) ([]byte, error) {
		read++
		return nil, heed.Refuse(heed.NotAdmitted, "nobody named us")
	}}
	h := DepositaryHandler(d, opts)
	body := wire.JoinNotes([][]byte{[]byte("a"), []byte("b")})
	var last int
	for range 5 {
		last = ask(h, "POST", DepositsPath, "192.0.2.1:1", MediaDeposits, bytes.NewReader(body)).Code
	}
	if last != http.StatusTooManyRequests || read != 2 {
		t.Errorf("%d at last, %d heard", last, read)
	}
	if w := ask(h, "POST", CollectPath, "192.0.2.1:1", MediaCollect, bytes.NewReader(body)); w.Code != http.StatusTooManyRequests {
		t.Errorf("a collect from there: %d", w.Code)
	}
	if w := ask(h, "POST", CollectPath, "192.0.2.2:1", MediaCollect, bytes.NewReader(body)); w.Code != 200 {
		t.Errorf("a collect from elsewhere: %d", w.Code)
	}
	if w := ask(h, "GET", CardPath, "192.0.2.1:1", "", nil); w.Code != 200 {
		t.Errorf("the card: %d", w.Code)
	}
}

func TestHostileCollections(t *testing.T) {
	one := func(seq uint64, deposit, envelope string) []byte {
		return slices.Concat(binary.BigEndian.AppendUint64(nil, seq), wire.JoinNotes([][]byte{[]byte(deposit), []byte(envelope)}))
	}
	for name, data := range map[string][]byte{
		"no number":           {0, 0, 0},
		"a number of zero":    one(0, "d", "e"),
		"a number too large":  one(math.MaxInt64+1, "d", "e"),
		"numbers that fall":   slices.Concat(one(2, "d", "e"), one(1, "d", "e")),
		"a number twice":      slices.Concat(one(2, "d", "e"), one(2, "d", "e")),
		"no deposit":          one(1, "", "e"),
		"no envelope":         one(1, "d", ""),
		"cut short":           one(1, "d", "envelope")[:20],
		"a deposit too large": one(1, strings.Repeat("d", maxDepositNote+1), "e"),
		"too many": func() []byte {
			var all []byte
			for i := range maxCollected + 1 {
				all = append(all, one(uint64(i+1), "d", "e")...)
			}
			return all
		}(),
	} {
		if _, err := splitCollected(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzSplitCollected(f *testing.F) {
	f.Add(joinCollected([]exchange.Collected{{Seq: 1, Deposit: []byte("d"), Envelope: []byte("e")}, {Seq: 7, Deposit: []byte("d"), Envelope: []byte("e")}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		held, err := splitCollected(data)
		if err == nil && !bytes.Equal(joinCollected(held), data) {
			t.Error("not in its one form")
		}
	})
}

func FuzzSplitNotes(f *testing.F) {
	f.Add(wire.JoinNotes([][]byte{[]byte("one"), []byte("two")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		notes, err := wire.SplitNotes(data, maxNotes, maxCard)
		if err == nil && !bytes.Equal(wire.JoinNotes(notes), data) {
			t.Error("not in its one form")
		}
		first, err := readNote(bufio.NewReader(bytes.NewReader(data)), maxCard)
		if err == nil && len(notes) > 0 && !bytes.Equal(first, notes[0]) {
			t.Error("read from a stream it is another")
		}
	})
}
