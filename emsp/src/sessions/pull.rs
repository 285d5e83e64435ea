//! Pulls a CPO's Sessions. Spec: mod_sessions, "Sender Interface", called by us.

use std::sync::Arc;

use futures_util::FutureExt;
use ocpi_http::{CallError, OcpiError};
use ocpi_party::{Peer, PullSummary};
use ocpi_types::{DateTime, PartyId, Session};

use super::store::{Saved, save};
use crate::App;
use crate::pull::list::List;
use crate::pull::objects::walk;

/// The Sessions on a list that changed since then. This list alone demands a `date_from`: without one we ask from the
/// beginning of time.
pub async fn pull(app: &App, peer: &Arc<Peer>, list: &List) -> Result<PullSummary, CallError> {
    let list = List { since: Some(list.since.unwrap_or(DateTime::UNIX_EPOCH)), ..list.clone() };
    let name =
        |session: &Session| (PartyId::new(session.country_code.clone(), session.party_id.clone()), session.id.key());
    let walked = walk::<Session>(app, peer, &list, name, |app, peer, sessions, _| {
        async move {
            let peer_id = peer.id.clone();
            let stored = app.party.db.write(move |tx| {
                Box::pin(async move {
                    let mut stored = 0;
                    for (owner, _id, session) in &sessions {
                        let saved = save(tx, owner, &peer_id, session).await?;
                        stored += u64::from(matches!(saved, Saved::Created | Saved::Replaced));
                    }
                    Ok::<u64, OcpiError>(stored)
                })
            });
            Ok((stored.await?, Vec::new()))
        }
        .boxed()
    })
    .await?;
    Ok(walked.summary)
}
