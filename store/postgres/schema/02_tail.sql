-- What stands beside the table. Nothing here locks it.

-- One row. timezone: the zone in which expire is written, where that column has
-- none. backfilled: when user_id and handle of the rows that were there before
-- had been filled in. generation, polled, recording: for copies kept elsewhere; a
-- new generation makes all of them worthless, and changes are only recorded while
-- somebody polls: those of every transaction from recording on are.
CREATE TABLE IF NOT EXISTS {{state}} (
  one        boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  schema     integer     NOT NULL DEFAULT 0,
  timezone   text        NOT NULL DEFAULT current_setting('TimeZone'),
  backfilled timestamptz,
  generation bigint      NOT NULL DEFAULT 1,
  polled     timestamptz NOT NULL DEFAULT '-infinity',
  recording  xid8
) WITH (fillfactor = 20);
INSERT INTO {{state}} DEFAULT VALUES ON CONFLICT DO NOTHING;

-- Ids that must never come back. An Express request that was under way while its
-- session was ended saves it again when it is done; the guard looks here. Kept a
-- day. A NULL xid is never polled: its generation ended.
CREATE TABLE IF NOT EXISTS {{dead}} (
  sid    varchar     NOT NULL PRIMARY KEY,
  handle text,
  xid    xid8                 DEFAULT pg_current_xact_id(),
  at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  again  integer     NOT NULL DEFAULT 0 -- how often the guard undid an insert
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX IF NOT EXISTS {{dead_xid}} ON {{dead}} (xid) WHERE xid IS NOT NULL;

-- New versions: a copy of an older one is stale. Kept for minutes. The key is
-- what is polled by, and folds the writes of one transaction into one row.
CREATE TABLE IF NOT EXISTS {{change}} (
  xid     xid8    NOT NULL DEFAULT pg_current_xact_id(),
  sid     varchar NOT NULL,
  handle  text,
  version bigint  NOT NULL,
  PRIMARY KEY (xid, sid)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

-- Users whose sessions were all revoked; '' is everybody. A login that began
-- before looks here before it is stored. Kept a day.
CREATE TABLE IF NOT EXISTS {{revocation}} (
  xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
  user_id text        NOT NULL,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, xid)
);

-- Work that one node does for all, and how its last run went. snapshot, seen:
-- what the run saw of other transactions, and when; the next one may remove from
-- the tail what was visible then.
CREATE TABLE IF NOT EXISTS {{job}} (
  name     text        NOT NULL PRIMARY KEY,
  holder   text        NOT NULL,
  until    timestamptz NOT NULL,
  started  timestamptz NOT NULL,
  finished timestamptz,
  deleted  bigint      NOT NULL DEFAULT 0,
  snapshot pg_snapshot,
  seen     timestamptz
);

REVOKE ALL ON {{state}}, {{dead}}, {{change}}, {{revocation}}, {{job}} FROM PUBLIC;
