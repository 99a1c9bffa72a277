package fit

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"heed/names"
)

const (
	pairsHeading      = "id\tsource\tkind\tcategory\tleft\tleft_script\tright\tright_script\tdob_left\tdob_right\tleft_id\tright_id\tnote\n"
	travellersHeading = "id\tname\tscript\tdob\tgender\tplace_of_birth\tnationality\n"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestReadSet(t *testing.T) {
	set, err := ReadSet(fstest.MapFS{
		"pairs_other.tsv":      file(pairsHeading + "1\tx\tpos\tlatn-translit\tAda\tLatn\tAdda\tLatn\t\t\tp1\tp1\t\n"),
		"travellers_other.tsv": file(travellersHeading + "0\tOlof Olofsson\tLatn\t1990-01-02\tmale\tUppsala\tSweden\n"),
		"README.md":            file("not read"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Pairs) != 1 || !set.Pairs[0].Same || set.Pairs[0].Right != "Adda" || len(set.Travellers) != 1 || set.Travellers[0].Nationality != "Sweden" {
		t.Errorf("%+v", set)
	}
}

func TestReadSetRefuses(t *testing.T) {
	pairs, travellers := file(pairsHeading+"1\tx\tpos\tc\tA\tLatn\tB\tLatn\t\t\tp\tp\t\n"), file(travellersHeading+"0\tA\tLatn\t\tmale\t\t\n")
	for what, dir := range map[string]fstest.MapFS{
		"an empty folder":  {},
		"no travellers":    {"pairs.tsv": pairs},
		"no column":        {"pairs.tsv": file("id\tleft\n1\tA\n"), "travellers.tsv": travellers},
		"a short line":     {"pairs.tsv": file(pairsHeading + "1\tx\n"), "travellers.tsv": travellers},
		"a broken archive": {"pairs.tsv.gz": file("no archive"), "travellers.tsv": travellers},
		"broken JSON":      {"pairs.tsv": pairs, "travellers.tsv": travellers, "watch.jsonl": file("{")},
		"a huge line":      {"pairs.tsv": file(pairsHeading + strings.Repeat("x", maxLine+1)), "travellers.tsv": travellers},
	} {
		if _, err := ReadSet(dir); err == nil {
			t.Errorf("%s was read", what)
		}
	}
	if _, err := ReadSet(fstest.MapFS{}); !errors.Is(err, ErrNoSet) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := ReadSet(os.DirFS("no-such-folder")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// The committed weights are what the committed program makes of the committed names.
func TestWeightsAreFresh(t *testing.T) {
	set, err := ReadSet(os.DirFS("../testdata/dev"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := ProgramDigest(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	model, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	if model.Inputs() != set.Digest || model.Program() != program {
		t.Error("weights.json was fitted to other names or by another program: run go generate ./names")
	}
}

// small is a set of few names, enough to be fitted in a moment.
func small(t *testing.T) (*Set, []Labelled) {
	t.Helper()
	set, err := ReadSet(os.DirFS("../testdata/dev"))
	if err != nil {
		t.Fatal(err)
	}
	every := func(i, n int) bool { return i%n == 0 }
	few := &Set{Digest: set.Digest, Persons: set.Persons[:300], Records: set.Records[:300]}
	for i, p := range set.Pairs {
		if every(i, 60) {
			few.Pairs = append(few.Pairs, p)
		}
	}
	for i, p := range set.Travellers {
		if every(i, 50) {
			few.Travellers = append(few.Travellers, p)
		}
	}
	return few, few.Pairs
}

// The same names give the same bytes, and a model that tells persons apart.
func TestFitIsDetermined(t *testing.T) {
	set, pairs := small(t)
	var before string
	for range 2 {
		fitted, err := Fit(set, pairs, NewReader(), true)
		if err != nil {
			t.Fatal(err)
		}
		weights, err := fitted.WeightsJSON()
		if err != nil {
			t.Fatal(err)
		}
		model, err := fitted.Model()
		if err != nil {
			t.Fatal(err)
		}
		beside := FitBeside(set, set.Records)
		few := *set
		few.Travellers = set.Travellers[:50]
		beside.Needed = FitNeeded(&few, model, beside, NewReader())
		records, err := beside.JSON()
		if err != nil {
			t.Fatal(err)
		}
		text := string(weights) + string(fitted.FrequencyText()) + string(records) + string(fitted.ReportText(beside))
		if before != "" && text != before {
			t.Error("two fits to the same names differ")
		}
		before = text
		m, err := names.ReadModel(weights, string(fitted.FrequencyText()))
		if err != nil {
			t.Fatal(err)
		}
		own, other := m.Compare(names.Parse("Tamerlan Tsarnaev"), names.Parse("Tamerlan Tsarnayev")), m.Compare(names.Parse("Tamerlan Tsarnaev"), names.Parse("Zaur Tsarnakov"))
		if own.Points <= other.Points {
			t.Errorf("the same person %d points, another %d", own.Points, other.Points)
		}
	}
}
