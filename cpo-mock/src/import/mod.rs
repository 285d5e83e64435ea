//! Importing Locations and Tariffs from files. Everything valid or tolerable is loaded; each faulty object is reported with
//! its place in the file and JSON Pointers.
//!
//! The operators found become parties of this platform, and registered partners learn of them by a credentials PUT.

mod objects;
mod progress;
mod read;

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ocpi_party::{DbError, Party, Upserted};
use ocpi_types::{BusinessDetails, CredentialsRole, Finding, PartyId, Role, parse};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

pub use objects::{Importable, Kind};
pub use progress::Progress;

/// How many objects are stored together.
const BATCH: usize = 100;

/// What an import did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Objects in the file.
    pub read: u64,
    /// Objects that were new.
    pub created: u64,
    /// Objects that replaced an older state.
    pub replaced: u64,
    /// Objects that are stored already, as they are or in a newer state.
    pub unchanged: u64,
    /// Objects that were loaded although something is off; how often each fault was tolerated.
    pub tolerated: BTreeMap<String, u64>,
    /// Objects that were left out.
    pub faulty: Vec<Faulty>,
    /// Parties that this platform hosts from now on.
    pub new_parties: Vec<String>,
}

/// An object that was left out, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Faulty {
    /// Its place in the file; the first object is 0.
    pub index: u64,
    /// Its owner and id, as far as they can be read.
    pub object: String,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One fault of an object.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// Where: a JSON Pointer into the object.
    pub pointer: String,
    /// What.
    pub message: String,
}

/// Why an import ended early. What had been stored before stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read on.
    #[error("the file cannot be read: {0}")]
    File(#[from] serde_json::Error),
    /// The database failed.
    #[error("the database failed: {}", .0.chain())]
    Db(#[from] DbError),
}

/// An object on its way into the database.
struct Ready<T> {
    index: u64,
    object: T,
}

/// Imports all objects of `source`. With `owner`, that party takes all of them over.
pub async fn import<T: Importable>(
    party: &Party,
    source: impl Read + Send + 'static,
    owner: Option<PartyId>,
    progress: &Progress,
) -> Result<Summary, ImportError> {
    let (sender, mut batches) = mpsc::channel::<Vec<Value>>(4);
    let bytes = progress.bytes();
    let reader = tokio::task::spawn_blocking(move || send_batches(source, &bytes, &sender));
    let mut import = Import::<T>::new(party, owner).await;
    while let Some(batch) = batches.recv().await {
        import.take(batch).await?;
        progress.show(import.summary.read, import.summary.faulty.len());
    }
    progress.end();
    // A panic of the reader would be a bug of ours; there is no better moment to hear of it.
    reader.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    Ok(import.summary)
}

fn send_batches(
    source: impl Read,
    bytes: &Arc<AtomicU64>,
    sender: &mpsc::Sender<Vec<Value>>,
) -> Result<(), serde_json::Error> {
    let mut batch = Vec::with_capacity(BATCH);
    let result = read::read(Counted { source, bytes }, &mut |value| {
        batch.push(value);
        batch.len() < BATCH || sender.blocking_send(std::mem::take(&mut batch)).is_ok()
    });
    // What came before a broken place is worth having.
    if !batch.is_empty() {
        let _ = sender.blocking_send(batch);
    }
    result
}

/// Counts what is read, for the progress.
struct Counted<'a, R> {
    source: R,
    bytes: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

struct Import<'a, T> {
    party: &'a Party,
    owner: Option<PartyId>,
    summary: Summary,
    /// Owner and id of what was in the file so far.
    seen: HashSet<(PartyId, String)>,
    /// The names of the parties of this platform.
    hosted: BTreeMap<PartyId, String>,
    object: std::marker::PhantomData<T>,
}

