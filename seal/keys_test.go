package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestCheckKeyName(t *testing.T) {
	good := []string{
		"a", "north.example", "north.example/node", "north.example/officer/anna", "north.example/officer/anna.b_c-d",
		"north.example/v0", "xn--nrth-5qa.example/node", "1.2", "a/" + strings.Repeat("b", 63),
		strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "/" + strings.Repeat("c", 63) + "/" + strings.Repeat("d", 8),
	}
	for _, name := range good {
		if err := CheckKeyName(name); err != nil {
			t.Errorf("CheckKeyName(%q) = %v", name, err)
		}
	}
	bad := []string{
		"", "/", "north.example/", "/node", "north.example//node", "North.example/node", "north.example/Node", "north..example",
		".example", "example.", "-a.example", "a-.example", "a_b.example", "north.example/.node", "north.example/node-",
		"north.example/no+de", "north.example/no de", "north.example/nöde", "nоrth.example", "north.example/node\n", "north.example:80",
		strings.Repeat("a", 64), "a/" + strings.Repeat("b", 64), strings.Repeat("a.", 100) + "a", "a\x00b",
	}
	for _, name := range bad {
		if err := CheckKeyName(name); !errors.Is(err, ErrKeyName) {
			t.Errorf("CheckKeyName(%q) = %v, want ErrKeyName", name, err)
		}
	}
}

func TestSigningKeyRoundTrip(t *testing.T) {
	key := newKey(t, 1, "north.example/node")
	again, err := ParseSigningKey(key.Secret())
	if err != nil {
		t.Fatal(err)
	}
	if again.Secret() != key.Secret() || again.Verifier() != key.Verifier() {
		t.Errorf("%v became %v", key, again)
	}
	public, err := ParseVerifyKey(key.Verifier().String())
	if err != nil {
		t.Fatal(err)
	}
	if public != key.Verifier() || public.Type() != KeyEd25519 {
		t.Errorf("%v became %v", key.Verifier(), public)
	}
	signature, err := key.Sign([]byte("text\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !public.Verify([]byte("text\n"), signature) || public.Verify([]byte("text"), signature) {
		t.Error("the signature is not over exactly the text")
	}
	if newKey(t, 2, "north.example/node").Verifier() == key.Verifier() {
		t.Error("two seeds give one key")
	}
}

// The forms are C2SP's: golang.org/x/mod/sumdb/note reads what we write and writes what we read.
func TestKeysAreThoseOfSumdbNote(t *testing.T) {
	private, public, err := note.GenerateKey(source(1), "north.example/node")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if key.Secret() != private || key.Verifier().String() != public {
		t.Errorf("got %s and %s, want %s and %s", key.Secret(), key.Verifier(), private, public)
	}
	signer, err := note.NewSigner(key.Secret())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(key.Verifier().String())
	if err != nil {
		t.Fatal(err)
	}
	const text = "first\n\nsecond\n"
	theirs, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := SignNote(text, key)
	if err != nil {
		t.Fatal(err)
	}
	if string(ours) != string(theirs) {
		t.Errorf("ours:\n%s\ntheirs:\n%s", ours, theirs)
	}
	for _, v := range []note.Verifier{verifier, key.Verifier()} {
		if opened, err := note.Open(ours, note.VerifierList(v)); err != nil || opened.Text != text {
			t.Errorf("note.Open: %v, %v", opened, err)
		}
	}
	if signed, err := note.Sign(&note.Note{Text: text}, key); err != nil || string(signed) != string(ours) {
		t.Errorf("note.Sign with our signer: %q, %v", signed, err)
	}
}

func TestParseVerifyKeyIsStrict(t *testing.T) {
	good := newKey(t, 1, "north.example/node").Verifier().String()
	name, rest, _ := strings.Cut(good, "+")
	hash, key, _ := strings.Cut(rest, "+")
	encode := func(name string, data ...byte) string {
		return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, data), base64.StdEncoding.EncodeToString(data))
	}
	public := []byte(newKey(t, 1, name).Verifier().data[1:])
	flipped := "0"
	if hash[0] == '0' {
		flipped = "1"
	}
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"empty", "", ErrVerifyKey},
		{"only a name", name, ErrVerifyKey},
		{"no key", name + "+" + hash, ErrVerifyKey},
		{"empty key", name + "+" + hash + "+", ErrVerifyKey},
		{"capitals in the hash", name + "+" + strings.ToUpper(hash) + "x+" + key, ErrVerifyKey},
		{"wrong hash", name + "+" + flipped + hash[1:] + "+" + key, ErrVerifyKey},
		{"hash of another name", "south.example/node+" + hash + "+" + key, ErrVerifyKey},
		{"signed hash", name + "++" + hash[1:] + "+" + key, ErrVerifyKey},
		{"newline after", good + "\n", ErrVerifyKey},
		{"newline inside", good[:len(good)-4] + "\n" + good[len(good)-4:], ErrVerifyKey},
		{"padded", good + "=", ErrVerifyKey},
		{"space before", " " + good, ErrKeyName},
		{"bad name", encode("North.example", append([]byte{1}, public...)...), ErrKeyName},
		{"short key", encode(name, append([]byte{1}, public[:31]...)...), ErrVerifyKey},
		{"long key", encode(name, append([]byte{1}, append(slices.Clone(public), 0)...)...), ErrVerifyKey},
		{"witness key", encode(name, append([]byte{4}, public...)...), ErrKeyType},
		{"no type", encode(name, public...), ErrKeyType},
		{"too long", good + strings.Repeat("A", 1000), ErrVerifyKey},
		{"private", newKey(t, 1, name).Secret(), ErrKeyName},
	} {
		if key, err := ParseVerifyKey(test.text); !errors.Is(err, test.want) || !key.IsZero() {
			t.Errorf("%s: ParseVerifyKey(%q) = %v, %v, want %v", test.name, test.text, key, err, test.want)
		}
	}
}

