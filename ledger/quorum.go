package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Witness is somebody who cosigns, under one key or several: an Ed25519 and
// an ML-DSA-44 key, or an old and a new one. Whatever the number of its keys it
// counts once, by its Name, which is whatever its lister calls it.
type Witness struct {
	Name string
	Keys []CosignerKey
}

// CheckWitnesses refuses a list in which somebody might count twice: a name
// that stands twice, or a public key that stands under two names (an Ed25519
// cosignature does not say whose it is and fits both). Every witness has a name
// and a key. Errors: ErrWitnesses.
func CheckWitnesses(witnesses []Witness) error {
	names := map[string]bool{}
	holders := map[string]string{} // type | public key -> witness
	for _, w := range witnesses {
		if w.Name == "" || len(w.Keys) == 0 {
			return fmt.Errorf("ledger: %w: witness %q has no name or no key", ErrWitnesses, w.Name)
		}
		if names[w.Name] {
			return fmt.Errorf("ledger: %w: %q is listed twice; list all its keys in one place", ErrWitnesses, w.Name)
		}
		names[w.Name] = true
		for _, k := range w.Keys {
			if k.data == "" {
				return fmt.Errorf("ledger: %w: a key of witness %q was never set", ErrWitnesses, w.Name)
			}
			if holder, found := holders[k.data]; found {
				return fmt.Errorf("ledger: %w: %q and %q share the key of %s", ErrWitnesses, holder, w.Name, k.name)
			}
			holders[k.data] = w.Name
		}
	}
	return nil
}

// A WitnessTime says when a witness cosigned, by its own clock.
type WitnessTime struct {
	Witness string
	At      time.Time
}

// WitnessTimes verifies the cosignatures of c: one time for each of the
// witnesses that cosigned, its latest under any of its keys, ascending by time
// and then by name. A name that is listed twice is one witness; a key that
// stands under two names counts for the first alone. It does not check the
// log's own signature: ParseCheckpoint did.
func WitnessTimes(c Checkpoint, witnesses []Witness) []WitnessTime {
	body, lines, err := c.cosigned()
	if err != nil {
		return nil
	}
	holders := map[string]string{}
	latest := map[string]time.Time{}
	for _, w := range witnesses {
		for _, k := range w.Keys {
			if holder, found := holders[k.data]; found && holder != w.Name {
				continue
			}
			holders[k.data] = w.Name
			if at, ok := k.verify(body, lines); ok && at.After(latest[w.Name]) {
				latest[w.Name] = at
			}
		}
	}
	times := make([]WitnessTime, 0, len(latest))
	for name, at := range latest {
		times = append(times, WitnessTime{Witness: name, At: at})
	}
	slices.SortFunc(times, byTime)
	return times
}

func byTime(a, b WitnessTime) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Witness, b.Witness))
}

// A Quorum says how many of a ledger's witnesses are enough. Its methods take
// what WitnessTimes gives for the N witnesses that it is about, in any order;
// they say no to a quorum that Check refuses, to more than N times, and to a
// witness that stands in them twice.
type Quorum struct {
	N int // witnesses, 1 to MaxCosignatures
	F int // of them may be faulty: silent, wrong about the time, or in the log's pay
	Q int // cosignatures publish a head
	S int // cosignatures of a head say that there was no larger one
}

// DefaultQuorum is the quorum of n witnesses, 1 to MaxCosignatures, that
// bears the most faults while the sound ones alone can still publish:
// F = (n-1)/3, Q = S = (n+F)/2 + 1, rounded down. For 4 that is 1, 3 and 3. With
// fewer than 4 it bears none. For any other n, Check refuses what it gives.
func DefaultQuorum(n int) Quorum {
	f := (n - 1) / 3
	enough := (n+f)/2 + 1
	return Quorum{N: n, F: f, Q: enough, S: enough}
}

// Check refuses numbers that prove nothing. 2Q > N+F: any two heads that were
// published have a sound witness in common, which cosigns no two that
// contradict each other. Q+S > N+F: any head that was published and any quorum
// of silence have a sound witness in common, which would not have called an
// older head its largest. Errors: ErrQuorum.
func (q Quorum) Check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("ledger: %w: "+format, append([]any{ErrQuorum}, args...)...)
	}
	switch {
	case q.N < 1 || q.N > MaxCosignatures:
		return fail("%d witnesses, want 1 to %d", q.N, MaxCosignatures)
	case q.F < 0 || q.F >= q.N:
		return fail("%d of %d witnesses faulty, want 0 to %d", q.F, q.N, q.N-1)
	case q.Q < 1 || q.Q > q.N:
		return fail("%d of %d witnesses publish, want 1 to %d", q.Q, q.N, q.N)
	case q.S < 1 || q.S > q.N:
		return fail("%d of %d witnesses attest silence, want 1 to %d", q.S, q.N, q.N)
	case 2*q.Q <= q.N+q.F:
		return fail("2q > n+f does not hold for n=%d f=%d q=%d: two heads could be published that no sound witness saw both of; raise q to %d",
			q.N, q.F, q.Q, (q.N+q.F)/2+1)
	case q.Q+q.S <= q.N+q.F:
		return fail("q+s > n+f does not hold for n=%d f=%d q=%d s=%d: a head could be published past all sound witnesses of silence; raise s to %d",
			q.N, q.F, q.Q, q.S, q.N+q.F-q.Q+1)
	}
	return nil
}

// Published reports whether Q witnesses cosigned the head, or more.
func (q Quorum) Published(times []WitnessTime) bool {
	_, ok := q.latest(times, q.Q)
	return ok
}

// Silence is the time as of which no larger head of the log was published, the
// S-th largest. ok is false if fewer than S witnesses cosigned.
func (q Quorum) Silence(times []WitnessTime) (at time.Time, ok bool) {
	return q.latest(times, q.S)
}

// NotBefore is a lower bound: whatever names this checkpoint with these
// cosignatures was made after it. It is the (F+1)-th largest time, since one of
// the F+1 that are as late is sound. ok is false if fewer than F+1 witnesses
// cosigned.
func (q Quorum) NotBefore(times []WitnessTime) (at time.Time, ok bool) {
	return q.latest(times, q.F+1)
}

// NotAfter is an upper bound: the checkpoint, and every leaf in its tree,
// existed by then. It is the (F+1)-th smallest time, since one of the F+1 that
// are as early is sound. ok is false if fewer than F+1 witnesses cosigned.
func (q Quorum) NotAfter(times []WitnessTime) (at time.Time, ok bool) {
	sorted := q.sound(times)
	if q.F >= len(sorted) {
		return time.Time{}, false
	}
	return sorted[q.F].At, true
}

// latest is the k-th largest time.
func (q Quorum) latest(times []WitnessTime, k int) (time.Time, bool) {
	sorted := q.sound(times)
	if k < 1 || k > len(sorted) {
		return time.Time{}, false
	}
	return sorted[len(sorted)-k].At, true
}

// sound is times ascending, or none where the quorum does not stand or they
// cannot be those of its witnesses.
func (q Quorum) sound(times []WitnessTime) []WitnessTime {
	if q.Check() != nil || len(times) > q.N {
		return nil
	}
	seen := map[string]bool{}
	for _, t := range times {
		if seen[t.Witness] {
			return nil
		}
		seen[t.Witness] = true
	}
	return slices.SortedFunc(slices.Values(times), byTime)
}
