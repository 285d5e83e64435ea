//! The rows of the catalogue with everything that is said about them.

use std::collections::BTreeMap;

use compliance_tests::case::TargetRole;
use compliance_tests::cases;
use compliance_tests::catalogue::{Requirement, requirements};

use super::claims::{Claim, claims};
use super::reasons::{Reason, reasons};

/// One of the two parties of this workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Cpo,
    Emsp,
}

/// A case of the compliance suite, which judges both servers in the test run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SuiteCase {
    pub(crate) id: String,
    pub(crate) role: Option<Side>,
}

/// A row, and what is said about it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) requirement: &'static Requirement,
    pub(crate) claims: Vec<Claim>,
    pub(crate) cases: Vec<SuiteCase>,
    pub(crate) reasons: Vec<Reason>,
}

impl Row {
    /// The parties that have to satisfy it.
    pub(crate) fn concerned(&self) -> impl Iterator<Item = Side> {
        let (cpo, emsp) = concerned(self.requirement.module, self.requirement.subject);
        [cpo.then_some(Side::Cpo), emsp.then_some(Side::Emsp)].into_iter().flatten()
    }

    pub(crate) fn is_proved_by_tests(&self, side: Side) -> bool {
        self.claims.iter().any(|claim| claim.sides.contains(&side))
    }

    pub(crate) fn is_proved(&self, side: Side) -> bool {
        self.is_proved_by_tests(side) || self.cases.iter().any(|case| case.role.is_none_or(|role| role == side))
    }

    pub(crate) fn is_explained(&self, side: Side) -> bool {
        self.reasons.iter().any(|reason| reason.sides.contains(&side))
    }

    /// The parties for which it is neither proved nor explained.
    pub(crate) fn open(&self) -> Vec<Side> {
        self.concerned().filter(|side| !self.is_proved(*side) && !self.is_explained(*side)).collect()
    }
}

/// Who is Sender and who is Receiver of a module, among a CPO and an EMSP: `(CPO, EMSP)`.
fn concerned(module: &str, subject: &str) -> (bool, bool) {
    let cpo_sends = matches!(module, "locations" | "tariffs" | "sessions" | "cdrs" | "pricing");
    let emsp_sends = matches!(module, "tokens" | "commands" | "chargingprofiles");
    match subject {
        "cpo" => (true, false),
        "emsp" => (false, true),
        "sender" if cpo_sends || emsp_sends => (cpo_sends, emsp_sends),
        "receiver" if cpo_sends || emsp_sends => (emsp_sends, cpo_sends),
        "sender" if module == "hubclientinfo" => (false, false),
        "hub" => (false, false),
        _ => (true, true),
    }
}

/// All rows, in the order of the catalogue.
pub(crate) fn rows() -> Vec<Row> {
    let mut claimed: BTreeMap<String, Vec<Claim>> = BTreeMap::new();
    for claim in claims() {
        claimed.entry(claim.id.clone()).or_default().push(claim);
    }
    let mut judged: BTreeMap<&str, Vec<SuiteCase>> = BTreeMap::new();
    for case in cases::all() {
        let role = case.role.map(|role| match role {
            TargetRole::Cpo => Side::Cpo,
            TargetRole::Emsp => Side::Emsp,
        });
        for id in &case.requirements {
            judged.entry(id).or_default().push(SuiteCase { id: case.id.to_string(), role });
        }
    }
    let mut excused: BTreeMap<String, Vec<Reason>> = BTreeMap::new();
    for reason in reasons() {
        excused.entry(reason.id.clone()).or_default().push(reason);
    }
    let row = |requirement: &'static Requirement| {
        let mut cases = judged.remove(requirement.id).unwrap_or_default();
        cases.sort();
        cases.dedup();
        Row {
            requirement,
            claims: claimed.remove(requirement.id).unwrap_or_default(),
            cases,
            reasons: excused.remove(requirement.id).unwrap_or_default(),
        }
    };
    requirements().iter().map(row).collect()
}
