package pgstore

// weigh begins a look at the table: what time it is, how many pages hold the
// rows, and what all of it takes. The rest of the transaction is planned for few
// rows: compiled code does not pay, and on a table that was never analyzed a scan
// or a bitmap of all rows of a user would seem no dearer than the index.
const weigh = `SELECT now(), pg_relation_size(t) / current_setting('block_size')::bigint, pg_total_relation_size(t), pg_indexes_size(t),
		set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
		set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)
	FROM (SELECT $${{session}}$$::regclass AS t) s`

// sampled are the rows on $1 percent of the pages: with 100 all of them. With the
// same seed they are the same pages each time, so that two statements see the same
// rows, and figures that are asked for again and again come from memory and do not
// jump.
const sampled = `{{session}} TABLESAMPLE SYSTEM ($1::float4) REPEATABLE (1)`

// count counts rows by what is left of their lifetime, 0 for none, and by how many
// days in UTC ago they were created: some of them infinite. Nothing is subtracted
// that may be. The borders are reckoned once, not for each row. Without an expire,
// in a table that somebody made who allows it, nobody is served.
const count = `SELECT life, ago, count(*)::float8, count(user_id)::float8, date_part('epoch', now() - min(created_at) FILTER (WHERE isfinite(created_at)))
	FROM (SELECT CASE
			WHEN ({{fn_until}}(expire) <= over) IS NOT FALSE THEN 0
			WHEN {{fn_until}}(expire) < hour THEN 1
			WHEN {{fn_until}}(expire) < day THEN 2
			WHEN {{fn_until}}(expire) < three THEN 3
			ELSE 4 END AS life,
		today - floor(date_part('epoch', created_at) / 86400) AS ago, user_id, created_at
		FROM (SELECT now() AS over, now() + interval '1 hour' AS hour, now() + interval '24 hours' AS day, now() + interval '72 hours' AS three,
			floor(date_part('epoch', now()) / 86400) AS today OFFSET 0) borders, ` + sampled + `) s
	GROUP BY 1, 2`

// users counts the different users of active rows.
const users = `SELECT count(*)::float8 FROM (SELECT DISTINCT user_id FROM ` + sampled + `
	WHERE user_id IS NOT NULL AND {{fn_until}}(expire) > now()) s`

// guessUsers does so from a sample. How many different ones it holds says little
// about how many there are; how many rows each has says it. A user with k rows is
// represented by each of them with 1/k, and k is asked of the index, for some four
// hundred of the users in the sample. Those with very many rows are in the sample
// for sure, or nearly: they count once, and a bit more for those like them that
// are not.
const guessUsers = `WITH seen AS MATERIALIZED (
		SELECT user_id, count(*)::float8 AS c FROM ` + sampled + ` WHERE user_id IS NOT NULL AND {{fn_until}}(expire) > now() GROUP BY user_id),
	picked AS MATERIALIZED (
		SELECT user_id, c FROM (SELECT user_id, c, row_number() OVER () AS i, count(*) OVER () AS d FROM seen) s WHERE i % greatest(d / 400, 1) = 0)
	SELECT coalesce((SELECT count(*) FROM seen) * avg(CASE WHEN looked < 250 THEN c / live * 100 / $1::float4 ELSE 1 / (1 - exp(-least(c, 50))) END), 0)::float8
	FROM picked CROSS JOIN LATERAL (
		SELECT count(*) AS looked, count(*) FILTER (WHERE {{fn_until}}(expire) > now()) AS live
		FROM (SELECT expire FROM {{session}} s WHERE s.user_id = picked.user_id LIMIT 250) few) own`
