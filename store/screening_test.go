package store

import (
	"regexp"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`\$[0-9]+`)

// What is asked of hits at each look at what is due, and of one case or list, is
// found by an index, without a scan and without sorting: it costs the same however
// many hits there are.
func TestHitQueryPlans(t *testing.T) {
	s := openAt(t, t.TempDir()+"/heed.db", Options{})
	for query, want := range map[string]string{
		hitsToErase: "hit_erase",
		`SELECT erase FROM hit WHERE erase > 0 AND sealed IS NOT NULL ORDER BY erase LIMIT 1`:                               "hit_erase",
		`SELECT id FROM hit WHERE next > 0 AND next <= $1 ORDER BY next, key LIMIT $2`:                                      "hit_next",
		`SELECT next FROM hit WHERE next > 0 ORDER BY next LIMIT 1`:                                                         "hit_next",
		`SELECT id FROM hit WHERE open = 1 AND case_id IS NOT NULL AND case_id = $1 AND id > $2 ORDER BY id LIMIT $3`:       "hit_open_case",
		`SELECT id FROM hit WHERE open = 1 AND case_id IS NULL AND list = $1 AND id > $2 ORDER BY id LIMIT $3`:              "hit_open_list",
		`SELECT DISTINCT case_id FROM hit WHERE open = 1 AND case_id IS NOT NULL ORDER BY case_id`:                          "hit_open_case",
		`SELECT id FROM hit WHERE ended > 0 AND ended >= $1 AND verdict IN ('', 'undecided') ORDER BY ended DESC, key DESC`: "hit_ended",
		`UPDATE hit SET erase = $1 WHERE case_id = $2 AND case_id IS NOT NULL AND sealed IS NOT NULL`:                       "hit_case",
		`UPDATE hit SET open = 0 WHERE open = 1 AND case_id IS NOT NULL AND case_id = $1`:                                   "hit_open_case",
		`SELECT expires FROM kept_record ORDER BY expires LIMIT 1`:                                                          "kept_record_expires",
		`SELECT id FROM screening WHERE ended = 0 AND changed < $1 ORDER BY changed, id LIMIT $2`:                           "screening_open",
	} {
		plan := strings.Join(planOf(t, s, placeholder.ReplaceAllString(query, "1")), "; ")
		if !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") || strings.HasPrefix(plan, "SCAN hit") && !strings.Contains(plan, "USING") {
			t.Errorf("%s: %s", query, plan)
		}
	}
}

// A hit of a case whose contents were erased before the erasure said when what hits
// say goes is due at once.
func TestHitsOfCasesErasedBefore(t *testing.T) {
	newer := filledWithMaps(t)
	for _, k := range plain(t, 2) {
		if err := k.commit(newer); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newer.db.Exec(`UPDATE cases SET erased = 5 WHERE key = (SELECT MIN(key) FROM cases)`); err != nil {
		t.Fatal(err)
	}
	if _, err := newer.db.Exec(`INSERT INTO hit (id, code, subject, state, case_id, list, status, urgency, type, screening, past, score, found, due, verdict, officer, decided, expected, reported, open, told, next, attempts, trouble, erase, vault, sealed)
		SELECT id, '7K3MQ2XA', 's', id, id, '', '', '', '', 0, 0, 0, 1, 1, '', '', 0, 0, '', 1, 0, 0, 0, '', 0, 1, x'00' FROM cases ORDER BY key LIMIT 2`); err != nil {
		t.Fatal(err)
	}
	path, _ := oldDatabase(t, 12, newer) // up to 014
	s := openAt(t, path, Options{})
	var due, all int
	if err := s.db.QueryRow(`SELECT COUNT(*) FILTER (WHERE erase > 0), COUNT(*) FROM hit WHERE ended = 0 AND why = ''`).Scan(&due, &all); err != nil || due != 1 || all != 2 {
		t.Errorf("%d of %d hits are due for erasure, %v", due, all, err)
	}
}
