package names

// masked is the most counting tokens that a side may have to be assigned
// exactly; longer names are assigned greedily, the best pair first.
const masked = 8

// A span is one way to read neighbouring tokens of a name as one: the place of
// the token in Name.Tokens and the written tokens [from, to) that it stands for.
type span struct {
	token    int
	from, to int
}

// side is what an assignment needs of one name: its written tokens, in the
// order of the text, and the spans that can take part.
type side struct {
	written int              // how many written tokens there are
	spans   []span           // of one token first, each group in the order of the text
	leave   [MaxTokens]int32 // what it costs to leave a written token unpaired
}

// pairing is one assignment: places in the two sides' spans, and the gain.
type pairing struct {
	left, right [MaxTokens]int
	pairs       int
	points      int32
}

// assign finds the assignment of spans of a to spans of b, one to one and
// order-free, with the highest sum of gains less the cost of what stays
// unpaired. gain is negative infinity (noGain) where two spans may not pair.
func assign(a, b *side, gain func(i, j int) int32) pairing {
	if b.written <= masked {
		return assignExactly(a, b, gain)
	}
	return assignGreedily(a, b, gain)
}

const noGain = -1 << 20

// assignExactly goes through a's written tokens in order and keeps, for every
// set of b's tokens used so far, the best sum: O(written(a) 2^written(b) spans(b)).
func assignExactly(a, b *side, gain func(i, j int) int32) pairing {
	full := 1 << b.written
	type step struct {
		points  int32
		left    int16 // span of a, -1 where the token was left
		right   int16
		came    uint16 // the set of b's tokens before
		reached bool
	}
	var few [(6 + 1) << 5]step
	states := few[:]
	if n := (a.written + 1) * full; n > len(few) {
		states = make([]step, n)
	} else {
		states = few[:n]
	}
	at := func(i, set int) *step { return &states[i*full+set] }
	var left int32
	for j := range b.written {
		left -= b.leave[j]
	}
	at(0, 0).reached, at(0, 0).points = true, left
	reach := func(s *step, points int32, l, r, came int) {
		if !s.reached || points > s.points {
			*s = step{points: points, left: int16(l), right: int16(r), came: uint16(came), reached: true}
		}
	}
	for i := 0; i < a.written; i++ {
		for set := 0; set < full; set++ {
			now := *at(i, set)
			if !now.reached {
				continue
			}
			reach(at(i+1, set), now.points-a.leave[i], -1, -1, set)
			for l, sa := range a.spans {
				if sa.from != i {
					continue
				}
				for r, sb := range b.spans {
					uses := (1<<sb.to - 1) &^ (1<<sb.from - 1)
					if set&uses != 0 {
						continue
					}
					g := gain(l, r)
					if g == noGain {
						continue
					}
					for j := sb.from; j < sb.to; j++ {
						g += b.leave[j]
					}
					reach(at(sa.to, set|uses), now.points+g, l, r, set)
				}
			}
		}
	}
	best := 0
	for set := 1; set < full; set++ {
		if s := at(a.written, set); s.reached && s.points > at(a.written, best).points {
			best = set
		}
	}
	found := pairing{points: at(a.written, best).points}
	for i, set := a.written, best; i > 0; {
		s := at(i, set)
		if s.left < 0 {
			i, set = i-1, int(s.came)
			continue
		}
		found.left[found.pairs], found.right[found.pairs] = int(s.left), int(s.right)
		found.pairs++
		i, set = a.spans[s.left].from, int(s.came)
	}
	return found
}

// assignGreedily takes the best pair, then the best of what is left. Equal
// gains go to the earlier token, so that the result is determined.
func assignGreedily(a, b *side, gain func(i, j int) int32) pairing {
	var usedA, usedB [MaxTokens]bool
	var found pairing
	for i := range a.written {
		found.points -= a.leave[i]
	}
	for j := range b.written {
		found.points -= b.leave[j]
	}
	free := func(used *[MaxTokens]bool, s span) bool {
		for i := s.from; i < s.to; i++ {
			if used[i] {
				return false
			}
		}
		return true
	}
	type scored struct {
		points int32
		l, r   int
	}
	var worth []scored
	for l, sa := range a.spans {
		for r, sb := range b.spans {
			g := gain(l, r)
			if g == noGain {
				continue
			}
			for i := sa.from; i < sa.to; i++ {
				g += a.leave[i]
			}
			for j := sb.from; j < sb.to; j++ {
				g += b.leave[j]
			}
			if g > 0 {
				worth = append(worth, scored{g, l, r})
			}
		}
	}
	for {
		best := -1
		for k, w := range worth {
			if (best < 0 || w.points > worth[best].points) && free(&usedA, a.spans[w.l]) && free(&usedB, b.spans[w.r]) {
				best = k
			}
		}
		if best < 0 || found.pairs == MaxTokens {
			return found
		}
		w := worth[best]
		for i := a.spans[w.l].from; i < a.spans[w.l].to; i++ {
			usedA[i] = true
		}
		for j := b.spans[w.r].from; j < b.spans[w.r].to; j++ {
			usedB[j] = true
		}
		found.left[found.pairs], found.right[found.pairs] = w.l, w.r
		found.pairs++
		found.points += w.points
	}
}
