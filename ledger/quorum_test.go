package ledger

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// For up to 7 witnesses, every set that publishes, every set that attests
// silence or publishes something else, and every set of faulty ones: Check
// accepts exactly the numbers under which they always share a sound witness.
func TestQuorumMeansASoundWitnessInCommon(t *testing.T) {
	for n := 1; n <= 7; n++ {
		sets := 1 << n
		// escapes[q][s][f]: a set of q and one of s with no sound witness in common.
		var escapes [8][8][8]bool
		for publishing := range sets {
			for silence := range sets {
				for faulty := range sets {
					if publishing&silence&^faulty == 0 {
						escapes[bits.OnesCount(uint(publishing))][bits.OnesCount(uint(silence))][bits.OnesCount(uint(faulty))] = true
					}
				}
			}
		}
		for f := -1; f <= n+1; f++ {
			for q := -1; q <= n+1; q++ {
				for s := -1; s <= n+1; s++ {
					err := Quorum{N: n, F: f, Q: q, S: s}.Check()
					if err != nil && !errors.Is(err, ErrQuorum) {
						t.Errorf("n=%d f=%d q=%d s=%d: %v", n, f, q, s, err)
					}
					possible := 0 <= f && f <= n && 1 <= q && q <= n && 1 <= s && s <= n
					// More faulty witnesses escape wherever fewer do.
					sound := possible && !escapes[q][s][f] && !escapes[q][q][f]
					if (err == nil) != sound {
						t.Errorf("n=%d f=%d q=%d s=%d: sound %v, Check says %v", n, f, q, s, sound, err)
					}
				}
			}
		}
	}
}

func TestDefaultQuorum(t *testing.T) {
	for n, want := range map[int]Quorum{
		1: {1, 0, 1, 1}, 2: {2, 0, 2, 2}, 3: {3, 0, 2, 2}, 4: {4, 1, 3, 3}, 5: {5, 1, 4, 4}, 6: {6, 1, 4, 4}, 7: {7, 2, 5, 5},
	} {
		if got := DefaultQuorum(n); got != want {
			t.Errorf("%d: %+v, want %+v", n, got, want)
		}
	}
	for n := 1; n <= MaxCosignatures; n++ {
		q := DefaultQuorum(n)
		if err := q.Check(); err != nil {
			t.Errorf("%d: %v", n, err)
		}
		if q.Q > n-q.F {
			t.Errorf("%d: the sound witnesses alone cannot publish: %+v", n, q)
		}
		// One fault more, and either a quorum is unsound or one silent witness too many stops the ledger.
		more := Quorum{N: n, F: q.F + 1, Q: n - q.F - 1, S: n - q.F - 1}
		if more.Check() == nil {
			t.Errorf("%d: %+v bears more", n, more)
		}
	}
	for _, n := range []int{-1 << 62, -5, -1, 0, MaxCosignatures + 1, 1 << 62} {
		if q := DefaultQuorum(n); q.Check() == nil {
			t.Errorf("%d: %+v", n, q)
		}
	}
}

// clock is that many seconds after some moment.
func clock(seconds int) time.Time {
	return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func timesOf(seconds ...int) []WitnessTime {
	var times []WitnessTime
	for i, s := range seconds {
		times = append(times, WitnessTime{Witness: fmt.Sprintf("w%d", i), At: clock(s)})
	}
	return times
}

func TestQuorumTimes(t *testing.T) {
	const never = -1
	four := DefaultQuorum(4)
	for _, test := range []struct {
		why                          string
		quorum                       Quorum
		times                        []WitnessTime
		published                    bool
		silence, notBefore, notAfter int
	}{
		{"none", four, nil, false, never, never, never},
		{"one", four, timesOf(5), false, never, never, never},
		{"two bound, and prove no silence", four, timesOf(5, 9), false, never, 5, 9},
		{"three", four, timesOf(7, 5, 9), true, 5, 7, 7},
		{"four: the third latest, whatever the fourth says", four, timesOf(7, 5, 9, 100), true, 7, 9, 7},
		{"one liar in the future moves silence to sound times only", four, timesOf(5, 6, 1000000), true, 5, 6, 6},
		{"one liar in the past", four, timesOf(5, 6, 1), true, 1, 5, 5},
		{"equal times", four, timesOf(5, 5, 5), true, 5, 5, 5},
		{"three witnesses, no faults", DefaultQuorum(3), timesOf(3, 8), true, 3, 8, 3},
		{"one witness", DefaultQuorum(1), timesOf(8), true, 8, 8, 8},
		{"another q and s", Quorum{N: 5, F: 0, Q: 5, S: 1}, timesOf(1, 2, 3), false, 3, 3, 1},
		{"more times than witnesses", four, timesOf(1, 2, 3, 4, 5), false, never, never, never},
		{"a witness twice", four, append(timesOf(1, 2), WitnessTime{"w1", clock(3)}), false, never, never, never},
		{"an unsound quorum", Quorum{N: 4, F: 1, Q: 2, S: 4}, timesOf(1, 2, 3, 4), false, never, never, never},
		{"no quorum", Quorum{}, timesOf(1), false, never, never, never},
	} {
		before := slices.Clone(test.times)
		if got := test.quorum.Published(test.times); got != test.published {
			t.Errorf("%s: published %v", test.why, got)
		}
		for name, bound := range map[string]struct {
			of   func([]WitnessTime) (time.Time, bool)
			want int
		}{
			"silence":    {test.quorum.Silence, test.silence},
			"not before": {test.quorum.NotBefore, test.notBefore},
			"not after":  {test.quorum.NotAfter, test.notAfter},
		} {
			at, ok := bound.of(test.times)
			if ok != (bound.want != never) || ok && !at.Equal(clock(bound.want)) || !ok && !at.IsZero() {
				t.Errorf("%s: %s %v, %v; want %d", test.why, name, at, ok, bound.want)
			}
		}
		if !slices.Equal(test.times, before) {
			t.Errorf("%s: the times were changed", test.why)
		}
	}
}

// F liars may say what they like: a bound is never wrong by it.
func TestQuorumBoundsHoldAgainstLiars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 10).Draw(t, "n")
		q := DefaultQuorum(n)
		seconds := rapid.SliceOfN(rapid.IntRange(0, 20), 1, n).Draw(t, "seconds")
		liars := rapid.IntRange(0, min(q.F, len(seconds))).Draw(t, "liars")
		times := timesOf(seconds...)
		honest := times[liars:]
		if at, ok := q.NotBefore(times); ok && !slices.ContainsFunc(honest, func(w WitnessTime) bool { return !w.At.Before(at) }) {
			t.Fatalf("not before %v, and no sound witness says so: %v", at, honest)
		}
		if at, ok := q.NotAfter(times); ok && !slices.ContainsFunc(honest, func(w WitnessTime) bool { return !w.At.After(at) }) {
			t.Fatalf("not after %v, and no sound witness says so: %v", at, honest)
		}
		if at, ok := q.Silence(times); ok {
			as := 0
			for _, w := range honest {
				if !w.At.Before(at) {
					as++
				}
			}
			// Any Q witnesses include one of these.
			if as+q.Q <= n {
				t.Fatalf("silent as of %v by %d sound witnesses of %d", at, as, n)
			}
		}
	})
}

