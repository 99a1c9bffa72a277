package fit

import (
	"math"
	"slices"

	"heed"
	"heed/names"
	"heed/watch"
)

// Needed is how much evidence, in natural logarithms, makes a hit of a whole
// record, so that one innocent record in a thousand has one: what package watch
// decides by. For a list of another size it is Growth times the natural logarithm
// of how many times as many names that has more.
type Needed struct {
	// Names is how many names the list had, aliases too.
	Names int `json:"names"`
	// Growth, Name and Dated are for pairs of a record and a person whose dates of
	// birth are not both known ("name") and for those whose dates are ("dated").
	Growth map[string]float64 `json:"growth"`
	Name   map[string]float64 `json:"name"`  // by class of scripts
	Dated  map[string]float64 `json:"dated"` // by class of scripts
}

// The sizes between which Needed holds, in names.
const (
	leastListed = 1_000
	mostListed  = 100_000_000
)

// Points is what a pair of the class needs in a list of so many names, in points.
func (n *Needed) Points(class names.Class, dated bool, listed int) int32 {
	of, growth := n.Name, n.Growth["name"]
	if dated {
		of, growth = n.Dated, n.Growth["dated"]
	}
	size := float64(min(max(listed, leastListed), mostListed))
	return int32(math.Round(100 * (of[classOf(class)] + growth*math.Log(size/float64(n.Names)))))
}

// alarms is the share of innocent records that may have a hit.
const alarms = 0.001

// shares are those of records with a hit at which the growth of what is needed
// is read off.
var shares = []float64{0.008, 0.004, 0.002, alarms}

// halvings is how often the list is halved to find what its size does.
const halvings = 3

// margin is the most evidence that a traveller has against anyone on a list,
// and what Model.Threshold asks of the class.
type margin struct {
	class  names.Class
	points int32
	needed int32
}

// FitNeeded fits what whole records need: travellers, with and without their
// dates of birth, against every name of the persons to watch. A record with a
// nationality must have no more false hits than one without: the higher counts.
// The persons are listed in Latin letters; what two names in another script and
// their dates need is fitted to a list of travellers.
func FitNeeded(set *Set, m *names.Model, beside *Beside, read *Reader) *Needed {
	out := &Needed{Growth: map[string]float64{}, Name: map[string]float64{}, Dated: map[string]float64{}}
	var lists [halvings + 1]*listing
	for halved := range lists {
		var persons []Person
		for i, p := range set.Persons {
			if i&(1<<halved-1) == 0 {
				persons = append(persons, p)
			}
		}
		lists[halved] = newListing(persons, m, read)
	}
	out.Names = len(lists[0].homes)
	own, others := ownScripts(set, m, read)
	for what, of := range map[string]map[string]float64{"name": out.Name, "dated": out.Dated} {
		dated := what == "dated"
		var odds, common []float64
		for halved, l := range lists {
			found := margins(set.Travellers, m, read, l, l.beside(beside, false, dated))
			for _, share := range shares {
				if Enough(len(found), share) {
					odds = append(odds, math.Log(float64(len(l.homes))/share))
					common = append(common, float64(commonMargin(found, share)))
				}
			}
			if halved > 0 {
				continue
			}
			needed := neededOf(found, m)
			for c, points := range neededOf(margins(set.Travellers, m, read, l, l.beside(beside, true, dated)), m) {
				of[classOf(names.Class(c))] = float64(max(points, needed[c])) / 100
			}
		}
		// Without a date of birth a name that many bear has no more evidence than this
		// much: it would never be a hit, not even where it is written alike.
		if dated && Enough(len(others), alarms) {
			var most int32 = math.MinInt32
			for _, homes := range []bool{false, true} {
				var points []int32
				for _, f := range margins(others, m, read, own, own.alike(read, own.beside(beside, homes, dated))) {
					points = append(points, f.points)
				}
				most = max(most, Exceeded(points, alarms))
			}
			of[classOf(names.ClassSame)] = max(of[classOf(names.ClassSame)], float64(most)/100)
		}
		// The closest line over the logarithms of how many names there are to each
		// false hit: half the share is asked for on a list of twice the length. Evidence
		// is a logarithm of odds, and prior odds shrink by as much as the list grows:
		// what these few sizes say of the far tail may ask for more than that, not for less.
		growth := 100.0
		if len(odds) > 1 {
			growth = min(max(slope(odds, common), growth), 150)
		}
		out.Growth[what] = math.Round(growth) / 100
	}
	return out
}

// listing is a list of persons, ready to be searched, with what stands beside
// each entry's name.
type listing struct {
	*Weighed
	births [][]heed.Birth
	homes  []string
}

