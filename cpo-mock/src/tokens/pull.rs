//! Fetching the Tokens of a partner. Spec: mod_tokens, "Pull model".

use ocpi_http::{CallError, Url, join};
use ocpi_party::sync::{PullSummary, Skipped};
use ocpi_party::{DbError, Party, Peer, Upserted, check_owner};
use ocpi_types::{DateTime, InterfaceRole, ModuleId, PartyId, Role, Token, TokenType, format_date_time, parse};
use serde_json::Value;

use super::store::{self, Known, Listed};
use crate::outbox::ours;

/// How many Tokens are stored together.
const BATCH: usize = 500;

/// Fetches what has changed since `since`, page by page. What a complete list does not contain any more is no longer valid; it
/// is looked for twice, because what goes away between two pages moves others up, past the page that is fetched next.
pub async fn pull(party: &Party, peer: &Peer, since: Option<DateTime>) -> Result<PullSummary, CallError> {
    let Some(endpoint) = peer.endpoint(&ModuleId::Tokens, &InterfaceRole::Sender) else {
        return Ok(PullSummary::default());
    };
    let first = first(endpoint, since)?;
    let full = since.is_none();
    let known = if full { store::of_peer(&party.db, &peer.id).await.map_err(|e| ours(&e))? } else { Vec::new() };
    let mut pull = Pull::new(party, peer);
    pull.walk(&first).await?;
    if pull.complete && known.iter().any(|known| pull.is_gone(known)) {
        pull.walk(&first).await?;
        if pull.complete {
            let gone = known.into_iter().filter(|known| pull.is_gone(known)).collect();
            pull.forget(gone).await?;
        }
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
    listed: Listed,
    /// Everything in the list was seen and has a readable name.
    complete: bool,
    batch: Vec<Token>,
}

impl<'a> Pull<'a> {
    fn new(party: &'a Party, peer: &'a Peer) -> Self {
        Self { party, peer, summary: PullSummary::default(), listed: Listed::new(), complete: true, batch: Vec::new() }
    }

    /// Through all pages of all lists.
    async fn walk(&mut self, first: &Url) -> Result<(), CallError> {
        self.summary = PullSummary { stored: self.summary.stored, ..PullSummary::default() };
        let from = self.party.own_party();
        for to in lists(self.peer) {
            let target = self.party.target(self.peer, &from, &to);
            let mut pages = self.party.client.pages(&target, first.clone());
            let (mut total, before) = (None, self.summary.seen);
            while let Some(page) = pages.next().await {
                let page = page?;
                total = total.max(page.total);
                for json in page.items {
                    self.take(json).await?;
                }
            }
            self.flush().await?;
            self.complete &= total.is_none_or(|total| self.summary.seen - before >= total);
        }
        Ok(())
    }

    /// The lists do not hold it. A hub may leave out who is away at the moment: that says nothing about these parties' Tokens.
    fn is_gone(&self, known: &Known) -> bool {
        let (owner, _) = &known.key;
        let about = !self.peer.is_hub() || self.listed.iter().any(|(listed, _)| listed == owner);
        about && !self.listed.contains(&known.key)
    }

    async fn take(&mut self, json: Value) -> Result<(), CallError> {
        self.summary.seen += 1;
        let name = name_of(&json);
        match &name {
            Some((owner, id)) => {
                self.listed.insert((owner.key(), id.clone()));
            }
            None => self.complete = false,
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

    async fn forget(&mut self, gone: Vec<Known>) -> Result<(), CallError> {
        let forgotten = self
            .party
            .db
            .write(move |tx| Box::pin(async move { store::forget(tx, &gone).await }))
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
