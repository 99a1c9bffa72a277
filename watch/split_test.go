package watch

import (
	"testing"
	"time"
)

// A name of which one word is written as two is found through the index whatever
// else is on it, also where letters mean something else together than apart.
func TestWordsWrittenAsTwo(t *testing.T) {
	for _, c := range [][2]string{
		{"Muhammad Is Haq", "Muhammad Ishaq"}, {"Mas Hud Barzani", "Mashud Barzani"}, {"Ilyas Kas Hmiri", "Ilyas Kashmiri"},
		{"Zhang, Jic heng", "Zhang, Jicheng"}, {"Niko Lic, Zarko", "Nikolic, Zarko"},
		{"Banihashemi, Moham mad", "Banihashemi, Moh ammad"}, {"Vuko Vic, Zoran", "Vukov Ic, Zoran"},
	} {
		x := New(model(t))
		put(t, x, person("sought", "", c[1]))
		r := record(c[0], "")
		if scan, screen := len(x.Scan(r)), len(x.NewScreener().Screen(r)); scan != 1 || screen != 1 {
			t.Errorf("%q for %q: %d by the scan, %d by the index, want 1", c[0], c[1], scan, screen)
		}
		past := NewRecent(model(t))
		if err := past.Add("r", record(c[1], ""), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := past.Candidates(person("sought", "", c[0])); len(got) != 1 {
			t.Errorf("a warning of %q does not find the past record %q", c[0], c[1])
		}
	}
}
