//! A command as it was received, and what is decided about it.

use ocpi_http::{OcpiError, OcpiStatus};
use ocpi_types::{
    CancelReservation, CommandResponseType, CommandResultType, CommandType, Object, ReserveNow, StartSession,
    StopSession, UnlockConnector, Url, parse,
};
use serde_json::Value;

use crate::charging::Authorization;
use crate::reservations::store::Asked;
use crate::station::{Command, EvseKey};

/// A command, read from its body.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Start(StartSession),
    Stop(StopSession),
    Unlock(UnlockConnector),
    Reserve(ReserveNow),
    CancelReservation(CancelReservation),
}

impl Request {
    /// Reads the body that belongs to `kind`.
    pub(super) fn read(kind: &CommandType, body: Value) -> Result<Self, OcpiError> {
        Ok(match kind {
            CommandType::StartSession => Self::Start(object(body)?),
            CommandType::StopSession => Self::Stop(object(body)?),
            CommandType::UnlockConnector => Self::Unlock(object(body)?),
            CommandType::ReserveNow => Self::Reserve(object(body)?),
            CommandType::CancelReservation => Self::CancelReservation(object(body)?),
            CommandType::Unlisted(name) => {
                return Err(OcpiError::unknown_object(format!("there is no command {name:?}")));
            }
        })
    }

    pub(super) fn response_url(&self) -> &Url {
        match self {
            Self::Start(command) => &command.response_url,
            Self::Stop(command) => &command.response_url,
            Self::Unlock(command) => &command.response_url,
            Self::Reserve(command) => &command.response_url,
            Self::CancelReservation(command) => &command.response_url,
        }
    }
}

fn object<T: Object>(body: Value) -> Result<T, OcpiError> {
    let (object, _) = parse::<T>(body).accept_pushed().map_err(|report| OcpiError::refused(T::NAME, report))?;
    Ok(object)
}

/// What is decided about a command.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    /// It goes to a station.
    Forward(Box<Forward>),
    /// It is accepted, and its result is known already.
    Settled(CommandResultType, &'static str),
    /// It goes no further.
    Refuse(Refusal),
}

/// A command on its way to a station.
#[derive(Debug, Clone)]
pub(super) struct Forward {
    pub(super) evse: EvseKey,
    pub(super) command: Command,
    /// START_SESSION and RESERVE_NOW: the permission that it brings.
    pub(super) authorization: Option<Authorization>,
    /// RESERVE_NOW: what it asks for.
    pub(super) asked: Option<Asked>,
    /// CANCEL_RESERVATION: our name for the reservation.
    pub(super) cancels: Option<String>,
}

/// Why a command goes no further.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) result: CommandResponseType,
    pub(super) status: OcpiStatus,
    pub(super) message: String,
}

impl Decision {
    /// REJECTED.
    pub(super) fn reject(message: impl Into<String>) -> Self {
        Self::refuse(CommandResponseType::Rejected, OcpiStatus::Success, message)
    }

    /// NOT_SUPPORTED.
    pub(super) fn not_supported(message: impl Into<String>) -> Self {
        Self::refuse(CommandResponseType::NotSupported, OcpiStatus::Success, message)
    }

    /// REJECTED with 2003. Spec: mod_commands, "Unlock connector: unknown location".
    pub(super) fn unknown_location(id: &str) -> Self {
        Self::refuse(
            CommandResponseType::Rejected,
            OcpiStatus::UnknownLocation,
            format!("there is no Location {id} here"),
        )
    }

    /// UNKNOWN_SESSION.
    pub(super) fn unknown_session(message: impl Into<String>) -> Self {
        Self::refuse(CommandResponseType::UnknownSession, OcpiStatus::Success, message)
    }

    fn refuse(result: CommandResponseType, status: OcpiStatus, message: impl Into<String>) -> Self {
        Self::Refuse(Refusal { result, status, message: message.into() })
    }
}
