-- +goose Up

-- For each peer, the envelopes under former cards of ours that bring the next one.
CREATE TABLE renewal (
  peer     TEXT NOT NULL,
  card     INTEGER NOT NULL,           -- serial of our card under which it is sealed
  envelope BLOB NOT NULL,
  PRIMARY KEY (peer, card)
);

-- +goose Down
DROP TABLE renewal;
