package audit_test

import (
	"runtime"
	"testing"

	"heed/audit"
)

// A ledger of cuts of 16, audited from its first leaf on. What it is read from
// is memory.
func BenchmarkAudit(b *testing.B) {
	const leaves = 1_000_000
	sc := newScene(b)
	for len(sc.log.leaves) < leaves {
		sc.log.say(15)
		sc.log.cutUnsigned([32]byte{})
	}
	sc.log.sign()
	served := sc.log.kept()
	sc.log.marks, sc.log.hashes, sc.log.leaves = nil, nil, nil
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		report, err := audit.Run(b.Context(), audit.Order{Card: sc.card, CardNote: sc.cardNote, Fetch: served})
		if err != nil || len(report.Findings) != 0 || report.Leaves != leaves {
			b.Fatalf("%+v, %v", report, err)
		}
		runtime.ReadMemStats(&after)
	}
	b.ReportMetric(float64(leaves)*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
	b.ReportMetric(float64(after.HeapSys-before.HeapAlloc)/leaves, "B/leaf")
}
