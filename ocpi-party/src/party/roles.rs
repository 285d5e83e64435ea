//! The parties that this platform hosts.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ocpi_types::{CredentialsRole, ModuleId, PartyId};
use sqlx::Row;

use super::Party;
use crate::peers::party_of;
use crate::{Db, DbError, Tx, sync};

const TABLE: &str = "hosted_parties";

/// How long what another process has added (an import beside a running server) may stay unseen.
const TRUST: Duration = Duration::from_secs(1);

/// The hosted parties in memory.
pub(super) struct OwnRoles {
    generation: Arc<AtomicU64>,
    read: RwLock<Option<Arc<Read>>>,
}

struct Read {
    roles: Vec<CredentialsRole>,
    parties: HashSet<PartyId>,
    generation: u64,
    at: Instant,
}

impl Read {
    fn new(roles: Vec<CredentialsRole>, generation: u64, at: Instant) -> Arc<Self> {
        let parties = roles.iter().map(party_of).collect();
        Arc::new(Self { roles, parties, generation, at })
    }
}

impl OwnRoles {
    pub(super) fn new(db: &Db) -> Self {
        Self { generation: db.generation(TABLE), read: RwLock::default() }
    }

    pub(super) async fn all(&self, party: &Party) -> Vec<CredentialsRole> {
        self.current(party).await.roles.clone()
    }

    pub(super) async fn hosts(&self, party: &Party, wanted: &PartyId) -> bool {
        self.current(party).await.parties.contains(wanted)
    }

    /// The hosted party, when there is only one.
    pub(super) async fn only(&self, party: &Party) -> Option<PartyId> {
        let read = self.current(party).await;
        if read.parties.len() == 1 { read.parties.iter().next().cloned() } else { None }
    }

    async fn current(&self, party: &Party) -> Arc<Read> {
        let known = self.read.read().unwrap_or_else(PoisonError::into_inner).clone();
        let generation = self.generation.load(Ordering::Acquire);
        if let Some(known) = &known
            && known.generation == generation
            && known.at.elapsed() < TRUST
        {
            return known.clone();
        }
        let at = Instant::now();
        match load(&party.db).await {
            Ok(roles) => {
                let read = Read::new(roles, generation, at);
                *self.read.write().unwrap_or_else(PoisonError::into_inner) = Some(read.clone());
                read
            }
            Err(error) => {
                tracing::error!(error = error.chain(), "the hosted parties cannot be read; using what is known");
                known.unwrap_or_else(|| {
                    Read::new(vec![party.config.credentials_role(party.role.clone())], generation, at)
                })
            }
        }
    }
}

async fn load(db: &Db) -> Result<Vec<CredentialsRole>, DbError> {
    let rows = sqlx::query("SELECT json FROM hosted_parties ORDER BY position, role").fetch_all(db.read()).await?;
    let read = |row: &sqlx::any::AnyRow| {
        serde_json::from_str(row.try_get("json")?).map_err(|_| DbError::corrupt("a hosted party"))
    };
    rows.iter().map(read).collect()
}

/// Makes the configured party the first one. Changed business details are told to the peers.
pub(super) async fn store_configured(party: &Party) -> Result<(), DbError> {
    let role = party.config.credentials_role(party.role.clone());
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                add(tx, &role).await?;
                // Position 0 is the configured party's; another one that had it in an earlier run steps back.
                let place = tx.seq();
                sqlx::query("UPDATE hosted_parties SET position = $1 WHERE position = 0")
                    .bind(place)
                    .execute(&mut **tx)
                    .await?;
                sqlx::query("UPDATE hosted_parties SET position = 0 WHERE role = $1 AND party = $2")
                    .bind(role.role.as_str())
                    .bind(party_of(&role).key())
                    .execute(&mut **tx)
                    .await?;
                Ok(())
            })
        })
        .await
}

pub(super) async fn add(tx: &mut Tx, role: &CredentialsRole) -> Result<bool, DbError> {
    let json = serde_json::to_string(role).map_err(|_| DbError::corrupt("a party to be stored"))?;
    let place = tx.seq();
    let changed = sqlx::query(
        "INSERT INTO hosted_parties (role, party, position, json) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (role, party) DO UPDATE SET json = excluded.json WHERE hosted_parties.json <> excluded.json",
    )
    .bind(role.role.as_str())
    .bind(party_of(role).key())
    .bind(place)
    .bind(json)
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(false);
    }
    tx.touch(TABLE);
    sync::mark_all(tx, ModuleId::Credentials, sync::OWN_CREDENTIALS).await?;
    Ok(true)
}
