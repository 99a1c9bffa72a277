-- +goose Up

-- Imports of watch lists. Rows stay for good: who put whom on watch, when and why.
-- The entries of one are on watch while it is the current one of its list; those
-- of the import before are removed behind it, some at a time.
CREATE TABLE list_import (
  id        INTEGER PRIMARY KEY,
  list      TEXT NOT NULL,
  state     TEXT NOT NULL,             -- staged, current, replaced, dropped, forgotten
  format    TEXT NOT NULL,
  file      TEXT NOT NULL,
  digest    BLOB,                      -- SHA-256 of the file; NULL: it was not read to its end
  officer   TEXT NOT NULL,
  role      TEXT NOT NULL,
  reason    TEXT NOT NULL,
  urgency   TEXT NOT NULL,
  threshold INTEGER NOT NULL,          -- millionths; 0: the model's
  began     INTEGER NOT NULL,
  changed   INTEGER NOT NULL,          -- when something was last done about it
  ended     INTEGER NOT NULL,          -- when it became current; 0: it did not
  entries   INTEGER NOT NULL,
  persons   INTEGER NOT NULL,
  vehicles  INTEGER NOT NULL,
  organisations INTEGER NOT NULL,
  unread    INTEGER NOT NULL,          -- entries that could not be read
  partial   INTEGER NOT NULL,          -- entries of which something was left out
  added     INTEGER NOT NULL,
  altered   INTEGER NOT NULL,
  removed   INTEGER NOT NULL
);
CREATE UNIQUE INDEX list_current ON list_import (list) WHERE state = 'current';
CREATE INDEX list_history ON list_import (list, id);

-- Subjects, as JSON without their ids and urgencies, which the import has.
CREATE TABLE list_entry (
  import  INTEGER NOT NULL,
  entry   TEXT NOT NULL,               -- the source's own number
  subject BLOB NOT NULL,
  PRIMARY KEY (import, entry)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE list_entry;
DROP TABLE list_import;
