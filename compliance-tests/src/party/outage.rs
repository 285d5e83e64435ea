//! The party as one that cannot be reached for a while, and as one whose partner cannot.
//!
//! Nothing is queued: after an outage the party pulls what it may have missed, and sends each object that its partner missed once, as it
//! stands then. Spec: transport_and_format, "Offline behaviour".

use std::time::Duration;

use axum::serve::Listener;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::{Party, Peer, id_of};

/// Ends the outage when dropped.
#[derive(Debug)]
pub struct OutageGuard(Party);

impl Drop for OutageGuard {
    fn drop(&mut self) {
        self.0.state().closed = false;
    }
}

/// Takes no connections while the party is closed.
pub(super) struct Gate {
    pub(super) listener: TcpListener,
    pub(super) party: Party,
}

impl Listener for Gate {
    type Io = TcpStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.listener.accept().await {
                Ok(connection) if !self.party.is_closed() => return connection,
                Ok(_) => {}
                // Out of file handles, for example: it passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A push that its receiver did not take.
#[derive(Clone, Debug)]
pub(super) struct Missed {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) module: String,
    pub(super) path: Vec<String>,
    pub(super) body: Option<Value>,
}

impl Party {
    /// Until the guard is dropped new connections are cut and requests on old ones answered with HTTP 503.
    #[must_use]
    pub fn outage(&self) -> OutageGuard {
        self.state().closed = true;
        OutageGuard(self.clone())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// The object at this path as it is now.
    fn current(&self, module: &str, path: &[String]) -> Option<Value> {
        let object = self.own(module).into_iter().find(|o| id_of(module, o).eq_ignore_ascii_case(&path[0]))?;
        match path.get(1) {
            None => Some(object),
            Some(uid) => object["evses"].as_array()?.iter().find(|e| e["uid"] == uid.as_str()).cloned(),
        }
    }

    /// After a failed PATCH: looks what the partner has, and sends the object where it has nothing.
    pub(super) async fn after_failed_patch(&self, peer: &Peer, missed: &Missed) {
        let mut there = false;
        if !self.has("client-no-get-after-patch") {
            let answer = self.request("GET", &missed.url, &peer.token_out, Some(peer), None).await;
            there = answer.succeeded() && !answer.json["data"].is_null();
        }
        if !there
            && !self.has("client-no-put-after-patch")
            && let Some(object) = self.current(&missed.module, &missed.path)
        {
            self.request("PUT", &missed.url, &peer.token_out, Some(peer), Some(&object)).await;
        }
    }

    /// The partner could not be reached: waits until it can, in the background.
    pub(super) fn recover(&self, peer: &Peer, missed: Missed) {
        let mut state = self.state();
        let known = state.missed.iter().any(|known| known.module == missed.module && known.path == missed.path);
        if !known || state.faults.contains("client-replays") {
            state.missed.push(missed);
        }
        let waiting = std::mem::replace(&mut state.recovering, true);
        drop(state);
        if !waiting {
            let (party, peer) = (self.clone(), peer.clone());
            tokio::spawn(async move { party.wait_for(&peer).await });
        }
    }

    async fn wait_for(&self, peer: &Peer) {
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if self.request("GET", &peer.versions_url, &peer.token_out, None, None).await.succeeded() {
                break;
            }
        }
        let missed = {
            let mut state = self.state();
            state.recovering = false;
            std::mem::take(&mut state.missed)
        };
        if !self.has("client-no-catch-up") {
            self.pull_all().await;
        }
        let replays = self.has("client-replays");
        for one in missed {
            if replays {
                self.request(&one.method, &one.url, &peer.token_out, Some(peer), one.body.as_ref()).await;
            } else if let Some(object) = self.current(&one.module, &one.path) {
                self.request("PUT", &one.url, &peer.token_out, Some(peer), Some(&object)).await;
            }
        }
    }
}
