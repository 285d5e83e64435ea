-- What this server remembers about itself from one start to the next.
CREATE TABLE party_settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
