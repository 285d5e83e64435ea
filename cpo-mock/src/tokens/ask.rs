//! Asking EMSPs about a card. Spec: mod_tokens, "POST Method (Real-time authorization)".

use std::sync::Arc;

use http::Method;
use ocpi_http::{CallError, FailureClass, OcpiStatus, join};
use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{
    AuthorizationInfo, Extra, InterfaceRole, LocationReferences, ModuleId, Object, PartyId, Role, TokenType, parse,
};

use super::authorize::Card;
use crate::locations;
use crate::station::EvseKey;

/// What a partner said.
pub(super) enum Reply {
    Info(Box<AuthorizationInfo>),
    /// It does not know the Token.
    Unknown,
    /// It answered, and gave no verdict. That is not the same as being offline.
    Refused(String),
    /// It could not be asked, or did not answer.
    Silent(String),
}

/// Where the driver stands.
struct Place {
    references: LocationReferences,
    /// No partner gets to see the Location.
    is_private: bool,
}

/// Whom to ask about a Token that nobody has pushed: every EMSP of every partner; of a hub nobody in particular.
pub(super) async fn everybody(party: &Party) -> Result<Vec<(Arc<Peer>, Option<PartyId>)>, DbError> {
    let mut all = Vec::new();
    for peer in party.peers.registered().await? {
        if peer.is_hub() {
            all.push((peer, None));
        } else {
            all.extend(peer.parties(&Role::Emsp).into_iter().map(|owner| (peer.clone(), Some(owner))));
        }
    }
    Ok(all)
}

/// Asks one EMSP. Without an owner the hub finds out whose Token it is. Spec: transport_and_format, "Open Routing Request".
///
/// A private place is not named, unless the partner says that it cannot decide without.
pub(super) async fn ask(
    party: &Party,
    peer: &Peer,
    owner: Option<&PartyId>,
    evse: &EvseKey,
    card: &Card,
) -> Result<Reply, DbError> {
    let Some(endpoint) = peer.endpoint(&ModuleId::Tokens, &InterfaceRole::Sender) else {
        return Ok(Reply::Silent("it offers no real-time authorization".to_owned()));
    };
    let Ok(mut url) = join(endpoint, &[&card.uid, "authorize"]) else {
        return Ok(Reply::Silent("its tokens endpoint is no URL".to_owned()));
    };
    if card.token_type != TokenType::Rfid {
        url.query_pairs_mut().append_pair("type", card.token_type.as_str());
    }
    let target = match owner {
        Some(owner) => party.target(peer, &evse.owner, owner),
        None => party.open_target(peer, &evse.owner),
    };
    let place = place(party, evse).await?;
    let named = place.as_ref().map(|place| place.references.to_json());
    let at_once = named.clone().filter(|_| place.as_ref().is_some_and(|place| !place.is_private));
    let held_back = at_once.is_none() && named.is_some();
    let mut answer = party.client.call(&target, Method::POST, &url, at_once).await;
    if held_back && answer.as_ref().is_err_and(needs_the_place) {
        answer = party.client.call(&target, Method::POST, &url, named).await;
    }
    Ok(match answer {
        Ok(answer) => match parse::<AuthorizationInfo>(answer.data).accept() {
            Ok((info, _)) => Reply::Info(Box::new(info)),
            Err(report) => Reply::Refused(format!("its answer is no AuthorizationInfo: {report}")),
        },
        Err(error) if says_unknown(&error) => Reply::Unknown,
        Err(error) if error.class() == FailureClass::Refused => Reply::Refused(error.to_string()),
        Err(error) => Reply::Silent(error.to_string()),
    })
}

fn needs_the_place(error: &CallError) -> bool {
    error.ocpi_status() == Some(OcpiStatus::NotEnoughInformation)
}

fn says_unknown(error: &CallError) -> bool {
    error.http().is_some_and(|http| http == http::StatusCode::NOT_FOUND)
        || error.ocpi_status().is_some_and(|status| status == OcpiStatus::UnknownToken)
}

async fn place(party: &Party, evse: &EvseKey) -> Result<Option<Place>, DbError> {
    let found = locations::store::find(&party.db, Some(&evse.owner), evse.location_id.as_str()).await?;
    let Some(found) = found else { return Ok(None) };
    let location = found.location()?;
    let uid = location.evses.iter().find(|known| known.uid == evse.evse_uid).map(|known| known.uid.clone());
    let references =
        LocationReferences { location_id: location.id, evse_uids: uid.into_iter().collect(), extra: Extra::default() };
    Ok(Some(Place { references, is_private: found.is_private }))
}
