-- The documents of every policy version that a case was made under. version is the policy's digest.
CREATE TABLE policy_versions (
  id         BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  version    TEXT   NOT NULL UNIQUE,
  policy     TEXT   NOT NULL,
  who        TEXT   NOT NULL,
  what       TEXT   NOT NULL,
  rules      TEXT   NOT NULL,
  first_seen BIGINT NOT NULL -- Unix milliseconds
);

-- The cases. id holds when the case was stored: (Unix milliseconds since 2020) << 20 and a sequence, so the order of
-- ids is the order of time. The code says the mode and whether a person edited the case; the version says the policy.
-- who, what and verdict are JSON as it was given, byte for byte, which JSONB would not keep; hits is
-- decision/rule, joined by spaces. request_key is a hash of the sender's idempotency key.
CREATE TABLE cases (
  id          BIGINT PRIMARY KEY,
  version     BIGINT NOT NULL REFERENCES policy_versions (id),
  code        TEXT   NOT NULL COLLATE "C",
  outcome     TEXT   NOT NULL,
  who         TEXT   NOT NULL,
  what        TEXT   NOT NULL,
  verdict     TEXT   NOT NULL,
  hits        TEXT   NOT NULL,
  request_key TEXT COLLATE "C"
);
CREATE UNIQUE INDEX cases_code ON cases (code, version);
CREATE UNIQUE INDEX cases_request_key ON cases (request_key) WHERE request_key IS NOT NULL;

-- The inverted index of the filters: which cases have a term. A term is a hash of the policy and of what is looked for.
-- Pages read the index alone as long as vacuum has seen the table's pages, so it comes often.
CREATE TABLE case_terms (
  term    BIGINT NOT NULL,
  case_id BIGINT NOT NULL,
  PRIMARY KEY (term, case_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);

-- How many cases a version has: in all (kind total, key empty), by outcome, by rule (decision/rule). Every save updates
-- a few of its rows, within their pages.
CREATE TABLE tallies (
  version BIGINT NOT NULL REFERENCES policy_versions (id),
  kind    TEXT   NOT NULL COLLATE "C",
  key     TEXT   NOT NULL COLLATE "C",
  n       BIGINT NOT NULL,
  PRIMARY KEY (version, kind, key)
) WITH (fillfactor = 20);
