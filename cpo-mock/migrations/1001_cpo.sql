-- What the CPO platform keeps. TEXT and BIGINT only, so that one text serves SQLite and PostgreSQL.
-- Times are milliseconds since 1970. Keys (owner, ids) are in upper case. The five tables of OCPI objects have the columns
-- that ocpi_party::objects asks for.

CREATE TABLE locations (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '', -- '' = every partner, '-' = nobody: the Location is private
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    json         TEXT   NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX locations_list ON locations (seq, deleted, owner, audience, last_updated);
CREATE INDEX locations_owner_list ON locations (owner, seq, deleted, audience, last_updated);
CREATE INDEX locations_id ON locations (id);

-- Where an EVSE is: uid alone is not unique in the field.
CREATE TABLE evses (
    owner       TEXT NOT NULL,
    location_id TEXT NOT NULL,
    evse_uid    TEXT NOT NULL,
    PRIMARY KEY (owner, location_id, evse_uid)
);
CREATE INDEX evses_uid ON evses (evse_uid);

CREATE TABLE tariffs (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    json         TEXT   NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX tariffs_list ON tariffs (seq, deleted, owner, audience, last_updated);
CREATE INDEX tariffs_owner_list ON tariffs (owner, seq, deleted, audience, last_updated);

-- audience: the partner whose customer charges.
CREATE TABLE sessions (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    json         TEXT   NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX sessions_list ON sessions (seq, deleted, owner, audience, last_updated);
CREATE INDEX sessions_owner_list ON sessions (owner, seq, deleted, audience, last_updated);
CREATE INDEX sessions_id ON sessions (id);

CREATE TABLE cdrs (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    json         TEXT   NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX cdrs_list ON cdrs (seq, deleted, owner, audience, last_updated);
CREATE INDEX cdrs_owner_list ON cdrs (owner, seq, deleted, audience, last_updated);

-- The cache of the partners' Tokens; id = 'UID|TYPE', peer_id = who sent it.
CREATE TABLE tokens (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    json         TEXT   NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX tokens_list ON tokens (seq, deleted, owner, audience, last_updated);
CREATE INDEX tokens_owner_list ON tokens (owner, seq, deleted, audience, last_updated);
CREATE INDEX tokens_id ON tokens (id);

-- The simulated stations, one row for each EVSE at which something has happened. This is the hardware's own memory:
-- nothing but the simulator reads it.
CREATE TABLE stations (
    owner       TEXT   NOT NULL,
    location_id TEXT   NOT NULL,
    evse_uid    TEXT   NOT NULL,
    wake_at     BIGINT NOT NULL, -- when something happens by itself next; 0 = the platform has not been told everything
    json        TEXT   NOT NULL,
    PRIMARY KEY (owner, location_id, evse_uid)
);
CREATE INDEX stations_wake_at ON stations (wake_at);

-- Up to which event the platform has listened to a station.
CREATE TABLE station_events (
    owner       TEXT   NOT NULL,
    location_id TEXT   NOT NULL,
    evse_uid    TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (owner, location_id, evse_uid)
);

-- Who was allowed to charge. The id names the transaction, the Session and the CDR that follow.
CREATE TABLE authorizations (
    id         TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    json       TEXT   NOT NULL
);

-- What the platform knows of a charge beyond its Session: the tariff and the location as they were at the start, and the
-- last meter reading.
CREATE TABLE charges (
    id          TEXT   NOT NULL PRIMARY KEY, -- of the authorization
    owner       TEXT   NOT NULL,
    location_id TEXT   NOT NULL,
    evse_uid    TEXT   NOT NULL,
    running     BIGINT NOT NULL, -- 1 until the CDR is written
    json        TEXT   NOT NULL
);
CREATE INDEX charges_running ON charges (running, owner, location_id, evse_uid);

-- Commands received. A result is sent once: who sets state to SENDING sends it.
CREATE TABLE commands (
    id           TEXT   NOT NULL PRIMARY KEY,
    seq          BIGINT NOT NULL UNIQUE,
    peer_id      TEXT   NOT NULL,
    kind         TEXT   NOT NULL, -- START_SESSION, …
    owner        TEXT   NOT NULL, -- the party that was addressed
    token_key    TEXT   NOT NULL DEFAULT '', -- START_SESSION: 'NL/TNM|UID|TYPE'
    evse_key     TEXT   NOT NULL DEFAULT '', -- 'LOCATION|EVSE' once it is known
    state        TEXT   NOT NULL, -- REFUSED, ACCEPTED, SENDING, SENT, UNDELIVERED, EXPIRED
    received_at  BIGINT NOT NULL, -- domain time
    result_by    BIGINT NOT NULL, -- real time: the result must be out by then
    json         TEXT   NOT NULL
);
CREATE INDEX commands_open ON commands (state, result_by);
CREATE INDEX commands_token ON commands (token_key, received_at);

-- What the platform remembers of a partner's answer: where a CDR can be read.
CREATE TABLE cdr_urls (
    owner   TEXT NOT NULL,
    id      TEXT NOT NULL,
    peer_id TEXT NOT NULL,
    url     TEXT NOT NULL,
    PRIMARY KEY (owner, id, peer_id)
);
