package fit

import (
	"math"
	"sort"
	"strings"

	"heed/names"
)

// A List is names to be found, behind an index of their blocking keys. It does
// not change once made.
type List struct {
	Entries []Entry
	byKey   map[names.Key][]int32
}

// Entry is one name of a list.
type Entry struct {
	Person string
	Text   string
	Parsed names.Name
	same   string
}

// NewList indexes the entries.
func NewList(entries []Entry) *List {
	l := &List{Entries: entries, byKey: map[names.Key][]int32{}}
	for i := range entries {
		entries[i].same = same(entries[i].Parsed)
		seen := map[names.Key]bool{}
		for _, t := range entries[i].Parsed.Tokens {
			for _, k := range t.Keys {
				if !seen[k] {
					seen[k] = true
					l.byKey[k] = append(l.byKey[k], int32(i))
				}
			}
		}
	}
	return l
}

// A Search looks names up in a list under one model; it is the scratch of one
// goroutine.
type Search struct {
	list    *List
	model   *names.Model
	weighed []*names.Weighed
	score   []float64 // by entry, zero between queries
	best    []float64 // by entry, for one token
	touched []int32
	near    []int32
}

// Weigh makes every entry ready under a model.
func (l *List) Weigh(m *names.Model) []*names.Weighed {
	out := make([]*names.Weighed, len(l.Entries))
	for i := range l.Entries {
		out[i] = m.Weigh(l.Entries[i].Parsed)
	}
	return out
}

// NewSearch makes a searcher over the list made ready under the model.
func (l *List) NewSearch(m *names.Model, weighed []*names.Weighed) *Search {
	return &Search{list: l, model: m, weighed: weighed, score: make([]float64, len(l.Entries)), best: make([]float64, len(l.Entries))}
}

// Found is an entry that a query may mean, and the evidence.
type Found struct {
	Entry  int
	Points int32
}

// Blocked is how many entries are compared for a query, the ones whose shared
// keys are rarest.
const Blocked = 40

// blockedShare is how rare an entry's shared keys must be at least, against the
// rarest, for it to be compared.
const blockedShare = 0.3

// Best are the entries nearest to the query, the highest evidence first, at
// most limit of them; skip leaves entries out.
func (s *Search) Best(query names.Name, limit int, skip func(entry int) bool) []Found {
	size := float64(len(s.list.Entries))
	for _, t := range query.Tokens {
		s.near = s.near[:0] // entries that share a key with this token
		for _, k := range t.Keys {
			posted := s.list.byKey[k]
			worth := math.Log(size / float64(len(posted)+1))
			for _, e := range posted {
				if s.best[e] == 0 {
					s.near = append(s.near, e)
				}
				s.best[e] = max(s.best[e], worth)
			}
		}
		for _, e := range s.near {
			if s.score[e] == 0 {
				s.touched = append(s.touched, e)
			}
			if t.Joined {
				s.score[e] = max(s.score[e], s.best[e])
			} else {
				s.score[e] += s.best[e]
			}
			s.best[e] = 0
		}
	}
	sort.Slice(s.touched, func(i, j int) bool {
		a, b := s.touched[i], s.touched[j]
		if s.score[a] != s.score[b] {
			return s.score[a] > s.score[b]
		}
		return a < b
	})
	ready := s.model.Weigh(query)
	type scored struct{ entry, points int32 }
	var near []scored
	for _, e := range s.touched {
		if len(near) < Blocked && s.score[e] >= s.score[s.touched[0]]*blockedShare && (skip == nil || !skip(int(e))) {
			near = append(near, scored{e, s.model.Points(ready, s.weighed[e])})
		}
	}
	for _, e := range s.touched {
		s.score[e] = 0
	}
	s.touched = s.touched[:0]
	sort.SliceStable(near, func(i, j int) bool { return near[i].points > near[j].points })
	var found []Found
	for _, n := range near[:min(limit, len(near))] {
		found = append(found, Found{int(n.entry), n.points})
	}
	return found
}

// Compare is the whole comparison of a query with an entry that was found.
func (s *Search) Compare(query names.Name, entry int) names.Comparison {
	return s.model.CompareWeighed(s.model.Weigh(query), s.weighed[entry])
}

// same is a name as it is read, its parts in alphabetical order: two entries of
// one reading cannot be told apart by name, whoever they are.
func same(n names.Name) string {
	var parts []string
	for _, t := range n.Tokens[:n.Positions] {
		parts = append(parts, t.Forms[0].Latin)
	}
	sort.Strings(parts)
	return strings.Join(parts, " ")
}

// Means reports whether an entry is the person a pair's right side names: by
// its identity, or because it reads just as that does, as where two sources
// name one public figure.
func (l *List) Means(entry int, p Labelled, right names.Name) bool {
	e := &l.Entries[entry]
	return e.Person == p.RightID || e.same == same(right)
}
