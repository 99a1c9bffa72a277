package watch

// pageBits is the size of a page: 4,096 entries.
const pageBits = 12

// pages is an array that grows by a page at a time, so that no change of one
// subject ever copies the whole of it.
type pages[T any] struct{ list []*[1 << pageBits]T }

func (p *pages[T]) at(i uint32) *T { return &p.list[i>>pageBits][i&(1<<pageBits-1)] }

// reach makes entries up to i exist.
func (p *pages[T]) reach(i uint32) {
	for uint32(len(p.list)) <= i>>pageBits {
		p.list = append(p.list, new([1 << pageBits]T))
	}
}

// from is the rest of i's page, beginning at i.
func (p *pages[T]) from(i uint32) []T { return p.list[i>>pageBits][i&(1<<pageBits-1):] }
