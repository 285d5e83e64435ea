//! Every case of the suite, one file per topic.

#![allow(clippy::too_many_lines, reason = "a list of cases is data: it reads best in one piece")]

mod audit;
mod auth;
mod cdrs;
mod charge;
mod charging_profiles;
mod circumstances;
mod commands;
mod credentials;
mod details;
mod envelope;
mod hub;
mod lint;
mod lists;
mod live;
mod outages;
mod partners;
mod preferences;
mod prices;
mod pushes;
mod receivers;
mod registrations;
mod relay;
mod reservations;
mod stations;
mod tokens;
mod triggers;
mod versions;

use std::sync::OnceLock;

use crate::case::{Case, Lane, Phase, TargetRole};
pub(crate) use charge::Charge;
pub(crate) use live::Live;
pub(crate) use prices::PricedCharge;

/// Every case, in the order of the files.
#[must_use]
pub fn all() -> Vec<Case> {
    static ALL: OnceLock<Vec<Case>> = OnceLock::new();
    ALL.get_or_init(|| {
        [
            auth::cases(),
            credentials::cases(),
            beside(Lane::Partners, registrations::cases()),
            reading(envelope::cases()),
            reading(versions::cases()),
            reading(lists::cases()),
            beside(Lane::Receivers, receivers::cases()),
            tokens::cases(),
            reading(lint::cases()),
            reading(details::cases()),
            reading(cdrs::cases()),
            charge::cases(),
            prices::cases(),
            commands::cases(),
            at_stations(Lane::Reservations, reservations::cases()),
            at_stations(Lane::Steering, preferences::cases()),
            at_stations(Lane::Steering, charging_profiles::cases()),
            beside(Lane::Stations, stations::cases()),
            relay::cases(),
            pushes::cases(),
            outages::cases(),
            circumstances::cases(),
            beside(Lane::Hub, hub::cases()),
            audit::cases(),
        ]
        .concat()
    })
    .clone()
}

/// Cases that can run beside those of the main connection.
fn beside(lane: Lane, cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().map(|case| case.lane(lane)).collect()
}

/// Cases that need stations of the platform run beside the others. What an EMSP does at stations of the tester it can do only once
/// it has pulled these, so that those cases stay on the main connection.
fn at_stations(lane: Lane, cases: Vec<Case>) -> Vec<Case> {
    let of_cpo = |case: &Case| case.role == Some(TargetRole::Cpo);
    cases.into_iter().map(|case| if of_cpo(&case) { case.lane(lane) } else { case }).collect()
}

/// Cases that look at lists, while nobody changes these.
fn reading(cases: Vec<Case>) -> Vec<Case> {
    cases
        .into_iter()
        .map(|case| if case.phase == Phase::Connected { case.phase(Phase::Reading) } else { case })
        .collect()
}

/// The case with this id.
#[must_use]
pub fn find(id: &str) -> Option<Case> {
    all().into_iter().find(|case| case.id == id)
}
