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

/// How the objects of a module are stored: the answer is how many were new or changed, and what was wrong after all.
pub type Store<T> = fn(App, Arc<Peer>, Vec<Named<T>>) -> BoxFuture<'static, Result<(u64, Vec<Skipped>), OcpiError>>;

/// What a walk through a list found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The numbers.
    pub summary: PullSummary,
    /// The owners and ids of the objects, faulty or not.
    pub ids: HashSet<(PartyId, String)>,
    /// Every object of the party was seen and has a readable id: what is not among `ids` does not exist any more.
    pub complete: bool,
}

/// Walks through all pages of a list. While one page is stored, the next is fetched.
pub async fn walk<T: Object + Send + Sync + 'static>(
    app: &App,
    peer: &Arc<Peer>,
    list: &List,
    name: fn(&T) -> (PartyId, String),
    store: Store<T>,
) -> Result<Walked, CallError> {
    let mut walked = Walked { complete: true, ..Walked::default() };
    let Some(first) = list.first_page(peer)? else { return Ok(Walked::default()) };
    let target = app.party.target(peer, &list.from, &list.to);
    let mut pages = app.party.client.pages(&target, first);
    let mut total = None;
    let mut storing: Option<JoinHandle<Result<Stored, OcpiError>>> = None;
    while let Some(page) = pages.next().await {
        let page = page?;
        total = page.total.or(total);
        let offset = walked.summary.seen;
        walked.summary.seen += page.items.len() as u64;
        // One page after the other, so that the order of the list becomes the order of creation.
        if let Some(before) = storing.take() {
            walked.note(before).await?;
        }
        let next = store_page(app.clone(), peer.clone(), list.clone(), (page.items, offset), name, store);
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
    store: Store<T>,
) -> Result<Stored, OcpiError> {
    let judging = peer.clone();
    // A page of hundreds of objects takes long enough to keep others waiting.
    let judged = tokio::task::spawn_blocking(move || judge::<T>(items, offset, &judging, &list, name)).await;
    let Judged { good, mut skipped, ids, nameless } = judged.map_err(OcpiError::internal)?;
    let (count, more) = store(app, peer, good).await?;
    skipped.extend(more);
    Ok(Stored { count, skipped, ids, nameless })
}

/// Stores the objects of a page in one transaction; those of which we hold a newer state stay as they are.
pub async fn upsert_all<T: Object + Send + Sync + 'static>(
    db: &Db,
    table: ObjectTable,
    peer_id: String,
    objects: Vec<Named<T>>,
    last_updated: fn(&T) -> DateTime,
) -> Result<u64, DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            let mut stored = 0;
            for (owner, id, object) in &objects {
                let (json, seq) = (object.to_json(), tx.seq());
                let last_updated = last_updated(object);
                let row = NewObject { owner, id, audience: "", peer_id: &peer_id, last_updated, json: &json };
                if table.upsert(tx, seq, &row).await? != Upserted::Stale {
                    stored += 1;
                }
            }
            Ok(stored)
        })
    })
    .await
}

/// Marks as no longer valid what a full list does not contain any more. What came in after `started` is left alone: it was
/// pushed while the list was walked through. A hub's list says nothing about parties that are not on it: the hub may leave out
/// who is away.
pub(crate) async fn retire(
    db: &Db,
    table: ObjectTable,
    list: &List,
    peer_id: &str,
    ids: HashSet<(PartyId, String)>,
    started: i64,
) -> Result<u64, DbError> {
    let (owners, hub_id): (HashSet<PartyId>, _) = match &list.owner {
        Some(owner) => (HashSet::from([owner.clone()]), String::new()),
        None => (ids.iter().map(|(owner, _)| owner.clone()).collect(), peer_id.to_owned()),
    };
    db.write(move |tx| {
        Box::pin(async move {
            let text = format!(
                "SELECT id FROM {} WHERE owner = $1 AND deleted = 0 AND seq < $2 AND ($3 = '' OR peer_id = $3)",
                table.name
            );
            let mut retired = 0;
            for owner in owners {
                let known: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(text.clone()))
                    .bind(owner.key())
                    .bind(started)
                    .bind(&hub_id)
                    .fetch_all(&mut **tx)
                    .await?;
                for id in known {
                    let named = (owner.clone(), id);
                    if !ids.contains(&named) {
                        retired += u64::from(table.delete(tx, &named.0, &named.1).await?);
                    }
                }
            }
            Ok(retired)
        })
    })
    .await
}
