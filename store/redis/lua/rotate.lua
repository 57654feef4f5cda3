-- On one server: the session leaves one id and is under the other, in one step.
-- KEYS old K and M, new K and M, E; ARGV[5] value, nonce, handle, user, idle,
-- absolute, version, old id, mark, [14] how long the dead are remembered.
local oldK, oldM, K, M, t = KEYS[1], KEYS[2], KEYS[3], KEYS[4], now()
local value, nonce, handle, user, idle, absolute = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10])
local old, mark = ARGV[12], text(KEYS[5]) or ''
local n = about(M)
if replayed(n, nonce) and redis.call('EXISTS', K) == 1 then
	return ok(version(nonce, value), n.c, t + redis.call('PTTL', K), t, n)
end
local s, why = find(oldK, oldM)
if not s then return {why} end
if s.version ~= ARGV[11] then return {'conflict'} end
local m, before = s.m, s.m.u
if n and n.x ~= '' then return {n.x == 'revoked' and 'refused' or 'none'} end
if redis.call('EXISTS', K) == 1 then return {'exists'} end
if user ~= '' and mark ~= ARGV[13] then return {'refused'} end
if string.sub(mark, 1, 1) == 'r' or m.h ~= '' and text(hbase .. m.h) == 'x' then
	-- Everyone's sessions are being ended, or this one by its handle: it must not
	-- slip away under a new id.
	bury(oldK, oldM, 'dead', ARGV[14], m.h)
	return {'none'}
end
if m.h == '' and handle ~= '' then
	if taken(hbase .. handle, id) then return {'handle'} end
	m.h = handle
end
local created = born(s, t) or t
if user ~= '' and user ~= who(s) then created = t end
local expires = ends(t, created, idle, absolute)
bury(oldK, oldM, 'dead', ARGV[14], '')
if before ~= '' then leave(ubase .. before, old) end
if expires <= t then return {'expired'} end
stamp(m, nonce)
m.u, m.c = user, created
local v = write(K, M, value, m, t, expires, idle)
if m.h ~= '' then redis.call('SET', hbase .. m.h, 'i' .. id, 'PX', int(expires - t + idle)) end
index(m, '', t, expires - t + idle)
return ok(v, created, expires, t, m, before)
