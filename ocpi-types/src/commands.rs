//! The objects of module commands. Spec: mod_commands.

use crate::model::{object, open_enum};
use crate::{CiString, DateTime, DisplayText, Token, Url};

object! {
    /// CancelReservation. Spec: mod_commands.
    CancelReservation("CancelReservation", "mod_commands", CancelReservationBuilder) {
        /// Response url.
        response_url: 1 Url,
        /// Reservation id.
        reservation_id: 1 CiString<36>,
    }
}

object! {
    /// CommandResponse. Spec: mod_commands.
    CommandResponse("CommandResponse", "mod_commands", CommandResponseBuilder) {
        /// Result.
        result: 1 CommandResponseType,
        /// Timeout.
        timeout: 1 i64,
        /// Message.
        message: * DisplayText,
    }
}

object! {
    /// CommandResult. Spec: mod_commands.
    CommandResult("CommandResult", "mod_commands", CommandResultBuilder) {
        /// Result.
        result: 1 CommandResultType,
        /// Message.
        message: * DisplayText,
    }
}

object! {
    /// ReserveNow. Spec: mod_commands.
    ReserveNow("ReserveNow", "mod_commands", ReserveNowBuilder) {
        /// Response url.
        response_url: 1 Url,
        /// Token.
        token: 1 Token,
        /// Expiry date.
        expiry_date: 1 DateTime,
        /// Reservation id.
        reservation_id: 1 CiString<36>,
        /// Location id.
        location_id: 1 CiString<36>,
        /// Evse uid.
        evse_uid: ? CiString<36>,
        /// Authorization reference.
        authorization_reference: ? CiString<36>,
    }
}

object! {
    /// StartSession. Spec: mod_commands.
    StartSession("StartSession", "mod_commands", StartSessionBuilder) {
        /// Response url.
        response_url: 1 Url,
        /// Token.
        token: 1 Token,
        /// Location id.
        location_id: 1 CiString<36>,
        /// Evse uid.
        evse_uid: ? CiString<36>,
        /// Connector id.
        connector_id: ? CiString<36>,
        /// Authorization reference.
        authorization_reference: ? CiString<36>,
    }
}

object! {
    /// StopSession. Spec: mod_commands.
    StopSession("StopSession", "mod_commands", StopSessionBuilder) {
        /// Response url.
        response_url: 1 Url,
        /// Session id.
        session_id: 1 CiString<36>,
    }
}

object! {
    /// UnlockConnector. Spec: mod_commands.
    UnlockConnector("UnlockConnector", "mod_commands", UnlockConnectorBuilder) {
        /// Response url.
        response_url: 1 Url,
        /// Location id.
        location_id: 1 CiString<36>,
        /// Evse uid.
        evse_uid: 1 CiString<36>,
        /// Connector id.
        connector_id: 1 CiString<36>,
    }
}

open_enum! {
    /// CommandResponseType. Spec: mod_commands.
    CommandResponseType("CommandResponseType", "mod_commands") {
        /// NOT_SUPPORTED.
        NotSupported = "NOT_SUPPORTED",
        /// REJECTED.
        Rejected = "REJECTED",
        /// ACCEPTED.
        Accepted = "ACCEPTED",
        /// UNKNOWN_SESSION.
        UnknownSession = "UNKNOWN_SESSION",
    }
}

open_enum! {
    /// CommandResultType. Spec: mod_commands.
    CommandResultType("CommandResultType", "mod_commands") {
        /// ACCEPTED.
        Accepted = "ACCEPTED",
        /// CANCELED_RESERVATION.
        CanceledReservation = "CANCELED_RESERVATION",
        /// EVSE_OCCUPIED.
        EvseOccupied = "EVSE_OCCUPIED",
        /// EVSE_INOPERATIVE.
        EvseInoperative = "EVSE_INOPERATIVE",
        /// FAILED.
        Failed = "FAILED",
        /// NOT_SUPPORTED.
        NotSupported = "NOT_SUPPORTED",
        /// REJECTED.
        Rejected = "REJECTED",
        /// TIMEOUT.
        Timeout = "TIMEOUT",
        /// UNKNOWN_RESERVATION.
        UnknownReservation = "UNKNOWN_RESERVATION",
    }
}

open_enum! {
    /// CommandType. Spec: mod_commands.
    CommandType("CommandType", "mod_commands") {
        /// CANCEL_RESERVATION.
        CancelReservation = "CANCEL_RESERVATION",
        /// RESERVE_NOW.
        ReserveNow = "RESERVE_NOW",
        /// START_SESSION.
        StartSession = "START_SESSION",
        /// STOP_SESSION.
        StopSession = "STOP_SESSION",
        /// UNLOCK_CONNECTOR.
        UnlockConnector = "UNLOCK_CONNECTOR",
    }
}
