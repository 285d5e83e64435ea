//! Fetching the Tokens of a partner. Spec: mod_tokens, "Pull model".

use std::collections::HashSet;

use ocpi_http::{CallError, Url, join};
use ocpi_party::sync::{PullSummary, Skipped};
use ocpi_party::{DbError, Party, Peer, Upserted, check_owner};
use ocpi_types::{DateTime, InterfaceRole, ModuleId, PartyId, Role, Token, TokenType, format_date_time, parse};
use serde_json::Value;

use super::store;
use crate::outbox::ours;

/// How many Tokens are stored together.
const BATCH: usize = 500;

/// Fetches what has changed since `since`, page by page. After a complete list, Tokens that it did not contain are gone.
pub async fn pull(party: &Party, peer: &Peer, since: Option<DateTime>) -> Result<PullSummary, CallError> {
    let Some(endpoint) = peer.endpoint(&ModuleId::Tokens, &InterfaceRole::Sender) else {
        return Ok(PullSummary::default());
    };
    let begun = party.db.seq();
    let mut pull = Pull { party, peer, summary: PullSummary::default(), listed: HashSet::new(), batch: Vec::new() };
    let from = party.own_party();
    for to in lists(peer) {
        let target = party.target(peer, &from, &to);
        let mut pages = party.client.pages(&target, first(endpoint, since)?);
        while let Some(page) = pages.next().await {
            for json in page?.items {
                pull.take(json).await?;
            }
        }
        pull.flush().await?;
    }
    if since.is_none() {
        pull.forget_missing(begun).await?;
    }
    Ok(pull.summary)
}

/// Whose lists there are: one for each EMSP of a platform. A hub has one of everybody behind it, which is asked for in its own
/// name. Spec: transport_and_format, "GET All via Hubs".
fn lists(peer: &Peer) -> Vec<PartyId> {
    let own = if peer.is_hub() { Vec::new() } else { peer.parties(&Role::Emsp) };
    if own.is_empty() { peer.for_all(&Role::Emsp).into_iter().collect() } else { own }
}

fn first(endpoint: &str, since: Option<DateTime>) -> Result<Url, CallError> {
    let mut url = join(endpoint, &[])?;
    if let Some(since) = since {
        url.query_pairs_mut().append_pair("date_from", &format_date_time(&since));
    }
    Ok(url)
}

struct Pull<'a> {
    party: &'a Party,
    peer: &'a Peer,
    summary: PullSummary,
    /// The owner and id of everything in the list, usable or not.
    listed: HashSet<(String, String)>,
    batch: Vec<Token>,
}

impl Pull<'_> {
    async fn take(&mut self, json: Value) -> Result<(), CallError> {
        self.summary.seen += 1;
        let name = name_of(&json);
        if let Some((owner, id)) = &name {
            self.listed.insert((owner.key(), id.clone()));
        }
        let refused = match parse::<Token>(json).accept() {
            Ok((token, _)) => match check_owner(self.peer, Role::Emsp, &store::owner_of(&token), None) {
                Ok(()) => {
                    self.batch.push(token);
                    None
                }
                Err(error) => Some(error.message),
            },
            Err(report) => Some(report.to_string()),
        };
        if let Some(reason) = refused {
            let object = name.map_or_else(|| "?".to_owned(), |(owner, id)| format!("{}|{id}", owner.key()));
            self.summary.skipped.push(Skipped { object, reason });
        }
        if self.batch.len() >= BATCH { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), CallError> {
        let tokens = std::mem::take(&mut self.batch);
        if tokens.is_empty() {
            return Ok(());
        }
        let peer_id = self.peer.id.clone();
        let stored = self
            .party
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let mut stored = 0;
                    for token in &tokens {
                        stored += u64::from(store::put(tx, &peer_id, token).await? != Upserted::Stale);
                    }
                    Ok::<_, DbError>(stored)
                })
            })
            .await
            .map_err(|error| ours(&error))?;
        self.summary.stored += stored;
        Ok(())
    }

    async fn forget_missing(&mut self, begun: i64) -> Result<(), CallError> {
        let (peer_id, mut listed) = (self.peer.id.clone(), std::mem::take(&mut self.listed));
        if self.peer.is_hub() {
            // A hub may leave out who is away at the moment: that says nothing about these parties' Tokens.
            let owners: HashSet<String> = listed.iter().map(|(owner, _)| owner.clone()).collect();
            let known = store::ids_of(&self.party.db, &peer_id).await.map_err(|error| ours(&error))?;
            listed.extend(known.into_iter().filter(|(owner, _)| !owners.contains(owner)));
        }
        let forgotten = self
            .party
            .db
            .write(move |tx| Box::pin(async move { store::forget_missing(tx, &peer_id, begun, &listed).await }))
            .await
            .map_err(|error| ours(&error))?;
        if forgotten > 0 {
            tracing::info!(peer = self.peer.name, forgotten, "Tokens that the partner no longer lists are forgotten");
        }
        Ok(())
    }
}

/// The owner and the id of a Token, however faulty the rest of it is.
fn name_of(json: &Value) -> Option<(PartyId, String)> {
    let text = |field: &str| json.get(field).and_then(Value::as_str);
    let owner = PartyId::new(text("country_code")?, text("party_id")?);
    Some((owner, store::id_of(text("uid")?, &TokenType::from(text("type")?))))
}
