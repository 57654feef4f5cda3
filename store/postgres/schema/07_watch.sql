-- What operators ask for again and again: how often the guard undid an insert.
-- Few rows are in it, whatever is dead.
CREATE INDEX CONCURRENTLY IF NOT EXISTS {{dead_again}} ON {{dead}} (again) WHERE again > 0;