// A party must not be able to publish a key under which one signature fits many texts and then deny them all.
func TestSmallOrderKeysAreRefused(t *testing.T) {
	const name = "north.example/node"
	// Big-endian, without the sign of x: 0, 1, the two of order 8, p-1, and p and p+1, which are 0 and 1 again.
	ys := []string{
		strings.Repeat("00", 32), strings.Repeat("00", 31) + "01",
		"05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
		"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7",
		"7f" + strings.Repeat("ff", 30) + "ec", "7f" + strings.Repeat("ff", 30) + "ed", "7f" + strings.Repeat("ff", 30) + "ee",
	}
	for _, y := range ys {
		for _, sign := range []byte{0x00, 0x80} {
			public, err := hex.DecodeString(y)
			if err != nil {
				t.Fatal(err)
			}
			slices.Reverse(public)
			public[31] |= sign
			data := append([]byte{1}, public...)
			text := fmt.Sprintf("%s+%08x+%s", name, keyHash(name, data), base64.StdEncoding.EncodeToString(data))
			if _, err := ParseVerifyKey(text); !errors.Is(err, ErrVerifyKey) {
				t.Errorf("%x is accepted: %v", public, err)
			}
		}
	}
	// Why: nobody knows a private key here, and yet this signature (R the neutral point, S zero) fits every text.
	signature := append([]byte{1}, make([]byte, 63)...)
	neutral := ed25519.PublicKey(append([]byte{1}, make([]byte, 31)...))
	if !ed25519.Verify(neutral, []byte("a text"), signature) || !ed25519.Verify(neutral, []byte("another"), signature) {
		t.Error("crypto/ed25519 refuses such keys itself by now: checkEd25519 can go")
	}
}

