-- Runs: bulk generations, whose cases are made again from seed, mode and number rather than stored. id is a time and a sequence, as
-- a case's is. code is the run's name. The first done of its size cases are counted. Who works on a run has it until lease
-- (Unix milliseconds), so that another takes over where that one is killed. ended (Unix milliseconds) is 0 while it goes on;
-- trouble says why it does not, or why it ended early.
CREATE TABLE runs (
  id      BIGINT PRIMARY KEY,
  version BIGINT NOT NULL REFERENCES policy_versions (id),
  code    TEXT NOT NULL COLLATE "C",
  size    BIGINT NOT NULL,
  done    BIGINT NOT NULL,
  lease   BIGINT NOT NULL,
  ended   BIGINT NOT NULL,
  trouble TEXT NOT NULL,
  UNIQUE (version, code)
);
CREATE INDEX runs_open ON runs (lease, id) WHERE ended = 0;

-- How many of a run's cases came to an outcome, and in how many a rule (decision/rule) hit.
CREATE TABLE run_tallies (
  run  BIGINT NOT NULL REFERENCES runs (id),
  kind TEXT NOT NULL COLLATE "C",
  key  TEXT NOT NULL COLLATE "C",
  n    BIGINT NOT NULL,
  PRIMARY KEY (run, kind, key)
) WITH (fillfactor = 20);
