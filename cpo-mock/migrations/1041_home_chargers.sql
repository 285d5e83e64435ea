-- Chargers at drivers' homes: what the driver uses there under one of these contracts is paid back to the driver.
CREATE TABLE home_chargers (
    owner       TEXT NOT NULL,
    location_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    PRIMARY KEY (owner, location_id, contract_id)
);
