-- +goose Up

-- When the subject of a hit went off watch before anybody had decided, and why; 0:
-- it did not. Nobody owes a review of it any more.
ALTER TABLE hit ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hit ADD COLUMN why TEXT NOT NULL DEFAULT '';
CREATE INDEX hit_open_case ON hit (case_id, id) WHERE open = 1 AND case_id IS NOT NULL;
CREATE INDEX hit_open_list ON hit (list, id) WHERE open = 1 AND case_id IS NULL;
CREATE INDEX hit_ended ON hit (ended) WHERE ended > 0;

-- The erasure of a case says when what its hits say is erased, so that nobody has
-- to look for such hits: those of cases that were erased before are due at once.
UPDATE hit SET erase = 1 WHERE sealed IS NOT NULL AND case_id IN (SELECT id FROM cases WHERE erased IS NOT NULL);

-- What a report says of a hit: empty, that it is of the subject; else why the report
-- that it withdraws does not hold any more.
ALTER TABLE watch_report ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE watch_report ADD COLUMN withdraws BLOB;

-- +goose Down
ALTER TABLE watch_report DROP COLUMN withdraws;
ALTER TABLE watch_report DROP COLUMN verdict;
DROP INDEX hit_ended;
DROP INDEX hit_open_list;
DROP INDEX hit_open_case;
ALTER TABLE hit DROP COLUMN why;
ALTER TABLE hit DROP COLUMN ended;
