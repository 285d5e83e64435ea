-- Whether a charge was started with a Token before: an AD_HOC_USER Token is for one charge.
CREATE INDEX commands_by_token ON commands (token_id, command);
