package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// signedFigures are figures as of that time, signed by a key made for it.
func (w *world) signedFigures(asOf time.Time) exchange.KeptFigures {
	w.t.Helper()
	f, note, err := wire.SignFigures(heed.Figures{
		Author: "north.example", AuthorCard: 1, Time: asOf, Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
		FiguresBody: heed.FiguresBody{Reading: heed.ReadExact, Pair: [2]heed.PartyID{"north.example", "south.example"}, AsOf: asOf},
	}, w.north.node, w.north.officer)
	if err != nil {
		w.t.Fatal(err)
	}
	return exchange.KeptFigures{Figures: f, Note: note, Peer: "south.example"}
}

func figures(t *testing.T, w *world) {
	first, second, third, alone := w.signedFigures(w.now), w.signedFigures(w.now.Add(time.Second)), w.signedFigures(w.now.Add(time.Minute)), w.signedFigures(w.now.Add(time.Hour))
	one, other := heed.CaseID(w.digest()), heed.CaseID(w.digest())
	first.Case, second.Case, third.Case = one, one, other
	for _, k := range []*exchange.KeptFigures{&first, &second, &third} {
		k.Statement = heed.StatementID(w.digest())
	}
	third.Peer = "east.example"
	for _, k := range []exchange.KeptFigures{first, second, third, alone, second} { // one of them again
		w.write(func(tx exchange.Tx) error { return tx.PutFigures(k) })
	}
	w.both(func(v exchange.View) error {
		for _, k := range []exchange.KeptFigures{first, second, third, alone} {
			got, err := v.Figures(k.Figures.ID)
			same(t, "Figures", got, err, k)
			ids, err := v.FiguresNamed(k.Figures.ID.String()[:16])
			sameList(t, "FiguresNamed", ids, err, []heed.FiguresID{k.Figures.ID})
		}
		none, err := v.Figures(heed.FiguresID{9})
		missing(t, "figures that are not held", none, err)
		for _, name := range []string{"%", "_", "zz", first.Figures.ID.String() + "0"} {
			ids, err := v.FiguresNamed(name)
			sameList(t, "FiguresNamed "+name, ids, err, nil)
		}
		all, err := v.FiguresNamed("")
		sameList(t, "FiguresNamed, all", all, err, []heed.FiguresID{first.Figures.ID, second.Figures.ID, third.Figures.ID, alone.Figures.ID})
		in, err := v.FiguresIn(one, 10)
		sameList(t, "FiguresIn, as they were kept", in, err, []exchange.KeptFigures{first, second})
		in, err = v.FiguresIn(one, 1)
		sameList(t, "FiguresIn, the last", in, err, []exchange.KeptFigures{second})
		cases, err := v.FiguresCases("", 10)
		sameList(t, "FiguresCases, newest first", cases, err, []heed.CaseID{other, one})
		cases, err = v.FiguresCases("", 1)
		sameList(t, "FiguresCases, bounded", cases, err, []heed.CaseID{other})
		cases, err = v.FiguresCases("south.example", 10)
		sameList(t, "FiguresCases with a peer", cases, err, []heed.CaseID{one})
		in, err = v.FiguresIn(heed.CaseID(w.digest()), 10)
		sameList(t, "FiguresIn another case", in, err, nil)
		with, err := v.FiguresWith("south.example", 10)
		sameList(t, "FiguresWith, newest first", with, err, []exchange.KeptFigures{alone, second, first})
		with, err = v.FiguresWith("south.example", 1)
		sameList(t, "FiguresWith, bounded", with, err, []exchange.KeptFigures{alone})
		with, err = v.FiguresWith("", 10)
		sameList(t, "FiguresWith anybody", with, err, []exchange.KeptFigures{alone, third, second, first})
		return nil
	})
	wrong := first
	wrong.Figures = second.Figures
	undone := errors.New("undone")
	for what, f := range map[string]func(exchange.Tx) error{
		"figures under another's name": func(tx exchange.Tx) error { return tx.PutFigures(wrong) },
		"what are no figures":          func(tx exchange.Tx) error { return tx.PutFigures(exchange.KeptFigures{Note: []byte("x")}) },
		"a change that fails": func(tx exchange.Tx) error {
			return errors.Join(tx.PutFigures(w.signedFigures(w.now.Add(2*time.Hour))), undone)
		},
	} {
		if err := w.store.Write(context.Background(), f); err == nil {
			t.Errorf("%s is kept", what)
		}
	}
	w.both(func(v exchange.View) error {
		ids, err := v.FiguresNamed("")
		if err != nil || len(ids) != 4 {
			t.Errorf("%d figures are held, %v", len(ids), err)
		}
		return nil
	})
}
