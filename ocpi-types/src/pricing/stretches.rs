//! Reads charging periods into stretches: parts of a period in which the car either is expected (reservation), charges
//! or parks.
//!
//! The volumes of a period are hours with few decimals (40 minutes are 0.6667 h), its start and end are exact. So where
//! volume and timestamps agree within rounding, the timestamps count; otherwise the volume does, and that is reported.

use chrono::TimeDelta;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::{CdrDimensionType, ChargingPeriod, DateTime};

use super::restrictions::Span;
use super::{Doubt, PricingFinding, PricingInput};

/// What happens during a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reservation,
    Charging,
    Parking,
}

/// A part of a period in which one thing happens at an even pace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// Index of the charging period.
    pub period: usize,
    pub kind: Kind,
    /// From when to when, in seconds since the session started.
    pub clock: Span,
    /// Seconds of this kind, counted within the stretch: from 0 to the volume.
    pub time: Span,
    /// Energy consumed in the session before and after, in kWh.
    pub kwh: Span,
    /// Current in A.
    pub current: Option<Span>,
    /// Power in kW.
    pub power: Option<Span>,
}

/// No charging session comes near; also keeps all arithmetic within [`Decimal`].
const HIGHEST_VOLUME: i64 = 10_000_000;

const HOUR: i64 = 3600;

/// The summed volumes of a period.
#[derive(Default)]
struct Volumes {
    energy: Decimal,
    time: Decimal,
    parking: Decimal,
    reservation: Decimal,
    min_current: Option<Decimal>,
    max_current: Option<Decimal>,
    min_power: Option<Decimal>,
    max_power: Option<Decimal>,
    current: Option<Decimal>,
    power: Option<Decimal>,
}

/// All stretches of the session in order of time.
pub(super) fn read(input: &PricingInput<'_>, findings: &mut Vec<PricingFinding>) -> Vec<Stretch> {
    let mut order: Vec<usize> = (0..input.periods.len()).collect();
    order.sort_by_key(|&index| input.periods[index].start_date_time);
    check_order(input, &order, findings);
    let mut stretches = Vec::new();
    let mut kwh = Decimal::ZERO;
    for (place, &index) in order.iter().enumerate() {
        let volumes = Volumes::read(&input.periods[index], index, findings);
        let from = seconds_since(input.start, input.periods[index].start_date_time);
        let end = order.get(place + 1).map_or(input.end, |&next| input.periods[next].start_date_time);
        let to = seconds_since(input.start, end);
        let to = if to >= from { to } else { from + volumes.seconds() };
        let kwh_after = kwh + volumes.energy;
        stretches.extend(volumes.stretches(index, (from, to), (kwh, kwh_after), findings));
        kwh = kwh_after;
    }
    stretches
}

/// How long a period lasted by its own times.
pub(super) fn told_duration(period: &ChargingPeriod) -> TimeDelta {
    let seconds = Volumes::read(period, 0, &mut Vec::new()).seconds();
    let millis = (seconds * Decimal::ONE_THOUSAND).round().to_i64().unwrap_or_default();
    TimeDelta::milliseconds(millis)
}

fn seconds_since(start: DateTime, at: DateTime) -> Decimal {
    Decimal::new((at - start).num_milliseconds(), 3).normalize()
}

fn check_order(input: &PricingInput<'_>, order: &[usize], findings: &mut Vec<PricingFinding>) {
    let mut tell = |period: usize, message: &str| {
        findings.push(PricingFinding {
            doubt: Doubt::PeriodOrder,
            period: Some(period),
            tariff_id: None,
            message: message.to_owned(),
        });
    };
    if let Some(place) = order.iter().enumerate().position(|(place, &index)| place != index) {
        tell(order[place], "the periods are not in order of time; they are priced as if they were");
    }
    let (Some(&first), Some(&last)) = (order.first(), order.last()) else { return };
    if input.periods[first].start_date_time < input.start {
        tell(first, "starts before the session does");
    }
    if input.periods[last].start_date_time > input.end {
        tell(last, "starts after the session ended; its length is taken from its volumes");
    }
}

