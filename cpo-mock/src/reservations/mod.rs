//! Reservations of the partners' customers. Spec: mod_commands, "ReserveNow Object"; mod_sessions, "Reservation".
//!
//! A reservation is asked for by RESERVE_NOW (`commands/reserve.rs`) and there as soon as the station says so
//! (`charging/reservation.rs`). From then on it has a Session. It ends by being used, by CANCEL_RESERVATION
//! (`commands/cancel.rs`), by its time, or by us. One that names no EVSE is kept at one EVSE of the Location and can be used
//! at each of them.

pub mod claim;
pub mod store;
pub mod sweep;

use ocpi_types::{CdrLocation, CdrToken, CiString, DateTime, PartyId, Tariff};
use serde::{Deserialize, Serialize};

use crate::charging::Authorization;
use crate::station::{EvseKey, ReservationEnd};

/// How far a reservation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// The station has not agreed yet.
    Requested,
    /// An EVSE is kept.
    Active,
    /// The driver has come and charges, or has charged.
    Used,
    /// Its time was over before the driver came.
    Expired,
    /// It was cancelled, by the EMSP or by us.
    Canceled,
    /// The station did not agree.
    Refused,
}

impl State {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Active => "ACTIVE",
            Self::Used => "USED",
            Self::Expired => "EXPIRED",
            Self::Canceled => "CANCELED",
            Self::Refused => "REFUSED",
        }
    }

    /// Whether it can still be changed, used and cancelled.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Active)
    }
}

/// Who gave a reservation up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CanceledBy {
    /// The EMSP, by CANCEL_RESERVATION.
    Emsp,
    /// This platform: its operator, or a station that broke down.
    Cpo,
}

/// What makes a reservation the same one. Spec: mod_commands, "ReserveNow Object": ids are those of the sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The partner.
    pub peer_id: String,
    /// The EMSP at the partner.
    #[serde(with = "party_text")]
    pub sender: PartyId,
    /// Our party.
    #[serde(with = "party_text")]
    pub owner: PartyId,
    /// `Location.id`.
    pub location_id: CiString<36>,
    /// The EMSP's name for it.
    pub reservation_id: CiString<36>,
}

impl Key {
    /// As one text.
    #[must_use]
    pub fn text(&self) -> String {
        let (location, id) = (self.location_id.key(), self.reservation_id.key());
        format!("{}|{}|{}|{location}|{id}", self.peer_id, self.sender.key(), self.owner.key())
    }
}

/// A party as `NL/TNM`.
mod party_text {
    use ocpi_types::PartyId;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(party: &PartyId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(party)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PartyId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What one RESERVE_NOW asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The EVSE that is kept.
    pub evse_uid: CiString<36>,
    /// The EMSP did not say which EVSE: each of the Location will do.
    pub any_evse: bool,
    /// When it ends.
    pub until: DateTime,
    /// For whom.
    pub authorization: Authorization,
    /// Our name for the command; its `response_url` hears of it when we cancel the reservation.
    pub command_id: String,
}

/// A reservation that a station has agreed to, as its Session and CDR need it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreed {
    /// Since when.
    pub start: DateTime,
    /// What it costs.
    pub tariff: Option<Tariff>,
    /// The place, as it was then.
    pub place: CdrLocation,
    /// `Location.time_zone`.
    pub time_zone: String,
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// Our name for it: also that of its Session, and of the transaction and the CDR that may follow.
    pub id: String,
    /// Whose it is, and where.
    pub key: Key,
    /// How far it is.
    pub state: State,
    /// What is agreed.
    pub terms: Option<Terms>,
    /// What the last RESERVE_NOW asked for, while the station has not agreed.
    pub asked: Option<Terms>,
    /// What was settled when the station agreed first.
    pub agreed: Option<Agreed>,
    /// Who has given it up, or is about to.
    pub canceled_by: Option<CanceledBy>,
    /// When it ended, or was used.
    pub ended_at: Option<DateTime>,
    /// Its EVSE is not kept any more, while the driver is about to plug in at another one of the Location.
    #[serde(default)]
    pub lost: Option<ReservationEnd>,
    /// Why the EMSP could not be told that we have cancelled it.
    pub notice_error: Option<String>,
}

impl Reservation {
    /// What is agreed, while it is there.
    #[must_use]
    pub fn active(&self) -> Option<&Terms> {
        self.terms.as_ref().filter(|_| self.state == State::Active)
    }

    /// An EVSE at its Location.
    #[must_use]
    pub fn evse(&self, uid: &CiString<36>) -> EvseKey {
        EvseKey { owner: self.key.owner.clone(), location_id: self.key.location_id.clone(), evse_uid: uid.clone() }
    }

    /// Whether it was made for this Token, or for one of its group.
    #[must_use]
    pub fn is_for(&self, token: &CdrToken, group_id: Option<&CiString<36>>) -> bool {
        let Some(terms) = self.active() else { return false };
        let holder = &terms.authorization.cdr_token;
        let same_issuer = holder.country_code == token.country_code && holder.party_id == token.party_id;
        let same_token = holder.uid == token.uid && holder.token_type == token.token_type;
        let same_group = group_id.is_some() && terms.authorization.group_id.as_ref() == group_id;
        same_issuer && (same_token || same_group)
    }
}
