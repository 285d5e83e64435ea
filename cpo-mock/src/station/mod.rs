//! The one port between the platform and charging stations.
//!
//! Commands go in ([`Stations`]), events come out ([`CentralSystem`]). Nothing outside of this folder knows that the
//! stations are simulated; stations that speak OCPP are a second implementation of the same two traits.
//!
//! Events are delivered at least once and in order for each EVSE. Each carries the number that the EVSE gave it, so
//! that the platform can recognise a repetition.

mod car;
mod hands;
mod model;
mod profile;
#[cfg(test)]
mod profile_tests;
mod reservation;
mod settings;
mod simulator;
mod store;
#[cfg(test)]
mod tests;

pub use car::Car;
pub use hands::Refusal;
pub use model::{Authorized, Station, Transaction};
pub use profile::{LimitCause, Origin, Plan, Profile, ProfileChange, Step, Unit};
pub use reservation::Kept;
pub use settings::{ConnectorSpec, Driver, Settings};
pub use simulator::{Simulator, SimulatorError, StationView};

use futures_util::future::BoxFuture;
use ocpi_party::DbError;
use ocpi_types::{CiString, DateTime, PartyId};
use serde::{Deserialize, Serialize};

use crate::tokens::authorize::Card;

/// Which EVSE is meant. An EVSE's `uid` alone is not enough: in the field the same one occurs under two Locations.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EvseKey {
    /// The party that operates it.
    pub owner: PartyId,
    /// `Location.id`.
    pub location_id: CiString<36>,
    /// `EVSE.uid`.
    pub evse_uid: CiString<36>,
}

impl std::fmt::Display for EvseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.owner, self.location_id, self.evse_uid)
    }
}

impl EvseKey {
    /// The three parts as keys of a database row: owner, location and EVSE, all in upper case.
    #[must_use]
    pub fn parts(&self) -> (String, String, String) {
        (self.owner.key(), self.location_id.key(), self.evse_uid.key())
    }
}

/// What the platform asks of a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Start charging for somebody whom the platform has authorized.
    Start {
        /// The connector, where the driver said which.
        connector_id: Option<String>,
        /// Who: comes back in [`EventKind::Begun`] and names the transaction. With the name of a reservation it uses that.
        authorized: Authorized,
    },
    /// End a transaction.
    Stop {
        /// The transaction, as it was named in [`EventKind::Begun`].
        transaction_id: String,
    },
    /// Release the cable. A transaction at the connector ends.
    Unlock {
        /// The connector.
        connector_id: String,
    },
    /// Change how fast a transaction may charge.
    Profile(ProfileChange),
    /// Keep the EVSE for somebody; with the name of a reservation that is there already, change that.
    Reserve {
        /// The platform's name for the reservation.
        reservation_id: String,
        /// When it ends by itself.
        until: DateTime,
    },
    /// Give the EVSE free again.
    CancelReservation {
        /// The platform's name for the reservation.
        reservation_id: String,
    },
}

/// A station's answer to a [`Command`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The station does it.
    Accepted,
    /// The station refuses.
    Rejected,
    /// Somebody else is charging there.
    Occupied,
    /// It is kept for somebody else.
    Reserved,
    /// The station is broken.
    Faulted,
    /// The station does not start before a cable is plugged in.
    NoCable,
    /// The station cannot do such a thing.
    NotSupported,
    /// There is no profile to be cleared.
    NoProfile,
    /// It tried, and failed.
    Failed,
    /// It does not answer.
    Silent,
}

/// How a simulated station takes commands, so that a partner can see its own platform cope with one that does not obey.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = StationTemper)]
pub enum Temper {
    /// It does what it is asked, where it can.
    #[default]
    Normal,
    /// It refuses: the result is REJECTED.
    Refusing,
    /// It tries and fails: the result is FAILED.
    Failing,
    /// It never answers: the result is TIMEOUT, or REJECTED for a charging profile, where there is no such result.
    Silent,
}

/// Something that happened at an EVSE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The number of the event at this EVSE; each is higher than the one before.
    pub seq: i64,
    /// When it happened, by the station's clock.
    pub at: DateTime,
    /// What happened.
    pub kind: EventKind,
}

