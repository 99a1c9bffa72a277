package exchange

import "heed"

// KeptFigures is a text of figures as a node keeps it.
type KeptFigures struct {
	Figures   heed.Figures
	Note      []byte           // the signed bytes
	Peer      heed.PartyID     // the other party of the pair
	Case      heed.CaseID      // in which they were said; zero: to nobody, this party has published them alone
	Statement heed.StatementID // that carries them; zero where Case is
}

// FiguresView reads signed figures.
type FiguresView interface {
	// Figures finds a text by its id; ErrNotFound where it is not held.
	Figures(heed.FiguresID) (KeptFigures, error)
	// FiguresIn lists what was said last in a case, in the order in which it was kept.
	FiguresIn(id heed.CaseID, limit int) ([]KeptFigures, error)
	// FiguresCases lists the cases in which figures were said with a peer, that
	// with the newest text first; with an empty one, with all.
	FiguresCases(peer heed.PartyID, limit int) ([]heed.CaseID, error)
	// FiguresWith lists those with a peer, newest first; with an empty one, all.
	FiguresWith(peer heed.PartyID, limit int) ([]KeptFigures, error)
	// FiguresNamed lists the ids that begin with the hexadecimal digits, in lower case.
	FiguresNamed(digits string) ([]heed.FiguresID, error)
}

// FiguresTx keeps signed figures.
type FiguresTx interface {
	// PutFigures keeps a text; keeping one again changes nothing.
	PutFigures(KeptFigures) error
}
