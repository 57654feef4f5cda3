-- A moment as expire holds it, and back. Where the column has no time zone, the
-- recorded one is pinned here, so that no session's TimeZone matters. Plain SQL
-- of one expression: the planner puts it in place, and indexes stay usable.
DO $do$
DECLARE
  zone  text;
  kind  regtype;
  shift text;
BEGIN
  SELECT timezone INTO STRICT zone FROM {{state}};
  kind := (SELECT atttypid FROM pg_attribute WHERE attrelid = $${{session}}$$::regclass AND attname = 'expire');
  IF (SELECT prorettype FROM pg_proc WHERE oid = to_regprocedure($${{fn_at}}(timestamptz)$$)) = kind THEN
    RETURN;
  END IF;
  EXECUTE $$DROP FUNCTION IF EXISTS {{fn_at}}(timestamptz), {{fn_until}}(timestamp), {{fn_until}}(timestamptz)$$;
  shift := CASE kind WHEN 'timestamptz'::regtype THEN 'SELECT $1' ELSE format('SELECT $1 AT TIME ZONE %L', zone) END;
  EXECUTE format($$CREATE FUNCTION {{fn_at}}(timestamptz) RETURNS %s LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L$$, kind, shift);
  EXECUTE format($$CREATE FUNCTION {{fn_until}}(%s) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L$$, kind, shift);
END $do$;

-- A public name for a session: 16 bytes of chance.
CREATE OR REPLACE FUNCTION {{fn_handle}}() RETURNS text LANGUAGE sql VOLATILE AS $fn$
  SELECT encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM 1 FOR 16), 'hex')
$fn$;

-- The user of a document: a string, number or boolean of at most 255 bytes, else
-- NULL; '' when it cannot be told. It runs inside Express's own statements and
-- must never raise. json takes \u0000 and halves of surrogate pairs, and every
-- look into such a document raises: so each escape is defused and the document
-- read again. No regular expression: a hostile megabyte keeps one busy for
-- minutes. An EXCEPTION block is a subtransaction, which no parallel worker may
-- begin.
CREATE OR REPLACE FUNCTION {{fn_user}}(doc json) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $fn$
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
CREATE OR REPLACE FUNCTION {{fn_foreign}}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.user_id := {{fn_user}}(NEW.sess::json);
  RETURN NEW;
END $fn$;

-- Before an update that takes expire back, by someone who left version alone: a
-- copy with the old lifetime is stale.
CREATE OR REPLACE FUNCTION {{fn_shortened}}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $fn$;

-- After every change of a version or an id, whoever made it: the tail. A changed
-- id is the end of the old one. A snapshot from before somebody polled does not
-- show that anybody does.
CREATE OR REPLACE FUNCTION {{fn_changed}}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  IF NEW.sid <> OLD.sid THEN
    INSERT INTO {{dead}} (sid, handle) VALUES (OLD.sid, OLD.handle)
      ON CONFLICT (sid) DO UPDATE SET xid = excluded.xid, at = excluded.at;
  ELSIF EXISTS (SELECT FROM {{state}} WHERE polled > now() - interval '10 minutes') OR current_setting('transaction_isolation') <> 'read committed' THEN
    INSERT INTO {{change}} (sid, handle, version) VALUES (NEW.sid, NEW.handle, NEW.version)
      ON CONFLICT (xid, sid) DO UPDATE SET version = excluded.version;
  END IF;
  RETURN NULL;
END $fn$;

-- After the deletion of a row that was alive: the id must not come back. Nothing
-- here is caught: a deletion that cannot be recorded fails.
CREATE OR REPLACE FUNCTION {{fn_deleted}}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  INSERT INTO {{dead}} (sid, handle) VALUES (OLD.sid, OLD.handle)
    ON CONFLICT (sid) DO UPDATE SET xid = excluded.xid, at = excluded.at;
  RETURN NULL;
END $fn$;

-- After an insert by someone who does not know versions: the guard. It is an
-- AFTER trigger because INSERT .. ON CONFLICT asks BEFORE triggers once, may then
-- wait for a deleter, find the row gone, and insert without asking again. When
-- this runs the row is in, so the deleter has committed, and under READ COMMITTED
-- a VOLATILE function sees what it left. Under a stricter isolation the snapshot
-- may be older; but a unique key is not bound by snapshots, and raises 40001.
CREATE OR REPLACE FUNCTION {{fn_inserted}}() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE u text;
BEGIN
  UPDATE {{dead}} SET again = again + 1 WHERE sid = NEW.sid;
  IF FOUND THEN
    DELETE FROM {{session}} WHERE sid = NEW.sid; -- nobody has seen it
    RETURN NULL;
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    INSERT INTO {{dead}} (sid) VALUES (NEW.sid) ON CONFLICT (sid) DO NOTHING;
    DELETE FROM {{dead}} WHERE sid = NEW.sid;
  END IF;
  u := {{fn_user}}(NEW.sess::json);
  IF u IS NOT NULL AND NEW.user_id IS NULL THEN
    UPDATE {{session}} SET user_id = u WHERE sid = NEW.sid;
  END IF;
  RETURN NULL;
END $fn$;

-- Before a TRUNCATE: every live id dies, and every copy with it.
CREATE OR REPLACE FUNCTION {{fn_truncated}}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
BEGIN
  INSERT INTO {{dead}} (sid, handle, xid)
    SELECT sid, handle, NULL FROM {{session}} WHERE {{fn_until}}(expire) > now() - interval '1 minute' ORDER BY sid
    ON CONFLICT (sid) DO NOTHING;
  UPDATE {{state}} SET generation = generation + 1;
  RETURN NULL;
END $fn$;

REVOKE ALL ON FUNCTION {{fn_foreign}}(), {{fn_shortened}}(), {{fn_changed}}(), {{fn_deleted}}(), {{fn_inserted}}(), {{fn_truncated}}() FROM PUBLIC;
