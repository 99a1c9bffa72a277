package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// migrateTo makes a database with the first n migrations only.
func migrateTo(t *testing.T, db *sql.DB, n int) *goose.Provider {
	t.Helper()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) < n {
		t.Fatal(names, err)
	}
	some := fstest.MapFS{}
	for _, name := range names[:n] {
		data, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		some[filepath.Base(name)] = &fstest.MapFile{Data: data}
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, some, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return provider
}

func textsOf(t *testing.T, db *sql.Conn, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

// oldDatabase is a database of the first n migrations with all that a node of
// that time had: the same rows as the newer one has in those tables.
func oldDatabase(t *testing.T, n int, newer *Store) (path string, rows map[string]int) {
	t.Helper()
	source := copyOf(t, newer.path)
	path = filepath.Join(t.TempDir(), "heed.db")
	if err := createDatabase(path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dataSource(path, Options{}.withDefaults()))
	if err != nil {
		t.Fatal(err)
	}
	migrateTo(t, db, n)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), `ATTACH '`+source+`' AS source`); err != nil {
		t.Fatal(err)
	}
	rows = map[string]int{}
	for _, table := range textsOf(t, c, `SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`) {
		columns := strings.Join(textsOf(t, c, `SELECT name FROM pragma_table_info('`+table+`', 'main')`), ", ")
		result, err := c.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO main.%s (%s) SELECT %s FROM source.%s`, table, columns, columns, table))
		if err != nil {
			t.Fatal(err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			t.Fatal(err)
		}
		rows[table] = int(n)
	}
	if err := errors.Join(c.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return path, rows
}

func TestADatabaseOfTheFirstSchema(t *testing.T) {
	path, rows := oldDatabase(t, 1, filled(t))
	for _, table := range []string{"cases", "statement", "outgoing", "channel", "leaf", "head", "mirror", "mirror_leaf", "mirror_head"} {
		if rows[table] == 0 {
			t.Errorf("the old database has no row in %s", table)
		}
	}
	s := openAt(t, path, Options{})
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for table, want := range rows {
		var n int
		if err := s.db.QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n); err != nil || n != want {
			t.Errorf("%s has %d rows, %v; it had %d", table, n, err, want)
		}
	}
	all := plain(t, 20)
	holds(t, s, all, make([]error, len(all)))
	// It works on: its ledger, which had no map, ends, and one with a map follows.
	var old *ledger.Tree
	err := s.Write(t.Context(), func(tx exchange.Tx) (err error) {
		if old, err = tx.Tree(); err != nil {
			return err
		}
		if _, err := tx.MirrorHead("south.example/v0"); err != nil {
			return err
		}
		if err := tx.EndLedger("north.example/v0"); err != nil {
			return err
		}
		return logs(tx, "north.example/v1", 0, 31)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(t.Context(), func(v exchange.View) error {
		mirrored, err := v.MirrorTree("north.example/v0")
		if err != nil {
			return err
		}
		if !mirrored.Head("").Same(old.Head("")) || old.Size() != 1500 {
			t.Errorf("the old ledger has %d leaves, and had %d", mirrored.Size(), old.Size())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// Peers and cases from before there were accords are of none, and the same
// node has accords from then on.
func TestADatabaseOfTheSecondSchema(t *testing.T) {
	newer, made := filledWithMaps(t), newAgreement(t)
	all := plain(t, 5)
	for i := range all {
		if err := all[i].commit(newer); err != nil {
			t.Fatal(err)
		}
	}
	peer := exchange.Peer{Card: made.peer.Card, CardNote: made.peer.CardNote, Added: benchStart, Trouble: "away", LastContact: benchStart}
	err := newer.Write(t.Context(), func(tx exchange.Tx) error { return tx.PutPeer(peer) })
	if err != nil {
		t.Fatal(err)
	}
	path, rows := oldDatabase(t, 2, newer)
	for _, table := range []string{"cases", "statement", "peer", "card", "leaf", "map_page", "succession", "checkpoint", "deposit"} {
		if rows[table] == 0 {
			t.Errorf("the old database has no row in %s", table)
		}
	}
	s := openAt(t, path, Options{})
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for table, want := range rows {
		var n int
		if err := s.db.QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n); err != nil || n != want {
			t.Errorf("%s has %d rows, %v; it had %d", table, n, err, want)
		}
	}
	err = s.Write(t.Context(), func(tx exchange.Tx) error {
		got, err := tx.Peer(peer.Card.Party)
		if err != nil || !reflect.DeepEqual(got, peer) {
			t.Errorf("the peer is %+v, %v; want %+v", got, err, peer)
		}
		none, err := tx.AccordCases(heed.AccordID{})
		if err != nil || len(none) != 0 {
			t.Errorf("cases of no accord: %v, %v", none, err)
		}
		return made.put(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A migration that fails half way leaves the database as the one before has
// made it, and the next Open repeats it.
func TestAMigrationThatFails(t *testing.T) {
	for _, c := range []struct{ file, last, made string }{
		{"002_", "collected", "'map_page', 'held', 'mirror_ours'"},
		{"003_", "draft_content", "'accord', 'accord_act', 'cases_accord', 'draft_open'"},
	} {
		t.Run(c.file, func(t *testing.T) { failingMigration(t, c.file, c.last, c.made) })
	}
}

// failingMigration has a table of the name of the last that the migration in
// file makes stand in its way; made are the names of others that it makes.
func failingMigration(t *testing.T, file, last, made string) {
	path, rows := oldDatabase(t, 1, filled(t))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE ` + last + ` (other INTEGER)`); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a migration that cannot be made: %v, %v", s, err)
	}
	if _, err := db.Exec(`DROP TABLE ` + last); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.QueryRow(`SELECT COUNT(*) FROM sqlite_master WHERE name IN (` + made + `)`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d things of a failed migration are there: %v", n, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path, Options{})
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := s.db.QueryRow(`SELECT COUNT(*) FROM leaf`).Scan(&n); err != nil || n != rows["leaf"] {
		t.Errorf("%d leaves, %v; want %d", n, err, rows["leaf"])
	}
}

