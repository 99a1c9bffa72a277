package evidence

import (
	"encoding/binary"
	"testing"

	"heed"
	"heed/ledger"
)

// BenchmarkVerify is a whole certificate: two cards, two statements, the heads
// of two ledgers with four cosignatures each.
func BenchmarkVerify(b *testing.B) {
	sc, _, _, cert := warned(b)
	file, policy := sc.encode(cert), sc.policy()
	for b.Loop() {
		report, err := Verify(policy, file)
		if err != nil || !report.Holds() {
			b.Fatal(report, err)
		}
	}
	b.ReportMetric(float64(len(file)), "bytes")
}

// BenchmarkCertificate measures what one ledger of 10^6 leaves costs in a
// certificate: head, proof of its map root, and two paths for the debtor's
// ledger or one for the creditor's.
func BenchmarkCertificate(b *testing.B) {
	sc := newScene(b)
	warning := sc.north.warns(sc.south)
	receipt := sc.south.receives(warning, sc.north)
	book := sc.south.log
	sc.grow(book, 1_000_000)
	south, north := sc.cosigned(book.cut()), sc.cosigned(sc.north.log.cut())
	tags := []ledger.Tag{warning.tag(ledger.SlotReceipt), warning.tag(ledger.SlotAssess)}
	var debtor, creditor []byte
	for b.Loop() {
		m := book.proof(south, tags...)
		debtor, _ = m.encode()
		m = book.proof(south, tags[1])
		creditor, _ = m.encode()
	}
	if len(debtor) > 3200 {
		b.Errorf("%d bytes in the debtor's ledger, want 3,200 at most", len(debtor))
	}
	b.ReportMetric(float64(len(debtor)), "debtor-bytes")
	b.ReportMetric(float64(len(creditor)), "creditor-bytes")
	file := sc.encode(sc.silence(heed.DutyAssess, warning, receipt, south, north))
	b.ReportMetric(float64(len(file)), "file-bytes")
}

// grow appends leaves until the book has so many.
func (sc *scene) grow(book *book, leaves int) {
	for i := len(book.leaves); i < leaves; i++ {
		leaf := sc.fresh()
		binary.BigEndian.PutUint64(leaf[56:], uint64(i))
		book.append(leaf)
	}
}
