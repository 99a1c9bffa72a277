package watch

import "math"

// posting is a set of subjects, by the references of their runs. Most words of
// a long list occur in one name or two, so that those take no memory of their own.
// The others have a list in a postings.
type posting struct {
	first  uint32 // of one or two; or the number of the list
	second uint32 // 0: there is none; inList
}

const inList = math.MaxUint32 // no run has such a reference

// postings keeps the lists of postings.
type postings struct {
	lists pages[[]uint32]
	n     uint32
	free  []uint32
}

func (l *postings) list(p posting) *[]uint32 { return l.lists.at(p.first) }

func (l *postings) len(p posting) int {
	switch {
	case p.second == inList:
		return len(*l.list(p))
	case p.second != 0:
		return 2
	case p.first != 0:
		return 1
	}
	return 0
}

// refs lists the set, in no particular order. buf is for one or two.
func (l *postings) refs(p posting, buf *[2]uint32) []uint32 {
	if p.second == inList {
		return *l.list(p)
	}
	*buf = [2]uint32{p.first, p.second}
	return buf[:l.len(p)]
}

// add enters a reference that is not in the set.
func (l *postings) add(p *posting, ref uint32) {
	switch {
	case p.second == inList:
		list := *l.list(*p)
		if len(list) == cap(list) {
			// An eighth more, not double: memory counts, and a copy is rare.
			list = append(make([]uint32, 0, len(list)+len(list)/8+1), list...)
		}
		*l.list(*p) = append(list, ref)
	case p.second != 0:
		at := l.n
		if n := len(l.free); n > 0 {
			at = l.free[n-1]
			l.free = l.free[:n-1]
		} else {
			l.n++
			l.lists.reach(at)
		}
		*l.lists.at(at) = append(make([]uint32, 0, 3), p.first, p.second, ref)
		*p = posting{at, inList}
	case p.first != 0:
		p.second = ref
	default:
		p.first = ref
	}
}

// drop takes a reference out.
func (l *postings) drop(p *posting, ref uint32) {
	switch {
	case p.second == inList:
	case p.first == ref:
		*p = posting{first: p.second}
		return
	case p.second == ref:
		p.second = 0
		return
	default:
		return
	}
	list := *l.list(*p)
	for i, r := range list {
		if r == ref {
			list[i] = list[len(list)-1]
			list = list[:len(list)-1]
			break
		}
	}
	if len(list) == 2 {
		*l.list(*p) = nil
		l.free = append(l.free, p.first)
		*p = posting{list[0], list[1]}
		return
	}
	if len(list)*2 < cap(list) && cap(list) > 8 {
		list = append(make([]uint32, 0, len(list)+len(list)/8), list...)
	}
	*l.list(*p) = list
}
