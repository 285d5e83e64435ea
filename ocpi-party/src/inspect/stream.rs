//! The exchanges as they happen, as server-sent events.
//!
//! Events: `about` (once: whose log it is), `exchanges` (a JSON array: first what is kept, then what is new), `missed` (how
//! many a slow reader has missed).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use ocpi_http::Exchange;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::api::check_kept;
use super::view::ExchangeLine;
use crate::{Operator, OperatorError, Party, Shutdown};

/// How many exchanges travel in one event.
const BATCH: usize = 100;

pub(super) async fn stream(
    State(party): State<Party>,
    _: Operator,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, OperatorError> {
    check_kept(&party)?;
    let (kept, following) = party.exchanges.follow();
    let mut waiting = VecDeque::from([about(&party)]);
    waiting.extend(kept.chunks(BATCH).map(|batch| lines(&party, batch)));
    let reader = Reader { shutdown: party.serves_until(), party, waiting, following };
    let events = unfold(reader, |mut reader| async { reader.next().await.map(|event| (Ok(event), reader)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

struct Reader {
    party: Party,
    waiting: VecDeque<Event>,
    following: Receiver<Arc<Exchange>>,
    shutdown: Shutdown,
}

impl Reader {
    /// The next event; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.waiting.pop_front() {
            return Some(event);
        }
        let first = tokio::select! {
            received = self.following.recv() => received,
            () = self.shutdown.triggered() => return None,
        };
        match first {
            Ok(first) => {
                let mut batch = vec![first];
                while batch.len() < BATCH
                    && let Ok(more) = self.following.try_recv()
                {
                    batch.push(more);
                }
                Some(lines(&self.party, &batch))
            }
            Err(RecvError::Lagged(missed)) => Some(Event::default().event("missed").data(missed.to_string())),
            Err(RecvError::Closed) => None,
        }
    }
}

fn about(party: &Party) -> Event {
    let about = json!({
        "party": party.config.project_name,
        "name": party.config.business_name,
        "role": party.role.as_str(),
        "id": party.own_party().to_string(),
        "keeps": party.exchanges.limits().exchanges,
    });
    Event::default().event("about").data(about.to_string())
}

fn lines(party: &Party, exchanges: &[Arc<Exchange>]) -> Event {
    let lines: Vec<_> = exchanges.iter().map(|exchange| ExchangeLine::new(party, exchange)).collect();
    // Texts and numbers can always be written.
    let data = serde_json::to_string(&lines).unwrap_or_default();
    Event::default().event("exchanges").data(data)
}
