//! The tests of the data model, in one binary.

mod examples;
mod fixtures;
mod patch;
mod real_data;
mod round_trip;
mod spec_tables;
