-- Requests of partners about charging profiles. A result is sent once: who sets state to SENDING sends it. Times are
-- milliseconds since 1970, real time.
CREATE TABLE charging_profile_requests (
    id          TEXT   NOT NULL PRIMARY KEY,
    seq         BIGINT NOT NULL UNIQUE,
    peer_id     TEXT   NOT NULL,
    owner       TEXT   NOT NULL, -- of the Session, or the party that was addressed
    session_id  TEXT   NOT NULL,
    state       TEXT   NOT NULL, -- REFUSED, ACCEPTED, SENDING, SENT, UNDELIVERED, EXPIRED
    received_at BIGINT NOT NULL,
    result_by   BIGINT NOT NULL, -- the result must be out by then
    json        TEXT   NOT NULL
);
CREATE INDEX charging_profile_requests_open ON charging_profile_requests (state, result_by);
CREATE INDEX charging_profile_requests_rate ON charging_profile_requests (owner, session_id, received_at);

-- The Sessions on which a partner has set a profile that the station accepted: it is told of every change from then on.
CREATE TABLE charging_profile_followers (
    owner      TEXT NOT NULL,
    session_id TEXT NOT NULL,
    peer_id    TEXT NOT NULL,
    PRIMARY KEY (owner, session_id, peer_id)
);

-- The preferences of the driver of a Session, as they were last accepted. request names the change of the station's limits
-- that goes with them: they take effect when the station reports it.
CREATE TABLE charging_preferences (
    owner       TEXT   NOT NULL,
    session_id  TEXT   NOT NULL,
    request     TEXT   NOT NULL,
    received_at BIGINT NOT NULL, -- domain time
    json        TEXT   NOT NULL,
    PRIMARY KEY (owner, session_id)
);
