package fit

import (
	"math"

	"heed/names"
)

// The rows of the regression.
const (
	xAlike    = iota // sum of log m/u of the pairs' distances
	xRareNear        // sum of the pairs' surprise beyond the usual, by how close they are
	xRareFar
	xRemote         // pairs that are alike remotely
	xPairs          // one, two, three and more pairs
	xInitials       = xPairs + 3
	xVariants       = xInitials + 1
	xJoined         = xVariants + 1
	xPatronymics    = xJoined + 1
	xContradictions = xPatronymics + 1
	xBoth           = xContradictions + 1 // by pairs: one, two and more unpaired on both sides
	xMore           = xBoth + 6           // by pairs: one, two, three and more on one side
	features        = xMore + 9
)

// structural reports whether a row says how names are built rather than how they
// are read. What is composed of parts, or collected from encyclopaedias, always
// has the same parts on both sides: it must not teach that names do.
func structural(row int) bool { return row >= xInitials }

// rareRow is the same for all bins that are close: with a row for each, a few rare
// words made the less close ones count more.
func rareRow(bin int) int {
	if bin <= 5 {
		return xRareNear
	}
	return xRareFar
}

// remoteBin is that from which a pair is alike remotely. Among the best wrong hits
// of thousands there are more such pairs than by chance, and the table of m and u
// does not know that; so they have a row of their own.
const remoteBin = 8

// strangerWeight is how much a traveller's wrong hit counts, against 1 of a wrong
// hit of somebody on the list: false alarms are made by travellers.
const strangerWeight = 10

// features of a comparison under the weights it was made with.
func featuresOf(c *names.Comparison, f *Fitted) []float64 {
	x := make([]float64, features)
	for i := range c.Pairs {
		p := &c.Pairs[i]
		switch {
		case p.Initial:
			x[xInitials]++
			continue
		case p.Variant:
			x[xVariants]++
			continue
		}
		of := f.Weights.Classes[classOf(p.Class)]
		parts := float64(p.Parts)
		x[xAlike] += parts * float64(of.Alike[p.Length][names.RarityOf(p.Surprise)][p.Bin]) / 100
		x[rareRow(p.Bin)] += parts * float64(p.Surprise-of.Usual) / 100
		if p.Bin >= remoteBin {
			x[xRemote] += parts
		}
	}
	v := c.Coverage
	x[xJoined] = float64(v.Joined)
	x[xPatronymics] = float64(v.Patronymics)
	x[xContradictions] = float64(v.Contradictions)
	if v.Pairs > 0 {
		pairs := min(v.Pairs, 3) - 1
		x[xPairs+pairs] = 1
		if v.Both > 0 {
			x[xBoth+2*pairs+min(v.Both, 2)-1] = 1
		}
		if v.More > 0 {
			x[xMore+3*pairs+min(v.More, 3)-1] = 1
		}
	}
	return x
}

// strangersOf are the travellers from whom wrong hits are taken: as many of each
// script, so that those of rare scripts tell as well what strangers are called.
func strangersOf(set *Set, read *Reader) []Traveller {
	const most = 800 // of a script
	class := func(t Traveller) names.Class { return names.ClassOf(read.Name(t.Name).Script, names.Latin) }
	var have, at [names.Classes]int
	for _, t := range set.Travellers {
		have[class(t)]++
	}
	var out []Traveller
	for _, t := range set.Travellers {
		c, most := class(t), most
		if c == names.ClassLatin {
			most *= 3 // in which names are as they are met
		}
		if at[c]%max(1, (have[c]+most-1)/most) == 0 {
			out = append(out, t)
		}
		at[c]++
	}
	return out
}

