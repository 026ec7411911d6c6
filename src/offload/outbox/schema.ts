/** "BATO": SQLite's place for saying whose file it is. */
export const APPLICATION_ID = 0x4241544f;
export const SCHEMA_VERSION = 1;

/**
 * One row a piece of work. `waiting` is to be delivered, `dead` is kept for somebody to look at, of what was `delivered`
 * only the key is remembered, without payload and identity.
 *
 * Times are milliseconds since the epoch. `totals` counts what is kept, so that a look at a full outbox costs nothing.
 */
export const SCHEMA = `
CREATE TABLE work (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'dead', 'delivered')),
  function TEXT NOT NULL,
  caller TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  payload_sha256 TEXT NOT NULL,
  ordering_key TEXT,
  payload TEXT NOT NULL,
  seal TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  trace TEXT,
  bytes INTEGER NOT NULL,
  left_at INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  lease_owner TEXT,
  lease_until INTEGER,
  code TEXT,
  ended_at INTEGER,
  UNIQUE (function, caller, idempotency_key)
) STRICT;
CREATE INDEX work_waiting ON work (seq) WHERE state = 'waiting';
CREATE INDEX work_in_order ON work (function, ordering_key, seq) WHERE state = 'waiting' AND ordering_key IS NOT NULL;
CREATE INDEX work_delivered ON work (ended_at) WHERE state = 'delivered';
CREATE TABLE totals (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  pieces INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last_time INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0);
CREATE TRIGGER work_added AFTER INSERT ON work BEGIN
  UPDATE totals SET pieces = pieces + 1, bytes = bytes + NEW.bytes;
END;
CREATE TRIGGER work_done AFTER UPDATE OF state ON work WHEN OLD.state <> 'delivered' AND NEW.state = 'delivered' BEGIN
  UPDATE totals SET pieces = pieces - 1, bytes = bytes - OLD.bytes;
END;
CREATE TRIGGER work_dropped AFTER DELETE ON work WHEN OLD.state <> 'delivered' BEGIN
  UPDATE totals SET pieces = pieces - 1, bytes = bytes - OLD.bytes;
END;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;
