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
//! An EMSP that answers without a verdict (2001, 2002, not an AuthorizationInfo) was reached: the card is refused. Tokens of
//! partners that are not registered any more are worth nothing, because nobody would pay.
//!
//! A card whose START_SESSION or RESERVE_NOW for this EVSE came within the last 15 minutes was authorized by its EMSP
//! already. Where the EVSE is reserved, only the holder's card, or one of its group, is allowed.

use ocpi_party::{DbError, Party, PeerStatus};
use ocpi_types::{AllowedType, AuthMethod, AuthorizationInfo, Capability, CiString, Token, TokenType, WhitelistType};

use super::ask::{Reply, ask, everybody};
use super::store::{self, Found};
use crate::charging::authorization::{self, Authorization};
use crate::commands;
use crate::ids::Ids;
use crate::locations;
use crate::reservations::claim;
use crate::station::{Authorized, EvseKey, Verdict};

/// Why nobody else is allowed.
const RESERVED: &str = "the EVSE is reserved for somebody else";

/// How long the Token of a START_SESSION or RESERVE_NOW needs no authorization at that EVSE. Spec: mod_commands, "StartSession Object".
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

/// What a driver shows to a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// `Token.uid`.
    pub uid: String,
    /// `RFID` for a card at the reader, `OTHER` for whatever else a station can read.
    pub token_type: TokenType,
}

/// What is to be said about a Token at an EVSE.
enum Opinion {
    Yes { token: Box<Token>, method: AuthMethod, reference: Option<CiString<36>>, peer_id: String },
    No(String),
}

/// May this card start a charge here? A permission is remembered before the answer is given.
pub async fn card(
    party: &Party,
    ids: &Ids,
    policy: WhitelistPolicy,
    evse: &EvseKey,
    card: &Card,
) -> Result<Verdict, DbError> {
    if is_closed(party, evse).await? {
        return Ok(refused("this place is closed"));
    }
    if claim::is_kept_from(&party.db, evse, &card.uid).await? {
        return Ok(refused(RESERVED));
    }
    let since = party.clock.now() - COMMAND_HOLDS;
    if card.token_type == TokenType::Rfid
        && let Some(earlier) = commands::store::recent_start(&party.db, evse, &card.uid, since).await?
        && let Some(earlier) = authorization::read(&party.db, &earlier).await?
    {
        return permit(party, evse, Authorization { id: ids.next(), ..earlier }).await;
    }
    let known = store::find_all(&party.db, &card.uid, &card.token_type).await?;
    let opinions = if known.is_empty() { Opinions::Everybody } else { Opinions::Known(known) };
    match opinions.ask(party, policy, evse, card).await? {
        Opinion::Yes { token, method, reference, peer_id } => {
            permit(party, evse, Authorization::new(ids.next(), &token, method, reference, &peer_id)).await
        }
        Opinion::No(reason) => Ok(refused(reason)),
    }
}

/// Whether nobody charges there at this hour. Spec: mod_locations, `charging_when_closed`.
async fn is_closed(party: &Party, evse: &EvseKey) -> Result<bool, DbError> {
    let found = locations::store::find(&party.db, Some(&evse.owner), evse.location_id.as_str()).await?;
    let location = found.map(|found| found.location()).transpose()?;
    Ok(location.is_some_and(|location| !location.lets_charge_at(party.clock.now())))
}

/// May this card end the charge that another card of its group began? It is asked about like any other card. Spec:
/// mod_locations, TOKEN_GROUP_CAPABLE; mod_tokens, `Token.group_id`.
pub async fn card_of_group(
    party: &Party,
    policy: WhitelistPolicy,
    evse: &EvseKey,
    card: &Card,
    running: &Authorized,
) -> Result<Verdict, DbError> {
    let no = Ok(refused("somebody else is charging here"));
    let capable = locations::store::evse(&party.db, evse)
        .await?
        .is_some_and(|evse| evse.capabilities.contains(&Capability::TokenGroupCapable));
    let Some(authorization) = authorization::read(&party.db, &running.id).await? else { return no };
    if !capable || authorization.group_id.is_none() {
        return no;
    }
    let mut known = store::find_all(&party.db, &card.uid, &card.token_type).await?;
    known.retain(|found| authorization.is_of_group(&found.token));
    // Only the EMSP of the first card can know another card of the group.
    let opinions = if known.is_empty() { Opinions::Of(authorization.peer_id.clone()) } else { Opinions::Known(known) };
    match opinions.ask(party, policy, evse, card).await? {
        Opinion::Yes { token, .. } if authorization.is_of_group(&token) => Ok(Verdict::Allowed(running.clone())),
        _ => no,
    }
}

/// Who is asked for an opinion.
enum Opinions {
    /// The Tokens that are stored here, and their EMSPs where these types of whitelist want it.
    Known(Vec<Found>),
    /// Nobody has pushed this Token: whoever knows it, decides.
    Everybody,
    /// The same, of one partner.
    Of(String),
}

