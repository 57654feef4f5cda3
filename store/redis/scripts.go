package redisstore

import (
	_ "embed"

	"github.com/redis/go-redis/v9"
)

// The scripts are sent by their digest, and whole to a server that does not know
// them yet, or not any more.
var (
	//go:embed lua/lib.lua
	lib string
	//go:embed lua/load.lua
	loadLua string
	//go:embed lua/create.lua
	createLua string
	//go:embed lua/save.lua
	saveLua string
	//go:embed lua/touch.lua
	touchLua string
	//go:embed lua/rotate.lua
	rotateLua string
	//go:embed lua/claim.lua
	claimLua string
	//go:embed lua/restore.lua
	restoreLua string
	//go:embed lua/kill.lua
	killLua string
	//go:embed lua/handle.lua
	handleLua string
	//go:embed lua/user.lua
	userLua string

	loadScript    = redis.NewScript(lib + loadLua)
	createScript  = redis.NewScript(lib + createLua)
	saveScript    = redis.NewScript(lib + saveLua)
	touchScript   = redis.NewScript(lib + touchLua)
	rotateScript  = redis.NewScript(lib + rotateLua)
	claimScript   = redis.NewScript(lib + claimLua)
	restoreScript = redis.NewScript(lib + restoreLua)
	killScript    = redis.NewScript(lib + killLua)
	handleScript  = redis.NewScript(lib + handleLua)
	userScript    = redis.NewScript(lib + userLua)
)