// Every migration can be taken back, and leaves nothing then.
func TestMigrationsDown(t *testing.T) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "heed.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	schema := func() string {
		var text sql.NullString
		err := db.QueryRowContext(context.Background(),
			`SELECT group_concat(type || ' ' || name || ' ' || sql, ';' ORDER BY type, name) FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'goose_%' AND name NOT LIKE 'sqlite_%'`).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text.String
	}
	migrateTo(t, db, 1)
	first := schema()
	provider := migrateTo(t, db, len(names))
	newest := schema()
	for range 2 {
		if _, err := provider.DownTo(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if got := schema(); got != first {
			t.Errorf("taken back to the first:\n%s\nwant\n%s", got, first)
		}
		if _, err := provider.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := schema(); got != newest {
			t.Errorf("brought up again:\n%s\nwant\n%s", got, newest)
		}
	}
}

// What waited to be told as a duty of the other party waits as news of its case.
func TestNewsOverTheUpdate(t *testing.T) {
	newer := open(t)
	notice := func(n byte, duty heed.DutyKind, owedBy heed.PartyID, level int) exchange.Notice {
		return exchange.Notice{
			ID: fmt.Sprint("notice-", n), Case: heed.CaseID{n}, Code: "7K3MQ2XA", Party: "north.example", Peer: "south.example",
			Duty: duty, From: heed.StatementID{n}, OwedBy: owedBy, Due: benchStart, Level: level, Created: benchStart,
		}
	}
	err := newer.Write(t.Context(), func(tx exchange.Tx) error {
		return errors.Join(
			tx.AddNotice(notice(1, heed.DutyReport, "south.example", 0)), tx.AddNotice(notice(2, heed.DutyDecide, "south.example", 0)),
			tx.AddNotice(notice(3, heed.DutyDecide, "north.example", 0)), tx.AddNotice(notice(4, heed.DutyReport, "south.example", 2)),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	path, _ := oldDatabase(t, 14, newer)
	s := openAt(t, path, Options{})
	err = s.Read(t.Context(), func(v exchange.View) error {
		due, err := v.DueNotices(benchStart.Add(time.Hour), 10)
		if err != nil || len(due) != 2 || due[0].Case[0] != 3 || due[1].Case[0] != 4 {
			t.Errorf("notices of duties: %+v, %v", due, err)
		}
		news, err := v.DueNews(benchStart, 10)
		if err != nil || len(news) != 2 || news[0].Case[0] != 1 || news[1].Case[0] != 2 {
			t.Errorf("news: %+v, %v", news, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