func newListing(persons []Person, m *names.Model, read *Reader) *listing {
	entries, homes := everyName(persons, read)
	return &listing{NewList(entries).Weigh(m), BirthsOf(persons, entries), homes}
}

// ownScripts is a list of every other traveller whose name is in another script
// than Latin, and the rest of them.
func ownScripts(set *Set, m *names.Model, read *Reader) (*listing, []Traveller) {
	var persons []Person
	var others []Traveller
	for _, t := range set.Travellers {
		switch {
		case read.Name(t.Name).Script == names.Latin:
		case len(persons) <= len(others):
			persons = append(persons, Person{ID: t.ID, Names: []Called{{Name: t.Name}}, Born: []string{t.Born}, Home: t.Nationality})
		default:
			others = append(others, t)
		}
	}
	return newListing(persons, m, read), others
}

// alike leaves out what is in another script than the traveller's name.
func (l *listing) alike(read *Reader, beside besides) besides {
	return func(t *Traveller, born heed.Birth) func(int) (int32, bool) {
		script, of := read.Name(t.Name).Script, beside(t, born)
		return func(e int) (int32, bool) {
			points, ok := of(e)
			return points, ok && l.list.Entries[e].Parsed.Script == script
		}
	}
}

// neededOf is what one in a thousand has at least, by class: of travellers of
// the class where they are enough, else as far above its threshold as for all.
func neededOf(found []margin, m *names.Model) (out [names.Classes]int32) {
	all := commonMargin(found, alarms)
	for c := range names.Classes {
		var own []int32
		for _, f := range found {
			if f.class == c {
				own = append(own, f.points)
			}
		}
		_, threshold := m.Threshold(c)
		out[c] = threshold + all
		if Enough(len(own), alarms) {
			out[c] = Exceeded(own, alarms)
		}
	}
	return out
}

// commonMargin is how far above its class's threshold the share given of
// all travellers comes, in points.
func commonMargin(found []margin, share float64) int32 {
	var above []int32
	for _, f := range found {
		above = append(above, f.points-f.needed)
	}
	return Exceeded(above, share)
}

// everyName are the persons' names, and by entry where they are at home.
func everyName(persons []Person, read *Reader) (entries []Entry, homes []string) {
	for _, p := range persons {
		var texts []string
		for _, n := range p.Names {
			if n.Name == "" || slices.Contains(texts, n.Name) {
				continue
			}
			texts = append(texts, n.Name)
			entries, homes = append(entries, Entry{Person: p.ID, Text: n.Name, Parsed: read.Name(n.Name)}), append(homes, p.Home)
		}
	}
	return entries, homes
}

// besides is what stands beside an entry's name for a traveller, in points; ok is
// false where the pair is not of the kind asked for.
type besides func(t *Traveller, born heed.Birth) func(entry int) (points int32, ok bool)

// beside is the evidence of nationality, where home, and, of the pairs whose
// dates of birth are known where dated, of those.
func (l *listing) beside(w *Beside, home, dated bool) besides {
	points := func(llr float64) int32 { return int32(math.Round(100 * llr)) }
	return func(t *Traveller, born heed.Birth) func(int) (int32, bool) {
		return func(e int) (sum int32, ok bool) {
			switch {
			case !home || l.homes[e] == "" || t.Nationality == "":
			case l.homes[e] == t.Nationality:
				sum += points(w.Nationality["shared"])
			default:
				sum += points(w.Nationality["different"])
			}
			if !dated {
				return sum, true
			}
			r := Relate(born, l.births[e])
			return sum + points(w.Birth[r]), r != watch.BirthUnknown
		}
	}
}

// margins are each traveller's best wrong hit on the list.
func margins(travellers []Traveller, m *names.Model, read *Reader, l *listing, beside besides) []margin {
	out := make([]margin, len(travellers))
	workers := make(chan *Search, 16)
	parallel(len(out), func(i int) {
		var s *Search
		select {
		case s = <-workers:
		default:
			s = l.Search()
		}
		defer func() { workers <- s }()
		t := &travellers[i]
		name := read.Name(t.Name)
		f := margin{class: names.ClassOf(name.Script, names.Latin), points: math.MinInt16}
		_, f.needed = m.Threshold(f.class)
		of := beside(t, birth(t.Born))
		skip := func(e int) bool { _, ok := of(e); return !ok }
		for _, hit := range s.BestBeside(name, 1, skip, func(e int) int32 { points, _ := of(e); return points }) {
			f.points = hit.Points
		}
		out[i] = f
	})
	return out
}

// slope is that of the line closest to the points, by least squares.
func slope(x, y []float64) float64 {
	var mx, my, xy, xx float64
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(x))
	}
	for i := range x {
		xy, xx = xy+(x[i]-mx)*(y[i]-my), xx+(x[i]-mx)*(x[i]-mx)
	}
	return xy / xx
}
