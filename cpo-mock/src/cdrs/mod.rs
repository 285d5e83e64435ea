//! Module cdrs: the bills. Spec: mod_cdrs.

pub mod correct;
pub mod push;
pub mod sender;
pub mod store;
