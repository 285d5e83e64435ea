//! Module commands: EMSPs ask stations to do something. Spec: mod_commands.
//!
//! `receiver` answers at once whether the request can be passed on; `carry` passes it on and sends the one result.
//! `start`, `stop`, `unlock`, `reserve` and `cancel` hold what each command asks for.

mod cancel;
pub mod carry;
pub mod receiver;
mod request;
mod reserve;
mod start;
mod stop;
pub mod store;
mod unlock;
