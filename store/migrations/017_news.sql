-- +goose Up

-- What a notice tells that nobody owes a reply to: empty where it is of a duty.
ALTER TABLE notice ADD COLUMN news TEXT NOT NULL DEFAULT '';
-- What waited to be told in the words of a duty, of what the party that watches for us has said.
UPDATE notice SET news = CASE duty WHEN 'decide' THEN 'lapse-announced' ELSE 'hit-reported' END, duty = '', owed_by = ''
  WHERE waiting = 1 AND level = 0 AND owed_by <> party AND duty IN ('decide', 'report');
CREATE INDEX notice_news ON notice (created, seq) WHERE news <> '';

-- +goose Down
DROP INDEX notice_news;
ALTER TABLE notice DROP COLUMN news;
