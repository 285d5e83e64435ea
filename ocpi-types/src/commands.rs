//! What an EMSP asks of a CPO's station. Spec: mod_commands.
//!
//! A command is answered twice: at once by a [`CommandResponse`] (will it be passed on?), later by a [`CommandResult`] that is
//! posted to the command's `response_url` (what did the station say?).

use crate::model::{object, open_enum};
use crate::{CiString, Context, DateTime, DisplayText, Rule, Token, Url, check};

object! {
    /// Start a session.
    ///
    /// Spec: mod_commands, "StartSession Object". The EMSP has authorized the token; the CPO does not check it again.
    ///
    /// ```
    /// use ocpi_types::{StartSession, examples};
    ///
    /// let start: StartSession = examples::of();
    /// let nowhere = StartSession::builder()
    ///     .response_url("https://emsp.example.com/results/1")
    ///     .token(start.token)
    ///     .location_id("LOC-1001")
    ///     .connector_id("1")
    ///     .build()
    ///     .unwrap_err();
    /// assert_eq!(nowhere.findings[0].pointer, "/evse_uid"); // a connector needs its EVSE
    /// ```
    StartSession("StartSession", "mod_commands", StartSessionBuilder, rules = start_rules) {
        /// Where the result is to be posted. Best different for each request.
        response_url: 1 Url,
        /// The token to start with, complete. Owned by the EMSP that sends the command.
        token: 1 Token,
        /// Where, at most 36 characters.
        location_id: 1 CiString<36>,
        /// At which EVSE, at most 36 characters. Absent: the station chooses.
        evse_uid: ? CiString<36>,
        /// At which connector, at most 36 characters. Needs `evse_uid`.
        connector_id: ? CiString<36>,
        /// The EMSP's name for the authorization, at most 36 characters; it returns in the session and in the CDR.
        authorization_reference: ? CiString<36>,
    }
}

fn start_rules(command: &StartSession, cx: &mut Context) {
    const CLASS: &str = "StartSession";
    check::called_url(&command.response_url, CLASS, "response_url", cx);
    check::id(&command.location_id, CLASS, "location_id", cx);
    // CMD-056.
    if command.connector_id.is_some() && command.evse_uid.is_none() {
        cx.found_at(CLASS, "evse_uid", Rule::Missing, "required when connector_id is set");
    }
}

object! {
    /// Stop a session.
    ///
    /// Spec: mod_commands, "StopSession Object".
    StopSession("StopSession", "mod_commands", StopSessionBuilder, rules = stop_rules) {
        /// Where the result is to be posted. Best different for each request.
        response_url: 1 Url,
        /// The session, at most 36 characters.
        session_id: 1 CiString<36>,
    }
}

fn stop_rules(command: &StopSession, cx: &mut Context) {
    check::called_url(&command.response_url, "StopSession", "response_url", cx);
    check::id(&command.session_id, "StopSession", "session_id", cx);
}

object! {
    /// Keep an EVSE free for a driver, from now on.
    ///
    /// Spec: mod_commands, "ReserveNow Object". The same id at the same location changes the reservation.
    ReserveNow("ReserveNow", "mod_commands", ReserveNowBuilder, rules = reserve_rules) {
        /// Where the result is to be posted, and later perhaps that the reservation was cancelled.
        response_url: 1 Url,
        /// The token that may use the reservation, complete. Owned by the EMSP that sends the command.
        token: 1 Token,
        /// Until when, in UTC.
        expiry_date: 1 DateTime,
        /// Names the reservation among those of the EMSP, at most 36 characters.
        reservation_id: 1 CiString<36>,
        /// Where, at most 36 characters.
        location_id: 1 CiString<36>,
        /// Which EVSE, at most 36 characters. Absent: any.
        evse_uid: ? CiString<36>,
        /// The EMSP's name for the authorization, at most 36 characters; it returns in the session and in the CDR.
        authorization_reference: ? CiString<36>,
    }
}

fn reserve_rules(command: &ReserveNow, cx: &mut Context) {
    const CLASS: &str = "ReserveNow";
    check::called_url(&command.response_url, CLASS, "response_url", cx);
    check::id(&command.reservation_id, CLASS, "reservation_id", cx);
    check::id(&command.location_id, CLASS, "location_id", cx);
}

object! {
    /// Give up a reservation. It may cost something all the same.
    ///
    /// Spec: mod_commands, "CancelReservation Object".
    CancelReservation("CancelReservation", "mod_commands", CancelReservationBuilder, rules = cancel_rules) {
        /// Where the result is to be posted. Best different for each request.
        response_url: 1 Url,
        /// The reservation, as the EMSP named it, at most 36 characters.
        reservation_id: 1 CiString<36>,
    }
}

