//! An independent price check: what a charge costs by the tariffs that its CDR carries. Spec: mod_tariffs, and mod_cdrs
//! "step_size".
//!
//! Amounts are spans, because a CDR tells volumes rounded: what lies between is as good as any. Where the specification
//! leaves a choice, the head comments of the functions say what is taken.
//!
//! The reference party prices its charges with the same functions, and breaks one rule for each of its `price-…` faults;
//! the judge passes [`RIGHT`].

mod cuts;
mod elements;
mod step_size;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::formats::{decimal, instant_of};

pub use cuts::{Point, cuts, unsplit};
pub use elements::DAYS;
use elements::{Found, Moment, find};

/// Tells whether a rule is broken on purpose, by the name of the fault.
pub type Wrong<'w> = &'w (dyn Fn(&str) -> bool + Sync);

/// Breaks no rule.
pub const RIGHT: Wrong<'static> = &|_| false;

/// Amounts of money are equal within one cent: OCPI leaves rounding to the parties.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// From the least to the most that a value can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The least.
    pub lo: Decimal,
    /// The most.
    pub hi: Decimal,
}

impl Span {
    fn exact(value: Decimal) -> Self {
        Self { lo: value, hi: value }
    }

    fn plus(self, other: Self) -> Self {
        Self { lo: self.lo + other.lo, hi: self.hi + other.hi }
    }

    fn minus(self, other: Self) -> Self {
        Self { lo: self.lo - other.hi, hi: self.hi - other.lo }
    }

    fn times(self, factor: Decimal) -> Self {
        self.map(|value| value * factor)
    }

    fn map(self, change: impl Fn(Decimal) -> Decimal) -> Self {
        let (a, b) = (change(self.lo), change(self.hi));
        Self { lo: a.min(b), hi: a.max(b) }
    }

    fn is_zero(self) -> bool {
        self.hi.is_zero() && self.lo.is_zero()
    }

    /// Whether an amount of money in a CDR can be this one.
    #[must_use]
    pub fn allows(self, value: Decimal) -> bool {
        self.lo - CENT <= value && value <= self.hi + CENT
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (lo, hi) = (self.lo.round_dp(4).normalize(), self.hi.round_dp(4).normalize());
        if lo == hi { write!(f, "{lo}") } else { write!(f, "{lo} to {hi}") }
    }
}

/// Money without and with VAT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Without.
    pub excl: Span,
    /// With.
    pub incl: Span,
}

/// What a charge costs, in the parts that a CDR has.
#[derive(Clone, Debug, Default)]
pub struct Bill {
    /// `total_fixed_cost`.
    pub fixed: Amount,
    /// `total_energy_cost`.
    pub energy: Amount,
    /// `total_time_cost`.
    pub time: Amount,
    /// `total_parking_cost`.
    pub parking: Amount,
    /// `total_reservation_cost`.
    pub reservation: Amount,
    /// `total_cost`, after minimum and maximum price.
    pub total: Amount,
    /// What the tariffs ask for and the periods do not tell.
    pub unknown: Vec<String>,
}

impl Bill {
    /// The parts by their names in a CDR.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, Amount); 6] {
        [
            ("total_fixed_cost", self.fixed),
            ("total_energy_cost", self.energy),
            ("total_time_cost", self.time),
            ("total_parking_cost", self.parking),
            ("total_reservation_cost", self.reservation),
            ("total_cost", self.total),
        ]
    }

    /// Where a CDR says something else. Parts that it does not give are not compared: they are optional.
    #[must_use]
    pub fn differences(&self, cdr: &Value) -> Vec<String> {
        let mut found = Vec::new();
        for (name, amount) in self.parts() {
            for (field, span) in [("excl_vat", amount.excl), ("incl_vat", amount.incl)] {
                if let Some(said) = decimal(&cdr[name][field])
                    && !span.allows(said)
                {
                    found.push(format!("{name}.{field} is {said}, by the tariff {span}"));
                }
            }
        }
        found
    }
}

