-- What all scripts share. A session is two keys of one slot: K, the document as
-- connect-redis has it, and M, what else we know of it, as JSON:
--   n nonce of our last write, p those before it, v the version it made, u user,
--   h handle, c created, x why there is no session: "dead", "revoked", "claim".
-- M outlives K, since Express renews K alone.

local function now()
	local t = redis.call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- A number as text: tostring and cjson keep 14 digits.
local function int(n) return string.format('%.0f', n) end

-- text is a string's value, or nil. A key of another type is nobody's fault here.
local function text(key)
	if redis.call('TYPE', key).ok ~= 'string' then return nil end
	return redis.call('GET', key)
end

-- about reads M. Whatever else stands there is as good as nothing.
local function about(M)
	local ok, m = pcall(cjson.decode, text(M) or '')
	if not ok or type(m) ~= 'table' then return nil end
	for _, f in ipairs({'n', 'p', 'v', 'u', 'h', 'x'}) do
		if type(m[f]) ~= 'string' then m[f] = '' end
	end
	m.c = tonumber(m.c) or 0
	return m
end

local function encode(m)
	return cjson.encode({n = m.n, p = m.p, v = m.v, u = m.u, h = m.h, c = int(m.c), x = m.x, d = m.d, e = m.e})
end

-- version names one state of the value: 64 bits of its SHA-1. The nonce of our
-- last write goes into it, so that equal bytes stored twice are two versions; a
-- value that only Express wrote has none.
local function version(nonce, value)
	local v = string.sub(redis.sha1hex(nonce .. value), 1, 16)
	if v == '0000000000000000' then v = '0000000000000001' end
	return v
end

-- find returns the session of K and M, or nil and why there is none; then M.
local function find(K, M)
	local m = about(M)
	if m and m.x ~= '' then return nil, m.x, m end
	local kind = redis.call('TYPE', K).ok
	if kind ~= 'string' then return nil, kind ~= 'none' and 'type' or 'none', m end
	local size = redis.call('STRLEN', K)
	-- An empty string is none to connect-redis, too. What is larger is not read.
	if size == 0 then return nil, 'none', m end
	if size > 16777216 then return nil, 'size', m end
	local s = {value = redis.call('GET', K), ttl = redis.call('PTTL', K), m = m, had = m ~= nil}
	s.m = m or {n = '', p = '', v = '', u = '', h = '', x = '', c = 0}
	s.version = version(s.m.n, s.value)
	s.known = s.m.v == s.version -- else somebody else wrote last, and u is not theirs
	return s, '', m
end

-- decoded is the document, where it is one.
local function decoded(s)
	local ok, d = pcall(cjson.decode, s.value)
	if ok and type(d) == 'table' then return d end
	return {}
end

-- born is when the session began: what M says, or the login that the document
-- tells of, or nil.
local function born(s, t)
	if s.m.c > 0 then return s.m.c end
	local own = decoded(s)._session
	local auth = type(own) == 'table' and tonumber(own.auth)
	if auth and auth > 0 and auth <= t then return auth end
	return nil
end

-- who is whose session it is, for telling a login from a rotation.
local function who(s)
	if s.known then return s.m.u end
	local passport = decoded(s).passport
	local user = type(passport) == 'table' and passport.user
	if type(user) == 'number' then return user == math.floor(user) and int(user) or tostring(user) end
	return type(user) == 'string' and user or ''
end

local function ends(t, created, idle, absolute)
	local e = t + idle
	if absolute > 0 then e = math.min(e, created + absolute) end
	return e
end

-- write stores both keys. K comes first: of a script's writes Redis refuses the
-- first one when its memory is full, and then nothing has happened.
local function write(K, M, value, m, t, expires, idle)
	redis.call('SET', K, value, 'PX', int(expires - t))
	m.v = version(m.n, value)
	redis.call('SET', M, encode(m), 'PX', int(expires - t + idle))
	return m.v
end

-- bury takes a session away and says so for a while: to a login that is under
-- way, and to whoever reads what a slow Express request has written since.
local function bury(K, M, why, ms, handle)
	redis.call('DEL', K)
	redis.call('SET', M, encode({n = '', p = '', v = '', u = '', h = handle or '', c = 0, x = why}), 'PX', ms)
end

-- replayed reports whether a write has happened already: a client that lost the
-- answer sends it again.
local function replayed(m, nonce)
	return m ~= nil and m.x == '' and (m.n == nonce or string.find(m.p, nonce, 1, true) ~= nil)
end

-- stamp notes our write.
local function stamp(m, nonce)
	if m.n ~= '' then m.p = string.sub(m.n .. m.p, 1, 52) end -- 4 nonces
	m.n = nonce
end

-- The handle's key holds "i" and the id, or "x" once the session was deleted by it.

-- taken reports whether a handle is another session's.
local function taken(H, id)
	local at = text(H)
	return at ~= nil and at ~= 'x' and at ~= 'i' .. id
end

-- renew keeps the handle's key as long as the session, but never brings it back
-- to an id that a rotation has left.
local function renew(H, id, ttl)
	local at = text(H)
	if at == nil or at == 'i' .. id then redis.call('SET', H, 'i' .. id, 'PX', ttl) end
end

-- The user's key is a sorted set of ids by their end.

local function enter(U, id, t, ttl)
	if redis.call('TYPE', U).ok ~= 'zset' then redis.call('DEL', U) end
	redis.call('ZREMRANGEBYSCORE', U, '-inf', '(' .. int(t))
	local before = tonumber(redis.call('ZSCORE', U, id) or 0)
	redis.call('ZADD', U, int(math.max(before, t + ttl)), id)
	if redis.call('PTTL', U) < ttl then redis.call('PEXPIRE', U, int(ttl)) end
end

local function leave(U, id)
	if redis.call('TYPE', U).ok == 'zset' then redis.call('ZREM', U, id) end
end

-- With ARGV[1] "1" one server has all keys, and a script keeps the indexes along
-- with the session, in one step. ARGV[2] and [3] begin their keys.
local whole, hbase, ubase, id = ARGV[1] == '1', ARGV[2], ARGV[3], ARGV[4]

local function index(m, before, t, ttl)
	if not whole then return end
	if m.h ~= '' then renew(hbase .. m.h, id, int(ttl)) end
	if before ~= '' and before ~= m.u then leave(ubase .. before, id) end
	if m.u ~= '' then enter(ubase .. m.u, id, t, ttl) end
end

local function ok(v, created, expires, t, m, before)
	return {'ok', v, int(created), int(expires), int(t), m.h, m.u, before or ''}
end
