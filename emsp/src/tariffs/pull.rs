//! Pulls a CPO's Tariffs. Spec: mod_tariffs, "Sender Interface", called by us.

use std::sync::Arc;

use futures_util::FutureExt;
use ocpi_http::CallError;
use ocpi_party::{Peer, PullSummary};
use ocpi_types::{PartyId, Tariff};

use super::store::TABLE;
use crate::App;
use crate::pull::list::List;
use crate::pull::objects::{pull_vanishing, upsert_all};

/// All Tariffs on a list: all of them, or those that changed since then.
pub async fn pull(app: &App, peer: &Arc<Peer>, list: &List) -> Result<PullSummary, CallError> {
    let name = |tariff: &Tariff| (PartyId::new(tariff.country_code.clone(), tariff.party_id.clone()), tariff.id.key());
    pull_vanishing::<Tariff>(app, peer, list, TABLE, name, |app, peer, tariffs, asked| {
        async move {
            let peer_id = peer.id.clone();
            let stored = upsert_all(&app.party.db, TABLE, peer_id, (tariffs, asked), |t| t.last_updated).await?;
            Ok((stored, Vec::new()))
        }
        .boxed()
    })
    .await
}
