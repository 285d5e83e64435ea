//! One simulated EVSE: a state machine without a clock, a database or the network.
//!
//! It is told what happens (a command, a driver's hand) and when; it answers with the events that a real station would
//! report. Between two happenings nothing is computed: the power is constant from one event to the next, so that the
//! energy of any interval is exact and the same whether time passes in one step or in a thousand.

use ocpi_types::{DateTime, Evse, Status};
use serde::{Deserialize, Serialize};

use super::car::{Car, MJ_PER_WH};
use super::profile::{LimitCause, Limits};
use super::reservation::Kept;
use super::settings::{ConnectorSpec, Settings};
use super::{EndReason, Event, EventKind, EvseState, Reading, ReservationEnd, Temper};

/// Whom the platform has allowed to charge. Opaque to the station, but for the card's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorized {
    /// The platform's name for this permission. It also names the transaction that follows.
    pub id: String,
    /// `Token.uid`: the card that can end the transaction.
    pub uid: String,
}

/// Somebody may charge, but no vehicle is plugged in yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Expected {
    pub(super) authorized: Authorized,
    pub(super) connector_id: Option<String>,
    until: DateTime,
    arrives: Option<DateTime>,
}

/// A vehicle at a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plugged {
    pub(super) connector_id: String,
    pub(super) car: Car,
    /// When the simulated driver takes it away.
    pub(super) leaves: Option<DateTime>,
}

/// A charge that is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Who charges; also the transaction's name.
    pub authorized: Authorized,
    /// When the next meter reading is due.
    pub next_reading: DateTime,
    /// When charging began.
    #[serde(default)]
    pub(super) began: DateTime,
    /// How fast it may charge.
    #[serde(default)]
    pub(super) limits: Limits,
}

/// One simulated EVSE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// Up to when everything is computed.
    pub(super) at: DateTime,
    /// The number of the last event. It only ever grows.
    seq: i64,
    /// What flowed through the meter since it was built, in millijoules.
    meter_mj: i64,
    pub(super) connectors: Vec<ConnectorSpec>,
    /// What is broken.
    pub(super) fault: Option<String>,
    /// Somebody charges of whom this simulation knows nothing (the EVSE was imported while in use).
    pub(super) taken: bool,
    /// The most that the site's own protection allows, in W.
    #[serde(default)]
    pub(super) site_watts: Option<i64>,
    /// How it takes commands.
    #[serde(default)]
    pub(super) temper: Temper,
    pub(super) plugged: Option<Plugged>,
    pub(super) expected: Option<Expected>,
    pub(super) transaction: Option<Transaction>,
    /// Who has reserved it.
    #[serde(default)]
    pub(super) kept: Option<Kept>,
    reported: EvseState,
    /// What the platform has not been told yet.
    pub(super) untold: Vec<Event>,
}

impl Station {
    /// The station of an EVSE, in the state in which the EVSE is published.
    #[must_use]
    pub fn new(evse: &Evse, now: DateTime) -> Self {
        let (fault, taken, reported) = match &evse.status {
            Status::Charging | Status::Reserved => (None, true, EvseState::InUse),
            Status::Outoforder | Status::Inoperative | Status::Blocked | Status::Planned | Status::Removed => {
                (Some(published_as(&evse.status)), false, EvseState::Faulted)
            }
            _ => (None, false, EvseState::Available),
        };
        Self {
            at: now,
            // A station that was forgotten and is built anew must not repeat the numbers of the old one.
            seq: now.timestamp_millis(),
            meter_mj: 0,
            connectors: evse.connectors.iter().map(ConnectorSpec::of).collect(),
            fault,
            taken,
            site_watts: None,
            temper: Temper::Normal,
            plugged: None,
            expected: None,
            transaction: None,
            kept: None,
            reported,
            untold: Vec::new(),
        }
    }

    /// Whether a new session could begin.
    #[must_use]
    pub fn state(&self) -> EvseState {
        if self.fault.is_some() {
            EvseState::Faulted
        } else if self.taken || self.transaction.is_some() {
            EvseState::InUse
        } else if self.kept.is_some() {
            EvseState::Reserved
        } else if self.plugged.is_some() || self.expected.is_some() {
            EvseState::InUse
        } else {
            EvseState::Available
        }
    }

    /// The transaction that is going on.
    #[must_use]
    pub fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// The connector at which a vehicle is plugged in, and the vehicle.
    #[must_use]
    pub fn plugged(&self) -> Option<(&str, &Car)> {
        self.plugged.as_ref().map(|plugged| (plugged.connector_id.as_str(), &plugged.car))
    }

