package names

import (
	"os"
	"strings"
	"testing"
)

// The spellings under which one published name was met, and missed, must reach
// the default threshold; six other persons must not.
func TestIncident(t *testing.T) {
	model, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/dev/incident_tsarnaev.tsv")
	if err != nil {
		t.Fatal(err)
	}
	spellings, others := 0, 0
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		column := strings.Split(line, "\t")
		c := model.Compare(Parse(column[3]), Parse(column[4]))
		if want := column[1] == "pos"; want != c.Above() {
			t.Errorf("%s %q: above %v, want %v\n%s", column[0], column[3], c.Above(), want, c.Text())
		}
		if column[1] == "pos" {
			spellings++
		} else {
			others++
		}
	}
	if spellings != 24 || others != 6 {
		t.Errorf("%d spellings and %d others", spellings, others)
	}
}
