-- In a Cluster: takes the session away from its old id. KEYS K M; ARGV[5] nonce,
-- version, user, [8] how long the claim can be given back. What it took stands in
-- M until then, out of everybody's sight: an answer that was lost can be asked
-- for again, and a rotation that must not happen restores it.
local K, M, t, nonce = KEYS[1], KEYS[2], now(), ARGV[5]
local s, why, m = find(K, M)
if not s then
	if why == 'claim' and m.n == nonce then return {'ok', '', int(m.c), '0', int(t), m.h, m.u} end
	return {why}
end
if s.version ~= ARGV[6] then return {'conflict'} end
m = s.m
local created = born(s, t) or t
local again = ARGV[7] ~= '' and ARGV[7] ~= who(s) and t or created
redis.call('DEL', K)
local ttl = s.ttl >= 0 and s.ttl or 86400000 -- 0 is its last millisecond, -1 no end
redis.call('SET', M, encode({n = nonce, p = m.n .. m.p, v = m.v, u = m.u, h = m.h, c = again, x = 'claim',
	d = s.value, e = {int(t + ttl), int(created), m.n}}), 'PX', ARGV[8])
return {'ok', '', int(again), '0', int(t), m.h, m.u}
