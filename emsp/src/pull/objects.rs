//! From the pages of a list into the database.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ocpi_http::{CallError, OcpiError};
use ocpi_party::{Db, DbError, NewObject, ObjectTable, Peer, PullSummary, Skipped, Upserted};
use ocpi_types::{DateTime, Object, PartyId};
use tokio::task::JoinHandle;

use super::list::{Judged, List, judge};
use crate::App;

/// An object with its owner and its id in upper case.
pub type Named<T> = (PartyId, String, T);

/// How the objects of a module are stored: the answer is how many were new or changed, and what was wrong after all. The number
/// is that at which the list was asked for: what was deleted since then is not brought back by it.
pub type Store<T> =
    fn(App, Arc<Peer>, Vec<Named<T>>, i64) -> BoxFuture<'static, Result<(u64, Vec<Skipped>), OcpiError>>;

/// What a walk through a list found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The numbers.
    pub summary: PullSummary,
    /// The owners and ids of the objects, faulty or not.
    pub ids: HashSet<(PartyId, String)>,
    /// Every object of the party was seen and has a readable id: what is not among `ids` does not exist any more.
    pub complete: bool,
    /// The list became shorter while it was walked through. What followed has moved up, and something may have slipped from a
    /// page that was still to come to one that had been fetched.
    shrunk: bool,
}

impl Walked {
    /// Another walk through the same list.
    fn add(&mut self, again: Self) {
        self.summary = PullSummary { stored: self.summary.stored + again.summary.stored, ..again.summary };
        self.ids.extend(again.ids);
        self.complete = again.complete && !again.shrunk;
        self.shrunk = again.shrunk;
    }
}

/// Walks through all pages of a list; once more, when it became shorter meanwhile.
pub async fn walk<T: Object + Send + Sync + 'static>(
    app: &App,
    peer: &Arc<Peer>,
    list: &List,
    name: fn(&T) -> (PartyId, String),
    store: Store<T>,
) -> Result<Walked, CallError> {
    let mut walked = walk_once(app, peer, list, name, store).await?;
    if walked.shrunk {
        walked.add(walk_once(app, peer, list, name, store).await?);
    }
    Ok(walked)
}

/// While one page is stored, the next is fetched.
async fn walk_once<T: Object + Send + Sync + 'static>(
    app: &App,
    peer: &Arc<Peer>,
    list: &List,
    name: fn(&T) -> (PartyId, String),
    store: Store<T>,
) -> Result<Walked, CallError> {
    let asked = app.party.db.seq();
    let mut walked = Walked { complete: true, ..Walked::default() };
    let Some(first) = list.first_page(peer)? else { return Ok(Walked::default()) };
    let target = app.party.target(peer, &list.from, &list.to);
    let mut pages = app.party.client.pages(&target, first);
    let mut total: Option<u64> = None;
    let mut storing: Option<JoinHandle<Result<Stored, OcpiError>>> = None;
    while let Some(page) = pages.next().await {
        let page = page?;
        walked.shrunk |= page.total.zip(total).is_some_and(|(now, before)| now < before);
        total = page.total.or(total);
        let offset = walked.summary.seen;
        walked.summary.seen += page.items.len() as u64;
        // One page after the other, so that the order of the list becomes the order of creation.
        if let Some(before) = storing.take() {
            walked.note(before).await?;
        }
        let next = store_page(app.clone(), peer.clone(), list.clone(), (page.items, offset), name, (store, asked));
        storing = Some(tokio::spawn(next));
    }
    if let Some(last) = storing {
        walked.note(last).await?;
    }
    // A list that changed while it was walked through proves nothing about what is not in it.
    walked.complete &= total.is_none_or(|total| walked.summary.seen >= total);
    Ok(walked)
}

/// What one page brought.
struct Stored {
    count: u64,
    skipped: Vec<Skipped>,
    ids: HashSet<(PartyId, String)>,
    nameless: bool,
}

impl Walked {
    async fn note(&mut self, page: JoinHandle<Result<Stored, OcpiError>>) -> Result<(), CallError> {
        let page = page.await.map_err(OcpiError::internal).and_then(|stored| stored).map_err(ours)?;
        self.summary.stored += page.count;
        self.summary.skipped.extend(page.skipped);
        self.ids.extend(page.ids);
        self.complete &= !page.nameless;
        Ok(())
    }
}

/// Our own database failed, not the peer.
pub fn ours(error: impl Into<OcpiError>) -> CallError {
    CallError::Request(error.into().to_string())
}

