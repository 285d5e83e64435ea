//! May this card charge? Asked by a station when a driver holds a card to its reader. Spec: mod_tokens, "Real-time
//! authorization" and "WhitelistType".
//!
//! | whitelist | valid | the EMSP answers | it cannot be reached |
//! |---|---|---|---|
//! | `ALWAYS` | yes / no | not asked: allowed / refused | the same |
//! | `ALLOWED` | yes / no | as configured: not asked, or as `ALLOWED_OFFLINE` | |
//! | `ALLOWED_OFFLINE` | yes / no | its verdict | allowed / refused |
//! | `NEVER` | any | its verdict | refused |
//! | not known here | | the verdict of the first partner that knows it | refused |
//!
//! A card whose START_SESSION for this EVSE came within the last 15 minutes was authorized by its EMSP already.

use std::sync::Arc;

use http::Method;
use ocpi_http::{CallError, join};
use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{
    AllowedType, AuthMethod, AuthorizationInfo, Capability, InterfaceRole, LocationReferences, ModuleId, Object,
    PartyId, Role, Token, TokenType, WhitelistType, parse,
};

use super::store::{self, Found};
use crate::charging::authorization::{self, Authorization};
use crate::commands;
use crate::ids::Ids;
use crate::locations;
use crate::station::{Authorized, EvseKey, Verdict};

/// How long the Token of a START_SESSION needs no authorization at that EVSE. Spec: mod_commands, "StartSession Object".
const COMMAND_HOLDS: chrono::TimeDelta = chrono::TimeDelta::minutes(15);

/// What to do with Tokens of whitelist type ALLOWED, where OCPI leaves the CPO the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum WhitelistPolicy {
    /// Decide from the Tokens that are stored here.
    #[default]
    Trust,
    /// Ask the EMSP, as for ALLOWED_OFFLINE.
    Ask,
}

/// What a partner said.
enum Reply {
    Info(Box<AuthorizationInfo>),
    /// It does not know the Token.
    Unknown,
    /// It could not be asked, or what it said is of no use.
    Silent(String),
}

/// May this card start a charge here? A permission is remembered before the answer is given.
pub async fn card(
    party: &Party,
    ids: &Ids,
    policy: WhitelistPolicy,
    evse: &EvseKey,
    uid: &str,
) -> Result<Verdict, DbError> {
    let since = party.clock.now() - COMMAND_HOLDS;
    if let Some(earlier) = commands::store::recent_start(&party.db, evse, uid, since).await?
        && let Some(earlier) = authorization::read(&party.db, &earlier).await?
    {
        return permit(party, Authorization { id: ids.next(), ..earlier }).await;
    }
    let known = store::find_all(&party.db, uid, &TokenType::Rfid).await?;
    if known.is_empty() {
        return ask_everybody(party, ids, evse, uid).await;
    }
    let mut refusal = None;
    for found in known {
        match known_card(party, ids, policy, evse, found).await? {
            Verdict::Refused { reason } => refusal = Some(reason),
            allowed @ Verdict::Allowed(_) => return Ok(allowed),
        }
    }
    Ok(refused(refusal.unwrap_or_default()))
}

/// May this card end the charge that another card of its group began? Spec: mod_locations, TOKEN_GROUP_CAPABLE.
pub async fn card_of_group(party: &Party, evse: &EvseKey, uid: &str, running: &Authorized) -> Result<Verdict, DbError> {
    let no = Ok(refused("somebody else is charging here"));
    let capable = locations::store::evse(&party.db, evse)
        .await?
        .is_some_and(|evse| evse.capabilities.contains(&Capability::TokenGroupCapable));
    let Some(authorization) = authorization::read(&party.db, &running.id).await? else { return no };
    let Some(group) = authorization.group_id.as_ref().filter(|_| capable) else { return no };
    let same_issuer = |token: &Token| {
        token.country_code == authorization.cdr_token.country_code && token.party_id == authorization.cdr_token.party_id
    };
    let known = store::find_all(&party.db, uid, &TokenType::Rfid).await?;
    let member = known
        .iter()
        .any(|found| found.token.valid && same_issuer(&found.token) && found.token.group_id.as_ref() == Some(group));
    if member { Ok(Verdict::Allowed(running.clone())) } else { no }
}

async fn known_card(
    party: &Party,
    ids: &Ids,
    policy: WhitelistPolicy,
    evse: &EvseKey,
    found: Found,
) -> Result<Verdict, DbError> {
    let Found { token, peer_id } = found;
    let from_list = match token.whitelist {
        WhitelistType::Always => true,
        WhitelistType::Allowed => policy == WhitelistPolicy::Trust,
        _ => false,
    };
    if from_list {
        return whitelisted(party, ids, &token, &peer_id).await;
    }
    let reply = match party.peers.get(&peer_id).await? {
        Some(peer) => ask(party, &peer, Some(&store::owner_of(&token)), evse, token.uid.as_str()).await?,
        None => Reply::Silent("the EMSP is not connected".to_owned()),
    };
    match reply {
        Reply::Info(info) => judge(party, ids, evse, &info, &peer_id).await,
        Reply::Unknown => Ok(refused("the EMSP does not know this card any more")),
        Reply::Silent(why) => {
            tracing::warn!(%evse, why, "the EMSP cannot be asked about a card");
            match token.whitelist {
                WhitelistType::AllowedOffline | WhitelistType::Allowed => {
                    whitelisted(party, ids, &token, &peer_id).await
                }
                _ => Ok(refused("the EMSP cannot be reached")),
            }
        }
    }
}

