package exchange

import (
	"strings"
	"testing"

	"heed"
	"heed/watch"
)

// For whom a traveller comes is part of who is excluded; a record that says no
// organisation is who it was before that was so. A number without a letter or digit
// tells nobody apart.
func TestIdentityOfTraveller(t *testing.T) {
	born, err := heed.ParseBirth("1990-02-01")
	if err != nil {
		t.Fatal(err)
	}
	identity := func(organisation string, numbers ...string) (string, bool) {
		r := watch.Record{Names: []heed.Name{{Text: "Julian Zhuschew"}}, Organisation: organisation}
		for _, n := range numbers {
			r.Documents = append(r.Documents, heed.Document{Type: heed.DocumentPassport, Number: n})
		}
		if len(numbers) == 0 {
			r.Born = born
		}
		return identityOf(r)
	}
	bare, ok := identity("")
	if want := "born 1990-02-01\nname julian zhuschew"; bare != want || !ok {
		t.Errorf("without an organisation: %q, %v", bare, ok)
	}
	lamp, ok := identity("Northern Lamp Tradings")
	if lamp == bare || !ok {
		t.Errorf("with an organisation: %q, %v", lamp, ok)
	}
	if again, _ := identity("NORTHERN  LAMP, tradings"); again != lamp {
		t.Errorf("spelt otherwise: %q", again)
	}
	if other, _ := identity("Northern Lamp Trading Ltd"); other == lamp {
		t.Errorf("of another one: %q", other)
	}
	for _, none := range []string{"---", "<<<<", " "} {
		if who, ok := identity("", none); ok || strings.Contains(who, "document") {
			t.Errorf("the number %q tells people apart: %q", none, who)
		}
	}
	if _, ok := identity("", "---", "AB 1"); !ok {
		t.Error("a document tells nobody apart")
	}
}
