-- Objects of the CPOs, stored as the JSON text that is served, beside the columns that are searched.
--   owner         NL/TNM, upper case
--   id            upper case; tokens: UID|TYPE
--   audience      '' = every peer, else the id of the only peer that may see it
--   peer_id       '' = our own, else the peer it came from
--   seq           order of creation
--   last_updated  milliseconds since 1970
--   deleted       1 = no longer valid: not listed and not served, but kept
CREATE TABLE locations (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    json         TEXT   NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX locations_list ON locations (seq, deleted, owner, audience, last_updated);
CREATE INDEX locations_owner_list ON locations (owner, seq, deleted, audience, last_updated);

CREATE TABLE tariffs (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    json         TEXT   NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX tariffs_list ON tariffs (seq, deleted, owner, audience, last_updated);
CREATE INDEX tariffs_owner_list ON tariffs (owner, seq, deleted, audience, last_updated);

-- status, token_id (UID|TYPE) and authorization_reference are copies of what the JSON holds, for look-ups.
CREATE TABLE sessions (
    owner                   TEXT   NOT NULL,
    id                      TEXT   NOT NULL,
    audience                TEXT   NOT NULL DEFAULT '',
    peer_id                 TEXT   NOT NULL DEFAULT '',
    seq                     BIGINT NOT NULL,
    last_updated            BIGINT NOT NULL,
    json                    TEXT   NOT NULL,
    deleted                 BIGINT NOT NULL DEFAULT 0,
    status                  TEXT   NOT NULL,
    token_id                TEXT   NOT NULL,
    authorization_reference TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (owner, id)
);
-- Sessions change often and are listed to nobody but the operator: one index for the list is enough.
CREATE UNIQUE INDEX sessions_list ON sessions (seq);
CREATE INDEX sessions_by_reference ON sessions (authorization_reference);

-- A CDR never changes. session_id as above; findings is the JSON of our check, checked_at when it was made.
CREATE TABLE cdrs (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    json         TEXT   NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    session_id   TEXT   NOT NULL DEFAULT '',
    verdict      TEXT   NOT NULL,
    findings     TEXT   NOT NULL,
    checked_at   BIGINT NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX cdrs_list ON cdrs (seq, deleted, owner, audience, last_updated);
CREATE INDEX cdrs_owner_list ON cdrs (owner, seq, deleted, audience, last_updated);
CREATE INDEX cdrs_by_session ON cdrs (owner, session_id);
