//! The one door to the database: `read()` for queries, `snapshot()` for several that belong together, `write(job)` for everything that
//! changes something.
//!
//! The same SQL text serves SQLite and PostgreSQL, through sqlx's `Any` driver: `$1` markers, TEXT and BIGINT columns,
//! `ON CONFLICT`, `RETURNING`.
//!
//! On SQLite there is one writer. It takes all jobs that have gathered, runs each in a savepoint of one transaction,
//! commits once and only then answers the callers: many small writes share one `fsync`. A job that fails takes nothing
//! with it but itself; when the commit fails, all jobs of the batch fail. On PostgreSQL each job has a pooled transaction.
//!
//! A job must not wait for anything but its own statements. A call to a peer inside of a job would stop all writers.

mod error;
mod open;
mod seq;
mod writer;

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use sqlx::AnyPool;
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, Transaction};

use crate::objects::PageCache;
pub use error::DbError;
pub(crate) use open::without_password;
use seq::Seq;
use writer::Writer;

/// The two databases we speak to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// An embedded file.
    Sqlite,
    /// A server, possibly shared by several instances of this party.
    Postgres,
}

/// A handle to the database; clones are cheap and share everything.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    readers: AnyPool,
    writer: Writer,
    shared: Arc<Shared>,
    pages: PageCache,
}

/// What the writer and the handles share.
#[derive(Default)]
struct Shared {
    seq: Seq,
    /// How often this process has changed a table, for caches of what was read from it.
    generations: Mutex<HashMap<&'static str, Arc<AtomicU64>>>,
}

impl Shared {
    fn generation(&self, table: &'static str) -> Arc<AtomicU64> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.entry(table).or_default().clone()
    }

    fn changed(&self, touched: &[&'static str]) {
        for table in touched {
            self.generation(table).fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Db {
    /// Opens `sqlite:path` (the file and its folder are created) or `postgres://…` (the database must exist), and brings
    /// the tables up to date: those of this crate first, then each of `migrations`. Server crates number theirs from 1001.
    pub async fn open(url: &str, migrations: &[&'static Migrator]) -> Result<Self, DbError> {
        let shared = Arc::new(Shared::default());
        let opened = open::open(url, migrations).await?;
        let writer = match opened.backend {
            Backend::Sqlite => Writer::grouped(opened.writer, shared.clone()),
            Backend::Postgres => Writer::pooled(opened.writer, shared.clone()),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                backend: opened.backend,
                readers: opened.readers,
                writer,
                shared,
                pages: PageCache::default(),
            }),
        })
    }

    /// Which database this is. Queries do not need to know; caches do, for what other processes write.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.inner.backend
    }

    /// For queries. On SQLite these connections refuse to write.
    #[must_use]
    pub fn read(&self) -> &AnyPool {
        &self.inner.readers
    }

    /// For several queries that belong together: they all see what was there at one moment.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Any>, DbError> {
        let mut tx = self.inner.readers.begin().await?;
        if self.inner.backend == Backend::Postgres {
            // By default each statement would see what was committed before itself.
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
        }
        Ok(tx)
    }

    /// Runs `job` in a transaction and answers when it is durable. `Err` from the job undoes what the job did.
    ///
    /// The job runs to its end even when the caller goes away.
    ///
    /// ```no_run
    /// # async fn example(db: &ocpi_party::Db) -> Result<(), ocpi_party::DbError> {
    /// let count: i64 = db
    ///     .write(move |tx| {
    ///         Box::pin(async move {
    ///             tx.touch("notes");
    ///             sqlx::query("INSERT INTO notes (text) VALUES ($1)").bind("hello").execute(&mut **tx).await?;
    ///             Ok::<_, ocpi_party::DbError>(1)
    ///         })
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.inner.writer.run(job).await
    }

    /// The next number of the creation sequence: larger than all before it in this process, and different from those of
    /// other processes. Inside of a job use [`Tx::seq`]: there the order is that of the commits.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.inner.shared.seq.next()
    }

    /// Counts the changes of `table` made by this process.
    #[must_use]
    pub fn generation(&self, table: &'static str) -> Arc<AtomicU64> {
        self.inner.shared.generation(table)
    }

    pub(crate) fn pages(&self) -> &PageCache {
        &self.inner.pages
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        sqlx::query("SELECT 1").fetch_one(self.read()).await?;
        Ok(())
    }

    /// Finishes the writes under way and closes all connections.
    pub async fn close(&self) {
        self.inner.writer.close().await;
        self.inner.readers.close().await;
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("backend", &self.inner.backend).finish_non_exhaustive()
    }
}

/// A transaction under way, handed to a job of [`Db::write`]. Run statements on `&mut **tx`.
pub struct Tx {
    inner: Transaction<'static, Any>,
    backend: Backend,
    shared: Arc<Shared>,
    touched: Vec<&'static str>,
}

impl Tx {
    /// Declares that this job changes `table`, so that what was cached of it is forgotten after the commit.
    pub fn touch(&mut self, table: &'static str) {
        if !self.touched.contains(&table) {
            self.touched.push(table);
        }
    }

    /// The next number of the creation sequence.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.shared.seq.next()
    }

    /// What to append to a `SELECT` whose row this transaction is going to change: on PostgreSQL it locks the row against
    /// others who do the same; on SQLite the writer is alone anyway.
    #[must_use]
    pub fn for_update(&self) -> &'static str {
        match self.backend {
            Backend::Sqlite => "",
            Backend::Postgres => " FOR UPDATE",
        }
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("backend", &self.backend).field("touched", &self.touched).finish_non_exhaustive()
    }
}
