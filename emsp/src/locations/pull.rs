//! Pulls a CPO's Locations. Spec: mod_locations, "Sender Interface", called by us.

use std::sync::Arc;

use futures_util::FutureExt;
use ocpi_http::CallError;
use ocpi_party::{Peer, PullSummary};
use ocpi_types::{Location, PartyId};

use super::store::TABLE;
use crate::App;
use crate::pull::list::List;
use crate::pull::objects::{pull_vanishing, upsert_all};

/// All Locations on a list: all of them, or those that changed since then.
pub async fn pull(app: &App, peer: &Arc<Peer>, list: &List) -> Result<PullSummary, CallError> {
    let name = |location: &Location| {
        (PartyId::new(location.country_code.clone(), location.party_id.clone()), location.id.key())
    };
    pull_vanishing::<Location>(app, peer, list, TABLE, name, |app, peer, locations, asked| {
        async move {
            let peer_id = peer.id.clone();
            let stored = upsert_all(&app.party.db, TABLE, peer_id, (locations, asked), |l| l.last_updated).await?;
            Ok((stored, Vec::new()))
        }
        .boxed()
    })
    .await
}
