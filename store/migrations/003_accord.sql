-- +goose Up

-- Accords of which a version or an act is held.
CREATE TABLE accord (
  key INTEGER PRIMARY KEY,             -- the order in which they came
  id  BLOB NOT NULL UNIQUE
);
CREATE TABLE accord_version (
  seq    INTEGER PRIMARY KEY,          -- the order in which they were kept
  id     BLOB NOT NULL UNIQUE,
  accord INTEGER NOT NULL REFERENCES accord (key),
  number INTEGER NOT NULL,
  note   BLOB NOT NULL
);
CREATE INDEX accord_version_number ON accord_version (accord, number, id);
CREATE TABLE accord_act (
  seq    INTEGER PRIMARY KEY,          -- the order in which they were kept
  id     BLOB NOT NULL UNIQUE,
  accord INTEGER NOT NULL REFERENCES accord (key),
  note   BLOB NOT NULL
);
CREATE INDEX accord_act_accord ON accord_act (accord, seq);

-- The accord that the opening names; NULL: none, or the opening is missing.
ALTER TABLE cases ADD COLUMN accord BLOB;
CREATE INDEX cases_accord ON cases (accord, key) WHERE accord IS NOT NULL;

-- Cards that came with a proposal: who proposed, and which accord.
ALTER TABLE peer ADD COLUMN introducer TEXT NOT NULL DEFAULT '';
ALTER TABLE peer ADD COLUMN via BLOB;
ALTER TABLE peer ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;

-- What an officer has drafted for another to release.
CREATE TABLE draft (
  key      INTEGER PRIMARY KEY,
  code     TEXT NOT NULL UNIQUE,
  kind     TEXT NOT NULL,
  officer  TEXT NOT NULL,
  at       INTEGER NOT NULL,
  parties  TEXT NOT NULL,              -- to whom, separated by commas
  accord   BLOB,
  version  BLOB,
  document BLOB NOT NULL,
  released BLOB,                       -- NULL: not yet
  dropped  INTEGER NOT NULL
);
CREATE INDEX draft_open ON draft (at, key) WHERE released IS NULL AND dropped = 0;
-- The contents themselves are in the table content.
CREATE TABLE draft_content (
  draft  INTEGER NOT NULL REFERENCES draft (key),
  place  INTEGER NOT NULL,             -- the order within the draft
  digest BLOB NOT NULL,
  size   INTEGER NOT NULL,
  media  TEXT NOT NULL,
  name   TEXT NOT NULL,
  PRIMARY KEY (draft, place)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE draft_content;
DROP TABLE draft;
ALTER TABLE peer DROP COLUMN pending;
ALTER TABLE peer DROP COLUMN via;
ALTER TABLE peer DROP COLUMN introducer;
DROP INDEX cases_accord;
ALTER TABLE cases DROP COLUMN accord;
DROP TABLE accord_act;
DROP TABLE accord_version;
DROP TABLE accord;
