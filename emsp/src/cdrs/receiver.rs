//! The Receiver interface: CPOs send the bills of our drivers. Spec: mod_cdrs, "Receiver Interface".

use axum::extract::State;
use http::HeaderValue;
use http::header::LOCATION;
use ocpi_http::openapi::{Acknowledgement, Envelope, MessageIds, ReadErrors, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiError, OcpiJson, OcpiPath, OcpiReply, OcpiResult, Routing, join};
use ocpi_party::{RegisteredPeer, check_to};
use ocpi_types::{Cdr, PartyId, Role};
use serde::Deserialize;
use utoipa::IntoParams;

use super::store::{self, Taken};
use crate::{App, receive};

/// Where we keep a CDR. CPOs learn this URL from the `Location` header and do not take it apart.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct CdrPath {
    /// The CPO's country code.
    #[param(example = "US")]
    country_code: String,
    /// The CPO's party id.
    #[param(example = "CPO")]
    party_id: String,
    /// `CDR.id`.
    #[param(example = "12345")]
    cdr_id: String,
}

/// A CDR as it was sent
///
/// Gives back the charge detail record under the URL that we answered its POST with. The CPO that has sent it calls
/// this to make sure that its bill has arrived.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/cdrs/{country_code}/{party_id}/{cdr_id}",
    tag = "cdrs (Receiver)",
    params(MessageIds, RoutingHeaders, CdrPath),
    responses((status = 200, description = "As it was sent", body = Envelope<Cdr>), ReadErrors)
)]
pub async fn get(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<CdrPath>,
) -> OcpiResult {
    let owner = PartyId::new(path.country_code.as_str(), path.party_id.as_str());
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let stored = store::TABLE.get(&app.party.db, &owner, &path.cdr_id).await?;
    let unknown = || OcpiError::unknown_object(format!("no CDR {:?} of {owner}", path.cdr_id));
    stored.map(|stored| OcpiReply::json(stored.json)).ok_or_else(unknown)
}

/// Takes a CDR: the bill of a finished charge
///
/// Stores the charge detail record for good, checks it against token, session and tariff, and answers with its URL in
/// `Location`. CPOs send it once after each charge; the same CDR again is acknowledged, another one with the same id
/// is refused.
#[utoipa::path(
    post,
    path = "/ocpi/2.2.1/emsp/cdrs",
    tag = "cdrs (Receiver)",
    params(MessageIds, RoutingHeaders),
    request_body = Cdr,
    responses(
        (status = 200, description = "We have it already; or refused with 2001", body = Acknowledgement,
            headers(("Location" = String, description = "Where the CDR can be read"))),
        (status = 201, description = "Stored", body = Acknowledgement,
            headers(("Location" = String, description = "Where the CDR can be read"))),
        WriteErrors
    )
)]
pub async fn post(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiJson { value: cdr, report }: OcpiJson<Cdr>,
) -> OcpiResult {
    let owner = PartyId::new(cdr.country_code.clone(), cdr.party_id.clone());
    check_to(&app.party, &routing).await?;
    if !peer.speaks_for(&owner, Role::Cpo) {
        return Err(OcpiError::invalid(format!("the CDR belongs to {owner}, which is none of your CPO roles")));
    }
    let location = location_of(&app, &owner, cdr.id.as_str())?;
    let id = cdr.id.clone();
    let reply = match store::take(&app, owner, peer.id.clone(), cdr, &report).await? {
        Taken::New => OcpiReply::created(),
        Taken::Same => OcpiReply::ok(),
        Taken::Different => {
            return Err(OcpiError::invalid(format!(
                "there is another CDR with id {id}; a CDR does not change, send a Credit CDR and a new one"
            )));
        }
    };
    Ok(reply.with_header(LOCATION, location))
}

fn location_of(app: &App, owner: &PartyId, id: &str) -> Result<HeaderValue, OcpiError> {
    let path = [owner.country_code.as_str(), owner.party_id.as_str(), id];
    let url = join(app.party.url(crate::app::CDRS).as_str(), &path);
    let url = url.map_err(|_| OcpiError::invalid(format!("the id {id:?} cannot be part of a URL")))?;
    HeaderValue::from_str(url.as_str()).map_err(OcpiError::internal)
}
