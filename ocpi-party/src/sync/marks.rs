//! Marking: called in the transaction that changes the object.

use ocpi_types::{InterfaceRole, ModuleId};
use sqlx::AssertSqlSafe;

use super::OWN_CREDENTIALS;
use crate::{DbError, ObjectTable, Tx};

/// What happens to a mark that is there already: the version moves on, so that a delivery under way does not clear it.
const AGAIN: &str = "ON CONFLICT (peer_id, module, object) DO UPDATE SET version = excluded.version, retry_at = 0";

/// The interface of a peer that takes what we send of a module. What a station intends to do goes to whoever has set a profile:
/// the Sender.
fn interface(module: &ModuleId) -> InterfaceRole {
    if *module == ModuleId::Chargingprofiles { InterfaceRole::Sender } else { InterfaceRole::Receiver }
}

/// Marks every registered peer that has the module's RECEIVER endpoint (module `credentials`: every registered peer) as
/// behind on the object. Marking twice is marking once.
pub async fn mark_all(tx: &mut Tx, module: ModuleId, object: &str) -> Result<(), DbError> {
    let version = tx.seq();
    let peers = if module == ModuleId::Credentials {
        "SELECT id, $1, $2, $3 FROM peers WHERE status = 'REGISTERED' ORDER BY id".to_owned()
    } else {
        format!(
            "SELECT id, $1, $2, $3 FROM peers WHERE status = 'REGISTERED' AND EXISTS (SELECT 1 FROM peer_endpoints \
             WHERE peer_id = id AND module = $1 AND role = '{}') ORDER BY id",
            InterfaceRole::Receiver
        )
    };
    let sql = format!("INSERT INTO sync_behind (peer_id, module, object, version) {peers} {AGAIN}");
    sqlx::query(AssertSqlSafe(sql)).bind(module.as_str()).bind(object).bind(version).execute(&mut **tx).await?;
    Ok(())
}

/// Marks one peer as behind on the object, if it is registered and has the module's RECEIVER endpoint (module
/// `chargingprofiles`: its SENDER endpoint).
pub async fn mark_peer(tx: &mut Tx, peer_id: &str, module: ModuleId, object: &str) -> Result<(), DbError> {
    let version = tx.seq();
    let sql = format!(
        "INSERT INTO sync_behind (peer_id, module, object, version) \
         SELECT id, $1, $2, $3 FROM peers WHERE id = $4 AND status = 'REGISTERED' AND EXISTS \
         (SELECT 1 FROM peer_endpoints WHERE peer_id = id AND module = $1 AND role = '{}') {AGAIN}",
        interface(&module)
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(module.as_str())
        .bind(object)
        .bind(version)
        .bind(peer_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Marks one registered peer as behind on our own credentials.
pub(crate) async fn mark_credentials(tx: &mut Tx, peer_id: &str) -> Result<(), DbError> {
    let version = tx.seq();
    let sql = format!(
        "INSERT INTO sync_behind (peer_id, module, object, version) \
         SELECT id, $1, $2, $3 FROM peers WHERE id = $4 AND status = 'REGISTERED' {AGAIN}"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(ModuleId::Credentials.as_str())
        .bind(OWN_CREDENTIALS)
        .bind(version)
        .bind(peer_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Marks one peer as behind on all our own objects of a table that it may see, named `NL/TNM|LOC1`.
pub async fn mark_everything(tx: &mut Tx, peer_id: &str, module: ModuleId, table: ObjectTable) -> Result<u64, DbError> {
    let version = tx.seq();
    let sql = format!(
        "INSERT INTO sync_behind (peer_id, module, object, version, retried) \
         SELECT id, $1, owner || '|' || objects.object_id, $2, 1 FROM peers CROSS JOIN \
         (SELECT owner, id AS object_id, seq, audience FROM {} WHERE deleted = 0 AND peer_id = '') AS objects \
         WHERE id = $3 AND status = 'REGISTERED' AND (audience = '' OR audience = $3) AND EXISTS \
         (SELECT 1 FROM peer_endpoints WHERE peer_id = id AND module = $1 AND role = '{}') ORDER BY seq {AGAIN}, retried = 1",
        table.name,
        InterfaceRole::Receiver
    );
    let marked =
        sqlx::query(AssertSqlSafe(sql)).bind(module.as_str()).bind(version).bind(peer_id).execute(&mut **tx).await?;
    Ok(marked.rows_affected())
}
