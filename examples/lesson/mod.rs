//! What the lessons share: how a lesson is told, what goes over the wire, and the two companies that it is about.

#![allow(dead_code, unused_imports, reason = "each lesson is a program of its own and needs only a part of this")]

mod companies;
mod tell;
mod wire;

#[path = "../../src/operator.rs"]
mod operator;

pub(crate) use companies::{Companies, Company};
pub(crate) use tell::Lesson;
pub(crate) use wire::partner_call;

/// Whatever can go wrong in a lesson ends it with its text.
pub(crate) type Done = Result<(), Box<dyn std::error::Error>>;
