package fit

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"heed/names"
)

// A List is names to be found, behind an index of the blocking keys of their
// words. It does not change once made.
type List struct {
	Entries []Entry
	words   []word
	byKey   map[names.Key][]int32 // places in words
}

// Entry is one name of a list.
type Entry struct {
	Person string
	Text   string
	Parsed names.Name
	same   string
}

// word is a part of names, written as it is in all the entries that have it.
type word struct {
	token   names.Token
	entries []int32
}

// NewList indexes the entries.
func NewList(entries []Entry) *List {
	l := &List{Entries: entries, byKey: map[names.Key][]int32{}}
	at := map[string]int32{}
	for i := range entries {
		n := &entries[i].Parsed
		entries[i].same = same(*n)
		for k := range n.Tokens {
			t := &n.Tokens[k]
			if !n.Counts(t) {
				continue
			}
			read := reading(t)
			w, ok := at[read]
			if !ok {
				w = int32(len(l.words))
				at[read] = w
				l.words = append(l.words, word{token: *t})
				for _, key := range t.Keys {
					l.byKey[key] = append(l.byKey[key], w)
				}
			}
			if of := &l.words[w].entries; len(*of) == 0 || (*of)[len(*of)-1] != int32(i) {
				*of = append(*of, int32(i))
			}
		}
	}
	return l
}

// reading is all that a match of a token looks at.
func reading(t *names.Token) string { return string(t.AppendPacked(nil)) }

// Weighed is a list made ready under a model; many Searches may share it.
type Weighed struct {
	list  *List
	model *names.Model
	names []*names.Weighed // by entry
	words []names.Ready
}

// Weigh makes every entry ready under a model.
func (l *List) Weigh(m *names.Model) *Weighed {
	w := &Weighed{list: l, model: m, names: make([]*names.Weighed, len(l.Entries)), words: make([]names.Ready, len(l.words))}
	for i := range l.Entries {
		w.names[i] = m.Weigh(l.Entries[i].Parsed)
	}
	for i := range l.words {
		m.Ready(&l.words[i].token, &w.words[i])
	}
	return w
}

// A Search looks names up in a list made ready; it is the scratch of one
// goroutine.
type Search struct {
	*Weighed
	known   map[string][]alike // by reading of a query's word
	met     []int32            // by word of the list: the last query word that met it
	asked   int32              // how many words were asked for
	score   []int32            // by entry, zero between queries
	best    []int32            // by entry, for one token
	touched []int32
	near    []int32
}

// alike is a word of the list that is like a query's.
type alike struct {
	word   int32
	points int32
}

// Search makes a searcher.
func (w *Weighed) Search() *Search {
	return &Search{Weighed: w, known: map[string][]alike{}, met: make([]int32, len(w.list.words)),
		score: make([]int32, len(w.list.Entries)), best: make([]int32, len(w.list.Entries))}
}

// Found is an entry that a query may mean, and the evidence.
type Found struct {
	Entry  int
	Points int32
}

// Blocked is how many entries are compared for a query: those that most
// speaks for before they are.
const Blocked = 64

// expand finds the list's words that share a key with a query's and are like it.
func (s *Search) expand(t *names.Token) []alike {
	read := reading(t)
	near, ok := s.known[read]
	if ok {
		return near
	}
	var own names.Ready
	s.model.Ready(t, &own)
	s.asked++
	for _, key := range t.Keys {
		for _, w := range s.list.byKey[key] {
			if s.met[w] == s.asked {
				continue
			}
			s.met[w] = s.asked
			if m := s.model.MatchInFavour(&own, &s.words[w]); m.Alike {
				near = append(near, alike{w, m.Points})
			}
		}
	}
	s.known[read] = near
	return near
}

// Best are the entries nearest to the query, the highest evidence first, at
// most limit of them; skip leaves entries out.
func (s *Search) Best(query names.Name, limit int, skip func(entry int) bool) []Found {
	return s.BestBeside(query, limit, skip, nil)
}

// BestBeside is Best where an entry has evidence beside its name as well, in
// points, that counts in all.
func (s *Search) BestBeside(query names.Name, limit int, skip func(entry int) bool, beside func(entry int) int32) []Found {
	for i := range query.Tokens {
		t := &query.Tokens[i]
		if !query.Counts(t) {
			continue
		}
		s.near = s.near[:0] // entries with a word like this one
		for _, a := range s.expand(t) {
			for _, e := range s.list.words[a.word].entries {
				if s.best[e] == 0 {
					s.near = append(s.near, e)
				}
				s.best[e] = max(s.best[e], a.points)
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
	if beside != nil {
		for _, e := range s.touched {
			s.score[e] += beside(int(e))
		}
	}
	// The entries that most speaks for; among equals, the earlier ones.
	slices.SortFunc(s.touched, func(a, b int32) int {
		if s.score[a] != s.score[b] {
			return cmp.Compare(s.score[b], s.score[a])
		}
		return cmp.Compare(a, b)
	})
	own := s.model.Weigh(query)
	var near []Found
	for _, e := range s.touched {
		if len(near) < Blocked && (skip == nil || !skip(int(e))) {
			points := s.model.Points(own, s.names[e])
			if beside != nil {
				points += beside(int(e))
			}
			near = append(near, Found{int(e), points})
		}
		s.score[e] = 0
	}
	s.touched = s.touched[:0]
	slices.SortStableFunc(near, func(a, b Found) int { return cmp.Compare(b.Points, a.Points) })
	return near[:min(limit, len(near))]
}

// Compare is the whole comparison of a query with an entry that was found.
func (s *Search) Compare(query names.Name, entry int) names.Comparison {
	return s.model.CompareWeighed(s.model.Weigh(query), s.names[entry])
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
