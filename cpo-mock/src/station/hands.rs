//! What the platform, drivers and fitters can do to a simulated EVSE.

use super::car::Car;
use super::model::{Authorized, Plugged, Station};
use super::settings::Settings;
use super::{Answer, Command, EndReason, ReservationEnd, Temper};

impl Station {
    /// Takes a command as its temper is: a station that is not in its normal one does nothing.
    pub fn command(&mut self, command: Command, settings: &Settings) -> Answer {
        self.refusal().unwrap_or_else(|| self.obey(command, settings))
    }

    /// What it answers, whatever it is asked; `None` in its normal temper.
    pub(super) fn refusal(&self) -> Option<Answer> {
        match self.temper {
            Temper::Normal => None,
            Temper::Refusing => Some(Answer::Rejected),
            Temper::Failing => Some(Answer::Failed),
            Temper::Silent => Some(Answer::Silent),
        }
    }

    fn obey(&mut self, command: Command, settings: &Settings) -> Answer {
        match command {
            Command::Start { connector_id, authorized } => self.start(connector_id, authorized, settings),
            Command::Stop { transaction_id } => match &self.transaction {
                Some(running) if running.authorized.id == transaction_id => {
                    self.end(EndReason::Remote, settings);
                    Answer::Accepted
                }
                _ if self.expected.as_ref().is_some_and(|expected| expected.authorized.id == transaction_id) => {
                    self.give_up(EndReason::Remote);
                    Answer::Accepted
                }
                _ => Answer::Rejected,
            },
            Command::Unlock { connector_id } => self.unlock(&connector_id, settings),
            Command::Profile(change) => self.change_profile(change),
            Command::Reserve { reservation_id, until } => self.reserve(reservation_id, until),
            Command::CancelReservation { reservation_id } => self.cancel_reservation(&reservation_id),
        }
    }

    /// The driver whose card was just allowed starts, or waits for the cable.
    pub fn start(&mut self, connector_id: Option<String>, authorized: Authorized, settings: &Settings) -> Answer {
        if self.fault.is_some() {
            return Answer::Faulted;
        }
        if self.is_kept_from(&authorized.id) {
            return Answer::Reserved;
        }
        let same_connector = |plugged: &Plugged| {
            connector_id.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(&plugged.connector_id))
        };
        if self.taken || self.transaction.is_some() || self.expected.is_some() {
            return Answer::Occupied;
        }
        match &self.plugged {
            Some(plugged) if !same_connector(plugged) => Answer::Occupied,
            Some(_) => {
                self.begin(authorized, settings, None);
                Answer::Accepted
            }
            None if settings.cable_first => Answer::NoCable,
            None => {
                self.expect(connector_id, authorized, settings);
                Answer::Accepted
            }
        }
    }

    /// A vehicle is plugged in. `None` for the connector means the first one.
    pub fn plug_in(&mut self, connector_id: Option<&str>, car: Car, settings: &Settings) -> Result<(), Refusal> {
        if self.plugged.is_some() || self.taken {
            return Err(Refusal("a vehicle is plugged in here already: unplug it first"));
        }
        let wanted = connector_id.or(self.expected.as_ref().and_then(|expected| expected.connector_id.as_deref()));
        let Some(spec) =
            self.connectors.iter().find(|spec| wanted.is_none_or(|wanted| spec.id.eq_ignore_ascii_case(wanted)))
        else {
            return Err(Refusal("the EVSE has no such connector"));
        };
        self.plugged = Some(Plugged { connector_id: spec.id.clone(), car, leaves: None });
        if let Some(expected) = self.expected.take() {
            let transaction_id = expected.authorized.id.clone();
            self.begin(expected.authorized, settings, Some(transaction_id));
        }
        self.report();
        Ok(())
    }

    /// The vehicle is unplugged.
    pub fn unplug(&mut self, settings: &Settings) -> Result<(), Refusal> {
        if self.plugged.is_none() && !self.taken {
            return Err(Refusal("no vehicle is plugged in here"));
        }
        self.end(EndReason::Unplugged, settings);
        self.plugged = None;
        self.taken = false;
        self.report();
        Ok(())
    }

    /// The driver ends the charge with the card.
    pub fn stop_locally(&mut self, settings: &Settings) {
        self.end(EndReason::Local, settings);
    }

    /// Something breaks: a charge ends, and so does a reservation.
    pub fn break_down(&mut self, fault: &str, settings: &Settings) {
        // First of all, so that nobody is told in between that the EVSE is free.
        self.fault = Some(fault.to_owned());
        self.end(EndReason::Fault, settings);
        self.give_up(EndReason::Fault);
        self.end_reservation(ReservationEnd::Fault);
        self.report();
    }

    /// Everything works again.
    pub fn repair(&mut self) -> Result<(), Refusal> {
        if self.fault.take().is_none() {
            return Err(Refusal("nothing is broken here"));
        }
        self.report();
        Ok(())
    }

    fn unlock(&mut self, connector_id: &str, settings: &Settings) -> Answer {
        if !self.connectors.iter().any(|spec| spec.id.eq_ignore_ascii_case(connector_id)) {
            return Answer::Rejected;
        }
        if self.plugged.as_ref().is_some_and(|plugged| plugged.connector_id.eq_ignore_ascii_case(connector_id)) {
            self.end(EndReason::Unlocked, settings);
            self.plugged = None;
            self.report();
        }
        Answer::Accepted
    }
}

/// Why something cannot be done by hand at a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub(super) &'static str);
