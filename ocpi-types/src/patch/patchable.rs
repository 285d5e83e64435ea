//! Which objects can be patched, and what is special about their fields.

use crate::{Connector, Evse, Location, Object, Session, Token};

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
    // SES-052.
    const LISTS: &'static [(&'static str, ListRule)] = &[("charging_periods", ListRule::Append)];
    const IDENTITY: &'static [&'static str] = &["country_code", "party_id", "id"];
}

impl Patchable for Token {
    const IDENTITY: &'static [&'static str] = &["country_code", "party_id", "uid", "type"];
}
