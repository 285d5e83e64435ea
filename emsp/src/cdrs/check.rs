//! Checks a CDR that came in against everything we know. Nothing here rejects a CDR: the driver has charged, and billing data
//! is worth keeping. What is wrong is stored as findings, for a person to settle with the CPO.

use chrono::{DateTime, Utc};
use ocpi_types::{Cdr, Location, PartyId, Report, Session, SessionStatus, Tariff, Token};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::check_reservation::{self, KnownReservation};
use super::{check_content, check_credit};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Good to know; nothing to do.
    Note,
    /// Unusual: look at it when there is a complaint.
    Warning,
    /// Do not pay before it is settled.
    Problem,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CdrFinding {
    /// A stable name (`SESSION_ENERGY`).
    #[schema(example = "SESSION_ENERGY")]
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// The place in the CDR, as a JSON Pointer.
    #[schema(example = "/total_energy")]
    pub pointer: String,
    /// In a sentence.
    pub message: String,
}

impl CdrFinding {
    pub(super) fn new(code: &str, severity: Severity, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), severity, pointer: pointer.into(), message: message.into() }
    }
}

/// The outcome of a check in one word, from its worst finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CheckVerdict {
    /// Nothing but notes, if anything.
    Fine,
    /// Something unusual.
    Warning,
    /// Something that must be settled.
    Problem,
}

impl CheckVerdict {
    /// From the worst finding.
    #[must_use]
    pub fn of(findings: &[CdrFinding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Problem) => Self::Problem,
            Some(Severity::Warning) => Self::Warning,
            _ => Self::Fine,
        }
    }

    /// As it is written in the database and in the operator API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "FINE",
            Self::Warning => "WARNING",
            Self::Problem => "PROBLEM",
        }
    }
}

/// What we know about an `authorization_reference`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The CDR has none.
    None,
    /// We never gave it.
    Unknown,
    /// We gave it for this token (`UID|TYPE`).
    GivenFor(String),
}

/// Everything that a CDR is held against.
#[derive(Debug)]
pub struct Known {
    /// The parties on our platform.
    pub own_parties: Vec<PartyId>,
    /// Our token, if the CDR's is known.
    pub token: Option<Token>,
    /// The authorization that the CDR refers to.
    pub reference: Reference,
    /// The session, if we have it.
    pub session: Option<Session>,
    /// The CPO's tariffs that the periods name and the CDR does not hold.
    pub tariffs: Vec<Tariff>,
    /// The location, if it was published to us.
    pub location: Option<Location>,
    /// The CDR that a Credit CDR takes back.
    pub credited: Option<Cdr>,
    /// The reservation that the CDR bills, if we have made it.
    pub reservation: Option<KnownReservation>,
    /// The moment of the check.
    pub now: DateTime<Utc>,
}

/// All findings but those about CDRs credited twice, the document's own first.
#[must_use]
pub fn check(cdr: &Cdr, form: &Report, known: &Known) -> Vec<CdrFinding> {
    let mut found: Vec<CdrFinding> =
        form.findings.iter().map(|f| CdrFinding::new("FORM", Severity::Note, &f.pointer, &f.message)).collect();
    check_content::times(cdr, known.now, &mut found);
    check_content::periods(cdr, &mut found);
    check_content::currencies(cdr, &mut found);
    check_content::totals(cdr, known, &mut found);
    token(cdr, known, &mut found);
    reference(cdr, known, &mut found);
    session(cdr, known, &mut found);
    place(cdr, known, &mut found);
    check_reservation::check(cdr, known.reservation.as_ref(), &mut found);
    check_credit::credit(cdr, known, &mut found);
    home(cdr, &mut found);
    found
}

fn token(cdr: &Cdr, known: &Known, found: &mut Vec<CdrFinding>) {
    let owner = PartyId::new(cdr.cdr_token.country_code.clone(), cdr.cdr_token.party_id.clone());
    if !known.own_parties.contains(&owner) {
        let message = format!("the token belongs to {owner}, not to us");
        found.push(CdrFinding::new("TOKEN_FOREIGN", Severity::Problem, "/cdr_token", message));
        return;
    }
    let Some(token) = &known.token else {
        let message = format!("{} {} is none of our tokens", cdr.cdr_token.token_type, cdr.cdr_token.uid);
        found.push(CdrFinding::new("TOKEN_UNKNOWN", Severity::Problem, "/cdr_token/uid", message));
        return;
    };
    if token.contract_id != cdr.cdr_token.contract_id {
        let message = format!("{} on the CDR, {} in our books", cdr.cdr_token.contract_id, token.contract_id);
        found.push(CdrFinding::new("TOKEN_CONTRACT", Severity::Warning, "/cdr_token/contract_id", message));
    }
}

