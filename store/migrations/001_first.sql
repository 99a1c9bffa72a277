-- +goose Up
-- Times are milliseconds since 1970 in UTC, 0 where there is none.

CREATE TABLE cases (
  key     INTEGER PRIMARY KEY,
  id      BLOB NOT NULL UNIQUE,
  code    TEXT,                        -- NULL while the opening statement is missing
  drops   INTEGER NOT NULL DEFAULT 0,  -- counts Drop, for caches

  -- the row in lists; NULL until the first PutIndex
  listed_code TEXT,
  peer    TEXT,
  ours    INTEGER,
  urgency TEXT,
  status  TEXT,
  stage   TEXT,
  opened  INTEGER,
  changed INTEGER,
  -- the earliest duty.next of the case's open duties; NULL where none rises
  wake    INTEGER
);
CREATE INDEX cases_stray ON cases (key) WHERE code IS NULL;
CREATE INDEX cases_code ON cases (code) WHERE code IS NOT NULL;
CREATE INDEX cases_changed ON cases (changed) WHERE changed IS NOT NULL;
CREATE INDEX cases_wake ON cases (wake) WHERE wake IS NOT NULL;

CREATE TABLE statement (
  seq      INTEGER PRIMARY KEY,        -- the order in which statements were kept
  id       BLOB NOT NULL UNIQUE,
  case_key INTEGER NOT NULL,
  note     BLOB NOT NULL,
  tag_key  BLOB,                       -- NULL for a receipt
  arrived  INTEGER NOT NULL,
  dropped  BLOB,                       -- the other node's final refusal; NULL: it stands
  asker    TEXT,                       -- author and urgency where it creates duties
  urgency  TEXT
);
CREATE INDEX statement_case ON statement (case_key, seq);
CREATE INDEX statement_demand ON statement (asker, urgency, arrived) WHERE asker IS NOT NULL;

CREATE TABLE duty (
  case_key  INTEGER NOT NULL,
  place     INTEGER NOT NULL,          -- the order within the case
  kind      TEXT NOT NULL,
  from_id   BLOB NOT NULL,
  owed_by   TEXT NOT NULL,
  owed_to   TEXT NOT NULL,
  due       INTEGER NOT NULL,
  promised  INTEGER NOT NULL,
  discharge BLOB,
  at        INTEGER NOT NULL,
  refused   INTEGER NOT NULL,
  ended     BLOB,
  level     INTEGER NOT NULL,
  expected  INTEGER NOT NULL,
  told      INTEGER NOT NULL,
  next      INTEGER NOT NULL,
  open      INTEGER NOT NULL,
  PRIMARY KEY (case_key, place)
) WITHOUT ROWID;
CREATE INDEX duty_due ON duty (due, owed_by) WHERE open = 1;

CREATE TABLE release (
  id   BLOB PRIMARY KEY,
  note BLOB NOT NULL
);

CREATE TABLE content (
  digest BLOB PRIMARY KEY,
  size   INTEGER NOT NULL,
  media  TEXT NOT NULL,
  name   TEXT NOT NULL,
  salt   BLOB NOT NULL,
  data   BLOB NOT NULL
);

CREATE TABLE taking (
  case_id BLOB PRIMARY KEY,
  officer TEXT NOT NULL,
  at      INTEGER NOT NULL
);

CREATE TABLE reading (
  seq     INTEGER PRIMARY KEY,
  case_id BLOB NOT NULL,
  officer TEXT NOT NULL,
  role    TEXT NOT NULL,
  at      INTEGER NOT NULL
);
CREATE INDEX reading_case ON reading (case_id, seq);

CREATE TABLE card (
  seq    INTEGER PRIMARY KEY,
  id     BLOB NOT NULL UNIQUE,
  party  TEXT NOT NULL,
  serial INTEGER NOT NULL,
  note   BLOB NOT NULL
);
CREATE INDEX card_serial ON card (party, serial);

CREATE TABLE self (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  card          BLOB NOT NULL,
  card_note     BLOB NOT NULL,
  roster_serial INTEGER NOT NULL,
  restored      INTEGER NOT NULL
);

CREATE TABLE peer (
  party         TEXT PRIMARY KEY,
  card          BLOB NOT NULL,
  card_note     BLOB NOT NULL,
  added         INTEGER NOT NULL,
  removed       INTEGER NOT NULL,
  head          BLOB,
  head_size     INTEGER NOT NULL,
  our_head_size INTEGER NOT NULL,
  trouble       TEXT NOT NULL,
  last_contact  INTEGER NOT NULL
);

