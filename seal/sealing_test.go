package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

func mustSeal(t testing.TB, plaintext []byte, to ...Recipient) []byte {
	t.Helper()
	sealed, err := Seal(plaintext, to...)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealAndOpen(t *testing.T) {
	ours, older, role, stranger := newSealing(t), newSealing(t), newSealing(t), newSealing(t)
	for _, size := range []int{0, 1, 10_000, payloadChunk - 1, payloadChunk, payloadChunk + 1, 3 * payloadChunk} {
		plaintext := make([]byte, size)
		if _, err := io.ReadFull(source(1), plaintext); err != nil {
			t.Fatal(err)
		}
		sealed := mustSeal(t, plaintext, older.Recipient(), role.Recipient())
		if want := SealedSize(int64(size), 2); int64(len(sealed)) != want {
			t.Errorf("%d bytes are sealed in %d, SealedSize says %d", size, len(sealed), want)
		}
		for _, ids := range [][]SealingKey{{ours, older}, {role}} {
			if opened, err := Open(sealed, int64(size), ids...); err != nil || !bytes.Equal(opened, plaintext) {
				t.Errorf("%d bytes: Open gives %d bytes, %v", size, len(opened), err)
			}
		}
		if opened, err := Open(sealed, int64(size), stranger); !errors.Is(err, ErrBadSeal) || opened != nil {
			t.Errorf("a stranger opens the seal: %v", err)
		}
		for _, stated := range []int64{-1, int64(size) - 1, int64(size) + 1, int64(size) + 1<<16, 1 << 40, 1<<63 - 1, -1 << 63} {
			if stated == int64(size) {
				continue
			}
			if _, err := Open(sealed, stated, older); !errors.Is(err, ErrSize) {
				t.Errorf("%d bytes stated as %d: %v, want ErrSize", size, stated, err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	key := newSealing(t)
	plaintext := []byte("a warning\n")
	sealed := mustSeal(t, plaintext, key.Recipient())
	size := int64(len(plaintext))

	for i := range sealed {
		changed := slices.Clone(sealed)
		changed[i] ^= 0x20
		if _, err := Open(changed, size, key); !errors.Is(err, ErrBadSeal) {
			t.Fatalf("byte %d changed: %v, want ErrBadSeal", i, err)
		}
	}
	for n := range sealed {
		if _, err := Open(sealed[:n], size, key); !errors.Is(err, ErrBadSeal) && !errors.Is(err, ErrSize) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	if _, err := Open(append(slices.Clone(sealed), 0), size, key); !errors.Is(err, ErrSize) {
		t.Errorf("a byte added: %v, want ErrSize", err)
	}
	if _, err := Open(append(slices.Clone(sealed), 0), size+1, key); !errors.Is(err, ErrBadSeal) {
		t.Errorf("a byte added and stated: %v, want ErrBadSeal", err)
	}
	if _, err := Open(append(slices.Clone(sealed), sealed...), size, key); !errors.Is(err, ErrSize) {
		t.Errorf("two seals in one: %v, want ErrSize", err)
	}
	if _, err := Open(sealed, size); !errors.Is(err, ErrNoKey) {
		t.Errorf("without a key: %v, want ErrNoKey", err)
	}
	if _, err := Open(sealed, size, SealingKey{}); !errors.Is(err, ErrNoKey) {
		t.Errorf("with a zero key: %v, want ErrNoKey", err)
	}
	// A stanza that is nobody's makes no difference to whether it opens, but too many of them cost too much to try.
	stanza := sealed[len(sealIntro) : len(sealIntro)+stanzaLength]
	flood := slices.Concat([]byte(sealIntro), bytes.Repeat(stanza, MaxRecipients), sealed[len(sealIntro):])
	if _, err := Open(flood, size, key); !errors.Is(err, ErrBadSeal) || !strings.Contains(err.Error(), "more than 16") {
		t.Errorf("%d recipients: %v, want ErrBadSeal", MaxRecipients+1, err)
	}
	// age itself would read these headers.
	for name, header := range map[string]string{
		"grease":    "-> odd-grease\n\n",
		"classic":   "-> X25519 AAAA\n\n",
		"long line": "-> " + strings.Repeat("a", 1<<20) + "\n\n",
	} {
		mixed := slices.Concat([]byte(sealIntro), []byte(header), sealed[len(sealIntro):])
		if _, err := Open(mixed, size, key); !errors.Is(err, ErrBadSeal) {
			t.Errorf("%s: %v, want ErrBadSeal", name, err)
		}
	}
}

// What we seal is an age file, and age's own files open.
func TestSealsAreAgeFiles(t *testing.T) {
	key := newSealing(t)
	plaintext := []byte("a warning\n")
	r, err := age.Decrypt(bytes.NewReader(mustSeal(t, plaintext, key.Recipient())), key.identity)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := io.ReadAll(r); err != nil || !bytes.Equal(opened, plaintext) {
		t.Errorf("age opens %q, %v", opened, err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, key.identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plaintext); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if opened, err := Open(sealed.Bytes(), int64(len(plaintext)), key); err != nil || !bytes.Equal(opened, plaintext) {
		t.Errorf("Open gives %q, %v", opened, err)
	}
}

func TestParseRecipientIsStrict(t *testing.T) {
	good := newSealing(t).Recipient()
	if again, err := ParseRecipient(good.String()); err != nil || !again.Equal(good) {
		t.Errorf("%v becomes %v, %v", good, again, err)
	}
	text := good.String()
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{classic.Recipient().String(), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "age1tag1qqqq", "age1yubikey1qqq"} {
		if _, err := ParseRecipient(s); !errors.Is(err, ErrClassicRecipient) || !errors.Is(err, ErrRecipient) {
			t.Errorf("%q: %v, want ErrClassicRecipient", s, err)
		}
	}
	last := "q"
	if strings.HasSuffix(text, last) {
		last = "p"
	}
	for _, s := range []string{
		"", "age", strings.ToUpper(text), text[:len(text)-1], text + "q", text + "\n", " " + text, text[:len(text)-1] + last,
		strings.Replace(text, "age1pq1", "age1pq1q", 1), newSealing(t).Secret(), text[:100] + strings.ToUpper(text[100:]),
		text[:len(text)-2] + "\u212a", "age1pq1" + strings.Repeat("q", 1<<20),
	} {
		_, err := ParseRecipient(s)
		if !errors.Is(err, ErrRecipient) || errors.Is(err, ErrClassicRecipient) {
			t.Errorf("%s: %v, want ErrRecipient", clip(s), err)
		}
	}
	key := newSealing(t)
	secret := key.Secret()
	if again, err := ParseSealingKey(secret); err != nil || again.Secret() != secret || !again.Recipient().Equal(key.Recipient()) {
		t.Errorf("a sealing key changes: %v", err)
	}
	for _, s := range []string{"", strings.ToLower(secret), secret[:len(secret)-1], secret + "\n", text, classic.String(), secret[:len(secret)-4] + "QQQQ"} {
		if _, err := ParseSealingKey(s); !errors.Is(err, ErrSealingKey) {
			t.Errorf("%s: %v, want ErrSealingKey", clip(s), err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	r := newSealing(t).Recipient()
	if _, err := Seal(nil); !errors.Is(err, ErrNoKey) {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := Seal(nil, Recipient{}); !errors.Is(err, ErrNoKey) {
		t.Errorf("to a zero recipient: %v", err)
	}
	if _, err := Seal(nil, r, r); err == nil {
		t.Error("one recipient twice is accepted")
	}
	if _, err := Seal(nil, make([]Recipient, MaxRecipients+1)...); err == nil {
		t.Error("too many recipients are accepted")
	}
}

func FuzzOpen(f *testing.F) {
	v := readVectors(f)
	key, err := ParseSealingKey(v.Seal.Key)
	if err != nil {
		f.Fatal(err)
	}
	sealed := readTestdata(f, v.Seal.Sealed)
	f.Add(sealed, int64(len(v.Seal.Plaintext)))
	f.Add(sealed[:len(sealed)-1], int64(len(v.Seal.Plaintext)-1))
	f.Add(sealed, int64(1<<62))
	f.Add([]byte(sealIntro), int64(0))
	f.Fuzz(func(t *testing.T, sealed []byte, opened int64) {
		plaintext, err := Open(sealed, opened, key)
		if err == nil {
			if int64(len(plaintext)) != opened {
				t.Errorf("%d bytes come out where %d were stated", len(plaintext), opened)
			}
			return
		}
		if plaintext != nil || !errors.Is(err, ErrBadSeal) && !errors.Is(err, ErrSize) {
			t.Errorf("got %q, %v", plaintext, err)
		}
	})
}

func FuzzParseRecipient(f *testing.F) {
	f.Add(readVectors(f).Seal.Recipient)
	f.Add("age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := ParseRecipient(text); err == nil && r.String() != text {
			t.Errorf("%q is read as %q", text, r)
		}
	})
}

func BenchmarkSeal10kB(b *testing.B) {
	for _, count := range []int{1, 5} {
		b.Run(fmt.Sprintf("to%d", count), func(b *testing.B) {
			var to []Recipient
			for range count {
				to = append(to, newSealing(b).Recipient())
			}
			plaintext := make([]byte, 10_000)
			b.SetBytes(int64(len(plaintext)))
			for b.Loop() {
				if _, err := Seal(plaintext, to...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen10kB(b *testing.B) {
	key := newSealing(b)
	plaintext := make([]byte, 10_000)
	sealed := mustSeal(b, plaintext, key.Recipient())
	b.SetBytes(int64(len(plaintext)))
	for b.Loop() {
		if _, err := Open(sealed, int64(len(plaintext)), key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRecipient(b *testing.B) {
	text := newSealing(b).Recipient().String()
	for b.Loop() {
		if _, err := ParseRecipient(text); err != nil {
			b.Fatal(err)
		}
	}
}
