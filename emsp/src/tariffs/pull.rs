//! Pulls a CPO's Tariffs. Spec: mod_tariffs, "Sender Interface", called by us.

use std::sync::Arc;

use futures_util::FutureExt;
use ocpi_http::CallError;
use ocpi_party::{Peer, PullSummary};
use ocpi_types::{PartyId, Tariff};

use super::store::TABLE;
use crate::App;
use crate::pull::list::List;
use crate::pull::objects::{ours, retire, upsert_all, walk};

/// All Tariffs on a list: all of them, or those that changed since then.
pub async fn pull(app: &App, peer: &Arc<Peer>, list: &List) -> Result<PullSummary, CallError> {
    let started = app.party.db.seq();
    let name = |tariff: &Tariff| (PartyId::new(tariff.country_code.clone(), tariff.party_id.clone()), tariff.id.key());
    let walked = walk::<Tariff>(app, peer, list, name, |app, peer, tariffs| {
        async move {
            let stored = upsert_all(&app.party.db, TABLE, peer.id.clone(), tariffs, |t| t.last_updated).await?;
            Ok((stored, Vec::new()))
        }
        .boxed()
    })
    .await?;
    if list.since.is_none() && walked.complete {
        retire(&app.party.db, TABLE, list, &peer.id, walked.ids, started).await.map_err(ours)?;
    }
    Ok(walked.summary)
}
