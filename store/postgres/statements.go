package pgstore

// statements are our SQL with the table's names in it. Each parameter has its
// type written beside it, so that every execution mode of pgx sends it alike.
type statements struct {
	load, create, save, touch, rotate, delete string
	snapshot, login                           string
	sessions, revoke, walk                    string
	prune                                     string
	weigh, count, users, guessUsers, report   string
	claim, extend, release                    string
	pruneChange, pruneDead, pruneRevocation   string
	poll, heartbeat, recording                string
}

// ends is when a lifetime ends that begins anew now: $idle after now, and at
// most $absolute after born.
func ends(idle, absolute, born string) string {
	return `least(now() + ` + idle + `::bigint * interval '1 microsecond',
		CASE WHEN ` + absolute + `::bigint > 0 THEN ` + born + ` + ` + absolute + `::bigint * interval '1 microsecond' END)`
}

const returned = ` version, created_at, coalesce(handle, '') AS handle, {{fn_until}}(expire)`

// otherwise tells a conflict from a row that is gone, in the statement that
// changed nothing.
const otherwise = ` SELECT version, created_at, handle, until, now(), true FROM w
	UNION ALL
	SELECT version, created_at, '', {{fn_until}}(expire), now(), false FROM {{session}}
	WHERE sid = $1::text AND {{fn_until}}(expire) > now() AND NOT EXISTS (SELECT FROM w)`

