//! What is wrong with a received object: findings, each with a JSON Pointer, and the table that says which faults are
//! tolerated.
//!
//! ```
//! use ocpi_types::{DisplayText, Rule, Severity, parse};
//!
//! let report = parse::<DisplayText>(serde_json::json!({ "language": "nl-NL", "text": "Hoi" })).report;
//! assert_eq!(report.findings[0].pointer, "/language");
//! assert_eq!(report.findings[0].rule, Rule::TooLong);
//! // In a pulled list the text is kept; a partner who pushes it is told what to mend.
//! assert_eq!(report.findings[0].severity, Severity::ToleratedInLists);
//! ```

mod tolerance;

use std::fmt;

pub use tolerance::{TOLERANCES, Tolerance};

/// A rule of the data model that an object can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// A JSON value of another kind than the table asks for.
    WrongType,
    /// A required field is absent or null.
    Missing,
    /// A list of at least one is empty or absent.
    EmptyList,
    /// More Unicode code points, or more digits, than the table allows.
    TooLong,
    /// A `CiString` holds something else than printable ASCII.
    NotAscii,
    /// A `string` holds control characters.
    NotPrintable,
    /// An enum value that OCPI 2.2.1 does not list.
    UnknownEnum,
    /// An enum value that OCPI 2.2.1 does not list, as one entry of a list.
    UnknownEnumInList,
    /// A well-known misspelling of an enum value, read as the listed one.
    MisspeltEnum,
    /// An empty string where a value or nothing belongs.
    EmptyText,
    /// A number or boolean written as a string.
    QuotedValue,
    /// A string written as a number.
    UnquotedValue,
    /// `null` where a list belongs.
    NullForList,
    /// One value where a list belongs.
    SingleForList,
    /// A list of one where a single value belongs.
    ListForSingle,
    /// A list of several where a single value belongs; the first one is read.
    SeveralForSingle,
    /// A `DateTime` in a form that OCPI does not allow (numeric offset, blank instead of `T`); converted to UTC.
    DateTimeForm,
    /// A time of day in a form that OCPI does not allow (`24:00`, `7:30`).
    TimeForm,
    /// Not a date and time at all.
    NotADateTime,
    /// Text that breaks the pattern of its field.
    Pattern,
    /// Not an absolute URL; where OCPI requests go to, not an `http` or `https` one.
    NotAUrl,
    /// A number outside its range.
    Range,
    /// More than four decimals.
    TooManyDecimals,
    /// Fields that contradict each other, or an order that is broken.
    Inconsistent,
    /// Right in form, but most likely not what was meant (Wh where kWh belong, say).
    Suspicious,
}

/// What a receiver does about a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Accepted and reported: the meaning is clear, and real partners send it.
    Tolerated,
    /// Accepted and reported in a pulled list or an imported file; a pushed object is refused with 2001.
    ToleratedInLists,
    /// Breaks a MUST: a pushed object is refused with 2001, in a pulled list it is skipped.
    Violation,
}

/// One broken rule at one place of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: an RFC 6901 JSON Pointer into the object, `""` for the object itself.
    pub pointer: String,
    /// Which rule.
    pub rule: Rule,
    /// What a receiver does about it.
    pub severity: Severity,
    /// What was found and what is expected, in a sentence fit for the partner's log.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "(root)" } else { &self.pointer };
        write!(f, "{place}: {}", self.message)
    }
}

/// All findings of one object, in the order of the tables of the spec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Nothing at all was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// A receiver accepts the object from a pulled list or an imported file.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        self.violations().next().is_none()
    }

    /// The findings for which a receiver refuses the object wherever it comes from.
    pub fn violations(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.severity == Severity::Violation)
    }

    /// The findings that a receiver lives with, at least in a pulled list or an imported file.
    pub fn tolerated(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.severity != Severity::Violation)
    }

    /// The report as it stands for a pushed object, where less is tolerated than in a list.
    #[must_use]
    pub fn for_push(mut self) -> Self {
        for finding in &mut self.findings {
            if finding.severity == Severity::ToleratedInLists {
                finding.severity = Severity::Violation;
            }
        }
        self
    }

    /// Adds the findings of another report.
    pub fn extend(&mut self, other: Report) {
        self.findings.extend(other.findings);
    }
}

impl From<Finding> for Report {
    fn from(finding: Finding) -> Self {
        Self { findings: vec![finding] }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.findings.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
