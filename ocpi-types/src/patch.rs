//! PATCH: a partial object whose fields are absent, null or hold a value.
//!
//! Spec: transport_and_format, "PATCH"; mod_locations, mod_sessions, mod_tokens, "PATCH Method".

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::{Cardinality, Object, Parsed, kind_of, parse};
use crate::report::{Finding, Report, Rule, Severity};
use crate::{Connector, DateTime, Evse, Location, Session, Token};

/// What a PATCH does with a list that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRule {
    /// The new entries follow the old ones; an entry that is there already is not repeated.
    Append,
    /// Entries are matched by this key; new ones are added, none is removed.
    MergeBy(&'static str),
}

/// An object that OCPI lets a Sender change by PATCH.
pub trait Patchable: Object {
    /// The lists that are not simply replaced.
    const LISTS: &'static [(&'static str, ListRule)] = &[];
    /// Fields that name the object and can therefore not change.
    const IDENTITY: &'static [&'static str];
}

impl Patchable for Location {
    const LISTS: &'static [(&'static str, ListRule)] = &[("evses", ListRule::MergeBy("uid"))];
    const IDENTITY: &'static [&'static str] = &["country_code", "party_id", "id"];
}

impl Patchable for Evse {
    const LISTS: &'static [(&'static str, ListRule)] = &[("connectors", ListRule::MergeBy("id"))];
    const IDENTITY: &'static [&'static str] = &["uid"];
}

impl Patchable for Connector {
    const IDENTITY: &'static [&'static str] = &["id"];
}

impl Patchable for Session {
    const LISTS: &'static [(&'static str, ListRule)] = &[("charging_periods", ListRule::Append)];
    const IDENTITY: &'static [&'static str] = &["country_code", "party_id", "id"];
}

impl Patchable for Token {
    const IDENTITY: &'static [&'static str] = &["country_code", "party_id", "uid", "type"];
}

/// The three states of a field in a PATCH.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Presence<'a> {
    /// Not mentioned: stays as it is.
    Absent,
    /// To be removed.
    Null,
    /// To be set to this.
    Value(&'a Value),
}

/// A partial `T`.
///
/// ```
/// use ocpi_types::{Patch, Presence, Token};
/// let patch: Patch<Token> =
///     Patch::read(serde_json::json!({ "valid": false, "last_updated": "2026-01-15T10:00:00Z" })).unwrap();
/// assert_eq!(patch.presence("language"), Presence::Absent);
/// ```
#[derive(Clone, PartialEq)]
pub struct Patch<T> {
    fields: Map<String, Value>,
    object: PhantomData<T>,
}

impl<T> fmt::Debug for Patch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patch").field(&self.fields).finish()
    }
}

impl<T> Serialize for Patch<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

impl<T: Patchable> Patch<T> {
    /// An empty patch of an object that was changed at `last_updated`.
    #[must_use]
    pub fn new(last_updated: &DateTime) -> Self {
        let mut fields = Map::new();
        fields.insert("last_updated".into(), crate::format_date_time(last_updated).into());
        Self { fields, object: PhantomData }
    }

    /// Sets a field.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Serialize) -> Self {
        // Values of the model always serialize.
        self.fields.insert(field.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// Takes a PATCH body: an object with `last_updated`.
    pub fn read(json: Value) -> Result<Self, Report> {
        let fields = match json {
            Value::Object(fields) => fields,
            other => {
                return Err(fault("", Rule::WrongType, format!("a PATCH must be an object, not {}", kind_of(&other))));
            }
        };
        if fields.get("last_updated").is_none_or(Value::is_null) {
            return Err(fault("/last_updated", Rule::Missing, "every PATCH must hold last_updated".into()));
        }
        Ok(Self { fields, object: PhantomData })
    }

    /// The state of a field.
    #[must_use]
    pub fn presence(&self, field: &str) -> Presence<'_> {
        match self.fields.get(field) {
            None => Presence::Absent,
            Some(Value::Null) => Presence::Null,
            Some(value) => Presence::Value(value),
        }
    }

