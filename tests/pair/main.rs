//! The two programs together, as processes or in one: what only the pair as a whole can show.

#[path = "../../src/operator.rs"]
#[allow(dead_code, reason = "the tests need only a part of it")]
mod operator;

mod book;
mod conformance;
mod kill;
mod lessons;
mod parts;
mod process;
mod real_data;
mod story;
mod trouble;
