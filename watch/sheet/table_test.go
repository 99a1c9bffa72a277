package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"heed"
)

// rows is all that a table gives: its rows joined by |, and what was lost.
func rows(t *testing.T, table *Table) (all []string) {
	t.Helper()
	for {
		row, err := table.Next()
		var lost *Error
		switch {
		case errors.Is(err, io.EOF):
			return all
		case errors.As(err, &lost):
			all = append(all, fmt.Sprintf("%d! %s", lost.Line, lost.What))
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, fmt.Sprintf("%d: %s", row.At.Line, strings.Join(row.Fields, "|")))
		}
	}
}

func TestCSV(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"plain":                    {"a,b\n1,2\n", []string{"1: a|b", "2: 1|2"}},
		"without a last line end":  {"a,b\n1,2", []string{"1: a|b", "2: 1|2"}},
		"carriage returns":         {"a,b\r\n1,2\r\n", []string{"1: a|b", "2: 1|2"}},
		"semicolons":               {"a;b;c,d\n1;2,5;3\n", []string{"1: a|b|c,d", "2: 1|2,5|3"}},
		"tabs":                     {"a\tb\n1\t2\n", []string{"1: a|b", "2: 1|2"}},
		"a separator quoted":       {"a,b\n\"1,5\",2\n", []string{"1: a|b", "2: 1,5|2"}},
		"a separator in a heading": {"\"a;b;c\",d\n1,2\n", []string{"1: a;b;c|d", "2: 1|2"}},
		"a quote doubled":          {"a,b\n\"Ivan \"\"Vanya\"\" P\",2\n", []string{"1: a|b", `2: Ivan "Vanya" P|2`}},
		"a quote within":           {"a,b\nIvan \"Vanya\" P,2\n", []string{"1: a|b", `2: Ivan "Vanya" P|2`}},
		"a line end quoted":        {"a,b\n\"1\r\n2\",3\n4,5\n", []string{"1: a|b", "2: 1\n2|3", "4: 4|5"}},
		"empty fields":             {"a,b,\n,,\n\"\",x,\n", []string{"1: a|b|", "2: ||", "3: |x|"}},
		"blank lines":              {"a,b\n\n  \n1,2\n\n", []string{"1: a|b", "4: 1|2"}},
		"behind a quote": {"a,b\n\"1\"x,2\n3,4\n", []string{
			"1: a|b", `2! has "x,2" behind the closing quotation mark of field 1`, "3: 3|4"}},
		"a quote left open": {"a,b\n\"1,2\n3,4\n5,6\n", []string{
			"1: a|b", "2! has a quotation mark in field 1 that is never closed", "3: 3|4", "4: 5|6"}},
		"not UTF-8": {"a,b\n\xcf\xe5,2\n3,4\n", []string{
			"1: a|b", "2! is not UTF-8 at its byte 1 (0xCF)", "3: 3|4"}},
		"nothing": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, in := range []io.Reader{strings.NewReader(test.text), iotest.OneByteReader(strings.NewReader(test.text))} {
				table, err := NewCSV(NewLines("", bufio.NewReader(in), Place{}), 0)
				if err != nil {
					t.Fatal(err)
				}
				if got := rows(t, table); !slices.Equal(got, test.want) {
					t.Errorf("got  %q\nwant %q", got, test.want)
				}
			}
		})
	}
}

func TestTSVHasNoQuotes(t *testing.T) {
	table := NewTSV(NewLines("", bufio.NewReader(strings.NewReader("a\tb\n\"1\t2\"\n")), Place{}))
	if got, want := rows(t, table), []string{"1: a|b", `2: "1|2"`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// One line that is too long, or a quotation mark that nobody closes, costs one
// record, whatever follows, and never more memory than the bound.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", MaxRecord+10)
	manyLines := strings.Repeat("yyyyyyyyy\n", MaxRecord/10+100)
	for name, test := range map[string]struct {
		text  string
		first string
		last  string
	}{
		"a long line":       {"a,b\n" + long + "\n1,2\n", fmt.Sprintf("2! is longer than %d bytes", MaxRecord), "3: 1|2"},
		"the last line":     {"a,b\n1,2\n" + long, "2: 1|2", fmt.Sprintf("3! is longer than %d bytes", MaxRecord)},
		"a quote left open": {"a,b\n\"1,2\n" + manyLines + "3,4\n", fmt.Sprintf("2! has a quotation mark in field 1 that is not closed within %d bytes", MaxRecord), fmt.Sprintf("%d: 3|4", MaxRecord/10+103)},
		"many fields":       {"a,b\n" + strings.Repeat(",", MaxFields) + "\n1,2\n", fmt.Sprintf("2! has %d fields, more than %d", MaxFields+1, MaxFields), "3: 1|2"},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := NewCSV(NewLines("", bufio.NewReader(strings.NewReader(test.text)), Place{}), 0)
			if err != nil {
				t.Fatal(err)
			}
			got := rows(t, table)
			if got[1] != test.first || got[len(got)-1] != test.last {
				t.Errorf("got %.99q then %.99q, want %q then %q", got[1], got[len(got)-1], test.first, test.last)
			}
		})
	}
	_, err := NewCSV(NewLines("x.csv", bufio.NewReader(strings.NewReader(long)), Place{}), 0)
	var invalid *heed.Invalid
	if !errors.As(err, &invalid) {
		t.Errorf("a heading that is too long gives %v", err)
	}
}

