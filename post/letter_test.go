package post

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"heed"
)

var update = flag.Bool("update", false, "write the golden files again")

var at = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func contact(languages ...heed.Language) heed.Contact {
	return heed.Contact{
		Party: "north.example", ID: "harbour-ops", Serial: 1, Time: at, Name: "Harbour Operations Centre", Mail: "ops@harbour.example", Phone: "+000 555 0190",
		Post: []string{"1 Ferry Quay", "North Harbour"}, Language: languages, Profile: "major-event", Clock: heed.Profiles()[4].Clock, Basis: heed.ClockAssumed,
	}
}

func warning() heed.Warning {
	return heed.Warning{
		Headline: "Possible attack on a concert", Language: "en",
		Narratives: []heed.Narrative{
			{Language: "en", Text: "A source reports an attack.\n\nHe travels by ferry."},
			{Language: "fr", Headline: "Attaque possible lors d'un concert", Text: "Une source signale une attaque."},
			{Language: "de-AT", Text: "Eine Quelle meldet einen Anschlag."},
		},
		Category: "Security", Urgency: heed.UrgencyImmediate, Severity: "Extreme", Certainty: "Possible", Status: heed.StatusActual,
		Places:   []heed.Place{{Name: "North Harbour Hall", Country: "BV"}},
		Persons:  []heed.Person{{Names: []heed.Name{{Text: "Юлиан Жущёв"}, {Text: "Julian Juschtschow"}}, Nationalities: []heed.Country{"HM"}}},
		Vehicles: []heed.Vehicle{{Type: "van", Plate: "BV 7741", Colour: "white"}},
		Asks:     []heed.Ask{{Code: heed.AskAnswer, Text: "Which gate?"}, {Code: heed.AskAssess}},
		Handling: heed.Handling{TLP: heed.TLPGreen, PoliceCodes: []heed.PoliceCode{heed.H0}}, Reference: "NE-2026-1",
	}
}

func sample(sort Sort, languages ...heed.Language) Letter {
	l := Letter{
		Sort: sort, From: "north.example", To: contact(languages...), Code: "7K3MQ2XA", At: at, Status: heed.StatusActual,
		Desk: heed.Rung{Role: "duty-desk", Telephone: "+000 555 0100", Mail: "desk@north.example", Hours: "24/7", Zone: "UTC", Languages: "en ru"},
	}
	switch sort {
	case Warns:
		w := warning()
		l.Warning, l.Files = &w, []string{"plan.pdf"}
		l.Within = []Response{{heed.DutyAcknowledge, 15 * time.Minute}, {heed.DutyAssess, time.Hour}, {heed.DutyAnswer, 24 * time.Hour}, {heed.DutyConclude, 72 * time.Hour}}
	case Reminds:
		l.Missing = []heed.Promise{{Kind: heed.DutyAssess, Due: at.Add(-time.Hour)}, {Kind: heed.DutyAnswer, Due: at.Add(-time.Second)}}
	case Replies:
		l.Reply, l.Result, l.Text = heed.EntryAssessed, "not-credible", "The hall is closed.\n\nNobody is there."
	case Recalls:
		l.Text = "The source withdrew."
	}
	return l
}

// Each sort of letter is as it was last looked at by a person, in each language.
func TestLetters(t *testing.T) {
	for _, language := range []heed.Language{"en", "de", "fr"} {
		for _, sort := range []Sort{Warns, Waits, Reminds, Replies, Recalls} {
			path := filepath.Join("testdata", string(sort)+"."+string(language)+".txt")
			got := sample(sort, language).Plain()
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
			}
			for line := range strings.SplitSeq(got, "\n") {
				if utf8.RuneCountInString(line) > textWidth || strings.TrimRight(line, " ") != line {
					t.Errorf("%s: the line %q", path, line)
				}
			}
			if n := strings.Count(got, "7K3M-Q2XA"); n < 2 {
				t.Errorf("%s quotes the code %d times", path, n)
			}
			page, err := sample(sort, language).HTML()
			if err != nil || !bytes.Contains(page, []byte(`lang="`+language+`"`)) || bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte("http")) && !bytes.Contains(page, []byte("http-equiv")) {
				t.Errorf("%s: page %v\n%s", path, err, page)
			}
		}
	}
}

