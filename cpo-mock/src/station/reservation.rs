//! A simulated EVSE that is kept for somebody.
//!
//! The station knows nothing of tokens: it keeps the EVSE for whoever starts with a permission that has the reservation's
//! name. A start whose vehicle does not come leaves the reservation as it was.

use ocpi_types::DateTime;
use serde::{Deserialize, Serialize};

use super::model::Station;
use super::{Answer, EndReason, EventKind, EvseState, ReservationEnd};

/// For whom an EVSE is kept, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The platform's name for the reservation. It also names the transaction that uses it.
    pub reservation_id: String,
    /// When nobody needs to be waited for any more.
    pub until: DateTime,
}

impl Station {
    /// The reservation for which the EVSE is kept.
    #[must_use]
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// Keeps the EVSE, or keeps it until another time.
    pub(super) fn reserve(&mut self, reservation_id: String, until: DateTime) -> Answer {
        if self.fault.is_some() {
            return Answer::Faulted;
        }
        match &self.kept {
            Some(kept) if kept.reservation_id != reservation_id => return Answer::Reserved,
            None if self.state() != EvseState::Available => return Answer::Occupied,
            _ => {}
        }
        if until <= self.at {
            return Answer::Rejected;
        }
        self.kept = Some(Kept { reservation_id: reservation_id.clone(), until });
        self.tell(EventKind::Reserved { reservation_id, until });
        self.report();
        Answer::Accepted
    }

    /// Gives the EVSE free.
    pub(super) fn cancel_reservation(&mut self, reservation_id: &str) -> Answer {
        if self.kept.as_ref().is_none_or(|kept| kept.reservation_id != reservation_id) {
            return Answer::Rejected;
        }
        self.give_up(EndReason::Remote);
        self.end_reservation(ReservationEnd::Cancelled);
        Answer::Accepted
    }

    /// Whether the EVSE is kept for somebody else than the owner of this permission.
    pub(super) fn is_kept_from(&self, authorized_id: &str) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.reservation_id != authorized_id)
    }

    /// When the reservation ends by itself. Somebody who has started and is about to plug in is waited for.
    pub(super) fn lapses(&self) -> Option<DateTime> {
        self.kept.as_ref().filter(|_| self.expected.is_none()).map(|kept| kept.until)
    }

    /// Ends the reservation if its time is over.
    pub(super) fn lapse(&mut self) {
        if self.lapses().is_some_and(|until| until <= self.at) {
            self.end_reservation(ReservationEnd::Expired);
        }
    }

    /// Nobody came, or nobody can come any more.
    pub(super) fn end_reservation(&mut self, reason: ReservationEnd) {
        if let Some(kept) = self.kept.take() {
            self.tell(EventKind::ReservationEnded { reservation_id: kept.reservation_id, reason });
            self.report();
        }
    }
}
