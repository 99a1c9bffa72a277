package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLeafVectors(t *testing.T) {
	var vectors []struct {
		Key, KeyDigest, Statement, SignedDigest, Tag, Commit, Leaf hexBytes
		Slot                                                       string
		Rung                                                       uint8
	}
	readVectors(t, "leaves.json", &vectors)
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	for i, v := range vectors {
		key := Key(v.Key)
		slot, err := ParseSlot(v.Slot)
		if err != nil {
			t.Errorf("vector %d: %v", i, err)
			continue
		}
		if got := KeyDigest(key); !bytes.Equal(got[:], v.KeyDigest) {
			t.Errorf("vector %d: key digest %x, want %x", i, got, v.KeyDigest)
		}
		tag := SlotTag(key, slot, v.Rung, [32]byte(v.Statement))
		if !bytes.Equal(tag[:], v.Tag) {
			t.Errorf("vector %d: tag %x, want %x", i, tag[:], v.Tag)
		}
		if got := Commit(key, tag, [32]byte(v.SignedDigest)); !bytes.Equal(got[:], v.Commit) {
			t.Errorf("vector %d: commit %x, want %x", i, got, v.Commit)
		}
		leaf := StatementLeaf(key, tag, [32]byte(v.SignedDigest))
		if !bytes.Equal(leaf.Bytes(), v.Leaf) {
			t.Errorf("vector %d: leaf %x, want %x", i, leaf.Bytes(), v.Leaf)
		}
		parsed, err := ParseLeaf(v.Leaf)
		if err != nil || parsed != leaf {
			t.Errorf("vector %d: parsed %+v, %v", i, parsed, err)
		}
		if !parsed.Opens(key, [32]byte(v.SignedDigest)) {
			t.Errorf("vector %d: does not open", i)
		}
		if parsed.Opens(key, [32]byte(v.Statement)) || parsed.Opens(Key{}, [32]byte(v.SignedDigest)) {
			t.Errorf("vector %d: opens to something else", i)
		}
	}
}

func TestParseSlot(t *testing.T) {
	for _, s := range []Slot{SlotSent, SlotReceipt, SlotRecalled, SlotBadSeal, SlotAcknowledge, SlotAssess, SlotAnswer,
		SlotReport, SlotConclude, SlotReview, SlotDecide, SlotRatify, "a", "-", Slot(strings.Repeat("z", 32))} {
		if got, err := ParseSlot(string(s)); err != nil || got != s {
			t.Errorf("ParseSlot(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", strings.Repeat("z", 33), "Sent", "sent ", "se nt", "sent\x00", "a1", "a_b", "é", "`", "{"} {
		if got, err := ParseSlot(s); !errors.Is(err, ErrSlot) {
			t.Errorf("ParseSlot(%q) = %q, %v; want ErrSlot", s, got, err)
		}
	}
}

func TestSlotTagRefusesAmbiguity(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, ErrSlot) {
			t.Errorf("recovered %v, want ErrSlot", err)
		}
	}()
	SlotTag(Key{}, Slot(strings.Repeat("a", 256)), 0, [32]byte{})
}

// Different questions never share a tag, the same one always does.
func TestTagsAreDistinct(t *testing.T) {
	type question struct {
		key       Key
		slot      Slot
		rung      uint8
		statement [32]byte
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) question {
			// Few values for each part, so that pairs often agree in most.
			return question{
				key:       Key{rapid.ByteRange(0, 1).Draw(t, "key")},
				slot:      Slot(rapid.StringMatching(`[ab-]{1,4}`).Draw(t, "slot")),
				rung:      rapid.ByteRange(0, 2).Draw(t, "rung"),
				statement: [32]byte{rapid.ByteRange(0, 2).Draw(t, "statement")},
			}
		})
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		same := SlotTag(a.key, a.slot, a.rung, a.statement) == SlotTag(b.key, b.slot, b.rung, b.statement)
		if same != (a == b) {
			t.Fatalf("tags equal: %v, questions equal: %v", same, a == b)
		}
	})
}

func TestRandomness(t *testing.T) {
	key, err := NewKey(repeat(7))
	if err != nil || key != Key(bytes.Repeat([]byte{7}, 32)) {
		t.Errorf("NewKey = %x, %v", key[:], err)
	}
	for _, printed := range []string{key.String(), fmt.Sprint(key), fmt.Sprintf("%v %+v %#v %s %q", key, key, key, key, key)} {
		if strings.Contains(printed, "07") || strings.Contains(printed, "7 7") || strings.Contains(printed, "0x7") {
			t.Errorf("a key prints its bytes: %s", printed)
		}
	}
	tag, err := RandomTag(repeat(8))
	if err != nil || tag.String() != strings.Repeat("08", 32) {
		t.Errorf("RandomTag = %v, %v", tag, err)
	}
	leaf, err := PaddingLeaf(repeat(9))
	if err != nil || !bytes.Equal(leaf.Bytes(), bytes.Repeat([]byte{9}, 64)) {
		t.Errorf("PaddingLeaf = %v, %v", leaf, err)
	}
	short := func() io.Reader { return strings.NewReader("too short") }
	if _, err := NewKey(short()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("NewKey of a short reader: %v", err)
	}
	if _, err := RandomTag(short()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("RandomTag of a short reader: %v", err)
	}
	if _, err := PaddingLeaf(short()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("PaddingLeaf of a short reader: %v", err)
	}
}

func TestParseLeafLength(t *testing.T) {
	for _, n := range []int{0, 1, 32, 63, 65, 128, 65535} {
		if _, err := ParseLeaf(make([]byte, n)); !errors.Is(err, ErrLeaf) {
			t.Errorf("ParseLeaf of %d bytes: %v, want ErrLeaf", n, err)
		}
	}
}

func TestPadding(t *testing.T) {
	for size, want := range map[int64]int{0: 0, 1: 15, 15: 1, 16: 0, 17: 15, 31: 1, 32: 0, 1<<40 + 1: 15} {
		if got := Padding(size); got != want {
			t.Errorf("Padding(%d) = %d, want %d", size, got, want)
		}
	}
}
