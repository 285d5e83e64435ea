//! What has become of a reservation: read from the commands about it, their results, its Session, and the time.
//!
//! Nothing of it is stored beside these, so that a result that comes late, or a Session that comes first, cannot disagree with it.

use ocpi_http::OcpiError;
use ocpi_types::{
    CdrDimensionType, CommandResponse, CommandResponseType, CommandResult, CommandResultType, CommandType, DateTime,
    PartyId, ReserveNow, Session, SessionStatus,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::store::Command;
use crate::{App, receive, sessions};

/// How a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReservationState {
    /// The CPO has not said yet what the station says.
    Requested,
    /// The EVSE is kept for our driver.
    Active,
    /// The driver charges, or has charged.
    Used,
    /// The driver did not come in time.
    Expired,
    /// It was given up, by us or by the CPO.
    Canceled,
    /// There never was one.
    Refused,
    /// Nobody has said what became of it.
    Unknown,
}

impl ReservationState {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Active => "ACTIVE",
            Self::Used => "USED",
            Self::Expired => "EXPIRED",
            Self::Canceled => "CANCELED",
            Self::Refused => "REFUSED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Who gave a reservation up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CanceledBy {
    /// We, by CANCEL_RESERVATION.
    Emsp,
    /// The CPO, on its own account.
    Cpo,
}

/// What is known of one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused,
    /// The CPO has accepted it, and then cancelled the reservation.
    CanceledByCpo,
    Waiting,
    Unknown,
}

/// A reservation.
#[derive(Debug)]
pub struct Reservation {
    /// Our name for it.
    pub reservation_id: String,
    /// Our party.
    pub sender: PartyId,
    /// The CPO, as `NL/TNM`.
    pub party: String,
    /// `Location.id`.
    pub location_id: String,
    /// `EVSE.uid`; `None` where each EVSE of the Location will do.
    pub evse_uid: Option<String>,
    /// `UID|TYPE` of the driver's token.
    pub token_id: String,
    /// When it ends.
    pub expires_at: DateTime,
    /// How it stands.
    pub state: ReservationState,
    /// Who gave it up.
    pub canceled_by: Option<CanceledBy>,
    /// Whether a CANCEL_RESERVATION of ours has an uncertain end.
    pub cancel_pending: bool,
    /// Its Session, where we have it.
    pub session: Option<Session>,
    /// The id of its Session.
    pub session_id: Option<String>,
    /// The references that we gave for it.
    pub references: Vec<String>,
    /// The ids of the commands about it, in order.
    pub commands: Vec<String>,
}

impl Reservation {
    /// From the commands about it, in order. `None` when there is no RESERVE_NOW among them.
    pub async fn load(app: &App, commands: &[Command]) -> Result<Option<Self>, OcpiError> {
        let Some(first) = reserving(commands).next() else { return Ok(None) };
        let db = &app.party.db;
        let owner: PartyId = first.receiver.parse().map_err(|_| receive::unreadable("a command's receiver"))?;
        let mut session = None;
        for command in reserving(commands) {
            session = match command.session_id.as_str() {
                "" => {
                    let json = sessions::store::started_by(db, &owner, command).await?;
                    json.as_deref()
                        .map(serde_json::from_str)
                        .transpose()
                        .map_err(|_| receive::unreadable("a session"))?
                }
                id => sessions::store::find(db, &owner, id).await?,
            };
            if session.is_some() {
                break;
            }
        }
        let clock = &app.party.clock;
        Self::of(commands, session, clock.now(), clock.wall()).map(Some)
    }

