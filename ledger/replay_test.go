package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// honestLog is a ledger of size leaves, in which every cut-th is a map root.
func honestLog(t testing.TB, size, cut int) ([][]byte, Checkpoint) {
	t.Helper()
	var batch []mapInsert
	for i := range size {
		if i%cut != cut-1 {
			batch = append(batch, mapInsert{MapEntry{testTag(i), int64(i)}, i / cut})
		}
	}
	roots, err := NewMap(&MemoryPages{}).insert(batch, size/cut+1)
	if err != nil {
		t.Fatal(err)
	}
	var leaves [][]byte
	var tree Tree
	for i := range size {
		leaf := Leaf{Tag: testTag(i), Commit: testTag(-1)}.Bytes()
		if i%cut == cut-1 {
			leaf = MapRoot{Covers: int64(i), Root: roots[i/cut], Previous: max(int64(i-cut), -1)}.Bytes()
		}
		leaves = append(leaves, leaf)
		if _, _, err := tree.Append(leaf); err != nil {
			t.Fatal(err)
		}
	}
	return leaves, tree.Head(origin)
}

type logMaker struct {
	leaves  [][]byte
	pending []MapEntry
	m       *Map
	last    int64
}

func (l *logMaker) statement(tag Tag) {
	l.pending = append(l.pending, MapEntry{tag, int64(len(l.leaves))})
	l.leaves = append(l.leaves, Leaf{Tag: tag, Commit: testTag(-1)}.Bytes())
}

func (l *logMaker) next(t testing.TB) MapRoot {
	t.Helper()
	root, err := l.m.Insert(l.pending)
	if err != nil {
		t.Fatal(err)
	}
	l.pending = nil
	return MapRoot{Covers: int64(len(l.leaves)), Root: root, Previous: l.last}
}

func (l *logMaker) root(t testing.TB) {
	t.Helper()
	leaf := l.next(t).Bytes()
	l.last = int64(len(l.leaves))
	l.leaves = append(l.leaves, leaf)
}

// replay audits leaves, to their own tree's head.
func replay(leaves [][]byte) (*Replay, error) {
	var tree Tree
	r := NewReplay(origin, &Tree{}, NewMap(&MemoryPages{}), -1, false)
	for _, leaf := range leaves {
		if _, err := r.Append(leaf); err != nil {
			return r, err
		}
		if _, _, err := tree.Append(leaf); err != nil {
			return r, err
		}
	}
	return r, r.Agree((&Tree{}).Head(origin), tree.Head(origin))
}

// An honest ledger passes, taken in any steps, with its state stored between
// them; what the replay gives to store is what the tree gives.
func TestReplayOfAnHonestLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := &logMaker{m: NewMap(&MemoryPages{}), last: -1}
		var tree Tree // the auditor's
		reference := &Tree{}
		under := &bytesOnly{}
		lastRoot := int64(-1)
		held := tree.Head(origin)
		for range rapid.IntRange(1, 8).Draw(t, "checkpoints") {
			for range rapid.IntRange(0, 40).Draw(t, "statements") {
				log.statement(testTag(len(log.leaves)))
				if rapid.IntRange(0, 9).Draw(t, "extra root") == 0 {
					rapidRoot(t, log)
				}
			}
			rapidRoot(t, log)
			pages := NewMemoryPages(under)
			r := NewReplay(origin, &tree, NewMap(pages), lastRoot, false)
			for _, leaf := range log.leaves[tree.Size():] {
				_, want, err := reference.Append(leaf)
				if err != nil {
					t.Fatal(err)
				}
				got, err := r.Append(leaf)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("leaf %d: %v, %v; want %v", reference.Size()-1, got, err, want)
				}
			}
			head := reference.Head(origin)
			if err := r.Agree(held, head); err != nil {
				t.Fatal(err)
			}
			if err := pages.Flush(); err != nil {
				t.Fatal(err)
			}
			held, lastRoot = head, r.LastRoot()
			if lastRoot != log.last || r.Ended() {
				t.Fatalf("last root %d, ended %v; want %d", lastRoot, r.Ended(), log.last)
			}
		}
	})
}

