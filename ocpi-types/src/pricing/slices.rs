//! Divides stretches where a price can change, so that within a slice nothing does.
//!
//! A CPO starts a new charging period whenever the price changes, so there is normally nothing to divide. Where it did
//! not, bounds of time, date, day and duration divide the time exactly and the energy evenly over the time; bounds of
//! energy divide both evenly. Bounds of current and power cannot be placed; see `restrictions`.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::DateTime;

use super::restrictions::Moment;
use super::stretches::{Kind, Stretch};
use super::tariff_book::Entry;
use super::{PricingInput, calendar};

/// What is the same for all stretches of a session.
pub(super) struct Timeline<'a> {
    input: &'a PricingInput<'a>,
    /// Second at which the charging session begins: after the reservation, if there was one.
    charging_from: Decimal,
    /// Second at which the reservation begins.
    reserved_from: Decimal,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(input: &'a PricingInput<'a>, stretches: &[Stretch]) -> Self {
        let first = stretches.first().map_or(Decimal::ZERO, |stretch| stretch.clock.0);
        // 1970 stands for "not known".
        let begin = if input.start.timestamp() == 0 { first } else { Decimal::ZERO };
        let reserved = stretches.iter().take_while(|stretch| stretch.kind == Kind::Reservation).last();
        Self { input, charging_from: reserved.map_or(begin, |stretch| stretch.clock.1), reserved_from: begin }
    }

    /// Divides a stretch wherever a restriction of `tariff` can switch; `endless` hears when the calendar would divide it
    /// without end, and then it does not.
    pub(super) fn divide(&self, stretch: &Stretch, tariff: &Entry<'_>, endless: impl FnOnce()) -> Vec<Stretch> {
        let mut clock_cuts = self.calendar_cuts(stretch, tariff).unwrap_or_else(|| {
            endless();
            Vec::new()
        });
        let base = self.base(stretch.kind);
        clock_cuts.extend(tariff.conditions.iter().flat_map(|c| c.duration.values()).map(|bound| base + bound));
        clock_cuts.retain(|cut| *cut > stretch.clock.0 && *cut < stretch.clock.1);
        clock_cuts.sort_unstable();
        clock_cuts.dedup();
        let mut slices = Vec::new();
        let mut rest = *stretch;
        for cut in clock_cuts {
            let (before, after) = cut_at(&rest, |s| s.clock, cut);
            slices.push(before);
            rest = after;
        }
        slices.push(rest);
        let bounds: Vec<Decimal> = tariff.conditions.iter().flat_map(|c| c.kwh.values()).collect();
        slices.into_iter().flat_map(|slice| divide_by_energy(slice, &bounds)).collect()
    }

    /// What restrictions ask about a slice.
    pub(super) fn moment(&self, slice: &Stretch) -> Moment {
        let millis = (slice.clock.0 * Decimal::ONE_THOUSAND).floor().to_i64().unwrap_or_default();
        let at = self.input.start.checked_add_signed(TimeDelta::milliseconds(millis)).unwrap_or(self.input.start);
        Moment {
            local: calendar::local(at, self.input.time_zone),
            elapsed: slice.clock.0 - self.base(slice.kind),
            // Inside a slice no bound is passed, so any point between its ends answers for all of it.
            kwh: (slice.kwh.0 + slice.kwh.1) / Decimal::TWO,
            current: slice.current,
            power: slice.power,
        }
    }

    fn base(&self, kind: Kind) -> Decimal {
        if kind == Kind::Reservation { self.reserved_from } else { self.charging_from }
    }

    fn calendar_cuts(&self, stretch: &Stretch, tariff: &Entry<'_>) -> Option<Vec<Decimal>> {
        let instant = |seconds: Decimal| -> Option<DateTime> {
            let millis = (seconds * Decimal::ONE_THOUSAND).floor().to_i64()?;
            self.input.start.checked_add_signed(TimeDelta::milliseconds(millis))
        };
        let (from, to) = (instant(stretch.clock.0)?, instant(stretch.clock.1)?);
        let cuts = calendar::cuts(tariff.conditions.iter(), self.input.time_zone, from, to)?;
        let seconds = |at: DateTime| Decimal::new((at - self.input.start).num_milliseconds(), 3).normalize();
        Some(cuts.into_iter().map(seconds).collect())
    }
}

fn divide_by_energy(slice: Stretch, bounds: &[Decimal]) -> Vec<Stretch> {
    let (low, high) = (slice.kwh.0.min(slice.kwh.1), slice.kwh.0.max(slice.kwh.1));
    let mut cuts: Vec<Decimal> = bounds.iter().copied().filter(|bound| *bound > low && *bound < high).collect();
    cuts.sort_unstable();
    cuts.dedup();
    if slice.kwh.1 < slice.kwh.0 {
        cuts.reverse();
    }
    let mut slices = Vec::new();
    let mut rest = slice;
    for cut in cuts {
        let (before, after) = cut_at(&rest, |s| s.kwh, cut);
        slices.push(before);
        rest = after;
    }
    slices.push(rest);
    slices
}

/// Cuts where the quantity that `of` names reaches `at`; the others are divided in proportion.
fn cut_at(stretch: &Stretch, of: impl Fn(&Stretch) -> (Decimal, Decimal), at: Decimal) -> (Stretch, Stretch) {
    let (from, to) = of(stretch);
    // Multiplying first keeps whole seconds whole.
    let share = |span: (Decimal, Decimal)| {
        if span == (from, to) { at } else { span.0 + (span.1 - span.0) * (at - from) / (to - from) }
    };
    let (mut before, mut after) = (*stretch, *stretch);
    (before.clock.1, after.clock.0) = (share(stretch.clock), share(stretch.clock));
    (before.time.1, after.time.0) = (share(stretch.time), share(stretch.time));
    (before.kwh.1, after.kwh.0) = (share(stretch.kwh), share(stretch.kwh));
    (before, after)
}
