//! Module CDRs, as its Receiver: the CPOs' bills. Spec: mod_cdrs.

pub mod check;
mod check_content;
mod check_credit;
pub mod check_reservation;
pub mod known;
pub mod pull;
pub mod receiver;
pub mod store;
