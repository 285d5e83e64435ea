//! All SQL about peers, their endpoints, tokens and findings.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ocpi_http::{Secret, TokenForm};
use ocpi_types::{CredentialsRole, DateTime, Endpoint, Extra, InterfaceRole, ModuleId, PartyId, Role};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::cache::PEERS;
use super::{Peer, PeerStatus, TokenKind, party_of};
use crate::hubclientinfo;
use crate::{Db, DbError, Tx};

/// How many findings are kept per peer.
const KEEP_FINDINGS: i64 = 200;

pub(super) struct StoredToken {
    pub(super) hash: String,
    pub(super) peer_id: String,
    pub(super) kind: TokenKind,
    pub(super) expires_at: Option<DateTime>,
    pub(super) created_at: Option<DateTime>,
    /// It has been shown to us.
    pub(super) used: bool,
}

pub(super) async fn load_peers(view: &mut AnyConnection) -> Result<HashMap<String, Arc<Peer>>, DbError> {
    let rows = sqlx::query("SELECT peer_id, module, role, url FROM peer_endpoints ORDER BY module, role");
    let mut endpoints: HashMap<String, Vec<Endpoint>> = HashMap::new();
    for row in rows.fetch_all(&mut *view).await? {
        let endpoint = Endpoint {
            identifier: ModuleId::from(row.try_get::<&str, _>("module")?),
            role: InterfaceRole::from(row.try_get::<&str, _>("role")?),
            url: row.try_get::<String, _>("url")?.into(),
            extra: Extra::default(),
        };
        endpoints.entry(row.try_get("peer_id")?).or_default().push(endpoint);
    }
    let mut clients: HashMap<String, HashMap<_, Vec<_>>> = HashMap::new();
    for (hub_id, client) in hubclientinfo::store::load_all(view).await? {
        let of_hub = clients.entry(hub_id).or_default();
        of_hub.entry(client.party).or_default().push((client.role, client.status));
    }
    let mut peers = Vec::new();
    for row in sqlx::query("SELECT * FROM peers").fetch_all(&mut *view).await? {
        let mut peer = read_peer(&row)?;
        peer.endpoints = endpoints.remove(&peer.id).unwrap_or_default();
        peer.clients = clients.remove(&peer.id).unwrap_or_default();
        peers.push(peer);
    }
    let direct: HashSet<(PartyId, Role)> =
        peers.iter().filter(|peer| is_direct(peer)).flat_map(|peer| peer.hosted.iter().cloned()).collect();
    for hub in peers.iter_mut().filter(|peer| peer.is_hub()) {
        hub.elsewhere = direct.iter().filter(|(party, _)| !hub.clients.contains_key(party)).cloned().collect();
    }
    Ok(peers.into_iter().map(|peer| (peer.id.clone(), Arc::new(peer))).collect())
}

fn is_direct(peer: &Peer) -> bool {
    peer.status == PeerStatus::Registered && !peer.is_hub()
}

fn read_peer(row: &AnyRow) -> Result<Peer, DbError> {
    let id: String = row.try_get("id")?;
    let corrupt = |what: &str| DbError::corrupt(format!("{what} of peer {id}"));
    let roles: Vec<CredentialsRole> = serde_json::from_str(row.try_get("roles")?).map_err(|_| corrupt("roles"))?;
    Ok(Peer {
        name: row.try_get("name")?,
        status: PeerStatus::from_str(row.try_get("status")?).ok_or_else(|| corrupt("status"))?,
        versions_url: Some(row.try_get::<String, _>("versions_url")?).filter(|url| !url.is_empty()),
        hosted: roles.iter().map(|role| (party_of(role), role.role.clone())).collect(),
        roles,
        endpoints: Vec::new(),
        clients: HashMap::new(),
        elsewhere: HashSet::new(),
        token_out: Secret::from(row.try_get::<String, _>("token_out")?),
        form: form_from(row.try_get("token_form")?).unwrap_or_default(),
        form_seen: form_from(row.try_get("token_form_seen")?),
        emit_nulls: row.try_get::<i64, _>("emit_nulls")? != 0,
        created_at: time(row.try_get("created_at")?).unwrap_or_default(),
        credentials_at: time(row.try_get("credentials_at")?),
        id,
    })
}

pub(super) async fn load_tokens(view: &mut AnyConnection) -> Result<Vec<StoredToken>, DbError> {
    let rows = sqlx::query("SELECT hash, peer_id, kind, expires_at, created_at, used_at FROM peer_tokens")
        .fetch_all(view)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StoredToken {
                hash: row.try_get("hash")?,
                peer_id: row.try_get("peer_id")?,
                kind: TokenKind::from_str(row.try_get("kind")?).ok_or_else(|| DbError::corrupt("kind of a token"))?,
                expires_at: time(row.try_get("expires_at")?),
                created_at: time(row.try_get("created_at")?),
                used: row.try_get::<i64, _>("used_at")? != 0,
            })
        })
        .collect()
}

