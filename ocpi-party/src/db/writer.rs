//! How jobs are run: gathered into one transaction on SQLite, each in its own on PostgreSQL.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot};

use super::{Backend, DbError, Shared, Tx};

/// How many jobs one commit may carry: enough to make the `fsync` cheap, few enough that nobody waits long for it.
const BATCH: usize = 256;

/// How many jobs may wait; beyond that callers wait to hand theirs in.
const QUEUE: usize = 4096;

pub(super) enum Writer {
    Grouped { queue: mpsc::Sender<Message>, pool: AnyPool },
    Pooled { pool: AnyPool, shared: Arc<Shared> },
}

pub(super) enum Message {
    Job(Box<dyn Job>),
    /// Everything handed in before this is done.
    Close(oneshot::Sender<()>),
}

/// A job whose result type has been forgotten.
pub(super) trait Job: Send {
    /// Runs it; `false` when its changes are to be undone.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;
    /// Tells the caller, once it is known whether the transaction was committed.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Pending<F, T, E> {
    job: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Pending<F, T, E>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let Some(job) = self.job.take() else { return false };
            // A panic in one job must neither stop the writer nor leave half of the job in the batch.
            let result = AssertUnwindSafe(async { job(tx).await }).catch_unwind().await;
            let result = result.unwrap_or_else(|panic| Err(DbError::panicked(panic_text(&*panic)).into()));
            let good = result.is_ok();
            self.result = Some(result);
            good
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let result = match (self.result, committed) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(failed)) => Err(failed.into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(DbError::closed().into()),
        };
        // The caller may have gone away; what was written stays.
        let _ = self.reply.send(result);
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

impl Writer {
    pub(super) fn grouped(pool: AnyPool, shared: Arc<Shared>) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(write_batches(pool.clone(), shared, jobs));
        Self::Grouped { queue, pool }
    }

    pub(super) fn pooled(pool: AnyPool, shared: Arc<Shared>) -> Self {
        Self::Pooled { pool, shared }
    }

    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending { job: Some(job), result: None, reply });
        match self {
            Self::Grouped { queue, .. } => {
                if queue.send(Message::Job(job)).await.is_err() {
                    return Err(DbError::closed().into());
                }
            }
            Self::Pooled { pool, shared } => {
                // A task of its own: a caller that hangs up does not tear its transaction apart.
                tokio::spawn(write_alone(pool.clone(), shared.clone(), job));
            }
        }
        answer.await.unwrap_or_else(|_| Err(DbError::closed().into()))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Grouped { queue, pool } => {
                let (done, finished) = oneshot::channel();
                if queue.send(Message::Close(done)).await.is_ok() {
                    let _ = finished.await;
                }
                pool.close().await;
            }
            Self::Pooled { pool, .. } => pool.close().await,
        }
    }
}

async fn write_alone(pool: AnyPool, shared: Arc<Shared>, mut job: Box<dyn Job>) {
    let committed = async {
        let inner = pool.begin().await?;
        let mut tx = Tx { inner, backend: Backend::Postgres, shared: shared.clone(), touched: Vec::new() };
        if job.run(&mut tx).await {
            tx.inner.commit().await?;
            shared.changed(&tx.touched);
        } else {
            tx.inner.rollback().await?;
        }
        Ok(())
    };
    let committed = committed.await;
    job.answer(committed);
}

async fn write_batches(pool: AnyPool, shared: Arc<Shared>, mut jobs: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut messages, BATCH).await > 0 {
        let mut batch = Vec::with_capacity(messages.len());
        let mut closing = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Job(job) => batch.push(job),
                Message::Close(done) => closing.push(done),
            }
        }
        let committed = if batch.is_empty() { Ok(()) } else { write_batch(&pool, &shared, &mut batch).await };
        if let Err(error) = &committed {
            tracing::error!(jobs = batch.len(), error = error.chain(), "a commit failed; nothing of it was stored");
        }
        for job in batch {
            job.answer(committed.clone());
        }
        if !closing.is_empty() {
            jobs.close();
        }
        for done in closing {
            let _ = done.send(());
        }
    }
}

/// Runs all jobs in one transaction. `Ok` when it was committed.
async fn write_batch(pool: &AnyPool, shared: &Arc<Shared>, batch: &mut [Box<dyn Job>]) -> Result<(), DbError> {
    // IMMEDIATE: takes the write lock now, where waiting for other processes works, not at the first change.
    let inner = pool.begin_with("BEGIN IMMEDIATE").await?;
    let mut tx = Tx { inner, backend: Backend::Sqlite, shared: shared.clone(), touched: Vec::new() };
    // Alone in its transaction, a job needs no savepoint: undoing it is undoing all.
    if let [job] = batch {
        return if job.run(&mut tx).await {
            finish(tx, shared).await
        } else {
            tx.inner.rollback().await.map_err(Into::into)
        };
    }
    for job in batch {
        let touched_before = tx.touched.len();
        sqlx::query("SAVEPOINT job").execute(&mut *tx).await?;
        if !job.run(&mut tx).await {
            sqlx::query("ROLLBACK TO job").execute(&mut *tx).await?;
            tx.touched.truncate(touched_before);
        }
        sqlx::query("RELEASE job").execute(&mut *tx).await?;
    }
    finish(tx, shared).await
}

async fn finish(tx: Tx, shared: &Shared) -> Result<(), DbError> {
    tx.inner.commit().await?;
    shared.changed(&tx.touched);
    Ok(())
}
