package fit

import (
	"math"
	"strings"

	"heed/names"
)

// An editor learns how often one letter is read as another in names of one
// person: the joint probabilities of a memoryless stochastic edit model (Ristad
// and Yianilos, Learning string-edit distance, IEEE PAMI 20(5), 1998), by
// expectation maximisation.
type editor struct {
	joint [sounds][sounds]float64 // joint[x][y]; place 0 is "no sound"
}

// spelling is one pair of forms that belong together, and how much it counts.
type spelling struct {
	left, right string
	weight      float64
}

// sounds is how many places a table of edits has on each side.
const sounds = len(names.Alphabet) + 2

// place is a sound's place in a table of edits; 0 is "no sound".
func place(c byte) int {
	if i := strings.IndexByte(names.Alphabet, c); i >= 0 {
		return i + 1
	}
	return sounds - 1
}

// akin are sounds that one language or script writes for another; the prior
// takes a change between them to be likelier than others.
var akin = [...]string{"aeiouy", "pbfvw", "tdTD", "kgxGhq", "szScCZJjT", "lr", "mn", "yij", "uwv"}

func related(x, y int) bool {
	if x == 0 || y == 0 || x > len(names.Alphabet) || y > len(names.Alphabet) {
		return false
	}
	for _, family := range akin {
		if strings.IndexByte(family, names.Alphabet[x-1]) >= 0 && strings.IndexByte(family, names.Alphabet[y-1]) >= 0 {
			return true
		}
	}
	return false
}

// plainEditor is where learning begins: letters mostly stay, vowels change and
// vanish more easily than consonants.
func plainEditor() *editor {
	e := &editor{}
	vowel := func(x int) bool { return x > 0 && (x == 1 || x == 5 || x == 9 || x == 15 || x == 21 || x == 25) }
	total := 0.0
	for x := range e.joint {
		for y := range e.joint[x] {
			p := 0.02
			switch {
			case x == 0 && y == 0:
				p = 0
			case x == y:
				p = 10
			case related(x, y):
				p = 0.3
			case x == 0 && vowel(y), y == 0 && vowel(x):
				p = 0.3
			case x == 0 || y == 0:
				p = 0.08
			}
			e.joint[x][y] = p
			total += p
		}
	}
	for x := range e.joint {
		for y := range e.joint[x] {
			e.joint[x][y] /= total
		}
	}
	return e
}

// learn is one round of expectation maximisation over the pairs, the prior
// counting as much as strength letters.
func (e *editor) learn(pairs []spelling, prior *editor, strength float64, mirrored bool) *editor {
	var count [sounds][sounds]float64
	for _, p := range pairs {
		e.expect(p, &count)
	}
	next, total := &editor{}, 0.0
	for x := range count {
		for y := range count[x] {
			n := count[x][y]
			if mirrored {
				n = (count[x][y] + count[y][x]) / 2
			}
			n += strength * prior.joint[x][y]
			next.joint[x][y] = n
			total += n
		}
	}
	for x := range next.joint {
		for y := range next.joint[x] {
			next.joint[x][y] /= total
		}
	}
	return next
}

// expect adds the expected number of each edit in all ways from left to right.
func (e *editor) expect(p spelling, count *[sounds][sounds]float64) {
	a, b := p.left, p.right
	n, m := len(a), len(b)
	if n == 0 || m == 0 || n > 64 || m > 64 {
		return
	}
	var ahead, behind [66][66]float64
	ahead[0][0] = 1
	for i := 0; i <= n; i++ {
		for j := 0; j <= m; j++ {
			v := ahead[i][j]
			if i > 0 {
				v += ahead[i-1][j] * e.joint[place(a[i-1])][0]
			}
			if j > 0 {
				v += ahead[i][j-1] * e.joint[0][place(b[j-1])]
			}
			if i > 0 && j > 0 {
				v += ahead[i-1][j-1] * e.joint[place(a[i-1])][place(b[j-1])]
			}
			ahead[i][j] = v
		}
	}
	if ahead[n][m] <= 0 {
		return
	}
	behind[n][m] = 1
	for i := n; i >= 0; i-- {
		for j := m; j >= 0; j-- {
			v := behind[i][j]
			if i < n {
				v += behind[i+1][j] * e.joint[place(a[i])][0]
			}
			if j < m {
				v += behind[i][j+1] * e.joint[0][place(b[j])]
			}
			if i < n && j < m {
				v += behind[i+1][j+1] * e.joint[place(a[i])][place(b[j])]
			}
			behind[i][j] = v
		}
	}
	scale := p.weight / ahead[n][m]
	for i := 0; i <= n; i++ {
		for j := 0; j <= m; j++ {
			if i < n {
				x := place(a[i])
				count[x][0] += scale * ahead[i][j] * e.joint[x][0] * behind[i+1][j]
			}
			if j < m {
				y := place(b[j])
				count[0][y] += scale * ahead[i][j] * e.joint[0][y] * behind[i][j+1]
			}
			if i < n && j < m {
				x, y := place(a[i]), place(b[j])
				count[x][y] += scale * ahead[i][j] * e.joint[x][y] * behind[i+1][j+1]
			}
		}
	}
}

// costs are the costs of the edits, in hundredths of a natural logarithm:
// -log P(x, y) / sqrt(P(x) P(y)), where P(x) and P(y) are how often the sounds
// occur on their sides. A sound that mostly stays costs next to nothing.
func (e *editor) costs() (cost names.Costs) {
	var left, right [sounds]float64
	for x := range e.joint {
		for y := range e.joint[x] {
			left[x] += e.joint[x][y]
			right[y] += e.joint[x][y]
		}
	}
	for x := range e.joint {
		for y := range e.joint[x] {
			switch {
			case x == 0 && y == 0:
			case x == 0:
				cost[x][y] = clip(-100 * math.Log(e.joint[x][y]/math.Sqrt(right[y])))
			case y == 0:
				cost[x][y] = clip(-100 * math.Log(e.joint[x][y]/math.Sqrt(left[x])))
			default:
				cost[x][y] = clip(-100 * math.Log(e.joint[x][y]/math.Sqrt(left[x]*right[y])))
			}
		}
	}
	return cost
}

// clip rounds a cost and keeps it between nothing and eight hundred points.
func clip(points float64) int16 {
	return int16(math.Round(min(max(points, 0), 800)))
}
