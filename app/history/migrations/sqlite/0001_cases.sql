-- The documents of every policy version that a case was made under. version is the policy's digest.
CREATE TABLE policy_versions (
  id         INTEGER PRIMARY KEY,
  version    TEXT    NOT NULL UNIQUE,
  policy     TEXT    NOT NULL,
  who        TEXT    NOT NULL,
  what       TEXT    NOT NULL,
  rules      TEXT    NOT NULL,
  first_seen INTEGER NOT NULL -- Unix milliseconds
) STRICT;

-- The cases. id holds when the case was stored: (Unix milliseconds since 2020) << 20 and a sequence, so the order of
-- ids is the order of time. The code says the mode and whether a person edited the case; the version says the policy.
-- who, what and verdict are JSON as it was given, byte for byte; hits is decision/rule, joined by spaces. request_key is
-- a hash of the sender's idempotency key.
CREATE TABLE cases (
  id          INTEGER PRIMARY KEY,
  version     INTEGER NOT NULL REFERENCES policy_versions (id),
  code        TEXT    NOT NULL,
  outcome     TEXT    NOT NULL,
  who         TEXT    NOT NULL,
  what        TEXT    NOT NULL,
  verdict     TEXT    NOT NULL,
  hits        TEXT    NOT NULL,
  request_key TEXT
) STRICT;
CREATE UNIQUE INDEX cases_code ON cases (code, version);
CREATE UNIQUE INDEX cases_request_key ON cases (request_key) WHERE request_key IS NOT NULL;

-- The inverted index of the filters: which cases have a term. A term is a hash of the policy and of what is looked for.
CREATE TABLE case_terms (
  term    INTEGER NOT NULL,
  case_id INTEGER NOT NULL,
  PRIMARY KEY (term, case_id)
) STRICT, WITHOUT ROWID;

-- How many cases a version has: in all (kind total, key empty), by outcome, by rule (decision/rule).
CREATE TABLE tallies (
  version INTEGER NOT NULL REFERENCES policy_versions (id),
  kind    TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  n       INTEGER NOT NULL,
  PRIMARY KEY (version, kind, key)
) STRICT, WITHOUT ROWID;
