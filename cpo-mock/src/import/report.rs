//! What an import did, for people and for programs.

use std::fmt;

use ocpi_types::{PartyId, Report};
use serde::Serialize;

/// One object that was not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its place in the file, counted from 0.
    pub index: u64,
    /// Its owner and id, as far as it has them.
    pub object: String,
    /// What is wrong: JSON Pointer and message.
    pub faults: Vec<Fault>,
}

/// One fault of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON Pointer into the object (RFC 6901), `""` for the object itself.
    pub pointer: String,
    /// What was found and what is expected.
    pub message: String,
}

impl Fault {
    /// The violations of a report.
    #[must_use]
    pub fn all_of(report: &Report) -> Vec<Self> {
        report
            .violations()
            .map(|finding| Self { pointer: finding.pointer.clone(), message: finding.message.clone() })
            .collect()
    }
}

/// The outcome of one import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Entries in the file.
    pub read: u64,
    /// Objects that were not known before.
    pub created: u64,
    /// Objects that replaced what was stored.
    pub replaced: u64,
    /// Objects that are older than what is stored, and changed nothing.
    pub stale: u64,
    /// Loaded objects with faults that are tolerated.
    pub tolerated: u64,
    /// Parties (`NL/TNM`) that the platform hosts since this import.
    pub new_parties: Vec<String>,
    /// Objects that were not loaded, in the order of the file.
    pub refused: Vec<Refused>,
    /// Why reading stopped before the end of the file, if it did.
    pub stopped: Option<String>,
}

impl ImportReport {
    /// Everything in the file was loaded or already there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty() && self.stopped.is_none()
    }

    /// Remembers that the platform hosts a party since now.
    pub fn party_added(&mut self, party: &PartyId) {
        self.new_parties.push(party.to_string());
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for refused in &self.refused {
            writeln!(f, "not loaded: entry {} ({})", refused.index, refused.object)?;
            for fault in &refused.faults {
                let pointer = if fault.pointer.is_empty() { "(root)" } else { &fault.pointer };
                writeln!(f, "  {pointer}: {}", fault.message)?;
            }
        }
        if let Some(why) = &self.stopped {
            writeln!(f, "stopped before the end of the file: {why}")?;
        }
        write!(
            f,
            "{} read: {} new, {} replaced, {} older than what is stored, {} not loaded; {} with tolerated faults",
            self.read,
            self.created,
            self.replaced,
            self.stale,
            self.refused.len(),
            self.tolerated,
        )?;
        if !self.new_parties.is_empty() {
            write!(f, "\nnew parties on this platform: {}", self.new_parties.join(", "))?;
        }
        Ok(())
    }
}
