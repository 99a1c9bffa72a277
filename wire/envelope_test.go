package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"heed"
	"heed/seal"
)

func testHeader() Header {
	return Header{Sender: north, SenderCard: 1, Recipient: south, RecipientCard: 3, Number: 7, Time: at(0)}
}

func sealedParts(t testing.TB, h Header, parts ...Part) []byte {
	t.Helper()
	sealed, err := SealEnvelope(h, parts, sealingKey(t).Recipient(), nodeOf(t, h.Sender))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func readEnvelope(in io.Reader) (Envelope, error) {
	h, err := ReadHeader(in)
	if err != nil {
		return Envelope{}, err
	}
	return ReadBody(in, h)
}

func TestSealAndOpen(t *testing.T) {
	parts := []Part{{PartStatement, []byte("a")}, {PartTagKey, bytes.Repeat([]byte{7}, 32)}, {PartContent, bytes.Repeat([]byte("content "), 40<<10)}, {PartRefetch, []byte{}}}
	sealed := sealedParts(t, testHeader(), parts...)
	for name, in := range map[string]io.Reader{"whole": bytes.NewReader(sealed), "byte by byte": iotest.OneByteReader(bytes.NewReader(sealed)), "with its end": iotest.DataErrReader(bytes.NewReader(sealed))} {
		e, err := readEnvelope(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opened, err := e.Open(sealingKey(t))
		if err != nil || !slices.EqualFunc(opened, parts, func(a, b Part) bool { return a.Type == b.Type && bytes.Equal(a.Data, b.Data) }) {
			t.Errorf("%s: opened to %d parts, %v", name, len(opened), err)
		}
		want := testHeader()
		want.Sealed, want.SealedDigest, want.Opened, want.Node = e.Sealed, e.SealedDigest, e.Opened, nodeOf(t, north).Verifier().String()
		if !reflect.DeepEqual(e.Header, want) || e.Digest() != e.SealedDigest || e.Sealed != int64(len(e.Body)) {
			t.Errorf("%s: header %+v", name, e.Header)
		}
		if h, err := ReadHeader(in); err != ErrNoEnvelope {
			t.Errorf("%s: after it %+v, %v", name, h, err)
		}
	}
	other, err := seal.NewSealingKey()
	if err != nil {
		t.Fatal(err)
	}
	e, err := readEnvelope(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Open(other); !errors.Is(err, seal.ErrBadSeal) {
		t.Errorf("opened with another key: %v", err)
	}
	if _, err := e.Open(other, sealingKey(t)); err != nil {
		t.Errorf("opened with the second of two keys: %v", err)
	}
	if _, err := e.Open(); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("opened with no key: %v", err)
	}
}

func TestSealRefuses(t *testing.T) {
	for name, change := range map[string]func(*Header){
		"card 0":              func(h *Header) { h.SenderCard = 0 },
		"recipient's card 0":  func(h *Header) { h.RecipientCard = 0 },
		"itself":              func(h *Header) { h.Recipient = h.Sender },
		"another sender":      func(h *Header) { h.Sender = "east.example" },
		"no party":            func(h *Header) { h.Recipient = "south" },
		"a number too large":  func(h *Header) { h.Number = 1 << 53 },
		"a line in its party": func(h *Header) { h.Recipient = "south.example\nnumber: 1" },
		"carries zeros":       func(h *Header) { h.Carries = make([]heed.Digest, 1) },
		"carries one twice":   func(h *Header) { h.Carries = []heed.Digest{digestOf("a"), digestOf("b"), digestOf("a")} },
		"carries too much":    func(h *Header) { h.Carries = carried(heed.MaxCarries + 1) },
	} {
		h := testHeader()
		change(&h)
		if _, err := SealEnvelope(h, nil, sealingKey(t).Recipient(), nodeOf(t, north)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, parts := range map[string][]Part{"type 0": {{Type: 0}}, "type 14": {{Type: 14}}, "too many": make([]Part, MaxParts+1)} {
		if _, err := SealEnvelope(testHeader(), parts, sealingKey(t).Recipient(), nodeOf(t, north)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SealEnvelope(testHeader(), nil, seal.Recipient{}, nodeOf(t, north)); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("sealed to nobody: %v", err)
	}
}

// carried is n tags, each once.
func carried(n int) []heed.Digest {
	all := make([]heed.Digest, n)
	for i := range all {
		all[i] = digestOf(strconv.Itoa(i))
	}
	return all
}

// The longest names, numbers and lists that there may be fit into a header.
func TestLargestHeader(t *testing.T) {
	label := strings.Repeat("a", 60) + "."
	h := Header{Sender: heed.PartyID(label + strings.Repeat("b", 39)), SenderCard: 1<<53 - 1, Recipient: heed.PartyID(label + strings.Repeat("c", 39)), RecipientCard: 1<<53 - 1,
		Number: 1<<53 - 1, Time: at(0), Carries: carried(heed.MaxCarries)}
	sealed := sealedParts(t, h)
	e, err := readEnvelope(bytes.NewReader(sealed))
	if err != nil || !slices.Equal(e.Carries, h.Carries) {
		t.Errorf("%d bytes of header, %d carried, %v", binary.BigEndian.Uint32(sealed), len(e.Carries), err)
	}
}

// A connection that breaks anywhere is seen to have broken: it is never the
// end of the stream, and never another envelope.
func TestEnvelopeCutAnywhere(t *testing.T) {
	sealed := sealedParts(t, testHeader(), Part{PartCheckpoint, []byte("a checkpoint")})
	for i := 1; i < len(sealed); i++ {
		_, err := readEnvelope(bytes.NewReader(sealed[:i]))
		if !errors.Is(err, ErrMalformed) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			t.Fatalf("cut to %d of %d bytes: %v", i, len(sealed), err)
		}
	}
	broken := errors.New("connection reset")
	for _, i := range []int{2, 100, len(sealed) - 10} {
		in := io.MultiReader(bytes.NewReader(sealed[:i]), iotest.ErrReader(broken))
		if _, err := readEnvelope(in); !errors.Is(err, broken) {
			t.Errorf("broken after %d bytes: %v", i, err)
		}
	}
	if _, err := ReadHeader(iotest.ErrReader(broken)); !errors.Is(err, broken) || errors.Is(err, ErrNoEnvelope) {
		t.Errorf("broken at once: %v", err)
	}
}

// nothing fails a test when it is read: what lies behind it must not be.
type nothing struct{ t *testing.T }

func (n nothing) Read([]byte) (int, error) {
	n.t.Error("read on")
	return 0, io.EOF
}

func TestHeaderTooLong(t *testing.T) {
	for _, n := range []uint32{MaxHeader + 1, 1 << 16, 1 << 31, 1<<32 - 1} {
		in := io.MultiReader(bytes.NewReader(binary.BigEndian.AppendUint32(nil, n)), nothing{t})
		if _, err := ReadHeader(in); !errors.Is(err, ErrMalformed) {
			t.Errorf("a header of %d bytes: %v", n, err)
		}
	}
	if _, err := ReadHeader(bytes.NewReader(make([]byte, 4))); !errors.Is(err, ErrMalformed) {
		t.Errorf("a header of no bytes: %v", err)
	}
}

// withHeader is an envelope whose header the sender signed as it pleased.
func withHeader(t *testing.T, h Header, body []byte) []byte {
	h.Node = nodeOf(t, h.Sender).Verifier().String()
	note := rawNote(t, HeaderText(h), nodeOf(t, h.Sender))
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(note))), note, body)
}

// A header that lies about sizes gains nothing by it.
func TestLyingSizes(t *testing.T) {
	honest, err := readEnvelope(bytes.NewReader(sealedParts(t, testHeader(), Part{PartCheckpoint, make([]byte, 1000)})))
	if err != nil {
		t.Fatal(err)
	}
	for name, opened := range map[string]int64{"one more": honest.Opened + 1, "one less": honest.Opened - 1, "least": int64(len(partsFirst)), "most": honest.Sealed - 1} {
		h := honest.Header
		h.Opened = opened
		e, err := readEnvelope(bytes.NewReader(withHeader(t, h, honest.Body)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := e.Open(sealingKey(t)); !errors.Is(err, seal.ErrSize) {
			t.Errorf("opened size %s: %v", name, err)
		}
	}
	for name, opened := range map[string]int64{"inflated": honest.Sealed, "by a thousand": honest.Sealed * 1000, "none": 0, "less than no parts have": int64(len(partsFirst)) - 1} {
		h := honest.Header
		h.Opened = opened
		if _, err := readEnvelope(bytes.NewReader(withHeader(t, h, honest.Body))); !errors.Is(err, ErrMalformed) {
			t.Errorf("opened size %s: %v", name, err)
		}
	}
	for name, sealed := range map[string]int64{"one more": honest.Sealed + 1, "one less": honest.Sealed - 1, "a terabyte": 1 << 40} {
		h := honest.Header
		h.Sealed = sealed
		if _, err := readEnvelope(bytes.NewReader(withHeader(t, h, honest.Body))); !errors.Is(err, ErrMalformed) {
			t.Errorf("sealed size %s: %v", name, err)
		}
	}
	// A terabyte that is announced and does not come costs what comes.
	h := honest.Header
	h.Sealed = 1 << 40
	header := withHeader(t, h, nil)
	if n := testing.AllocsPerRun(1, func() {
		if _, err := readEnvelope(bytes.NewReader(header)); !errors.Is(err, ErrMalformed) {
			t.Error(err)
		}
	}); n > 1000 {
		t.Errorf("%v allocations", n)
	}
}

// What is sealed belongs to its header, and to no other.
func TestSwappedBodies(t *testing.T) {
	one := sealedParts(t, testHeader(), Part{PartCheckpoint, []byte("one")})
	two := sealedParts(t, testHeader(), Part{PartCheckpoint, []byte("two")})
	head := func(b []byte) []byte { return b[:4+binary.BigEndian.Uint32(b)] }
	if _, err := readEnvelope(bytes.NewReader(slices.Concat(head(one), two[len(head(two)):]))); !errors.Is(err, ErrMalformed) {
		t.Errorf("with another's body: %v", err)
	}
	for _, i := range []int{len(head(one)), len(one) / 2, len(one) - 1} {
		changed := slices.Clone(one)
		changed[i] ^= 1
		if _, err := readEnvelope(bytes.NewReader(changed)); !errors.Is(err, ErrMalformed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	// The sender itself may sign a damaged body: then it does not open.
	e, err := readEnvelope(bytes.NewReader(one))
	if err != nil {
		t.Fatal(err)
	}
	body := slices.Clone(e.Body)
	body[len(body)-1] ^= 1
	h := e.Header
	h.SealedDigest = heed.Digest(SignedDigest(body))
	if e, err = readEnvelope(bytes.NewReader(withHeader(t, h, body))); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Open(sealingKey(t)); !errors.Is(err, seal.ErrBadSeal) {
		t.Errorf("damaged: %v", err)
	}
	// And it may seal what are no parts.
	plain := []byte(strings.Repeat("no parts ", 3))
	if body, err = seal.Seal(plain, sealingKey(t).Recipient()); err != nil {
		t.Fatal(err)
	}
	h.SealedDigest, h.Sealed, h.Opened = heed.Digest(SignedDigest(body)), int64(len(body)), int64(len(plain))
	if e, err = readEnvelope(bytes.NewReader(withHeader(t, h, body))); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Open(sealingKey(t)); !errors.Is(err, ErrMalformed) {
		t.Errorf("no parts: %v", err)
	}
}

func TestEnvelopesOneAfterTheOther(t *testing.T) {
	var stream []byte
	for n := range 3 {
		h := testHeader()
		h.Number = uint64(n + 1)
		stream = append(stream, sealedParts(t, h, Part{PartCheckpoint, bytes.Repeat([]byte{byte(n)}, n*100)})...)
	}
	in := bytes.NewReader(stream)
	for n := range 3 {
		e, err := readEnvelope(in)
		if err != nil || e.Number != uint64(n+1) {
			t.Fatalf("envelope %d: %d, %v", n+1, e.Number, err)
		}
		parts, err := e.Open(sealingKey(t))
		if err != nil || len(parts) != 1 || !bytes.Equal(parts[0].Data, bytes.Repeat([]byte{byte(n)}, n*100)) {
			t.Errorf("envelope %d: %v, %v", n+1, parts, err)
		}
	}
	if _, err := ReadHeader(in); err != ErrNoEnvelope {
		t.Errorf("after the last: %v", err)
	}
}

func TestPartsThatAreRefused(t *testing.T) {
	part := func(kind byte, size uint32, data ...byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{kind}, size), data...)
	}
	first := []byte(partsFirst)
	for name, plain := range map[string][]byte{
		"nothing":                 {},
		"first line cut short":    first[:len(first)-1],
		"another version":         []byte("heed-parts/v2\n"),
		"first line ends in CRLF": []byte("heed-parts/v1\r\n"),
		"a byte too many":         append(slices.Clone(first), 1),
		"type 0":                  slices.Concat(first, part(0, 0)),
		"type 14":                 slices.Concat(first, part(14, 0)),
		"type 255":                slices.Concat(first, part(255, 1, 7)),
		"length cut short":        slices.Concat(first, part(1, 5)[:4]),
		"one byte missing":        slices.Concat(first, part(1, 3, 1, 2)),
		"four gigabytes":          slices.Concat(first, part(1, 1<<32-1, 1, 2)),
		"second cut short":        slices.Concat(first, part(1, 1, 1), part(2, 2, 1)),
		"one part too many":       append(slices.Clone(first), bytes.Repeat(part(10, 0), MaxParts+1)...),
	} {
		if parts, err := decodeParts(plain); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %d parts, %v", name, len(parts), err)
		}
	}
	if parts, err := decodeParts(append(slices.Clone(first), bytes.Repeat(part(10, 0), MaxParts)...)); err != nil || len(parts) != MaxParts {
		t.Errorf("%d parts: %d, %v", MaxParts, len(parts), err)
	}
	v := readFormatVectors(t)
	for _, p := range v.Parts {
		plain := p.bytes(t)
		whole, err := decodeParts(plain)
		if err != nil {
			t.Fatal(err)
		}
		for i := range plain {
			// Cut at a border, there are fewer parts; cut elsewhere, there are none.
			if fewer, err := decodeParts(plain[:i]); err == nil && len(fewer) >= len(whole) || err != nil && !errors.Is(err, ErrMalformed) {
				t.Fatalf("%s cut to %d bytes: %d parts, %v", p.Name, i, len(fewer), err)
			}
		}
	}
	// Appending to one part leaves the next alone.
	parts, err := decodeParts(slices.Concat(first, part(4, 1, 'a'), part(4, 1, 'b')))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(parts[0].Data, 'x', 'x', 'x', 'x', 'x', 'x')
	if string(parts[1].Data) != "b" {
		t.Error("parts share their bytes")
	}
}

func TestGap(t *testing.T) {
	most := make([]uint64, MaxGap)
	for i := range most {
		most[i] = 1<<53 - 1 - uint64(MaxGap) + uint64(i)
	}
	for _, missing := range [][]uint64{nil, {1}, {2, 3, 5}, most} {
		got, err := ParseGap(EncodeGap(missing))
		if err != nil || !slices.Equal(got, missing) {
			t.Errorf("%d numbers: %d, %v", len(missing), len(got), err)
		}
	}
	for _, text := range []string{
		"", "\n", "heed-gap/v1", "heed-gap/v2\n", "heed-gap/v1\r\n", "heed-gap/v1\n\n", "heed-gap/v1\nmissing: 0\n", "heed-gap/v1\nmissing: 01\n", "heed-gap/v1\nmissing: +1\n", "heed-gap/v1\nmissing: -1\n",
		"heed-gap/v1\nmissing: 1", "heed-gap/v1\nmissing:1\n", "heed-gap/v1\nmissing: 1 \n", "heed-gap/v1\nmissing: 2\nmissing: 1\n", "heed-gap/v1\nmissing: 1\nmissing: 1\n", "heed-gap/v1\nmissing: 9007199254740992\n",
		"heed-gap/v1\nmissing: 99999999999999999999\n", "heed-gap/v1\nmissing: ١\n", "heed-gap/v1\nother: 1\n", "heed-gap/v1\n" + strings.Repeat("missing: 1\n", 5000), string(EncodeGap(append(most, 1<<53-1))),
	} {
		if got, err := ParseGap([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.60q: %d, %v", text, got, err)
		}
	}
}
