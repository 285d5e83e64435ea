-- Who is behind a hub, as the hub says. One row per role: a party that is CPO and EMSP has two.
CREATE TABLE hub_clients (
    peer_id      TEXT   NOT NULL REFERENCES peers (id) ON DELETE CASCADE, -- the hub
    party        TEXT   NOT NULL, -- 'NL/TNM' in upper case
    role         TEXT   NOT NULL,
    status       TEXT   NOT NULL, -- CONNECTED, OFFLINE, PLANNED, SUSPENDED
    last_updated BIGINT NOT NULL,
    written      BIGINT NOT NULL, -- when we heard it, in the order of writes
    json         TEXT   NOT NULL, -- ClientInfo
    PRIMARY KEY (peer_id, party, role)
);
