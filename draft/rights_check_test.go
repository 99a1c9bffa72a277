package draft

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"heed"
)

func TestReleaseYAMLIsFilledIn(t *testing.T) {
	f, err := RightsCheck("release.yaml", source(t, "release.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Allows(); err != nil {
		t.Errorf("it bars the release: %v", err)
	}
	if f.DutyBasis.Ground != heed.GroundDutyToWarn || f.Purpose != heed.PurposePrevention || f.Necessity.Answer != heed.NecessityReduced || !strings.HasPrefix(f.Risk.Reason, "Nothing points") {
		t.Errorf("%+v", f)
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := RightsCheck("release.json", text); err != nil || again != f {
		t.Errorf("as JSON: %+v, %v", again, err)
	}
}

func TestRightsCheckErrorsNameLineFieldAndRemedy(t *testing.T) {
	const form = `duty-basis: {ground: duty-to-warn}
legal-basis: Police Act, section 12
purpose: prevention
character: {answer: none, reason: ordinary crime}
necessity: {answer: necessary, reason: all of it is}
reliability: {answer: sufficient, reason: right before}
risk:
  answer: mitigated
  reason: the source is not named
`
	edit := func(old, new string) string { return strings.Replace(form, old, new, 1) }
	for name, c := range map[string]struct {
		src  string
		want []string // "line path: words of problem and hint", "..." for anything
	}{
		"filled in":           {form, nil},
		"waived":              {edit("duty-to-warn", "waiver, reason: they know"), nil},
		"waived without why":  {edit("duty-to-warn", "waiver"), []string{"1 duty-basis/reason: missing ... waiver"}},
		"unknown ground":      {edit("duty-to-warn", "duty"), []string{"1 duty-basis/ground: one of duty-to-warn, waiver"}},
		"misspelt key":        {edit("purpose", "purpse"), []string{"3 purpse: did you mean purpose?"}},
		"unknown purpose":     {edit("prevention", "preventing"), []string{"3 purpose: did you mean prevention?"}},
		"unknown answer":      {edit("mitigated", "none"), []string{"8 risk/answer: none-foreseen, mitigated, outweighed, unacceptable"}},
		"answer without why":  {edit("answer: none, reason: ordinary crime", "answer: none"), []string{"4 character/reason: missing ... one line"}},
		"answer alone":        {edit("{answer: necessary, reason: all of it is}", "necessary"), []string{"5 necessity: is text ... answer, reason"}},
		"reason in two lines": {edit("reason: the source is not named", "reason: |\n    the source\n    is not named"), []string{"9 risk/reason: more than one line"}},
		"reason too long":     {edit("right before", strings.Repeat("x", 501)), []string{"6 reliability/reason: 501 characters, more than 500"}},
		"a list":              {"- a\n", []string{"1 : a list"}},
		"a warning":           {"headline: x\n", []string{"1 duty-basis: missing", "1 legal-basis: missing", "1 purpose: missing", "1 character: missing", "1 necessity: missing", "1 reliability: missing", "1 risk: missing", "1 headline: not a key"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := RightsCheck("form.yaml", []byte(c.src))
			if err == nil {
				if err := f.Check(); err != nil {
					t.Errorf("it passed, but %v", err)
				}
			}
			var got []string
			for _, e := range problems(t, err) {
				got = append(got, strconv.Itoa(e.Line)+" "+e.Path+": "+e.Error())
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d complaints, want %d: %v", len(got), len(c.want), err)
			}
			for _, want := range c.want {
				place, words, _ := strings.Cut(want, ": ")
				if !slices.ContainsFunc(got, func(s string) bool {
					is, text, _ := strings.Cut(s, ": ")
					return is == place && mentions(text, words)
				}) {
					t.Errorf("got %v\nwant %s", got, want)
				}
			}
		})
	}
}

// The schema, the type, its rules and the page say the same.
func TestRightsCheckSchemaFits(t *testing.T) {
	schema, err := rightsCheckSchema()
	if err != nil {
		t.Fatal(err)
	}
	fits(t, "", schema, reflect.TypeFor[heed.RightsCheck]())
	text, err := os.ReadFile("../docs/release.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for path, want := range map[string]any{
		"duty-basis/ground": heed.Grounds(), "purpose": heed.Purposes(), "character/answer": heed.Characters(),
		"necessity/answer": heed.Necessities(), "reliability/answer": heed.Sufficiencies(), "risk/answer": heed.Risks(),
	} {
		s, list := at(schema, strings.Split(path, "/")), reflect.ValueOf(want)
		if s.Enum == nil || len(s.Enum.Values) != list.Len() {
			t.Errorf("%s: the words differ", path)
			continue
		}
		for i, v := range s.Enum.Values {
			if v != list.Index(i).String() {
				t.Errorf("%s: %v, want %v", path, v, list.Index(i))
			}
			if path != "purpose" && !strings.Contains(page, "`"+v.(string)+"`") {
				t.Errorf("docs/release.md lacks the word %s", v)
			}
		}
	}
	texts := 0
	eachText(schema, "", func(path string, s *jsonschema.Schema) {
		texts++
		if *s.MaxLength != heed.MaxReason {
			t.Errorf("%s: at most %d characters", path, *s.MaxLength)
		}
	})
	for key := range schema.Properties {
		if !strings.Contains(page, "`"+key) {
			t.Errorf("docs/release.md lacks the key %s", key)
		}
	}
	if texts != 6 || !slices.Equal(RightsCheckSchema(), rightsCheckSchemaText) {
		t.Errorf("%d texts", texts)
	}
}

func FuzzRightsCheck(f *testing.F) {
	f.Add("release.yaml", source(f, "release.yaml"))
	f.Add("x.json", []byte(`{"purpose":"prevention","risk":{"answer":null}}`))
	f.Add("x.yaml", []byte("risk: &a {answer: *a}\n"))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		form, err := RightsCheck(name, src)
		if err == nil {
			if err := form.Check(); err != nil {
				t.Fatalf("it passed, but %v", err)
			}
			return
		}
		for _, e := range problems(t, err) {
			if e.Line < 1 || e.Problem == "" {
				t.Fatalf("complaint without a place: %v", e)
			}
		}
	})
}
