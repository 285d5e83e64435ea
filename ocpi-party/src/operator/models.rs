//! What goes in and out of the common routes of the operator API.

use std::collections::BTreeMap;

use ocpi_http::TokenForm;
use ocpi_types::{ClientInfo, DateTime, format_date_time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::peers::{Peer, form_text};
use crate::sync::{Finding, PullState, PushState, SyncState};

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// The name by which you know the partner; needed for a new one.
    #[schema(example = "TheNewMotion")]
    pub name: Option<String>,
    /// A partner that is known already, to be given a new token A.
    pub partner_id: Option<String>,
}

/// What the partner needs; hand it over through a secure channel. The token is shown this once.
// No `Debug`: it holds a secret.
#[derive(Serialize, ToSchema)]
pub struct InvitationView {
    /// Our id of the partner.
    #[schema(example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")]
    pub partner_id: String,
    /// The token with which the partner begins the registration.
    #[schema(example = "7Rk1c0Vd0Y3gq1P2b6m3sZ5u8w9xA4eKfLhNjTtUvXy")]
    pub token_a: String,
    /// Where the partner begins.
    #[schema(example = "https://emsp.example.com/ocpi/versions")]
    pub versions_url: String,
}

/// What the partner has given you.
// No `Debug`: it holds a secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// Where the partner lists its versions.
    #[schema(example = "https://cpo.example.com/ocpi/versions")]
    pub versions_url: String,
    /// The token A that the partner has issued for you.
    #[schema(example = "7Rk1c0Vd0Y3gq1P2b6m3sZ5u8w9xA4eKfLhNjTtUvXy")]
    pub token_a: String,
    /// The name by which you know the partner.
    #[schema(example = "TheNewMotion")]
    pub name: String,
    /// How the partner wants our token to be written: `BASE64` (OCPI 2.2.1, the default) or `RAW`.
    #[schema(example = "BASE64")]
    pub token_form: Option<String>,
}

/// What can be changed about a partner. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerChange {
    /// The name by which you know the partner.
    pub name: Option<String>,
    /// How our token is written to it: `BASE64` (OCPI 2.2.1) or `RAW`.
    #[schema(example = "BASE64")]
    pub token_form: Option<String>,
    /// Whether absent fields are written to it as null.
    pub emit_nulls: Option<bool>,
}

/// How to synchronise.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncRequest {
    /// Send and fetch everything, not only what has changed.
    #[serde(default)]
    pub full: bool,
}

/// How a registration has ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnregisteredView {
    /// The partner knows.
    pub partner_told: bool,
    /// Why the partner could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The parties behind a hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct HubClients {
    /// One entry per party and role, ordered by party.
    pub clients: Vec<HubClientView>,
}

/// A party behind a hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct HubClientView {
    /// What the hub says about it.
    pub info: ClientInfo,
    /// Whether something can be sent to it now.
    pub reachable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the hub says that it is OFFLINE")]
    pub why_not: Option<String>,
}

/// All partners.
#[derive(Debug, Serialize, ToSchema)]
pub struct Partners {
    /// The partners, oldest first.
    pub partners: Vec<PartnerView>,
}

/// A partner and how far we are in sync with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartnerView {
    /// Our id of the partner.
    #[schema(example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")]
    pub id: String,
    /// The name by which you know it.
    #[schema(example = "TheNewMotion")]
    pub name: String,
    /// `INVITED`, `REGISTERED` or `UNREGISTERED`.
    #[schema(example = "REGISTERED")]
    pub status: String,
    /// Where it lists its versions.
    #[schema(example = "https://cpo.example.com/ocpi/versions")]
    pub versions_url: Option<String>,
    /// The parties on its platform.
    pub roles: Vec<RoleView>,
    /// Its endpoints, as `module role` and URL.
    pub endpoints: BTreeMap<String, String>,
    /// How our token is written to it: `BASE64` or `RAW`.
    #[schema(example = "BASE64")]
    pub token_form: String,
    /// How it writes its token; `RAW` is not what OCPI 2.2.1 asks for.
    #[schema(example = "BASE64")]
    pub token_form_seen: Option<String>,
    /// Whether absent fields are written to it as null.
    pub emit_nulls: bool,
    /// When credentials were last exchanged. OCPI asks for new tokens every month.
    #[schema(example = "2026-01-15T10:00:00Z")]
    pub credentials_at: Option<String>,
    /// Everything it is to know has reached it.
    pub in_sync: bool,
    /// What we send to it.
    pub push: PushView,
    /// What we fetch from it, by module.
    pub pulls: Vec<PullView>,
    /// What you should know about it, the newest first.
    pub findings: Vec<FindingView>,
}

