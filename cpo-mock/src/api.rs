//! What the handlers of several modules have in common.

use ocpi_http::{ListQuery, OcpiReply, OcpiResult, ReplyPage, Routing};
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
    let limit = query.limit(party.config.page_default, party.config.page_max);
    let scope = Scope { owner, peer_id: Some(peer.id.clone()) };
    let page = table.page(&party.db, &scope, &query, limit).await?;
    Ok(OcpiReply::page(ReplyPage {
        items: page.items,
        total: page.total,
        query,
        limit,
        cap: party.config.page_max,
        base_url: party.url(path),
    }))
}
