package tests_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// basis is what a store says of its figures, in one line.
func basis(st store.Stats) (text string) {
	for _, figure := range slices.Sorted(maps.Keys(st.Basis)) {
		text += fmt.Sprintf("%s %s, ", figure, st.Basis[figure])
	}
	return text
}

// TestStats: of a few sessions among other keys each figure is counted; those of
// Express have a user and no age, which is said.
func TestStats(t *testing.T) {
	t.Parallel()
	client := connect(t, testserver.StartRedis(t, testserver.RedisOptions{}).Addr())
	s := open(t, client, redisstore.Options{})
	if st, err := s.Stats(t.Context()); err != nil || st.Active != 0 || len(st.Created) != 30 || basis(st) != "Expired unknown, Indexes unknown, " {
		t.Errorf("of an empty server: %+v, %v", st, err)
	}
	var now time.Time
	for i, idle := range []time.Duration{30 * time.Minute, 12 * time.Hour, 13 * time.Hour, 48 * time.Hour, 100 * time.Hour} {
		r := record(fmt.Sprint("id ", i), []string{"", "ann", "bob"}[i%3])
		r.Idle, r.Absolute = idle, 0
		must(t, s.Create(t.Context(), r))
		now = r.Now
	}
	must(t, client.Set(t.Context(), "another:key", "1", 0).Err())
	st, err := s.Stats(t.Context())
	today, sum := st.Created[29], 0
	for _, d := range st.Created {
		sum += d.Sessions
	}
	if err != nil || st.Active != 5 || st.LoggedIn != 3 || st.Users != 2 || st.Left != (store.Lifetimes{Hour: 1, Day: 2, Three: 1, More: 1}) ||
		st.Bytes != 5*int64(len(`{"made":"new"}`)) || sum != 5 || basis(st) != "Expired unknown, Indexes unknown, " {
		t.Errorf("%+v, %v", st, err)
	}
	if day := now.Truncate(24 * time.Hour); !today.Date.Equal(day) && !today.Date.Equal(day.Add(24*time.Hour)) {
		t.Errorf("the last day is %s, at %s", today.Date, now)
	}

	must(t, client.Set(t.Context(), "sess:express", `{"cookie":{},"passport":{"user":"carl"}}`, time.Hour).Err())
	st, err = s.Stats(t.Context())
	if err != nil || st.Active != 6 || st.Users != 3 || basis(st) != "Created estimated, Expired unknown, Indexes unknown, OldestAge estimated, " {
		t.Errorf("with one of Express: %+v, %v", st, err)
	}
}

// many stores sessions as our scripts do: a third is nobody's, a tenth of the rest
// one robot's, four tenths are of users with 64, the others of users with one.
const many = `local from, to = tonumber(ARGV[1]), tonumber(ARGV[2])
local t = redis.call('TIME')
local now = t[1] * 1000
for i = from, to do
	local id, doc, h, user = 'id' .. i, '{"made":"new","n":' .. i .. '}', i % 30, ''
	if h % 3 > 0 then user = h == 1 and 'robot' or h == 2 and 'robot' or h < 16 and 'some ' .. math.floor(i / 240) or 'user ' .. i end
	local created = string.format('%.0f', now - i % 10 * 86400000)
	redis.call('SET', 'sess:' .. id, doc, 'PX', 1800000 + i % 4 * 86400000)
	redis.call('SET', 'echosession:{sess:' .. id .. '}', cjson.encode({n = 'n', p = '', v = string.sub(redis.sha1hex('n' .. doc), 1, 16), u = user, h = 'h' .. i, c = created, x = ''}), 'PX', 864000000)
	redis.call('SET', 'echosession:handle:5:sess:h' .. i, id, 'PX', 864000000)
	if user ~= '' then redis.call('ZADD', 'echosession:user:5:sess:' .. user, now + 864000000, id) end
end
return 1`

// TestStatsOfManyKeys: what SCAN has not come to is estimated, and said to be.
func TestStatsOfManyKeys(t *testing.T) {
	t.Parallel()
	client := connect(t, testserver.StartRedis(t, testserver.RedisOptions{}).Addr(), func(o *redis.Options) { o.ReadTimeout = time.Minute })
	s := open(t, client, redisstore.Options{})
	const sessions = 24_000
	for from := 1; from <= sessions; from += 4000 {
		must(t, client.Eval(t.Context(), many, nil, from, from+3999).Err())
	}
	st, err := s.Stats(t.Context())
	must(t, err)
	near := func(figure string, got, want int, by float64) {
		t.Helper()
		if math.Abs(float64(got-want)) > by*float64(want) {
			t.Errorf("%s: %d, and it is %d", figure, got, want)
		}
	}
	near("Active", st.Active, sessions, 0.05)
	near("LoggedIn", st.LoggedIn, sessions*2/3, 0.05)
	robot, some := 1, 100
	near("Users", st.Users, robot+some+sessions*10/30, 0.1)
	near("Left.Hour", st.Left.Hour, sessions/4, 0.1)
	near("Left.Three", st.Left.Three, sessions/2, 0.1)
	near("Left.More", st.Left.More, sessions/4, 0.1)
	near("Bytes", int(st.Bytes), sessions*23, 0.1)
	near("a day", st.Created[25].Sessions, sessions/10, 0.2)
	if days := st.OldestAge / (24 * time.Hour); days != 9 {
		t.Errorf("the oldest is %s old", st.OldestAge)
	}
	if got := basis(st); got != "Active estimated, Bytes estimated, Created estimated, Expired unknown, Indexes unknown, Left estimated, LoggedIn estimated, OldestAge estimated, Users estimated, " {
		t.Error(got)
	}
}

// TestReport: the pool of the client.
func TestReport(t *testing.T) {
	t.Parallel()
	client := connect(t, testserver.SharedRedis(t, testserver.RedisOptions{}).Addr(), func(o *redis.Options) { o.PoolSize = 7 })
	s := open(t, client, redisstore.Options{Prefix: "report:"})
	must(t, s.Ping(t.Context()))
	held := client.Conn()
	must(t, held.Ping(t.Context()).Err())
	r, err := s.Report(t.Context())
	if err != nil || r.Pool == nil || r.Pool.InUse != 1 || r.Pool.Idle < 0 || r.Pool.Max != 7 || r.Cleanup != nil || r.Copies != nil {
		t.Errorf("with one connection in use: %+v, %v", r.Pool, err)
	}
	must(t, held.Close())
	if r, err := s.Report(t.Context()); err != nil || r.Pool.InUse != 0 || r.Pool.Idle < 1 {
		t.Errorf("at rest: %+v, %v", r.Pool, err)
	}
}