    fn of(commands: &[Command], session: Option<Session>, now: DateTime, wall: DateTime) -> Result<Self, OcpiError> {
        let outcomes: Vec<(&Command, Outcome)> =
            commands.iter().map(|command| (command, outcome(command, wall))).collect();
        let reserved = |(command, _): &&(&Command, Outcome)| is(command, &CommandType::ReserveNow);
        let agreed = |outcome: Outcome| matches!(outcome, Outcome::Accepted | Outcome::CanceledByCpo);
        // What the CPO has agreed to counts; where it has agreed to nothing, what was asked last.
        let last = outcomes.iter().rev().filter(reserved).find(|(_, outcome)| agreed(*outcome));
        let last = last.or_else(|| outcomes.iter().rev().find(reserved));
        let Some((command, last_outcome)) = last else { return Err(receive::unreadable("a reservation")) };
        let request: ReserveNow =
            serde_json::from_str(&command.request).map_err(|_| receive::unreadable("a RESERVE_NOW"))?;
        let canceling = |wanted: &[Outcome]| {
            let mut cancels = outcomes.iter().filter(|(command, _)| is(command, &CommandType::CancelReservation));
            cancels.any(|(_, outcome)| wanted.contains(outcome))
        };
        let by_cpo = outcomes.iter().filter(reserved).any(|(_, outcome)| *outcome == Outcome::CanceledByCpo);
        let by_us = canceling(&[Outcome::Accepted]);
        let used = session.as_ref().is_some_and(is_used);
        let session_status = session.as_ref().map(|session| session.status.clone());
        let state = match (last_outcome, session_status) {
            _ if used => ReservationState::Used,
            _ if by_cpo || by_us => ReservationState::Canceled,
            (_, Some(SessionStatus::Reservation)) => ReservationState::Active,
            (_, Some(_)) => ReservationState::Expired,
            (Outcome::Accepted, _) if now < request.expiry_date => ReservationState::Active,
            (Outcome::Accepted, _) => ReservationState::Expired,
            (Outcome::Refused, _) => ReservationState::Refused,
            (Outcome::Waiting, _) => ReservationState::Requested,
            (Outcome::CanceledByCpo | Outcome::Unknown, _) => ReservationState::Unknown,
        };
        let canceled_by = if by_cpo { CanceledBy::Cpo } else { CanceledBy::Emsp };
        Ok(Self {
            reservation_id: request.reservation_id.as_str().to_owned(),
            sender: PartyId::new(request.token.country_code.clone(), request.token.party_id.clone()),
            party: command.receiver.clone(),
            location_id: request.location_id.as_str().to_owned(),
            evse_uid: request.evse_uid.as_ref().map(|uid| uid.as_str().to_owned()),
            token_id: command.token_id.clone(),
            expires_at: request.expiry_date,
            state,
            canceled_by: (state == ReservationState::Canceled).then_some(canceled_by),
            cancel_pending: !by_us && canceling(&[Outcome::Waiting, Outcome::Unknown]),
            session_id: session.as_ref().map(|session| session.id.as_str().to_owned()),
            session,
            references: reserving(commands).map(|command| command.authorization_reference.clone()).collect(),
            commands: commands.iter().map(|command| command.id.clone()).collect(),
        })
    }
}

fn reserving(commands: &[Command]) -> impl Iterator<Item = &Command> {
    commands.iter().filter(|command| is(command, &CommandType::ReserveNow))
}

fn is(command: &Command, kind: &CommandType) -> bool {
    command.command == kind.as_str()
}

fn outcome(command: &Command, wall: DateTime) -> Outcome {
    let result = |json: &Option<String>| {
        let read = json.as_deref().and_then(|json| serde_json::from_str::<CommandResult>(json).ok());
        read.map(|read| read.result)
    };
    let (first, later) = (result(&command.result), result(&command.later_result));
    if [&first, &later].contains(&&Some(CommandResultType::CanceledReservation)) {
        return Outcome::CanceledByCpo;
    }
    // A result that came too late is the only one there is.
    match first.filter(|first| *first != CommandResultType::Timeout).or(later) {
        Some(CommandResultType::Accepted) => return Outcome::Accepted,
        Some(CommandResultType::Timeout) => return Outcome::Unknown,
        Some(_) => return Outcome::Refused,
        None if command.result.is_some() => return Outcome::Unknown,
        None => {}
    }
    let response = command.response.as_deref().and_then(|json| serde_json::from_str::<CommandResponse>(json).ok());
    match response {
        Some(response) if response.result != CommandResponseType::Accepted => Outcome::Refused,
        None if command.failure.is_some() => Outcome::Unknown,
        _ if wall.timestamp_millis() > command.deadline => Outcome::Unknown,
        _ => Outcome::Waiting,
    }
}

/// Whether somebody has charged, or is charging.
fn is_used(session: &Session) -> bool {
    let mut dimensions = session.charging_periods.iter().flat_map(|period| &period.dimensions);
    let charged = dimensions.any(|dimension| dimension.dimension_type != CdrDimensionType::ReservationTime);
    session.status == SessionStatus::Active || !session.kwh.is_zero() || charged
}
