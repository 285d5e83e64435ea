//! What partners tell us when asked: this platform pulls Tokens.

use ocpi_http::CallError;
use ocpi_party::sync::{Inbox, PullSummary};
use ocpi_party::{Party, Peer};
use ocpi_types::{DateTime, ModuleId};

use crate::tokens;

/// Fetches what partners own.
#[derive(Debug, Clone)]
pub struct CpoInbox {
    /// The platform.
    pub party: Party,
}

impl Inbox for CpoInbox {
    fn modules(&self) -> &'static [ModuleId] {
        &[ModuleId::Tokens]
    }

    async fn pull(&self, peer: &Peer, module: &ModuleId, since: Option<DateTime>) -> Result<PullSummary, CallError> {
        match module {
            ModuleId::Tokens => tokens::pull::pull(&self.party, peer, since).await,
            _ => Ok(PullSummary::default()),
        }
    }
}
