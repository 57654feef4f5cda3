-- The only step that locks the table: catalogue changes, no rewrite, some
-- milliseconds. A waiting ALTER stops every query behind it, so it waits for a
-- tenth of a second at most; migrate tries again after a pause.
-- Version 1 is "inserted by someone who does not know versions"; ours begin at 2.
-- now(), never clock_timestamp(): that would rewrite the table.
SET LOCAL lock_timeout = '100ms';
SET LOCAL statement_timeout = '5s';
ALTER TABLE {{session}}
  ADD COLUMN IF NOT EXISTS version    bigint      NOT NULL DEFAULT 1,
  ADD COLUMN IF NOT EXISTS user_id    text,
  ADD COLUMN IF NOT EXISTS handle     text,
  ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE {{session}} ALTER COLUMN handle SET DEFAULT {{fn_handle}}();
CREATE OR REPLACE TRIGGER echosession_foreign BEFORE UPDATE OF sess ON {{session}} FOR EACH ROW
  WHEN (NEW.version = OLD.version) EXECUTE FUNCTION {{fn_foreign}}();
CREATE OR REPLACE TRIGGER echosession_shortened BEFORE UPDATE OF expire ON {{session}} FOR EACH ROW
  WHEN (NEW.version = OLD.version AND NEW.expire < OLD.expire - interval '1 minute') EXECUTE FUNCTION {{fn_shortened}}();
CREATE OR REPLACE TRIGGER echosession_changed AFTER UPDATE ON {{session}} FOR EACH ROW
  WHEN (NEW.version <> OLD.version OR NEW.sid <> OLD.sid) EXECUTE FUNCTION {{fn_changed}}();
CREATE OR REPLACE TRIGGER echosession_deleted AFTER DELETE ON {{session}} FOR EACH ROW
  WHEN ({{fn_until}}(OLD.expire) > now() - interval '1 minute') EXECUTE FUNCTION {{fn_deleted}}();
CREATE OR REPLACE TRIGGER echosession_inserted AFTER INSERT ON {{session}} FOR EACH ROW
  WHEN (NEW.version = 1) EXECUTE FUNCTION {{fn_inserted}}();
CREATE OR REPLACE TRIGGER echosession_truncated BEFORE TRUNCATE ON {{session}} FOR EACH STATEMENT EXECUTE FUNCTION {{fn_truncated}}();
