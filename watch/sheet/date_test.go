package sheet

import (
	"errors"
	"strings"
	"testing"

	"heed"
)

func TestBirth(t *testing.T) {
	for _, test := range []struct {
		text  string
		order Order
		want  string // or, in capitals, a word of the error
	}{
		{"1990-05-14", OrderAuto, "1990-05-14"},
		{"1990-05", OrderAuto, "1990-05"},
		{"1990", OrderAuto, "1990"},
		{"1990~", OrderAuto, "1990~"},
		{"1988/1992", OrderAuto, "1988/1992"},
		{"1990/05/14", OrderAuto, "1990-05-14"},
		{"1990.5.4", OrderAuto, "1990-05-04"},
		{"19900514", OrderAuto, "1990-05-14"},
		{"14051990", OrderAuto, "1990-05-14"},
		{"05141990", OrderAuto, "1990-05-14"},
		{"14.05.1990", OrderAuto, "1990-05-14"},
		{"5/14/1990", OrderAuto, "1990-05-14"},
		{"5/5/1990", OrderAuto, "1990-05-05"},
		{"14-May-1990", OrderAuto, "1990-05-14"},
		{"14 May 1990", OrderAuto, "1990-05-14"},
		{"14MAY1990", OrderAuto, "1990-05-14"},
		{"May 14, 1990", OrderAuto, "1990-05-14"},
		{"Sept 1, 1990", OrderAuto, "1990-09-01"},
		{"14 мая 1990 г.", OrderAuto, "1990-05-14"},
		{"1 августа 1990", OrderAuto, "1990-08-01"},
		{"May 1990", OrderAuto, "1990-05"},
		{"05.1990", OrderAuto, "1990-05"},
		{"٠٥-٠٤-١٩٩٠", OrderDMY, "1990-04-05"},
		{"１９９０－０５－１４", OrderAuto, "1990-05-14"},
		{"1990-00-00", OrderAuto, "1990"},
		{"1990-05-00", OrderAuto, "1990-05"},
		{"00/00/1990", OrderAuto, "1990"},
		{"00.05.1990", OrderAuto, "1990-05"},
		{"circa 1951", OrderAuto, "1951~"},
		{"c. 14 May 1951", OrderAuto, "1951-05-14~"},
		{"1951 to 1953", OrderAuto, "1951/1953"},
		{"circa 1951-1953", OrderAuto, "1951/1953"},
		{"1 Jan 1951 to 31 Dec 1953", OrderAuto, "1951-01-01/1953-12-31"},
		{"05/06/1990", OrderDMY, "1990-06-05"},
		{"05/06/1990", OrderMDY, "1990-05-06"},
		{"05061990", OrderMDY, "1990-05-06"},
		{"1990-06-05", OrderMDY, "1990-06-05"},

		{"05/06/1990", OrderAuto, "MAY BE 1990-06-05 OR 1990-05-06"},
		{"05061990", OrderAuto, "MAY BE"},
		{"05/06/1990", OrderYMD, "BEGIN WITH THE YEAR"},
		{"25/12/1990", OrderMDY, "NOT A DATE"},
		{"31.02.1990", OrderAuto, "NOT A DATE"},
		{"1990-13-01", OrderAuto, "NOT A DATE"},
		{"05.06-1990", OrderAuto, "NOT A DATE"},
		{"5/6/90", OrderAuto, "TWO DIGITS"},
		{"900514", OrderAuto, "TWO DIGITS"},
		{"14MAY90", OrderAuto, "TWO DIGITS"},
		{"1410-05-14", OrderAuto, "ISLAMIC"},
		{"14/05/2533", OrderAuto, "BUDDHIST"},
		{"1992/1988", OrderAuto, "NOT A DATE"},
		{"14 Marble 1990", OrderAuto, "NOT A DATE"},
		{"yesterday", OrderAuto, "NOT A DATE"},
		{"", OrderAuto, "NOT A DATE"},
	} {
		got, err := NewDates(test.order).Birth("DOB", test.text)
		var wrong *Error
		switch {
		case err == nil && got.String() != test.want:
			t.Errorf("%q (%s) is %s, want %s", test.text, test.order, got, test.want)
		case err != nil && !errors.As(err, &wrong):
			t.Errorf("%q: %v", test.text, err)
		case err != nil && (!strings.Contains(strings.ToUpper(wrong.What), test.want) || wrong.Hint == "" || test.want == ""):
			t.Errorf("%q (%s): %v, want %s", test.text, test.order, err, test.want)
		}
	}
}

// A column tells its own order, by what stands before or, surveyed, anywhere in
// it; one that has both orders tells none.
func TestDatesTellTheirOrder(t *testing.T) {
	read := func(d *Dates, column, text, want string) {
		t.Helper()
		b, err := d.Birth(column, text)
		if want == "" && err == nil || want != "" && (err != nil || b.String() != want) {
			t.Errorf("%s %q is %s, %v; want %q", column, text, b, err, want)
		}
	}
	d := NewDates(OrderAuto)
	read(d, "DOB", "05/06/1990", "")
	read(d, "DOB", "25/12/1980", "1980-12-25")
	read(d, "DOB", "05/06/1990", "1990-06-05")
	read(d, "Issued", "05/06/1990", "")
	read(d, "DOB", "12/25/1980", "1980-12-25") // leaves no doubt itself, and the column from now on
	read(d, "DOB", "05/06/1990", "")

	d = NewDates(OrderAuto)
	d.Survey("DOB", "1990-12-25")
	d.Survey("DOB", "5/5/1990; 12/31/1991")
	read(d, "DOB", "05/06/1990", "1990-05-06")
	d.Survey("DOB", "31/12/1991")
	read(d, "DOB", "05/06/1990", "")
}

func TestAt(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-23T12:00:00+01:00": "2026-11-23T11:00:00Z", "2026-11-23 12:00": "2026-11-23T12:00:00Z", "2026-11-23T12:00Z": "2026-11-23T12:00:00Z",
		"2026-11-23": "2026-11-23T00:00:00Z", "23.11.2026 14:30": "2026-11-23T14:30:00Z", "23 Nov 2026": "2026-11-23T00:00:00Z", "23/11/2026 14:30:05": "2026-11-23T14:30:05Z",
		"05/06/2026": "", "2026": "", "noon": "", "23.11.2026 25:00": "", "2026-11-23 12:00 tomorrow": "",
	} {
		at, err := NewDates(OrderAuto).At("at", text)
		if want == "" && err == nil || want != "" && (err != nil || at.Format("2006-01-02T15:04:05Z07:00") != want) {
			t.Errorf("%q is %v, %v; want %q", text, at, err, want)
		}
	}
}

// No text is read as two different dates, and what is read has heed's one spelling.
func FuzzBirth(f *testing.F) {
	for _, s := range []string{"14.05.1990", "05/06/1990", "circa 1951", "14 May 1990", "1951 to 1953", "٠٥-٠٤-١٩٩٠", "00/00/1990", "19900514"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		auto, err := NewDates(OrderAuto).Birth("", text)
		if err != nil {
			return
		}
		if again, err := heed.ParseBirth(auto.String()); err != nil || again != auto {
			t.Fatalf("%q is read as %v, which heed reads as %v, %v", text, auto, again, err)
		}
		for _, o := range []Order{OrderDMY, OrderMDY, OrderYMD} {
			if b, err := NewDates(o).Birth("", text); err == nil && b != auto {
				t.Fatalf("%q is %v without an order, and %v in order %s", text, auto, b, o)
			}
		}
	})
}