// examples are the names of one person and, for each left side and a sample of
// the travellers, the best wrong hit.
func (f *Fitted) examples(m *names.Model, list *List, whole []Labelled, set *Set, read *Reader) (map[names.Class][]example, error) {
	weighed := list.Weigh(m)
	type result struct {
		class names.Class
		rows  []example
	}
	query := func(s *Search, text string, skip func(int) bool, times int, weight float64) (out []example, class names.Class) {
		n := read.Name(text)
		class = names.ClassOf(n.Script, names.Latin)
		for _, hit := range s.Best(n, times, skip) {
			c := s.Compare(n, hit.Entry)
			if c.Coverage.Pairs > 0 {
				out = append(out, example{x: featuresOf(&c, f), w: weight})
			}
		}
		return out, class
	}
	strangers := strangersOf(set, read)
	n := len(whole) + len(strangers)
	results := make([]result, n)
	workers := make(chan *Search, 16)
	parallel(n, func(i int) {
		var s *Search
		select {
		case s = <-workers:
		default:
			s = weighed.Search()
		}
		defer func() { workers <- s }()
		if i >= len(whole) {
			rows, class := query(s, strangers[i-len(whole)].Name, nil, 2, strangerWeight)
			results[i] = result{class, rows}
			return
		}
		p := whole[i]
		right := read.Name(p.Right)
		rows, class := query(s, p.Left, func(e int) bool { return list.Means(e, p, right) }, 1, 1)
		c := m.Compare(read.Name(p.Left), read.Name(p.Right))
		if c.Coverage.Pairs > 0 {
			rows = append(rows, example{x: featuresOf(&c, f), same: true, w: 1})
		}
		results[i] = result{class, rows}
	})
	out := map[names.Class][]example{}
	for _, r := range results {
		out[r.class] = append(out[r.class], r.rows...)
	}
	return out, nil
}

// regress fits the weights of the evidence: first where names are as they are
// met, with partial names, patronymics and initials, which is in Latin letters;
// then for each class, how names are built being drawn strongly towards that.
func (f *Fitted) regress(rows map[names.Class][]example) {
	prior := make([]float64, features)
	prior[xAlike], prior[xRareNear], prior[xRareFar] = 1, 0.2, 0.1
	prior[xPairs], prior[xPairs+1], prior[xPairs+2] = -5, -8, -10
	prior[xInitials], prior[xVariants] = 0.5, 2
	for p := range 3 {
		prior[xBoth+2*p], prior[xBoth+2*p+1] = -3, -5
		prior[xMore+3*p], prior[xMore+3*p+1], prior[xMore+3*p+2] = -1, -1.5, -2
	}
	pull := make([]float64, features)
	for i := range pull {
		pull[i] = 5
	}
	general := logistic(balanced(rows[names.ClassLatin]), prior, pull)
	for i := range pull {
		pull[i] = 10
		if structural(i) {
			pull[i] = 3000
		}
	}
	// Whole names of encyclopaedias show something of it.
	loosely := append([]float64{}, pull...)
	for i := range loosely {
		loosely[i] = min(pull[i], 200)
	}
	for c := range names.Classes {
		from := rows[c]
		for _, o := range pooled[c] {
			from = append(from[:len(from):len(from)], rows[o]...)
		}
		beta := general
		if c != names.ClassLatin && c != names.ClassSame && len(from) > 200 {
			strength := pull
			if c == names.ClassHebrew || c == names.ClassHangul {
				strength = loosely
			}
			beta = logistic(balanced(from), general, strength)
		}
		f.apply(c, beta)
	}
}

// balanced weighs the two kinds of example alike, each by its own weights.
func balanced(rows []example) []example {
	var same, other float64
	for _, r := range rows {
		if r.same {
			same += r.w
		} else {
			other += r.w
		}
	}
	out := make([]example, len(rows))
	for i, r := range rows {
		out[i] = r
		if r.same {
			out[i].w *= (same + other) / 2 / max(same, 1)
		} else {
			out[i].w *= (same + other) / 2 / max(other, 1)
		}
	}
	return out
}

