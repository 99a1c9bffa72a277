-- +goose Up

-- Exercises on a schedule. Rows stay for good, so that no name is given twice.
CREATE TABLE drill (
  key      INTEGER PRIMARY KEY,        -- the order in which they were scheduled
  name     TEXT NOT NULL UNIQUE,
  officer  TEXT NOT NULL,
  at       INTEGER NOT NULL,
  parties  TEXT NOT NULL,              -- to whom, separated by commas; empty: to all of the accord
  accord   BLOB,
  every    INTEGER NOT NULL,           -- milliseconds
  first    INTEGER NOT NULL,
  next     INTEGER NOT NULL,
  runs     INTEGER NOT NULL,
  last     INTEGER NOT NULL,           -- 0: never
  code     TEXT NOT NULL,              -- of what the last run made
  drafted  INTEGER NOT NULL,
  passed   TEXT NOT NULL,
  stopped  INTEGER NOT NULL,           -- 0: it goes on
  why      TEXT NOT NULL,
  document BLOB                        -- NULL: the built-in text
);

-- +goose Down
DROP TABLE drill;