impl<'a, T: Importable> Import<'a, T> {
    async fn new(party: &'a Party, owner: Option<PartyId>) -> Self {
        let roles = party.own_roles().await;
        let hosted =
            roles.iter().map(|role| (ocpi_party::party_of(role), role.business_details.name.as_str().to_owned()));
        Self {
            hosted: hosted.collect(),
            party,
            owner,
            summary: Summary::default(),
            seen: HashSet::new(),
            object: std::marker::PhantomData,
        }
    }

    async fn take(&mut self, batch: Vec<Value>) -> Result<(), ImportError> {
        let mut ready = Vec::with_capacity(batch.len());
        let mut roles = Vec::new();
        for json in batch {
            let index = self.summary.read;
            self.summary.read += 1;
            if let Some(object) = self.check(index, json) {
                roles.extend(self.new_role(&object));
                ready.push(Ready { index, object });
            }
        }
        let party = self.party.clone();
        let done = self
            .party
            .db
            .write(move |tx| {
                Box::pin(async move {
                    for role in roles {
                        party.add_role(tx, role).await?;
                    }
                    let mut done = Vec::with_capacity(ready.len());
                    for Ready { index, object } in ready {
                        let is_same = object.is_stored(tx).await?;
                        let upserted = if is_same { Upserted::Stale } else { object.store(tx).await? };
                        done.push((index, upserted));
                    }
                    Ok::<_, DbError>(done)
                })
            })
            .await?;
        self.party.nudge();
        for (_, upserted) in done {
            match upserted {
                Upserted::Created => self.summary.created += 1,
                Upserted::Replaced => self.summary.replaced += 1,
                Upserted::Stale => self.summary.unchanged += 1,
            }
        }
        Ok(())
    }

    /// The object, if it can be stored.
    fn check(&mut self, index: u64, json: Value) -> Option<T> {
        let name = T::name_of(&json);
        match parse::<T>(json).accept() {
            Ok((mut object, report)) => {
                for finding in report.tolerated() {
                    *self.summary.tolerated.entry(kind_of(finding)).or_default() += 1;
                }
                if let Some(owner) = &self.owner {
                    object.hand_over(owner);
                }
                if self.seen.insert((object.owner(), object.key())) {
                    return Some(object);
                }
                let message =
                    format!("{} {} is in the file more than once; the first one is kept", object.owner(), object.key());
                self.leave_out(index, name, vec![Fault { pointer: "/id".to_owned(), message }]);
            }
            Err(report) => {
                let faults = report
                    .violations()
                    .map(|finding| Fault { pointer: finding.pointer.clone(), message: finding.message.clone() });
                let faults = faults.collect();
                self.leave_out(index, name, faults);
            }
        }
        None
    }

    fn leave_out(&mut self, index: u64, object: String, faults: Vec<Fault>) {
        self.summary.faulty.push(Faulty { index, object, faults });
    }

    /// The role of the object's owner, where this platform does not host it yet or knows no better name than its id.
    fn new_role(&mut self, object: &T) -> Option<CredentialsRole> {
        let owner = object.owner();
        let name = object.operator().filter(|operator| !operator.name.as_str().is_empty());
        let is_new = match self.hosted.get(&owner) {
            None => {
                self.summary.new_parties.push(owner.to_string());
                true
            }
            Some(known) => *known == owner.to_string() && name.is_some(),
        };
        if !is_new {
            return None;
        }
        let business_details = name.unwrap_or_else(|| BusinessDetails {
            name: owner.to_string().into(),
            website: None,
            logo: None,
            extra: ocpi_types::Extra::default(),
        });
        self.hosted.insert(owner.clone(), business_details.name.as_str().to_owned());
        Some(CredentialsRole {
            role: Role::Cpo,
            business_details,
            party_id: owner.party_id.clone(),
            country_code: owner.country_code.clone(),
            extra: ocpi_types::Extra::default(),
        })
    }
}

/// A tolerated fault without the numbers in it, so that equal ones can be counted.
fn kind_of(finding: &Finding) -> String {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = finding.pointer.split('/').map(|part| if is_index(part) { "*" } else { part });
    let pointer = parts.collect::<Vec<_>>().join("/");
    format!("{pointer} {:?}", finding.rule)
}