async fn store_page<T: Object + Send + Sync + 'static>(
    app: App,
    peer: Arc<Peer>,
    list: List,
    (items, offset): (Vec<serde_json::Value>, u64),
    name: fn(&T) -> (PartyId, String),
    (store, asked_at): (Store<T>, i64),
) -> Result<Stored, OcpiError> {
    let judging = peer.clone();
    // A page of hundreds of objects takes long enough to keep others waiting.
    let judged = tokio::task::spawn_blocking(move || judge::<T>(items, offset, &judging, &list, name)).await;
    let Judged { good, mut skipped, ids, nameless } = judged.map_err(OcpiError::internal)?;
    let (count, more) = store(app, peer, good, asked_at).await?;
    skipped.extend(more);
    Ok(Stored { count, skipped, ids, nameless })
}

/// Pulls a list whose objects can vanish: what a full, unfiltered list does not hold any more is no longer valid.
///
/// Something that goes away between two pages moves others up, past the page that is fetched next. So what seems to be gone is
/// looked for a second time, and what came in meanwhile is left alone.
pub async fn pull_vanishing<T: Object + Send + Sync + 'static>(
    app: &App,
    peer: &Arc<Peer>,
    list: &List,
    table: ObjectTable,
    name: fn(&T) -> (PartyId, String),
    store: Store<T>,
) -> Result<PullSummary, CallError> {
    let db = &app.party.db;
    let full = list.since.is_none();
    let known = if full { known(db, table, list, &peer.id).await.map_err(ours)? } else { Vec::new() };
    let mut walked = walk(app, peer, list, name, store).await?;
    if walked.complete && !gone(&walked, list, &known).is_empty() {
        walked.add(walk(app, peer, list, name, store).await?);
        if walked.complete {
            retire(db, table, gone(&walked, list, &known)).await.map_err(ours)?;
        }
    }
    Ok(walked.summary)
}

/// Stores the objects of a page in one transaction; those of which we hold a newer state stay as they are.
pub async fn upsert_all<T: Object + Send + Sync + 'static>(
    db: &Db,
    table: ObjectTable,
    peer_id: String,
    (objects, asked): (Vec<Named<T>>, i64),
    last_updated: fn(&T) -> DateTime,
) -> Result<u64, DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            let mut stored = 0;
            for (owner, id, object) in &objects {
                let (json, seq) = (object.to_json(), tx.seq());
                let last_updated = last_updated(object);
                let row = NewObject { owner, id, audience: "", peer_id: &peer_id, last_updated, json: &json };
                if table.upsert_listed(tx, seq, &row, asked).await? != Upserted::Stale {
                    stored += 1;
                }
            }
            Ok(stored)
        })
    })
    .await
}

/// An object that we hold.
#[derive(Clone)]
struct Known {
    /// Its owner, and its id in upper case.
    name: (PartyId, String),
    /// In milliseconds.
    last_updated: i64,
}

/// The valid objects that a full list would hold.
async fn known(db: &Db, table: ObjectTable, list: &List, peer_id: &str) -> Result<Vec<Known>, DbError> {
    let text = format!(
        "SELECT owner, id, last_updated FROM {} WHERE deleted = 0 AND ($1 = '' OR owner = $1) AND ($2 = '' OR peer_id = $2)",
        table.name
    );
    let (owner, hub_id) = match &list.owner {
        Some(owner) => (owner.key(), ""),
        None => (String::new(), peer_id),
    };
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(owner).bind(hub_id).fetch_all(db.read()).await?;
    let read = |(owner, id, last_updated): (String, String, i64)| {
        let owner = owner.parse().map_err(|_| DbError::corrupt("owner"))?;
        Ok(Known { name: (owner, id), last_updated })
    };
    rows.into_iter().map(read).collect()
}

/// Those of the known objects that the list does not hold. A hub's list says nothing about parties that are not on it: the hub
/// may leave out who is away.
fn gone(walked: &Walked, list: &List, known: &[Known]) -> Vec<Known> {
    let owners: HashSet<&PartyId> = walked.ids.iter().map(|(owner, _)| owner).collect();
    let about = |owner: &PartyId| list.owner.is_some() || owners.contains(owner);
    known.iter().filter(|known| !walked.ids.contains(&known.name) && about(&known.name.0)).cloned().collect()
}

/// Marks objects as no longer valid, unless they have changed since they were `known`.
async fn retire(db: &Db, table: ObjectTable, gone: Vec<Known>) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            for Known { name: (owner, id), last_updated } in &gone {
                let now = table.get_in(tx, owner, id).await?;
                if now.is_some_and(|now| now.last_updated.timestamp_millis() == *last_updated) {
                    table.delete(tx, owner, id).await?;
                }
            }
            Ok(())
        })
    })
    .await
}
