-- Runs: bulk generations, whose cases are made again from seed, mode and number rather than stored. id is a time and a sequence, as
-- a case's is. code is the run's name. The first done of its size cases are counted. Who works on a run has it until lease
-- (Unix milliseconds), so that another takes over where that one is killed. ended (Unix milliseconds) is 0 while it goes on;
-- trouble says why it does not, or why it ended early.
CREATE TABLE runs (
  id      INTEGER PRIMARY KEY,
  version INTEGER NOT NULL REFERENCES policy_versions (id),
  code    TEXT NOT NULL,
  size    INTEGER NOT NULL,
  done    INTEGER NOT NULL,
  lease   INTEGER NOT NULL,
  ended   INTEGER NOT NULL,
  trouble TEXT NOT NULL,
  UNIQUE (version, code)
) STRICT;
CREATE INDEX runs_open ON runs (lease, id) WHERE ended = 0;

-- How many of a run's cases came to an outcome, and in how many a rule (decision/rule) hit.
CREATE TABLE run_tallies (
  run  INTEGER NOT NULL REFERENCES runs (id),
  kind TEXT NOT NULL,
  key  TEXT NOT NULL,
  n    INTEGER NOT NULL,
  PRIMARY KEY (run, kind, key)
) STRICT, WITHOUT ROWID;
