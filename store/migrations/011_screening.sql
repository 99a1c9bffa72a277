-- +goose Up

-- Keys under which what was screened is encrypted, each sealed to the node's
-- sealing keys. A key goes when nothing under it is kept.
CREATE TABLE vault_key (
  key    INTEGER PRIMARY KEY,
  kind   TEXT NOT NULL,                -- identity, hit, record
  day    INTEGER NOT NULL,             -- since 1970; of identity: 0
  sealed BLOB NOT NULL,
  UNIQUE (kind, day)
);

-- Who has asked, when and why, and how much was looked at: counts alone.
CREATE TABLE screening (
  id       INTEGER PRIMARY KEY,
  asker    TEXT NOT NULL,              -- the officer, or the name of a token
  via      TEXT NOT NULL,
  type     TEXT NOT NULL,
  reason   TEXT NOT NULL,
  began    INTEGER NOT NULL,
  ended    INTEGER NOT NULL,           -- 0: it goes on, or was cut short
  changed  INTEGER NOT NULL,
  records  INTEGER NOT NULL,
  matched  INTEGER NOT NULL,           -- records with a hit
  hits     INTEGER NOT NULL,
  excluded INTEGER NOT NULL,           -- hits that a signed exclusion has kept back
  unread   INTEGER NOT NULL            -- records that could not be read
);
CREATE INDEX screening_open ON screening (changed) WHERE ended = 0;

-- Hits. What identifies anybody is encrypted; the rest says that there was one,
-- and stays.
CREATE TABLE hit (
  key      INTEGER PRIMARY KEY,        -- the order in which they were found
  id       BLOB NOT NULL UNIQUE,
  code     TEXT NOT NULL,
  subject  TEXT NOT NULL,
  state    BLOB NOT NULL,              -- digest of the subject as it was
  case_id  BLOB,                       -- NULL: of a list
  list     TEXT NOT NULL,
  status   TEXT NOT NULL,
  urgency  TEXT NOT NULL,
  type     TEXT NOT NULL,
  screening INTEGER NOT NULL,          -- 0: found in what was kept
  past     INTEGER NOT NULL,
  score    INTEGER NOT NULL,           -- millionths
  found    INTEGER NOT NULL,
  due      INTEGER NOT NULL,
  verdict  TEXT NOT NULL,              -- empty: none yet
  officer  TEXT NOT NULL,              -- who gave it
  decided  INTEGER NOT NULL,
  expected INTEGER NOT NULL,           -- when an undecided review is to be settled
  reported TEXT NOT NULL,              -- what became of telling the warner
  open     INTEGER NOT NULL,
  told     INTEGER NOT NULL,           -- the level up to which people were told; -1: nobody
  next     INTEGER NOT NULL,           -- when somebody is to be told next; 0: never
  attempts INTEGER NOT NULL,
  trouble  TEXT NOT NULL,
  erase    INTEGER NOT NULL,           -- when sealed is erased; 0: not settled yet
  vault    INTEGER,                    -- NULL: erased
  sealed   BLOB
);
CREATE INDEX hit_code ON hit (code);
CREATE INDEX hit_due ON hit (due) WHERE open = 1;
CREATE INDEX hit_next ON hit (next) WHERE next > 0;
CREATE INDEX hit_erase ON hit (erase) WHERE erase > 0 AND sealed IS NOT NULL;
CREATE INDEX hit_case ON hit (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX hit_vault ON hit (vault) WHERE vault IS NOT NULL;

-- Signed decisions about hits, every one.
CREATE TABLE hit_decision (
  id     BLOB PRIMARY KEY,
  hit    BLOB NOT NULL,
  at     INTEGER NOT NULL,
  note   BLOB NOT NULL,
  vault  INTEGER,                      -- of the reason; NULL: erased
  reason BLOB
) WITHOUT ROWID;
CREATE INDEX hit_decision_hit ON hit_decision (hit, at);
CREATE INDEX hit_decision_vault ON hit_decision (vault) WHERE vault IS NOT NULL;

-- Exclusions that decisions made: of a traveller, by a keyed digest, from hits on
-- a subject as long as what is said of it stays the same.
CREATE TABLE exclusion (
  decision  BLOB PRIMARY KEY,
  traveller BLOB NOT NULL,
  subject   TEXT NOT NULL,
  state     BLOB NOT NULL,
  hit       BLOB NOT NULL,
  officer   TEXT NOT NULL,
  made      INTEGER NOT NULL,
  until     INTEGER NOT NULL,
  revoked   INTEGER NOT NULL           -- 0: it was not
) WITHOUT ROWID;
CREATE INDEX exclusion_traveller ON exclusion (traveller);
CREATE INDEX exclusion_until ON exclusion (until);

-- Records that an accord has us keep, encrypted, so that a later warning finds
-- who came before it.
CREATE TABLE kept_record (
  id      BLOB PRIMARY KEY,            -- a keyed digest of the record
  type    TEXT NOT NULL,
  at      INTEGER NOT NULL,            -- when it was screened
  expires INTEGER NOT NULL,
  vault   INTEGER NOT NULL,
  sealed  BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX kept_record_expires ON kept_record (expires);
CREATE INDEX kept_record_vault ON kept_record (vault);

-- Bearer tokens, by the SHA-256 of what was printed once.
CREATE TABLE token (
  name    TEXT PRIMARY KEY,
  scope   TEXT NOT NULL,
  hash    BLOB NOT NULL UNIQUE,
  officer TEXT NOT NULL,               -- who added it
  added   INTEGER NOT NULL,
  until   INTEGER NOT NULL,            -- 0: until it is removed
  removed INTEGER NOT NULL,            -- 0: it was not
  used    INTEGER NOT NULL             -- 0: never
) WITHOUT ROWID;

-- +goose Down
DROP TABLE token;
DROP TABLE kept_record;
DROP TABLE exclusion;
DROP TABLE hit_decision;
DROP TABLE hit;
DROP TABLE screening;
DROP TABLE vault_key;
