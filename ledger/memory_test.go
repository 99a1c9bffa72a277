package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// memory is a whole log in memory: a Source whose appends are published by
// publish.
type memory struct {
	mu        sync.RWMutex
	tree      Tree
	leaves    [][]byte
	hashes    []tlog.Hash
	published []byte
	size      int64
}

func (m *memory) append(leaf []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, hashes, err := m.tree.Append(leaf)
	if err != nil {
		return err
	}
	m.leaves = append(m.leaves, leaf)
	for _, h := range hashes {
		if h.Index != int64(len(m.hashes)) {
			return fmt.Errorf("stored hash %d follows %d", h.Index, len(m.hashes)-1)
		}
		m.hashes = append(m.hashes, h.Hash)
	}
	return nil
}

func (m *memory) publish(key note.Signer) (Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	head := m.tree.Head(key.Name())
	msg, err := head.Sign(key)
	if err != nil {
		return Checkpoint{}, err
	}
	m.published, m.size = msg, head.Size
	return head, nil
}

func (m *memory) Checkpoint(context.Context) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.published == nil {
		return nil, fmt.Errorf("nothing published: %w", ErrNotFound)
	}
	return m.published, nil
}

func (m *memory) Size(context.Context) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.size, nil
}

func (m *memory) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	return m.ReadHashes(indexes)
}

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(m.hashes)) {
			return nil, fmt.Errorf("hash %d of %d", index, len(m.hashes))
		}
		hashes[i] = m.hashes[index]
	}
	return hashes, nil
}

func (m *memory) Leaves(_ context.Context, from, to int64) ([][]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if from < 0 || from > to || to > int64(len(m.leaves)) {
		return nil, fmt.Errorf("leaves %d to %d of %d", from, to, len(m.leaves))
	}
	return m.leaves[from:to:to], nil
}

// grow is a log of the vectors' first size leaves.
func grow(t testing.TB, size int) *memory {
	t.Helper()
	m := &memory{}
	for i := range size {
		if err := m.append(vectorLeaf(i)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// vectorLeaf is leaf i of the trees in testdata.
func vectorLeaf(i int) []byte {
	half := func(letter byte) []byte {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte{letter}, uint64(i)))
		return sum[:]
	}
	return append(half('a'), half('b')...)
}

// naiveRoot is RFC 6962, section 2.1, word for word.
func naiveRoot(leaves [][]byte) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := naiveRoot(leaves[:k]), naiveRoot(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

func testKey(t testing.TB, name string, seed byte) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(repeat(seed), name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

// repeat is a reader of one byte for ever.
type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// hexBytes is hexadecimal in the vectors' JSON.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// hash64 is a hash in base64 in the vectors' JSON.
type hash64 tlog.Hash

func (h *hash64) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return err
	}
	if len(b) != tlog.HashSize {
		return fmt.Errorf("hash of %d bytes", len(b))
	}
	*h = hash64(b)
	return nil
}

func hashes64(list []hash64) []tlog.Hash {
	hashes := make([]tlog.Hash, 0, len(list))
	for _, h := range list {
		hashes = append(hashes, tlog.Hash(h))
	}
	return hashes
}
