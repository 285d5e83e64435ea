//! PATCH: a partial object whose fields are absent, null or hold a value.
//!
//! Spec: transport_and_format, "PATCH"; mod_locations, mod_sessions, mod_tokens, "PATCH Method".

mod merge;
mod patchable;

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::DateTime;
use crate::model::{Cardinality, FieldInfo, Object, Parsed, kind_of, parse};
use crate::report::{Finding, Report, Rule, Severity};
use merge::{Lists, Origins};
pub use patchable::{ListRule, Patchable};

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
/// use ocpi_types::{Patch, Presence, Token, examples};
///
/// let patch: Patch<Token> =
///     Patch::read(serde_json::json!({ "valid": false, "last_updated": "2026-05-15T10:00:00Z" })).unwrap();
/// assert_eq!(patch.presence("language"), Presence::Absent);
///
/// let (blocked, report) = patch.apply(&examples::of::<Token>()).unwrap();
/// assert!(report.is_clean());
/// assert!(!blocked.valid);
/// assert_eq!(blocked.language.unwrap(), "en"); // not mentioned: as before
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
    ///
    /// ```
    /// use ocpi_types::{Evse, Patch, Status};
    /// let at = "2026-05-15T10:00:00Z".parse().unwrap();
    /// let patch = Patch::<Evse>::new(&at).set("status", Status::Charging);
    /// assert_eq!(
    ///     serde_json::to_string(&patch).unwrap(),
    ///     r#"{"last_updated":"2026-05-15T10:00:00Z","status":"CHARGING"}"#
    /// );
    /// ```
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Serialize) -> Self {
        // Values of the model always serialize.
        self.fields.insert(field.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// What changed from `old` to `new`, as a PATCH; `None` when a PATCH cannot say it and a PUT has to: where something is
    /// removed or renamed, where a list of parts changes that have URLs of their own, or where charging periods changed that
    /// had been sent.
    ///
    /// ```
    /// use ocpi_types::{Patch, Session, SessionStatus, examples};
    ///
    /// let before: Session = examples::of();
    /// let mut after = before.clone();
    /// after.kwh = 25.into();
    /// let patch = Patch::between(&before, &after).unwrap();
    /// assert_eq!(serde_json::to_string(&patch).unwrap(), r#"{"last_updated":"2026-05-12T15:30:02Z","kwh":25}"#);
    ///
    /// after.total_cost = None;
    /// assert_eq!(Patch::between(&before, &after), None);
    /// ```
    #[must_use]
    pub fn between(old: &T, new: &T) -> Option<Self> {
        let (Ok(Value::Object(old)), Ok(Value::Object(new))) = (serde_json::to_value(old), serde_json::to_value(new))
        else {
            return None;
        };
        let mut fields = Map::new();
        fields.insert("last_updated".into(), new.get("last_updated")?.clone());
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            let changed = match (old.get(name), new.get(name)?) {
                (Some(before), after) if before == after => continue,
                (before, after) => changed::<T>(name, before, after)?,
            };
            fields.insert(name.clone(), changed);
        }
        Some(Self { fields, object: PhantomData })
    }

    /// Takes a PATCH body: an object with `last_updated`.
    pub fn read(json: Value) -> Result<Self, Report> {
        let fields = match json {
            Value::Object(fields) => fields,
            other => {
                let message = format!("a PATCH must be an object, not {}", kind_of(&other));
                return Err(violation("", Rule::WrongType, message).into());
            }
        };
        // LOC-066, SES-048, TOK-033.
        if fields.get("last_updated").is_none_or(Value::is_null) {
            return Err(violation("/last_updated", Rule::Missing, "every PATCH must hold last_updated".into()).into());
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

    /// Whether the patch touches a field other than `last_updated`.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.fields.keys().any(|name| name != "last_updated")
    }

    /// The object as it is after the patch, with tolerated faults; or all violations, in which case nothing may change.
    ///
    /// Lists follow [`Patchable::LISTS`] and are replaced otherwise; nested objects are replaced as a whole; `null` removes
    /// an optional field (tolerated: the spec knows no removal by PATCH) and violates a required one. Findings point into the
    /// PATCH; what was already wrong with the stored object is not reported again.
    pub fn apply(&self, current: &T) -> Result<(T, Report), Report> {
        let mut report = Report::default();
        let mut origins = Origins::default();
        let Ok(Value::Object(mut merged)) = serde_json::to_value(current) else {
            return Err(violation("", Rule::WrongType, "the stored object is not an object".into()).into());
        };
        for (name, value) in &self.fields {
            if let Some(finding) = changed_identity::<T>(name, value, &merged) {
                report.findings.push(finding);
                continue;
            }
            let rule = T::LISTS.iter().find(|(list, _)| list == name).map(|(_, rule)| *rule);
            match (rule, value) {
                (None, Value::Null) => {
                    let finding = removed::<T>(name);
                    if finding.severity == Severity::Tolerated {
                        merged.shift_remove(name);
                    }
                    report.extend(Report::from(finding).for_push());
                }
                (None, value) => {
                    merged.insert(name.clone(), value.clone());
                }
                (Some(rule), value) => {
                    let (new, finding) = as_list::<T>(name, value);
                    report.findings.extend(finding);
                    let list = merge_list::<T>(name, rule, merged.get(name), &new, &mut origins);
                    merged.insert(name.clone(), Value::Array(list));
                }
            }
        }
        report.findings.extend(origins.repeated().map(|pointer| Finding {
            pointer: pointer.clone(),
            rule: Rule::Suspicious,
            severity: Rule::Suspicious.severity(T::NAME, ""),
            message: "is there already: not added again".into(),
        }));
        let Parsed { value, report: found } = parse::<T>(Value::Object(merged));
        if !found.is_clean() {
            report.extend(news(found, &current.validate(), &origins));
        }
        match value {
            Some(value) if report.is_acceptable() => Ok((value, report)),
            _ => Err(report),
        }
    }
}

fn info<T: Object>(name: &str) -> Option<&'static FieldInfo> {
    T::FIELDS.iter().find(|field| field.name == name)
}

