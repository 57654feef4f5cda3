-- KEYS K M; ARGV[5] "1": the document, too; else only where it alone says whose
-- the session is.
local t = now()
local s, why, m = find(KEYS[1], KEYS[2])
if not s then return {why, m and m.u or ''} end
local value = (ARGV[5] == '1' or not s.known) and s.value or ''
return {'ok', s.version, int(born(s, t) or 0), int(s.ttl), int(t), s.m.h, s.m.u, s.known and '1' or '', value, int(#s.value)}