fn reference(cdr: &Cdr, known: &Known, found: &mut Vec<CdrFinding>) {
    let pointer = "/authorization_reference";
    match &known.reference {
        Reference::None => {}
        Reference::Unknown => {
            let message = "we gave no authorization with this reference";
            found.push(CdrFinding::new("REFERENCE_UNKNOWN", Severity::Warning, pointer, message));
        }
        Reference::GivenFor(token_id) => {
            let charged = crate::tokens::token_id(&cdr.cdr_token.uid, &cdr.cdr_token.token_type);
            if *token_id != charged {
                let message = format!("we gave this reference for token {token_id}, the CDR is for {charged}");
                found.push(CdrFinding::new("REFERENCE_TOKEN", Severity::Problem, pointer, message));
            }
        }
    }
}

fn session(cdr: &Cdr, known: &Known, found: &mut Vec<CdrFinding>) {
    let Some(id) = &cdr.session_id else {
        if cdr.total_energy > Decimal::ZERO {
            let message = "energy was charged, but the CDR names no session";
            found.push(CdrFinding::new("SESSION_MISSING", Severity::Warning, "/session_id", message));
        }
        return;
    };
    let Some(session) = &known.session else {
        let message = format!("we never heard of session {id}");
        found.push(CdrFinding::new("SESSION_UNKNOWN", Severity::Warning, "/session_id", message));
        return;
    };
    let mut differs = |code: &str, severity, pointer: &str, what: String| {
        found.push(CdrFinding::new(code, severity, pointer, what));
    };
    match session.status {
        SessionStatus::Completed => {}
        SessionStatus::Invalid => {
            let what = "the session was declared invalid: it is not billed".to_owned();
            differs("SESSION_INVALID", Severity::Problem, "/session_id", what);
        }
        ref status => {
            let what = format!("the session is {status}: its end has not reached us yet");
            differs("SESSION_OPEN", Severity::Note, "/session_id", what);
        }
    }
    let ended = session.status == SessionStatus::Completed;
    if ended && session.kwh != cdr.total_energy {
        let what = format!("{} kWh, but the session ended with {} kWh", cdr.total_energy, session.kwh);
        differs("SESSION_ENERGY", Severity::Problem, "/total_energy", what);
    }
    if session.cdr_token.uid != cdr.cdr_token.uid || session.cdr_token.token_type != cdr.cdr_token.token_type {
        let what = format!("the session was started by {}", session.cdr_token.uid);
        differs("SESSION_TOKEN", Severity::Problem, "/cdr_token/uid", what);
    }
    if session.currency.as_str() != cdr.currency.as_str() {
        let what = format!("{}, but the session is in {}", cdr.currency, session.currency);
        differs("SESSION_CURRENCY", Severity::Problem, "/currency", what);
    }
    // A reservation that was not used need not name an EVSE.
    let open = [&session.evse_uid, &cdr.cdr_location.evse_uid].into_iter().any(|uid| *uid == "#NA");
    let elsewhere = session.evse_uid != cdr.cdr_location.evse_uid && !open;
    if session.location_id != cdr.cdr_location.id || elsewhere {
        let what = format!("the session was at {} {}", session.location_id, session.evse_uid);
        differs("SESSION_PLACE", Severity::Warning, "/cdr_location", what);
    }
    if session.authorization_reference != cdr.authorization_reference {
        let what = "the session has another reference, or only one of them has one".to_owned();
        differs("SESSION_REFERENCE", Severity::Warning, "/authorization_reference", what);
    }
    // The bill begins with the reservation; the session began when it became active.
    let began = [cdr.start_date_time, check_reservation::charging_began(cdr)];
    if !began.contains(&session.start_date_time) {
        let what = format!("the session started at {}", ocpi_types::format_date_time(&session.start_date_time));
        differs("SESSION_START", Severity::Warning, "/start_date_time", what);
    }
    if let Some(end) = session.end_date_time.filter(|end| ended && *end != cdr.end_date_time) {
        let what = format!("the session ended at {}", ocpi_types::format_date_time(&end));
        differs("SESSION_END", Severity::Warning, "/end_date_time", what);
    }
}

fn place(cdr: &Cdr, known: &Known, found: &mut Vec<CdrFinding>) {
    // A location that was never published to us is nothing unusual: home chargers.
    let Some(location) = &known.location else { return };
    let there = &cdr.cdr_location;
    let evse = location.evses.iter().find(|evse| evse.uid == there.evse_uid);
    let connector = evse.and_then(|evse| evse.connectors.iter().find(|connector| connector.id == there.connector_id));
    if connector.is_none() && there.evse_uid != "#NA" {
        let message =
            format!("location {} has no EVSE {} with connector {}", there.id, there.evse_uid, there.connector_id);
        found.push(CdrFinding::new("PLACE_UNKNOWN", Severity::Warning, "/cdr_location/evse_uid", message));
    }
}

fn home(cdr: &Cdr, found: &mut Vec<CdrFinding>) {
    if cdr.home_charging_compensation == Some(true) {
        let message = format!("the driver charged {} kWh at home, and is to get back what they cost", cdr.total_energy);
        found.push(CdrFinding::new("HOME_CHARGING", Severity::Note, "/home_charging_compensation", message));
    }
}
