package watch

// ways are the ways to subjects that are not their names: postings by the keys
// that otherEntries gives. A record asks for some sixty days of birth, so those
// have a table of their own.
type ways struct {
	years []*[daysOfYear]posting
	rest  map[uint64]posting
	n     int // of all that are not empty
}

// daysOfYear are the places that a packed day has beside its year.
const daysOfYear = 1 << 9

// lastYear bounds the table.
const lastYear = 1 << 12

// day is the place in the table of a key that is a day's.
func (w *ways) day(key uint64) (year, day int, ok bool) {
	packed := key &^ otherDay
	return int(packed / daysOfYear), int(packed % daysOfYear), packed < lastYear*daysOfYear
}

func (w *ways) of(key uint64) posting {
	year, day, ok := w.day(key)
	switch {
	case !ok:
		return w.rest[key]
	case year >= len(w.years) || w.years[year] == nil:
		return posting{}
	}
	return w.years[year][day]
}

// set says what of now returns; a posting without subjects is forgotten.
func (w *ways) set(key uint64, p posting) {
	none := posting{}
	if before := w.of(key); before == none && p != none {
		w.n++
	} else if before != none && p == none {
		w.n--
	}
	year, day, ok := w.day(key)
	switch {
	case !ok && p == none:
		delete(w.rest, key)
	case !ok:
		if w.rest == nil {
			w.rest = map[uint64]posting{}
		}
		w.rest[key] = p
	default:
		for len(w.years) <= year {
			w.years = append(w.years, nil)
		}
		if w.years[year] == nil {
			w.years[year] = new([daysOfYear]posting)
		}
		w.years[year][day] = p
	}
}
