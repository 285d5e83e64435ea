-- Reservations, from RESERVE_NOW to their end. The id is ours; the Session, the CDR and the station know it, never the EMSP's
-- reservation_id.
CREATE TABLE reservations (
    id             TEXT   NOT NULL PRIMARY KEY,
    seq            BIGINT NOT NULL UNIQUE,
    open_key       TEXT   UNIQUE,          -- 'PEER|SENDER|OWNER|LOCATION|RESERVATION' until it has ended, then NULL
    peer_id        TEXT   NOT NULL,
    sender         TEXT   NOT NULL,        -- the EMSP, as NL/TNM
    owner          TEXT   NOT NULL,
    location_id    TEXT   NOT NULL,
    evse_uid       TEXT   NOT NULL,        -- the EVSE that is kept; '' before the station has agreed
    reservation_id TEXT   NOT NULL,        -- as the EMSP names it, in upper case
    state          TEXT   NOT NULL,        -- REQUESTED, ACTIVE, USED, EXPIRED, CANCELED, REFUSED
    release_uid    TEXT   NOT NULL DEFAULT '', -- an EVSE that keeps it in vain and is to be told so
    notice         TEXT   NOT NULL DEFAULT '', -- CANCELED_RESERVATION: '', DUE, SENDING, SENT, UNDELIVERED
    json           TEXT   NOT NULL
);
CREATE INDEX reservations_place ON reservations (owner, location_id, state);
CREATE INDEX reservations_sender ON reservations (peer_id, reservation_id);
CREATE INDEX reservations_release ON reservations (release_uid);
CREATE INDEX reservations_notice ON reservations (notice);
