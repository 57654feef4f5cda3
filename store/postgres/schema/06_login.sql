-- A login, stored: into a new row, or into the one of old_sid under a new id. It
-- waits for a revoke of that user, and a revoke waits for it: so the login is
-- there to be deleted, or it sees the revocation. before is a snapshot from when
-- the login began; what was revoked since is not visible in it. status is ok,
-- gone, conflict, exists, revoked or limit.
CREATE OR REPLACE FUNCTION {{fn_login}}(
  old_sid text, old_version bigint, new_sid text, doc json, whose text, INOUT name text,
  idle bigint, absolute bigint, before text, most integer, evict boolean,
  OUT status text, OUT new_version bigint, OUT created timestamptz, OUT expires timestamptz, OUT clock timestamptz
) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE
  born    timestamptz;
  surplus integer;
BEGIN
  clock := now();
  PERFORM pg_advisory_xact_lock_shared(hashtextextended($${{session}}$$, 1));
  PERFORM pg_advisory_xact_lock(hashtextextended($${{session}}$$ || whose, 2));
  IF EXISTS (SELECT FROM {{revocation}} WHERE user_id IN (whose, '') AND NOT pg_visible_in_snapshot(xid, before::pg_snapshot)) THEN
    status := 'revoked';
    RETURN;
  END IF;
  IF most > 0 THEN
    SELECT count(*) - most + 1 INTO surplus FROM {{session}}
      WHERE user_id = whose AND {{fn_until}}(expire) > clock AND sid IS DISTINCT FROM old_sid;
    IF surplus > 0 AND NOT evict THEN
      status := 'limit';
      RETURN;
    END IF;
  END IF;
  IF old_sid IS NULL THEN
    INSERT INTO {{session}} AS s (sid, sess, expire, version, user_id, handle, created_at)
      VALUES (new_sid, doc, {{fn_at}}(least(clock + idle * interval '1 microsecond', CASE WHEN absolute > 0 THEN clock + absolute * interval '1 microsecond' END)), 2, whose, name, clock)
      ON CONFLICT (sid) DO NOTHING
      RETURNING s.version, s.created_at, {{fn_until}}(s.expire) INTO new_version, created, expires;
    status := CASE WHEN FOUND THEN 'ok' ELSE 'exists' END;
  ELSE
    -- Another user: a login starts its own absolute lifetime.
    SELECT CASE WHEN s.user_id IS DISTINCT FROM whose THEN clock ELSE s.created_at END INTO born FROM {{session}} s
      WHERE s.sid = old_sid AND s.version = old_version AND {{fn_until}}(s.expire) > clock FOR UPDATE;
    IF NOT FOUND THEN
      status := CASE WHEN EXISTS (SELECT FROM {{session}} s WHERE s.sid = old_sid AND {{fn_until}}(s.expire) > clock)
        THEN 'conflict' ELSE 'gone' END;
      RETURN;
    END IF;
    UPDATE {{session}} s SET
        sid = new_sid, sess = doc, version = old_version + 1, user_id = whose, handle = coalesce(s.handle, name),
        created_at = born,
        expire = {{fn_at}}(least(clock + idle * interval '1 microsecond', CASE WHEN absolute > 0 THEN born + absolute * interval '1 microsecond' END))
      WHERE s.sid = old_sid
      RETURNING s.version, s.created_at, s.handle, {{fn_until}}(s.expire) INTO new_version, created, name, expires;
    status := 'ok';
  END IF;
  IF surplus > 0 AND status = 'ok' THEN -- the oldest make room
    DELETE FROM {{session}} WHERE sid IN (
      SELECT sid FROM {{session}} WHERE user_id = whose AND sid <> new_sid AND {{fn_until}}(expire) > clock
      ORDER BY created_at, sid LIMIT surplus);
  END IF;
END $fn$;

-- The end of sessions: one by its handle (and only if it is whose's, where that
-- is given), all of a user but perhaps one, or everybody's. Rows whose user
-- cannot be told count as the user's: better one login too many ended. -1: rows
-- from before the migration still wait for their user_id. A plain DELETE follows
-- a row that a rotation is just giving another id. Counted are those whose
-- lifetime was not over: the others are only out of the way.
CREATE OR REPLACE FUNCTION {{fn_revoke}}(whose text, name text, but text, everyone boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE n bigint;
BEGIN
  IF everyone THEN
    PERFORM pg_advisory_xact_lock(hashtextextended($${{session}}$$, 1));
    INSERT INTO {{revocation}} (user_id) VALUES ('');
    WITH gone AS (DELETE FROM {{session}} RETURNING expire)
      SELECT count(*) FILTER (WHERE {{fn_until}}(expire) > now()) INTO n FROM gone;
  ELSIF name IS NOT NULL THEN
    WITH gone AS (DELETE FROM {{session}} WHERE handle = name AND (whose IS NULL OR user_id = whose) RETURNING expire)
      SELECT count(*) FILTER (WHERE {{fn_until}}(expire) > now()) INTO n FROM gone;
  ELSE
    IF EXISTS (SELECT FROM {{state}} WHERE backfilled IS NULL) THEN
      RETURN -1;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended($${{session}}$$, 1));
    PERFORM pg_advisory_xact_lock(hashtextextended($${{session}}$$ || whose, 2));
    INSERT INTO {{revocation}} (user_id) VALUES (whose) ON CONFLICT DO NOTHING;
    WITH gone AS (DELETE FROM {{session}} WHERE user_id IN (whose, '') AND handle IS DISTINCT FROM but RETURNING expire)
      SELECT count(*) FILTER (WHERE {{fn_until}}(expire) > now()) INTO n FROM gone;
  END IF;
  RETURN n;
END $fn$;
