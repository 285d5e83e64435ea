//! Module Commands, as its Sender: remote control of the CPOs' stations. Spec: mod_commands.

pub mod callback;
pub mod issue;
pub mod order;
pub mod reservation;
pub mod reserve;
pub mod store;
