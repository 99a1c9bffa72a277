-- +goose Up

-- The watches that this party keeps, one for each case in which they run. Next is
-- when it is to be looked at next, 0: when something is said.
CREATE TABLE watches (
  case_id   BLOB PRIMARY KEY,
  under     BLOB,                      -- the accord under which the case was opened
  source    BLOB,                      -- NULL: it was never looked at
  by_notice BLOB,                      -- the last statement that bears on when it ends
  subjects  INTEGER NOT NULL,
  effective INTEGER NOT NULL,
  due       INTEGER NOT NULL,          -- of the decision on it that is owed next
  told      INTEGER NOT NULL,
  next      INTEGER NOT NULL,
  compared  INTEGER NOT NULL           -- with what else is on watch, and with the records that are kept
) WITHOUT ROWID;
CREATE INDEX watches_next ON watches (next) WHERE next > 0;
CREATE INDEX watches_due ON watches (due) WHERE due > 0 AND told >= 0;
CREATE INDEX watches_under ON watches (under) WHERE under IS NOT NULL;
CREATE INDEX watches_new ON watches (case_id) WHERE compared = 0;

-- What was received before there was a watch is looked at first.
INSERT INTO watches (case_id, subjects, effective, due, told, next, compared)
  SELECT id, 0, 0, 0, -1, 1, 0 FROM cases WHERE ours = 0;

CREATE TABLE watch_link (
  seq        INTEGER PRIMARY KEY,      -- the order in which they were found
  case_id    BLOB NOT NULL,
  subject    TEXT NOT NULL,
  other      TEXT NOT NULL,
  other_case BLOB,                     -- NULL: a list
  other_list TEXT NOT NULL,
  hit        BLOB NOT NULL,            -- JSON, as package watch writes it
  at         INTEGER NOT NULL,
  UNIQUE (subject, other)
);
CREATE INDEX watch_link_case ON watch_link (case_id, seq);
CREATE INDEX watch_link_at ON watch_link (at);
CREATE INDEX watch_link_other ON watch_link (other_case, seq) WHERE other_case IS NOT NULL;

-- Confirmed hits that are owed to their warners, or were reported.
CREATE TABLE watch_report (
  hit       TEXT PRIMARY KEY,
  case_id   BLOB NOT NULL,
  subject   TEXT NOT NULL,
  confirmed INTEGER NOT NULL,
  due       INTEGER NOT NULL,          -- 0: it is not owed
  statement BLOB                       -- that told the warner; NULL: not yet
) WITHOUT ROWID;
CREATE INDEX watch_report_owed ON watch_report (due) WHERE statement IS NULL;

-- +goose Down
DROP TABLE watch_report;
DROP TABLE watch_link;
DROP TABLE watches;
