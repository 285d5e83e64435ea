//! Pulls a CPO's Locations. Spec: mod_locations, "Sender Interface", called by us.

use std::sync::Arc;

use futures_util::FutureExt;
use ocpi_http::CallError;
use ocpi_party::{Peer, PullSummary};
use ocpi_types::{Location, PartyId};

use super::store::TABLE;
use crate::App;
use crate::pull::list::List;
use crate::pull::objects::{ours, retire, upsert_all, walk};

/// All Locations on a list: all of them, or those that changed since then.
pub async fn pull(app: &App, peer: &Arc<Peer>, list: &List) -> Result<PullSummary, CallError> {
    let started = app.party.db.seq();
    let name = |location: &Location| {
        (PartyId::new(location.country_code.clone(), location.party_id.clone()), location.id.key())
    };
    let walked = walk::<Location>(app, peer, list, name, |app, peer, locations| {
        async move {
            let stored = upsert_all(&app.party.db, TABLE, peer.id.clone(), locations, |l| l.last_updated).await?;
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
