//! The OCPI 2.2.1 data model: every object and enum, read leniently, validated explicitly, built strictly.
//!
//! - **Reading** ([`parse`]) keeps whatever has a meaning, unknown fields ([`Extra`]) and unknown enum values (`Unlisted`)
//!   included, and reports each fault as a [`Finding`] with a JSON Pointer. [`Parsed::accept`] gives the object with its
//!   tolerated faults, or everything for which a receiver must refuse it. What is tolerated, and why, stands in one table,
//!   [`TOLERANCES`].
//! - **Validating** ([`Object::validate`]) finds the same faults in an object that was changed by hand.
//! - **Building** (`Location::builder()…build()`) gives valid objects only: there nothing is tolerated.
//! - **Patching** ([`Patch`]) knows that absent, null and a value are three different things.
//!
//! ```
//! use ocpi_types::{CommandResponse, CommandResponseType, Object, parse};
//!
//! let answer = CommandResponse::builder().result(CommandResponseType::Accepted).timeout(30).build().unwrap();
//! assert_eq!(answer.to_json(), r#"{"result":"ACCEPTED","timeout":30}"#);
//!
//! let parsed = parse::<CommandResponse>(serde_json::json!({ "result": "ACCEPTED", "timeout": "30" }));
//! let (same, report) = parsed.accept().unwrap();
//! assert_eq!(same, answer);
//! assert_eq!(report.to_string(), r#"/timeout: "30" should be a number, without quotes"#);
//! ```

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

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// And those of the page about this crate in the book.
#[cfg(doctest)]
#[doc = include_str!("../../docs/using-ocpi-types.md")]
struct UsingOcpiTypes;