func (f *Fitted) apply(c names.Class, beta []float64) {
	w := f.Weights.Classes[classOf(c)]
	points := func(v float64) int32 { return int32(math.Round(100 * min(max(v, -30), 30))) }
	scale := max(beta[xAlike], 0.1)
	for l := range names.Lengths {
		for r := range names.Rarities {
			for b := range names.Bins - 1 {
				w.Alike[l][r][b] = int32(math.Round(float64(w.Alike[l][r][b]) * scale))
				if b >= remoteBin {
					w.Alike[l][r][b] += min(0, points(beta[xRemote]))
				}
			}
		}
	}
	for b := range names.Bins - 1 {
		w.Rarity[b] = int32(math.Round(1000 * min(max(beta[rareRow(b)], 0), 2)))
	}
	w.Rarity[names.Bins-1] = 0
	w.Initial = points(beta[xInitials])
	w.Variant = points(beta[xVariants])
	w.Joined = points(beta[xJoined])
	w.Patronymic = points(beta[xPatronymics])
	w.Contradiction = points(beta[xContradictions])
	for p := range 3 {
		for both := range 3 {
			for more := range 4 {
				v := beta[xPairs+p]
				if both > 0 {
					v += beta[xBoth+2*p+both-1]
				}
				if more > 0 {
					v += beta[xMore+3*p+more-1]
				}
				w.Coverage[p][both][more] = points(v)
			}
		}
	}
	// A name that leaves more open never fits better.
	for p := range 3 {
		for both := range 3 {
			for more := range 4 {
				v := &w.Coverage[p][both][more]
				if more > 0 {
					*v = min(*v, w.Coverage[p][both][more-1])
				}
				if both > 0 {
					*v = min(*v, w.Coverage[p][both-1][more])
				}
			}
		}
	}
}

// logistic is the maximum of the logistic likelihood of the rows, less
// strength/2 times the square of how far each weight is from its prior, by
// Newton's method with steps halved until they climb.
func logistic(rows []example, prior, strength []float64) []float64 {
	n := len(prior)
	beta := append([]float64{}, prior...)
	likelihood := func(beta []float64) float64 {
		sum := 0.0
		for i := range beta {
			sum -= strength[i] / 2 * (beta[i] - prior[i]) * (beta[i] - prior[i])
		}
		for i := range rows {
			z := dot(beta, rows[i].x)
			if !rows[i].same {
				z = -z
			}
			sum -= rows[i].w * softplus(-z)
		}
		return sum
	}
	now := likelihood(beta)
	for range 60 {
		gradient := make([]float64, n)
		hessian := make([][]float64, n)
		for i := range hessian {
			hessian[i] = make([]float64, n)
			hessian[i][i] = strength[i]
			gradient[i] = -strength[i] * (beta[i] - prior[i])
		}
		for _, r := range rows {
			p := 1 / (1 + math.Exp(-dot(beta, r.x)))
			y := 0.0
			if r.same {
				y = 1
			}
			slope, bend := r.w*(y-p), r.w*p*(1-p)
			for i, v := range r.x {
				if v == 0 {
					continue
				}
				gradient[i] += slope * v
				for j := range i + 1 {
					if r.x[j] != 0 {
						hessian[i][j] += bend * v * r.x[j]
					}
				}
			}
		}
		step := solve(hessian, gradient)
		next, then := make([]float64, n), 0.0
		for scale := 1.0; ; scale /= 2 {
			for i := range beta {
				next[i] = beta[i] + scale*step[i]
			}
			if then = likelihood(next); then >= now || scale < 1e-6 {
				break
			}
		}
		if then-now < 1e-4 {
			break
		}
		beta, now = next, then
	}
	return beta
}

func dot(a, b []float64) (sum float64) {
	for i, v := range b {
		sum += a[i] * v
	}
	return sum
}

// softplus is log(1 + exp(z)).
func softplus(z float64) float64 {
	if z > 30 {
		return z
	}
	return math.Log1p(math.Exp(z))
}

// solve solves hessian x = gradient, of whose symmetric, positive definite
// matrix only the lower triangle is read (Cholesky).
func solve(hessian [][]float64, gradient []float64) []float64 {
	n := len(gradient)
	for i := range n {
		for j := range i + 1 {
			sum := hessian[i][j]
			for k := range j {
				sum -= hessian[i][k] * hessian[j][k]
			}
			if i == j {
				hessian[i][i] = math.Sqrt(max(sum, 1e-12))
			} else {
				hessian[i][j] = sum / hessian[j][j]
			}
		}
	}
	x := make([]float64, n)
	for i := range n {
		sum := gradient[i]
		for k := range i {
			sum -= hessian[i][k] * x[k]
		}
		x[i] = sum / hessian[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		sum := x[i]
		for k := i + 1; k < n; k++ {
			sum -= hessian[k][i] * x[k]
		}
		x[i] = sum / hessian[i][i]
	}
	return x
}
