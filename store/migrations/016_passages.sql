-- +goose Up

-- How often a review was owed anew of a hit that was found to be the same person:
-- the warner is told of each passage by itself.
ALTER TABLE hit ADD COLUMN passage INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hit DROP COLUMN passage;
