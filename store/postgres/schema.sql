-- The schema of the sessions in public.session. Run it as the owner of that table, with
--
--   psql -v ON_ERROR_STOP=1 -f schema.sql
--
-- again where it stopped over a lock_timeout: nothing is done twice.

-- 01_table.sql

BEGIN;
-- The table, where there is none yet: express-session's own shape, but that
-- expire knows its time zone. A table that is there is adopted as it is.
CREATE TABLE IF NOT EXISTS "public"."session" (
  sid    varchar        NOT NULL COLLATE "default",
  sess   json           NOT NULL,
  expire timestamptz(6) NOT NULL,
  CONSTRAINT "session_pkey" PRIMARY KEY (sid)
);
COMMIT;

-- 02_tail.sql

BEGIN;
-- What stands beside the table. Nothing here locks it.

-- One row. timezone: the zone in which expire is written, where that column has
-- none. backfilled: when user_id and handle of the rows that were there before
-- had been filled in. generation, polled, recording: for copies kept elsewhere; a
-- new generation makes all of them worthless, and changes are only recorded while
-- somebody polls: those of every transaction from recording on are.
CREATE TABLE IF NOT EXISTS "public"."session_state" (
  one        boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  schema     integer     NOT NULL DEFAULT 0,
  timezone   text        NOT NULL DEFAULT current_setting('TimeZone'),
  backfilled timestamptz,
  generation bigint      NOT NULL DEFAULT 1,
  polled     timestamptz NOT NULL DEFAULT '-infinity',
  recording  xid8
) WITH (fillfactor = 20);
INSERT INTO "public"."session_state" DEFAULT VALUES ON CONFLICT DO NOTHING;

-- Ids that must never come back. An Express request that was under way while its
-- session was ended saves it again when it is done; the guard looks here. Kept a
-- day. A NULL xid is never polled: its generation ended.
CREATE TABLE IF NOT EXISTS "public"."session_dead" (
  sid    varchar     NOT NULL PRIMARY KEY,
  handle text,
  xid    xid8                 DEFAULT pg_current_xact_id(),
  at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  again  integer     NOT NULL DEFAULT 0 -- how often the guard undid an insert
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX IF NOT EXISTS "session_dead_xid_idx" ON "public"."session_dead" (xid) WHERE xid IS NOT NULL;

-- New versions: a copy of an older one is stale. Kept for minutes. The key is
-- what is polled by, and folds the writes of one transaction into one row.
CREATE TABLE IF NOT EXISTS "public"."session_change" (
  xid     xid8    NOT NULL DEFAULT pg_current_xact_id(),
  sid     varchar NOT NULL,
  handle  text,
  version bigint  NOT NULL,
  PRIMARY KEY (xid, sid)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

-- Users whose sessions were all revoked; '' is everybody. A login that began
-- before looks here before it is stored. Kept a day.
CREATE TABLE IF NOT EXISTS "public"."session_revocation" (
  xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
  user_id text        NOT NULL,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, xid)
);

-- Work that one node does for all, and how its last run went. snapshot, seen:
-- what the run saw of other transactions, and when; the next one may remove from
-- the tail what was visible then.
CREATE TABLE IF NOT EXISTS "public"."session_job" (
  name     text        NOT NULL PRIMARY KEY,
  holder   text        NOT NULL,
  until    timestamptz NOT NULL,
  started  timestamptz NOT NULL,
  finished timestamptz,
  deleted  bigint      NOT NULL DEFAULT 0,
  snapshot pg_snapshot,
  seen     timestamptz
);

REVOKE ALL ON "public"."session_state", "public"."session_dead", "public"."session_change", "public"."session_revocation", "public"."session_job" FROM PUBLIC;
COMMIT;

-- 03_functions.sql

BEGIN;
-- A moment as expire holds it, and back. Where the column has no time zone, the
-- recorded one is pinned here, so that no session's TimeZone matters. Plain SQL
-- of one expression: the planner puts it in place, and indexes stay usable.
DO $do$
DECLARE
  zone  text;
  kind  regtype;
  shift text;
BEGIN
  SELECT timezone INTO STRICT zone FROM "public"."session_state";
  kind := (SELECT atttypid FROM pg_attribute WHERE attrelid = $$"public"."session"$$::regclass AND attname = 'expire');
  IF (SELECT prorettype FROM pg_proc WHERE oid = to_regprocedure($$"public"."session_at"(timestamptz)$$)) = kind THEN
    RETURN;
  END IF;
  EXECUTE $$DROP FUNCTION IF EXISTS "public"."session_at"(timestamptz), "public"."session_until"(timestamp), "public"."session_until"(timestamptz)$$;
  shift := CASE kind WHEN 'timestamptz'::regtype THEN 'SELECT $1' ELSE format('SELECT $1 AT TIME ZONE %L', zone) END;
  EXECUTE format($$CREATE FUNCTION "public"."session_at"(timestamptz) RETURNS %s LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L$$, kind, shift);
  EXECUTE format($$CREATE FUNCTION "public"."session_until"(%s) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L$$, kind, shift);
END $do$;

-- A public name for a session: 16 bytes of chance.
CREATE OR REPLACE FUNCTION "public"."session_handle"() RETURNS text LANGUAGE sql VOLATILE AS $fn$
  SELECT encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM 1 FOR 16), 'hex')