func rapidRoot(t *rapid.T, log *logMaker) {
	root, err := log.m.Insert(log.pending)
	if err != nil {
		t.Fatal(err)
	}
	log.pending = nil
	leaf := MapRoot{Covers: int64(len(log.leaves)), Root: root, Previous: log.last}
	log.last = int64(len(log.leaves))
	log.leaves = append(log.leaves, leaf.Bytes())
}

// replayByOne is the rules, one leaf after the other, with everything looked up
// anew each time.
func replayByOne(leaves [][]byte) *Violation {
	tags := map[Tag]int64{}
	naive := naiveMap{}
	last, ended := int64(-1), false
	for i, leaf := range leaves {
		v := &Violation{Origin: origin, Index: int64(i), Leaf: leaf, Earlier: -1}
		if ended {
			v.Rule, v.Earlier = AfterEnd, last
			return v
		}
		if len(leaf) == LeafBytes {
			tag := Tag(leaf[:32])
			if earlier, twice := tags[tag]; twice {
				v.Rule, v.Earlier, v.Tag = TagTwice, earlier, tag
				return v
			}
			tags[tag] = int64(i)
			naive[string(tag[:])] = binary.BigEndian.AppendUint64(nil, uint64(i))
			continue
		}
		got, err := ParseMapRoot(leaf)
		v.Want = MapRoot{Covers: int64(i), Root: naive.root(), Previous: last, Succession: got.Succession}
		switch {
		case err != nil:
			v.Rule, v.Want = BadLeaf, MapRoot{}
		case got.Covers != v.Want.Covers:
			v.Rule = RootCovers
		case got.Previous != v.Want.Previous:
			v.Rule = RootPrevious
		case got.Root != v.Want.Root:
			v.Rule = RootWrong
		default:
			last, ended = int64(i), got.Ends()
			continue
		}
		return v
	}
	if len(leaves) > 0 && last != int64(len(leaves))-1 {
		return &Violation{Origin: origin, Rule: NotEndingInRoot, Index: int64(len(leaves)) - 1}
	}
	return nil
}

// A log with any few lies in it: the first of them is the one that is named.
func TestReplayNamesTheFirstLie(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := &logMaker{m: NewMap(&MemoryPages{}), last: -1}
		for range rapid.IntRange(1, 6).Draw(t, "cuts") {
			for range rapid.IntRange(0, 12).Draw(t, "statements") {
				log.statement(testTag(len(log.leaves)))
			}
			rapidRoot(t, log)
		}
		for range rapid.IntRange(0, 3).Draw(t, "lies") {
			i := rapid.IntRange(0, len(log.leaves)-1).Draw(t, "leaf")
			switch rapid.IntRange(0, 4).Draw(t, "lie") {
			case 0:
				at := rapid.IntRange(0, len(log.leaves[i])-1).Draw(t, "byte")
				log.leaves[i] = bytes.Clone(log.leaves[i])
				log.leaves[i][at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			case 1:
				log.leaves[i] = log.leaves[rapid.IntRange(0, len(log.leaves)-1).Draw(t, "copied")]
			case 2:
				log.leaves = slices.Delete(log.leaves, i, i+1)
			case 3:
				log.leaves = slices.Insert(log.leaves, i, bytes.Clone(log.leaves[i]))
			case 4:
				log.leaves = log.leaves[:i+1]
			}
			if len(log.leaves) == 0 {
				break
			}
		}
		_, err := replay(log.leaves)
		want := replayByOne(log.leaves)
		var v *Violation
		if errors.As(err, &v) != (want != nil) || v != nil && (v.Error() != want.Error() || v.Want != want.Want) {
			t.Fatalf("%v, want %v", err, want)
		}
	})
}

