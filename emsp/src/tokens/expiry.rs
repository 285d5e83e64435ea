//! Ends contracts whose time has come: CPOs that keep a list of tokens must hear of it without being asked.

use std::time::Duration;

use ocpi_party::{DbError, OperatorError, Shutdown};
use ocpi_types::PartyId;
use tokio::task::JoinHandle;

use super::store;
use crate::App;
use crate::operator::tokens::change;

/// How often we look.
const EVERY: Duration = Duration::from_mins(1);

/// Looks every minute, until `shutdown`.
#[must_use]
pub fn spawn_expiry(app: App, shutdown: Shutdown) -> JoinHandle<()> {
    tokio::spawn(async move {
        while !shutdown.is_triggered() {
            if let Err(error) = end_contracts(&app).await {
                tracing::error!(error = error.chain(), "tokens that have expired could not be ended; trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.triggered() => {}
            }
        }
    })
}

/// Makes tokens invalid whose contract has ended, and marks the CPOs that have to hear of it. The answer is how many.
pub async fn end_contracts(app: &App) -> Result<usize, DbError> {
    let over = store::run_out(&app.party.db, app.party.clock.now()).await?;
    for (owner, id) in &over {
        let Ok(owner) = owner.parse::<PartyId>() else { continue };
        // `change` works out anew whether the token is valid.
        let ended = change(app, owner, id.clone(), |own| own.map(|own| (own.token, own.account))).await;
        ended.map_err(|error: OperatorError| DbError::corrupt(error.log.unwrap_or(error.message)))?;
        tracing::info!(token = id, "the contract has ended");
    }
    Ok(over.len())
}
