//! Passing a request on to the station, and its one result back to the partner. Spec: mod_charging_profiles, "Sender
//! Interface", "POST Method".
//!
//! The result is sent once, and not again when that fails. Where it is nearly due and nobody has sent one, because the process
//! died in between, the station is asked what it had answered: a profile that holds is not reported as REJECTED.

use std::time::Duration;

use ocpi_party::DbError;
use ocpi_types::{
    ActiveChargingProfile, ActiveChargingProfileResult, ChargingProfileResult, ChargingProfileResultType,
    ClearProfileResult, Extra, Object, PartyId,
};

use super::convert;
use super::store::{self, Kind, Record};
use crate::App;
use crate::callback::{Callback, State};
use crate::sessions;
use crate::station::{Answer, Command, EvseKey, Origin, Profile, ProfileChange, Stations};

/// What a station is asked.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// Set this profile.
    Set(Profile),
    /// Clear the one that is set.
    Clear,
    /// Tell the plan for so many seconds.
    Read(i64),
}

/// What came out of it.
struct Outcome {
    result: ChargingProfileResultType,
    plan: Option<ActiveChargingProfile>,
}

impl Outcome {
    /// `None` for a station that is silent.
    fn of(answer: Answer) -> Option<Self> {
        let result = match answer {
            Answer::Silent => return None,
            Answer::Accepted => ChargingProfileResultType::Accepted,
            Answer::NoProfile => ChargingProfileResultType::Unknown,
            _ => ChargingProfileResultType::Rejected,
        };
        Some(Self { result, plan: None })
    }

    fn rejected() -> Self {
        Self { result: ChargingProfileResultType::Rejected, plan: None }
    }

    /// The object that answers this kind of request.
    fn body(&self, kind: Kind) -> String {
        let (result, extra) = (self.result.clone(), Extra::default());
        match kind {
            Kind::Get => ActiveChargingProfileResult { result, profile: self.plan.clone(), extra }.to_json(),
            Kind::Put => ChargingProfileResult { result, extra }.to_json(),
            Kind::Delete => ClearProfileResult { result, extra }.to_json(),
        }
    }
}

/// Passes a request on to the station of a Session and sends the result.
pub(super) async fn carry(app: &App, id: &str, evse: &EvseKey, transaction_id: &str, work: Work) {
    let change = |profile| {
        let (transaction_id, request) = (transaction_id.to_owned(), id.to_owned());
        Command::Profile(ProfileChange { transaction_id, request, origin: Origin::Partner, profile })
    };
    let outcome = match work {
        Work::Read(seconds) => app.simulator.plan(evse, transaction_id, seconds).await.map(|plan| match plan {
            Ok(plan) => {
                Some(Outcome { result: ChargingProfileResultType::Accepted, plan: Some(convert::active(&plan)) })
            }
            Err(answer) => Outcome::of(answer),
        }),
        Work::Set(profile) => app.simulator.send(evse, change(Some(profile))).await.map(Outcome::of),
        Work::Clear => app.simulator.send(evse, change(None)).await.map(Outcome::of),
    };
    let outcome = outcome.unwrap_or_else(|error| {
        tracing::error!(error = error.chain(), %evse, "a charging profile did not reach the station");
        Some(Outcome::rejected())
    });
    // A station that is silent has time yet: see `sweep`.
    if let Some(outcome) = outcome {
        finish(app, id, &outcome).await;
    }
}

/// Sends results for the requests whose time is nearly over, and gives up on those whose time is over.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    let promised = Duration::from_secs(u64::from(app.config.command_timeout));
    let margin = chrono::TimeDelta::from_std((promised / 5).min(Duration::from_secs(5))).unwrap_or_default();
    for (record, too_late) in store::overdue(&app.party.db, app.party.clock.wall(), margin).await? {
        let outcome = what_the_station_said(app, &record).await?;
        if too_late {
            claim(app, &record.id, &outcome, State::Expired).await?;
        } else {
            finish(app, &record.id, &outcome).await;
        }
    }
    Ok(())
}

async fn what_the_station_said(app: &App, record: &Record) -> Result<Outcome, DbError> {
    let found = sessions::store::find(&app.party.db, Some(&owner(record)?), &record.session_id).await?;
    let Some(found) = found else { return Ok(Outcome::rejected()) };
    let session = found.session;
    let evse = EvseKey { owner: found.owner, location_id: session.location_id, evse_uid: session.evse_uid };
    let answer = app.simulator.answer_to(&evse, &record.id).await?;
    Ok(answer.and_then(Outcome::of).unwrap_or_else(Outcome::rejected))
}

/// Sends the result, unless somebody else has.
async fn finish(app: &App, id: &str, outcome: &Outcome) {
    if let Err(error) = try_finish(app, id, outcome).await {
        tracing::error!(error = error.chain(), request = id, "the result about a charging profile is lost");
    }
}

async fn try_finish(app: &App, id: &str, outcome: &Outcome) -> Result<(), DbError> {
    let Some(mut record) = claim(app, id, outcome, State::Sending).await? else { return Ok(()) };
    let callback = Callback {
        peer_id: &record.peer_id,
        to: &record.from,
        from: &record.to,
        response_url: &record.response_url,
        correlation_id: &record.correlation_id,
    };
    let state = match callback.send(app, outcome.body(record.kind)).await? {
        Ok(()) => State::Sent,
        Err(error) => {
            tracing::warn!(request = id, error, "the result about a charging profile did not get through");
            record.delivery_error = Some(error);
            State::Undelivered
        }
    };
    app.party.db.write(move |tx| Box::pin(async move { store::save(tx, &record, state).await })).await
}

/// Takes the result on oneself. Who has set a profile with success is told of changes from now on.
async fn claim(app: &App, id: &str, outcome: &Outcome, state: State) -> Result<Option<Record>, DbError> {
    let (id, result) = (id.to_owned(), outcome.result.clone());
    app.party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(record) = store::claim(tx, &id, result.as_str()).await? else { return Ok(None) };
                if record.kind == Kind::Put && result == ChargingProfileResultType::Accepted {
                    store::follow(tx, &owner(&record)?, &record.session_id, &record.peer_id).await?;
                }
                store::save(tx, &record, state).await?;
                Ok::<_, DbError>(Some(record))
            })
        })
        .await
}

fn owner(record: &Record) -> Result<PartyId, DbError> {
    record.to.parse().map_err(|_| DbError::corrupt("charging_profile_requests: a party"))
}
