//! What the handlers of several modules have in common.

use ocpi_http::{ListQuery, OcpiResult, Routing};
use ocpi_party::{ObjectTable, Party, Peer, Scope, check_to};
use ocpi_types::PartyId;

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

/// As [`page`], for objects that concern one of the partner's parties only: those of the party that asks. Other parties on its
/// platform, or behind the same hub, have no business with them.
pub(crate) async fn own_page(
    party: &Party,
    peer: &Peer,
    routing: &Routing,
    table: ObjectTable,
    query: ListQuery,
    path: &str,
) -> OcpiResult {
    let owner = check_to(party, routing).await?;
    let scope = Scope::visible_to(&peer.id).owned_by(owner).of_customer(asking(peer, routing.from.as_ref()).cloned());
    table.reply(party, &scope, query, path).await
}

/// The party of the partner that a request comes from, where that matters: `None` when it does not say, and for what a hub
/// asks on its own account.
pub(crate) fn asking<'a>(peer: &Peer, from: Option<&'a PartyId>) -> Option<&'a PartyId> {
    from.filter(|from| if peer.is_hub() { peer.hub_party().as_ref() != Some(from) } else { peer.hosts_any(from) })
}
