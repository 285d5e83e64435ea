//! What is wrong with a received object: findings, each with a JSON Pointer, and the table that says which faults are
//! tolerated.

use std::fmt;

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
    /// More Unicode code points than the table allows.
    TooLong,
    /// A `CiString` holds something else than printable ASCII.
    NotAscii,
    /// A `string` holds control characters.
    NotPrintable,
    /// An enum value that OCPI 2.2.1 does not list.
    UnknownEnum,
    /// An enum value that OCPI 2.2.1 does not list, as one entry of a list.
    UnknownEnumInList,
    /// A well-known misspelling of an enum value, mapped to the listed one.
    MisspeltEnum,
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
    /// A `DateTime` with a numeric offset or a blank instead of `T`; converted to UTC.
    DateTimeForm,
    /// Not a date and time at all.
    NotADateTime,
    /// Text that breaks the pattern of its field.
    Pattern,
    /// Not an absolute URL.
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
    /// Breaks a MUST: a pushed object is refused with 2001, in a pulled list it is skipped.
    Violation,
}

/// A tolerance for one field, beyond what the rule itself allows.
struct FieldTolerance {
    class: &'static str,
    field: &'static str,
    rule: Rule,
    /// The JSON that stands in for a missing value.
    default: Option<&'static str>,
}

/// Which rules are tolerated wherever they are broken, and why.
const TOLERATED: &[(Rule, &str)] = &[
    (Rule::NotPrintable, "directions and remarks with line breaks are common and harmless"),
    (Rule::UnknownEnumInList, "later versions add values; one unknown entry does not spoil the others"),
    (Rule::MisspeltEnum, "the spec's own text uses the misspelling"),
    (Rule::QuotedValue, "the meaning is clear"),
    (Rule::UnquotedValue, "the meaning is clear"),
    (Rule::NullForList, "absent, null and [] mean the same"),
    (Rule::SingleForList, "the meaning is clear"),
    (Rule::ListForSingle, "the meaning is clear"),
    (Rule::DateTimeForm, "the instant is clear"),
    (
        Rule::NotAUrl,
        "a website without a scheme does not spoil a location; URLs that are called are judged before the call",
    ),
    (Rule::TooManyDecimals, "the value is usable as it is"),
    (Rule::Suspicious, "only a person can tell"),
];

/// Which rules are tolerated on certain fields only.
const TOLERATED_ON: &[FieldTolerance] = &[
    FieldTolerance { class: "Location", field: "time_zone", rule: Rule::Missing, default: Some("\"UTC\"") },
    FieldTolerance { class: "Location", field: "evses", rule: Rule::EmptyList, default: None },
    FieldTolerance { class: "EVSE", field: "connectors", rule: Rule::EmptyList, default: Some("[]") },
    FieldTolerance { class: "GeoLocation", field: "latitude", rule: Rule::Pattern, default: None },
    FieldTolerance { class: "GeoLocation", field: "longitude", rule: Rule::Pattern, default: None },
    FieldTolerance { class: "AdditionalGeoLocation", field: "latitude", rule: Rule::Pattern, default: None },
    FieldTolerance { class: "AdditionalGeoLocation", field: "longitude", rule: Rule::Pattern, default: None },
    // A CdrLocation copies the Location, whose limits were raised in 2026 (255 and 45).
    FieldTolerance { class: "CdrLocation", field: "address", rule: Rule::TooLong, default: None },
    FieldTolerance { class: "CdrLocation", field: "state", rule: Rule::TooLong, default: None },
    // "24:00" and a period over midnight cannot be written otherwise.
    FieldTolerance { class: "RegularHours", field: "period_begin", rule: Rule::Pattern, default: None },
    FieldTolerance { class: "RegularHours", field: "period_end", rule: Rule::Pattern, default: None },
];

impl Rule {
    /// What a receiver does about this rule when `class.field` breaks it. This is the only place where that is decided.
    #[must_use]
    pub fn severity(self, class: &str, field: &str) -> Severity {
        let everywhere = TOLERATED.iter().any(|(rule, _why)| *rule == self);
        let here = TOLERATED_ON.iter().any(|t| t.rule == self && t.class == class && t.field == field);
        if everywhere || here { Severity::Tolerated } else { Severity::Violation }
    }

    /// The JSON text that stands in for a missing `class.field`, where its absence is tolerated.
    pub(crate) fn default_for(class: &str, field: &str) -> Option<&'static str> {
        TOLERATED_ON.iter().find(|t| t.class == class && t.field == field).and_then(|t| t.default)
    }
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

/// All findings of one object, in document order.
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

    /// No MUST is broken: a receiver accepts the object.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        self.violations().next().is_none()
    }

    /// The findings for which a receiver refuses the object.
    pub fn violations(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.severity == Severity::Violation)
    }

    /// The findings that a receiver lives with.
    pub fn tolerated(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.severity == Severity::Tolerated)
    }

    /// Adds the findings of another report.
    pub fn extend(&mut self, other: Report) {
        self.findings.extend(other.findings);
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
