//! What is billed. Spec: mod_cdrs.

mod cdr;
mod cdr_rules;
mod location;
mod period;
mod signed_data;
mod token;

pub use cdr::*;
pub(crate) use cdr_rules::wh_rules;
pub use location::*;
pub use period::*;
pub use signed_data::*;
pub use token::*;
