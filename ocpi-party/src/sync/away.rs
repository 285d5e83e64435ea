//! Parties that their hub cannot reach: what is for them waits, and everybody else behind the hub is served meanwhile.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use ocpi_http::CallError;
use ocpi_types::{DateTime, PartyId};

use super::push::later;
use super::{Behind, outage};
use crate::peers::{self, Peer};
use crate::{DbError, Party};

/// How long what is for a party that its hub calls OFFLINE waits before it is looked at again. A ClientInfo that says CONNECTED
/// ends that at once; looking again is for one that crossed with us.
const HOLD: Duration = Duration::from_mins(5);

/// Parties about which a hub answered 4002 or 4003, with how long they are left alone.
#[derive(Default)]
pub(crate) struct Away {
    any: AtomicBool,
    until: Mutex<HashMap<(String, PartyId), Pause>>,
}

#[derive(Clone, Copy)]
struct Pause {
    failures: u32,
    until: DateTime,
}

impl Away {
    /// Why this party is left alone at the moment.
    pub(crate) fn why(&self, hub_id: &str, party: &PartyId, now: DateTime) -> Option<String> {
        let pause = self.pause(hub_id, party)?;
        (now < pause.until).then(|| "it could not reach it a moment ago".to_owned())
    }

    fn pause(&self, hub_id: &str, party: &PartyId) -> Option<Pause> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(&(hub_id.to_owned(), party.clone())).copied()
    }

    pub(crate) fn forget(&self, hub_id: &str, party: &PartyId) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.remove(&(hub_id.to_owned(), party.clone()));
        self.any.store(!until.is_empty(), Ordering::Release);
    }

    /// The hub could not reach the party: until when it is left alone now, and whether this is the first time in a row.
    fn failed(&self, party: &Party, hub_id: &str, client: &PartyId) -> (DateTime, bool) {
        let now = party.clock.wall();
        let before = self.pause(hub_id, client);
        // Left alone for long after the last pause: something got through in between, or nobody tried.
        let in_a_row = before.filter(|pause| now - pause.until < TimeDelta::hours(1));
        let failures = in_a_row.map_or(0, |pause| pause.failures) + 1;
        let until = later(now, outage::pause(party, failures));
        let mut map = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        map.insert((hub_id.to_owned(), client.clone()), Pause { failures, until });
        self.any.store(true, Ordering::Release);
        (until, failures == 1)
    }
}

/// A party behind a hub cannot be reached: its mark waits, the hub is in sync as before.
pub(super) async fn hold(party: &Party, hub: &Peer, behind: Behind, error: CallError) -> Result<(), DbError> {
    let now = party.clock.wall();
    let message = error.to_string();
    let CallError::Away { party: client, answered, .. } = error else { return Ok(()) };
    let known = party.away().pause(&hub.id, &client).map(|pause| pause.until).filter(|until| now < *until);
    let (retry_at, news) = match answered {
        Some(_) => party.away().failed(party, &hub.id, &client),
        None => (known.unwrap_or_else(|| later(now, HOLD)), false),
    };
    if news {
        tracing::warn!(peer = hub.name, %client, message, "left alone for a while");
    }
    let sent = i64::from(answered.is_some());
    let hub_id = hub.id.clone();
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                // What the hub took may have arrived after all: then the whole object is sent.
                sqlx::query(
                    "UPDATE sync_behind SET retry_at = $4, retried = CASE WHEN $5 = 1 THEN 1 ELSE retried END \
                     WHERE peer_id = $1 AND module = $2 AND object = $3",
                )
                .bind(&hub_id)
                .bind(&behind.module)
                .bind(&behind.object)
                .bind(retry_at.timestamp_millis())
                .bind(sent)
                .execute(&mut **tx)
                .await?;
                if news {
                    peers::record_finding(tx, &hub_id, now, &behind.module, &behind.object, &message).await?;
                }
                Ok(())
            })
        })
        .await
}
