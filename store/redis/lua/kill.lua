-- Ends a session for good. KEYS K M; ARGV[5] why, how long that is remembered, a
-- version or "", [8] a handle or "": only this version, only that handle's. What
-- is not there yet may be a login on its way: it is dead on arrival.
local K, M = KEYS[1], KEYS[2]
local s, why, m = find(K, M)
if s and ARGV[7] ~= '' and s.version ~= ARGV[7] then return {'conflict'} end
if ARGV[8] ~= '' and (s or m) and (not m or m.h ~= ARGV[8] and m.x ~= 'dead' and m.x ~= 'revoked') then return {'other'} end
m = m or {h = '', u = ''}
bury(K, M, m.x == 'dead' and 'dead' or ARGV[5], ARGV[6], m.h)
if whole then
	if m.h ~= '' and text(hbase .. m.h) == 'i' .. id then redis.call('DEL', hbase .. m.h) end
	if m.u ~= '' then leave(ubase .. m.u, id) end
end
return {'ok', s and '1' or '0', m.h, m.u}
