-- When a token was first shown to us; 0 = never. A new one that is never shown has not reached its peer.
ALTER TABLE peer_tokens ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