fn cancel_rules(command: &CancelReservation, cx: &mut Context) {
    check::called_url(&command.response_url, "CancelReservation", "response_url", cx);
    check::id(&command.reservation_id, "CancelReservation", "reservation_id", cx);
}

object! {
    /// Release a plug that is stuck. For the help desk only.
    ///
    /// Spec: mod_commands, "UnlockConnector Object".
    UnlockConnector("UnlockConnector", "mod_commands", UnlockConnectorBuilder, rules = unlock_rules) {
        /// Where the result is to be posted. Best different for each request.
        response_url: 1 Url,
        /// Where, at most 36 characters.
        location_id: 1 CiString<36>,
        /// At which EVSE, at most 36 characters.
        evse_uid: 1 CiString<36>,
        /// Which connector, at most 36 characters.
        connector_id: 1 CiString<36>,
    }
}

fn unlock_rules(command: &UnlockConnector, cx: &mut Context) {
    const CLASS: &str = "UnlockConnector";
    check::called_url(&command.response_url, CLASS, "response_url", cx);
    check::id(&command.location_id, CLASS, "location_id", cx);
    check::id(&command.evse_uid, CLASS, "evse_uid", cx);
    check::id(&command.connector_id, CLASS, "connector_id", cx);
}

object! {
    /// The CPO's answer to a command: whether it goes to the station.
    ///
    /// Spec: mod_commands, "CommandResponse Object".
    CommandResponse("CommandResponse", "mod_commands", CommandResponseBuilder, rules = response_rules) {
        /// The CPO's verdict.
        result: 1 CommandResponseType,
        /// How long to wait for the result, in seconds. Needed even if there will be none.
        timeout: 1 i64,
        /// What to tell people, in several languages.
        message: * DisplayText,
    }
}

fn response_rules(response: &CommandResponse, cx: &mut Context) {
    // CMD-032.
    if response.timeout < 0 {
        cx.found_at("CommandResponse", "timeout", Rule::Range, "negative");
    }
}

object! {
    /// The station's answer to a command.
    ///
    /// Spec: mod_commands, "CommandResult Object".
    CommandResult("CommandResult", "mod_commands", CommandResultBuilder) {
        /// The station's verdict.
        result: 1 CommandResultType,
        /// What to tell people, in several languages.
        message: * DisplayText,
    }
}

open_enum! {
    /// What a CPO does with a command.
    ///
    /// Spec: mod_commands, "CommandResponseType enum".
    CommandResponseType("CommandResponseType", "mod_commands") {
        /// The CPO, the station or the EVSE does not know this command.
        NotSupported = "NOT_SUPPORTED",
        /// The CPO refuses, perhaps because the session is another EMSP's.
        Rejected = "REJECTED",
        /// It goes to the station; a result will follow.
        Accepted = "ACCEPTED",
        /// The CPO does not know the session.
        UnknownSession = "UNKNOWN_SESSION",
    }
}

open_enum! {
    /// What became of a command.
    ///
    /// Spec: mod_commands, "CommandResultType enum".
    CommandResultType("CommandResultType", "mod_commands") {
        /// The station will do it.
        Accepted = "ACCEPTED",
        /// The CPO cancelled the reservation.
        CanceledReservation = "CANCELED_RESERVATION",
        /// Another session is going on at the EVSE.
        EvseOccupied = "EVSE_OCCUPIED",
        /// The EVSE is out of service.
        EvseInoperative = "EVSE_INOPERATIVE",
        /// The station tried and failed.
        Failed = "FAILED",
        /// The station does not know this command.
        NotSupported = "NOT_SUPPORTED",
        /// The station refuses.
        Rejected = "REJECTED",
        /// The station did not answer in time.
        Timeout = "TIMEOUT",
        /// The reservation is not known.
        UnknownReservation = "UNKNOWN_RESERVATION",
    }
}

open_enum! {
    /// The commands, as the last part of the URL they are posted to.
    ///
    /// Spec: mod_commands, "CommandType enum".
    CommandType("CommandType", "mod_commands") {
        /// [`CancelReservation`].
        CancelReservation = "CANCEL_RESERVATION",
        /// [`ReserveNow`].
        ReserveNow = "RESERVE_NOW",
        /// [`StartSession`].
        StartSession = "START_SESSION",
        /// [`StopSession`].
        StopSession = "STOP_SESSION",
        /// [`UnlockConnector`].
        UnlockConnector = "UNLOCK_CONNECTOR",
    }
}