    /// What is broken.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Something is broken, and not only published as out of use.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.fault.as_deref().is_some_and(|fault| !fault.starts_with(PUBLISHED))
    }

    /// The platform has been told everything.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.untold.is_empty()
    }

    /// Takes note of what the EVSE is published as now: out of use, so that a charge or a reservation ends, or in use again.
    pub fn follow(&mut self, status: &Status, settings: &Settings) {
        if crate::locations::store::is_out_of_use(status) {
            if self.fault.is_none() {
                self.fault = Some(published_as(status));
                self.end(EndReason::OutOfUse, settings);
                self.give_up(EndReason::OutOfUse);
                self.end_reservation(ReservationEnd::Fault);
                self.report();
            }
        } else if self.fault.is_some() && !self.is_broken() {
            self.fault = None;
            self.report();
        }
    }

    /// Nothing would be lost if this station were built anew from its EVSE.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let nobody = self.transaction.is_none() && self.expected.is_none() && self.plugged.is_none();
        let plain = self.site_watts.is_none() && self.temper == Temper::Normal;
        nobody && plain && self.kept.is_none() && self.untold.is_empty()
    }

    /// When something happens by itself next.
    #[must_use]
    pub fn next_wake(&self) -> Option<DateTime> {
        let expected = self.expected.as_ref().map(|expected| expected.arrives.unwrap_or(expected.until));
        let leaves = self.plugged.as_ref().and_then(|plugged| plugged.leaves);
        let reading = self.transaction.as_ref().map(|transaction| transaction.next_reading);
        let limit = self.transaction.as_ref().and_then(|_| self.allowed()?.1);
        let moments = [expected, leaves, reading, limit, self.lapses(), self.power_changes()];
        moments.into_iter().flatten().min()
    }

    /// Lets time pass until `now`.
    pub fn advance(&mut self, now: DateTime, settings: &Settings) {
        while let Some(at) = self.next_wake().filter(|at| *at <= now) {
            self.flow_until(at);
            self.wake(settings);
        }
        self.flow_until(now);
    }

    pub(super) fn expect(&mut self, connector_id: Option<String>, authorized: Authorized, settings: &Settings) {
        let driver = &settings.driver;
        self.expected = Some(Expected {
            authorized: authorized.clone(),
            connector_id,
            until: self.at + seconds(settings.cable_timeout),
            arrives: driver.automatic.then(|| self.at + seconds(driver.plugs_in_after)),
        });
        let reading = self.reading();
        self.tell(EventKind::Begun { authorized, connector_id: None, reading });
        self.report();
    }

    pub(super) fn give_up(&mut self, reason: EndReason) {
        if let Some(expected) = self.expected.take() {
            let reading = self.reading();
            self.tell(EventKind::Ended { transaction_id: expected.authorized.id, reading, reason });
            self.lapse();
            self.report();
        }
    }

    pub(super) fn begin(&mut self, authorized: Authorized, settings: &Settings, waited: Option<String>) {
        let interval = self.interval(settings);
        // Whoever begins here had the right to: the reservation, if there was one, has been used.
        self.kept = None;
        self.transaction = Some(Transaction {
            authorized: authorized.clone(),
            next_reading: self.at + interval,
            began: self.at,
            limits: Limits::default(),
        });
        let reading = self.reading();
        let connector_id = self.plugged.as_ref().map(|plugged| plugged.connector_id.clone());
        let event = match (waited, connector_id) {
            (Some(transaction_id), Some(connector_id)) => {
                EventKind::PluggedIn { transaction_id, connector_id, reading }
            }
            (_, connector_id) => EventKind::Begun { authorized, connector_id, reading },
        };
        self.tell(event);
        self.report();
    }

    pub(super) fn end(&mut self, reason: EndReason, settings: &Settings) {
        let Some(transaction) = self.transaction.take() else { return };
        let reading = self.reading();
        self.tell(EventKind::Ended { transaction_id: transaction.authorized.id, reading, reason });
        // A simulated driver comes back for the vehicle; one that was plugged in by hand stays until it is unplugged.
        let back = self.at + seconds(settings.driver.unplugs_after);
        if let Some(leaves) = self.plugged.as_mut().and_then(|plugged| plugged.leaves.as_mut()) {
            *leaves = back;
        }
        self.report();
    }

    /// What is due at this moment.
    fn wake(&mut self, settings: &Settings) {
        let now = self.at;
        if self.expected.as_ref().is_some_and(|expected| expected.arrives.is_some_and(|arrives| arrives <= now)) {
            self.arrive(settings);
        } else if self.expected.as_ref().is_some_and(|expected| expected.until <= now) {
            self.give_up(EndReason::NoVehicle);
        } else if self.plugged.as_ref().is_some_and(|plugged| plugged.leaves.is_some_and(|leaves| leaves <= now)) {
            // Cannot be refused: something is plugged in.
            let _ = self.unplug(settings);
        } else if self.lapses().is_some_and(|until| until <= now) {
            self.lapse();
        } else if let Some(transaction) = &self.transaction {
            let transaction_id = transaction.authorized.id.clone();
            let next_reading =
                if transaction.next_reading <= now { now + self.interval(settings) } else { transaction.next_reading };
            let mut expired = false;
            if let Some(transaction) = &mut self.transaction {
                transaction.next_reading = next_reading;
                expired = transaction.limits.expire(transaction.began, now);
            }
            if expired {
                self.tell_limits(LimitCause::Expired);
            } else {
                let reading = self.reading();
                self.tell(EventKind::Meter { transaction_id, reading });
            }
        }
    }

    /// The simulated driver plugs a vehicle in.
    fn arrive(&mut self, settings: &Settings) {
        let Some(expected) = &mut self.expected else { return };
        expected.arrives = None;
        let [battery, soc, ..] = mix(settings.seed, &expected.authorized.id).to_le_bytes();
        let car = Car::new(40_000 + 1_000 * i64::from(battery % 40), 20 + i64::from(soc % 40));
        if self.plug_in(None, car, settings).is_ok() {
            let leaves = self.at + seconds(settings.driver.stays);
            if let Some(plugged) = &mut self.plugged {
                plugged.leaves = Some(leaves);
            }
        }
    }

    /// What flows now, in W; `None` while nobody charges.
    pub(super) fn flow(&self) -> Option<(bool, i64)> {
        let plugged = self.plugged.as_ref()?;
        self.transaction.as_ref()?;
        let spec = self.connectors.iter().find(|spec| spec.id == plugged.connector_id)?;
        Some((spec.is_dc, plugged.car.watts(spec.is_dc, self.allowed()?.0)))
    }

    fn power_changes(&self) -> Option<DateTime> {
        let (is_dc, watts) = self.flow()?;
        let ms = self.plugged.as_ref()?.car.changes_in_ms(is_dc, watts)?;
        Some(self.at + chrono::TimeDelta::milliseconds(ms))
    }

    fn flow_until(&mut self, at: DateTime) {
        let ms = (at - self.at).num_milliseconds();
        if ms <= 0 {
            return;
        }
        if let (Some((_, watts)), Some(plugged)) = (self.flow(), &mut self.plugged) {
            self.meter_mj += plugged.car.take(watts, ms);
        }
        self.at = at;
    }

    fn interval(&self, settings: &Settings) -> chrono::TimeDelta {
        let is_dc = self
            .plugged
            .as_ref()
            .is_some_and(|plugged| self.connectors.iter().any(|spec| spec.id == plugged.connector_id && spec.is_dc));
        seconds(if is_dc { settings.meter_interval_dc } else { settings.meter_interval_ac }.max(1))
    }

    pub(super) fn reading(&self) -> Reading {
        let watts = self.flow().map_or(0, |(_, watts)| watts);
        let spec = self
            .plugged
            .as_ref()
            .and_then(|plugged| self.connectors.iter().find(|spec| spec.id == plugged.connector_id));
        Reading {
            wh: self.meter_mj / MJ_PER_WH,
            watts,
            milliamperes: spec.map_or(0, |spec| watts * 1000 / spec.volts),
            charging: self.transaction.is_some() && self.plugged.as_ref().is_some_and(|p| !p.car.is_full()),
            // Only direct current brings the vehicle's data along.
            soc_percent: self
                .plugged
                .as_ref()
                .filter(|_| spec.is_some_and(|spec| spec.is_dc))
                .map(|plugged| plugged.car.soc_percent()),
        }
    }

    /// Reports a change of the EVSE's state.
    pub(super) fn report(&mut self) {
        let state = self.state();
        if state != self.reported {
            self.reported = state;
            self.tell(EventKind::Status { state });
        }
    }

    pub(super) fn tell(&mut self, kind: EventKind) {
        self.seq += 1;
        self.untold.push(Event { seq: self.seq, at: self.at, kind });
    }
}

/// How the fault of a station begins that is only published as out of use.
const PUBLISHED: &str = "published as ";

fn published_as(status: &Status) -> String {
    format!("{PUBLISHED}{status}")
}

fn seconds(seconds: u32) -> chrono::TimeDelta {
    chrono::TimeDelta::seconds(i64::from(seconds))
}

/// A number that looks random, and is the same for the same seed and text.
fn mix(seed: u64, text: &str) -> u64 {
    let start = seed ^ 0xcbf2_9ce4_8422_2325;
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
