//! What comes out: totals, billed quantities, line items and findings.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{CiString, Price, TariffDimensionType};

/// What a session costs, and why.
///
/// Amounts of type [`Price`] are rounded once, at the end, to four decimals (the precision of an OCPI `number`), half away
/// from zero; the costs in the lines are exact. `incl_vat` is absent when no price component that was used names a VAT.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// The currency of the first tariff that was used, or that of the input.
    pub currency: Option<String>,
    /// `total_cost`: the sum of all lines, within the tariffs' `min_price` and `max_price`.
    pub total: Price,
    /// The sum of all lines before `min_price` and `max_price`.
    pub unlimited: Price,
    /// `total_fixed_cost`: FLAT components other than those of parking and of a reservation.
    pub fixed: Price,
    /// `total_energy_cost`.
    pub energy: Price,
    /// `total_time_cost`: charging time.
    pub time: Price,
    /// `total_parking_cost`: parking time, and FLAT components that belong to parking.
    pub parking: Price,
    /// `total_reservation_cost`: reservation time, and FLAT components of the reservation.
    pub reservation: Price,
    /// How long the session lasted by the clock, charging or not, in seconds; the reservation before it not included.
    /// In hours it is `total_time`.
    pub duration: Decimal,
    /// What was consumed, priced or not, without `step_size`.
    pub measured: Quantities,
    /// What is billed: the priced quantities after `step_size`.
    pub billed: Quantities,
    /// The line items, in order of time.
    pub lines: Vec<Line>,
    /// What was doubtful.
    pub findings: Vec<PricingFinding>,
}

/// Amounts of energy and time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantities {
    /// Energy in kWh.
    pub energy: Decimal,
    /// Charging time in seconds.
    pub time: Decimal,
    /// Parking time in seconds.
    pub parking_time: Decimal,
    /// Reservation time in seconds.
    pub reservation_time: Decimal,
}

/// Seconds as hours with four decimals: the form in which OCPI writes durations.
#[must_use]
pub fn hours(seconds: Decimal) -> Decimal {
    (seconds / Decimal::from(3600)).round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// What a line item charges for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Charge {
    /// A fixed amount for the session.
    Fixed,
    /// Energy.
    Energy,
    /// Charging time.
    Time,
    /// Parking time.
    ParkingTime,
    /// A fixed amount for parking.
    ParkingFixed,
    /// Reservation time.
    ReservationTime,
    /// A fixed amount for the reservation.
    ReservationFixed,
}

impl Charge {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Fixed,
        Self::Energy,
        Self::Time,
        Self::ParkingTime,
        Self::ParkingFixed,
        Self::ReservationTime,
        Self::ReservationFixed,
    ];

    /// Whether the quantity is a time, counted in seconds.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Time | Self::ParkingTime | Self::ReservationTime)
    }
}

/// One line of the bill: what one price component costs in one charging period.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Index of the charging period.
    pub period: usize,
    /// The tariff.
    pub tariff_id: CiString<36>,
    /// Index of the element in the tariff.
    pub element: usize,
    /// Index of the price component in the element.
    pub component: usize,
    /// What is charged for.
    pub charge: Charge,
    /// The component's dimension.
    pub dimension: TariffDimensionType,
    /// What was consumed: kWh, seconds, or 1 for a fixed amount.
    pub quantity: Decimal,
    /// What is billed, in the same unit: the last line of a dimension also carries what `step_size` adds.
    pub billed: Decimal,
    /// The price excluding VAT: per kWh, per hour, or for the whole session.
    pub unit_price: Decimal,
    /// The VAT percentage. `None` (no VAT applies) is not the same as 0.
    pub vat: Option<Decimal>,
    /// The component's `step_size`, in Wh or seconds.
    pub step_size: i64,
    /// The exact cost excluding VAT.
    pub cost_excl_vat: Decimal,
    /// The exact cost including VAT; the same as without where no VAT applies.
    pub cost_incl_vat: Decimal,
}

/// The kinds of doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Doubt {
    /// No tariff with the period's `tariff_id` was given: the period is not priced.
    TariffMissing,
    /// The period has no `tariff_id`: no tariff is relevant, the period is free.
    NoTariffId,
    /// The tariff was not valid when the session or the period started.
    TariffNotValid,
    /// A tariff in another currency than expected, or tariffs in different currencies.
    CurrencyMismatch,
    /// The price changes within the period, so that what was consumed had to be divided evenly.
    Straddle,
    /// A current or power restriction cannot be decided from what the period says.
    Undecidable,
    /// A restriction that cannot be read: its element is never active.
    BadRestriction,
    /// A price component of a kind that OCPI 2.2.1 does not know, or that is not allowed where it stands.
    BadComponent,
    /// The period's volumes and its start and end do not agree.
    VolumeMismatch,
    /// The periods are out of order, or outside of the session.
    PeriodOrder,
    /// A number far outside of anything a charging session can have; it is taken as 0.
    OutOfRange,
    /// The reservation is said to have expired although a charging session followed.
    ReservationUsed,
    /// `min_price` is above `max_price`, or a limit lacks its VAT.
    OddLimits,
    /// The tariff prices a dimension about which no period says anything.
    DimensionMissing,
    /// A second fixed price becomes active during the session; only one is billed.
    SecondFee,
    /// Only a reservation, and nobody said whether it expired.
    ReservationOnly,
}

/// A doubt about the result, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingFinding {
    /// The kind.
    pub doubt: Doubt,
    /// Index of the charging period, where it concerns one.
    pub period: Option<usize>,
    /// The tariff, where it concerns one.
    pub tariff_id: Option<String>,
    /// A sentence for people.
    pub message: String,
}

impl fmt::Display for PricingFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.period {
            Some(period) => write!(f, "charging period {}: {}", period + 1, self.message),
            None => f.write_str(&self.message),
        }
    }
}
