-- Format 1. Numbers that are unsigned 64-bit in memory are stored as the same 64 bits, signed.

-- The truth: what happened, without the bytes of bodies.
CREATE TABLE exchange (
    -- Place in the list, dense from 0 in the order of arrival: a window is a range of it.
    position      INTEGER PRIMARY KEY,
    id            INTEGER NOT NULL UNIQUE,
    -- Order of closing, dense from 1; NULL in flight.
    closed        INTEGER UNIQUE,
    -- The exchange as JSON.
    facts         TEXT NOT NULL,
    -- Heads as received; NULL where there are none.
    request_head  BLOB,
    response_head BLOB
) STRICT;

-- The first bytes of each body, in pieces.
CREATE TABLE chunk (
    exchange INTEGER NOT NULL,
    -- 0 request, 1 response.
    leg      INTEGER NOT NULL,
    -- Offset in the body, in bytes: the end of the piece before.
    at       INTEGER NOT NULL,
    bytes    BLOB NOT NULL,
    UNIQUE (exchange, leg, at)
) STRICT;

-- A cache: the line a list shows, made by `decoder`. `line` is the whole of it as JSON, the other
-- columns are what lists filter and sort by.
CREATE TABLE summary (
    position      INTEGER PRIMARY KEY,
    decoder       INTEGER NOT NULL,
    line          TEXT NOT NULL,
    -- Microseconds since 1970.
    started       INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    progress      TEXT NOT NULL,
    -- 0 information, 1 notable, 2 warning, 3 alarm.
    level         INTEGER NOT NULL,
    truncated     INTEGER NOT NULL,
    client        TEXT NOT NULL,
    method        TEXT NOT NULL,
    host          TEXT NOT NULL,
    path          TEXT NOT NULL,
    http_status   INTEGER,
    -- Bytes; the largest signed number stands for anything above.
    request_size  INTEGER NOT NULL,
    response_size INTEGER NOT NULL,
    -- Microseconds; NULL in flight.
    duration      INTEGER,
    cause         TEXT NOT NULL,
    protocol      TEXT NOT NULL,
    version       TEXT NOT NULL,
    device        TEXT NOT NULL,
    user          TEXT NOT NULL,
    session       TEXT NOT NULL,
    command       TEXT NOT NULL,
    status        TEXT NOT NULL,
    policy_key    INTEGER,
    facts         TEXT NOT NULL
) STRICT;

CREATE INDEX summary_decoder ON summary (decoder);
CREATE INDEX summary_truncated ON summary (truncated) WHERE truncated;
