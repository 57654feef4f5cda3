-- Undoes a claim, unless somebody ended the session since: then M says so.
-- KEYS K M; ARGV[5] nonce.
local K, M, t = KEYS[1], KEYS[2], now()
local m = about(M)
if not m or m.x ~= 'claim' or m.n ~= ARGV[5] or type(m.d) ~= 'string' or type(m.e) ~= 'table' then return {'none'} end
local ttl = tonumber(m.e[1]) - t
if ttl <= 0 then return {'expired'} end
local value = m.d
redis.call('DEL', M) -- first: the rest must not fail for want of memory
redis.call('SET', K, value, 'PX', int(ttl))
local first = m.e[3]
redis.call('SET', M, encode({n = first, p = string.sub(m.p, #first + 1), v = m.v, u = m.u, h = m.h, c = tonumber(m.e[2]), x = ''}), 'PX', int(2 * ttl))
return {'ok'}