func TestWitnessTimes(t *testing.T) {
	v := readCosignatures(t)
	head := v.head()
	sign := func(k CosigningKey, seconds int) string {
		line, err := k.Cosign(head, clock(seconds))
		if err != nil {
			t.Fatal(err)
		}
		return string(line)
	}
	a, b, c := testCosigner(t, "a.example/w", 1), testCosigner(t, "b.example/w", 2), testCosigner(t, "c.example/w", 3)
	alias := testCosigner(t, "alias.example/w", 1) // a's key under another name
	witness := func(name string, keys ...CosignerKey) Witness { return Witness{Name: name, Keys: keys} }
	for why, test := range map[string]struct {
		head      Checkpoint
		witnesses []Witness
		want      []WitnessTime
	}{
		"nobody": {v.head(), []Witness{witness("a", a.Public())}, nil},
		"two, ascending": {v.head(sign(a, 9), sign(b, 5)), []Witness{witness("a", a.Public()), witness("b", b.Public())},
			[]WitnessTime{{"b", clock(5)}, {"a", clock(9)}}},
		"equal times by name": {v.head(sign(a, 5), sign(b, 5)), []Witness{witness("z", a.Public()), witness("y", b.Public())},
			[]WitnessTime{{"y", clock(5)}, {"z", clock(5)}}},
		"two keys are one witness": {v.head(sign(a, 9), sign(b, 5)), []Witness{witness("a", b.Public(), a.Public())},
			[]WitnessTime{{"a", clock(9)}}},
		"a name twice is one witness": {v.head(sign(a, 5), sign(b, 9)), []Witness{witness("a", a.Public()), witness("a", b.Public())},
			[]WitnessTime{{"a", clock(9)}}},
		"a key under two names counts once": {v.head(sign(a, 5), sign(alias, 9)), []Witness{witness("a", a.Public()), witness("b", alias.Public())},
			[]WitnessTime{{"a", clock(5)}}},
		"the same key twice under one name": {v.head(sign(a, 5), sign(alias, 9)), []Witness{witness("a", a.Public(), alias.Public())},
			[]WitnessTime{{"a", clock(9)}}},
		"strangers do not count": {v.head(sign(a, 5), sign(c, 9)), []Witness{witness("a", a.Public()), witness("b", b.Public())},
			[]WitnessTime{{"a", clock(5)}}},
		"both types": {v.head(v.edLine, v.postLine), []Witness{witness("a", v.edKey, v.postKey), witness("b", b.Public())},
			[]WitnessTime{{"a", v.postTime}}},
		"of two cosignatures the one that verifies": {v.head(v.Bad[0].Line, v.postLine), []Witness{witness("a", v.edKey, v.postKey)},
			[]WitnessTime{{"a", v.postTime}}},
		"a broken head": {v.head(sign(a, 5), "text\n"), []Witness{witness("a", a.Public())}, nil},
	} {
		got := WitnessTimes(test.head, test.witnesses)
		same := func(x, y WitnessTime) bool { return x.Witness == y.Witness && x.At.Equal(y.At) }
		if !slices.EqualFunc(got, test.want, same) {
			t.Errorf("%s: %v, want %v", why, got, test.want)
		}
	}
	another := v.head(sign(a, 5))
	another.Size++
	if got := WitnessTimes(another, []Witness{witness("a", a.Public())}); len(got) != 0 {
		t.Errorf("cosignatures of another head: %v", got)
	}

	if err := CheckWitnesses([]Witness{witness("a", a.Public(), v.postKey), witness("b", b.Public())}); err != nil {
		t.Error(err)
	}
	for why, list := range map[string][]Witness{
		"a name twice":               {witness("a", a.Public()), witness("a", b.Public())},
		"a key under two names":      {witness("a", a.Public()), witness("b", b.Public(), a.Public())},
		"a key under another's name": {witness("a", a.Public()), witness("b", alias.Public())},
		"no key":                     {witness("a")},
		"a key never set":            {witness("a", CosignerKey{})},
		"no name":                    {witness("", a.Public())},
	} {
		if err := CheckWitnesses(list); !errors.Is(err, ErrWitnesses) {
			t.Errorf("%s: %v", why, err)
		}
	}
}
