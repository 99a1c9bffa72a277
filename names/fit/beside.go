package fit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"

	"heed"
	"heed/watch"
)

const (
	// prior is the share of records of one person that are taken to show each
	// relation whatever the labelled ones show: their errors were made by a
	// program, which knows fewer ways to be wrong than clerks do.
	prior = 0.005

	// floor bounds, in natural logarithms, what a contradiction takes away: a
	// wrong date never clears a person whose name is unmistakable.
	floor = -4.0

	// draws is how many pairs of an innocent traveller and a listed person the
	// chance of each relation is counted in, at most.
	draws = 1_000_000

	// The labelled records have neither sex nor nationality. Of one person's
	// records wrongSex are taken to state another sex and wrongState no nationality
	// in common; beyond weak, nationality counts no further either way, as many
	// have two and lists often mean where somebody lives.
	wrongSex   = 0.03
	wrongState = 0.3
	weak       = 1.5
)

// Beside are the weights of what is not a name, as package watch reads them.
type Beside struct {
	Version     string                          `json:"version"`
	Inputs      string                          `json:"inputs"`
	Birth       map[watch.BirthRelation]float64 `json:"birth"`
	Sex         map[string]float64              `json:"sex"`
	Nationality map[string]float64              `json:"nationality"`
	Needed      *Needed                         `json:"needed,omitempty"` // nil where only the evidence was fitted
}

// JSON is what watch/weights.json holds; the version is a hash of the rest.
func (b *Beside) JSON() ([]byte, error) {
	raw, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(raw)
	b.Version = hex.EncodeToString(digest[:6])
	if raw, err = json.MarshalIndent(b, "", "  "); err != nil {
		return nil, err
	}
	return append(raw, '\n'), nil
}

// Relate is what a date has in common with the closest of several.
func Relate(date heed.Birth, listed []heed.Birth) watch.BirthRelation {
	best := watch.BirthUnknown
	for _, l := range listed {
		relation := watch.RelateBirths(date, l)
		if best == watch.BirthUnknown || stronger(relation, best) {
			best = relation
		}
	}
	return best
}

// birth is a date as it is written; what is no date says nothing, as on a list.
func birth(text string) heed.Birth {
	date, err := heed.ParseBirth(text)
	if err != nil {
		return heed.Birth{}
	}
	return date
}

// births are the dates that are dates.
func births(texts []string) []heed.Birth {
	var out []heed.Birth
	for _, text := range texts {
		if date := birth(text); !date.IsZero() {
			out = append(out, date)
		}
	}
	return out
}

// BirthsOf are the dates of birth of those whom entries name, by entry.
func BirthsOf(persons []Person, entries []Entry) [][]heed.Birth {
	of := map[string][]heed.Birth{}
	for _, p := range persons {
		of[p.ID] = births(p.Born)
	}
	out := make([][]heed.Birth, len(entries))
	for i, e := range entries {
		out[i] = of[e.Person]
	}
	return out
}

func stronger(a, b watch.BirthRelation) bool {
	for _, r := range watch.BirthRelations() {
		if r == a || r == b {
			return r == a && a != b
		}
	}
	return false
}

// FitBeside fits what records say beside their names: log of each relation's
// share among the records, each of one person (m), over its share among pairs of
// innocent travellers and persons on the list (u).
func FitBeside(set *Set, records []Record) *Beside {
	listed := map[string][]heed.Birth{}
	var dated []string
	homes := map[string]float64{}
	for _, p := range set.Persons {
		listed[p.ID] = births(p.Born)
		if len(listed[p.ID]) > 0 {
			dated = append(dated, p.ID)
		}
		if p.Home != "" {
			homes[p.Home]++
			homes[""]++
		}
	}
	m, u := map[watch.BirthRelation]float64{}, map[watch.BirthRelation]float64{}
	for _, r := range records {
		m[Relate(birth(r.Born), listed[r.Expect])]++
	}
	random := rand.New(rand.NewPCG(3, 5))
	for range min(draws, len(set.Travellers)*len(dated)) {
		u[Relate(birth(set.Travellers[random.IntN(len(set.Travellers))].Born), listed[dated[random.IntN(len(dated))]])]++
	}
	// Dates that say only the year, or about when, are not among the labelled
	// ones: what full dates have in common says how often years and months agree.
	vague := map[watch.BirthRelation]bool{watch.BirthMonthAgrees: true, watch.BirthYearAgrees: true, watch.BirthWithin: true, watch.BirthYearNear: true, watch.BirthUnknown: true}
	var fullM, fullU float64
	for _, r := range watch.BirthRelations() {
		if !vague[r] {
			fullM += m[r]
			fullU += u[r]
		}
	}
	sum := func(of map[watch.BirthRelation]float64, relations ...watch.BirthRelation) (n float64) {
		for _, r := range relations {
			n += of[r]
		}
		return n
	}
	month := []watch.BirthRelation{watch.BirthExact, watch.BirthDayDigit, watch.BirthDayDiffers}
	year := append([]watch.BirthRelation{watch.BirthSwapped, watch.BirthMonthDigit, watch.BirthJanuaryFirst, watch.BirthMonthDiffers, watch.BirthSameYear}, month...)
	llr := func(share, chance float64) float64 {
		return math.Round(100*max(math.Log(share/chance), floor)) / 100
	}
	out := &Beside{Inputs: set.Digest, Birth: map[watch.BirthRelation]float64{}}
	for _, r := range watch.BirthRelations() {
		share, chance := m[r]/fullM+prior, (u[r]+0.5)/(fullU+1)
		switch r {
		case watch.BirthMonthAgrees:
			share, chance = sum(m, month...)/fullM, sum(u, month...)/fullU
		case watch.BirthYearAgrees:
			share, chance = sum(m, year...)/fullM, sum(u, year...)/fullU
		case watch.BirthWithin: // about a year: two on either side
			share, chance = sum(m, append(year, watch.BirthYearOffOne)...)/fullM, 5*sum(u, year...)/fullU
		case watch.BirthYearNear:
			share, chance = m[watch.BirthYearOffOne]/fullM+prior, 2*sum(u, year...)/fullU
		}
		out.Birth[r] = llr(share, chance)
	}
	sexes := map[string]float64{}
	states := 0.0
	for _, t := range set.Travellers {
		sexes[t.Sex]++
		states += homes[t.Nationality] / max(homes[""], 1) / float64(len(set.Travellers))
	}
	known := sexes["male"] + sexes["female"]
	sameSex := (sexes["male"]*sexes["male"] + sexes["female"]*sexes["female"]) / max(known*known, 1)
	out.Sex = map[string]float64{"same": llr(1-wrongSex, sameSex), "different": llr(wrongSex, 1-sameSex)}
	bounded := func(v float64) float64 { return min(max(v, -weak), weak) }
	out.Nationality = map[string]float64{"shared": bounded(llr(1-wrongState, states)), "different": bounded(llr(wrongState, 1-states))}
	return out
}
