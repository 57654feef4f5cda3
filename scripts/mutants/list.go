package main

const (
	redisPkg = "./store/redis/internal/tests"
	pgPkg    = "./store/postgres"

	poll       = "store/redis/poll.go"
	turns      = "store/redis/turns.go"
	scripts    = "store/redis/copy_scripts.go"
	tier       = "store/redis/tier.go"
	tierWrite  = "store/redis/tier_write.go"
	statements = "store/postgres/statements.go"
	columns    = "store/postgres/schema/04_columns.sql"
)

// none is no second replacement.
var none [2]string

// mutants are the weakenings of docs/protocol.md in the real code.
var mutants = []mutant{
	{"no tail: what a poll tells is ignored", poll,
		"range c.List {", "range c.List[:0] {", redisPkg, "TestTheEndIsFinal", none},
	{"polling by sequence: late commits are missed", statements,
		"(SELECT sid, NULL FROM {{dead}} WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))", "(SELECT sid, NULL FROM {{dead}} WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot) LIMIT 0))", pgPkg, "TestALateCommitIsSeen", none},
	{"the tail is pruned by age, under a long transaction", statements,
		"WHERE xid < $1::text::xid8 OR xid >= pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid", "WHERE $1::text IS NOT NULL ORDER BY xid", pgPkg, "TestPruningLeavesWhatMayBeUnseen", none},
	{"changes that nobody polled are taken for none", statements,
		"coalesce(s.recording <= pg_snapshot_xmin($1::text::pg_snapshot), false)", "true", pgPkg, "TestNobodyPolled", none},
	{"a standby feeds nodes", "store/postgres/feed.go",
		"if p.standby {", "if false {", pgPkg, "TestAStandbyFeedsNobody", none},
	{"too many changes are taken for all", "store/postgres/feed.go",
		"p.over = ended >= pollLimit || changed >= pollLimit", "p.over = false", pgPkg, "TestTooManyChanges", none},
	{"copies without a lease", poll,
		"case !now.Before(c.lease), !now.Before(c.stamp.Add(v.o.Lease)):", "case false:", redisPkg, "TestAnOldCopyIsNeverServed", none},
	{"no floor: a node that has just begun believes old copies", poll,
		"case !c.stamp.After(v.floor), c.stamp.After(now):", "case false:", redisPkg, "TestTheEndIsFinal", none},
	{"the identity of the database is ignored", poll,
		"case c.Identity != v.identity:", "case false:", redisPkg, "TestAnotherPostgres", none},
	{"a read that fails open: copies are believed when nobody could be asked", poll,
		"\t\tv.known = false\n\t} else {", "\t\tv.sent = sent\n\t} else {", redisPkg, "TestANodeThatCannotAsk",
		[2]string{"if _, err := t.wait(ctx); err != nil {\n\t\treturn false\n\t}", "_, _ = t.wait(ctx)"}},
	{"copies are believed without asking again", poll,
		"since(v.sent) <= v.o.Freshness }", "since(v.sent) <= time.Hour }", redisPkg, "TestTheEndIsFinal", none},
	{"a shared read that began before the logout", turns,
		"\t\tif k.next == nil {\n\t\t\tk.next = &turn[T]{done: make(chan struct{})}\n\t\t}\n\t\treturn k.next\n", "\t\treturn k.running\n", redisPkg, "TestASharedRead", none},
	{"a copy that steps a version back", scripts,
		"string.sub(old, 7, 26) > string.sub(ARGV[1], 7, 26) then", "false then", redisPkg, "TestASlowReader", none},
	{"what this node saved it does not know itself", tierWrite,
		"\tt.view.changed(r.ID, r.Version)\n\tt.put(ctx, key, r)", "\tt.put(ctx, key, r)", redisPkg, "TestRedisFaults", none},
	{"a revocation that other nodes hear of late", tierWrite,
		"for _, id := range ended[:min(len(ended), spreadAtOnce)] {", "for _, id := range ended[:0] {", redisPkg, "TestTierContract", none},
	{"an error of Redis is the end of a session", tier,
		"\tcase err != nil:\n\t\tt.tell(ctx, store.Notice{Kind: store.NoticeFallback, Reason: \"redis\", Err: err})\n\t\treturn nil, false", "\tcase err != nil:\n\t\treturn &store.Record{}, true", redisPkg, "TestRedisFaults", none},
	{"a copy of another session is served", "store/redis/copy.go",
		"return c, c.id == id &&", "return c, ", redisPkg, "TestRedisFaults", none},
	{"a table that took the place of another is taken for it", statements,
		"$${{session}}$$::regclass::oid, s.generation", "s.generation", redisPkg, "TestAnotherTable", none},
	{"what Redis answers is quoted", "store/redis/errors.go",
		"return reply{codeOf(answer.Error())}", "return err", redisPkg, "TestRedisIsNotQuoted", none},
	{"a save that ignores the version", statements,
		"WHERE sid = $1::text AND version = $6::bigint AND {{fn_until}}(expire) > now()\n\t\t\tRETURNING` + returned + ` AS until)` + otherwise),\n\n\t\t// Never backwards", "WHERE sid = $1::text AND ($6::bigint > 0 OR true) AND {{fn_until}}(expire) > now()\n\t\t\tRETURNING` + returned + ` AS until)` + otherwise),\n\n\t\t// Never backwards", pgPkg, "TestContract", none},
	{"a guard without its AFTER INSERT half", columns,
		"CREATE OR REPLACE TRIGGER echosession_inserted AFTER INSERT ON {{session}} FOR EACH ROW\n  WHEN (NEW.version = 1) EXECUTE FUNCTION {{fn_inserted}}();",
		"CREATE OR REPLACE FUNCTION public.half() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $h$ BEGIN IF EXISTS (SELECT FROM {{dead}} WHERE sid = NEW.sid) THEN RETURN NULL; END IF; RETURN NEW; END $h$;\nCREATE OR REPLACE TRIGGER echosession_inserted BEFORE INSERT ON {{session}} FOR EACH ROW WHEN (NEW.version = 1) EXECUTE FUNCTION public.half();", pgPkg, "TestGuard", none},
	{"no guard at all", columns,
		"WHEN (NEW.version = 1) EXECUTE FUNCTION {{fn_inserted}}();", "WHEN (false) EXECUTE FUNCTION {{fn_inserted}}();", pgPkg, "TestGuard", none},
	{"a delete that nobody remembers", columns,
		"CREATE OR REPLACE TRIGGER echosession_deleted AFTER DELETE ON {{session}} FOR EACH ROW\n  WHEN (", "CREATE OR REPLACE TRIGGER echosession_deleted AFTER DELETE ON {{session}} FOR EACH ROW\n  WHEN (false AND ", pgPkg, "TestChanges", none},
}