/// A party on a partner's platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleView {
    /// `CPO`, `EMSP`, …
    #[schema(example = "CPO")]
    pub role: String,
    /// Country code and party id.
    #[schema(example = "NL/TNM")]
    pub party: String,
    /// The company.
    #[schema(example = "TheNewMotion B.V.")]
    pub name: String,
}

/// How sending to a partner goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushView {
    /// How many objects it is behind on, by module.
    pub behind: BTreeMap<String, u64>,
    /// Since when it cannot be reached.
    pub out_of_sync_since: Option<String>,
    /// Failures in a row.
    pub failures: u64,
    /// When it is tried again.
    pub retry_at: Option<String>,
    /// The last successful delivery.
    pub last_push_at: Option<String>,
    /// Why the last delivery failed.
    pub last_error: Option<String>,
}

/// How fetching one module from a partner goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PullView {
    /// The module.
    #[schema(example = "locations")]
    pub module: String,
    /// When the last complete run through its list began.
    pub last_success: Option<String>,
    /// When the last try began.
    pub last_attempt: Option<String>,
    /// When the next one is due.
    pub next_at: Option<String>,
    /// Failures in a row.
    pub failures: u64,
    /// How many objects the last successful pull saw.
    pub objects: u64,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// Something that an operator should know.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    /// When it was found.
    pub at: String,
    /// In which module.
    pub module: String,
    /// Which object; empty when it is about none.
    pub object: String,
    /// What it is.
    pub message: String,
}

fn when(at: Option<DateTime>) -> Option<String> {
    at.map(|at| format_date_time(&at))
}

impl PartnerView {
    /// What is shown of a peer.
    #[must_use]
    pub fn new(peer: &Peer, state: SyncState) -> Self {
        let in_sync = state.push.behind.is_empty() && state.pulls.iter().all(|pull| pull.failures == 0);
        Self {
            id: peer.id.clone(),
            name: peer.name.clone(),
            status: peer.status.as_str().to_owned(),
            versions_url: peer.versions_url.clone(),
            roles: peer
                .roles
                .iter()
                .map(|role| RoleView {
                    role: role.role.to_string(),
                    party: crate::peers::party_of(role).to_string(),
                    name: role.business_details.name.to_string(),
                })
                .collect(),
            endpoints: peer
                .endpoints
                .iter()
                .map(|endpoint| (format!("{} {}", endpoint.identifier, endpoint.role), endpoint.url.to_string()))
                .collect(),
            token_form: form_text(peer.form).to_owned(),
            token_form_seen: peer.form_seen.map(|form: TokenForm| form_text(form).to_owned()),
            emit_nulls: peer.emit_nulls,
            credentials_at: when(peer.credentials_at),
            in_sync,
            push: state.push.into(),
            pulls: state.pulls.into_iter().map(Into::into).collect(),
            findings: state.findings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<PushState> for PushView {
    fn from(state: PushState) -> Self {
        Self {
            behind: state.behind,
            out_of_sync_since: when(state.out_of_sync_since),
            failures: state.failures,
            retry_at: when(state.retry_at),
            last_push_at: when(state.last_push_at),
            last_error: state.last_error,
        }
    }
}

impl From<PullState> for PullView {
    fn from(state: PullState) -> Self {
        Self {
            module: state.module,
            last_success: when(state.last_success),
            last_attempt: when(state.last_attempt),
            next_at: when(state.next_at),
            failures: state.failures,
            objects: state.objects,
            last_error: state.last_error,
        }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            at: format_date_time(&finding.at),
            module: finding.module,
            object: finding.object,
            message: finding.message,
        }
    }
}
