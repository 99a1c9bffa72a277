package feed

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// BenchmarkReader reads records of each format, as many as there are iterations.
func BenchmarkReader(b *testing.B) {
	const n = 10_000
	texts := map[Format]string{}
	var csv, tsv, jsonl, pax strings.Builder
	csv.WriteString("id,surname,first name,dob,sex,nationality,passport no\n")
	tsv.WriteString("id\tname\tborn\n")
	fmt.Fprintf(&pax, "UNB+UNOA:4+A+B+261123:0930+1'UNH+1+PAXLST:D:12B:UN:IATA'BGM+745'")
	for i := range n {
		fmt.Fprintf(&csv, "%d,Østergård,Märta Johanna,14.%02d.1962,F,NO,N%07d\n", i, i%12+1, i)
		fmt.Fprintf(&tsv, "%d\tMärta Johanna Østergård\t1962-%02d-14\n", i, i%12+1)
		fmt.Fprintf(&jsonl, `{"id":%d,"names":["Märta Østergård"],"born":"1962-%02d-14","documents":[{"type":"passport","number":"N%07d"}]}`+"\n", i, i%12+1, i)
		fmt.Fprintf(&pax, "NAD+FL+++OESTERGAARD:MAERTA'ATT+2++F'DTM+329:62%02d14'NAT+2+NOR'DOC+P:110:111+N%07d'LOC+91+NOR'", i%12+1, i)
	}
	texts[CSV], texts[TSV], texts[JSONL], texts[PAXLST] = csv.String(), tsv.String(), jsonl.String(), pax.String()
	for _, format := range Formats() {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			var r *Reader
			for b.Loop() {
				var lost *RecordError
				if r != nil {
					if _, err := r.Next(); err == nil || errors.As(err, &lost) {
						continue
					} else if !errors.Is(err, io.EOF) {
						b.Fatal(err)
					}
				}
				var err error
				if r, err = NewReader(strings.NewReader(texts[format]), Options{Format: format, Now: now}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
