package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// ErrDamaged: the database does not hold together.
var ErrDamaged = errors.New("the database is damaged")

// maxDamages is how many findings Check goes on to gather.
const maxDamages = 100

// pageOfLeaves is how many leaves Check reads at once.
const pageOfLeaves = 1024

// Check reads everything once, as of one moment, and returns what does not
// hold together: every finding is ErrDamaged. It checks the pages and keys of the
// database itself; each ledger's stored hashes and the root of every
// published head, recomputed from the leaves; where a ledger has map roots, that
// its leaves keep the rules of an auditor, and that the map's pages are those
// of the newest; whatever is named by a hash; that versions and acts of accords can be read and
// stand under their names; and the index of duties and of accords against the
// fold of each case. Signatures are not verified again.
//
// progress may be nil. It is called with what is done of the total, in
// leaves and cases, and must not use the store.
func (s *Store) Check(ctx context.Context, progress func(done, total int64)) error {
	return s.Read(ctx, func(reader exchange.View) error {
		v, ok := reader.(*view)
		if !ok {
			return fmt.Errorf("store: a view of another store: %T", reader)
		}
		v.plain = true
		c := &checker{view: v, ctx: ctx, progress: progress}
		return errors.Join(c.run(), errors.Join(c.damages...))
	})
}

type checker struct {
	*view
	ctx         context.Context
	progress    func(done, total int64)
	done, total int64
	damages     []error
}

var errEnough = errors.New("there is more")

// damage notes a finding, and ends the check where there are too many.
func (c *checker) damage(format string, args ...any) error {
	c.damages = append(c.damages, fmt.Errorf("store: %w: %s", ErrDamaged, fmt.Sprintf(format, args...)))
	if len(c.damages) >= maxDamages {
		return errEnough
	}
	return nil
}

func (c *checker) step(n int64) error {
	c.done += n
	if c.progress != nil {
		c.progress(c.done, c.total)
	}
	return c.ctx.Err()
}

func (c *checker) run() error {
	total, err := find(c.view, (*row).int, `SELECT (SELECT COUNT(*) FROM leaf) + (SELECT COUNT(*) FROM mirror_leaf) + (SELECT COUNT(*) FROM cases)`)
	if err != nil {
		return err
	}
	c.total = total
	if err := c.step(0); err != nil {
		return err
	}
	if err := c.pages(); err != nil {
		return err
	}
	if err := c.ownLedger(); err != nil {
		return err
	}
	if err := c.mirrors(); err != nil {
		return err
	}
	if err := c.digests(); err != nil {
		return err
	}
	if err := c.accords(); err != nil {
		return err
	}
	if err := c.erasures(); err != nil {
		return err
	}
	if err := c.allLinks(); err != nil {
		return err
	}
	if err := c.allFigures(); err != nil {
		return err
	}
	if err := c.oneSided(); err != nil {
		return err
	}
	if err := c.screenings(); err != nil {
		return err
	}
	if err := c.lists(); err != nil {
		return err
	}
	return c.cases()
}

// pages has SQLite look over its own tables, indexes, their uniqueness and the
// rows that others name.
func (c *checker) pages() error {
	findings, err := list(c.view, (*row).text, `PRAGMA integrity_check(20)`)
	if err != nil {
		return err
	}
	for _, finding := range findings {
		if finding != "ok" {
			if err := c.damage("%s", finding); err != nil {
				return err
			}
		}
	}
	type reference struct{ table, parent string }
	broken, err := list(c.view, func(r *row) reference {
		table, _ := r.text(), r.int()
		return reference{table, r.text()}
	}, `PRAGMA foreign_key_check`)
	if err != nil {
		return err
	}
	for _, b := range broken {
		if err := c.damage("a row of %s is of no row of %s", b.table, b.parent); err != nil {
			return err
		}
	}
	return nil
}

// log is a ledger as the check reads it.
type log struct {
	name   string
	size   int64
	leaves func(from, to int64) ([][]byte, error)
	hashes hashQueries
	heads  []exchange.Head
	origin string // empty where no head says
	pages  *pages
}