func newStatements(o *Options) statements {
	names := o.names()
	sql := func(text string) string { return names.Replace(text) }
	return statements{
		weigh: sql(weigh), count: sql(count), users: sql(users), guessUsers: sql(guessUsers), report: sql(report),

		load: sql(`SELECT sess::text, coalesce(user_id, ''), coalesce(handle, ''), version, created_at, {{fn_until}}(expire), now()
			FROM {{session}} WHERE sid = $1::text`),

		// Version 2: written by someone who knows versions.
		create: sql(`INSERT INTO {{session}} (sid, sess, expire, version, handle, created_at)
			VALUES ($1::text, $2::text::json, {{fn_at}}(` + ends("$3", "$4", "now()") + `), 2, $5::text, now())
			ON CONFLICT (sid) DO NOTHING
			RETURNING` + returned + `, now(), true`),

		save: sql(`WITH w AS (UPDATE {{session}}
			SET sess = $2::text::json, user_id = $5::text, version = version + 1, expire = {{fn_at}}(` + ends("$3", "$4", "created_at") + `)
			WHERE sid = $1::text AND version = $6::bigint AND {{fn_until}}(expire) > now()
			RETURNING` + returned + ` AS until)` + otherwise),

		// Never backwards, but for the absolute cap.
		touch: sql(`UPDATE {{session}}
			SET expire = {{fn_at}}(least(greatest({{fn_until}}(expire), now() + $2::bigint * interval '1 microsecond'),
				CASE WHEN $3::bigint > 0 THEN created_at + $3::bigint * interval '1 microsecond' END))
			WHERE sid = $1::text AND {{fn_until}}(expire) > now()
			RETURNING` + returned + `, now(), true`),

		// An update: a delete by handle that waits for it finds the row.
		rotate: sql(`WITH w AS (UPDATE {{session}}
			SET sid = $5::text, sess = $2::text::json, user_id = NULL, handle = coalesce(handle, $6::text), version = version + 1, expire = {{fn_at}}(` + ends("$3", "$4", "created_at") + `)
			WHERE sid = $1::text AND version = $7::bigint AND {{fn_until}}(expire) > now()
			RETURNING` + returned + ` AS until)` + otherwise),

		// The id is remembered as dead also when no live row was there to make the
		// trigger do it: an Express request may still be about to save it. The
		// INSERT reads from d, or it would run first, tombstone before row, and
		// that order deadlocks with Express's plain DELETE.
		delete: sql(`WITH d AS (DELETE FROM {{session}} WHERE sid = $1::text OR handle = $2::text RETURNING sid, {{fn_until}}(expire) AS until)
			INSERT INTO {{dead}} (sid, handle) SELECT $1::text, $2::text
			WHERE NOT EXISTS (SELECT FROM d WHERE d.sid = $1::text AND until > now() - interval '1 minute')
			ON CONFLICT (sid) DO UPDATE SET xid = excluded.xid, at = excluded.at`),

		snapshot: `SELECT pg_current_snapshot()::text`,
		login: sql(`SELECT status, new_version, created, name, expires, clock FROM {{fn_login}}($1::text, $2::bigint, $3::text, $4::text::json,
			$5::text, $6::text, $7::bigint, $8::bigint, $9::text, $10::integer, $11::boolean)`),

		sessions: sql(`SELECT sess::text, user_id, coalesce(handle, ''), version, created_at, {{fn_until}}(expire), now()
			FROM {{session}} WHERE user_id = $1::text AND {{fn_until}}(expire) > now() ORDER BY created_at DESC, sid`),
		// The limit is on the rows that are looked at, so that a page ends in time
		// however few of them are wanted.
		walk: sql(`SELECT sid, wanted, CASE WHEN wanted THEN sess::text END, coalesce(user_id, ''), coalesce(handle, ''), version, created_at, until, now()
			FROM (SELECT *, {{fn_until}}(expire) AS until, starts_with(sid::text, $2::text) AND {{fn_until}}(expire) > now() AS wanted
				FROM {{session}} WHERE sid > $1::text ORDER BY sid LIMIT $3::integer) s ORDER BY sid`),
		revoke: sql(`SELECT {{fn_revoke}}($1::text, $2::text, $3::text, $4::boolean)`),

		// The lower bound is not decoration: without it each batch walks again over
		// the dead index entries of all the earlier ones.
		prune: sql(`WITH x AS MATERIALIZED (
				SELECT ctid, expire FROM {{session}} WHERE expire >= {{fn_at}}($1::timestamptz) AND expire < {{fn_at}}(now())
				ORDER BY expire LIMIT $2::integer FOR UPDATE SKIP LOCKED),
			d AS (DELETE FROM {{session}} WHERE ctid = ANY (ARRAY(SELECT ctid FROM x)) RETURNING 1)
			SELECT (SELECT count(*) FROM d), coalesce((SELECT {{fn_until}}(max(expire)) FROM x), now())`),
		// A snapshot from the future came with a dump of another cluster.
		claim: sql(`INSERT INTO {{job}} AS j (name, holder, until, started) VALUES ('prune', $1::text, now() + $2::bigint * interval '1 microsecond', now())
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until, started = excluded.started, finished = NULL, deleted = 0
			WHERE j.until < now() OR j.holder = excluded.holder
			RETURNING CASE WHEN pg_snapshot_xmax(snapshot) <= pg_snapshot_xmax(pg_current_snapshot()) THEN pg_snapshot_xmin(snapshot)::text END,
				coalesce(seen < now() - interval '15 minutes', false)`),
		extend: sql(`UPDATE {{job}} SET until = now() + $2::bigint * interval '1 microsecond', deleted = $3::bigint WHERE name = 'prune' AND holder = $1::text`),
		// What is visible now may go in a later run, once it has been visible for a
		// while: longer than any copy lives.
		release: sql(`UPDATE {{job}} SET until = now(), finished = now(), deleted = $2::bigint,
				snapshot = CASE WHEN seen IS NULL OR seen < now() - interval '15 minutes' THEN pg_current_snapshot() ELSE snapshot END,
				seen = CASE WHEN seen IS NULL OR seen < now() - interval '15 minutes' THEN now() ELSE seen END
			WHERE name = 'prune' AND holder = $1::text`),

		pruneChange: sql(`DELETE FROM {{change}} WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM {{change}} WHERE xid < $1::text::xid8 OR xid >= pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid LIMIT 10000 FOR UPDATE SKIP LOCKED))`),
		pruneDead: sql(`DELETE FROM {{dead}} WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM {{dead}} WHERE at < now() - interval '1 day' AND (xid IS NULL OR xid < $1::text::xid8 OR xid >= pg_snapshot_xmax(pg_current_snapshot()))
			LIMIT 10000 FOR UPDATE SKIP LOCKED))`),
		pruneRevocation: sql(`DELETE FROM {{revocation}} WHERE at < now() - interval '1 day' AND xid < $1::text::xid8`),

		// Exactly what the snapshot $1 did not see: transactions begun after it, and
		// those that were running. clock_timestamp() is read after this statement's
		// own snapshot was taken. One row at least, with no sid when nothing changed.
		poll: sql(`SELECT h.*, e.sid, e.version FROM (
				SELECT pg_current_snapshot()::text, clock_timestamp(), pg_is_in_recovery(),
					concat_ws('/', extract(epoch FROM pg_postmaster_start_time()), (SELECT oid FROM pg_database WHERE datname = current_database()), s.tableoid, $${{session}}$$::regclass::oid, s.generation),
					s.polled < now() - interval '1 minute', s.polled < now() - interval '9 minutes',
					s.recording IS NULL OR s.recording > pg_snapshot_xmax(pg_current_snapshot()),
					coalesce(s.recording <= pg_snapshot_xmin($1::text::pg_snapshot), false),
					coalesce(pg_snapshot_xmax($1::text::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()), true)
				FROM {{state}} s) h
			LEFT JOIN LATERAL (
				(SELECT sid, NULL::bigint AS version FROM {{dead}} WHERE xid >= pg_snapshot_xmax($1::text::pg_snapshot)
					AND xid < pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid LIMIT $2::integer)
				UNION ALL
				(SELECT sid, NULL FROM {{dead}} WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot))) LIMIT $2::integer)
				UNION ALL
				(SELECT sid, version FROM {{change}} WHERE xid >= pg_snapshot_xmax($1::text::pg_snapshot)
					AND xid < pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid LIMIT $2::integer)
				UNION ALL
				(SELECT sid, version FROM {{change}} WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot))) LIMIT $2::integer)
			) e ON true`),
		// Once a minute over all nodes. SKIP LOCKED: a TRUNCATE in an open transaction
		// holds the row.
		heartbeat: sql(`UPDATE {{state}} SET polled = now(), recording = CASE WHEN polled > now() - interval '9 minutes' THEN recording END
			WHERE one IN (SELECT one FROM {{state}} WHERE polled < now() - interval '1 minute' FOR UPDATE SKIP LOCKED)`),
		// After the heartbeat was committed: whoever begins from here on sees it.
		recording: sql(`UPDATE {{state}} SET recording = pg_snapshot_xmax(pg_current_snapshot())
			WHERE one IN (SELECT one FROM {{state}} WHERE recording IS NULL OR recording > pg_snapshot_xmax(pg_current_snapshot()) FOR UPDATE SKIP LOCKED)`),
	}
}
