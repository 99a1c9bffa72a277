package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"heed"
	"heed/watch/sheet"
)

var update = flag.Bool("update", false, "write what files read as beside them")

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// told is all that comes out of an input, a line for each record, with what was
// left out of it, or each error.
func told(t *testing.T, o Options, in io.Reader) (all []string) {
	t.Helper()
	o.Now = now
	r, err := NewReader(in, o)
	if err != nil {
		var invalid *heed.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("the refusal %v is not bad input", err)
		}
		return []string{"refused: " + err.Error()}
	}
	for read, err := range r.All() {
		var lost *RecordError
		switch {
		case errors.As(err, &lost):
			all = append(all, fmt.Sprintf("%d lost: %v", read.At.Line, err))
		case err != nil:
			all = append(all, "ended: "+err.Error())
		default:
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(read.Record); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("%d %s", read.At.Line, strings.TrimSpace(b.String())))
			for _, p := range read.Problems {
				all = append(all, "  but: "+p.Error())
			}
		}
	}
	return all
}

// A record in which nobody is named says which of its keys were not read, and what
// they may have meant.
func TestKeysThatNameNobody(t *testing.T) {
	for in, want := range map[string]string{
		`{"id":"j3","nam":"X"}`:                             `names nobody, and has keys that are not known: "nam" (nearly "name") (give a name`,
		`{"id":"j3","a":1,"bb":2,"zzz":null,"ccc":3,"d":4}`: `not known: "a", "bb", "ccc", and 1 more (`,
		`{"id":"j3","born":"1990"}`:                         "names is missing, and there is nothing else to screen",
		`{"id":"j3","name":"X","nam":"Y"}`:                  `"text":"X"`,
	} {
		if got := told(t, Options{File: "x.jsonl", Format: JSONL}, strings.NewReader(in)); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s is told as %q, want %q", in, got, want)
		}
	}
}