func (c *checker) ownLedger() error {
	size, err := c.size()
	if err != nil {
		return err
	}
	heads, err := list(c.view, readHead, `SELECT size, note, at FROM head ORDER BY size`)
	if err != nil {
		return err
	}
	l := log{name: "our ledger", size: size, leaves: c.Leaves, hashes: ownLog, heads: heads, pages: &pages{view: c.view, own: true}}
	if len(heads) > 0 {
		origin, _, _ := bytes.Cut(heads[len(heads)-1].Note, []byte("\n"))
		l.origin = string(origin)
	}
	return c.log(l)
}

func (c *checker) mirrors() error {
	origins, err := list(c.view, (*row).text, `SELECT origin FROM mirror ORDER BY origin`)
	if err != nil {
		return err
	}
	for _, origin := range origins {
		m, err := c.mirror(origin)
		if err != nil {
			return err
		}
		heads, err := list(c.view, readHead, `SELECT size, note, at FROM mirror_head WHERE mirror = $1 ORDER BY size`, m.key)
		if err != nil {
			return err
		}
		leaves := func(from, to int64) ([][]byte, error) { return c.MirrorLeaves(origin, from, to) }
		l := log{name: "the mirror of " + origin, size: m.size, leaves: leaves, hashes: m.hashes(), heads: heads, origin: origin,
			pages: &pages{view: c.view, origin: origin, key: m.key}}
		if err := c.log(l); err != nil {
			return err
		}
	}
	n, err := find(c.view, (*row).int, `SELECT COUNT(*) FROM map_page WHERE mirror <> 0 AND mirror NOT IN (SELECT key FROM mirror)`)
	if err == nil && n > 0 {
		err = c.damage("%d pages are of the map of no ledger", n)
	}
	return err
}

// log replays a ledger's leaves. Its first wrong hash, and the first leaf that
// breaks a rule, are enough to know.
func (c *checker) log(l log) error {
	var tree ledger.Tree
	var replay *ledger.Replay // nil: of a ledger without a map, or of one that broke a rule
	var replayed ledger.Tree
	_, _, err := ledger.ParseOrigin(l.origin)
	mapped := err == nil
	if mapped {
		replay = ledger.NewReplay(l.origin, &replayed, ledger.NewMap(&ledger.MemoryPages{}), -1, false)
	}
	wrong := false
	heads := l.heads
	for {
		for ; len(heads) > 0 && heads[0].Size <= tree.Size(); heads = heads[1:] {
			why := contradicts(heads[0], tree.Head(""))
			if why == "" && replay != nil && heads[0].Size > 0 && replay.LastRoot() != heads[0].Size-1 {
				why = "does not end in a map root"
			}
			if why != "" {
				if err := c.damage("%s: the head of %d leaves %s", l.name, heads[0].Size, why); err != nil {
					return err
				}
			}
		}
		if tree.Size() >= l.size {
			break
		}
		to := min(tree.Size()+pageOfLeaves, l.size)
		if len(heads) > 0 {
			to = min(to, heads[0].Size)
		}
		from := tree.Size()
		leaves, err := l.leaves(from, to)
		if errors.Is(err, ledger.ErrRange) {
			return c.damage("%s: leaves are missing between %d and %d", l.name, from, to)
		}
		if err != nil {
			return err
		}
		var made []ledger.StoredHash
		for _, leaf := range leaves {
			_, hashes, err := tree.Append(leaf)
			if err != nil {
				return c.damage("%s: leaf %d: %v", l.name, tree.Size(), err)
			}
			made = append(made, hashes...)
			if replay == nil {
				continue
			}
			if _, err := replay.Append(leaf); err != nil {
				replay = nil
				if err := c.damage("%s: %v", l.name, err); err != nil {
					return err
				}
			}
		}
		if !wrong {
			at, err := c.firstWrongHash(made, l.hashes)
			if err != nil {
				return err
			}
			if wrong = at >= 0; wrong {
				if err := c.damage("%s: stored hash %d does not follow from the leaves", l.name, at); err != nil {
					return err
				}
			}
		}
		if err := c.step(to - from); err != nil {
			return err
		}
	}
	for _, h := range heads {
		if err := c.damage("%s: it has %d leaves, and a head was published of %d", l.name, l.size, h.Size); err != nil {
			return err
		}
	}
	root := tlog.Hash(sha256.Sum256(nil)) // of a map without tags
	if mapped {
		if replay == nil {
			return nil // what the map should be is not known
		}
		head := tree.Head(l.origin)
		var broken *ledger.Violation
		// Leaves may wait for the next cut.
		if err := replay.Agree(head, head); err != nil && !(errors.As(err, &broken) && broken.Rule == ledger.NotEndingInRoot) {
			return c.damage("%s: %v", l.name, err)
		}
		if at := replay.LastRoot(); at >= 0 {
			leaves, err := l.leaves(at, at+1)
			if err != nil {
				return err
			}
			newest, err := ledger.ParseMapRoot(leaves[0])
			if err != nil {
				return err
			}
			root = newest.Root
		}
	}
	return c.storedMap(l, root)
}