/// One charging period, with its end and its tariff.
#[derive(Clone, Debug)]
pub struct Period {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    tariff: Option<usize>,
    /// kWh.
    energy: Span,
    /// Hours.
    time: Span,
    /// Hours.
    parking: Span,
    /// Hours.
    reservation: Span,
    /// kWh charged before it began.
    kwh: Decimal,
    /// Least and most, kW.
    power: Option<(Decimal, Decimal)>,
    /// Least and most, A.
    current: Option<(Decimal, Decimal)>,
}

impl Period {
    fn is_reservation(&self) -> bool {
        !self.reservation.is_zero() && self.energy.is_zero() && self.time.is_zero()
    }

    fn is_parking(&self) -> bool {
        !self.parking.is_zero() && self.time.is_zero()
    }
}

/// A charge as it can be priced.
#[derive(Clone, Debug)]
pub struct Charge<'v> {
    tariffs: Vec<&'v Value>,
    periods: Vec<Period>,
    zone: Tz,
    expired: bool,
}

impl<'v> Charge<'v> {
    /// The charge of a CDR; volumes are taken as rounded. `None` when its times cannot be read.
    #[must_use]
    pub fn of_cdr(cdr: &'v Value, zone: Tz) -> Option<Self> {
        let tariffs = cdr["tariffs"].as_array().into_iter().flatten().collect();
        Self::read(&cdr["charging_periods"], tariffs, instant_of(cdr, "end_date_time")?, zone, true)
    }

    /// A charge of which everything is known exactly.
    #[must_use]
    pub fn exact(periods: &Value, tariffs: &'v [Value], end: DateTime<Utc>, zone: Tz) -> Option<Self> {
        Self::read(periods, tariffs.iter().collect(), end, zone, false)
    }

    /// Whether it is a reservation that has expired, which a CDR does not tell.
    #[must_use]
    pub fn expired(mut self, expired: bool) -> Self {
        self.expired = expired;
        self
    }

    fn read(list: &Value, tariffs: Vec<&'v Value>, end: DateTime<Utc>, zone: Tz, rounded: bool) -> Option<Self> {
        let list = list.as_array()?;
        let starts = list.iter().map(|p| instant_of(p, "start_date_time")).collect::<Option<Vec<_>>>()?;
        let half = |names: &[&str]| if rounded { half_digit(list, names) } else { Decimal::ZERO };
        let (half_kwh, half_hour) = (half(&["ENERGY"]), half(&["TIME", "PARKING_TIME", "RESERVATION_TIME"]));
        let mut kwh = Decimal::ZERO;
        let mut periods = Vec::with_capacity(list.len());
        for (index, raw) in list.iter().enumerate() {
            let (start, end) = (starts[index], starts.get(index + 1).copied().unwrap_or(end));
            let volume = |name: &str| volume(raw, name);
            let kinds = ["TIME", "PARKING_TIME", "RESERVATION_TIME"].map(volume);
            let length = (kinds.iter().flatten().count() == 1 && rounded).then(|| hours_between(start, end));
            let hours =
                |value: Option<Decimal>| value.map_or(Span::default(), |hours| around(hours, half_hour, length));
            let energy = volume("ENERGY");
            let between = |least: &str, most: &str| {
                let (least, most) = (volume(least), volume(most));
                Some((least.or(most)?, most.or(least)?))
            };
            let average = || Some(energy? / kinds[0].filter(|hours| !hours.is_zero())?).map(|kw| (kw, kw));
            periods.push(Period {
                start,
                end,
                tariff: tariffs.iter().position(|t| same_id(&t["id"], &raw["tariff_id"])),
                energy: energy.map_or(Span::default(), |kwh| around(kwh, half_kwh, None)),
                time: hours(kinds[0]),
                parking: hours(kinds[1]),
                reservation: hours(kinds[2]),
                kwh,
                power: between("MIN_POWER", "MAX_POWER").or_else(average),
                current: between("MIN_CURRENT", "MAX_CURRENT"),
            });
            kwh += energy.unwrap_or_default();
        }
        Some(Self { tariffs, periods, zone, expired: false })
    }

