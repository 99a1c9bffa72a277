-- +goose Up

-- Partners without heed, every version that was signed. The newest of a name counts.
CREATE TABLE contact (
  version BLOB PRIMARY KEY,            -- SHA-256 of the signed text
  name    TEXT NOT NULL,
  serial  INTEGER NOT NULL,
  note    BLOB NOT NULL,
  UNIQUE (name, serial)
) WITHOUT ROWID;

-- What was put on record of one-sided cases. They are no cases, and stand in
-- tables of their own, so that nothing can take them for such.
CREATE TABLE entry (
  seq     INTEGER PRIMARY KEY,         -- the order in which they were kept
  id      BLOB NOT NULL UNIQUE,
  case_id BLOB NOT NULL,
  note    BLOB NOT NULL,
  tag_key BLOB NOT NULL
);
CREATE INDEX entry_case ON entry (case_id, seq);

CREATE TABLE one_sided (
  id      BLOB PRIMARY KEY,
  code    TEXT NOT NULL,
  contact TEXT NOT NULL,
  warned  TEXT NOT NULL,
  urgency TEXT NOT NULL,
  status  TEXT NOT NULL,
  stage   TEXT NOT NULL,
  opened  INTEGER NOT NULL,
  changed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX one_sided_code ON one_sided (code);
CREATE INDEX one_sided_changed ON one_sided (changed);

-- The replies that are or were owed, derived from the entries; told alone is state.
CREATE TABLE one_sided_duty (
  case_id   BLOB NOT NULL REFERENCES one_sided (id),
  kind      TEXT NOT NULL,
  owed_by   TEXT NOT NULL,
  from_id   BLOB NOT NULL,
  due       INTEGER NOT NULL,
  discharge BLOB,
  at        INTEGER NOT NULL,
  refused   INTEGER NOT NULL,
  ended     BLOB,
  reminded  INTEGER NOT NULL,
  told      INTEGER NOT NULL,
  next      INTEGER NOT NULL,          -- 0: never
  open      INTEGER NOT NULL,
  PRIMARY KEY (case_id, kind)
) WITHOUT ROWID;
CREATE INDEX one_sided_open ON one_sided_duty (due) WHERE open = 1;
CREATE INDEX one_sided_next ON one_sided_duty (next) WHERE open = 1 AND next > 0;

-- Whom to tell, and what to mail. Rows stay, so that nothing is queued twice.
CREATE TABLE one_sided_task (
  seq      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  case_id  BLOB NOT NULL,
  kind     TEXT NOT NULL,
  duty     TEXT NOT NULL,
  due      INTEGER NOT NULL,
  level    INTEGER NOT NULL,
  sort     TEXT NOT NULL,
  entry    BLOB,
  officer  TEXT NOT NULL,
  created  INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at  INTEGER NOT NULL,
  trouble  TEXT NOT NULL,
  waiting  INTEGER NOT NULL,
  done     INTEGER NOT NULL            -- 0: it was not
);
CREATE INDEX one_sided_waiting ON one_sided_task (next_at) WHERE waiting = 1;

-- +goose Down
DROP TABLE one_sided_task;
DROP TABLE one_sided_duty;
DROP TABLE one_sided;
DROP TABLE entry;
DROP TABLE contact;
