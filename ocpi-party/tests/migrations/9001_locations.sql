CREATE TABLE locations (
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
CREATE UNIQUE INDEX locations_list ON locations (seq, deleted, owner, audience, last_updated);
CREATE INDEX locations_owner_list ON locations (owner, seq, deleted, audience, last_updated);
