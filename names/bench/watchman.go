package bench

import (
	"context"

	"errors"
)

var errNoWatchman = errors.New("Watchman")

// WatchmanReport is how another program does on the same queries.
type WatchmanReport struct{}

func (w *WatchmanReport) text() string { return "" }

func (m *measurement) watchman(ctx context.Context) (*WatchmanReport, error) {
	return nil, errNoWatchman
}