impl Opinions {
    /// The first that says yes, or the last refusal.
    async fn ask(
        self,
        party: &Party,
        policy: WhitelistPolicy,
        evse: &EvseKey,
        card: &Card,
    ) -> Result<Opinion, DbError> {
        let mut refusal = None;
        match self {
            Self::Known(known) => {
                for found in known {
                    match known_card(party, policy, evse, found).await? {
                        Opinion::No(reason) => refusal = Some(reason),
                        yes @ Opinion::Yes { .. } => return Ok(yes),
                    }
                }
            }
            Self::Everybody | Self::Of(_) => {
                for (peer, owner) in everybody(party).await? {
                    if matches!(&self, Self::Of(only) if *only != peer.id) {
                        continue;
                    }
                    match ask(party, &peer, owner.as_ref(), evse, card).await? {
                        Reply::Info(info) => match judge(evse, *info, &peer.id) {
                            Opinion::No(reason) => refusal = Some(reason),
                            yes @ Opinion::Yes { .. } => return Ok(yes),
                        },
                        Reply::Unknown => {}
                        Reply::Refused(why) | Reply::Silent(why) => {
                            tracing::warn!(%evse, peer = peer.name, why, "a partner says nothing about a card");
                        }
                    }
                }
            }
        }
        Ok(Opinion::No(refusal.unwrap_or_else(|| "no EMSP knows this card".to_owned())))
    }
}

async fn known_card(party: &Party, policy: WhitelistPolicy, evse: &EvseKey, found: Found) -> Result<Opinion, DbError> {
    let Found { token, peer_id } = found;
    // By the uid as its EMSP writes it.
    let card = &Card { uid: token.uid.as_str().to_owned(), token_type: token.token_type.clone() };
    let peer = party.peers.get(&peer_id).await?.filter(|peer| peer.status == PeerStatus::Registered);
    let Some(peer) = peer else {
        return Ok(Opinion::No("its EMSP is no partner of this platform any more".to_owned()));
    };
    let from_list = match token.whitelist {
        WhitelistType::Always => true,
        WhitelistType::Allowed => policy == WhitelistPolicy::Trust,
        _ => false,
    };
    if from_list {
        return Ok(whitelisted(token, peer_id));
    }
    Ok(match ask(party, &peer, Some(&store::owner_of(&token)), evse, card).await? {
        Reply::Info(info) => judge(evse, *info, &peer_id),
        Reply::Unknown => Opinion::No("the EMSP does not know this card any more".to_owned()),
        Reply::Refused(why) => {
            tracing::warn!(%evse, peer = peer.name, why, "the EMSP answers without a verdict about a card");
            Opinion::No("the EMSP gives no verdict".to_owned())
        }
        Reply::Silent(why) => {
            tracing::warn!(%evse, peer = peer.name, why, "the EMSP cannot be asked about a card");
            match token.whitelist {
                WhitelistType::AllowedOffline | WhitelistType::Allowed => whitelisted(token, peer_id),
                _ => Opinion::No("the EMSP cannot be reached".to_owned()),
            }
        }
    })
}

fn whitelisted(token: Token, peer_id: String) -> Opinion {
    if !token.valid {
        return Opinion::No("this card is blocked by its EMSP".to_owned());
    }
    Opinion::Yes { token: Box::new(token), method: AuthMethod::Whitelist, reference: None, peer_id }
}

/// Whether what the EMSP said means yes, at this EVSE.
fn judge(evse: &EvseKey, info: AuthorizationInfo, peer_id: &str) -> Opinion {
    if info.allowed != AllowedType::Allowed {
        // In the driver's language, where the EMSP knows it.
        let text = info.info.as_ref().map(|info| info.text.as_str().to_owned());
        return Opinion::No(text.unwrap_or_else(|| format!("the EMSP says {}", info.allowed)));
    }
    let elsewhere = info.location.as_ref().is_some_and(|place| {
        place.location_id != evse.location_id
            || (!place.evse_uids.is_empty() && !place.evse_uids.contains(&evse.evse_uid))
    });
    if elsewhere {
        return Opinion::No("the EMSP does not allow this card at this EVSE".to_owned());
    }
    Opinion::Yes {
        token: Box::new(info.token),
        method: AuthMethod::AuthRequest,
        reference: info.authorization_reference,
        peer_id: peer_id.to_owned(),
    }
}

/// Remembers the permission; in the name of the reservation where the driver has one here.
async fn permit(party: &Party, evse: &EvseKey, authorization: Authorization) -> Result<Verdict, DbError> {
    let Some(authorization) = claim::name(&party.db, evse, authorization).await? else {
        return Ok(refused(RESERVED));
    };
    let authorized = authorization.authorized();
    let now = party.clock.now();
    party.db.write(move |tx| Box::pin(async move { authorization::save(tx, &authorization, now).await })).await?;
    Ok(Verdict::Allowed(authorized))
}

fn refused(reason: impl Into<String>) -> Verdict {
    Verdict::Refused { reason: reason.into() }
}
