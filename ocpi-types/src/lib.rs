//! The OCPI 2.2.1 data model: every object and enum, read leniently, validated explicitly, built strictly.

mod check;
mod model;
#[cfg(feature = "openapi")]
mod openapi;
mod patch;
mod primitives;
mod report;

pub mod catalogue;
pub mod cdrs;
pub mod charging_profiles;
pub mod commands;
pub mod common;
pub mod credentials;
pub mod examples;
pub mod hub_client_info;
pub mod locations;
#[cfg(feature = "pricing")]
pub mod pricing;
pub mod sessions;
pub mod tariffs;
pub mod tokens;
pub mod versions;

pub use cdrs::*;
pub use charging_profiles::*;
pub use commands::*;
pub use common::*;
pub use credentials::*;
pub use hub_client_info::*;
pub use locations::*;
pub use model::{Cardinality, Context, Extra, FieldInfo, Model, Object, Parsed, parse, parse_slice};
pub use patch::{ListRule, Patch, Patchable, Presence};
pub use primitives::{
    CiString, DateTime, NotAParty, PartyId, Text, Url, format_date_time, parse_date_time, parse_local_date,
    parse_time_of_day,
};
pub use report::{Finding, Report, Rule, Severity, TOLERANCES, Tolerance};
pub use rust_decimal::Decimal;
pub use sessions::*;
pub use tariffs::*;
pub use tokens::*;
pub use versions::*;