/// The field of the PATCH that makes `before` into `after`; `None` when there is no such thing.
fn changed<T: Patchable>(name: &str, before: Option<&Value>, after: &Value) -> Option<Value> {
    if T::IDENTITY.contains(&name) {
        return None;
    }
    let rule = T::LISTS.iter().find(|(list, _)| *list == name).map(|(_, rule)| *rule);
    match (rule, before, after) {
        (None, _, after) | (Some(ListRule::Append), None, after) => Some(after.clone()),
        (Some(ListRule::Append), Some(Value::Array(before)), Value::Array(after)) => {
            let added = after.strip_prefix(before.as_slice())?;
            Some(Value::Array(added.to_vec()))
        }
        (Some(_), _, _) => None,
    }
}

fn merge_list<T: Object>(
    name: &str,
    rule: ListRule,
    old: Option<&Value>,
    new: &[Value],
    origins: &mut Origins,
) -> Vec<Value> {
    let at = format!("/{name}");
    let lists = Lists {
        class: info::<T>(name).map_or("", |field| field.type_name),
        old: old.and_then(Value::as_array).map_or(&[], Vec::as_slice),
        new,
        merged_at: at.clone(),
        patch_at: at,
    };
    lists.merge(rule, origins)
}

/// The entries that a PATCH holds for a list that is not replaced. Nothing to add (SES-053) may be written as `null` too.
fn as_list<T: Object>(name: &str, value: &Value) -> (Vec<Value>, Option<Finding>) {
    let found = |rule: Rule, message: &str| Finding {
        pointer: format!("/{name}"),
        rule,
        severity: rule.severity(T::NAME, name),
        message: message.to_owned(),
    };
    match value {
        Value::Array(list) => (list.clone(), None),
        Value::Null => (Vec::new(), Some(found(Rule::NullForList, "null where a list belongs: nothing is added"))),
        single => (vec![single.clone()], Some(found(Rule::SingleForList, "one entry where a list belongs"))),
    }
}

/// What is wrong with the patched object and was not wrong before.
fn news(found: Report, before: &Report, origins: &Origins) -> Report {
    let findings = found.findings.into_iter().filter(|finding| !before.findings.contains(finding));
    let in_patch = |finding: Finding| Finding { pointer: origins.in_patch(&finding.pointer), ..finding };
    Report { findings: findings.map(in_patch).collect() }
}

fn changed_identity<T: Patchable>(name: &str, value: &Value, current: &Map<String, Value>) -> Option<Finding> {
    let old = current.get(name)?.as_str()?;
    let same = match value {
        Value::String(new) => new.eq_ignore_ascii_case(old),
        Value::Number(new) => new.to_string() == old,
        _ => false,
    };
    (T::IDENTITY.contains(&name) && !same).then(|| {
        let message = format!("{name} names the object and cannot be changed from {old:?}");
        violation(&format!("/{name}"), Rule::Inconsistent, message)
    })
}

fn violation(pointer: &str, rule: Rule, message: String) -> Finding {
    Finding { pointer: pointer.into(), rule, severity: Severity::Violation, message }
}

/// The finding for a field that a PATCH sets to null.
fn removed<T: Object>(name: &str) -> Finding {
    let pointer = format!("/{name}");
    let required =
        info::<T>(name).is_some_and(|field| matches!(field.cardinality, Cardinality::One | Cardinality::AtLeastOne));
    if required {
        return violation(&pointer, Rule::Missing, format!("{}.{name} is required and cannot be removed", T::NAME));
    }
    let severity = Rule::Suspicious.severity(T::NAME, name);
    Finding { pointer, rule: Rule::Suspicious, severity, message: "null in a PATCH: the field is removed".into() }
}
