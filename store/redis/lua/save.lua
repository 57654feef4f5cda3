-- KEYS K M; ARGV[5] value, nonce, user, idle, absolute, version.
local K, M, t = KEYS[1], KEYS[2], now()
local value, nonce, user, idle, absolute = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local s, why = find(K, M)
if not s then return {why} end
local m = s.m
if replayed(m, nonce) then return ok(version(nonce, value), m.c, t + s.ttl, t, m) end
if s.version ~= ARGV[10] then return {'conflict'} end
local created = born(s, t) or t
local expires = ends(t, created, idle, absolute)
if expires <= t then -- the cap that this call gives is in the past
	bury(K, M, 'dead', 1, '')
	return {'expired'}
end
local before = m.u
stamp(m, nonce)
m.u, m.c = user, created
local v = write(K, M, value, m, t, expires, idle)
index(m, before, t, expires - t + idle)
return ok(v, created, expires, t, m, before)
