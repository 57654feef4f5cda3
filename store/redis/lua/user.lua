-- KEYS U; ARGV[5] what to do, [6] for how long, [7] how many sessions a user has
-- at most: those that are over, by their end.
local U, t, list = KEYS[1], now(), {}
if ARGV[5] == 'enter' then
	enter(U, id, t, tonumber(ARGV[6]))
	local over = redis.call('ZCARD', U) - tonumber(ARGV[7])
	if over > 0 then list = redis.call('ZRANGE', U, 0, over - 1) end
elseif redis.call('TYPE', U).ok ~= 'zset' then
	return {'ok'}
elseif ARGV[5] == 'leave' then
	redis.call('ZREM', U, id)
else
	list = redis.call('ZRANGEBYSCORE', U, int(t), '+inf')
end
table.insert(list, 1, 'ok')
return list
