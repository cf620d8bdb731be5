-- Format 2: what the user says of exchanges. Truth like `exchange`, and never made anew.
CREATE TABLE mark (
    position INTEGER PRIMARY KEY,
    marked   INTEGER NOT NULL,
    comment  TEXT NOT NULL,
    -- Deleted from view.
    hidden   INTEGER NOT NULL
) STRICT;