func TestParseSigningKeyIsStrict(t *testing.T) {
	const name = "north.example/node"
	good := newKey(t, 1, name)
	secret := good.Secret()
	seed := good.private.Seed()
	encode := func(data ...byte) string {
		return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, good.KeyHash(), base64.StdEncoding.EncodeToString(data))
	}
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"empty", "", ErrSigningKey},
		{"public", good.Verifier().String(), ErrSigningKey},
		{"cut", secret[:len(secret)-1], ErrSigningKey},
		{"newline", secret + "\n", ErrSigningKey},
		{"other name", strings.Replace(secret, "north", "south", 1), ErrSigningKey},
		{"bad name", strings.Replace(secret, "north", "North", 1), ErrSigningKey},
		{"prefix only", "PRIVATE+KEY+", ErrSigningKey},
		{"other type", encode(append([]byte{2}, seed...)...), ErrKeyType},
		{"short", encode(append([]byte{1}, seed[:31]...)...), ErrSigningKey},
		{"with its public half", encode(append([]byte{1}, *good.private...)...), ErrSigningKey},
		{"other seed", encode(append([]byte{1, seed[0] ^ 1}, seed[1:]...)...), ErrSigningKey},
		{"too long", secret + strings.Repeat("A", 1000), ErrSigningKey},
	} {
		key, err := ParseSigningKey(test.text)
		if !errors.Is(err, test.want) || !key.IsZero() {
			t.Errorf("%s: %v, %v, want %v", test.name, key, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), base64.StdEncoding.EncodeToString(seed)[4:12]) {
			t.Errorf("%s: the error shows the key: %v", test.name, err)
		}
	}
	if _, err := NewSigningKey(strings.NewReader("short"), name); err == nil {
		t.Error("a key was made of five bytes")
	}
	if _, err := NewSigningKey(source(1), "North"); !errors.Is(err, ErrKeyName) {
		t.Errorf("got %v, want ErrKeyName", err)
	}
}

func TestZeroKeysDoNothing(t *testing.T) {
	if _, err := (SigningKey{}).Sign(nil); !errors.Is(err, ErrNoKey) {
		t.Errorf("got %v, want ErrNoKey", err)
	}
	if (VerifyKey{}).Verify(nil, nil) || (VerifyKey{}).Type() != 0 || (VerifyKey{}).String() != "" {
		t.Error("the zero VerifyKey is a key")
	}
	if (SigningKey{}).Secret() != "" || (SealingKey{}).Secret() != "" || !(SealingKey{}).Recipient().IsZero() {
		t.Error("a zero key has a text")
	}
}

// A key that slips into a log or an error message must not be readable there.
func TestSecretsAreNotPrinted(t *testing.T) {
	file := newKeyFile(t)
	secrets := []string{"AGE-SECRET", "PRIVATE+", "PRIVATE KEY", "open sesame", fmt.Sprint([]byte(file.Node.private.Seed()))}
	der, err := file.TLS.keyDER()
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, fmt.Sprint(der[36:44]), hex.EncodeToString(file.Node.private.Seed()))
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	wrapped := struct{ file KeyFile }{file} // unexported: fmt cannot call String
	for _, value := range []any{
		file, &file, wrapped, file.Node, file.Sealing[0], file.TLS, Passphrase{Text: "open sesame"}, file.Sealing, file.Officers,
		SigningKey{}, SealingKey{}, TLSIdentity{}, Passphrase{},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if _, ok := value.(Passphrase); ok && verb == "%d" {
				continue // vet refuses %d for a text
			}
			text := fmt.Sprintf(verb, value)
			for _, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %T shows %q", verb, value, secret)
				}
			}
		}
		logger.Info("value", "value", value)
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("slog shows %q", secret)
		}
	}
}

func FuzzParseVerifyKey(f *testing.F) {
	for _, k := range readVectors(f).Keys {
		f.Add(k.Public)
	}
	f.Add("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
	f.Add("a+00000000+AQ==")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseVerifyKey(text)
		if err != nil {
			return
		}
		if key.String() != text {
			t.Errorf("%q is read as %q", text, key)
		}
		if _, err := note.NewVerifier(text); err != nil {
			t.Errorf("sumdb/note refuses %q: %v", text, err)
		}
	})
}

func FuzzParseSigningKey(f *testing.F) {
	for _, k := range readVectors(f).Keys {
		f.Add(k.Private)
	}
	f.Add("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseSigningKey(text)
		if err != nil {
			return
		}
		if key.Secret() != text {
			t.Errorf("%q is read as %q", text, key.Secret())
		}
		if _, err := ParseVerifyKey(key.Verifier().String()); err != nil {
			t.Errorf("the public half of %q is refused: %v", text, err)
		}
	})
}