CREATE TABLE roster (
  serial INTEGER PRIMARY KEY,
  note   BLOB NOT NULL
);
CREATE TABLE officer (
  id      TEXT PRIMARY KEY,
  roles   TEXT NOT NULL,               -- separated by commas
  key     TEXT NOT NULL,
  removed INTEGER NOT NULL
);

CREATE TABLE channel (
  key        INTEGER PRIMARY KEY,
  peer       TEXT NOT NULL,
  our_card   INTEGER NOT NULL,
  their_card INTEGER NOT NULL,
  outward    INTEGER NOT NULL,
  raised     INTEGER NOT NULL,         -- numbers up to this one count as given
  UNIQUE (peer, outward, our_card, their_card)
);
CREATE TABLE outgoing (
  channel   INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  statement BLOB NOT NULL,
  case_id   BLOB NOT NULL,
  waiting   INTEGER NOT NULL,          -- 1: in the outbox
  queued    INTEGER NOT NULL,
  attempts  INTEGER NOT NULL,
  next_at   INTEGER NOT NULL,
  trouble   TEXT NOT NULL,
  refusal   BLOB,
  PRIMARY KEY (channel, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX outgoing_waiting ON outgoing (statement) WHERE waiting = 1;
CREATE INDEX outgoing_due ON outgoing (channel, number, next_at) WHERE waiting = 1;

CREATE TABLE consumed (
  channel   INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  envelope  BLOB NOT NULL,
  statement BLOB,                      -- NULL: refused
  answer    BLOB NOT NULL,
  PRIMARY KEY (channel, number)
);
-- Ranges of numbers below the highest that were not consumed.
CREATE TABLE gap (
  channel INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  last    INTEGER NOT NULL,
  PRIMARY KEY (channel, first)
) WITHOUT ROWID;

CREATE TABLE notice (
  seq      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  case_id  BLOB NOT NULL,
  code     TEXT NOT NULL,
  party    TEXT NOT NULL,
  peer     TEXT NOT NULL,
  duty     TEXT NOT NULL,
  from_id  BLOB NOT NULL,
  owed_by  TEXT NOT NULL,
  due      INTEGER NOT NULL,
  level    INTEGER NOT NULL,
  rung     TEXT NOT NULL,              -- JSON
  ring     TEXT NOT NULL,              -- JSON
  exercise INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at  INTEGER NOT NULL,
  trouble  TEXT NOT NULL,
  waiting  INTEGER NOT NULL,           -- 1: in the queue
  told     INTEGER NOT NULL
);
CREATE INDEX notice_created ON notice (created, seq, next_at) WHERE waiting = 1;
CREATE INDEX notice_next ON notice (next_at) WHERE waiting = 1;

CREATE TABLE leaf (
  place  INTEGER PRIMARY KEY,          -- the leaf's index in the ledger
  tag    BLOB UNIQUE,                  -- the first half of a 64-byte leaf; NULL for any other
  rest   BLOB NOT NULL,                -- what follows the tag
  hashes BLOB NOT NULL                 -- the leaf's hash, then those of the subtrees that it completes, going up
);
CREATE TABLE head (
  size INTEGER PRIMARY KEY,
  note BLOB NOT NULL,
  at   INTEGER NOT NULL
);

CREATE TABLE mirror (
  key    INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE,
  size   INTEGER NOT NULL              -- leaves held
);
CREATE TABLE mirror_leaf (
  mirror INTEGER NOT NULL,
  place  INTEGER NOT NULL,
  rest   BLOB NOT NULL,                -- the whole leaf
  hashes BLOB NOT NULL,
  PRIMARY KEY (mirror, place)
) WITHOUT ROWID;
CREATE TABLE mirror_head (
  mirror INTEGER NOT NULL,
  size   INTEGER NOT NULL,
  note   BLOB NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (mirror, size)
);

-- +goose Down
DROP TABLE mirror_head;
DROP TABLE mirror_leaf;
DROP TABLE mirror;
DROP TABLE head;
DROP TABLE leaf;
DROP TABLE notice;
DROP TABLE gap;
DROP TABLE consumed;
DROP TABLE outgoing;
DROP TABLE channel;
DROP TABLE officer;
DROP TABLE roster;
DROP TABLE peer;
DROP TABLE self;
DROP TABLE card;
DROP TABLE reading;
DROP TABLE taking;
DROP TABLE content;
DROP TABLE release;
DROP TABLE duty;
DROP TABLE statement;
DROP TABLE cases;
