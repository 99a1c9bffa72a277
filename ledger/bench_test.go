package ledger

import (
	"context"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	var tree Tree
	leaf := vectorLeaf(0)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := tree.Append(leaf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

func BenchmarkRoot(b *testing.B) {
	tree := grow(b, 65535).tree
	b.ReportAllocs()
	for b.Loop() {
		tree.Root()
	}
}

func BenchmarkReadTile(b *testing.B) {
	log, _ := published(b, 1024)
	for _, path := range []string{"tile/0/000", "tile/entries/000"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(context.Background(), log, path); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseCheckpoint(b *testing.B) {
	log, _ := published(b, 1024)
	_, verifier := testKey(b, origin, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseCheckpoint(log.published, origin, verifier); err != nil {
			b.Fatal(err)
		}
	}
}
