package lists

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/watch"
	"heed/watch/sheet"
)

var update = flag.Bool("update", false, "write what lists read as beside them")

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// told is all that comes out of a list, a line for each entry, with what was left
// out of it, or each error.
func told(t *testing.T, in io.Reader, o Options) (all []string) {
	t.Helper()
	o.Source, o.Now = "lamp", now
	r, err := NewReader(in, o)
	if err != nil {
		var invalid *heed.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("the refusal %v is not bad input", err)
		}
		return []string{"refused: " + err.Error()}
	}
	for e, err := range r.All() {
		switch {
		case err != nil && r.Ended():
			all = append(all, "ended: "+err.Error())
		case err != nil:
			all = append(all, fmt.Sprintf("%d lost: %v", e.Line, err))
		default:
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(e.Subject); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("%d %s", e.Line, strings.TrimSpace(b.String())))
			for _, left := range e.Left {
				all = append(all, "  but: "+left.Error())
			}
		}
	}
	for _, left := range r.Beside() {
		all = append(all, "but: "+left.Error())
	}
	return all
}

// Each list in testdata reads as what stands beside it.
func TestLists(t *testing.T) {
	open := func(name string) *bytes.Reader {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(data)
	}
	for name, o := range map[string]Options{
		"sdn.csv":          {Format: SDN, Alt: open("alt.csv"), AltFile: "alt.csv", Add: open("add.csv"), AddFile: "add.csv"},
		"consolidated.xml": {Format: UN, Urgency: heed.UrgencyImmediate},
		"barred.csv":       {Format: CSV},
	} {
		t.Run(name, func(t *testing.T) {
			o.File = name
			got := strings.Join(told(t, open(name), o), "\n") + "\n"
			beside := "testdata/" + name + ".read"
			if *update {
				if err := os.WriteFile(beside, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(beside)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What is no list of its layout, or only a part of one, is refused as such: a list
// of which half is missing would take the other half off watch.
func TestListsRefused(t *testing.T) {
	const row = "1,\"A, B\",individual,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n"
	head := "<CONSOLIDATED_LIST><INDIVIDUALS>"
	bomb := `<!DOCTYPE x [<!ENTITY a "` + strings.Repeat("a", 1000) + `"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>` + head + "<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>&b;</FIRST_NAME></INDIVIDUAL>"
	for name, test := range map[string]struct {
		format Format
		text   string
		alt    string
		want   string // in the last line
	}{
		"sdn: a table":               {SDN, "id,name\n1,x\n", "", "the SDN list has 12"},
		"sdn: headings":              {SDN, "a,b,c,d,e,f,g,h,i,j,k,l\n", "", `begins with "a"`},
		"sdn: alt with other rows":   {SDN, row, "1,2,3\n", "this file of the SDN list has 5"},
		"sdn: alt that is damaged":   {SDN, row, "1,1,aka,\"A, -0- \n", "never closed"},
		"un: a table":                {UN, "id,name\n", "", "begins like a table with headings, and --format un is XML, as the Security Council's list is (say --format csv"},
		"un: an SDN list":            {UN, row, "", "begins like OFAC's SDN list, and --format un is XML, as the Security Council's list is (say --format sdn"},
		"un: nothing":                {UN, "", "", "ends before the list does"},
		"csv: an SDN list":           {CSV, "\ufeff" + row, "", "(say --format sdn"},
		"csv: XML":                   {CSV, "\xff\xfe<\x00?\x00", "", "(say --format un"},
		"sdn: XML":                   {SDN, "\n " + head, "", "(say --format un"},
		"un: other XML":              {UN, "<html><body/></html>", "", `begins with the element "html"`},
		"un: cut off":                {UN, head + "<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>A</FIRST_NAME></INDIVIDUAL></INDIVIDUALS>", "", "ended: "},
		"un: cut off in an entry":    {UN, head + "<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>A", "", "ended: "},
		"un: entities of its own":    {UN, bomb, "", "document type declaration"},
		"un: an unknown entity":      {UN, head + "<INDIVIDUAL><FIRST_NAME>&b;</FIRST_NAME></INDIVIDUAL>", "", "not XML that can be read"},
		"un: another encoding":       {UN, `<?xml version="1.0" encoding="windows-1251"?>` + head, "", "only UTF-8 and UTF-16 are read"},
		"un: two lists":              {UN, "<CONSOLIDATED_LIST/><CONSOLIDATED_LIST/>", "", "begins with the element"},
		"un: a long text":            {UN, head + "<INDIVIDUAL><FIRST_NAME>" + strings.Repeat("x", 3*maxEntry), "", "without a new entry"},
		"un: a long gap":             {UN, head + strings.Repeat("<X></X>", maxEntry/2), "", "without a new entry"},
		"un: deep":                   {UN, head + strings.Repeat("<X>", 100), "", "within each other"},
		"un: deep in an entry":       {UN, head + "<INDIVIDUAL>" + strings.Repeat("<X>", 100_000), "", "ended: "},
		"csv: no number":             {CSV, "name\nx\n", "", "no column has the source's own number"},
		"csv: nobody":                {CSV, "id,foo\nx,y\n", "", "no column names anybody"},
		"csv: empty":                 {CSV, "", "", "is empty"},
		"csv: UTF-16 without a mark": {CSV, "i\x00d\x00", "", "zero bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Format: test.format, File: "f"}
			if test.alt != "" {
				o.Alt, o.AltFile = strings.NewReader(test.alt), "alt.csv"
			}
			got := told(t, strings.NewReader(test.text), o)
			last := ""
			if len(got) > 0 {
				last = got[len(got)-1]
			}
			if !strings.Contains(last, test.want) || !strings.HasPrefix(last, "ended") && !strings.HasPrefix(last, "refused") {
				t.Errorf("it ends with %.300q, want %q", last, test.want)
			}
			if len(last) > 600 {
				t.Errorf("the message has %d bytes", len(last))
			}
		})
	}
}

// Other names of whom the list does not have are told, once, behind the entries.
func TestStrayNames(t *testing.T) {
	const row = "7,\"MARRAM, Odo\",individual,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\n"
	for alt, want := range map[string]string{
		"7,1,aka,\"MARAM, Otto\",-0-\n": "",
		"7,1,aka,\"MARAM, Otto\",-0-\n8,2,aka,\"X, Y\",-0-\n8,3,aka,Z,-0-\n9,4,fka,W,-0-\n": "other names of 2 entries that the list does not have, as of 8",
	} {
		for _, end := range []string{"", "\x1a\n"} {
			got := told(t, strings.NewReader(row+end), Options{Format: SDN, Alt: strings.NewReader(alt), AltFile: "alt.csv"})
			switch {
			case !strings.Contains(got[0], "MARAM"):
				t.Errorf("the other name is not in %q", got[0])
			case want == "" && len(got) != 1, want != "" && (len(got) != 2 || !strings.Contains(got[1], "alt.csv: has "+want)):
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

// What stands behind the end mark is no part of the list, whether or not names are left over.
func TestStrayNamesBehindTheEndMark(t *testing.T) {
	const row = "7,\"MARRAM, Odo\",individual,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\n"
	list := row + "\x1a\n" + strings.Replace(row, "7,", "8,", 1)
	if got := told(t, strings.NewReader(list), Options{Format: SDN}); len(got) != 1 {
		t.Errorf("without other names it reads as %q", got)
	}
	got := told(t, strings.NewReader(list), Options{Format: SDN, Alt: strings.NewReader("9,1,aka,\"MARAM, Otto\",-0-\n"), AltFile: "alt.csv"})
	if len(got) != 2 || !strings.HasPrefix(got[1], "but: alt.csv: has other names of 1 entry that the list does not have, as of 9") {
		t.Errorf("with them it reads as %q", got)
	}
}

// An entry that was lost is in the list: its other names are not of another list or
// day. Where the number went with it, nobody can say so.
func TestNamesOfALostEntry(t *testing.T) {
	const row = "7,\"MARRAM, Odo\",individual,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\n"
	alt := "8,1,aka,\"MARAM, Otto\",-0-\n"
	for lost, want := range map[string]string{
		strings.Replace(strings.Replace(row, "7,", "8,", 1), ",-0-\n", "\n", 1): "",
		strings.Replace(row, "7,\"MARRAM", "8,\"MARRAM\" ", 1):                  "the list does not have, or not so that it can be read, as of 8",
	} {
		got := told(t, strings.NewReader(row+lost), Options{Format: SDN, Alt: strings.NewReader(alt), AltFile: "alt.csv"})
		if last := got[len(got)-1]; !strings.Contains(got[1], "2 lost: ") || want == "" && len(got) != 2 || want != "" && !strings.Contains(last, want) {
			t.Errorf("it reads as %q, want %q", got, want)
		}
	}
}

// A list in UTF-16 reads as in UTF-8.
func TestWideList(t *testing.T) {
	const text = `<?xml version="1.0" encoding="utf-16"?><CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>Борис</FIRST_NAME></INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>`
	wide := []byte{0xff, 0xfe}
	for _, r := range text {
		wide = append(wide, byte(r), byte(r>>8))
	}
	got := told(t, bytes.NewReader(wide), Options{Format: UN})
	if len(got) != 1 || !strings.Contains(got[0], `"text":"Борис"`) {
		t.Errorf("it reads as %q", got)
	}
}

func TestNames(t *testing.T) {
	for _, bad := range []string{"", "OFAC", "a/b", "-a", "a b", strings.Repeat("a", watch.MaxListName+1), "ä"} {
		if _, err := NewReader(strings.NewReader("id,name\n"), Options{Format: CSV, Source: bad, Now: now}); err == nil {
			t.Errorf("%q is the name of a list", bad)
		}
	}
	id := watch.ListedID("ofac-sdn", "QDi.1/a")
	list, entry, ok := id.Listed()
	if id != "list:ofac-sdn/QDi.1/a" || list != "ofac-sdn" || entry != "QDi.1/a" || !ok {
		t.Errorf("%q is of %q, %q, %t", id, list, entry, ok)
	}
	for _, other := range []watch.SubjectID{"case:1/persons/0", "list:x", ""} {
		if _, _, ok := other.Listed(); ok {
			t.Errorf("%q is of a list", other)
		}
	}
	if _, err := ParseFormat("xml"); err == nil {
		t.Error("there is a layout xml")
	}
}

// However much an entry has, a warning's bounds hold, and what does not fit is said.
func TestListsAreBounded(t *testing.T) {
	var alt, remarks strings.Builder
	for i := range 100 {
		fmt.Fprintf(&alt, "1,%d,aka,\"N%d, X\",-0- \n", i, i)
		fmt.Fprintf(&remarks, "DOB %d; Passport A%d; ", 1900+i, i)
	}
	text := `1,"A, B",individual,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"` + remarks.String() + strings.Repeat("x", 3*heed.MaxNote) + "\"\n"
	r, err := NewReader(strings.NewReader(text), Options{Format: SDN, Source: "lamp", Now: now, Alt: strings.NewReader(alt.String())})
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	p := e.Subject.Person
	if len(p.Names) != heed.MaxNames || len(p.Born) != heed.MaxBirths || len(p.Documents) != heed.MaxDocuments || len([]rune(p.Description)) != heed.MaxNote {
		t.Errorf("%d names, %d births, %d documents, %d characters", len(p.Names), len(p.Born), len(p.Documents), len([]rune(p.Description)))
	}
	var left []string
	for _, l := range e.Left {
		left = append(left, l.What)
	}
	if all := strings.Join(left, "\n"); !strings.Contains(all, fmt.Sprint(51+80+50)) || !strings.Contains(all, "remarks") {
		t.Errorf("left out: %q", left)
	}
}

// Lists are anybody's bytes: they are read to an end, and what is read can be
// put on watch.
func FuzzLists(f *testing.F) {
	for _, name := range []string{"sdn.csv", "alt.csv", "consolidated.xml", "barred.csv"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []Options{{Format: SDN}, {Format: SDN, Alt: bytes.NewReader(data), Add: bytes.NewReader(data)}, {Format: UN}, {Format: CSV}} {
			o.Source, o.Now = "lamp", now
			r, err := NewReader(bytes.NewReader(data), o)
			if err != nil {
				continue
			}
			n := 0
			for e, err := range r.All() {
				if n++; n > len(data)+1 {
					t.Fatalf("%s: %d entries of %d bytes", o.Format, n, len(data))
				}
				var lost *sheet.Error
				if err != nil && !r.Ended() && !errors.As(err, &lost) {
					t.Fatalf("%s: %v", o.Format, err)
				}
				if err == nil && (e.Subject.Check() != nil || e.Subject.ID != watch.ListedID("lamp", e.ID)) {
					t.Fatalf("%s: %+v: %v", o.Format, e, e.Subject.Check())
				}
			}
		}
	})
}
