//! What the handlers of several modules have in common.

use ocpi_http::{ListQuery, OcpiResult, Routing};
use ocpi_party::{ObjectTable, Party, Peer, Scope, check_to};

/// One page of a list that is stored as it is served: of the party that `OCPI-to` names, or of all, and only what this
/// partner may see.
pub(crate) async fn page(
    party: &Party,
    peer: &Peer,
    routing: &Routing,
    table: ObjectTable,
    query: ListQuery,
    path: &str,
) -> OcpiResult {
    let owner = check_to(party, routing).await?;
    table.reply(party, &Scope::visible_to(&peer.id).owned_by(owner), query, path).await
}
