package evidence

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"heed"
	"heed/ledger"
)

// vkey is a cosigner's key made of a seed.
func vkey(t testing.TB, name, seed string) string {
	t.Helper()
	sc := &scene{t: t}
	key, err := ledger.NewCosigningKey(name, strings.NewReader(string(sc.seed(seed))))
	sc.must(err)
	return key.VKey()
}

func TestPolicy(t *testing.T) {
	card := strings.Repeat("ab", 32)
	text := "heed-policy/v1\n" +
		"# four neutral witnesses\n\n" +
		"witness w1\t" + vkey(t, "w1.example/key", "1") + "  https://w1.example \n" +
		"  witness w2 " + vkey(t, "w2.example/key", "2") + "\n" +
		"witness w3 " + vkey(t, "w3.example/key", "3") + "\n" +
		"witness w4 " + vkey(t, "w4.example/key", "4") + "\n" +
		"corroborator lite " + vkey(t, "lite.example", "5") + "\n" +
		"group neutral 1 3 3 w1 w2 w3 w4\n" +
		"witness w1 " + vkey(t, "w1.example/new", "6") + "\n" +
		"party north.example " + card + " neutral\n"
	p, err := ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.Quorum{N: 4, F: 1, Q: 3, S: 3}
	if len(p.Groups) != 1 || p.Groups[0].Quorum != want || len(p.Parties) != 1 || p.Witnesses[0].URL != "https://w1.example" {
		t.Errorf("%+v", p)
	}
	if all := p.Members(p.Groups[0]); len(all) != 4 || len(all[0].Keys) != 2 || len(all[1].Keys) != 1 {
		t.Errorf("members %+v", all)
	}
	again, err := ParsePolicy([]byte(p.String()))
	if err != nil || again.String() != p.String() {
		t.Errorf("its own text is read as something else: %v\n%s", err, p)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if _, ok := p.Party("south.example"); ok {
		t.Error("a party that it does not name is there")
	}
}

// A policy without witnesses is for figures alone: nothing else may rest on it.
func TestPolicyForFigures(t *testing.T) {
	text := "heed-policy/v1\nparty north.example " + strings.Repeat("ab", 32) + "\n"
	p, err := ParseFiguresPolicy([]byte(text))
	if err != nil || p.String() != text || p.CheckFigures() != nil {
		t.Errorf("%q, %v", p.String(), err)
	}
	for _, err := range []error{p.Check(), func() error { _, err := ParsePolicy([]byte(text)); return err }()} {
		if !errors.Is(err, ErrPolicy) || !strings.Contains(err.Error(), "line 2: it names no group") {
			t.Errorf("for evidence: %v", err)
		}
	}
	if _, err := Verify(p); !errors.Is(err, ErrPolicy) {
		t.Errorf("evidence is verified by it: %v", err)
	}
	for _, parse := range []func([]byte) (Policy, error){ParsePolicy, ParseFiguresPolicy} {
		if _, err := parse(nil); err == nil || !strings.Contains(err.Error(), "the policy is empty") {
			t.Errorf("an empty file: %v", err)
		}
	}
}

func TestUnusablePolicies(t *testing.T) {
	card := strings.Repeat("ab", 32)
	w := func(i int) string {
		return fmt.Sprintf("witness w%d %s\n", i, vkey(t, fmt.Sprintf("w%d.example", i), fmt.Sprint(i)))
	}
	first, four := "heed-policy/v1\n", w(1)+w(2)+w(3)+w(4)
	group, party := "group g 1 3 3 w1 w2 w3 w4\n", "party north.example "+card+" g\n"
	if _, err := ParsePolicy([]byte(first + four + group + party)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		line int
		text string
	}{
		"nothing":                      {0, ""},
		"another first line":           {1, "heed-policy/v2\n"},
		"no last line feed":            {0, first + four + group + strings.TrimSuffix(party, "\n")},
		"no party":                     {0, first + four + group},
		"a carriage return":            {0, first + four + group + strings.TrimSuffix(party, "\n") + "\r\n"},
		"bytes that are no text":       {0, first + "# \xff\n" + four + group + party},
		"an unknown line":              {6, first + four + "quorum g\n" + group + party},
		"a log line":                   {2, first + "log " + vkey(t, "x.example", "x") + "\n"},
		"a witness without a key":      {2, first + "witness w1\n"},
		"a witness with two URLs":      {2, first + strings.TrimSuffix(w(1), "\n") + " https://a https://b\n"},
		"a witness at no URL":          {2, first + strings.TrimSuffix(w(1), "\n") + " w1.example\n"},
		"a witness with a log's key":   {2, first + "witness w1 south.example/v1+ddd56f56+ATaCoRj5PD+sCXD5MTN24+yID26KTlV5+H00WvoSHWKC\n"},
		"a witness in capitals":        {2, first + strings.Replace(w(1), "w1", "W1", 1)},
		"one key for two names":        {3, first + w(1) + "witness w2 " + vkey(t, "w1.example", "1") + "\n"},
		"one key under two key names":  {3, first + w(1) + "witness w2 " + vkey(t, "w2.example", "1") + "\n"},
		"one key twice":                {3, first + w(1) + w(1)},
		"a witness that corroborates":  {3, first + w(1) + "corroborator w1 " + vkey(t, "w1.example", "x") + "\n"},
		"a group of nobody":            {6, first + four + "group g 0 1 1\n"},
		"a group of a stranger":        {6, first + four + "group g 1 3 3 w1 w2 w3 w5\n"},
		"a group of a corroborator":    {7, first + four + "corroborator c " + vkey(t, "c.example", "c") + "\ngroup g 1 3 3 w1 w2 w3 c\n"},
		"a group with a witness twice": {6, first + four + "group g 1 3 3 w1 w2 w3 w3\n"},
		"a group twice":                {7, first + four + group + group},
		"a group before its witnesses": {2, first + group + four + party},
		"2q > n + f does not hold":     {6, first + four + "group g 1 2 4 w1 w2 w3 w4\n"},
		"q + s > n + f does not hold":  {6, first + four + "group g 1 3 2 w1 w2 w3 w4\n"},
		"more faulty than there are":   {6, first + four + "group g 4 4 4 w1 w2 w3 w4\n"},
		"fewer than none faulty":       {6, first + four + "group g -1 3 3 w1 w2 w3 w4\n"},
		"more than there are":          {6, first + four + "group g 1 5 3 w1 w2 w3 w4\n"},
		"a number with a sign":         {6, first + four + "group g +1 3 3 w1 w2 w3 w4\n"},
		"a number with a zero":         {6, first + four + "group g 1 03 3 w1 w2 w3 w4\n"},
		"an unused group":              {8, first + four + group + party + "group h 1 2 2 w1 w2 w3 w4\n"},
		"a party of no group":          {7, first + four + group + "party north.example " + card + " h\n"},
		"a party of no card":           {7, first + four + group + "party north.example " + strings.Repeat("0", 64) + " g\n"},
		"a party of half a card":       {7, first + four + group + "party north.example " + card[1:] + " g\n"},
		"a party twice":                {8, first + four + group + party + party},
		"a party that is none":         {7, first + four + group + "party north " + card + " g\n"},
		"a party without a group":      {7, first + four + group + "party north.example " + card + "\n"},
		"more than it may have":        {0, first + four + group + party + "#" + strings.Repeat("x", MaxPolicy) + "\n"},
	} {
		_, err := ParsePolicy([]byte(c.text))
		var at *PolicyError
		if !errors.Is(err, ErrPolicy) || !errors.As(err, &at) || at.Line != c.line {
			t.Errorf("%s: %v, want line %d", name, err, c.line)
		}
	}
	var many strings.Builder
	for i := range MaxPolicyWitnesses + 1 {
		many.WriteString(w(i))
	}
	if _, err := ParsePolicy([]byte(first + many.String())); !errors.Is(err, ErrPolicy) {
		t.Errorf("too many witnesses: %v", err)
	}
	if err := (Policy{Parties: []PolicyParty{{Party: "north.example", Card: heed.CardID{1}, Group: "g"}}}).Check(); !errors.Is(err, ErrPolicy) {
		t.Errorf("a policy made by hand: %v", err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	sc := newScene(f)
	f.Add([]byte(sc.policy().String()))
	f.Add([]byte("heed-policy/v1\n# nothing\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy(text)
		if err != nil {
			if !errors.Is(err, ErrPolicy) {
				t.Fatal(err)
			}
			return
		}
		again, err := ParsePolicy([]byte(p.String()))
		if err != nil || again.String() != p.String() {
			t.Fatalf("its own text is read as something else: %v", err)
		}
	})
}
