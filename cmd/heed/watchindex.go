package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"heed/api"
	"heed/exchange"
	"heed/feed"
	"heed/names"
	"heed/watch"
	"heed/watch/sheet"
)

// watchName is the snapshot of the watch index in a home. It is a copy for a
// quick start: without it the index is built from the database.
const watchName = "watch.idx"

const (
	// watchSave is how often a snapshot is written while what is on watch changes;
	// what was erased is in none for longer.
	watchSave = 10 * time.Minute
	// watchAgain is the pause before the index is built again where that failed.
	watchAgain = 5 * time.Second
)

// watchIndex builds the watch index beside everything else that a node does, and
// keeps its snapshot.
type watchIndex struct {
	app      *app
	exchange *exchange.Exchange
	log      *slog.Logger
}

func (w watchIndex) path() string { return filepath.Join(w.app.home, watchName) }

// run builds the index, then writes a snapshot from time to time and at the end.
func (w watchIndex) run(ctx context.Context) {
	for {
		err := w.load(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		w.log.Error("the watch index could not be built, and nothing can be screened; it will be tried again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchAgain):
		}
	}
	state := w.exchange.WatchState()
	w.log.Info("the watch index is ready", "subjects", state.Subjects, "warnings", state.Warnings, "lists", state.Lists, "kept records", state.Kept, "model", state.Model)
	saved := int64(-1)
	for {
		now := w.exchange.WatchState().Changes
		if now != saved {
			if err := w.save(); err != nil {
				w.log.Warn("the snapshot of the watch index could not be written; the next start takes longer", "error", err)
			}
			saved = now
		}
		select {
		case <-ctx.Done():
			if w.exchange.WatchState().Changes != saved {
				if err := w.save(); err != nil {
					w.log.Warn("the snapshot of the watch index could not be written; the next start takes longer", "error", err)
				}
			}
			return
		case <-time.After(watchSave):
		}
	}
}

// load builds the index, with a progress bar on a terminal.
func (w watchIndex) load(ctx context.Context) (err error) {
	model, err := names.Default()
	if err != nil {
		return err
	}
	var snapshot io.Reader
	file, err := os.Open(w.path())
	switch {
	case err == nil:
		defer func() { err = errors.Join(err, file.Close()) }()
		snapshot = file
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	progress, done := w.progress()
	defer done()
	unused, err := w.exchange.LoadWatch(ctx, model, snapshot, progress)
	if unused != nil {
		w.log.Warn("the snapshot of the watch index is not used; the index is built from the database", "error", unused)
	}
	return err
}

func (w watchIndex) progress() (show func(done, total int64), end func()) {
	f, ok := w.app.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetDescription("building the watch index"), progressbar.OptionSetWriter(f), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	failed := func(err error) {
		if err != nil {
			w.log.Debug("progress bar", "error", err)
		}
	}
	return func(done, total int64) {
		bar.ChangeMax64(total)
		failed(bar.Set64(done))
	}, func() { failed(bar.Finish()) }
}

// save writes the snapshot beside the old one, and then takes its place.
func (w watchIndex) save() (err error) {
	next := w.path() + ".next"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = w.exchange.SaveWatch(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", next, errors.Join(err, os.Remove(next)))
	}
	return os.Rename(next, w.path())
}

// apiRecords reads the body of a screening as `heed screen --format jsonl` reads a file.
func apiRecords(in io.Reader, kind watch.RecordType) (api.Records, error) {
	reader, err := feed.NewReader(in, feed.Options{File: "body", Format: feed.JSONL, Type: kind, Now: time.Now()})
	var refused *sheet.Error
	if errors.As(err, &refused) {
		err = refused.ForSender()
	}
	return apiReader{reader}, err
}

type apiReader struct{ *feed.Reader }

// Next implements api.Records.
func (r apiReader) Next() (api.Read, error) {
	read, err := r.Reader.Next()
	var lost *feed.RecordError
	if errors.As(err, &lost) {
		why := error(lost)
		var place *sheet.Error
		if errors.As(err, &place) {
			why = place.ForSender()
		}
		fault := recordFault(why)
		return api.Read{Record: watch.Record{ID: lost.ID}, Line: lost.At.Line}, &api.Unread{Message: fault.Message, Hint: fault.Hint}
	}
	out := api.Read{Record: read.Record, Line: read.At.Line}
	for _, p := range read.Problems {
		out.Left = append(out.Left, p.ForSender().Error())
	}
	return out, err
}
