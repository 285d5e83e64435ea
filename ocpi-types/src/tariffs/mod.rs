//! What charging costs. Spec: mod_tariffs.
//!
//! A [`Tariff`] is a list of [`TariffElement`]s; for each dimension (energy, time, …) the first element that prices it and
//! whose [`TariffRestrictions`] fit is the one that counts.

mod element;
mod restrictions;
mod tariff;

pub use element::*;
pub use restrictions::*;
pub use tariff::*;
