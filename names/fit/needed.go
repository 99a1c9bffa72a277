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
func FitNeeded(set *Set, m *names.Model, beside *Beside, read *Reader) *Needed {
	out := &Needed{Growth: map[string]float64{}, Name: map[string]float64{}, Dated: map[string]float64{}}
	type listing struct {
		weighed *Weighed
		births  [][]heed.Birth
		homes   []string
	}
	var lists [halvings + 1]listing
	for halved := range lists {
		var persons []Person
		for i, p := range set.Persons {
			if i&(1<<halved-1) == 0 {
				persons = append(persons, p)
			}
		}
		entries, homes := everyName(persons, read)
		lists[halved] = listing{NewList(entries).Weigh(m), BirthsOf(persons, entries), homes}
	}
	out.Names = len(lists[0].homes)
	for what, of := range map[string]map[string]float64{"name": out.Name, "dated": out.Dated} {
		dated := what == "dated"
		var sizes, common []float64
		for halved, l := range lists {
			found := margins(set, m, read, l.weighed, evidence(beside, l.births, nil, dated))
			sizes = append(sizes, math.Log(float64(len(l.homes))))
			common = append(common, float64(commonMargin(found)))
			if halved > 0 {
				continue
			}
			needed := neededOf(found, m)
			for c, points := range neededOf(margins(set, m, read, l.weighed, evidence(beside, l.births, l.homes, dated)), m) {
				of[classOf(names.Class(c))] = float64(max(points, needed[c])) / 100
			}
		}
		// The closest line over the sizes. Evidence is a logarithm of odds: e times the
		// list asks for about one more.
		out.Growth[what] = math.Round(min(max(slope(sizes, common), 0), 150)) / 100
	}
	return out
}

// neededOf is what one in a thousand has at least, by class: of travellers of
// the class where they are enough, else as far above its threshold as for all.
func neededOf(found []margin, m *names.Model) (out [names.Classes]int32) {
	all := commonMargin(found)
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

// commonMargin is how far above its class's threshold the share of all
// travellers comes, in points.
func commonMargin(found []margin) int32 {
	var above []int32
	for _, f := range found {
		above = append(above, f.points-f.needed)
	}
	return Exceeded(above, alarms)
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

// evidence is that of nationality, unless homes is nil, and, of the pairs whose
// dates of birth are known where dated, of those.
func evidence(w *Beside, births [][]heed.Birth, homes []string, dated bool) besides {
	points := func(llr float64) int32 { return int32(math.Round(100 * llr)) }
	return func(t *Traveller, born heed.Birth) func(int) (int32, bool) {
		return func(e int) (sum int32, ok bool) {
			switch {
			case homes == nil || homes[e] == "" || t.Nationality == "":
			case homes[e] == t.Nationality:
				sum += points(w.Nationality["shared"])
			default:
				sum += points(w.Nationality["different"])
			}
			if !dated {
				return sum, true
			}
			r := Relate(born, births[e])
			return sum + points(w.Birth[r]), r != watch.BirthUnknown
		}
	}
}

// margins are each traveller's best wrong hit on the list.
func margins(set *Set, m *names.Model, read *Reader, weighed *Weighed, beside besides) []margin {
	out := make([]margin, len(set.Travellers))
	workers := make(chan *Search, 16)
	parallel(len(out), func(i int) {
		var s *Search
		select {
		case s = <-workers:
		default:
			s = weighed.Search()
		}
		defer func() { workers <- s }()
		t := &set.Travellers[i]
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