// storedMap compares a map's pages with the root that they should have.
func (c *checker) storedMap(l log, want tlog.Hash) error {
	stored := ledger.NewMap(l.pages)
	// Going back to a time before all leaves reads every page, and a map holds
	// each that it reads to the hash in the page above it.
	_, err := stored.Root(0)
	var root tlog.Hash
	if err == nil {
		root, err = stored.Root(ledger.MaxSize)
	}
	if errors.Is(err, ledger.ErrMapPage) {
		return c.damage("%s: its map: %v", l.name, err)
	}
	if err != nil {
		return err
	}
	if root != want {
		return c.damage("%s: its map has the root %v, and its newest map root is %v", l.name, root, want)
	}
	return nil
}

// digests compares what is found by its hash with that hash.
func (c *checker) digests() error {
	for what, query := range map[string]string{
		"checkpoint": `SELECT digest, note FROM checkpoint`,
		"succession": `SELECT digest, note FROM succession`,
		"deposit":    `SELECT digest, note FROM deposit`,
	} {
		var wrong []heed.Digest
		err := c.query(query, func(r *row) error {
			if digest := r.digest(); digest != sha256.Sum256(r.bytes()) {
				wrong = append(wrong, digest)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, digest := range wrong {
			if err := c.damage("the %s %x does not have this hash", what, digest); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstWrongHash compares hashes with those stored; -1: all are right.
func (c *checker) firstWrongHash(made []ledger.StoredHash, q hashQueries) (int64, error) {
	indexes := make([]int64, len(made))
	for i, h := range made {
		indexes[i] = h.Index
	}
	stored, err := c.view.hashes(indexes, q)
	if errors.Is(err, ledger.ErrRange) {
		return indexes[0], nil
	}
	if err != nil {
		return 0, err
	}
	for i, h := range stored {
		if h != made[i].Hash {
			return indexes[i], nil
		}
	}
	return -1, nil
}

// contradicts compares a published head with the tree of the same leaves, by
// the size and root in its text; the origin is whatever the head says.
func contradicts(h exchange.Head, tree ledger.Checkpoint) string {
	origin, _, _ := bytes.Cut(h.Note, []byte("\n"))
	tree.Origin = string(origin)
	switch {
	case h.Size != tree.Size:
		return fmt.Sprintf("is listed after that of %d", tree.Size)
	case !bytes.HasPrefix(h.Note, append(tree.Body(), '\n')):
		return "has another root or size in its text than its leaves give"
	}
	return ""
}

func (c *checker) cases() error {
	var last int64
	for {
		type named struct {
			key    int64
			id     heed.CaseID
			listed bool
			accord heed.AccordID
			under  heed.AccordID
		}
		some, err := list(c.view, func(r *row) named {
			return named{r.int(), readCaseID(r), r.bool(), readAccordID(r), readAccordID(r)}
		}, `SELECT key, id, changed IS NOT NULL, accord, under FROM cases WHERE key > $1 ORDER BY key LIMIT 256`, last)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, n := range some {
			last = n.key
			if err := c.oneCase(n.id, n.listed, n.accord, n.under); err != nil {
				return err
			}
			if err := c.contentsOf(n.id, n.key); err != nil {
				return err
			}
			if err := c.step(1); err != nil {
				return err
			}
		}
	}
}

// oneCase compares a case's index with its fold. A case that was never in
// lists has no index yet.
func (c *checker) oneCase(id heed.CaseID, listed bool, accord, under heed.AccordID) error {
	folded, err := c.Case(id)
	if errors.Is(err, ErrDamaged) {
		return c.damage("case %s: %v", id, err)
	}
	if err != nil && !errors.Is(err, exchange.ErrNotFound) {
		return err
	}
	kept := err == nil
	if err := c.accordOf(id, folded.Opening, accord, under); err != nil || !kept || !listed {
		return err
	}
	index, err := c.Index(id)
	if errors.Is(err, ErrDamaged) {
		return c.damage("case %s: %v", id, err)
	}
	if err != nil {
		return err
	}
	if len(index) != len(folded.Duties) {
		return c.damage("case %s: %d duties are indexed, and it has %d", id, len(index), len(folded.Duties))
	}
	for i, d := range folded.Duties {
		if index[i].Duty != d {
			return c.damage("case %s: the %s duty is not indexed as its statements have it", id, d.Kind)
		}
	}
	return nil
}

// accordOf compares the accord under which a case is found with its opening's,
// which the fold leaves out where it was dropped.
func (c *checker) accordOf(id heed.CaseID, opening heed.Statement, found, under heed.AccordID) error {
	if opening.ID.IsZero() {
		k, err := c.Kept(heed.StatementID(id))
		switch {
		case errors.Is(err, ErrDamaged):
			return c.damage("case %s: %v", id, err)
		case err != nil && !errors.Is(err, exchange.ErrNotFound):
			return err
		}
		opening = k.Statement
	}
	if opening.Accord != found {
		return c.damage("case %s: it is found under accord %s, and its opening names %s", id, found.Short(), opening.Accord.Short())
	}
	if want := openedUnder(opening); want != under {
		return c.damage("case %s: its contents end with accord %s, and it was opened under %s", id, under.Short(), want.Short())
	}
	return nil
}

// contentsOf finds the case under each content that its statements name.
func (c *checker) contentsOf(id heed.CaseID, key int64) error {
	notes, err := list(c.view, readSaid, `SELECT id, note FROM statement WHERE case_key = $1`, key)
	if err != nil {
		return err
	}
	for _, n := range notes {
		s, err := c.parse(n)
		if err != nil {
			continue // the fold has found it
		}
		for _, ref := range s.Contents {
			_, err := find(c.view, (*row).int, `SELECT 1 FROM content_case WHERE digest = $1 AND case_key = $2`, ref.Digest[:], key)
			if isNone(err) {
				err = c.damage("case %s: content %s is not known to belong to it", id, ref.Digest.String()[:8])
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func isNone(err error) bool { return errors.Is(err, exchange.ErrNotFound) }

// erasures finds what is here of cases whose contents were erased.
func (c *checker) erasures() error {
	n, err := find(c.view, (*row).int, `SELECT COUNT(*) FROM content WHERE NOT `+keptByACase+`
		AND EXISTS (SELECT 1 FROM content_case WHERE content_case.digest = content.digest)`)
	if err == nil && n > 0 {
		err = c.damage("%d contents are here although they were erased in every case that has them", n)
	}
	return err
}

// accords reads every version and act, one at a time: a version may be large.
func (c *checker) accords() error {
	err := c.query(`SELECT accord_version.id, note, accord.id, number FROM accord_version LEFT JOIN accord ON accord.key = accord_version.accord ORDER BY seq`,
		func(r *row) error {
			k, err := c.version(readVersion(r))
			accord, number := readAccordID(r), r.int()
			switch {
			case err != nil:
				err = c.damage("%v", err)
			case k.Accord.AccordID() != accord || k.Accord.Number != uint64(number):
				err = c.damage("version %d of accord %s, %s, is listed as version %d of accord %s",
					k.Accord.Number, k.Accord.AccordID().Short(), k.Accord.ID.Short(), number, accord.Short())
			}
			return errors.Join(err, c.step(0))
		})
	if err != nil {
		return err
	}
	err = c.query(`SELECT accord_act.id, note, accord.id FROM accord_act LEFT JOIN accord ON accord.key = accord_act.accord ORDER BY seq`,
		func(r *row) error {
			k, err := c.act(readAct(r))
			accord := readAccordID(r)
			switch {
			case err != nil:
				err = c.damage("%v", err)
			case k.Act.Accord != accord:
				err = c.damage("act %s about accord %s is listed under accord %s", k.Act.ID, k.Act.Accord.Short(), accord.Short())
			}
			return errors.Join(err, c.step(0))
		})
	if err != nil {
		return err
	}
	n, err := find(c.view, (*row).int, `SELECT COUNT(*) FROM accord WHERE key NOT IN (SELECT accord FROM accord_version) AND key NOT IN (SELECT accord FROM accord_act)`)
	if err == nil && n > 0 {
		err = c.damage("%d accords are listed of which nothing is held", n)
	}
	return err
}