func TestText(t *testing.T) {
	const want = "имя\nАнна 𝄞\n"
	wide := func(order string) []byte {
		b := []byte{0xff, 0xfe}
		if order == "big" {
			b = []byte{0xfe, 0xff}
		}
		for _, r := range want {
			units := []uint16{uint16(r)}
			if r > 0xffff {
				r -= 0x10000
				units = []uint16{0xd800 + uint16(r>>10), 0xdc00 + uint16(r&0x3ff)}
			}
			for _, u := range units {
				if order == "big" {
					b = append(b, byte(u>>8), byte(u))
				} else {
					b = append(b, byte(u), byte(u>>8))
				}
			}
		}
		return b
	}
	for name, data := range map[string][]byte{
		"UTF-8": []byte(want), "UTF-8 with a mark": []byte("\xef\xbb\xbf" + want), "UTF-16, little end first": wide("little"), "UTF-16, big end first": wide("big"),
	} {
		text, skipped, err := Text("x", iotest.OneByteReader(bytes.NewReader(data)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := io.ReadAll(text)
		if err != nil || string(got) != want {
			t.Errorf("%s reads as %q, %v", name, got, err)
		}
		if want := int64(len(data) - len(got)); strings.HasPrefix(name, "UTF-8") && skipped != want {
			t.Errorf("%s: %d bytes are said to be skipped, and %d were", name, skipped, want)
		}
	}
	_, _, err := Text("x.csv", strings.NewReader("n\x00a\x00"))
	if err == nil || !strings.Contains(err.Error(), "zero bytes") {
		t.Errorf("UTF-16 without a mark gives %v", err)
	}
	for _, few := range []string{"", "a", "\xef", "\xef\xbb"} {
		text, _, err := Text("x", strings.NewReader(few))
		if err != nil {
			t.Errorf("%q: %v", few, err)
		} else if got, err := io.ReadAll(text); err != nil || string(got) != few {
			t.Errorf("%q reads as %q, %v", few, got, err)
		}
	}
}

// What follows a place is the same, whether the table was read up to it or passed over.
func TestDiscard(t *testing.T) {
	const text = "a,b\n1,2\n\n\"3\n\",4\n\"x\"y\n5,6\n"
	open := func() *Table {
		table, err := NewCSV(NewLines("", bufio.NewReader(strings.NewReader(text)), Place{}), 0)
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	first := open()
	var places []Place
	for {
		row, err := first.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		places = append(places, row.Next)
	}
	all := rows(t, open())
	if len(places) != len(all) {
		t.Fatalf("%d places, %d rows", len(places), len(all))
	}
	for i, place := range places {
		table := open()
		if err := table.Discard(place); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, table); !slices.Equal(got, all[i+1:]) {
			t.Errorf("from %v: %q, want %q", place, got, all[i+1:])
		}
	}
	if err := open().Discard(Place{Line: 99, Offset: 1 << 20}); err == nil {
		t.Error("a place behind the end is gone to")
	}
}

// However a text is cut into rows, every byte is in one place, lines are counted
// as a person counts them, and what a row says can be written and read again.
func FuzzTable(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\n\"1;\n\"\"\";2\r\n", "\"a\n\"x,b\n", "a\tb\n\xff\n", "\n\n\"", "\"\"\"", "a,\"b\nc\",d\n\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := NewCSV(NewLines("", bufio.NewReader(bytes.NewReader(data)), Place{}), 0)
		if err != nil {
			return
		}
		at := Place{Line: 1}
		for {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if row.At.Offset < at.Offset || row.Next.Offset <= row.At.Offset || row.Next.Line < row.At.Line {
				t.Fatalf("row %v to %v behind %v", row.At, row.Next, at)
			}
			if lines := int64(bytes.Count(data[:row.At.Offset], []byte("\n"))) + 1; row.At.Line != lines {
				t.Fatalf("line %d is counted as %d", lines, row.At.Line)
			}
			at = row.Next
			if err != nil {
				continue
			}
			var b strings.Builder
			for i, field := range row.Fields {
				if i > 0 {
					b.WriteByte(table.Separator())
				}
				b.WriteString(`"` + strings.ReplaceAll(field, `"`, `""`) + `"`)
			}
			again, err := NewCSV(NewLines("", bufio.NewReader(strings.NewReader(b.String())), Place{}), table.Separator())
			if err != nil {
				t.Fatal(err)
			}
			if back, err := again.Next(); err != nil || !slices.Equal(back.Fields, row.Fields) {
				t.Fatalf("%q is written and read as %q, %v", row.Fields, back.Fields, err)
			}
		}
		if at.Offset > int64(len(data)) {
			t.Fatalf("%d bytes of %d", at.Offset, len(data))
		}
	})
}
