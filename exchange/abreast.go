package exchange

import (
	"errors"
	"sync"

	"heed"
)

// abreast does work for 0 to count-1, that many at once, and ends when all of
// it is done.
func abreast(atOnce, count int, work func(i int)) {
	var wait sync.WaitGroup
	next := make(chan int)
	for range min(atOnce, count) {
		wait.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	wait.Wait()
}

// byCase does work for each entry: those of one case one after the other, in
// their order, and several cases at once, so that their changes share commits.
func byCase[T any](entries []T, of func(T) heed.CaseID, work func(T)) {
	const atOnce = 16
	var cases [][]T
	place := map[heed.CaseID]int{}
	for _, entry := range entries {
		at, ok := place[of(entry)]
		if !ok {
			at = len(cases)
			place[of(entry)] = at
			cases = append(cases, nil)
		}
		cases[at] = append(cases[at], entry)
	}
	abreast(atOnce, len(cases), func(i int) {
		for _, entry := range cases[i] {
			work(entry)
		}
	})
}

// failures gathers the errors of work that is done at once.
type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) add(err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

func (f *failures) err() error { return errors.Join(f.errs...) }
