-- +goose Up

-- A ledger of our own that has ended is held like those of others.
ALTER TABLE mirror ADD COLUMN ours INTEGER NOT NULL DEFAULT 0;
CREATE INDEX mirror_ours ON mirror (key) WHERE ours = 1;

-- The pages of each ledger's map: tag to leaf index.
CREATE TABLE map_page (
  mirror INTEGER NOT NULL,             -- 0: our own ledger
  prefix BLOB NOT NULL,                -- the tags below it begin with it
  page   BLOB NOT NULL,
  PRIMARY KEY (mirror, prefix)         -- an index of its own: pages are too large for its inner nodes
);

CREATE TABLE succession (
  seq    INTEGER PRIMARY KEY,          -- the order in which they were kept
  party  TEXT NOT NULL,
  digest BLOB NOT NULL,                -- the SHA-256 of the note
  note   BLOB NOT NULL,
  UNIQUE (party, digest)
);

CREATE TABLE witness (
  name    TEXT PRIMARY KEY,
  url     TEXT NOT NULL,
  keys    TEXT NOT NULL,               -- JSON
  mirrors INTEGER NOT NULL,
  added   INTEGER NOT NULL,
  size    INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  trouble TEXT NOT NULL
);
CREATE TABLE checkpoint (
  digest BLOB PRIMARY KEY,             -- the SHA-256 of the note
  note   BLOB NOT NULL
);

-- Heads as they were first cosigned by enough witnesses: later cosignatures
-- give later times.
CREATE TABLE witnessed (
  origin TEXT NOT NULL,
  size   INTEGER NOT NULL,
  note   BLOB NOT NULL,
  PRIMARY KEY (origin, size)
);

-- The last head of each ledger that enough had cosigned, with their latest times.
CREATE TABLE latest_witnessed (
  origin TEXT PRIMARY KEY,
  size   INTEGER NOT NULL,
  note   BLOB NOT NULL,
  at     INTEGER NOT NULL
);

-- What depositaries have taken of ours.
CREATE TABLE deposit (
  seq        INTEGER PRIMARY KEY,
  statement  BLOB NOT NULL,
  depositary TEXT NOT NULL,
  digest     BLOB NOT NULL,            -- the SHA-256 of the note
  header     BLOB NOT NULL,
  note       BLOB NOT NULL,
  at         INTEGER NOT NULL,
  UNIQUE (statement, depositary, digest)
);
-- What we hold for others, as a depositary. Parties are told by their node keys.
CREATE TABLE held (
  seq       INTEGER PRIMARY KEY,
  envelope  BLOB NOT NULL UNIQUE,
  recipient TEXT NOT NULL,
  sender    TEXT NOT NULL,
  waiting   INTEGER NOT NULL,          -- 1: not given up
  size      INTEGER NOT NULL,          -- of the bytes, also when they are given up
  at        INTEGER NOT NULL,
  asked     INTEGER NOT NULL,
  note      BLOB,
  bytes     BLOB                       -- NULL: given up
);
CREATE INDEX held_waiting ON held (recipient, seq, size) WHERE waiting = 1;
CREATE INDEX held_sender ON held (sender, recipient, waiting, size);
CREATE TABLE collected (
  depositary TEXT PRIMARY KEY,         -- its node key
  up_to      INTEGER NOT NULL
);

-- +goose Down
DROP TABLE collected;
DROP TABLE held;
DROP TABLE deposit;
DROP TABLE latest_witnessed;
DROP TABLE witnessed;
DROP TABLE checkpoint;
DROP TABLE witness;
DROP TABLE succession;
DROP TABLE map_page;
DROP INDEX mirror_ours;
ALTER TABLE mirror DROP COLUMN ours;