/// What happened at an EVSE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// Whether the EVSE can be used has changed.
    Status {
        /// Its state from now on.
        state: EvseState,
    },
    /// A transaction was begun, or prepared while the cable is still missing.
    Begun {
        /// What the platform said when it authorized the driver.
        authorized: Authorized,
        /// The connector; `None` as long as no cable is plugged in.
        connector_id: Option<String>,
        /// What the vehicle draws from now on.
        reading: Reading,
    },
    /// The vehicle was plugged in for a transaction that had waited for it.
    PluggedIn {
        /// The transaction.
        transaction_id: String,
        /// The connector.
        connector_id: String,
        /// What the vehicle draws from now on.
        reading: Reading,
    },
    /// A meter reading: at the interval agreed, and whenever the power changes.
    Meter {
        /// The transaction.
        transaction_id: String,
        /// The reading.
        reading: Reading,
    },
    /// How fast a transaction may charge has changed, other than by the next step of a profile.
    Limits {
        /// The transaction.
        transaction_id: String,
        /// What flows from now on.
        reading: Reading,
        /// Why.
        cause: LimitCause,
    },
    /// A transaction has ended.
    Ended {
        /// The transaction.
        transaction_id: String,
        /// The last reading.
        reading: Reading,
        /// Why.
        reason: EndReason,
    },
    /// The EVSE is kept for somebody from now on, or until another time than before.
    Reserved {
        /// The reservation.
        reservation_id: String,
        /// When it ends by itself.
        until: DateTime,
    },
    /// The EVSE is not kept any longer, and the reservation was not used.
    ReservationEnded {
        /// The reservation.
        reservation_id: String,
        /// Why.
        reason: ReservationEnd,
    },
}

/// What a station's meter shows, and what flows from this moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The meter, in Wh. It only ever grows.
    pub wh: i64,
    /// The power that is drawn from now on, in W.
    pub watts: i64,
    /// The current that is drawn from now on, summed over the phases, in mA.
    pub milliamperes: i64,
    /// Whether the vehicle asks for power. `false` means parking.
    pub charging: bool,
    /// The vehicle's state of charge in percent, where the station can tell.
    pub soc_percent: Option<i64>,
}

/// What an EVSE can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EvseState {
    /// A new session can begin.
    Available,
    /// A vehicle is plugged in, or somebody is expected.
    InUse,
    /// It is kept for somebody who has reserved it.
    Reserved,
    /// A component is broken.
    Faulted,
}

/// Why a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The platform asked for it.
    Remote,
    /// The driver presented the card again.
    Local,
    /// The vehicle was unplugged.
    Unplugged,
    /// The connector was unlocked on request.
    Unlocked,
    /// The station broke down.
    Fault,
    /// The EVSE was taken out of use.
    OutOfUse,
    /// No vehicle was plugged in in time.
    NoVehicle,
}

/// Why a reservation ended without being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReservationEnd {
    /// Its time was over.
    Expired,
    /// The platform asked for it.
    Cancelled,
    /// The station broke down.
    Fault,
}

impl EndReason {
    /// In words, for `CDR.remark`.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Remote => "Stopped by command",
            Self::Local => "Stopped with the card at the station",
            Self::Unplugged => "Vehicle unplugged",
            Self::Unlocked => "Connector unlocked on request",
            Self::Fault => "Station fault",
            Self::OutOfUse => "Station taken out of use",
            Self::NoVehicle => "No vehicle was plugged in",
        }
    }
}

/// What the platform says about a card that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Go ahead.
    Allowed(Authorized),
    /// No.
    Refused {
        /// Why, for the display.
        reason: String,
    },
}

/// The platform, as stations see it.
pub trait CentralSystem: Send + Sync + 'static {
    /// May this card charge here, or, during a transaction, end it?
    fn authorize<'a>(
        &'a self,
        evse: &'a EvseKey,
        card: &'a Card,
        running: Option<&'a Authorized>,
    ) -> BoxFuture<'a, Verdict>;

    /// Takes note of an event; a repeated one changes nothing. After an error the event is delivered again.
    fn handle<'a>(&'a self, evse: &'a EvseKey, event: &'a Event) -> BoxFuture<'a, Result<(), DbError>>;
}

/// The stations, as the platform sees them.
pub trait Stations: Send + Sync {
    /// Passes a command on and waits for the station's answer.
    fn send<'a>(&'a self, evse: &'a EvseKey, command: Command) -> BoxFuture<'a, Result<Answer, DbError>>;

    /// What the station intends to do with a transaction in the coming `seconds`, or why it does not say.
    fn plan<'a>(
        &'a self,
        evse: &'a EvseKey,
        transaction_id: &'a str,
        seconds: i64,
    ) -> BoxFuture<'a, Result<Result<Plan, Answer>, DbError>>;

    /// What the station has answered to a [`ProfileChange`], for a platform that did not hear it; `None` when it never got the
    /// request, or the transaction is over.
    fn answer_to<'a>(&'a self, evse: &'a EvseKey, request: &'a str) -> BoxFuture<'a, Result<Option<Answer>, DbError>>;
}
