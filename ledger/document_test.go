package ledger

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The examples that docs/ledger.md prints are the vectors.
func TestDocumentShowsTheVectors(t *testing.T) {
	data, err := os.ReadFile("../docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	document := string(data)
	var leaves []map[string]any
	readVectors(t, "leaves.json", &leaves)
	var checkpoints struct {
		Signer, Verifier string
		Good             []struct {
			Size   int64
			Signed string
		}
	}
	readVectors(t, "checkpoints.json", &checkpoints)
	var tree struct {
		Roots []struct {
			Size int64
			Root string
		}
	}
	readVectors(t, "tree.json", &tree)

	expected := []string{checkpoints.Signer, checkpoints.Verifier}
	for _, field := range []string{"key", "keyDigest", "statement", "signedDigest", "tag", "commit"} {
		expected = append(expected, leaves[0][field].(string))
	}
	for _, c := range checkpoints.Good {
		if c.Size == 16 {
			expected = append(expected, strings.Split(strings.TrimSpace(c.Signed), "\n")...)
			break
		}
	}
	for _, r := range tree.Roots {
		switch r.Size {
		case 0, 1, 2, 3, 7, 16, 256, 257, 70000:
			expected = append(expected, r.Root)
		}
	}
	var maps mapVectors
	readVectors(t, "map.json", &maps)
	for _, leaf := range maps.Leaves {
		if leaf.Covers == 15 || leaf.Covers == 47 {
			expected = append(expected, "    "+hex.EncodeToString(leaf.Leaf)+"\n")
		}
	}
	for _, r := range maps.Roots {
		expected = append(expected, fmt.Sprintf("    %6d  %x\n", r.Covers, r.Root))
	}
	for _, path := range maps.Paths {
		if path.Covers == 3 && !path.Present {
			expected = append(expected, fmt.Sprintf("`%x`", path.Tag), fmt.Sprintf("    %x\n", path.Path), fmt.Sprintf("`%x`", path.Inserted))
		}
	}
	for _, limit := range []int{MaxMapPathBytes, MaxMapPageBytes} {
		expected = append(expected, fmt.Sprintf("%d,%03d bytes", limit/1000, limit%1000))
	}
	for _, rule := range []Rule{BadLeaf, TagTwice, RootCovers, RootPrevious, RootWrong, AfterEnd, NotEndingInRoot} {
		expected = append(expected, fmt.Sprintf("\n| `%s` |", rule))
	}
	for _, text := range expected {
		if !strings.Contains(document, text) {
			t.Errorf("docs/ledger.md does not show %q", text)
		}
	}
}
