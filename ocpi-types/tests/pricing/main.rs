//! What a session costs, by the rules and examples of the tariffs and CDRs chapters.
#![cfg(feature = "pricing")]
#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads best where it is used")]

mod audit;
mod calendar;
mod choice;
mod doubts;
mod draft;
mod explain;
mod limits;
mod lookup;
mod properties;
mod reservations;
mod restrictions;
mod spec_examples;
mod step_size;
mod support;
mod switching;
