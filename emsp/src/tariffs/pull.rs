//! Pulls a CPO's Tariffs. Spec: mod_tariffs, "Sender Interface", called by us.

use std::sync::Arc;

use futures_util::FutureExt;
use ocpi_http::CallError;
use ocpi_party::{Peer, PullSummary};
use ocpi_types::{DateTime, ModuleId, PartyId, Tariff};

use super::store::TABLE;
use crate::App;
use crate::pull::list::List;
use crate::pull::objects::{ours, retire, upsert_all, walk};

/// All Tariffs of a party, or those that changed since then.
pub async fn pull(
    app: &App,
    peer: &Arc<Peer>,
    owner: &PartyId,
    since: Option<DateTime>,
) -> Result<PullSummary, CallError> {
    let list = List { module: ModuleId::Tariffs, owner: owner.clone(), since };
    let started = app.party.db.seq();
    let name = |tariff: &Tariff| (PartyId::new(tariff.country_code.clone(), tariff.party_id.clone()), tariff.id.key());
    let walked = walk::<Tariff>(app, peer, &list, name, |app, peer, tariffs| {
        async move {
            let stored = upsert_all(&app.party.db, TABLE, peer.id.clone(), tariffs, |t| t.last_updated).await?;
            Ok((stored, Vec::new()))
        }
        .boxed()
    })
    .await?;
    if since.is_none() && walked.complete {
        retire(&app.party.db, TABLE, owner.clone(), walked.ids, started).await.map_err(ours)?;
    }
    Ok(walked.summary)
}
