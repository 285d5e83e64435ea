-- Reservations: the RESERVE_NOW and CANCEL_RESERVATION commands with one reservation_id (ours, upper case) are the story of one
-- reservation. A CDR of a reservation need not name a session; its reference tells what it is for.
ALTER TABLE commands ADD COLUMN reservation_id TEXT NOT NULL DEFAULT '';
CREATE INDEX commands_by_reservation ON commands (reservation_id);
CREATE INDEX commands_by_session ON commands (session_id);
ALTER TABLE cdrs ADD COLUMN authorization_reference TEXT NOT NULL DEFAULT '';
CREATE INDEX cdrs_by_reference ON cdrs (authorization_reference);
