import session from 'express-session';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import pg from 'pg';

const { SECRETS = '["keyboard cat"]', COOKIE = '{"maxAge":3600000}', COOKIE_NAME, TABLE, PRUNE = 'false' } = process.env;

export function sessions(store, { rolling, resave }) {
  return session({
    store, rolling, resave,
    name: COOKIE_NAME,
    secret: JSON.parse(SECRETS),
    saveUninitialized: false,
    cookie: JSON.parse(COOKIE),
  });
}

// The store that the environment names.
sessions.store = async ({ DATABASE_URL, REDIS_URL }) => {
  if (REDIS_URL) {
    const client = createClient({ url: REDIS_URL });
    client.on('error', (err) => console.error(err.code || err.name));
    return { store: new RedisStore({ client }), ready: client.connect() };
  }
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
  pool.on('error', (err) => console.error(err.code || err.name));
  const Store = connectPgSimple(session);
  return { store: new Store({ pool, tableName: TABLE, pruneSessionInterval: PRUNE === 'false' ? false : Number(PRUNE) }), ready: pool.query('SELECT 1') };
};
