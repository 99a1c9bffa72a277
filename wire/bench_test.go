package wire

import (
	"bytes"
	"testing"
)

func BenchmarkSignStatement(b *testing.B) {
	s := samples(b, readFormatVectors(b))[0]
	node, officers := s.keys(b)
	for b.Loop() {
		if _, _, err := SignStatement(s.s, node, officers...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseStatement(b *testing.B) {
	note := []byte(noteNamed(b, readFormatVectors(b).Statements, "acknowledgement").Note)
	for b.Loop() {
		if _, err := ParseStatement(note); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadStatement(b *testing.B) {
	note := []byte(noteNamed(b, readFormatVectors(b).Statements, "acknowledgement").Note)
	for b.Loop() {
		if _, err := ReadStatement(note); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealAndOpenEnvelope(b *testing.B) {
	key, node := sealingKey(b), nodeOf(b, north)
	to := key.Recipient()
	parts := []Part{{PartContent, make([]byte, 10_000)}}
	b.SetBytes(10_000)
	for b.Loop() {
		sealed, err := SealEnvelope(testHeader(), parts, to, node)
		if err != nil {
			b.Fatal(err)
		}
		e, err := readEnvelope(bytes.NewReader(sealed))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Open(key); err != nil {
			b.Fatal(err)
		}
	}
}
