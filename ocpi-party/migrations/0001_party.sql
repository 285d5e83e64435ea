-- What every party has: whom it hosts, its peers, how far they are in sync.
-- TEXT and BIGINT only, so that one text serves SQLite and PostgreSQL. Times are milliseconds since 1970, 0 = never.

-- The parties (roles) of this platform; the configured one has the lowest position.
CREATE TABLE hosted_parties (
    role     TEXT   NOT NULL,
    party    TEXT   NOT NULL, -- 'NL/TNM' in upper case
    position BIGINT NOT NULL,
    json     TEXT   NOT NULL, -- CredentialsRole
    PRIMARY KEY (role, party)
);

CREATE TABLE peers (
    id                TEXT   NOT NULL PRIMARY KEY,
    name              TEXT   NOT NULL,
    status            TEXT   NOT NULL, -- INVITED, REGISTERED, UNREGISTERED
    versions_url      TEXT   NOT NULL DEFAULT '',
    roles             TEXT   NOT NULL DEFAULT '[]', -- list of CredentialsRole
    token_out         TEXT   NOT NULL DEFAULT '', -- what we show the peer; must be readable, it goes into every request
    token_form        TEXT   NOT NULL DEFAULT 'BASE64', -- how we write token_out: BASE64, RAW
    token_form_seen   TEXT   NOT NULL DEFAULT '', -- how the peer writes its token
    emit_nulls        BIGINT NOT NULL DEFAULT 0,
    created_at        BIGINT NOT NULL,
    registered_at     BIGINT NOT NULL DEFAULT 0,
    credentials_at    BIGINT NOT NULL DEFAULT 0 -- when tokens were last exchanged
);

-- One row per module and interface role: a peer that lists an endpoint twice has it once here.
CREATE TABLE peer_endpoints (
    peer_id TEXT NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    module  TEXT NOT NULL,
    role    TEXT NOT NULL, -- SENDER, RECEIVER
    url     TEXT NOT NULL,
    PRIMARY KEY (peer_id, module, role)
);
CREATE INDEX peer_endpoints_module ON peer_endpoints (module, role, peer_id);

-- Tokens with which peers authenticate, as hashes.
CREATE TABLE peer_tokens (
    hash       TEXT   NOT NULL PRIMARY KEY, -- SHA-256, hexadecimal
    peer_id    TEXT   NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    kind       TEXT   NOT NULL, -- A, CURRENT, PENDING (ours while our POST or PUT is open), OLD (within its grace)
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL DEFAULT 0 -- 0 = does not expire
);
CREATE INDEX peer_tokens_peer ON peer_tokens (peer_id);

-- How pushing to a peer goes; no row = never tried.
CREATE TABLE sync_state (
    peer_id           TEXT   NOT NULL PRIMARY KEY REFERENCES peers (id) ON DELETE CASCADE,
    lease_holder      TEXT   NOT NULL DEFAULT '', -- who pushes to this peer at the moment
    lease_until       BIGINT NOT NULL DEFAULT 0,
    failures          BIGINT NOT NULL DEFAULT 0, -- in a row
    retry_at          BIGINT NOT NULL DEFAULT 0,
    out_of_sync_since BIGINT NOT NULL DEFAULT 0,
    last_push_at      BIGINT NOT NULL DEFAULT 0,
    last_error        TEXT   NOT NULL DEFAULT ''
);

-- "Peer P is behind on object O." No message is stored: the pusher sends the object as it stands then.
CREATE TABLE sync_behind (
    peer_id TEXT   NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    module  TEXT   NOT NULL,
    object  TEXT   NOT NULL,
    version BIGINT NOT NULL, -- changes with every change of the object
    retried BIGINT NOT NULL DEFAULT 0, -- a delivery failed, perhaps after it had arrived
    retry_at BIGINT NOT NULL DEFAULT 0, -- not before this, when a delivery failed by our own fault
    PRIMARY KEY (peer_id, module, object)
);
CREATE INDEX sync_behind_version ON sync_behind (peer_id, version);

-- What the last successful delivery left behind for the next one (sender's own words).
CREATE TABLE sync_notes (
    peer_id TEXT NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    module  TEXT NOT NULL,
    object  TEXT NOT NULL,
    note    TEXT NOT NULL,
    PRIMARY KEY (peer_id, module, object)
);

-- How far we are with what a peer sends: one row per peer and module pulled.
CREATE TABLE sync_pulls (
    peer_id      TEXT   NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    module       TEXT   NOT NULL,
    last_success BIGINT NOT NULL DEFAULT 0, -- when the last complete pull began
    last_full    BIGINT NOT NULL DEFAULT 0, -- when the last one without date_from began
    last_attempt BIGINT NOT NULL DEFAULT 0,
    next_at      BIGINT NOT NULL DEFAULT 0,
    full_pull    BIGINT NOT NULL DEFAULT 1, -- the next pull is to be complete
    failures     BIGINT NOT NULL DEFAULT 0,
    lease_holder TEXT   NOT NULL DEFAULT '',
    lease_until  BIGINT NOT NULL DEFAULT 0,
    objects      BIGINT NOT NULL DEFAULT 0, -- in the last complete pull
    last_error   TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (peer_id, module)
);

-- What an operator should know about a peer; the newest are kept.
CREATE TABLE peer_findings (
    seq     BIGINT NOT NULL PRIMARY KEY,
    peer_id TEXT   NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    at      BIGINT NOT NULL,
    module  TEXT   NOT NULL,
    object  TEXT   NOT NULL,
    message TEXT   NOT NULL
);
CREATE INDEX peer_findings_peer ON peer_findings (peer_id, seq);