// What binds the partner stands in the letter, in every language: what is asked,
// on which ground, for how long, and what it may do with what it is told.
func TestWhatBindsThePartner(t *testing.T) {
	day := func(s string) heed.Moment {
		m, err := heed.ParseMoment(s)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	w := warning()
	w.LegalBasis = "Ports Act 2019, section 4"
	w.Places = append(w.Places, heed.Place{Name: "Pier", Point: &heed.Point{Latitude: heed.DegreesOf(52.5), Longitude: heed.DegreesOf(13), Radius: 250}})
	w.Windows = []heed.Window{{Until: day("2026-11-28")}, {From: day("2026-11-25"), Place: "Pier"}, {From: day("2026-11-25"), Until: day("2026-11-26T06:00:00Z")}}
	w.Persons[0].Sex, w.Persons[0].Documents = heed.SexMale, []heed.Document{{Type: heed.DocumentIdentityCard, Country: "HM", Number: "X1"}, {Type: heed.DocumentOther, Number: "Y2"}}
	w.Persons = append(w.Persons, heed.Person{Names: []heed.Name{{Text: "Somebody"}}, Sex: heed.SexOther})
	w.Asks = []heed.Ask{
		{Code: heed.AskObserve, By: day("2026-11-27T10:00:00Z"), Standing: true, LegalBasis: "Order 12"},
		{Code: heed.AskReportHit, Standing: true, Until: day("2026-12-31")},
	}
	w.Handling.OriginatorControl, w.Handling.Purposes = true, []heed.Purpose{heed.PurposeProtectionOfLife, heed.PurposeEventSecurity}
	w.Handling.ReleaseTo, w.Handling.DeleteAfter = []heed.PartyID{"south.example", "east.example"}, day("2027-01-31")
	for language, want := range map[heed.Language][]string{
		"en": {
			"until 2026-11-28\n", "from 2026-11-25, Pier", "2026-11-25 - 2026-11-26 06:00 UTC", "52.5, 13, within 250 m", "male", "identity card HM X1, Y2", "Somebody, other", "van, white",
			"observe, if possible by 2026-11-27 10:00 UTC, for whatever happens later, until we take it back, Legal basis: Order 12", "report hit, for whatever happens later, until 2026-12-31",
			"Legal basis: Ports Act 2019, section 4", "Ask us before you pass any of it on", "Only for: protection of life, event security", "May be passed on, without asking us, to: south.example, east.example", "Erase it after: 2027-01-31",
		},
		"de": {
			"bis 2026-11-28\n", "ab 2026-11-25, Pier", "im Umkreis von 250 m", "männlich", "Personalausweis HM X1, Y2", "Somebody, divers", "Lieferwagen",
			"Beobachtung, möglichst bis 2026-11-27 10:00 UTC, auch für alles Spätere, bis wir es zurücknehmen, Rechtsgrundlage: Order 12", "auch für alles Spätere, bis 2026-12-31",
			"Rechtsgrundlage: Ports Act 2019, section 4", "Fragen Sie uns, bevor", "Nur zu diesen Zwecken: Schutz von Leben, Sicherheit von Veranstaltungen", "weitergegeben werden an: south.example, east.example", "Zu löschen nach: 2027-01-31",
		},
		"fr": {
			"jusqu'au 2026-11-28\n", "à partir du 2026-11-25, Pier", "dans un rayon de 250 m", "homme", "carte d'identité HM X1, Y2", "Somebody, autre", "fourgonnette",
			"observer, si possible avant le 2026-11-27 10:00 UTC, aussi pour tout ce qui suivra, jusqu'à ce que nous y renoncions, Base légale: Order 12", "jusqu'au 2026-12-31",
			"Base légale: Ports Act 2019, section 4", "Consultez-nous avant", "Uniquement à ces fins: protection de la vie, sécurité d'événements", "sans nous consulter à: south.example, east.example", "À effacer après: 2027-01-31",
		},
	} {
		l := sample(Warns, language)
		l.Warning = &w
		text := strings.ReplaceAll(l.Plain(), "\n  ", " ") // lines that were broken
		for _, s := range want {
			if !strings.Contains(text, s) {
				t.Errorf("%s: %q is not in\n%s", language, s, text)
			}
		}
		if page, err := l.HTML(); err != nil || !bytes.Contains(page, []byte("250 m")) {
			t.Errorf("%s: the page: %v", language, err)
		}
	}
}

// The letter is in the first language of the partner's that there is, for its own
// words and for the warning's each.
func TestLanguages(t *testing.T) {
	for _, c := range []struct {
		languages []heed.Language
		own, text string
	}{
		{[]heed.Language{"fr", "en"}, "fr", "Une source"}, {[]heed.Language{"de"}, "de", "Eine Quelle"}, {[]heed.Language{"de-CH"}, "de", "Eine Quelle"},
		{[]heed.Language{"ru", "fr"}, "fr", "Une source"}, {[]heed.Language{"ru"}, "en", "A source"}, {nil, "en", "A source"},
	} {
		l := sample(Warns, c.languages...)
		if got := l.Plain(); l.Language() != c.own || !strings.Contains(got, c.text) {
			t.Errorf("%v: in %s\n%s", c.languages, l.Language(), got)
		}
	}
}

// What may say no more than the code says no more.
func TestWhatSaysNothingOfTheMatter(t *testing.T) {
	w := warning()
	for _, sort := range []Sort{Waits, Reminds} {
		l := sample(sort, "en")
		l.Warning = &w
		page, err := l.HTML()
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"concert", "attack", "ferry", "Julian", "7741", "Which gate"} {
			if strings.Contains(l.Plain()+l.Subject()+string(page), word) {
				t.Errorf("%s says %q", sort, word)
			}
		}
	}
	for _, sort := range []Sort{Warns, Waits, Reminds, Replies, Recalls} {
		if s := sample(sort, "en").Subject(); strings.Contains(s, "concert") || !strings.Contains(s, "7K3M-Q2XA") {
			t.Errorf("the subject %q", s)
		}
	}
}