impl Volumes {
    fn read(period: &ChargingPeriod, index: usize, findings: &mut Vec<PricingFinding>) -> Self {
        let mut volumes = Self::default();
        for dimension in &period.dimensions {
            if dimension.volume.abs() > Decimal::from(HIGHEST_VOLUME) {
                findings.push(out_of_range(index, dimension.dimension_type.as_str(), dimension.volume));
                continue;
            }
            volumes.add(&dimension.dimension_type, dimension.volume);
        }
        for time in [&mut volumes.time, &mut volumes.parking, &mut volumes.reservation] {
            if time.is_sign_negative() {
                findings.push(out_of_range(index, "a time", *time));
                *time = Decimal::ZERO;
            }
        }
        volumes
    }

    fn add(&mut self, dimension: &CdrDimensionType, volume: Decimal) {
        let lowest = |known: Option<Decimal>| Some(known.map_or(volume, |known| known.min(volume)));
        let highest = |known: Option<Decimal>| Some(known.map_or(volume, |known| known.max(volume)));
        match dimension {
            CdrDimensionType::Energy => self.energy += volume,
            CdrDimensionType::Time => self.time += volume,
            CdrDimensionType::ParkingTime => self.parking += volume,
            CdrDimensionType::ReservationTime => self.reservation += volume,
            CdrDimensionType::MinCurrent => self.min_current = lowest(self.min_current),
            CdrDimensionType::MaxCurrent => self.max_current = highest(self.max_current),
            CdrDimensionType::MinPower => self.min_power = lowest(self.min_power),
            CdrDimensionType::MaxPower => self.max_power = highest(self.max_power),
            CdrDimensionType::Current => self.current = Some(volume),
            CdrDimensionType::Power => self.power = Some(volume),
            _ => {}
        }
    }

    /// The time volumes together, in seconds.
    fn seconds(&self) -> Decimal {
        [self.reservation, self.time, self.parking].into_iter().map(seconds).sum()
    }

    /// The stretches of one period, in the only order that makes sense: reservation, charging, parking.
    fn stretches(&self, period: usize, clock: Span, kwh: Span, findings: &mut Vec<PricingFinding>) -> Vec<Stretch> {
        let parts = self.parts();
        let amounts = amounts(&parts, clock.1 - clock.0);
        if amounts.iter().zip(&parts).any(|(amount, part)| amount.doubtful && !part.1.is_zero()) {
            findings.push(mismatch(period, &parts, clock));
        }
        let total: Decimal = amounts.iter().map(|amount| amount.seconds).sum();
        let charging = parts.iter().position(|part| part.0 == Kind::Charging);
        let with_energy = charging.unwrap_or(parts.len() - 1);
        let mut done = Decimal::ZERO;
        let mut stretches = Vec::new();
        for (index, ((kind, _hours), amount)) in parts.iter().zip(&amounts).enumerate() {
            let start = at_share(clock, done, total);
            done += amount.seconds;
            let end = if total.is_zero() { clock.1 } else { at_share(clock, done, total) };
            let before = stretches.last().map_or(kwh.0, |last: &Stretch| last.kwh.1);
            let after = if index == with_energy { kwh.1 } else { before };
            let mut stretch = Stretch {
                period,
                kind: *kind,
                clock: (start, end),
                time: (Decimal::ZERO, amount.seconds),
                kwh: (before, after),
                current: None,
                power: None,
            };
            self.add_electric(&mut stretch, parts.len() > 1);
            stretches.push(stretch);
        }
        stretches
    }

    /// What happened in the period, with the volumes in hours. Something always did.
    fn parts(&self) -> Vec<(Kind, Decimal)> {
        let mut parts = Vec::new();
        if !self.reservation.is_zero() {
            parts.push((Kind::Reservation, self.reservation));
        }
        let nothing_else = self.reservation.is_zero() && self.parking.is_zero();
        let charged = !self.energy.is_zero() && self.parking.is_zero();
        if !self.time.is_zero() || nothing_else || charged {
            parts.push((Kind::Charging, self.time));
        }
        if !self.parking.is_zero() {
            parts.push((Kind::Parking, self.parking));
        }
        parts
    }

