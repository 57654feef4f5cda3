package doctor

import (
	"context"
)

// checkEviction: what Redis throws away when its memory is full. Copies may go;
// sessions that are nowhere else may not.
func checkEviction(ctx context.Context, p *patient) (string, error) {
	if len(p.nodes) == 0 {
		return "", errUntold
	}
	var policy string
	for _, node := range p.nodes {
		policy = node["maxmemory_policy"]
		switch {
		case p.alone() && policy != "noeviction":
			return "", &trouble{
				what: "maxmemory-policy is " + policy + ": a full Redis logs users out, and forgets which sessions were ended",
				hint: "set it in redis.conf as well, and alarm on memory",
				fix:  p.configure(ctx, "maxmemory-policy noeviction"),
			}
		case !p.alone() && policy == "noeviction" && node["maxmemory"] != "0":
			return "", &trouble{
				what: "maxmemory-policy is noeviction: a full Redis takes no copies any more, and Postgres is read instead",
				hint: "copies may be thrown away; set it in redis.conf as well",
				fix:  p.configure(ctx, "maxmemory-policy allkeys-lru"),
				mild: true,
			}
		}
	}
	return policy, nil
}

// checkPersistence: what a restart of Redis leaves.
func checkPersistence(ctx context.Context, p *patient) (string, error) {
	if !p.alone() {
		return "copies need none", nil
	}
	if len(p.nodes) == 0 {
		return "", errUntold
	}
	for _, node := range p.nodes {
		if node["aof_enabled"] != "1" {
			return "", &trouble{
				what: "appendonly is off: a restart of Redis logs users out",
				hint: "set it in redis.conf as well",
				fix:  p.configure(ctx, "appendonly yes"),
			}
		}
	}
	return "", nil
}

// configure sets a parameter of the server.
func (p *patient) configure(ctx context.Context, parameter string) string {
	own := p.client.ConfigGet(ctx, "maxmemory-policy").Err() == nil
	return p.cli(own, "CONFIG SET "+parameter)
}