pub(super) async fn token_exists(db: &Db, hash: &str) -> Result<bool, DbError> {
    let found = sqlx::query("SELECT 1 FROM peer_tokens WHERE hash = $1").bind(hash).fetch_optional(db.read()).await?;
    Ok(found.is_some())
}

/// Milliseconds of the database as a time; 0 is never.
pub(crate) fn time(millis: i64) -> Option<DateTime> {
    if millis == 0 { None } else { DateTime::from_timestamp_millis(millis) }
}

pub(crate) fn form_from(text: &str) -> Option<TokenForm> {
    match text {
        "BASE64" => Some(TokenForm::Base64),
        "RAW" => Some(TokenForm::Raw),
        _ => None,
    }
}

pub(crate) fn form_text(form: TokenForm) -> &'static str {
    match form {
        TokenForm::Base64 => "BASE64",
        TokenForm::Raw => "RAW",
    }
}

/// A peer that nobody has exchanged credentials with yet.
pub(crate) struct NewPeer<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) versions_url: &'a str,
    /// The token A that the peer gave us out of band; empty when we invite.
    pub(crate) token_out: &'a str,
    /// How that token is written.
    pub(crate) form: TokenForm,
    pub(crate) at: DateTime,
}

pub(crate) async fn add_peer(tx: &mut Tx, peer: &NewPeer<'_>) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query(
        "INSERT INTO peers (id, name, status, versions_url, token_out, token_form, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(peer.id)
    .bind(peer.name)
    .bind(PeerStatus::Invited.as_str())
    .bind(peer.versions_url)
    .bind(peer.token_out)
    .bind(form_text(peer.form))
    .bind(peer.at.timestamp_millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removes a peer with which nothing was ever exchanged.
pub(crate) async fn remove_peer(tx: &mut Tx, peer_id: &str) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query("DELETE FROM peers WHERE id = $1").bind(peer_id).execute(&mut **tx).await?;
    Ok(())
}

/// Ends the registration: all tokens are void, nothing is to be sent or pulled any more.
pub(crate) async fn unregister(tx: &mut Tx, peer_id: &str) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query("UPDATE peers SET status = 'UNREGISTERED', token_out = '' WHERE id = $1")
        .bind(peer_id)
        .execute(&mut **tx)
        .await?;
    forget_peer(tx, peer_id).await
}

/// Forgets tokens, endpoints and everything about being in sync.
async fn forget_peer(tx: &mut Tx, peer_id: &str) -> Result<(), DbError> {
    tx.touch(PEERS);
    for statement in [
        "DELETE FROM peer_tokens WHERE peer_id = $1",
        "DELETE FROM peer_endpoints WHERE peer_id = $1",
        "DELETE FROM sync_behind WHERE peer_id = $1",
        "DELETE FROM sync_notes WHERE peer_id = $1",
        "DELETE FROM sync_pulls WHERE peer_id = $1",
        "DELETE FROM sync_state WHERE peer_id = $1",
        "DELETE FROM hub_clients WHERE peer_id = $1",
    ] {
        sqlx::query(statement).bind(peer_id).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Remembers how the peer writes its token.
pub(crate) async fn set_form_seen(tx: &mut Tx, peer_id: &str, form: TokenForm) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query("UPDATE peers SET token_form_seen = $2 WHERE id = $1")
        .bind(peer_id)
        .bind(form_text(form))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Records what an operator should know about a peer; the newest are kept.
pub(crate) async fn record_finding(
    tx: &mut Tx,
    peer_id: &str,
    at: DateTime,
    module: &str,
    object: &str,
    message: &str,
) -> Result<(), DbError> {
    let seq = tx.seq();
    sqlx::query(
        "INSERT INTO peer_findings (seq, peer_id, at, module, object, message) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(seq)
    .bind(peer_id)
    .bind(at.timestamp_millis())
    .bind(module)
    .bind(object)
    .bind(message)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM peer_findings WHERE peer_id = $1 AND seq <= \
         (SELECT seq FROM peer_findings WHERE peer_id = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2)",
    )
    .bind(peer_id)
    .bind(KEEP_FINDINGS)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Changes what the operator decides about a peer.
pub(crate) async fn change(
    tx: &mut Tx,
    peer_id: &str,
    name: &str,
    form: TokenForm,
    emit_nulls: bool,
) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query("UPDATE peers SET name = $2, token_form = $3, emit_nulls = $4 WHERE id = $1")
        .bind(peer_id)
        .bind(name)
        .bind(form_text(form))
        .bind(i64::from(emit_nulls))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