// An object of too many keys, or with one that is too long, costs itself and nothing else.
func TestKeysAreBounded(t *testing.T) {
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"k%d":"",`, i)
		}
		return b.String()
	}
	in := "{" + keys(sheet.MaxFields-2) + `"id":"1","name":"Some Body"}` + "\n" +
		"{" + keys(sheet.MaxFields-1) + `"id":"2","name":"Some Body"}` + "\n" +
		`{"id":"3","name":"Some Body","` + strings.Repeat("long", 1+sheet.MaxKey/4) + `":"1"}` + "\n" +
		`{"id":"4","name":{"text":"Some Body",` + keys(sheet.MaxFields) + `"use":""}}` + "\n" +
		`{"id":"5","name":"Some Body"}` + "\n"
	all := told(t, Options{File: "body", Format: JSONL}, strings.NewReader(in))
	for i, want := range []string{`1 {"id":"1"`, "2 lost: body, line 2: has an object with more than 1000 keys (", "3 lost: body, line 3: has a key of 204 bytes", "4 lost: body, line 4: has an object with more than 1000 keys (", `5 {"id":"5"`} {
		if len(all) != 5 || !strings.HasPrefix(all[i], want) {
			t.Fatalf("%d lines, of which %d is %.300q; want %s", len(all), i+1, all[min(i, len(all)-1)], want)
		}
	}
}

// Each file in testdata reads as what stands beside it.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		format, ok := FormatOf(name)
		if !ok {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(told(t, Options{File: filepath.Base(name), Format: format}, bytes.NewReader(data)), "\n") + "\n"
			if *update {
				if err := os.WriteFile(name+".read", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ".read")
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Gone on with at any record's end, a file gives what follows there; and what is
// read does not depend on how the bytes come.
func TestResume(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		format, ok := FormatOf(name)
		if !ok {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{File: name, Format: format, Now: now}
		whole := told(t, o, bytes.NewReader(data))
		if strings.HasPrefix(whole[0], "refused") {
			continue
		}
		o.Dates = sheet.OrderDMY // nothing is surveyed in what comes byte by byte
		if got, want := told(t, o, iotest.OneByteReader(bytes.NewReader(data))), told(t, o, bytes.NewReader(data)); !slices.Equal(got, want) {
			t.Errorf("%s byte by byte: %q, want %q", name, got, want)
		}
		o.Dates = sheet.OrderAuto
		r, err := NewReader(bytes.NewReader(data), o)
		if err != nil {
			t.Fatal(err)
		}
		var seen int64
		for read := range r.All() {
			if seen++; read.Next.Records != seen || read.At.Records != seen-1 || read.Next.Offset < read.At.Offset {
				t.Errorf("%s: record %d is from %+v to %+v", name, seen, read.At, read.Next)
			}
			at, err := json.Marshal(read.Next)
			if err != nil {
				t.Fatal(err)
			}
			from := o
			if err := json.Unmarshal(at, &from.Resume); err != nil {
				t.Fatal(err)
			}
			rest, err := NewReader(bytes.NewReader(data), from)
			if err != nil {
				t.Fatalf("%s from %s: %v", name, at, err)
			}
			next, wanted := nextOf(rest), nextAfter(t, data, o, read.Next)
			if next != wanted {
				t.Errorf("%s from %s: %s, want %s", name, at, next, wanted)
			}
		}
	}
}

// nextOf is what a reader gives next, as text.
func nextOf(r *Reader) string {
	read, err := r.Next()
	return fmt.Sprintf("%+v %+v %v", read.At, read.Record, err)
}

func nextAfter(t *testing.T, data []byte, o Options, at Position) string {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data), o)
	if err != nil {
		t.Fatal(err)
	}
	for range at.Records {
		var lost *RecordError
		if _, err := r.Next(); err != nil && !errors.As(err, &lost) {
			t.Fatal(err)
		}
	}
	return nextOf(r)
}

// A stream is answered record by record: nothing waits for what comes later.
func TestRecordsComeAsTheyAreWritten(t *testing.T) {
	for format, text := range map[Format][]string{
		CSV:    {"name,born\n", "Anna,1990\n", "Boris,1991\n"},
		TSV:    {"name\tborn\n", "Anna\t1990\n", "Boris\t1991\n"},
		JSONL:  {"", "{\"name\":\"Anna\",\"born\":1990}\n", "{\"name\":\"Boris\",\"born\":\"1991\"}\n"},
		PAXLST: {"UNB+UNOA:4+A+B+261123:0930+1'UNH+1+PAXLST:D:12B:UN:IATA'BGM+745'", "NAD+FL+++ANNA'DTM+329:19900000'NAD+FL+++BORIS'", "DTM+329:19910000'NAD+FL+++CARLA'"},
	} {
		in, out := io.Pipe()
		go func() {
			if _, err := io.WriteString(out, text[0]+text[1]); err != nil {
				t.Error(err)
			}
		}()
		r, err := NewReader(in, Options{Format: format, Now: now})
		if err != nil {
			t.Fatal(format, err)
		}
		read, err := r.Next()
		if err != nil || !strings.EqualFold(read.Record.Names[0].Text, "Anna") || read.Record.Born.String() != "1990" {
			t.Errorf("%s: %+v, %v", format, read.Record, err)
		}
		go func() {
			if _, err := io.WriteString(out, text[2]); err != nil {
				t.Error(err)
			}
		}()
		if read, err = r.Next(); err != nil || !strings.EqualFold(read.Record.Names[0].Text, "Boris") {
			t.Errorf("%s: %+v, %v", format, read.Record, err)
		}
		if err := errors.Join(out.Close(), in.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// The same rows read alike in every encoding.
func TestEncodings(t *testing.T) {
	const text = "id,имя,born\n1,Анна Петрова,1990-05-14\n2,Łukasz 𝄞,1991\n"
	want := told(t, Options{File: "p", Format: CSV}, strings.NewReader(text))
	for name, data := range map[string]string{"with a mark": "\xef\xbb\xbf" + text, "UTF-16": "\xff\xfe" + utf16(text)} {
		if got := told(t, Options{File: "p", Format: CSV}, strings.NewReader(data)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	got := told(t, Options{File: "p", Format: CSV}, strings.NewReader("id,name\n1,\xc0\xed\xed\xe0\n2,Anna\n"))
	if len(got) != 2 || !strings.Contains(got[0], "not UTF-8") || !strings.Contains(got[0], "CP1251") || !strings.Contains(got[1], "Anna") {
		t.Errorf("Windows-1251 reads as %q", got)
	}
}

func utf16(s string) string {
	var b strings.Builder
	unit := func(u rune) { b.WriteByte(byte(u)); b.WriteByte(byte(u >> 8)) }
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			unit(0xd800 + r>>10)
			r = 0xdc00 + r&0x3ff
		}
		unit(r)
	}
	return b.String()
}

// A reader has an end, loses only what it says, and gives what can be screened.
func FuzzReader(f *testing.F) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		if _, ok := FormatOf(name); !ok {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("UNA:+.? 'UNB+UNOW:4'UNH+1+PAXLST+X+01:C'NAD+FL+++A?'B:C'UNT+3+1'UNZ+1+'"))
	f.Add([]byte("{\"name\":[{\"text\":\"x\"},{}],\"vehicle\":{\"vin\":1}}\n{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range Formats() {
			r, err := NewReader(bytes.NewReader(data), Options{Format: format, Now: now})
			if err != nil {
				continue
			}
			at := int64(-1)
			for n := int64(1); ; n++ {
				read, err := r.Next()
				var lost *RecordError
				switch {
				case errors.Is(err, io.EOF):
				case errors.As(err, &lost):
					read.At, read.Next = lost.At, lost.Next
				case err != nil:
					t.Fatalf("%s: %v", format, err)
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if n > int64(len(data))+10 || read.At.Offset < at || read.Next.Records != n {
					t.Fatalf("%s: record %d is from %+v to %+v, behind %d", format, n, read.At, read.Next, at)
				}
				at = read.At.Offset
				if err == nil && (read.Record.ID == "" || read.Record.Check() != nil) {
					t.Fatalf("%s: %+v is no record: %v", format, read.Record, read.Record.Check())
				}
			}
		}
	})
}

// A date of birth that is none costs the date and not the record; one that may be
// either of two costs the record, as long as nobody says which.
func TestGarbledBirth(t *testing.T) {
	for name, c := range map[string]struct {
		dates      sheet.Order
		born, want string // what of the record's line, or of its error
		left       string // what it says of the date; empty: nothing
	}{
		"no such day":                   {"", "31.02.1980", `"Petrova"`, "not a date; the record is screened without it"},
		"no such month":                 {"", "1980-13-01", `"Petrova"`, "not a date"},
		"noise":                         {"", "##/@@/19??", `"Petrova"`, "not a date"},
		"two digits of a year":          {"", "31.12.79", `"Petrova"`, "a year of two digits"},
		"another calendar":              {"", "1401-02-03", `"Petrova"`, "Islamic"},
		"nothing known":                 {"", "unknown", `"Petrova"`, ""},
		"in doubt":                      {"", "05/06/1990", "lost: ", ""},
		"the year is said to be first":  {sheet.OrderYMD, "05/06/1990", "lost: ", ""},
		"not in the order that is said": {sheet.OrderDMY, "05/14/1990", `"Petrova"`, "not a date"},
		"as is said":                    {sheet.OrderDMY, "05/06/1990", `"born":"1990-06-05"`, ""},
	} {
		for format, text := range map[Format]string{CSV: "name,born\nPetrova,%s\n", JSONL: `{"name":"Petrova","born":%q}` + "\n"} {
			got := told(t, Options{Format: format, Dates: c.dates}, strings.NewReader(fmt.Sprintf(text, c.born)))
			if len(got) == 0 || !strings.Contains(got[0], c.want) || len(got) > 1 != (c.left != "") || c.left != "" && !strings.Contains(got[1], c.left) || c.left != "" && strings.Contains(got[0], "born") {
				t.Errorf("%s, %s: %q", format, name, got)
			}
		}
	}
	// Without a name there is nobody to be looked for, and what else is wrong is not hidden.
	for what, text := range map[string]string{"nobody": "name,born\n,31.02.1980\n", "a name too long": "name,born\n" + strings.Repeat("x", heed.MaxLabel+1) + ",31.02.1980\n"} {
		if got := told(t, Options{Format: CSV}, strings.NewReader(text)); len(got) != 1 || !strings.Contains(got[0], "lost: ") {
			t.Errorf("%s: %q", what, got)
		}
	}
}
