-- Our drivers' tokens. account is the JSON of what we know beyond the Token; expires_at (milliseconds since 1970) and valid
-- are copies for look-ups, so that a contract that ends is noticed.
CREATE TABLE tokens (
    owner        TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    audience     TEXT   NOT NULL DEFAULT '',
    peer_id      TEXT   NOT NULL DEFAULT '',
    seq          BIGINT NOT NULL,
    last_updated BIGINT NOT NULL,
    json         TEXT   NOT NULL,
    deleted      BIGINT NOT NULL DEFAULT 0,
    account      TEXT   NOT NULL,
    valid        BIGINT NOT NULL,
    expires_at   BIGINT,
    PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX tokens_list ON tokens (seq, deleted, owner, audience, last_updated);
CREATE INDEX tokens_owner_list ON tokens (owner, seq, deleted, audience, last_updated);
CREATE INDEX tokens_by_id ON tokens (id);
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

-- Every authorization that we gave: what the authorization_reference of a Session or CDR refers to.
CREATE TABLE authorizations (
    reference   TEXT   NOT NULL PRIMARY KEY,
    owner       TEXT   NOT NULL,
    token_id    TEXT   NOT NULL,
    peer_id     TEXT   NOT NULL,
    location_id TEXT   NOT NULL DEFAULT '',
    given_at    BIGINT NOT NULL
);
