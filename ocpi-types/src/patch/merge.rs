//! How the fields of a PATCH and those of the stored object become one object.

use serde_json::{Map, Value};

use super::ListRule;
use crate::{Connector, Decimal, Evse, Model, Patchable, catalogue};

/// Where entries of merged lists came from, so that findings can point into the PATCH.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// The place in the merged object, and that in the PATCH.
    moved: Vec<(String, String)>,
    /// Entries of the PATCH that the stored object has already.
    repeated: Vec<String>,
}

impl Origins {
    fn add(&mut self, merged: String, patch: String) {
        if merged != patch {
            self.moved.push((merged, patch));
        }
    }

    /// The entries of the PATCH that the stored object has already.
    pub(super) fn repeated(&self) -> impl Iterator<Item = &String> {
        self.repeated.iter()
    }

    /// The place in the PATCH for a place in the merged object.
    pub(super) fn in_patch(&self, pointer: &str) -> String {
        let fits = |(merged, _): &&(String, String)| {
            pointer.strip_prefix(merged.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match self.moved.iter().filter(fits).max_by_key(|(merged, _)| merged.len()) {
            Some((merged, patch)) => format!("{patch}{}", &pointer[merged.len()..]),
            None => pointer.to_owned(),
        }
    }
}

/// A list of the stored object and of the PATCH, with where they are.
pub(super) struct Lists<'a> {
    /// The name of the class of the entries.
    pub(super) class: &'a str,
    pub(super) old: &'a [Value],
    pub(super) new: &'a [Value],
    /// The pointer to the list in the merged object.
    pub(super) merged_at: String,
    /// The pointer to the list in the PATCH.
    pub(super) patch_at: String,
}

impl Lists<'_> {
    /// The merged list.
    pub(super) fn merge(&self, rule: ListRule, origins: &mut Origins) -> Vec<Value> {
        match rule {
            ListRule::Append => self.append(origins),
            ListRule::MergeBy(key) => self.merge_by(key, origins),
        }
    }

    fn append(&self, origins: &mut Origins) -> Vec<Value> {
        let mut merged = self.old.to_vec();
        for (i, entry) in self.new.iter().enumerate() {
            let patch_at = format!("{}/{i}", self.patch_at);
            let stored = canonical(self.class, entry);
            if merged.iter().any(|known| equal(known, &stored)) {
                origins.repeated.push(patch_at);
            } else {
                origins.add(format!("{}/{}", self.merged_at, merged.len()), patch_at);
                merged.push(entry.clone());
            }
        }
        merged
    }

    fn merge_by(&self, key: &str, origins: &mut Origins) -> Vec<Value> {
        let mut merged = self.old.to_vec();
        for (i, entry) in self.new.iter().enumerate() {
            let known = merged.iter().position(|known| same_key(known, entry, key));
            let at = known.unwrap_or(merged.len());
            let (merged_at, patch_at) = (format!("{}/{at}", self.merged_at), format!("{}/{i}", self.patch_at));
            origins.add(merged_at.clone(), patch_at.clone());
            match (merged.get_mut(at), entry) {
                (Some(Value::Object(known)), Value::Object(fields)) => {
                    self.merge_entry(known, fields, &merged_at, &patch_at, origins);
                }
                _ => merged.push(entry.clone()),
            }
        }
        merged
    }

    /// Puts the fields of an entry over those of the known one; its own lists follow the rules of its class.
    fn merge_entry(
        &self,
        known: &mut Map<String, Value>,
        fields: &Map<String, Value>,
        merged_at: &str,
        patch_at: &str,
        origins: &mut Origins,
    ) {
        for (name, value) in fields {
            let value = match (nested_rule(self.class, name), value) {
                (None, value) => value.clone(),
                // As at the top: null adds nothing, and a PATCH removes nothing.
                (Some(_), Value::Null) => continue,
                (Some((class, rule)), value) => {
                    let old = known.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
                    let lists = Lists {
                        class,
                        old: &old,
                        new: value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice),
                        merged_at: format!("{merged_at}/{name}"),
                        patch_at: format!("{patch_at}/{name}"),
                    };
                    Value::Array(lists.merge(rule, origins))
                }
            };
            known.insert(name.clone(), value);
        }
    }
}

/// The rule of a list inside of a list entry, with the class of its own entries.
fn nested_rule(class: &str, field: &str) -> Option<(&'static str, ListRule)> {
    let (_, rule) = Evse::LISTS.iter().find(|(list, _)| class == Evse::NAME && *list == field)?;
    Some((Connector::NAME, *rule))
}

fn same_key(a: &Value, b: &Value, key: &str) -> bool {
    match (a.get(key).and_then(Value::as_str), b.get(key).and_then(Value::as_str)) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

/// The entry as it would be stored, so that it can be compared with what is stored.
fn canonical(class: &str, entry: &Value) -> Value {
    let parsed = catalogue::class(class).and_then(|class| class.parse(entry.clone()).value);
    parsed.unwrap_or_else(|| entry.clone())
}

/// Whether two JSON values mean the same: numbers are compared by value.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let value = |number: &serde_json::Number| number.to_string().parse::<Decimal>().ok();
            a == b || value(a).is_some_and(|a| value(b) == Some(a))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}