    /// Current and power: as the period says, else the average that energy and time give; a parked car draws nothing.
    fn add_electric(&self, stretch: &mut Stretch, mixed: bool) {
        let nothing = Some((Decimal::ZERO, Decimal::ZERO));
        if stretch.kind == Kind::Parking && mixed {
            (stretch.current, stretch.power) = (nothing, nothing);
            return;
        }
        let energy = stretch.kwh.1 - stretch.kwh.0;
        let length = if stretch.time.1.is_zero() { stretch.clock.1 - stretch.clock.0 } else { stretch.time.1 };
        let average = (stretch.kind == Kind::Charging && !energy.is_zero() && length > Decimal::ZERO)
            .then(|| energy * Decimal::from(HOUR) / length);
        let parked = if stretch.kind == Kind::Parking { nothing } else { None };
        stretch.current = span(self.min_current, self.max_current, self.current).or(parked);
        stretch.power = span(self.min_power, self.max_power, self.power.or(average)).or(parked);
    }
}

/// One of the two extremes stands for both; the average only where neither is known.
fn span(min: Option<Decimal>, max: Option<Decimal>, average: Option<Decimal>) -> Option<Span> {
    let low = min.or(max).or(average)?;
    let high = max.or(min).or(average)?;
    Some((low.min(high), low.max(high)))
}

struct Amount {
    seconds: Decimal,
    doubtful: bool,
}

/// The seconds of each part of a period that is `length` seconds long.
fn amounts(parts: &[(Kind, Decimal)], length: Decimal) -> Vec<Amount> {
    let told: Decimal = parts.iter().map(|(_, hours)| *hours * Decimal::from(HOUR)).sum();
    let tolerance: Decimal = parts.iter().map(|(_, hours)| tolerance(*hours)).sum();
    let agreed = (told - length).abs() <= tolerance && length > Decimal::ZERO;
    let mut rest = length;
    let last = parts.iter().rposition(|(_, hours)| !hours.is_zero());
    parts
        .iter()
        .enumerate()
        .map(|(index, (_, hours))| {
            let taken = match agreed {
                true if Some(index) == last => rest,
                true => seconds(*hours).min(rest),
                false => seconds(*hours),
            };
            rest -= taken;
            Amount { seconds: taken, doubtful: !agreed }
        })
        .collect()
}

/// How far a volume in hours may be off from what the clock says and still be the same, in seconds: one unit of its last
/// decimal (rounded or cut off), but at least the second to which many systems cut off timestamps, and at most 36 s.
fn tolerance(hours: Decimal) -> Decimal {
    if hours.is_zero() {
        return Decimal::ZERO;
    }
    last_decimal(hours).clamp(Decimal::ONE, Decimal::from(36))
}

/// One unit of the last decimal of a number of hours, in seconds.
fn last_decimal(hours: Decimal) -> Decimal {
    Decimal::new(1, hours.normalize().scale()) * Decimal::from(HOUR)
}

/// A volume in hours as seconds. The third and later decimals are the traces of a rounded whole minute or second.
fn seconds(hours: Decimal) -> Decimal {
    let exact = hours * Decimal::from(HOUR);
    if hours.normalize().scale() < 3 {
        return exact.normalize();
    }
    let unit = last_decimal(hours);
    let minutes = (exact / Decimal::from(60)).round() * Decimal::from(60);
    let whole = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    [(minutes, unit / Decimal::TWO), (whole, unit)]
        .into_iter()
        .find(|(candidate, off)| !candidate.is_zero() && (*candidate - exact).abs() <= *off)
        .map_or(exact, |(candidate, _)| candidate)
        .normalize()
}

/// The point of `clock` after `done` of `total`.
fn at_share(clock: Span, done: Decimal, total: Decimal) -> Decimal {
    let length = clock.1 - clock.0;
    if total.is_zero() || done.is_zero() {
        clock.0
    } else if done == total {
        clock.1
    } else {
        clock.0 + length * done / total
    }
}

fn out_of_range(period: usize, what: &str, value: Decimal) -> PricingFinding {
    PricingFinding {
        doubt: Doubt::OutOfRange,
        period: Some(period),
        tariff_id: None,
        message: format!("{what} of {value} is out of range and counts as 0"),
    }
}

fn mismatch(period: usize, parts: &[(Kind, Decimal)], clock: Span) -> PricingFinding {
    let told: Decimal = parts.iter().map(|(_, hours)| *hours).sum();
    let length = super::hours(clock.1 - clock.0);
    PricingFinding {
        doubt: Doubt::VolumeMismatch,
        period: Some(period),
        tariff_id: None,
        message: format!("its times add up to {told} h but it is {length} h long; the times are billed"),
    }
}
