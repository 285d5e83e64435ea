//! Pages of lists that were asked for a moment ago.
//!
//! Partners pull the same pages in bursts. On SQLite a page that is asked for again within a quarter of a second, and whose
//! table this process has not changed in between, is answered from memory. The time limit is for other processes that
//! write to the same file (an import beside a running server). On PostgreSQL, where several instances write, nothing is
//! kept.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ocpi_http::ListQuery;
use sqlx::AssertSqlSafe;

use super::sql::{self, Value};
use super::{ObjectTable, Scope, StoredPage};
use crate::db::Backend;
use crate::{Db, DbError};

/// How old an answer from memory may be.
const KEEP: Duration = Duration::from_millis(250);

/// How much text is kept, in bytes.
const BUDGET: usize = 8 << 20;

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

struct Entry {
    page: Arc<StoredPage>,
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
    fn get(&self, key: &Key, generation: u64) -> Option<Arc<StoredPage>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.pages.get(key)?;
        (entry.generation == generation && entry.read_at.elapsed() < KEEP).then(|| entry.page.clone())
    }

    fn put(&self, key: Key, entry: Entry) {
        let size = size_of_page(&entry.page);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes + size > BUDGET {
            // Everything in here is younger than a moment or worthless: starting over is as good as choosing.
            *entries = Entries::default();
        }
        if size <= BUDGET {
            let replaced = entries.pages.insert(key, entry);
            entries.bytes += size;
            entries.bytes -= replaced.map_or(0, |old| size_of_page(&old.page));
        }
    }
}

fn size_of_page(page: &StoredPage) -> usize {
    256 + page.items.iter().map(|item| item.len() + size_of::<String>()).sum::<usize>()
}

/// The page, from memory or from the database.
pub(super) async fn page(
    table: ObjectTable,
    db: &Db,
    scope: &Scope,
    query: &ListQuery,
    limit: u64,
) -> Result<StoredPage, DbError> {
    if db.backend() != Backend::Sqlite {
        return read(table, db, scope, query, limit).await;
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
        return Ok(StoredPage::clone(&page));
    }
    let page = read(table, db, scope, query, limit).await?;
    db.pages().put(key, Entry { page: Arc::new(page.clone()), generation, read_at });
    Ok(page)
}

async fn read(
    table: ObjectTable,
    db: &Db,
    scope: &Scope,
    query: &ListQuery,
    limit: u64,
) -> Result<StoredPage, DbError> {
    let (condition, values) = sql::condition(scope, query);
    let mut count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql::count(table.name, &condition)));
    let mut page = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql::page(table.name, &condition, values.len())));
    for value in values {
        (count, page) = match value {
            Value::Text(text) => (count.bind(text.clone()), page.bind(text)),
            Value::Number(number) => (count.bind(number), page.bind(number)),
        };
    }
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut connection = db.read().acquire().await?;
    let items = page.bind(number(limit)).bind(number(query.offset)).fetch_all(&mut *connection).await?;
    let total = count.fetch_one(&mut *connection).await?;
    Ok(StoredPage { items, total: u64::try_from(total).unwrap_or_default() })
}
