package heed

// HitVerdict is what an officer decides about a hit: whether the person, vehicle
// or organisation of a record is the one that is on watch.
type HitVerdict string

// The verdicts.
const (
	SamePerson      HitVerdict = "same-person"
	DifferentPerson HitVerdict = "different-person"
	// Undecided is an interim word: somebody has looked and cannot tell yet. The
	// review stays owed, under its clock.
	Undecided HitVerdict = "undecided"
)

// HitVerdicts lists all verdicts.
func HitVerdicts() []HitVerdict { return []HitVerdict{SamePerson, DifferentPerson, Undecided} }

// ParseHitVerdict reads a verdict.
func ParseHitVerdict(s string) (HitVerdict, error) {
	return oneOf("verdict", HitVerdict(s), HitVerdicts())
}

// Settles reports whether the verdict ends the review.
func (v HitVerdict) Settles() bool { return v == SamePerson || v == DifferentPerson }
