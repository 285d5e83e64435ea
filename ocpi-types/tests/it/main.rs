//! The tests of the data model, in one binary.

mod examples;
