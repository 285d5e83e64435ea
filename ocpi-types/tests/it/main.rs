//! The tests of the data model, in one binary.

mod examples;
mod patch;
mod real_data;
