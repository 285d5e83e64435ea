//! What the Receiver interfaces have in common: whose object it is, and that an older state never wins.

use ocpi_http::{OcpiError, Routing};
use ocpi_party::{DbError, NewObject, ObjectTable, Peer, Upserted, check_owner, check_to};
use ocpi_types::{CiString, DateTime, PartyId, Role, format_date_time};

use crate::App;

/// Refuses what is not addressed to us or not the caller's own: URL, body and the caller's roles agree.
pub(crate) async fn check(
    app: &App,
    peer: &Peer,
    routing: &Routing,
    url: &PartyId,
    body: Option<&PartyId>,
) -> Result<(), OcpiError> {
    check_to(&app.party, routing).await?;
    check_owner(peer, Role::Cpo, url, body)
}

/// Refuses a body whose id is not the one in the URL.
pub(crate) fn same_id<const MAX: usize>(field: &str, url: &str, body: &CiString<MAX>) -> Result<(), OcpiError> {
    if *body == url {
        return Ok(());
    }
    Err(OcpiError::invalid(format!("the URL names {url:?}, but {field} in the body is {:?}", body.as_str())))
}

/// The answer to a state that is older than the one we hold.
pub(crate) fn stale(what: &str, known: DateTime) -> OcpiError {
    OcpiError::invalid(format!(
        "{what}: we hold a newer state, with last_updated {}; nothing was changed",
        format_date_time(&known)
    ))
}

/// Stores an object unless we hold a newer state of it. `true` when it was new.
pub(crate) async fn store(
    app: &App,
    table: ObjectTable,
    peer: &Peer,
    owner: PartyId,
    id: String,
    last_updated: DateTime,
    json: String,
) -> Result<bool, OcpiError> {
    let peer_id = peer.id.clone();
    app.party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let seq = tx.seq();
                let row =
                    NewObject { owner: &owner, id: &id, audience: "", peer_id: &peer_id, last_updated, json: &json };
                match table.upsert(tx, seq, &row).await? {
                    Upserted::Created => Ok(true),
                    Upserted::Replaced => Ok(false),
                    Upserted::Stale => {
                        let known = table.get_in(tx, &owner, &id).await?;
                        Err(stale(&id, known.map_or(last_updated, |known| known.last_updated)))
                    }
                }
            })
        })
        .await
}

/// Stored JSON that we cannot read back: our own fault.
pub(crate) fn unreadable(what: &str) -> OcpiError {
    DbError::corrupt(what).into()
}
