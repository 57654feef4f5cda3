-- KEYS K M [E]; ARGV[5] value, nonce, handle, user, idle, absolute, created or
-- "", [12] the mark that everyone's key had when the login began.
local K, M, t = KEYS[1], KEYS[2], now()
local value, nonce, handle, user, idle, absolute = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10])
local m = about(M)
if replayed(m, nonce) and redis.call('EXISTS', K) == 1 then
	return ok(version(nonce, value), m.c, t + redis.call('PTTL', K), t, m)
end
-- A rotation's new id that was ended on its way. An id that was ended before, and
-- is created anew, is a new session.
if m and m.x == 'revoked' then return {'refused'} end
if m and m.x ~= '' and (m.x == 'claim' or ARGV[11] ~= '') then return {m.x} end
if redis.call('EXISTS', K) == 1 then return {'exists'} end
if KEYS[3] and user ~= '' and (text(KEYS[3]) or '') ~= ARGV[12] then return {'refused'} end
if whole and handle ~= '' and taken(hbase .. handle, id) then return {'handle'} end
local created = tonumber(ARGV[11]) or t
local expires = ends(t, created, idle, absolute)
if expires <= t then return {'expired'} end
m = {n = nonce, p = '', u = user, h = handle, c = created, x = ''}
local v = write(K, M, value, m, t, expires, idle)
if whole and handle ~= '' then redis.call('SET', hbase .. handle, 'i' .. id, 'PX', int(expires - t + idle)) end
index(m, '', t, expires - t + idle)
return ok(v, created, expires, t, m)
