package feed

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// listOf is an interchange with one message of these segments, which counts right.
func listOf(segments ...string) string {
	return fmt.Sprintf("UNB+UNOA:4+NORTHAIR+SOUTH+261123:0930+7'UNH+1+PAXLST:D:12B:UN:IATA'%s'UNT+%d+1'UNZ+1+7'", strings.Join(segments, "'"), len(segments)+2)
}

func TestPassengerLists(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string // parts of what comes out, line by line
	}{
		"an empty list":       {listOf("BGM+745"), nil},
		"a whole name":        {listOf("BGM+745", "NAD+FL+++OESTERGAARD:MAERTA:JOANNA"), []string{`"family":"OESTERGAARD","given":"MAERTA JOANNA"}],"mrz":"OESTERGAARD<<MAERTA<JOANNA"`}},
		"a crew member":       {listOf("BGM+250", "NAD+FM+++PILOT:ANNA", "CNT+41:1"), []string{`"text":"ANNA PILOT"`}},
		"no name":             {listOf("BGM+745", "NAD+FL+++", "NAD+FL+++SECOND"), []string{"lost: p.edi, line 1: has a passenger without a name", `"text":"SECOND"`}},
		"released characters": {listOf("BGM+745", "NAD+FL+++O?'NEILL:A?+B?:C??D"), []string{`"text":"A+B:C?D O'NEILL"`}},
		"a name of no zone":   {listOf("BGM+745", "NAD+FL+++SMITH 2:A"), []string{`"given":"A"}],"id"`}},
		"its own separators": {"UNA|*.! ~UNB*UNOA|4*A*B*261123|0930*7~UNH*1*PAXLST|D|02B|UN|IATA~BGM*745~NAD*FL***O'NEILL|ANN!~~UNT*4*1~UNZ*1*7~",
			[]string{`"text":"ANN~ O'NEILL"`}},
		"Cyrillic": {"UNB+UNOE:4+A+B+261123:0930+7'UNH+1+PAXLST:D:12B:UN:IATA'BGM+745'NAD+FL+++\xb8\xb2\xb0\xbd\xbe\xb2:\xb0\xbd\xbd\xb0'UNT+4+1'UNZ+1+7'",
			[]string{`"text":"АННА ИВАНОВ"`}},
		"UTF-8":               {strings.Replace(listOf("BGM+745", "NAD+FL+++ИВАНОВ:ПЁТР"), "UNOA", "UNOW", 1), []string{`"text":"ПЁТР ИВАНОВ"`}},
		"not its charset":     {listOf("BGM+745", "NAD+FL+++FIRST", "NAD+FL+++M\xfcLLER", "NAD+FL+++THIRD"), []string{`"text":"FIRST"`, "has bytes that are not of its character set UNOA", `"text":"THIRD"`}},
		"an unread charset":   {strings.Replace(listOf("BGM+745"), "UNOA", "UNOX", 1), []string{`character set "UNOX", which is not read`}},
		"two messages":        {strings.NewReplacer("UNZ+1", "UNH+2+PAXLST:D:12B:UN:IATA'NAD+FL+++B'UNT+3+2'UNZ+2").Replace(listOf("NAD+FL+++A")), []string{`"id":"7/1/1"`, `"id":"7/2/1"`}},
		"two interchanges":    {listOf("NAD+FL+++A") + "\r\n" + listOf("NAD+FL+++B"), []string{`"text":"A"`, `"text":"B"`}},
		"another message":     {strings.Replace(listOf("NAD+FL+++A"), "PAXLST", "CUSRES", 1), []string{`is of type "CUSRES"; it is passed over`}},
		"an unknown segment":  {listOf("BGM+745", "NAD+FL+++A", "XYZ+1+2", "GEI+4+173", "RFF+ABO:U-1"), []string{`"id":"U-1"`}},
		"a wrong tag":         {listOf("BGM+745", "NAD+FL+++A", "x", "NAD+FL+++B"), []string{`"text":"A"`, `segment that begins with "x"; it is left out`, `"text":"B"`}},
		"a flight":            {listOf("TDT+20+204+++NA", "LOC+125+NRA", "LOC+87+SUA", "DTM+232:2611231345:201", "DTM+189:202611231030:203", "NAD+FL+++A", "LOC+178+XXA"), []string{`"from":"XXA","to":"SUA","carrier":"NA204","at":"2026-11-23T10:30:00Z"`}},
		"a wrong count":       {listOf("BGM+745", "NAD+FL+++A", "CNT+42:2"), []string{`"text":"A"`, "the message counts 2 passengers (CNT), and has 1"}},
		"a change's count":    {listOf("BGM+336", "NAD+FL+++A", "CNT+42:2"), []string{`"text":"A"`}},
		"segments miscounted": {strings.Replace(listOf("NAD+FL+++A"), "UNT+3", "UNT+4", 1), []string{`"text":"A"`, `UNT counts "4" segments of the message, and 3 were read`}},
		"messages miscounted": {strings.Replace(listOf("NAD+FL+++A"), "UNZ+1", "UNZ+2", 1), []string{`"text":"A"`, `UNZ counts "2" messages of the interchange`}},
		"a wrong reference":   {strings.Replace(listOf("NAD+FL+++A"), "UNZ+1+7", "UNZ+1+8", 1), []string{`"text":"A"`, `UNZ ends "8", and "7" was begun`}},
		"a lost end":          {"UNB+UNOA:4+A+B+261123:0930+7'UNH+1+PAXLST:D:12B:UN:IATA'NAD+FL+++A'DTM+329:19", []string{`"text":"A"`, "ends within a segment"}},
		"no end":              {"UNB+UNOA:4+A+B+261123:0930+7'UNH+1+PAXLST:D:12B:UN:IATA'NAD+FL+++A'", []string{`"text":"A"`, "UNZ is missing"}},
		"no UNT":              {strings.Replace(listOf("NAD+FL+++A"), "UNT+3+1'", "", 1), []string{`"text":"A"`, "UNT is missing"}},
		"a message in a message": {strings.Replace(listOf("NAD+FL+++A"), "UNT+3+1", "UNH+2+PAXLST'NAD+FL+++B'UNT+3+2", 1),
			[]string{`"text":"A"`, "UNT is missing", `"text":"B"`, "UNZ counts"}},
		"parts": {"UNB+UNOA:4+A+B+261123:0930+7'UNH+1+PAXLST:D:12B:UN:IATA+F1+01:C'BGM+745'NAD+FL+++A'CNT+42:2'UNT+5+1'UNH+2+PAXLST:D:12B:UN:IATA+F1+02:F'BGM+745'NAD+FL+++B'CNT+42:2'UNT+5+2'UNZ+2+7'",
			[]string{`"text":"A"`, `"text":"B"`}},
		"a lost part": {"UNB+UNOA:4+A+B+261123:0930+7'UNH+1+PAXLST:D:12B:UN:IATA+F1+01:C'BGM+745'NAD+FL+++A'UNT+4+1'UNH+2+PAXLST:D:12B:UN:IATA+F1+03:F'BGM+745'NAD+FL+++B'UNT+4+2'UNZ+2+7'",
			[]string{`"text":"A"`, `part 3 of message "F1" follows on part 1`, `"text":"B"`}},
		"a last part alone":   {"UNB+UNOA:4+A+B+261123:0930+7'UNH+1+PAXLST:D:12B:UN:IATA+F1+02:F'BGM+745'NAD+FL+++B'CNT+42:2'UNT+5+1'UNZ+1+7'", []string{`"text":"B"`}},
		"a long segment":      {listOf("BGM+745", "NAD+FL+++A", "FTX+"+strings.Repeat("x", maxSegment), "NAD+FL+++B"), []string{`"text":"A"`, "a segment longer than"}},
		"many values":         {listOf("BGM+745", "NAD+FL+++A", "FTX"+strings.Repeat("+", maxElements), "NAD+FL+++B"), []string{`"text":"A"`, "a segment of more than 200 values; it is left out", `"text":"B"`}},
		"what is none":        {"name,born\n", []string{`refused: p.edi, line 1: is no interchange of UN/EDIFACT: it begins with "name,born"`}},
		"a carrier's heading": {"QU HDQAA\n.NRAOW\n" + listOf("BGM+745"), []string{"take off what a message system has put before it"}},
		"bad separators":      {"UNA:::? 'UNB", []string{"cannot be told apart"}},
		"nothing":             {" \r\n", []string{"is empty"}},
		"born to come":        {listOf("NAD+FL+++A", "DTM+329:20990101", "NAD+FL+++B", "DTM+329:261231"), []string{`"text":"A"`, "DTM: the date of birth is 2099-01-01, which is still to come; it is left out", `"born":"1926-12-31"`}},
		"behind the end":      {listOf("NAD+FL+++A") + "x", []string{`"text":"A"`, "is no interchange"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(t, Options{File: "p.edi", Format: PAXLST}, strings.NewReader(test.text))
			if len(got) != len(test.want) {
				t.Fatalf("got %.300q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if name == "a name of no zone" {
					if strings.Contains(got[i], `"mrz"`) {
						t.Errorf("got %s, and no zone has a figure in a name", got[i])
					}
				} else if !strings.Contains(got[i], want) {
					t.Errorf("got %s, want %s", got[i], want)
				}
			}
		})
	}
}

// Cut off anywhere, a message loses nobody in silence: the people who were whole
// come out, and an error says that there was more.
func TestPassengerListsCutOff(t *testing.T) {
	data, err := os.ReadFile("testdata/two-sectors.edi")
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.TrimRight(data, "\n")
	whole := told(t, Options{Format: PAXLST}, bytes.NewReader(data))
	for n := range data {
		got := told(t, Options{Format: PAXLST}, bytes.NewReader(data[:n]))
		if last := got[len(got)-1]; !strings.Contains(last, "lost") && !strings.Contains(last, "refused") {
			t.Fatalf("cut off at %d of %d it ends with %s", n, len(data), last)
		}
		if len(got) > len(whole)+1 {
			t.Fatalf("cut off at %d of %d, %d lines come out, and of the whole %d", n, len(data), len(got), len(whole))
		}
	}
}
