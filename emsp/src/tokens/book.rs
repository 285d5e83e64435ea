//! Tokens by uid and type, fast: what real-time authorization asks for on every request.
//!
//! On SQLite a Token that was asked for a moment ago comes from memory, as long as this process has changed no Token since it
//! was read. What was read while a change was being committed is not kept: the count of changes is taken before the query.
//! The time limit is for other processes that write to the same file. On PostgreSQL, where other instances write too, every
//! request reads.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ocpi_party::{Backend, Db, DbError};

use super::store::{self, OwnToken};

/// How old a Token from memory may be.
const KEEP: Duration = Duration::from_secs(1);

/// How many Tokens are kept: a few megabytes.
const CAPACITY: usize = 10_000;

/// Look-up of Tokens.
#[derive(Debug, Clone)]
pub struct TokenBook {
    db: Db,
    recent: Arc<Mutex<HashMap<String, Recent>>>,
}

#[derive(Debug)]
struct Recent {
    tokens: Arc<[OwnToken]>,
    generation: u64,
    read_at: Instant,
}

impl TokenBook {
    /// Over this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, recent: Arc::default() }
    }

    /// The Tokens with this id (`UID|TYPE`, upper case); more than one only where several of our parties use the same.
    pub async fn find(&self, id: &str) -> Result<Arc<[OwnToken]>, DbError> {
        if self.db.backend() != Backend::Sqlite {
            return Ok(store::find(&self.db, id).await?.into());
        }
        let generation = self.db.generation(store::TABLE.name).load(Ordering::Acquire);
        if let Some(tokens) = self.remembered(id, generation) {
            return Ok(tokens);
        }
        let read_at = Instant::now();
        let tokens: Arc<[OwnToken]> = store::find(&self.db, id).await?.into();
        // Unknown ids are not kept: whoever tries ids at random must not push out those in use.
        if !tokens.is_empty() {
            self.remember(id, Recent { tokens: tokens.clone(), generation, read_at });
        }
        Ok(tokens)
    }

    fn remembered(&self, id: &str, generation: u64) -> Option<Arc<[OwnToken]>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = recent.get(id)?;
        (entry.generation == generation && entry.read_at.elapsed() < KEEP).then(|| entry.tokens.clone())
    }

    fn remember(&self, id: &str, entry: Recent) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= CAPACITY {
            recent.clear();
        }
        recent.insert(id.to_owned(), entry);
    }
}
