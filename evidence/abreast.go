package evidence

import (
	"sync"
	"sync/atomic"
)

// hands is how many signatures are verified at once.
const hands = 4

// each calls do for 0 to n-1, several at once. Verifying signatures is most of
// what a verdict costs, and no one of them waits for another.
func each(n int, do func(i int)) {
	var next atomic.Int64
	var work sync.WaitGroup
	for range min(n, hands) {
		work.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	work.Wait()
}

// parseEach parses signed texts, and verifies what they are signed with. The
// error is that of the first that is damaged.
func parseEach[P, T any](parts []P, parse func(P) (T, error)) ([]T, error) {
	out, errs := make([]T, len(parts)), make([]error, len(parts))
	each(len(parts), func(i int) { out[i], errs[i] = parse(parts[i]) })
	for _, err := range errs {
		if err != nil {
			return nil, damaged("%v", err)
		}
	}
	return out, nil
}