func TestReplayFindsEachLie(t *testing.T) {
	honest := func() *logMaker {
		log := &logMaker{m: NewMap(&MemoryPages{}), last: -1}
		for range 3 {
			for range 15 {
				log.statement(testTag(len(log.leaves)))
			}
			log.root(t)
		}
		return log
	}
	for _, c := range []struct {
		name    string
		lie     func(log *logMaker)
		rule    Rule
		index   int64
		earlier int64
		says    string
	}{
		{"a leaf of another length", func(log *logMaker) { log.leaves[20] = append(log.leaves[20], 0) }, BadLeaf, 20, -1, "65 bytes"},
		{"a map root of an unknown kind", func(log *logMaker) { log.leaves[31][0] = 7 }, BadLeaf, 31, -1, "49 bytes"},
		{"a tag twice in one cut", func(log *logMaker) { copy(log.leaves[20], log.leaves[17][:32]) }, TagTwice, 20, 17, "leaf 17"},
		{"a tag of an older cut", func(log *logMaker) { copy(log.leaves[40], log.leaves[3][:32]) }, TagTwice, 40, 3, "leaf 3"},
		{"two tags twice: the first is named", func(log *logMaker) {
			copy(log.leaves[40], log.leaves[3][:32])
			copy(log.leaves[38], log.leaves[36][:32])
		}, TagTwice, 38, 36, "leaf 36"},
		{"a root that covers less", func(log *logMaker) { log.leaves[31][8]-- }, RootCovers, 31, -1, "cover 31"},
		{"a root that skips the one before it", func(log *logMaker) { log.leaves[47][48] = 15 }, RootPrevious, 47, -1, "is at 31"},
		{"a second root that names none before it", func(log *logMaker) { copy(log.leaves[31][41:], bytes.Repeat([]byte{0xff}, 8)) }, RootPrevious, 31, -1, "is at 15"},
		{"a root of another map", func(log *logMaker) { log.leaves[31][9] ^= 1 }, RootWrong, 31, -1, "the map's root is"},
		{"a slot logged and left out of the map", func(log *logMaker) {
			log.statement(testTag(50))
			log.pending = nil
			log.root(t)
		}, RootWrong, 49, -1, "the map's root is"},
		{"a leaf swapped after the root was made", func(log *logMaker) { log.leaves[5][0] ^= 1 }, RootWrong, 15, -1, "the map's root is"},
		{"two leaves change places", func(log *logMaker) { log.leaves[5], log.leaves[6] = log.leaves[6], log.leaves[5] }, RootWrong, 15, -1, "the map's root is"},
		{"a tail without a root", func(log *logMaker) { log.statement(testTag(48)) }, NotEndingInRoot, 48, -1, "does not end in a map root"},
		{"a leaf after the end", func(log *logMaker) {
			end := log.next(t)
			end.Succession = testTag(7)
			log.leaves = append(log.leaves, end.Bytes())
			log.statement(testTag(60))
		}, AfterEnd, 49, 48, "leaf 48 ended"},
		{"a second end", func(log *logMaker) {
			end := log.next(t)
			end.Succession = testTag(7)
			log.leaves = append(log.leaves, end.Bytes(), end.Bytes())
		}, AfterEnd, 49, 48, "leaf 48 ended"},
		{"an end with another map", func(log *logMaker) {
			end := log.next(t)
			end.Succession, end.Root = testTag(7), emptyRoot()
			log.leaves = append(log.leaves, end.Bytes())
		}, RootWrong, 48, -1, "the map's root is"},
	} {
		log := honest()
		if _, err := replay(log.leaves); err != nil {
			t.Fatalf("before the lie: %v", err)
		}
		c.lie(log)
		r, err := replay(log.leaves)
		var v *Violation
		if !errors.As(err, &v) || v.Rule != c.rule || v.Index != c.index || v.Earlier != c.earlier || v.Origin != origin {
			t.Errorf("%s: %+v, want %s at %d", c.name, err, c.rule, c.index)
			continue
		}
		if !strings.Contains(v.Error(), c.says) || !strings.Contains(v.Error(), string(c.rule)) {
			t.Errorf("%s: says %q", c.name, v)
		}
		switch c.rule {
		case TagTwice:
			if !bytes.Equal(v.Tag[:], log.leaves[c.index][:32]) || !bytes.Equal(v.Tag[:], log.leaves[c.earlier][:32]) {
				t.Errorf("%s: tag %v", c.name, v.Tag)
			}
		case NotEndingInRoot:
		default:
			if !bytes.Equal(v.Leaf, log.leaves[c.index]) {
				t.Errorf("%s: leaf %x", c.name, v.Leaf)
			}
			if _, again := r.Append(log.leaves[0]); again != err {
				t.Errorf("%s: goes on after the violation: %v", c.name, again)
			}
			if again := r.Agree(Checkpoint{}, Checkpoint{}); again != err {
				t.Errorf("%s: agrees after the violation: %v", c.name, again)
			}
		}
		if c.rule == RootCovers || c.rule == RootPrevious || c.rule == RootWrong {
			want := v.Want.Bytes()
			if good := replaced(log.leaves[:c.index+1], int(c.index), want); c.name != "a leaf swapped after the root was made" {
				if _, err := replay(good); err != nil {
					t.Errorf("%s: the leaf that was wanted is refused: %v", c.name, err)
				}
			}
		}
	}
}