// Exercises are marked in the subject and in both forms.
func TestExerciseIsMarked(t *testing.T) {
	l := sample(Warns, "en")
	l.Status = heed.StatusExercise
	page, err := l.HTML()
	if err != nil || !strings.HasPrefix(l.Subject(), "[EXERCISE] ") || strings.Count(l.Plain(), "[EXERCISE]") != 2 || !bytes.Contains(page, []byte(`class="mark">[EXERCISE]`)) {
		t.Errorf("%v %s\n%s", err, l.Subject(), page)
	}
}

// What people wrote cannot become markup, nor steer whatever shows it.
func TestHostileText(t *testing.T) {
	l := sample(Replies, "en")
	l.Text = "<script>alert(1)</script> \x1b[2Jgone \u202eturned"
	l.To.Name = `"><img src=x>`
	page, err := l.HTML()
	if err != nil || bytes.Contains(page, []byte("<script>")) || bytes.Contains(page, []byte("<img")) {
		t.Errorf("%v\n%s", err, page)
	}
	if got := l.Plain(); strings.ContainsAny(got, "\x1b\u202e") {
		t.Errorf("%q", got)
	}
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		15 * time.Minute: "15 minutes", time.Minute: "1 minute", time.Hour: "1 hour", 24 * time.Hour: "24 hours", 72 * time.Hour: "3 days", 90 * time.Minute: "90 minutes", 5 * time.Second: "5s",
	} {
		if got := english.span(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

// No word of a warning's closed lists is left in English in a letter that is not.
func TestTermsAreInTheLettersLanguage(t *testing.T) {
	for _, p := range []phrases{german, french} {
		var codes []string
		for _, u := range heed.Urgencies() {
			codes = append(codes, string(u))
		}
		for _, s := range heed.Severities() {
			codes = append(codes, string(s))
		}
		for _, c := range heed.Certainties() {
			codes = append(codes, string(c))
		}
		for _, a := range heed.AskCodes() {
			codes = append(codes, string(a))
		}
		for _, code := range codes {
			if p.terms[code] == "" {
				t.Errorf("%s: %q has no word", p.tag, code)
			}
		}
		for _, k := range []heed.DutyKind{heed.DutyAcknowledge, heed.DutyAssess, heed.DutyAnswer, heed.DutyReport, heed.DutyConclude} {
			if p.duties[k] == "" {
				t.Errorf("%s: the duty %s has no word", p.tag, k)
			}
		}
		for _, d := range heed.Dispositions() {
			if p.results[string(d)] == "" {
				t.Errorf("%s: %s has no word", p.tag, d)
			}
		}
		for _, o := range heed.Outcomes() {
			if p.results[string(o)] == "" {
				t.Errorf("%s: %s has no word", p.tag, o)
			}
		}
		for _, c := range heed.ContentRefusals() {
			if p.results[string(c)] == "" {
				t.Errorf("%s: %s has no word", p.tag, c)
			}
		}
		for _, kind := range heed.EntryKinds() {
			if (p.replies[kind] == "") != (english.replies[kind] == "") {
				t.Errorf("%s: the reply %s has no word", p.tag, kind)
			}
		}
	}
}
