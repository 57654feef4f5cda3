-- KEYS K M; ARGV[5] idle, absolute. Nothing of a payload travels.
local K, M, t, idle, absolute = KEYS[1], KEYS[2], now(), tonumber(ARGV[5]), tonumber(ARGV[6])
local s, why = find(K, M)
if not s then return {why} end
local m = s.m
local created = born(s, t) or t
local expires = t + math.max(idle, s.ttl) -- a key without an end has -1, and gets one
if absolute > 0 then expires = math.min(expires, created + absolute) end
if expires <= t then
	bury(K, M, 'dead', 1, '')
	return {'expired'}
end
redis.call('PEXPIRE', K, int(expires - t))
if s.had and m.c > 0 then
	redis.call('PEXPIRE', M, int(expires - t + idle))
else
	m.c = created -- from now on its age is known
	redis.call('SET', M, encode(m), 'PX', int(expires - t + idle))
end
if not s.known then m.u = '' end
index(m, '', t, expires - t + idle)
return ok(s.version, created, expires, t, m)
