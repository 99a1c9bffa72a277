-- +goose Up

-- What people are told of a case although nobody owes a reply to it.
CREATE TABLE news (
  case_id BLOB PRIMARY KEY,
  body    TEXT NOT NULL,               -- JSON: what there is to tell, and what has been told
  arrived INTEGER NOT NULL,            -- the latest of it; 0: nothing
  waiting INTEGER NOT NULL,            -- 1: people are to be told
  next_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX news_arrived ON news (arrived) WHERE arrived > 0;
CREATE INDEX news_next ON news (next_at) WHERE waiting = 1;

-- Before, reports of hits and ends of a watch were told as if they were duties of the
-- other party. What was told so is told once more, in one notice for a case: which of
-- it was told is not on record.
INSERT INTO news (case_id, body, arrived, waiting, next_at)
  SELECT DISTINCT case_id, '{}', 0, 1, 0 FROM notice WHERE level = 0 AND owed_by <> party AND duty IN ('decide', 'report');
DELETE FROM notice WHERE waiting = 1 AND level = 0 AND owed_by <> party AND duty IN ('decide', 'report');

-- +goose Down
DROP TABLE news;
