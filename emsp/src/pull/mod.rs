//! Pulls the CPOs' lists: at start-up, after an outage, on a slow schedule, and when an operator asks for it.
//!
//! One list per party: a platform that hosts many CPOs has no list of all of them, a hub has. Each object is judged on its own; a faulty
//! one is skipped and reported, and comes right with a later pull.

pub mod list;
pub mod objects;

use std::sync::Arc;

use ocpi_http::{CallError, FailureClass};
use ocpi_party::{Inbox, Peer, PullSummary};
use ocpi_types::{DateTime, ModuleId, Role};

use crate::{App, cdrs, locations, sessions, tariffs};
use list::List;

/// What others refer to comes first.
static PULLED: [ModuleId; 4] = [ModuleId::Tariffs, ModuleId::Locations, ModuleId::Sessions, ModuleId::Cdrs];

/// The puller's hands.
#[derive(Debug, Clone)]
pub struct CpoInbox(pub App);

impl Inbox for CpoInbox {
    fn modules(&self) -> &'static [ModuleId] {
        &PULLED
    }

    async fn pull(&self, peer: &Peer, module: &ModuleId, since: Option<DateTime>) -> Result<PullSummary, CallError> {
        let app = &self.0;
        let mut sum = PullSummary::default();
        let mut away = None;
        let peer = Arc::new(peer.clone());
        let own = app.own_parties(&Role::Emsp).await;
        for list in List::all(&peer, module, &own, since) {
            let pulled = match module {
                ModuleId::Tariffs => tariffs::pull::pull(app, &peer, &list).await,
                ModuleId::Locations => locations::pull::pull(app, &peer, &list).await,
                ModuleId::Sessions => sessions::pull::pull(app, &peer, &list).await,
                ModuleId::Cdrs => cdrs::pull::pull(app, &peer, &list).await,
                _ => Ok(PullSummary::default()),
            };
            let one = match pulled {
                // One party behind a hub: the others can be asked all the same.
                Err(error) if error.class() == FailureClass::Away => {
                    away = Some(error);
                    continue;
                }
                pulled => pulled?,
            };
            sum.seen += one.seen;
            sum.stored += one.stored;
            sum.skipped.extend(one.skipped);
        }
        // Not a success: what the one that is away has, is asked for from the same date again.
        away.map_or(Ok(sum), Err)
    }
}
