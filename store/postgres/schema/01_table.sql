-- The table, where there is none yet: express-session's own shape, but that
-- expire knows its time zone. A table that is there is adopted as it is.
CREATE TABLE IF NOT EXISTS {{session}} (
  sid    varchar        NOT NULL COLLATE "default",
  sess   json           NOT NULL,
  expire timestamptz(6) NOT NULL,
  CONSTRAINT {{session_pkey}} PRIMARY KEY (sid)
);
