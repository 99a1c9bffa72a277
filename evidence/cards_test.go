package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// listed is how a party serves all its cards.
func listed(cards ...[]byte) []byte {
	var out []byte
	for _, note := range cards {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(note))), note...)
	}
	return out
}

// Evidence from before a renewal has not the new card, and under a policy that
// pins that, its cards are given beside it: one by one or as the party serves them.
func TestCardsBesideOlderEvidence(t *testing.T) {
	sc, _, _, cert := warned(t)
	file := sc.encode(cert)
	sc.wait(time.Hour)
	sc.south.rotate(false)
	sc.south.issue(nil)
	cards := sc.south.cards
	policy := sc.policy()
	policy.Parties[1].Card = sc.south.card.ID

	judge := func(files ...[]byte) Verdict {
		t.Helper()
		report, err := Verify(policy, append([][]byte{file}, files...)...)
		sc.must(err)
		return report.Verdicts[0]
	}
	for name, v := range map[string]Verdict{
		"without its cards":       judge(),
		"with the pinned one":     judge(cards[2]),
		"with one in between":     judge(cards[1]),
		"with another party's":    judge(sc.depot.cards[0]),
		"with a list of the same": judge(listed(sc.depot.cards[0])),
	} {
		if v.Verdict != UnknownSigner || !strings.Contains(v.Why, "older than the card that the policy pins: add a newer file of that party, or its cards (--card)") {
			t.Errorf("%s: %q: %s", name, v.Verdict, v.Why)
		}
		if len(v.Signers) == 0 || v.Signers[0].Party != sc.south.id || v.Signers[0].Serial != 1 || v.Signers[0].Card == "" || v.Signers[0].Key == "" {
			t.Errorf("%s: signers %+v", name, v.Signers)
		}
		if head := v.Headline(Layout{}); !strings.Contains(head, "does not vouch for south.example, card 1, key south.example/node+") {
			t.Errorf("%s: %s", name, head)
		}
	}
	for name, v := range map[string]Verdict{
		"one by one":     judge(cards[1], cards[2]),
		"the other way":  judge(cards[2], cards[1]),
		"as a list":      judge(listed(cards...)),
		"as two lists":   judge(listed(cards[2]), listed(cards[1], cards[0])),
		"with strangers": judge(listed(cards[1], cards[2], sc.depot.cards[0])),
	} {
		if v.Verdict != Silent {
			t.Errorf("%s: %q: %s", name, v.Verdict, v.Why)
		}
	}
	// And the other way round: the policy pins the card from before.
	policy = sc.policy()
	later := cert
	later.Cards = [][]byte{sc.north.cards[0], cards[2]}
	v := sc.only(sc.verifyBy(policy, later), UnknownSigner)
	if strings.Contains(v.Why, "begin with the card after it") {
		t.Errorf("two cards lie between: %s", v.Why)
	}
	later.Cards[1] = cards[1]
	if v := sc.only(sc.verifyBy(policy, later), UnknownSigner); !strings.Contains(v.Why, "begin with the card after it: add that card, too (--card)") {
		t.Error(v.Why)
	}
}

// Cards given beside evidence are believed as little as those in it.
func TestForgedCardsBesideEvidence(t *testing.T) {
	sc, _, _, _ := warned(t)
	forgery := newForgery(t, sc)
	files := [][]byte{sc.encode(forgery), listed(append(slices.Clone(forgery.Cards), sc.north.cards[0], sc.south.cards[0])...)}
	report, err := Verify(sc.policy(), files...)
	sc.must(err)
	v := sc.only(report, UnknownSigner)
	if len(v.Signers) != 1 || v.Signers[0].Party != sc.north.id || strings.Contains(v.Why, "--card") {
		t.Errorf("%+v", v)
	}
}

