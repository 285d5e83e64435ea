-- EVSEs whose published status changes by plan: when it does so next, and which status comes back when the plan ends.
CREATE TABLE status_schedules (
    owner       TEXT   NOT NULL,
    location_id TEXT   NOT NULL,
    evse_uid    TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,            -- milliseconds since 1970
    before      TEXT   NOT NULL DEFAULT '', -- the status before the plan took effect; '' = it has not
    PRIMARY KEY (owner, location_id, evse_uid)
);
CREATE INDEX status_schedules_due ON status_schedules (due_at);
