package exchange

import (
	"errors"
	"testing"
	"time"
)

// TestRepeats: a node that cannot catch up for days says why, and does not fill
// its disk with it.
func TestRepeats(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var r repeats
	count := func(seconds int, of ...error) (told int) {
		for i := range seconds {
			if r.tell(of[i%len(of)], now) {
				told++
			}
			now = now.Add(time.Second)
		}
		return told
	}
	away, reset, refused := errors.New("catching up with w1: nothing answers"), errors.New("read 127.0.0.1:50001: reset"), errors.New("w1 refused")
	if got := count(600, away); got != 10 {
		t.Errorf("ten minutes of one failure were told %d times", got)
	}
	if got := count(60, errors.New("read 127.0.0.1:50002: reset"), reset); got != 1 {
		t.Errorf("a minute of one failure from changing ports was told %d times", got)
	}
	if !r.tell(refused, now) {
		t.Error("another failure was not told at once")
	}
	if got := count(120, refused, away); got > 4 {
		t.Errorf("two minutes of two failures in turn were told %d times", got)
	}
	if r.tell(nil, now) || !r.tell(refused, now) {
		t.Error("after a success the same failure is new")
	}
	if !r.tell(refused, now.Add(-time.Hour)) {
		t.Error("a clock that was set back keeps a failure from being told")
	}
}
