package watch

// posting is a set of subjects, by the references of their runs. Most words of
// a long list occur in one name only, so that one takes no memory of its own.
type posting struct {
	many *[]uint32 // all of them, where there is more than one
	one  uint32    // the only one; 0 is none
}

func (p *posting) len() int {
	switch {
	case p.many != nil:
		return len(*p.many)
	case p.one != 0:
		return 1
	}
	return 0
}

// refs lists the set, in no particular order. buf is for the only one.
func (p *posting) refs(buf *[1]uint32) []uint32 {
	switch {
	case p.many != nil:
		return *p.many
	case p.one != 0:
		buf[0] = p.one
		return buf[:]
	}
	return nil
}

// add enters a reference that is not in the set.
func (p *posting) add(ref uint32) {
	switch {
	case p.many != nil:
		list := *p.many
		if len(list) == cap(list) {
			// A quarter more, not double: memory counts, and a copy is rare.
			grown := make([]uint32, len(list), len(list)+len(list)/4+2)
			copy(grown, list)
			list = grown
		}
		*p.many = append(list, ref)
	case p.one != 0:
		p.many = &[]uint32{p.one, ref}
		p.one = 0
	default:
		p.one = ref
	}
}

// drop takes a reference out.
func (p *posting) drop(ref uint32) {
	if p.many == nil {
		if p.one == ref {
			p.one = 0
		}
		return
	}
	list := *p.many
	for i, r := range list {
		if r == ref {
			list[i] = list[len(list)-1]
			list = list[:len(list)-1]
			break
		}
	}
	if len(list) == 1 {
		p.one, p.many = list[0], nil
		return
	}
	if len(list)*2 < cap(list) && cap(list) > 8 {
		list = append(make([]uint32, 0, len(list)+len(list)/4), list...)
	}
	*p.many = list
}
