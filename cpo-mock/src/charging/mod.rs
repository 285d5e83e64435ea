//! The platform's business: from what stations report to Sessions, bills and the status of EVSEs.
//!
//! Each event is handled in one transaction, together with its number: an event that is delivered again, after a crash or
//! by a station that did not hear us, changes nothing.

pub mod authorization;
mod boundaries;
mod cdr;
pub mod charge;
mod events;
mod forecast;
pub mod home;
mod periods;
pub mod preferences;
pub mod reservation;

pub use authorization::Authorization;

use futures_util::future::BoxFuture;
use ocpi_party::{DbError, Party, Tx};

use crate::ids::Ids;
use crate::station::{Authorized, CentralSystem, Event, EvseKey, Verdict};
use crate::tokens::authorize::{self, Card, WhitelistPolicy};

/// The platform, as the stations see it.
#[derive(Debug, Clone)]
pub struct Charging {
    party: Party,
    ids: Ids,
    /// The currency of Sessions to which no tariff applies.
    currency: String,
    whitelist: WhitelistPolicy,
}

impl Charging {
    /// The platform of `party`.
    #[must_use]
    pub fn new(party: Party, ids: Ids, currency: String, whitelist: WhitelistPolicy) -> Self {
        Self { party, ids, currency, whitelist }
    }
}

impl CentralSystem for Charging {
    fn authorize<'a>(
        &'a self,
        evse: &'a EvseKey,
        card: &'a Card,
        running: Option<&'a Authorized>,
    ) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let verdict = match running {
                None => authorize::card(&self.party, &self.ids, self.whitelist, evse, card).await,
                Some(running) => authorize::card_of_group(&self.party, self.whitelist, evse, card, running).await,
            };
            verdict.unwrap_or_else(|error| {
                tracing::error!(error = error.chain(), %evse, "a card cannot be checked");
                Verdict::Refused { reason: "the platform cannot check cards at the moment".to_owned() }
            })
        })
    }

    fn handle<'a>(&'a self, evse: &'a EvseKey, event: &'a Event) -> BoxFuture<'a, Result<(), DbError>> {
        let (evse, event, currency) = (evse.clone(), event.clone(), self.currency.clone());
        let now = self.party.clock.now();
        Box::pin(async move {
            self.party
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        if !is_new(tx, &evse, event.seq).await? {
                            return Ok::<_, DbError>(());
                        }
                        let mut desk = events::Desk { tx, evse, at: event.at, now, currency };
                        desk.take(event.kind).await
                    })
                })
                .await?;
            self.party.nudge();
            Ok(())
        })
    }
}

/// Notes that the platform has listened to this event; `false` when it had before.
async fn is_new(tx: &mut Tx, evse: &EvseKey, seq: i64) -> Result<bool, DbError> {
    let (owner, location_id, evse_uid) = evse.parts();
    let noted: Option<i64> = sqlx::query_scalar(
        "INSERT INTO station_events (owner, location_id, evse_uid, seq) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (owner, location_id, evse_uid) DO UPDATE SET seq = excluded.seq \
         WHERE station_events.seq < excluded.seq RETURNING seq",
    )
    .bind(owner)
    .bind(location_id)
    .bind(evse_uid)
    .bind(seq)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(noted.is_some())
}
