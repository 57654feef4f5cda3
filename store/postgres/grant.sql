-- The rights of a role that serves sessions and may change no table: run it as
-- the owner of the session table, once after the migration.
--
--   psql -v role=app -f grant.sql
--
-- A table of another name: psql -v role=app -v table=app.logins -f grant.sql
\if :{?table}
\else
  \set table public.session
\endif
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', nspname, :'role') FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = :'table'::regclass \gexec
SELECT format('GRANT %s ON %s%s TO %I', rights, quote_ident(nspname) || '.', quote_ident(relname || suffix), :'role')
FROM pg_class c JOIN pg_namespace n ON c.relnamespace = n.oid,
  (VALUES ('', 'SELECT, INSERT, UPDATE, DELETE'), ('_state', 'SELECT, UPDATE (polled, recording)'), ('_dead', 'SELECT, INSERT, UPDATE, DELETE'),
    ('_change', 'SELECT, UPDATE, DELETE'), ('_revocation', 'SELECT, INSERT, UPDATE, DELETE'), ('_job', 'SELECT, INSERT, UPDATE')) v (suffix, rights)
WHERE c.oid = :'table'::regclass \gexec
