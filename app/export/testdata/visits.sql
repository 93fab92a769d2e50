/*!50000 SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES') */;
CREATE TABLE IF NOT EXISTS "clinic-visits" (
  "code" VARCHAR(40) NOT NULL,
  "mode" VARCHAR(10) NOT NULL,
  "version" VARCHAR(64) NOT NULL,
  "patient.name" TEXT,
  "patient.born" DATE,
  "patient.smoker" BOOLEAN,
  "visit.temperature" DOUBLE PRECISION,
  "visit.balance" BIGINT,
  "advice.urgency" TEXT,
  "advice.steps" TEXT,
  "outcome" TEXT NOT NULL,
  "rules" TEXT NOT NULL,
  PRIMARY KEY ("version", "code")
);
INSERT INTO "clinic-visits" ("code", "mode", "version", "patient.name", "patient.born", "patient.smoker", "visit.temperature", "visit.balance", "advice.urgency", "advice.steps", "outcome", "rules") VALUES ('00000001-00000002', 'random', '5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e', 'Ada Brook', '1969-12-31', false, -36.6, -1250, 'high', 'rest; drink, a lot', 'high', 'urgency/fever steps/rest');
INSERT INTO "clinic-visits" ("code", "mode", "version", "patient.name", "patient.born", "patient.smoker", "visit.temperature", "visit.balance", "advice.urgency", "advice.steps", "outcome", "rules") VALUES ('00000002-00000003-BEE4W0Q2ZT', 'boundary', '5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e', 'O''Neil, "Jo" | back\slash', '1969-12-31', true, -36.6, -1250, 'high', 'rest; drink, a lot', 'high', 'urgency/fever steps/rest');
INSERT INTO "clinic-visits" ("code", "mode", "version", "patient.name", "patient.born", "patient.smoker", "visit.temperature", "visit.balance", "advice.urgency", "advice.steps", "outcome", "rules") VALUES ('00000003-00000004', 'random', '0101010101010101010101010101010101010101010101010101010101010101', '=1+1
second line', NULL, true, -36.6, -1250, 'high', 'rest; drink, a lot', 'high', '');
INSERT INTO "clinic-visits" ("code", "mode", "version", "patient.name", "patient.born", "patient.smoker", "visit.temperature", "visit.balance", "advice.urgency", "advice.steps", "outcome", "rules") VALUES ('00000004-00000005', 'random', '5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e', NULL, '1969-12-31', true, -36.6, -1250, 'high', 'rest; drink, a lot', 'high', 'urgency/fever steps/rest');