func TestParseCards(t *testing.T) {
	sc := newScene(t)
	card := sc.north.cards[0]
	for name, data := range map[string][]byte{
		"nothing": {}, "a policy": []byte("heed-policy/v1\n"), "cut short": listed(card)[:200], "a byte more": append(listed(card), 0),
		"a length alone": {0, 0, 0, 1}, "too large": append(bytes.Clone(card), make([]byte, maxCardNote)...), "too many": bytes.Repeat(listed(card), MaxCards+1),
		"something else in the list": append(listed(card), listed([]byte("heed-release/v1\n"))...),
	} {
		if _, err := ParseCards(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{"a card": card, "a list of one": listed(card), "of two": listed(card, sc.south.cards[0])} {
		cards, err := ParseCards(data)
		if err != nil || !bytes.Equal(cards[0], card) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The file that is damaged is named, whatever is wrong with it.
func TestTheDamagedFileIsNamed(t *testing.T) {
	sc, _, _, cert := warned(t)
	whole, card := sc.encode(cert), sc.north.cards[0]
	changed := bytes.Replace(card, []byte("serial: 1"), []byte("serial: 2"), 1)
	forged := cert
	forged.Cards = [][]byte{changed}
	map2 := cert
	map2.Maps = slices.Clone(cert.Maps)
	map2.Maps[0].Paths = slices.Clone(cert.Maps[0].Paths)
	map2.Maps[0].Paths[0].Path, map2.Maps[0].Paths[1].Path = cert.Maps[0].Paths[1].Path, cert.Maps[0].Paths[0].Path
	for name, broken := range map[string][]byte{
		"cut short": whole[:len(whole)-40], "empty": {}, "a bit flipped": flip(whole, 900), "a card with a word changed": changed, "a list with it": listed(card, changed),
		"such a card inside": sc.encode(forged), "a path that leads elsewhere": sc.encode(map2),
	} {
		for at := range 3 {
			files := [][]byte{whole, whole, card}
			files[at] = broken
			_, err := Verify(sc.policy(), files...)
			var in *FileError
			if !errors.As(err, &in) || in.File != at || !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), "file ") {
				t.Errorf("%s at %d: %v", name, at, err)
			}
		}
		if _, err := Verify(sc.policy(), broken); !errors.Is(err, ErrDamaged) || strings.HasPrefix(err.Error(), "file ") {
			t.Errorf("%s alone: %v", name, err)
		}
	}
}

func flip(data []byte, at int) []byte {
	out := bytes.Clone(data)
	out[at] ^= 1
	return out
}

// A verdict about unknown signers names them: the card, or who cosigned.
func TestUnknownSignersAreNamed(t *testing.T) {
	sc, warning, _, cert := warned(t)
	policy := sc.policy()
	policy.Parties = policy.Parties[:1]
	v := sc.only(sc.verifyBy(policy, cert), UnknownSigner)
	if want := (Signer{Party: sc.south.id, Serial: 1, Card: sc.south.card.ID.String(), Key: sc.south.card.NodeKey}); !slices.Equal(v.Signers, []Signer{want}) {
		t.Errorf("not pinned: %+v", v.Signers)
	}
	var strangers []string
	other := &scene{t: t, now: sc.now}
	for _, name := range []string{"x3", "x1", "x2"} {
		other.witnesses = append(other.witnesses, sc.witness(name))
		strangers = append(strangers, name+".example/key")
	}
	slices.Sort(strangers)
	sc.refresh(&cert, 0, other.witnesses...)
	v = sc.only(sc.verify(cert), UnknownSigner)
	var named []string
	for _, s := range v.Signers {
		named = append(named, s.Witness)
		if !strings.HasPrefix(s.Key, s.Witness+"+") {
			t.Errorf("%+v", s)
		}
	}
	if !slices.Equal(named, strangers) {
		t.Errorf("%+v", v.Signers)
	}
	if head := v.Headline(Layout{}); !strings.Contains(head, "witness x1.example/key, key x1.example/key+") {
		t.Error(head)
	}

	// A ledger that is nobody's.
	stolen := newBook(sc, sc.key("south.example/v1", "a forger's ledger"))
	cert.Maps[0] = stolen.proof(sc.cosigned(stolen.cut()), warning.tag(slotNames[cert.Claims[0].Duty]))
	v = sc.only(sc.verify(cert), UnknownSigner)
	if len(v.Signers) != 1 || v.Signers[0].Ledger != "south.example/v1" || !strings.HasPrefix(stolen.vkey(), v.Signers[0].Key+"+") {
		t.Errorf("%+v", v.Signers)
	}
}