    /// A reservation, and no charge after it.
    #[must_use]
    pub fn is_unused_reservation(&self) -> bool {
        !self.periods.is_empty() && self.periods.iter().all(Period::is_reservation)
    }

    /// When charging began: durations count from here, not from the reservation.
    fn began(&self) -> Option<DateTime<Utc>> {
        self.periods.iter().find(|p| !p.is_reservation()).or(self.periods.first()).map(|p| p.start)
    }

    fn moment(&self, period: &Period, wrong: Wrong<'_>) -> Moment {
        let mut began = self.began();
        if period.is_parking() && wrong("price-duration-from-parking") {
            began = self.periods.iter().find(|p| p.is_parking()).map(|p| p.start);
        }
        let reserved = period.is_reservation();
        if reserved {
            began = self.periods.first().map(|p| p.start);
        }
        let parked = period.is_parking().then_some((Decimal::ZERO, Decimal::ZERO));
        Moment {
            at: period.start,
            zone: self.zone,
            since: began.map_or(Decimal::ZERO, |began| seconds_between(began, period.start)),
            kwh: period.kwh,
            power: period.power.or(parked),
            current: period.current.or(parked),
            reserved,
            expired: self.expired,
        }
    }
}

fn same_id(a: &Value, b: &Value) -> bool {
    a.as_str().zip(b.as_str()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
}

fn volume(period: &Value, name: &str) -> Option<Decimal> {
    let dimensions = period["dimensions"].as_array()?;
    decimal(&dimensions.iter().find(|d| d["type"] == name)?["volume"])
}

/// Half of the last digit that the volumes of these dimensions have: how far a written value is from the true one.
fn half_digit(periods: &[Value], names: &[&str]) -> Decimal {
    let scales = periods.iter().flat_map(|p| names.iter().filter_map(|name| volume(p, name))).map(|v| v.scale());
    Decimal::new(5, scales.max().unwrap_or(4).clamp(3, 8) + 1)
}

/// What a written volume can stand for. Where the timestamps of the period say the same more exactly, one of the two.
fn around(value: Decimal, half: Decimal, exact: Option<Decimal>) -> Span {
    match exact.filter(|exact| (*exact - value).abs() <= half * Decimal::TWO) {
        Some(exact) => Span { lo: value.min(exact), hi: value.max(exact) },
        None => Span { lo: (value - half).max(Decimal::ZERO.min(value)), hi: value + half },
    }
}

pub(super) fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> Decimal {
    Decimal::new((to - from).num_milliseconds(), 3)
}

fn hours_between(from: DateTime<Utc>, to: DateTime<Utc>) -> Decimal {
    seconds_between(from, to) / Decimal::from(3600)
}

/// What a line charges for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fixed,
    Energy,
    Time,
    Parking,
    ParkingFixed,
    Reservation,
    ReservationFixed,
}

/// A quantity at a price.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) kind: Kind,
    pub(super) quantity: Span,
    pub(super) price: Decimal,
    pub(super) vat: Decimal,
    pub(super) step: Decimal,
}