$fn$;

-- The user of a document: a string, number or boolean of at most 255 bytes, else
-- NULL; '' when it cannot be told. It runs inside Express's own statements and
-- must never raise. json takes \u0000 and halves of surrogate pairs, and every
-- look into such a document raises: so each escape is defused and the document
-- read again. No regular expression: a hostile megabyte keeps one busy for
-- minutes. An EXCEPTION block is a subtransaction, which no parallel worker may
-- begin.
CREATE OR REPLACE FUNCTION "public"."session_user"(doc json) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $fn$
DECLARE
  u     json;
  plain text;
BEGIN
  IF strpos(doc::text, 'passport') = 0 THEN
    RETURN NULL; -- nobody, and no need to parse
  END IF;
  BEGIN
    IF json_typeof(doc) = 'string' THEN
      doc := (doc #>> '{}')::json; -- encoded twice: express-session reads through
    END IF;
    u := doc -> 'passport' -> 'user';
  EXCEPTION WHEN OTHERS THEN
    u := replace(replace(doc::text, chr(92) || chr(92), chr(127)), chr(92) || 'u', chr(127))::json -> 'passport' -> 'user';
  END;
  IF u IS NULL OR json_typeof(u) IN ('null', 'object', 'array') OR u::text = 'false' THEN
    RETURN NULL;
  END IF;
  plain := u #>> '{}';
  IF strpos(plain, chr(127)) > 0 THEN
    RETURN '';
  END IF;
  IF octet_length(plain) > 255 THEN
    RETURN NULL;
  END IF;
  RETURN nullif(plain, '');
EXCEPTION WHEN OTHERS THEN
  RETURN '';
END $fn$;

-- Before an update of the document by someone who left version alone, as Express
-- does: move the version on, and say whose it is.
CREATE OR REPLACE FUNCTION "public"."session_foreign"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.user_id := "public"."session_user"(NEW.sess::json);
  RETURN NEW;
END $fn$;

-- Before an update that takes expire back, by someone who left version alone: a
-- copy with the old lifetime is stale.
CREATE OR REPLACE FUNCTION "public"."session_shortened"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $fn$;

-- After every change of a version or an id, whoever made it: the tail. A changed
-- id is the end of the old one. A snapshot from before somebody polled does not
-- show that anybody does.
CREATE OR REPLACE FUNCTION "public"."session_changed"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  IF NEW.sid <> OLD.sid THEN
    INSERT INTO "public"."session_dead" (sid, handle) VALUES (OLD.sid, OLD.handle)
      ON CONFLICT (sid) DO UPDATE SET xid = excluded.xid, at = excluded.at;
  ELSIF EXISTS (SELECT FROM "public"."session_state" WHERE polled > now() - interval '10 minutes') OR current_setting('transaction_isolation') <> 'read committed' THEN
    INSERT INTO "public"."session_change" (sid, handle, version) VALUES (NEW.sid, NEW.handle, NEW.version)
      ON CONFLICT (xid, sid) DO UPDATE SET version = excluded.version;
  END IF;
  RETURN NULL;
END $fn$;

-- After the deletion of a row that was alive: the id must not come back. Nothing
-- here is caught: a deletion that cannot be recorded fails.
CREATE OR REPLACE FUNCTION "public"."session_deleted"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  INSERT INTO "public"."session_dead" (sid, handle) VALUES (OLD.sid, OLD.handle)
    ON CONFLICT (sid) DO UPDATE SET xid = excluded.xid, at = excluded.at;
  RETURN NULL;
END $fn$;

-- After an insert by someone who does not know versions: the guard. It is an
-- AFTER trigger because INSERT .. ON CONFLICT asks BEFORE triggers once, may then
-- wait for a deleter, find the row gone, and insert without asking again. When
-- this runs the row is in, so the deleter has committed, and under READ COMMITTED
-- a VOLATILE function sees what it left. Under a stricter isolation the snapshot
-- may be older; but a unique key is not bound by snapshots, and raises 40001.
CREATE OR REPLACE FUNCTION "public"."session_inserted"() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE u text;
BEGIN
  UPDATE "public"."session_dead" SET again = again + 1 WHERE sid = NEW.sid;
  IF FOUND THEN
    DELETE FROM "public"."session" WHERE sid = NEW.sid; -- nobody has seen it
    RETURN NULL;
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    INSERT INTO "public"."session_dead" (sid) VALUES (NEW.sid) ON CONFLICT (sid) DO NOTHING;
    DELETE FROM "public"."session_dead" WHERE sid = NEW.sid;
  END IF;
  u := "public"."session_user"(NEW.sess::json);
  IF u IS NOT NULL AND NEW.user_id IS NULL THEN
    UPDATE "public"."session" SET user_id = u WHERE sid = NEW.sid;
  END IF;
  RETURN NULL;
END $fn$;

-- Before a TRUNCATE: every live id dies, and every copy with it.
CREATE OR REPLACE FUNCTION "public"."session_truncated"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  INSERT INTO "public"."session_dead" (sid, handle, xid)
    SELECT sid, handle, NULL FROM "public"."session" WHERE "public"."session_until"(expire) > now() - interval '1 minute' ORDER BY sid
    ON CONFLICT (sid) DO NOTHING;
  UPDATE "public"."session_state" SET generation = generation + 1;
  RETURN NULL;
END $fn$;

REVOKE ALL ON FUNCTION "public"."session_foreign"(), "public"."session_shortened"(), "public"."session_changed"(), "public"."session_deleted"(), "public"."session_inserted"(), "public"."session_truncated"() FROM PUBLIC;
COMMIT;

-- 04_columns.sql

BEGIN;
-- The only step that locks the table: catalogue changes, no rewrite, some
-- milliseconds. A waiting ALTER stops every query behind it, so it waits for a
-- tenth of a second at most; migrate tries again after a pause.
-- Version 1 is "inserted by someone who does not know versions"; ours begin at 2.
-- now(), never clock_timestamp(): that would rewrite the table.
SET LOCAL lock_timeout = '100ms';
SET LOCAL statement_timeout = '5s';
ALTER TABLE "public"."session"
  ADD COLUMN IF NOT EXISTS version    bigint      NOT NULL DEFAULT 1,
  ADD COLUMN IF NOT EXISTS user_id    text,
  ADD COLUMN IF NOT EXISTS handle     text,
  ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE "public"."session" ALTER COLUMN handle SET DEFAULT "public"."session_handle"();
CREATE OR REPLACE TRIGGER echosession_foreign BEFORE UPDATE OF sess ON "public"."session" FOR EACH ROW
  WHEN (NEW.version = OLD.version) EXECUTE FUNCTION "public"."session_foreign"();
CREATE OR REPLACE TRIGGER echosession_shortened BEFORE UPDATE OF expire ON "public"."session" FOR EACH ROW
  WHEN (NEW.version = OLD.version AND NEW.expire < OLD.expire - interval '1 minute') EXECUTE FUNCTION "public"."session_shortened"();
CREATE OR REPLACE TRIGGER echosession_changed AFTER UPDATE ON "public"."session" FOR EACH ROW
  WHEN (NEW.version <> OLD.version OR NEW.sid <> OLD.sid) EXECUTE FUNCTION "public"."session_changed"();
CREATE OR REPLACE TRIGGER echosession_deleted AFTER DELETE ON "public"."session" FOR EACH ROW
  WHEN ("public"."session_until"(OLD.expire) > now() - interval '1 minute') EXECUTE FUNCTION "public"."session_deleted"();
CREATE OR REPLACE TRIGGER echosession_inserted AFTER INSERT ON "public"."session" FOR EACH ROW
  WHEN (NEW.version = 1) EXECUTE FUNCTION "public"."session_inserted"();
CREATE OR REPLACE TRIGGER echosession_truncated BEFORE TRUNCATE ON "public"."session" FOR EACH STATEMENT EXECUTE FUNCTION "public"."session_truncated"();
COMMIT;

-- 05_indexes.sql

-- Each by itself, outside a transaction, without a lock timeout: building one
-- concurrently waits for every older transaction, and a timeout would leave an
-- index that is not valid. The expire index bears the name the guide gives it.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "IDX_session_expire" ON "public"."session" (expire);
CREATE INDEX CONCURRENTLY IF NOT EXISTS "session_user_idx" ON "public"."session" (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "session_handle_idx" ON "public"."session" (handle) WHERE handle IS NOT NULL;

-- 06_login.sql

BEGIN;
-- A login, stored: into a new row, or into the one of old_sid under a new id. It
-- waits for a revoke of that user, and a revoke waits for it: so the login is
-- there to be deleted, or it sees the revocation. before is a snapshot from when
-- the login began; what was revoked since is not visible in it. status is ok,
-- gone, conflict, exists, revoked or limit.
CREATE OR REPLACE FUNCTION "public"."session_login"(
  old_sid text, old_version bigint, new_sid text, doc json, whose text, INOUT name text,
  idle bigint, absolute bigint, before text, most integer, evict boolean,
  OUT status text, OUT new_version bigint, OUT created timestamptz, OUT expires timestamptz, OUT clock timestamptz
) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE
  born    timestamptz;
  surplus integer;
BEGIN
  clock := now();
  PERFORM pg_advisory_xact_lock_shared(hashtextextended($$"public"."session"$$, 1));
  PERFORM pg_advisory_xact_lock(hashtextextended($$"public"."session"$$ || whose, 2));
  IF EXISTS (SELECT FROM "public"."session_revocation" WHERE user_id IN (whose, '') AND NOT pg_visible_in_snapshot(xid, before::pg_snapshot)) THEN
    status := 'revoked';
    RETURN;
  END IF;
  IF most > 0 THEN
    SELECT count(*) - most + 1 INTO surplus FROM "public"."session"
      WHERE user_id = whose AND "public"."session_until"(expire) > clock AND sid IS DISTINCT FROM old_sid;
    IF surplus > 0 AND NOT evict THEN
      status := 'limit';
      RETURN;
    END IF;
  END IF;
  IF old_sid IS NULL THEN
    INSERT INTO "public"."session" AS s (sid, sess, expire, version, user_id, handle, created_at)
      VALUES (new_sid, doc, "public"."session_at"(least(clock + idle * interval '1 microsecond', CASE WHEN absolute > 0 THEN clock + absolute * interval '1 microsecond' END)), 2, whose, name, clock)
      ON CONFLICT (sid) DO NOTHING
      RETURNING s.version, s.created_at, "public"."session_until"(s.expire) INTO new_version, created, expires;
    status := CASE WHEN FOUND THEN 'ok' ELSE 'exists' END;
  ELSE
    -- Another user: a login starts its own absolute lifetime.
    SELECT CASE WHEN s.user_id IS DISTINCT FROM whose THEN clock ELSE s.created_at END INTO born FROM "public"."session" s
      WHERE s.sid = old_sid AND s.version = old_version AND "public"."session_until"(s.expire) > clock FOR UPDATE;
    IF NOT FOUND THEN
      status := CASE WHEN EXISTS (SELECT FROM "public"."session" s WHERE s.sid = old_sid AND "public"."session_until"(s.expire) > clock)
        THEN 'conflict' ELSE 'gone' END;
      RETURN;
    END IF;
    UPDATE "public"."session" s SET
        sid = new_sid, sess = doc, version = old_version + 1, user_id = whose, handle = coalesce(s.handle, name),
        created_at = born,
        expire = "public"."session_at"(least(clock + idle * interval '1 microsecond', CASE WHEN absolute > 0 THEN born + absolute * interval '1 microsecond' END))
      WHERE s.sid = old_sid
      RETURNING s.version, s.created_at, s.handle, "public"."session_until"(s.expire) INTO new_version, created, name, expires;
    status := 'ok';
  END IF;
  IF surplus > 0 AND status = 'ok' THEN -- the oldest make room
    DELETE FROM "public"."session" WHERE sid IN (
      SELECT sid FROM "public"."session" WHERE user_id = whose AND sid <> new_sid AND "public"."session_until"(expire) > clock
      ORDER BY created_at, sid LIMIT surplus);
  END IF;
END $fn$;

-- The end of sessions: one by its handle (and only if it is whose's, where that
-- is given), all of a user but perhaps one, or everybody's. Rows whose user
-- cannot be told count as the user's: better one login too many ended. -1: rows
-- from before the migration still wait for their user_id. A plain DELETE follows
-- a row that a rotation is just giving another id. Counted are those whose
-- lifetime was not over: the others are only out of the way.
CREATE OR REPLACE FUNCTION "public"."session_revoke"(whose text, name text, but text, everyone boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE n bigint;
BEGIN
  IF everyone THEN
    PERFORM pg_advisory_xact_lock(hashtextextended($$"public"."session"$$, 1));
    INSERT INTO "public"."session_revocation" (user_id) VALUES ('');
    WITH gone AS (DELETE FROM "public"."session" RETURNING expire)
      SELECT count(*) FILTER (WHERE "public"."session_until"(expire) > now()) INTO n FROM gone;
  ELSIF name IS NOT NULL THEN
    WITH gone AS (DELETE FROM "public"."session" WHERE handle = name AND (whose IS NULL OR user_id = whose) RETURNING expire)
      SELECT count(*) FILTER (WHERE "public"."session_until"(expire) > now()) INTO n FROM gone;
  ELSE
    IF EXISTS (SELECT FROM "public"."session_state" WHERE backfilled IS NULL) THEN
      RETURN -1;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended($$"public"."session"$$, 1));
    PERFORM pg_advisory_xact_lock(hashtextextended($$"public"."session"$$ || whose, 2));
    INSERT INTO "public"."session_revocation" (user_id) VALUES (whose) ON CONFLICT DO NOTHING;
    WITH gone AS (DELETE FROM "public"."session" WHERE user_id IN (whose, '') AND handle IS DISTINCT FROM but RETURNING expire)
      SELECT count(*) FILTER (WHERE "public"."session_until"(expire) > now()) INTO n FROM gone;
  END IF;
  RETURN n;
END $fn$;
COMMIT;

-- 07_watch.sql

-- What operators ask for again and again: how often the guard undid an insert.
-- Few rows are in it, whatever is dead.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "session_dead_again_idx" ON "public"."session_dead" (again) WHERE again > 0;

-- The rows that were there before.

UPDATE "public"."session" SET user_id = coalesce(user_id, "public"."session_user"(sess::json)), handle = coalesce(handle, "public"."session_handle"())
  WHERE handle IS NULL OR user_id IS NULL AND "public"."session_user"(sess::json) IS NOT NULL;
UPDATE "public"."session_state" SET backfilled = coalesce(backfilled, now()), schema = greatest(schema, 7);
