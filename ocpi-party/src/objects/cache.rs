//! Answers with pages of lists that were asked for a moment ago.
//!
//! Partners pull the same pages in bursts. On SQLite a page that is asked for again within a second, and whose
//! table this process has not changed in between, is answered from memory. The time limit is for other processes that
//! write to the same file (an import beside a running server). On PostgreSQL, where several instances write, nothing is
//! kept.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ocpi_http::ListQuery;

use super::{ObjectTable, Scope, StoredPage};
use crate::db::Backend;
use crate::{Db, DbError};

/// How old an answer from memory may be.
const KEEP: Duration = Duration::from_secs(1);

/// How much text is kept, in bytes.
const BUDGET: usize = 24 << 20;

/// What identifies a page.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    table: &'static str,
    scope: Scope,
    from: Option<i64>,
    to: Option<i64>,
    offset: u64,
    limit: u64,
}

/// A page as it is sent.
#[derive(Clone)]
pub(super) struct ReadyPage {
    /// A JSON list.
    pub(super) list: Bytes,
    /// How many objects it holds.
    pub(super) count: u64,
    /// How many there are on all pages.
    pub(super) total: u64,
}

impl ReadyPage {
    fn new(page: &StoredPage) -> Self {
        let length = page.items.iter().map(|item| item.len() + 1).sum::<usize>() + 1;
        let mut list = String::with_capacity(length.max(2));
        list.push('[');
        for (i, item) in page.items.iter().enumerate() {
            if i > 0 {
                list.push(',');
            }
            list.push_str(item);
        }
        list.push(']');
        Self { list: list.into(), count: page.items.len() as u64, total: page.total }
    }
}

struct Entry {
    page: ReadyPage,
    generation: u64,
    read_at: Instant,
}

/// The pages kept in memory, one per database handle.
#[derive(Default)]
pub(crate) struct PageCache {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    pages: HashMap<Key, Entry>,
    bytes: usize,
}

impl PageCache {
    fn get(&self, key: &Key, generation: u64) -> Option<ReadyPage> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.pages.get(key)?;
        (entry.generation == generation && entry.read_at.elapsed() < KEEP).then(|| entry.page.clone())
    }

    fn put(&self, key: Key, entry: Entry) {
        let size = size_of(&entry.page);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes + size > BUDGET {
            // Everything in here is younger than a moment or worthless: starting over is as good as choosing.
            *entries = Entries::default();
        }
        if size <= BUDGET {
            let replaced = entries.pages.insert(key, entry);
            entries.bytes += size;
            entries.bytes -= replaced.map_or(0, |old| size_of(&old.page));
        }
    }
}

/// The text, and a guess at what keeping it costs besides.
fn size_of(page: &ReadyPage) -> usize {
    512 + page.list.len()
}

/// The page, from memory or from the database.
pub(super) async fn ready_page(
    table: ObjectTable,
    db: &Db,
    scope: &Scope,
    query: &ListQuery,
    limit: u64,
) -> Result<ReadyPage, DbError> {
    if db.backend() != Backend::Sqlite {
        return Ok(ReadyPage::new(&table.page(db, scope, query, limit).await?));
    }
    let key = Key {
        table: table.name,
        scope: scope.clone(),
        from: query.date_from.map(|at| at.timestamp_millis()),
        to: query.date_to.map(|at| at.timestamp_millis()),
        offset: query.offset,
        limit,
    };
    // Before the query: what is committed while it runs must make its answer outdated.
    let generation = db.generation(table.name).load(Ordering::Acquire);
    let read_at = Instant::now();
    if let Some(page) = db.pages().get(&key, generation) {
        return Ok(page);
    }
    let page = ReadyPage::new(&table.page(db, scope, query, limit).await?);
    db.pages().put(key, Entry { page: page.clone(), generation, read_at });
    Ok(page)
}
