-- Which party of the partner a Session or CDR concerns: the owner of the token, 'NL/TNM'. Several may share a platform or a hub.
ALTER TABLE sessions ADD COLUMN customer TEXT NOT NULL DEFAULT '';
ALTER TABLE cdrs ADD COLUMN customer TEXT NOT NULL DEFAULT '';

DROP INDEX sessions_list;
DROP INDEX cdrs_list;
CREATE UNIQUE INDEX sessions_list ON sessions (seq, deleted, owner, audience, customer, last_updated);
CREATE UNIQUE INDEX cdrs_list ON cdrs (seq, deleted, owner, audience, customer, last_updated);
DROP INDEX sessions_owner_list;
DROP INDEX cdrs_owner_list;
CREATE INDEX sessions_owner_list ON sessions (owner, seq, deleted, audience, customer, last_updated);
CREATE INDEX cdrs_owner_list ON cdrs (owner, seq, deleted, audience, customer, last_updated);
