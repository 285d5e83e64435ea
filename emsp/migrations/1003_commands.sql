-- Commands that we sent to CPOs. id is part of the response_url and cannot be guessed. Times are milliseconds since 1970;
-- deadline is when we stop waiting for the result.
CREATE TABLE commands (
    id                      TEXT   NOT NULL PRIMARY KEY,
    seq                     BIGINT NOT NULL UNIQUE,
    command                 TEXT   NOT NULL,
    peer_id                 TEXT   NOT NULL,
    sender                  TEXT   NOT NULL,
    receiver                TEXT   NOT NULL,
    token_id                TEXT   NOT NULL DEFAULT '',
    request                 TEXT   NOT NULL,
    authorization_reference TEXT   NOT NULL DEFAULT '',
    session_id              TEXT   NOT NULL DEFAULT '',
    created_at              BIGINT NOT NULL,
    deadline                BIGINT NOT NULL,
    response                TEXT,
    response_at             BIGINT,
    failure                 TEXT,
    result                  TEXT,
    result_at               BIGINT,
    later_result            TEXT,
    later_result_at         BIGINT
);
CREATE INDEX commands_by_reference ON commands (authorization_reference);
