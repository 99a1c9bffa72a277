package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"heed"
	"heed/evidence"
)

func TestFilesInside(t *testing.T) {
	bare, err := HTML()
	must(t, err)
	if !bytes.Equal(bare, built) {
		t.Error("the page without files is not the built one")
	}
	if bytes.Count(bare, inside) != 1 {
		t.Fatal("the built page has not one place for files")
	}
	name := `</script><script>alert(1)</script><!--.evidence`
	with, err := HTML(File{Name: name, Data: []byte("<b>&\x00")})
	must(t, err)
	before, after, _ := bytes.Cut(bare, inside)
	middle, ok := bytes.CutPrefix(with, before)
	middle, ok2 := bytes.CutSuffix(middle, after)
	if !ok || !ok2 {
		t.Fatal("a file inside changes more than its place")
	}
	middle = bytes.TrimSuffix(bytes.TrimPrefix(middle, bytes.TrimSuffix(inside, []byte("[]</script>"))), []byte("</script>"))
	if bytes.ContainsAny(middle, "<>&") {
		t.Errorf("%s could end its element", middle)
	}
	var back []File
	must(t, json.Unmarshal(middle, &back))
	if len(back) != 1 || back[0].Name != name || string(back[0].Data) != "<b>&\x00" {
		t.Errorf("%+v", back)
	}
	for what, files := range map[string][]File{
		"no name":   {{Data: []byte{1}}},
		"a name":    {{Name: strings.Repeat("n", MaxName+1)}},
		"no UTF-8":  {{Name: "\xff"}},
		"too large": {{Name: "n", Data: make([]byte, evidence.MaxBundle+1)}},
		"too many":  make33(),
	} {
		if _, err := HTML(files...); !errors.Is(err, ErrFiles) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func make33() []File {
	files := make([]File, MaxFiles+1)
	for i := range files {
		files[i].Name = "n"
	}
	return files
}

// The page allows itself no network, and no script but its own.
func TestContentSecurityPolicy(t *testing.T) {
	_, rest, _ := strings.Cut(string(built), `http-equiv="Content-Security-Policy" content="`)
	policy, _, _ := strings.Cut(rest, `"`)
	for _, want := range []string{"default-src 'none'", "connect-src 'none'", "form-action 'none'", "base-uri 'none'", "img-src data:"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%q lacks %s", policy, want)
		}
	}
	for _, bad := range []string{"unsafe-inline", "'unsafe-eval'", "http:", "https:", "blob:", "*"} {
		if strings.Contains(policy, bad) {
			t.Errorf("%q has %s", policy, bad)
		}
	}
	if n := strings.Count(policy, "'sha256-"); n != 3 {
		t.Errorf("%d hashes, want those of two scripts and one style", n)
	}
}

// The script's bounds are those of the packages.
func TestBounds(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("parts", "page.js"))
	must(t, err)
	_, rest, _ := strings.Cut(string(script), "const limits = ")
	text, _, _ := strings.Cut(rest, ";")
	for _, key := range []string{"files", "file", "total", "policy", "lines"} {
		text = strings.Replace(text, key+":", `"`+key+`":`, 1)
	}
	var limits struct{ Files, File, Total, Policy int }
	must(t, json.Unmarshal([]byte(text), &limits))
	if limits.Files != MaxFiles || limits.File != evidence.MaxBundle || limits.Total != MaxTotal || limits.Policy != evidence.MaxPolicy {
		t.Errorf("%s", text)
	}
}

func readWords(t *testing.T) map[string]map[string]json.RawMessage {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("parts", "words.json"))
	must(t, err)
	var words map[string]map[string]json.RawMessage
	must(t, json.Unmarshal(data, &words))
	return words
}

// Everything that the page can have to say has words in both languages.
func TestWords(t *testing.T) {
	words := readWords(t)
	for key := range words["en"] {
		if _, ok := words["ru"][key]; !ok {
			t.Errorf("%s has no Russian words", key)
		}
	}
	if len(words["en"]) != len(words["ru"]) {
		t.Errorf("%d texts in English, %d in Russian", len(words["en"]), len(words["ru"]))
	}
	need := func(group string, codes []string) {
		for _, code := range codes {
			var w struct{ EN, RU string }
			if raw, ok := words[group][code]; !ok || json.Unmarshal(raw, &w) != nil || w.EN == "" || w.RU == "" {
				t.Errorf("%s %q lacks words", group, code)
			}
		}
	}
	need("kind", names(heed.Kinds()))
	need("duty", names(heed.DutyKinds()))
	need("role", names(heed.Roles()))
	need("status", names(heed.Statuses()))
	need("says", append(names(heed.Dispositions()), names(heed.Outcomes())...))
	need("says", append(names(heed.ContentRefusals()), names(heed.EnvelopeRefusals())...))
	need("says", []string{"without prejudice", "confirmed", "the watch ends", "the watch goes on"})
	need("verdict", names([]evidence.Finding{evidence.Silent, evidence.Answered, evidence.LoggedNotDelivered, evidence.PromisedNotPublished, evidence.NeverAccepted,
		evidence.DeliveryNotShown, evidence.Recalled, evidence.LedgerInconsistency, evidence.CannotTell, evidence.UnknownSigner}))
	need("verdict", []string{"not due yet"})
	need("lie", names([]evidence.Lie{evidence.TwoHeads, evidence.TwoLeaves, evidence.Rewritten, evidence.LeftOut, evidence.BadLeaf, evidence.TagTwice, evidence.RootCovers, evidence.RootPrevious,
		evidence.RootWrong, evidence.AfterEnd, evidence.NotEndingInRoot, evidence.TwoStatements, evidence.ReceivedAhead, evidence.Unpublished}))
	need("field", fieldNames(reflect.TypeFor[heed.Warning]()))
}

// What people read is never called silence, misbehaviour or prevented.
func TestWordsOfTheProfession(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("parts", "words.json"))
	must(t, err)
	text := strings.ToLower(string(data))
	text = strings.ReplaceAll(text, "{silence}", "") // a number's place
	for _, word := range []string{"silence", "misbehaviour", "prevented", "молчан", "предотвращ"} {
		if strings.Contains(text, word) {
			t.Errorf("%q is said to people", word)
		}
	}
}

func names[K ~string](all []K) []string {
	var out []string
	for _, k := range all {
		out = append(out, string(k))
	}
	return out
}

// fieldNames are the keys of a warning document.
func fieldNames(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return fieldNames(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var out []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			out = append(append(out, name), fieldNames(t.Field(i).Type)...)
		}
	}
	return out
}
