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
mod tokens;
mod triggers;
mod versions;

use std::sync::OnceLock;

use crate::case::Case;
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
            registrations::cases(),
            envelope::cases(),
            versions::cases(),
            lists::cases(),
            receivers::cases(),
            tokens::cases(),
            lint::cases(),
            details::cases(),
            cdrs::cases(),
            charge::cases(),
            prices::cases(),
            commands::cases(),
            reservations::cases(),
            preferences::cases(),
            charging_profiles::cases(),
            relay::cases(),
            pushes::cases(),
            outages::cases(),
            circumstances::cases(),
            hub::cases(),
            audit::cases(),
        ]
        .concat()
    })
    .clone()
}

/// The case with this id.
#[must_use]
pub fn find(id: &str) -> Option<Case> {
    all().into_iter().find(|case| case.id == id)
}
