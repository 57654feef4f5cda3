-- Each by itself, outside a transaction, without a lock timeout: building one
-- concurrently waits for every older transaction, and a timeout would leave an
-- index that is not valid. The expire index bears the name the guide gives it.
CREATE INDEX CONCURRENTLY IF NOT EXISTS {{expire_idx}} ON {{session}} (expire);
CREATE INDEX CONCURRENTLY IF NOT EXISTS {{user_idx}} ON {{session}} (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {{handle_idx}} ON {{session}} (handle) WHERE handle IS NOT NULL;
