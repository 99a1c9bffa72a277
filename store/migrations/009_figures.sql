-- +goose Up

-- Signed figures: those of both sides, and what this party has published alone.
CREATE TABLE figures (
  seq       INTEGER PRIMARY KEY,       -- the order in which they were kept
  id        BLOB NOT NULL UNIQUE,
  peer      TEXT NOT NULL,             -- the other party of the pair
  in_case   BLOB,                      -- NULL: said to nobody, published by this party alone
  statement BLOB,
  note      BLOB NOT NULL
);
CREATE INDEX figures_case ON figures (in_case, seq) WHERE in_case IS NOT NULL;
CREATE INDEX figures_peer ON figures (peer, seq);

-- +goose Down
DROP TABLE figures;
