//! The authorizations that we gave. Each is on disk before the CPO hears of it, because its reference comes back in the
//! Session and the CDR that it leads to.
//!
//! Records are gathered: one statement and one commit carry all that came in while the one before was written.

use ocpi_party::{Db, DbError, Tx};
use sqlx::AssertSqlSafe;
use tokio::sync::{mpsc, oneshot};

/// How many records one statement carries; 6 values each, far below what either database takes.
const BATCH: usize = 200;

/// How many records may wait; beyond that requests wait to hand theirs in.
const QUEUE: usize = 4096;

/// One authorization.
#[derive(Debug, Clone)]
pub struct Given {
    /// The reference, upper case.
    pub reference: String,
    /// Our party (`NL/TNM`).
    pub owner: String,
    /// The Token (`UID|TYPE`).
    pub token_id: String,
    /// The peer that asked.
    pub peer_id: String,
    /// The location that it asked for, or empty.
    pub location_id: String,
    /// When, in milliseconds since 1970.
    pub given_at: i64,
}

type Waiting = (Given, oneshot::Sender<Result<(), DbError>>);

/// Writes authorizations down.
#[derive(Debug, Clone)]
pub struct AuthorizationLog {
    queue: mpsc::Sender<Waiting>,
}

impl AuthorizationLog {
    /// Starts the writer; it ends with the last clone.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_gathered(db, waiting));
        Self { queue }
    }

    /// Returns when the record is durable.
    pub async fn write(&self, given: Given) -> Result<(), DbError> {
        let (reply, answer) = oneshot::channel();
        if self.queue.send((given, reply)).await.is_err() {
            return Err(DbError::corrupt("the authorization log has stopped"));
        }
        answer.await.unwrap_or_else(|_| Err(DbError::corrupt("the authorization log has stopped")))
    }
}

async fn write_gathered(db: Db, mut waiting: mpsc::Receiver<Waiting>) {
    let mut gathered = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut gathered, BATCH).await > 0 {
        let (records, replies): (Vec<Given>, Vec<_>) = gathered.drain(..).unzip();
        let written = db.write(move |tx| Box::pin(async move { insert(tx, records).await })).await;
        for reply in replies {
            // A caller that has gone away needs no answer.
            let _ = reply.send(written.clone());
        }
    }
}

async fn insert(tx: &mut Tx, records: Vec<Given>) -> Result<(), DbError> {
    let rows: Vec<String> = (0..records.len())
        .map(|i| {
            let first = i * 6;
            let markers: Vec<String> = (1..=6).map(|n| format!("${}", first + n)).collect();
            format!("({})", markers.join(", "))
        })
        .collect();
    let text = format!(
        "INSERT INTO authorizations (reference, owner, token_id, peer_id, location_id, given_at) VALUES {}",
        rows.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(text));
    for given in records {
        query = query
            .bind(given.reference)
            .bind(given.owner)
            .bind(given.token_id)
            .bind(given.peer_id)
            .bind(given.location_id)
            .bind(given.given_at);
    }
    // Batches differ in size: a prepared statement for each would fill the cache with statements used once.
    query.persistent(false).execute(&mut **tx).await?;
    Ok(())
}
