//! Pulls the CPOs' lists: at start-up, after an outage, on a slow schedule, and when an operator asks for it.
//!
//! One list per party: a platform that hosts many CPOs has no list of all of them. Each object is judged on its own; a faulty
//! one is skipped and reported, and comes right with a later pull.

pub mod findings;
pub mod list;
pub mod objects;
