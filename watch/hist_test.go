package watch

import (
	"slices"
	"strings"
	"testing"

	"heed/names"
)

func TestTryHist(t *testing.T) {
	m := model(t)
	best, second, all := map[int]int{}, map[int]int{}, map[int]int{}
	nokey := map[int]int{}
	total := 0
	type sd struct{ bin, strange int }
	str := map[sd]int{}
	for i, line := range lines(t, "pairs_dev.tsv.gz")[1:] {
		f := strings.Split(line, "\t")
		if i%3 != 0 || f[2] != "pos" || strings.HasPrefix(f[3], "token") {
			continue
		}
		a, b := names.Parse(f[4]), names.Parse(f[6])
		c := m.Compare(a, b)
		if !c.Above() {
			continue
		}
		total++
		var bins []int
		for _, p := range c.Pairs {
			bins = append(bins, p.Bin)
			str[sd{p.Bin, signatureOf(p.Left.Forms).strange(signatureOf(p.Right.Forms))}]++
			share := false
			for _, k := range p.Left.Keys {
				share = share || slices.Contains(p.Right.Keys, k)
			}
			if !share {
				nokey[p.Bin]++
			}
		}
		slices.Sort(bins)
		best[bins[0]]++
		if len(bins) > 1 {
			second[bins[1]]++
		} else {
			second[-1]++
		}
		all[bins[len(bins)-1]]++
	}
	for b := -1; b < 12; b++ {
		t.Logf("bin %d: best %d second %d worst %d nokey %d of %d; strange %d %d %d %d %d %d %d", b, best[b], second[b], all[b], nokey[b], total, str[sd{b, 0}], str[sd{b, 1}], str[sd{b, 2}], str[sd{b, 3}], str[sd{b, 4}], str[sd{b, 5}], str[sd{b, 6}])
	}
}