    /// When the Sender changed the object. `None` when that is no `DateTime`, which [`Patch::apply`] reports.
    #[must_use]
    pub fn last_updated(&self) -> Option<DateTime> {
        self.fields.get("last_updated")?.as_str().and_then(crate::parse_date_time).map(|(at, _)| at)
    }

    /// The object as it is after the patch, with tolerated faults; or all violations, in which case nothing may change.
    ///
    /// Lists follow [`Patchable::LISTS`] and are replaced otherwise; nested objects are replaced as a whole; `null` removes
    /// an optional field (tolerated: the spec knows no removal by PATCH) and violates a required one.
    pub fn apply(&self, current: &T) -> Result<(T, Report), Report> {
        let mut report = Report::default();
        let Ok(Value::Object(mut merged)) = serde_json::to_value(current) else {
            return Err(fault("", Rule::WrongType, "the stored object is not an object".into()));
        };
        for (name, value) in &self.fields {
            if let Some(identity) = self.changed_identity(name, value, &merged) {
                report.findings.push(identity);
                continue;
            }
            let info = T::FIELDS.iter().find(|field| field.name == name.as_str());
            if value.is_null() {
                report.extend(removed::<T>(name, info.map(|field| field.cardinality)));
                merged.shift_remove(name);
                continue;
            }
            let rule = T::LISTS.iter().find(|(list, _)| list == name).map(|(_, rule)| *rule);
            let merged_value = match (rule, merged.get(name), value) {
                (Some(rule), Some(Value::Array(old)), Value::Array(new)) => Value::Array(merge(rule, old, new)),
                _ => value.clone(),
            };
            merged.insert(name.clone(), merged_value);
        }
        let Parsed { value, report: found } = parse::<T>(Value::Object(merged));
        report.extend(found);
        match value {
            Some(value) if report.is_acceptable() => Ok((value, report)),
            _ => Err(report),
        }
    }

    fn changed_identity(&self, name: &str, value: &Value, current: &Map<String, Value>) -> Option<Finding> {
        let old = current.get(name)?.as_str()?;
        let same = value.as_str().is_some_and(|new| new.eq_ignore_ascii_case(old));
        (T::IDENTITY.contains(&name) && !same).then(|| Finding {
            pointer: format!("/{name}"),
            rule: Rule::Inconsistent,
            severity: Severity::Violation,
            message: format!("{name} names the object and cannot be changed from {old:?}"),
        })
    }
}

fn fault(pointer: &str, rule: Rule, message: String) -> Report {
    Report { findings: vec![Finding { pointer: pointer.into(), rule, severity: Severity::Violation, message }] }
}

/// The finding for a field that a PATCH sets to null.
fn removed<T: Object>(name: &str, cardinality: Option<Cardinality>) -> Report {
    if matches!(cardinality, Some(Cardinality::One | Cardinality::AtLeastOne)) {
        return fault(
            &format!("/{name}"),
            Rule::Missing,
            format!("{}.{name} is required and cannot be removed", T::NAME),
        );
    }
    let mut report = fault(&format!("/{name}"), Rule::Suspicious, "null in a PATCH: the field is removed".into());
    report.findings[0].severity = Rule::Suspicious.severity(T::NAME, name);
    report
}

fn merge(rule: ListRule, old: &[Value], new: &[Value]) -> Vec<Value> {
    let mut merged = old.to_vec();
    for entry in new {
        match rule {
            ListRule::Append => {
                if !merged.contains(entry) {
                    merged.push(entry.clone());
                }
            }
            ListRule::MergeBy(key) => match merged.iter_mut().find(|known| same_key(known, entry, key)) {
                Some(Value::Object(known)) => {
                    if let Value::Object(fields) = entry {
                        known.extend(fields.clone());
                    }
                }
                _ => merged.push(entry.clone()),
            },
        }
    }
    merged
}

fn same_key(a: &Value, b: &Value, key: &str) -> bool {
    match (a.get(key).and_then(Value::as_str), b.get(key).and_then(Value::as_str)) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

impl<T: Patchable> Patch<T> {
    /// Whether the patch touches a field other than `last_updated`.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.fields.keys().any(|name| name != "last_updated")
    }
}
