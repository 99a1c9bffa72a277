package names

import (
	"math/rand/v2"
	"testing"
)

// plainDistance is distance by the book: the whole table, no bound.
func plainDistance(c *Costs, a, b []uint8, swap int32) int32 {
	rows := make([][]int32, len(a)+1)
	for i := range rows {
		rows[i] = make([]int32, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 && j == 0:
				continue
			case i == 0:
				rows[0][j] = rows[0][j-1] + int32(c[0][b[j-1]])
				continue
			case j == 0:
				rows[i][0] = rows[i-1][0] + int32(c[a[i-1]][0])
				continue
			}
			x, y := a[i-1], b[j-1]
			least := min(rows[i-1][j-1]+int32(c[x][y]), rows[i-1][j]+int32(c[x][0]), rows[i][j-1]+int32(c[0][y]))
			if i > 1 && j > 1 && x == b[j-2] && a[i-2] == y && x != y {
				least = min(least, rows[i-2][j-2]+swap)
			}
			rows[i][j] = least
		}
	}
	return rows[len(a)][len(b)]
}

// What is passed over because of the bound is beyond it, and nothing else is.
func TestDistanceIsTheWholeTables(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 5))
	form := func() sounding {
		s := sounding{at: make([]uint8, 1+random.IntN(12))}
		for i := range s.at {
			s.at[i] = uint8(1 + random.IntN(9)*random.IntN(5)) // some more than others
		}
		s.collect()
		return s
	}
	var scratch rows
	within := 0
	for range 200_000 {
		a, b := form(), form()
		if random.IntN(2) == 0 { // a likely pair
			b = sounding{at: append([]uint8(nil), a.at...)}
			for range random.IntN(4) {
				switch at := random.IntN(len(b.at)); random.IntN(3) {
				case 0:
					b.at[at] = uint8(1 + random.IntN(places-1))
				case 1:
					b.at = append(b.at, b.at[at])
				case 2:
					b.at[0], b.at[at] = b.at[at], b.at[0]
				}
			}
			b.collect()
		}
		class := Class(random.IntN(int(Classes)))
		by := &m.metrics[class]
		bound := int32(random.IntN(4000) - 50)
		want := plainDistance(by.costs, a.at, b.at, by.swap)
		if want > bound {
			want = farDistance
		} else {
			within++
		}
		if got := by.distance(&a, &b, bound, &scratch); got != want {
			t.Fatalf("%v: %v and %v within %d: %d, not %d", class, a.at, b.at, bound, got, want)
		}
	}
	if within < 50_000 {
		t.Errorf("only %d pairs were within their bound", within)
	}
}
