//! Pulls a CPO's CDRs: those whose POST we missed. Spec: mod_cdrs, "Sender Interface", called by us.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use ocpi_http::{CallError, OcpiError};
use ocpi_party::{Peer, PullSummary, Skipped};
use ocpi_types::{Cdr, Object, PartyId};

use super::store::{Taken, take};
use crate::App;
use crate::pull::list::List;
use crate::pull::objects::{Named, walk};

/// How many CDRs are checked and stored side by side, so that they share commits.
const SIDE_BY_SIDE: usize = 16;

/// All CDRs on a list, or those that were created since then. What a list does not hold stays: CDRs do not go away.
pub async fn pull(app: &App, peer: &Arc<Peer>, list: &List) -> Result<PullSummary, CallError> {
    let name = |cdr: &Cdr| (PartyId::new(cdr.country_code.clone(), cdr.party_id.clone()), cdr.id.key());
    let walked = walk::<Cdr>(app, peer, list, name, |app, peer, cdrs, _| take_all(app, peer, cdrs).boxed()).await?;
    Ok(walked.summary)
}

async fn take_all(app: App, peer: Arc<Peer>, cdrs: Vec<Named<Cdr>>) -> Result<(u64, Vec<Skipped>), OcpiError> {
    let taking = stream::iter(cdrs).map(|(owner, id, cdr)| {
        let (app, peer_id) = (app.clone(), peer.id.clone());
        async move {
            let object = format!("{}|{id}", owner.key());
            let form = cdr.validate();
            Ok::<_, OcpiError>((object, take(&app, owner, peer_id, cdr, &form).await?))
        }
    });
    let taken: Vec<(String, Taken)> = taking.buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
    let new = taken.iter().filter(|(_, taken)| *taken == Taken::New).count() as u64;
    let changed = taken.into_iter().filter(|(_, taken)| *taken == Taken::Different);
    let reason = "differs from the CDR of this id that we have; a CDR does not change";
    let skipped = changed.map(|(object, _)| Skipped { object, reason: reason.to_owned() }).collect();
    Ok((new, skipped))
}
