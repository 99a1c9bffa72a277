package fit

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRisingIsIsotonic(t *testing.T) {
	if got := rising([]float64{1, 3, 2, 4}, []float64{1, 1, 1, 1}); !slices.Equal(got, []float64{1, 2.5, 2.5, 4}) {
		t.Error(got)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-5, 5), 1, 40).Draw(t, "values")
		weight := make([]float64, len(values))
		var sum, after float64
		for i := range weight {
			weight[i] = 1 + float64(i%3)
			sum += weight[i] * values[i]
		}
		curve := rising(values, weight)
		if !slices.IsSorted(curve) {
			t.Fatalf("%v does not rise", curve)
		}
		for i, v := range curve {
			after += weight[i] * v
		}
		if math.Abs(sum-after) > 1e-6 {
			t.Fatalf("the mean moved from %v to %v", sum, after)
		}
	})
}

// Regression finds the weights that made the examples.
func TestLogisticFindsWeights(t *testing.T) {
	var rows []example
	for a := -3.0; a <= 3; a += 0.25 {
		for b := -3.0; b <= 3; b += 0.25 {
			p := 1 / (1 + math.Exp(-(2*a - b + 0.5)))
			x := []float64{a, b, 1}
			rows = append(rows, example{x: x, same: true, w: p}, example{x: x, w: 1 - p})
		}
	}
	beta := logistic(rows, make([]float64, 3), []float64{1e-6, 1e-6, 1e-6})
	for i, want := range []float64{2, -1, 0.5} {
		if math.Abs(beta[i]-want) > 0.01 {
			t.Errorf("weights %v", beta)
		}
	}
	pulled := logistic(rows, []float64{0, 0, 0}, []float64{1e9, 1e-6, 1e-6})
	if math.Abs(pulled[0]) > 0.01 {
		t.Errorf("a weight held at its prior is %v", pulled[0])
	}
}

// The two kinds of example weigh the same, however many there are of each, and a
// traveller's wrong hit more than that of somebody on the list.
func TestBalanced(t *testing.T) {
	rows := balanced([]example{{same: true, w: 1}, {same: true, w: 1}, {same: true, w: 1}, {w: 1}, {w: strangerWeight}})
	var same, other float64
	for _, r := range rows {
		if r.same {
			same += r.w
		} else {
			other += r.w
		}
	}
	if math.Abs(same-other) > 1e-9 || same == 0 {
		t.Errorf("names of one person weigh %v, others %v", same, other)
	}
	if got := rows[4].w / rows[3].w; math.Abs(got-strangerWeight) > 1e-9 {
		t.Errorf("a traveller weighs %v times a person on the list", got)
	}
}

// Expectation maximisation learns what is read as what.
func TestEditorLearns(t *testing.T) {
	prior := plainEditor()
	before := prior.costs()
	e := prior
	pairs := []spelling{{"vabe", "babe", 50}, {"vino", "bino", 50}, {"lavo", "labo", 50}, {"pata", "pata", 50}}
	for range 4 {
		e = e.learn(pairs, prior, 10, false)
	}
	after := e.costs()
	v, b := place('v'), place('b')
	if after[v][b] >= before[v][b] || after[v][b] >= after[b][v] {
		t.Errorf("v read as b costs %d, %d before, the other way %d", after[v][b], before[v][b], after[b][v])
	}
	even := prior.learn(pairs, prior, 10, true).costs()
	if even[v][b] != even[b][v] {
		t.Errorf("a mirrored table has %d and %d", even[v][b], even[b][v])
	}
}

func TestExceeded(t *testing.T) {
	var values []int32
	for i := range 1000 {
		values = append(values, int32(i))
	}
	for share, want := range map[float64]int32{0.01: 990, 0.001: 999} {
		cut, n := Exceeded(values, share), 0
		for _, v := range values {
			if v >= cut {
				n++
			}
		}
		if cut != want || n > int(share*1000) {
			t.Errorf("at %v: %d, which %d reach", share, cut, n)
		}
	}
	if got := Exceeded(nil, 0.01); got != math.MaxInt32 {
		t.Error(got)
	}
}
