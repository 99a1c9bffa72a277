-- +goose Up

-- Which cases a content belongs to: it goes with the last of them.
CREATE TABLE content_case (
  digest   BLOB NOT NULL,
  case_key INTEGER NOT NULL,
  PRIMARY KEY (digest, case_key)
) WITHOUT ROWID;
WITH RECURSIVE named (case_key, digest, rest) AS (
  SELECT case_key, NULL, note FROM statement
  UNION ALL
  -- Behind each line feed and "content: " stands a digest.
  SELECT case_key, substr(rest, instr(rest, x'0a636f6e74656e743a20') + 10, 64), substr(rest, instr(rest, x'0a636f6e74656e743a20') + 10)
  FROM named WHERE instr(rest, x'0a636f6e74656e743a20') > 0
)
INSERT INTO content_case (digest, case_key) SELECT DISTINCT unhex(CAST(digest AS TEXT)), case_key FROM named WHERE digest IS NOT NULL;

-- The accord under which a case was opened; NULL: none, or it is about one.
ALTER TABLE cases ADD COLUMN under BLOB;
-- When its contents were erased; NULL: they were not.
ALTER TABLE cases ADD COLUMN erased INTEGER;
UPDATE cases SET under = accord WHERE accord IS NOT NULL
  AND EXISTS (SELECT 1 FROM statement WHERE statement.id = cases.id AND instr(note, x'0a6b696e643a206163636f72642d') = 0); -- "kind: accord-"
CREATE INDEX cases_unerased ON cases (under, key) WHERE under IS NOT NULL AND erased IS NULL;

CREATE INDEX draft_accord ON draft (accord, key) WHERE accord IS NOT NULL AND released IS NULL;

-- +goose Down
DROP INDEX draft_accord;
DROP INDEX cases_unerased;
ALTER TABLE cases DROP COLUMN erased;
ALTER TABLE cases DROP COLUMN under;
DROP TABLE content_case;
