//! Chargers at drivers' homes. Spec: mod_cdrs, "CDR Object", `home_charging_compensation`: the driver pays for the energy
//! there, and is to get it back.

use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{CiString, PartyId};

use crate::station::EvseKey;

/// Whether a charge under this contract is one at the driver's own charger.
pub async fn is_at_home(tx: &mut Tx, evse: &EvseKey, contract_id: &CiString<36>) -> Result<bool, DbError> {
    let (owner, location_id, _) = evse.parts();
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM home_chargers WHERE owner = $1 AND location_id = $2 AND contract_id = $3",
    )
    .bind(owner)
    .bind(location_id)
    .bind(contract_id.key())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// The contracts of those who live there.
pub async fn contracts(db: &Db, owner: &PartyId, location_id: &str) -> Result<Vec<String>, DbError> {
    let contracts = sqlx::query_scalar(
        "SELECT contract_id FROM home_chargers WHERE owner = $1 AND location_id = $2 ORDER BY contract_id",
    )
    .bind(owner.key())
    .bind(location_id.to_ascii_uppercase())
    .fetch_all(db.read())
    .await?;
    Ok(contracts)
}

/// Says whose home a Location is; nobody's with an empty list.
pub async fn set(tx: &mut Tx, owner: &PartyId, location_id: &str, contracts: &[CiString<36>]) -> Result<(), DbError> {
    let location_id = location_id.to_ascii_uppercase();
    sqlx::query("DELETE FROM home_chargers WHERE owner = $1 AND location_id = $2")
        .bind(owner.key())
        .bind(&location_id)
        .execute(&mut **tx)
        .await?;
    for contract in contracts {
        sqlx::query(
            "INSERT INTO home_chargers (owner, location_id, contract_id) VALUES ($1, $2, $3) \
             ON CONFLICT (owner, location_id, contract_id) DO NOTHING",
        )
        .bind(owner.key())
        .bind(&location_id)
        .bind(contract.key())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
