package redisstore

import "github.com/redis/go-redis/v9"

// Places in a copy, as Lua counts: from 1.
//
//	1-3 magic, 5 L or E, 7-26 version, 28-47 stamp, 49-68 lease, 70-89 created, 91-110 expires
//
// Each script has one key, and one command that writes, which sets its end too:
// there is no moment at which a key has none. GET of another type raises; such a
// key is replaced.

// putCopy stores a copy unless one of a newer version is there: so a slow reader
// cannot undo what a save or a logout did. What claims to hold for longer than any
// copy does, or held until before this one was read, is in nobody's way. It
// answers whether it did. ARGV: the copy, its life in milliseconds, the latest
// lease there can be.
var putCopy = redis.NewScript(`
local old = redis.pcall('GET', KEYS[1])
if type(old) == 'string' and string.sub(old, 1, 3) == 'es1' and string.sub(old, 7, 26) > string.sub(ARGV[1], 7, 26) then
  local lease = string.sub(old, 49, 68)
  if lease >= string.sub(ARGV[1], 28, 47) and lease <= ARGV[3] then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)

// renewCopy gives a copy of that very version another stamp, lease and end. It
// never brings a copy. ARGV: version, stamp, lease and expires as they stand in a
// copy, its life in milliseconds.
var renewCopy = redis.NewScript(`
local old = redis.pcall('GET', KEYS[1])
if type(old) ~= 'string' or string.sub(old, 1, 3) ~= 'es1' or string.sub(old, 7, 26) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], string.sub(old, 1, 27) .. ARGV[2] .. ' ' .. ARGV[3] .. string.sub(old, 69, 90) .. ARGV[4] .. string.sub(old, 111), 'PX', ARGV[5])
return 1
`)
