//! In sync, not queued.
//!
//! OCPI forbids queueing messages and replaying them later. What is stored per peer is therefore *"peer P is behind on
//! object O"*, in the same transaction as the change of O. The pusher sends O as it stands when it is sent; success clears
//! the mark. When a peer cannot be reached, it is out of sync: the marks stay, and after a growing pause what they stand for
//! is sent as it is then. The receiving side pulls: at start-up, after an outage, and on a slow random schedule, from the
//! time of the last success on. Marks and times are in the database and survive `kill -9`.
//!
//! Several instances may share one database: whoever pushes to a peer, or pulls from it, holds a lease. A lease that ran
//! out without being given back tells that its holder died in the middle: what it was about to deliver may have arrived.

mod away;
mod lease;
mod marks;
mod outage;
mod outcome;
mod pull;
mod push;
mod schedule;
mod state;
mod tasks;

use std::future::Future;

use ocpi_http::CallError;
use ocpi_types::{DateTime, ModuleId};

use crate::Peer;
pub(crate) use away::Away;
pub(crate) use marks::mark_credentials;
pub use marks::{mark_all, mark_everything, mark_peer};
pub(crate) use outage::{Down, alive};
pub use pull::{pull_due, pull_now};
pub use push::push_due;
pub use schedule::resume;
pub(crate) use schedule::{after_registration, request_sync};
pub use state::{Finding, PullState, PushState, SyncState, sync_state};
pub use tasks::{spawn_puller, spawn_pusher};

/// The object of the marks of module `credentials`: our own credentials, which a peer has not got in their present form.
pub(crate) const OWN_CREDENTIALS: &str = "own";

/// A peer that does not have the present state of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Which peer.
    pub peer_id: String,
    /// The module: `locations`.
    pub module: String,
    /// The object, in the words of the module that marked it: `NL/TNM|LOC1`, or a part of it, `NL/TNM|LOC1|EVSE1`.
    pub object: String,
    /// Changes with every change of the object.
    pub version: i64,
    /// An earlier delivery may or may not have arrived: send the whole object, not a change to it.
    pub retried: bool,
    /// What the last successful delivery returned.
    pub sent_before: Option<String>,
}

/// The sending side of a server's modules.
pub trait Outbox: Clone + Send + Sync + 'static {
    /// Sends the present state of the object to the peer. The text returned is kept and handed to the next delivery of this
    /// object as [`Behind::sent_before`]. Nothing to send (any more) is a success.
    fn deliver(&self, peer: &Peer, behind: &Behind) -> impl Future<Output = Result<Option<String>, CallError>> + Send;
}

/// What one round of pushing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushSummary {
    /// Marks that were delivered and cleared.
    pub delivered: usize,
    /// Marks that were dropped because the peer refused the object.
    pub refused: usize,
    /// Deliveries that failed for a reason of our own; they are tried again.
    pub postponed: usize,
    /// Deliveries to parties behind a hub that it cannot reach; they are made once it can.
    pub held: usize,
    /// Peers that could not be reached.
    pub unreachable: usize,
}

/// The receiving side of a server's modules.
pub trait Inbox: Clone + Send + Sync + 'static {
    /// The modules that are pulled, in this order: what others refer to comes first.
    fn modules(&self) -> &'static [ModuleId];

    /// Fetches what has changed at the peer since `since`, everything when `None`, and stores it.
    fn pull(
        &self,
        peer: &Peer,
        module: &ModuleId,
        since: Option<DateTime>,
    ) -> impl Future<Output = Result<PullSummary, CallError>> + Send;
}

/// What one pull of one module did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullSummary {
    /// Objects that the peer listed.
    pub seen: u64,
    /// Objects that were new or newer than what was stored.
    pub stored: u64,
    /// Objects that were left out, each with its reason, for the operator.
    pub skipped: Vec<Skipped>,
}

/// An object that was left out of a pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which one, as far as it could be read: `NL/TNM|LOC1`.
    pub object: String,
    /// Why.
    pub reason: String,
}
