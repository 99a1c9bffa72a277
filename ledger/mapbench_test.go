package ledger

import (
	"fmt"
	"testing"
)

// Pages in bytes are what a map over a database does, but for the database.
func BenchmarkMapInsert(b *testing.B) {
	for _, keys := range []int{100_000, 1_000_000} {
		var entries []MapEntry
		for i := range keys {
			entries = append(entries, MapEntry{testTag(i), int64(i)})
		}
		stored := &bytesOnly{}
		memory := &MemoryPages{}
		for _, pages := range []MapPages{stored, memory} {
			if _, err := NewMap(pages).Insert(entries); err != nil {
				b.Fatal(err)
			}
		}
		next := keys
		for _, cut := range []int{1, 64, 1024} {
			for name, pages := range map[string]MapPages{"bytes": stored, "memory": memory} {
				b.Run(fmt.Sprintf("keys=%d/cut=%d/pages=%s", keys, cut, name), func(b *testing.B) {
					m := NewMap(pages)
					written := stored.written
					batch := make([]MapEntry, cut)
					b.ReportAllocs()
					for b.Loop() {
						for i := range batch {
							batch[i] = MapEntry{testTag(next), int64(next)}
							next++
						}
						if _, err := m.Insert(batch); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.N)*float64(cut)/b.Elapsed().Seconds(), "tags/s")
					if name == "bytes" {
						b.ReportMetric(float64(stored.written-written)/float64(b.N*cut), "written-B/tag")
					}
				})
			}
		}
	}
}

func BenchmarkMapProve(b *testing.B) {
	const keys = 1_000_000
	var entries []MapEntry
	for i := range keys {
		entries = append(entries, MapEntry{testTag(i), int64(i)})
	}
	pages := &bytesOnly{}
	m := NewMap(pages)
	root, err := m.Insert(entries)
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for _, page := range pages.pages {
		size += len(page)
	}
	b.Run("prove", func(b *testing.B) {
		bytes, most := 0, 0
		for i := 0; b.Loop(); i++ {
			path, err := m.Prove(testTag(keys+i), keys)
			if err != nil {
				b.Fatal(err)
			}
			n := len(path.Bytes())
			bytes, most = bytes+n, max(most, n)
		}
		b.ReportMetric(float64(bytes)/float64(b.N), "path-B")
		b.ReportMetric(float64(most), "longest-path-B")
		b.ReportMetric(float64(size)/1e6, "pages-MB")
	})
	// What a certificate asks of the debtor's map, in one transaction.
	for name, open := range map[string]func() *Map{
		"bytes": func() *Map { return NewMap(pages) },
		"top":   func() *Map { return NewMap(NewTopPages(pages)) },
	} {
		b.Run("certificate/pages="+name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				m, present, absent := open(), testTag(i%keys), testTag(keys+i)
				if _, found, err := m.Lookup(absent); found || err != nil {
					b.Fatal(err)
				}
				for _, tag := range []Tag{present, absent} {
					if _, err := m.Prove(tag, keys); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
	b.Run("check", func(b *testing.B) {
		tag := testTag(keys)
		path, err := m.Prove(tag, keys)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, present, err := path.Check(root, tag); present || err != nil {
				b.Fatal(err)
			}
		}
	})
	// The last cut of 1,024 undone, and half of the map.
	for _, covers := range []int64{keys - 1024, keys / 2} {
		b.Run(fmt.Sprintf("root/covers=%d", covers), func(b *testing.B) {
			for b.Loop() {
				if _, err := m.Root(covers); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A ledger of cuts of 16, audited from its first leaf on.
func BenchmarkReplay(b *testing.B) {
	for _, size := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("leaves=%d", size), func(b *testing.B) {
			leaves, head := honestLog(b, size, PadTo)
			for b.Loop() {
				r := NewReplay(head.Origin, &Tree{}, NewMap(&MemoryPages{}), -1, false)
				for _, leaf := range leaves {
					if _, err := r.Append(leaf); err != nil {
						b.Fatal(err)
					}
				}
				if err := r.Agree(Checkpoint{Origin: head.Origin, Root: emptyRoot()}, head); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}
