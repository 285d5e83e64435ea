-- Objects in a partner's lists that we could not take, until they come right.
CREATE TABLE pull_findings (
    peer_id  TEXT   NOT NULL,
    module   TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    message  TEXT   NOT NULL,
    found_at BIGINT NOT NULL,
    PRIMARY KEY (peer_id, module, object)
);
