//! The requirements of OCPI 2.2.1, one row each, in our own words.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::case::Case;

const ROWS: &str = include_str!("../data/requirements.tsv");
const NOT_COVERED: &str = include_str!("../data/not-covered.tsv");

/// One testable statement of the specification.
#[derive(Clone, Copy, Debug)]
pub struct Requirement {
    /// Stable id such as `TRN-012`.
    pub id: &'static str,
    /// Chapter.
    pub module: &'static str,
    /// File and place in the specification's sources.
    pub section: &'static str,
    /// `MUST`, `SHOULD` or `MAY`.
    pub level: &'static str,
    /// Who must satisfy it.
    pub subject: &'static str,
    /// The statement.
    pub text: &'static str,
    /// How a black-box tester could see it, or `n/a: internal`.
    pub observe: &'static str,
}

/// Why no case proves a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// No black box shows it.
    Unobservable,
    /// Concerns a role or module that this suite does not judge.
    OutOfScope,
    /// Could be tested and is not yet.
    NotYet,
}

impl Gap {
    /// Word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unobservable => "unobservable",
            Self::OutOfScope => "out of scope",
            Self::NotYet => "not yet covered",
        }
    }
}

/// Every row, in the order of the catalogue.
pub fn requirements() -> &'static [Requirement] {
    static PARSED: OnceLock<Vec<Requirement>> = OnceLock::new();
    PARSED.get_or_init(|| {
        ROWS.lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split('\t');
                Some(Requirement {
                    id: cells.next()?,
                    module: cells.next()?,
                    section: cells.next()?,
                    level: cells.next()?,
                    subject: cells.next()?,
                    text: cells.next()?,
                    observe: cells.next()?,
                })
            })
            .collect()
    })
}

/// The row with this id.
#[must_use]
pub fn requirement(id: &str) -> Option<&'static Requirement> {
    static INDEX: OnceLock<HashMap<&'static str, &'static Requirement>> = OnceLock::new();
    INDEX.get_or_init(|| requirements().iter().map(|row| (row.id, row)).collect()).get(id).copied()
}

/// Rows without a case, each with the kind of gap and the reason.
pub fn gaps() -> &'static HashMap<&'static str, (Gap, &'static str)> {
    static PARSED: OnceLock<HashMap<&'static str, (Gap, &'static str)>> = OnceLock::new();
    PARSED.get_or_init(|| {
        NOT_COVERED
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split('\t');
                let (id, kind, reason) = (cells.next()?, cells.next()?, cells.next()?);
                let kind = match kind {
                    "unobservable" => Gap::Unobservable,
                    "out-of-scope" => Gap::OutOfScope,
                    _ => Gap::NotYet,
                };
                Some((id, (kind, reason)))
            })
            .collect()
    })
}

/// Ids of the cases that prove a row.
#[must_use]
pub fn covered_by(cases: &[Case]) -> HashMap<&'static str, Vec<String>> {
    let mut map: HashMap<&'static str, Vec<String>> = HashMap::new();
    for case in cases {
        for id in &case.requirements {
            map.entry(id).or_default().push(case.id.to_string());
        }
    }
    map
}
