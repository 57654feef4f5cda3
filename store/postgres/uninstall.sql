-- Takes everything away that the migration put beside public.session, and leaves
-- the guide's table with its rows: Express goes on as if nothing had been there.
-- Run it as the owner, with: psql -v ON_ERROR_STOP=1 -f uninstall.sql
-- Where it stops over a lock_timeout, run it again.
BEGIN;
SET LOCAL lock_timeout = '100ms';
DROP TRIGGER IF EXISTS echosession_foreign ON public.session;
DROP TRIGGER IF EXISTS echosession_shortened ON public.session;
DROP TRIGGER IF EXISTS echosession_changed ON public.session;
DROP TRIGGER IF EXISTS echosession_deleted ON public.session;
DROP TRIGGER IF EXISTS echosession_inserted ON public.session;
DROP TRIGGER IF EXISTS echosession_truncated ON public.session;
ALTER TABLE public.session
  DROP COLUMN IF EXISTS version, DROP COLUMN IF EXISTS user_id,
  DROP COLUMN IF EXISTS handle, DROP COLUMN IF EXISTS created_at;
COMMIT;
DROP TABLE IF EXISTS public.session_state, public.session_dead, public.session_change, public.session_revocation, public.session_job;
SELECT format('DROP FUNCTION %s', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proname IN (
  'session_at', 'session_until', 'session_handle', 'session_user', 'session_foreign', 'session_shortened', 'session_changed',
  'session_deleted', 'session_inserted', 'session_truncated', 'session_login', 'session_revoke') \gexec
