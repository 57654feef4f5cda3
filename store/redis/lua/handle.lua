-- KEYS H; ARGV[5] what to do, [6] for how long.
local H, ttl = KEYS[1], ARGV[6]
local at = text(H)
if ARGV[5] == 'end' then -- by the handle: a rotation under way finds it so
	-- Removed first: a full server refuses a script's first write where that needs
	-- memory, and a logout must not need any.
	redis.call('DEL', H)
	redis.call('SET', H, 'x', 'PX', ttl)
elseif ARGV[5] == 'new' then
	if taken(H, id) then return {'handle'} end
	redis.call('SET', H, 'i' .. id, 'PX', ttl)
elseif ARGV[5] == 'move' then
	if at == 'x' then return {'none'} end
	redis.call('DEL', H)
	redis.call('SET', H, 'i' .. id, 'PX', ttl)
elseif ARGV[5] == 'keep' then
	renew(H, id, ttl)
elseif ARGV[5] == 'free' then
	if at == 'i' .. id then redis.call('DEL', H) end
end
return {'ok', at and string.sub(at, 1, 1) == 'i' and string.sub(at, 2) or ''}
