-- Requests about charging profiles that we sent to CPOs. id is part of the response_url and cannot be guessed. Times are
-- milliseconds since 1970, real time; deadline is when we stop waiting for the result. relay_…: the smart charging partner on
-- whose behalf it was sent, and where its result goes.
CREATE TABLE charging_profile_requests (
    id              TEXT   NOT NULL PRIMARY KEY,
    seq             BIGINT NOT NULL UNIQUE,
    kind            TEXT   NOT NULL, -- GET, PUT, DELETE
    peer_id         TEXT   NOT NULL,
    owner           TEXT   NOT NULL, -- the CPO
    session_id      TEXT   NOT NULL,
    request         TEXT   NOT NULL, -- the body, or the query
    created_at      BIGINT NOT NULL,
    deadline        BIGINT NOT NULL,
    response        TEXT,
    failure         TEXT,
    result          TEXT,
    result_at       BIGINT,
    later_result    TEXT,
    later_result_at BIGINT,
    accepted        BIGINT NOT NULL DEFAULT 0, -- 1 = the station has accepted it
    relay_peer_id   TEXT   NOT NULL DEFAULT '',
    relay_party     TEXT   NOT NULL DEFAULT '',
    relay_url       TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX charging_profile_requests_of_session ON charging_profile_requests (owner, session_id, seq);

-- What the stations last said that they intend to do.
CREATE TABLE active_charging_profiles (
    owner       TEXT   NOT NULL,
    session_id  TEXT   NOT NULL,
    started_at  BIGINT NOT NULL, -- start_date_time
    received_at BIGINT NOT NULL, -- real time
    json        TEXT   NOT NULL,
    PRIMARY KEY (owner, session_id)
);

-- The preferences that were last sent for a Session, and the CPO's answer.
CREATE TABLE charging_preferences (
    owner      TEXT   NOT NULL,
    session_id TEXT   NOT NULL,
    json       TEXT   NOT NULL,
    sent_at    BIGINT NOT NULL, -- real time
    response   TEXT   NOT NULL DEFAULT '',
    failure    TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (owner, session_id)
);
