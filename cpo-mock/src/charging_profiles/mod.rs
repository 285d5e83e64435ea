//! Module charging profiles: EMSPs limit how fast their customers charge. Spec: mod_charging_profiles.
//!
//! `receiver` answers at once whether a request can be passed on; `carry` passes it on and sends the one result; `push` tells
//! whoever has set a profile when the station's plan changes for another reason.

pub mod carry;
mod convert;
pub mod push;
pub mod receiver;
pub mod store;
