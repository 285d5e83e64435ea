//! The tests of the data model, in one binary.

mod builders;
mod examples;
mod fixtures;
#[cfg(feature = "openapi")]
mod openapi;
mod patch;
mod real_data;
mod round_trip;
mod snapshots;
mod spec_tables;