func replaced(leaves [][]byte, at int, leaf []byte) [][]byte {
	leaves = slices.Clone(leaves)
	leaves[at] = leaf
	return leaves
}

// A log that never cuts does not make its auditor hold all of its tags, nor
// hide a tag that stands twice.
func TestReplayWithoutRoots(t *testing.T) {
	log := &logMaker{last: -1}
	for i := range 4*maxPending + 1 {
		log.statement(testTag(i))
	}
	copy(log.leaves[2*maxPending+5], log.leaves[1][:32])
	r, err := replay(log.leaves)
	var v *Violation
	if !errors.As(err, &v) || v.Rule != TagTwice || v.Index != 2*maxPending+5 || v.Earlier != 1 {
		t.Errorf("%v", err)
	}
	if len(r.batch.entries) > maxPending || r.tree.Size() >= int64(len(log.leaves)) {
		t.Errorf("%d tags held, found at %d", len(r.batch.entries), r.tree.Size())
	}
}

func TestReplayEnds(t *testing.T) {
	log := &logMaker{m: NewMap(&MemoryPages{}), last: -1}
	log.statement(testTag(0))
	end := log.next(t)
	end.Succession = testTag(9)
	log.leaves = append(log.leaves, end.Bytes())
	r, err := replay(log.leaves)
	if err != nil || !r.Ended() || r.LastRoot() != 1 {
		t.Fatalf("ended %v at %d, %v", r.Ended(), r.LastRoot(), err)
	}
	again := NewReplay(origin, &Tree{}, NewMap(&MemoryPages{}), 1, true)
	var v *Violation
	if _, err := again.Append(log.leaves[0]); !errors.As(err, &v) || v.Rule != AfterEnd {
		t.Errorf("a leaf after an end known before: %v", err)
	}
}

func TestReplayAgree(t *testing.T) {
	leaves, head := honestLog(t, 32, PadTo)
	empty := (&Tree{}).Head(origin)
	fresh := func() *Replay { return NewReplay(origin, &Tree{}, NewMap(&MemoryPages{}), -1, false) }
	if err := fresh().Agree(empty, empty); err != nil {
		t.Errorf("an empty ledger: %v", err)
	}
	r := fresh()
	for _, leaf := range leaves[:31] {
		if _, err := r.Append(leaf); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Agree(empty, head); !errors.Is(err, ErrRange) {
		t.Errorf("an unfinished replay: %v", err)
	}
	if _, err := r.Append(leaves[31]); err != nil {
		t.Fatal(err)
	}
	var wrong *Inconsistency
	other := head
	other.Root = emptyRoot()
	if err := r.Agree(empty, other); !errors.As(err, &wrong) || wrong.Reason != Rewritten {
		t.Errorf("another root: %v", err)
	}
	foreign := head
	foreign.Origin = "south.example/v1"
	if err := r.Agree(empty, foreign); !errors.Is(err, ErrOrigin) {
		t.Errorf("another ledger: %v", err)
	}
	if err := r.Agree(empty, head); err != nil {
		t.Errorf("the right head: %v", err)
	}
	broken := errors.New("broken disk")
	r = NewReplay(origin, &Tree{}, NewMap(&bytesOnly{broken: broken}), -1, false)
	if _, err := r.Append(leaves[0]); err != nil {
		t.Fatal(err)
	}
	if err := r.Agree(empty, empty); !errors.Is(err, broken) {
		t.Errorf("a broken disk: %v", err)
	}
	if _, err := r.Append(leaves[1]); !errors.Is(err, broken) {
		t.Errorf("after a broken disk: %v", err)
	}
}

func TestMapRootLeaf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		covers := rapid.Int64Range(0, MaxSize-1).Draw(t, "covers")
		r := MapRoot{Covers: covers, Previous: rapid.Int64Range(-1, covers-1).Draw(t, "previous"), Root: testTag(1).hash()}
		if rapid.Bool().Draw(t, "ends") {
			r.Succession = testTag(2)
		}
		b := r.Bytes()
		got, err := ParseMapRoot(b)
		if err != nil || got != r || !IsMapRoot(b) || len(b) != map[bool]int{false: 49, true: 81}[r.Ends()] {
			t.Fatalf("%+v comes back as %+v, %v", r, got, err)
		}
		if _, err := ParseLeaf(b); err == nil {
			t.Fatal("a map root is a statement leaf")
		}
	})
	root := MapRoot{Covers: 16, Previous: 7}.Bytes()
	end := MapRoot{Covers: 16, Previous: 7, Succession: [32]byte{1}}.Bytes()
	change := func(b []byte, at int, to byte) []byte { b = bytes.Clone(b); b[at] = to; return b }
	for why, b := range map[string][]byte{
		"nothing":                  {},
		"a statement leaf":         vectorLeaf(0),
		"cut short":                root[:48],
		"one byte more":            append(bytes.Clone(root), 0),
		"an end cut to a root":     end[:49],
		"a root as long as an end": append(bytes.Clone(root), make([]byte, 32)...),
		"unknown kind":             change(root, 0, 3),
		"covers a tree too large":  change(root, 1, 1),
		"previous after itself":    change(root, 48, 16),
		"previous out of reach":    change(root, 41, 0x7f),
		"an end without a reason":  change(end, 49, 0),
	} {
		if _, err := ParseMapRoot(b); !errors.Is(err, ErrLeaf) || IsMapRoot(b) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func (t Tag) hash() [32]byte { return t }

func FuzzParseMapRoot(f *testing.F) {
	f.Add([]byte{})
	f.Add(MapRoot{Previous: -1}.Bytes())
	f.Add(MapRoot{Covers: 47, Previous: 31, Root: testTag(1).hash()}.Bytes())
	f.Add(MapRoot{Covers: 47, Previous: 31, Succession: testTag(2)}.Bytes())
	f.Add(vectorLeaf(0))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseMapRoot(data)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Bytes(), data) || r.Previous >= r.Covers || r.Covers >= MaxSize {
			t.Errorf("%x comes back as %x", data, r.Bytes())
		}
	})
}