/// Prices a charge. A FLAT is due once for the session and once for its reservation, when it first becomes active.
#[must_use]
pub fn bill(charge: &Charge<'_>, wrong: Wrong<'_>) -> Bill {
    let mut bill = Bill::default();
    let mut lines = Vec::new();
    let (mut session_fee, mut reservation_fee) = (false, false);
    let mut unpriced = Decimal::ZERO;
    for period in &charge.periods {
        let Some(tariff) = period.tariff.map(|index| charge.tariffs[index]) else { continue };
        let moment = charge.moment(period, wrong);
        let apart = period.is_reservation() && !wrong("price-reservation-fee-once");
        let fee = if apart { &mut reservation_fee } else { &mut session_fee };
        if !*fee || wrong("price-flat-per-period") {
            for found in find(tariff, "FLAT", &moment, wrong, &mut bill.unknown) {
                let kind = match (period.is_reservation(), found.parking_only) {
                    (true, _) if wrong("price-reservation-fee-apart") => Kind::Fixed,
                    (true, _) => Kind::ReservationFixed,
                    (false, true) => Kind::ParkingFixed,
                    (false, false) => Kind::Fixed,
                };
                *fee |= !found.price.is_zero();
                lines.push(found.line(kind, Span::exact(Decimal::ONE)));
            }
        }
        let parking =
            if wrong("price-parking-as-time") { ("TIME", Kind::Time) } else { ("PARKING_TIME", Kind::Parking) };
        for (dimension, kind, quantity) in [
            ("ENERGY", Kind::Energy, period.energy),
            ("TIME", Kind::Time, period.time),
            (parking.0, parking.1, period.parking),
            ("TIME", Kind::Reservation, period.reservation),
        ] {
            if quantity.is_zero() {
                continue;
            }
            let found = find(tariff, dimension, &moment, wrong, &mut bill.unknown);
            if found.is_empty() && kind == Kind::Time {
                unpriced += quantity.hi;
            }
            lines.extend(found.iter().map(|found: &Found| found.line(kind, quantity)));
        }
    }
    step_size::apply(&mut lines, unpriced, wrong);
    cost(charge, &lines, &mut bill, wrong);
    bill
}

fn cost(charge: &Charge<'_>, lines: &[Line], bill: &mut Bill, wrong: Wrong<'_>) {
    let first_vat = lines.first().map_or(Decimal::ZERO, |line| line.vat);
    for line in lines {
        let vat = if wrong("price-vat-of-first") { first_vat } else { line.vat };
        let excl = line.quantity.times(line.price);
        let incl = excl.times(Decimal::ONE + vat / Decimal::ONE_HUNDRED);
        let part = match line.kind {
            Kind::Fixed => &mut bill.fixed,
            Kind::Energy => &mut bill.energy,
            Kind::Time => &mut bill.time,
            Kind::Parking | Kind::ParkingFixed => &mut bill.parking,
            Kind::Reservation | Kind::ReservationFixed => &mut bill.reservation,
        };
        *part = Amount { excl: part.excl.plus(excl), incl: part.incl.plus(incl) };
        bill.total = Amount { excl: bill.total.excl.plus(excl), incl: bill.total.incl.plus(incl) };
    }
    for tariff in charge.periods.iter().filter_map(|p| p.tariff).collect::<std::collections::BTreeSet<_>>() {
        limit(charge.tariffs[tariff], &mut bill.total, wrong);
    }
    bill.unknown.sort();
    bill.unknown.dedup();
}

/// Minimum and maximum price, each without and with VAT for itself; where a bound has no `incl_vat`, only without.
fn limit(tariff: &Value, total: &mut Amount, wrong: Wrong<'_>) {
    let before = *total;
    let bound = |name: &str, field: &str| decimal(&tariff[name][field]);
    for (field, span) in [("excl_vat", &mut total.excl), ("incl_vat", &mut total.incl)] {
        if let Some(least) = bound("min_price", field).filter(|_| !wrong("price-no-min")) {
            let added = wrong("price-min-added");
            *span = span.map(|value| if added { value + least } else { value.max(least) });
        }
        if let Some(most) = bound("max_price", field).filter(|_| !wrong("price-no-max")) {
            *span = span.map(|value| value.min(most));
        }
    }
    if wrong("price-bounds-couple-vat") && !before.excl.hi.is_zero() && total.excl != before.excl {
        total.incl = before.incl.times(total.excl.hi / before.excl.hi);
    } else if wrong("price-bounds-couple-vat") && !before.incl.hi.is_zero() && total.incl != before.incl {
        total.excl = before.excl.times(total.incl.hi / before.incl.hi);
    }
}

#[cfg(test)]
mod tests;