async fn whitelisted(party: &Party, ids: &Ids, token: &Token, peer_id: &str) -> Result<Verdict, DbError> {
    if !token.valid {
        return Ok(refused("this card is blocked by its EMSP"));
    }
    permit(party, Authorization::new(ids.next(), token, AuthMethod::Whitelist, None, peer_id)).await
}

/// Nobody has pushed this Token: whoever knows it, decides.
async fn ask_everybody(party: &Party, ids: &Ids, evse: &EvseKey, uid: &str) -> Result<Verdict, DbError> {
    let mut refusal = None;
    for peer in party.peers.registered().await? {
        if peer.endpoint(&ModuleId::Tokens, &InterfaceRole::Sender).is_none() {
            continue;
        }
        match ask(party, &peer, None, evse, uid).await? {
            Reply::Info(info) => match judge(party, ids, evse, &info, &peer.id).await? {
                Verdict::Refused { reason } => refusal = Some(reason),
                allowed @ Verdict::Allowed(_) => return Ok(allowed),
            },
            Reply::Unknown => {}
            Reply::Silent(why) => {
                tracing::warn!(%evse, peer = peer.name, why, "a partner cannot be asked about a card");
            }
        }
    }
    Ok(refused(refusal.unwrap_or_else(|| "no EMSP knows this card".to_owned())))
}

/// Asks one partner. Spec: mod_tokens, "POST Method".
async fn ask(
    party: &Party,
    peer: &Arc<Peer>,
    owner: Option<&PartyId>,
    evse: &EvseKey,
    uid: &str,
) -> Result<Reply, DbError> {
    let Some(endpoint) = peer.endpoint(&ModuleId::Tokens, &InterfaceRole::Sender) else {
        return Ok(Reply::Silent("it offers no real-time authorization".to_owned()));
    };
    let Ok(url) = join(endpoint, &[uid, "authorize"]) else {
        return Ok(Reply::Silent("its tokens endpoint is no URL".to_owned()));
    };
    let body = place(party, evse).await?.map(|place| place.to_json());
    let Some(to) = owner.cloned().or_else(|| peer.parties(&Role::Emsp).into_iter().next()) else {
        return Ok(Reply::Silent("it has no EMSP".to_owned()));
    };
    let target = party.target(peer, &evse.owner, &to);
    Ok(match party.client.call(&target, Method::POST, &url, body).await {
        Ok(answer) => match parse::<AuthorizationInfo>(answer.data).accept() {
            Ok((info, _)) => Reply::Info(Box::new(info)),
            Err(report) => Reply::Silent(format!("its answer is no AuthorizationInfo: {report}")),
        },
        Err(error) if says_unknown(&error) => Reply::Unknown,
        Err(error) => Reply::Silent(error.to_string()),
    })
}

fn says_unknown(error: &CallError) -> bool {
    error.http().is_some_and(|http| http == http::StatusCode::NOT_FOUND)
        || error.ocpi_status().is_some_and(|status| status == ocpi_http::OcpiStatus::UnknownToken)
}

/// Where the driver stands, unless the EMSP must not know of the place.
async fn place(party: &Party, evse: &EvseKey) -> Result<Option<LocationReferences>, DbError> {
    let found = locations::store::find(&party.db, Some(&evse.owner), evse.location_id.as_str()).await?;
    let Some(location) = found.filter(|found| !found.is_private).map(|found| found.location()).transpose()? else {
        return Ok(None);
    };
    let uid = location.evses.iter().find(|known| known.uid == evse.evse_uid).map(|known| known.uid.clone());
    Ok(Some(LocationReferences {
        location_id: location.id,
        evse_uids: uid.into_iter().collect(),
        extra: ocpi_types::Extra::default(),
    }))
}

/// Whether what the EMSP said means yes, at this EVSE.
async fn judge(
    party: &Party,
    ids: &Ids,
    evse: &EvseKey,
    info: &AuthorizationInfo,
    peer_id: &str,
) -> Result<Verdict, DbError> {
    if info.allowed != AllowedType::Allowed {
        let text = info.info.as_ref().map(|info| info.text.as_str().to_owned());
        return Ok(refused(text.unwrap_or_else(|| format!("the EMSP says {}", info.allowed))));
    }
    let elsewhere = info
        .location
        .as_ref()
        .is_some_and(|place| !place.evse_uids.is_empty() && !place.evse_uids.contains(&evse.evse_uid));
    if elsewhere {
        return Ok(refused("the EMSP does not allow this card at this EVSE"));
    }
    let reference = info.authorization_reference.clone();
    permit(party, Authorization::new(ids.next(), &info.token, AuthMethod::AuthRequest, reference, peer_id)).await
}

async fn permit(party: &Party, authorization: Authorization) -> Result<Verdict, DbError> {
    let authorized = authorization.authorized();
    let now = party.clock.now();
    party.db.write(move |tx| Box::pin(async move { authorization::save(tx, &authorization, now).await })).await?;
    Ok(Verdict::Allowed(authorized))
}

fn refused(reason: impl Into<String>) -> Verdict {
    Verdict::Refused { reason: reason.into() }
}