// Whatever leaves a log has, an auditor says yes or which rule is broken.
func FuzzReplay(f *testing.F) {
	leaves, _ := honestLog(f, 32, 4)
	var all []byte
	for _, leaf := range leaves {
		all = append(append(all, byte(len(leaf))), leaf...)
	}
	f.Add(all)
	f.Add([]byte{64})
	f.Fuzz(func(t *testing.T, data []byte) {
		var leaves [][]byte
		for len(data) > 0 {
			n := min(int(data[0]), len(data)-1)
			leaves, data = append(leaves, data[1:1+n]), data[1+n:]
		}
		_, err := replay(leaves)
		var v *Violation
		if err != nil && (!errors.As(err, &v) || v.Index < 0 || v.Index >= int64(len(leaves)) || v.Error() == "") {
			t.Fatal(err)
		}
		// In batches or leaf by leaf, it is the same one.
		if one := replayByOne(leaves); (one == nil) != (v == nil) || v != nil && one.Error() != v.Error() {
			t.Fatalf("leaf by leaf: %v, in batches: %v", one, v)
		}
	})
}

func TestOrigins(t *testing.T) {
	for origin, want := range map[string]int{
		"north.example/v1": 1, "north.example/v1-2": 2, "north.example/v1-17": 17, "north.example/v1-1000000": 1_000_000,
	} {
		party, number, err := ParseOrigin(origin)
		if err != nil || party != "north.example" || number != want {
			t.Errorf("%s: %s %d, %v", origin, party, number, err)
		}
	}
	for _, origin := range []string{"", "north.example", "/v1", "north.example/v0", "north.example/v1-", "north.example/v1-0", "north.example/v1-1",
		"north.example/v1-02", "north.example/v1-+2", "north.example/v1--2", "north.example/v1-1000001", "north.example/v1-99999999999999999999",
		"north.example/v11", "north.example/v1/2", "north.example/node", "north example/v1", "north+example/v1", "a/b/v1", "north.example/v1\n",
		strings.Repeat("n", 300) + "/v1"} {
		if party, number, err := ParseOrigin(origin); !errors.Is(err, ErrOrigin) {
			t.Errorf("%q: %s %d, %v", origin, party, number, err)
		}
	}
}
