//! When a tariff element is active: [`TariffRestrictions`] read once and asked at each moment.
//! Spec: mod_tariffs, "TariffRestrictions class".

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use rust_decimal::Decimal;

use crate::{DayOfWeek, ReservationRestrictionType, Tariff, TariffRestrictions};

use super::{Doubt, PricingFinding};

/// Which bookings an element prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    /// The charging session itself: elements without `reservation`.
    Session,
    /// A reservation, used or not: `RESERVATION`.
    Reserved,
    /// A reservation that ran out: `RESERVATION_EXPIRES`.
    Expired,
}

/// The restrictions of one element.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    pub pool: Pool,
    pub window: Option<Window>,
    pub dates: (Option<NaiveDate>, Option<NaiveDate>),
    /// Empty: every day.
    pub days: Vec<Weekday>,
    pub kwh: Bounds,
    pub current: Bounds,
    pub power: Bounds,
    /// Seconds since the session started.
    pub duration: Bounds,
    /// A restriction cannot be read. Guessing could bill too much, so the element is never active.
    pub unreadable: bool,
}

/// `start_time` (inclusive) to `end_time` (exclusive); `None` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub start: NaiveTime,
    pub end: Option<NaiveTime>,
}

/// A minimum (inclusive) and a maximum (exclusive).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    pub min: Option<Decimal>,
    pub max: Option<Decimal>,
}

/// The lowest and the highest value reached.
pub(super) type Span = (Decimal, Decimal);

/// All that restrictions can ask about a moment of the session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Wall-clock time at the location.
    pub local: NaiveDateTime,
    /// Seconds since the session started.
    pub elapsed: Decimal,
    /// Energy consumed in the session so far, in kWh.
    pub kwh: Decimal,
    /// Current in A over all phases, if the period tells.
    pub current: Option<Span>,
    /// Power in kW, if the period tells.
    pub power: Option<Span>,
}

/// Whether an element is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Active {
    Yes,
    No,
    /// The period's current or power lies on both sides of a bound: the period should have been split there.
    Straddles(&'static str),
    /// The period says nothing about the current or power that the element asks for.
    Unknown(&'static str),
}

impl Window {
    fn contains(self, at: NaiveTime) -> bool {
        match self.end {
            None => at >= self.start,
            Some(end) if end < self.start => at >= self.start || at < end,
            Some(end) => at >= self.start && at < end,
        }
    }
}

impl Bounds {
    fn contains(self, value: Decimal) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value < max)
    }

    fn holds(self, span: Option<Span>, what: &'static str) -> Active {
        // "At least 0" is how some tariffs write that there is no bound.
        if self.max.is_none() && self.min.is_none_or(|min| min <= Decimal::ZERO && span.is_none()) {
            return Active::Yes;
        }
        let Some((low, high)) = span else { return Active::Unknown(what) };
        match (self.contains(low), self.contains(high)) {
            (true, true) => Active::Yes,
            // Both ends outside on different sides would mean that the range was crossed.
            (false, false) if self.max.is_none_or(|max| low >= max) || self.min.is_none_or(|min| high < min) => {
                Active::No
            }
            _ => Active::Straddles(what),
        }
    }

    /// The bounds that are set.
    pub(super) fn values(self) -> impl Iterator<Item = Decimal> {
        [self.min, self.max].into_iter().flatten()
    }
}

impl Conditions {
    /// Reads the restrictions of an element; what cannot be understood is told to `findings`.
    pub(super) fn read(tariff: &Tariff, element: usize, findings: &mut Vec<PricingFinding>) -> Self {
        let Some(source) = &tariff.elements[element].restrictions else { return Self::none() };
        let mut reader = Reader { tariff, element, findings, unreadable: false };
        let start = reader.time("start_time", source.start_time.as_ref().map(crate::Text::as_str));
        let end = reader.time("end_time", source.end_time.as_ref().map(crate::Text::as_str));
        let window = window(start, end);
        if window.is_some_and(|window| window.end == Some(window.start)) {
            reader.tell(
                "start_time and end_time are the same; no time lies between them, so the element is never active",
            );
        }
        let dates = (
            reader.date("start_date", source.start_date.as_ref().map(crate::Text::as_str)),
            reader.date("end_date", source.end_date.as_ref().map(crate::Text::as_str)),
        );
        let days = source.day_of_week.iter().filter_map(|day| reader.day(day)).collect();
        let pool = reader.pool(source.reservation.as_ref());
        reader.unknown_members(source);
        Self {
            pool,
            window,
            dates,
            days,
            kwh: Bounds { min: source.min_kwh, max: source.max_kwh },
            current: Bounds { min: source.min_current, max: source.max_current },
            power: Bounds { min: source.min_power, max: source.max_power },
            duration: Bounds {
                min: source.min_duration.map(Decimal::from),
                max: source.max_duration.map(Decimal::from),
            },
            unreadable: reader.unreadable,
        }
    }

    fn none() -> Self {
        Self {
            pool: Pool::Session,
            window: None,
            dates: (None, None),
            days: Vec::new(),
            kwh: Bounds::default(),
            current: Bounds::default(),
            power: Bounds::default(),
            duration: Bounds::default(),
            unreadable: false,
        }
    }

    /// The restrictions that depend on the calendar and on the time since the start: known in advance.
    pub(super) fn active_by_clock(&self, local: NaiveDateTime, elapsed: Decimal) -> bool {
        let date = local.date();
        !self.unreadable
            && self.window.is_none_or(|window| window.contains(local.time()))
            && self.dates.0.is_none_or(|first| date >= first)
            && self.dates.1.is_none_or(|end| date < end)
            && (self.days.is_empty() || self.days.contains(&date.weekday()))
            && self.duration.contains(elapsed)
    }

    /// All restrictions together: a logical AND.
    pub(super) fn active(&self, at: &Moment) -> Active {
        if !self.active_by_clock(at.local, at.elapsed) || !self.kwh.contains(at.kwh) {
            return Active::No;
        }
        let current = self.current.holds(at.current, "current");
        let power = self.power.holds(at.power, "power");
        match (current, power) {
            (Active::No, _) | (_, Active::No) => Active::No,
            (Active::Yes, other) | (other, _) => other,
        }
    }

    /// Whether the calendar plays a role.
    pub(super) fn uses_calendar(&self) -> bool {
        self.window.is_some() || self.dates.0.is_some() || self.dates.1.is_some() || !self.days.is_empty()
    }
}

/// One of the two times alone reaches to, or from, midnight; `00:00` as the end is the end of the day.
fn window(start: Option<Time>, end: Option<Time>) -> Option<Window> {
    if start.is_none() && end.is_none() {
        return None;
    }
    let start = match start {
        Some(Time::At(time)) => time,
        Some(Time::EndOfDay) | None => NaiveTime::MIN,
    };
    let end = match end {
        Some(Time::At(time)) if time != NaiveTime::MIN => Some(time),
        _ => None,
    };
    Some(Window { start, end })
}

#[derive(Clone, Copy)]
enum Time {
    At(NaiveTime),
    EndOfDay,
}

struct Reader<'a> {
    tariff: &'a Tariff,
    element: usize,
    findings: &'a mut Vec<PricingFinding>,
    unreadable: bool,
}

impl Reader<'_> {
    fn bad(&mut self, name: &str, value: &str) {
        self.unreadable = true;
        self.tell(&format!("restriction {name} = {value:?} cannot be read; the element is never active"));
    }

    fn tell(&mut self, what: &str) {
        self.findings.push(PricingFinding {
            doubt: Doubt::BadRestriction,
            period: None,
            tariff_id: Some(self.tariff.id.to_string()),
            message: format!("tariff {}, element {}: {what}", self.tariff.id, self.element + 1),
        });
    }

    fn time(&mut self, name: &str, text: Option<&str>) -> Option<Time> {
        let text = text?.trim();
        if text == "24:00" {
            return Some(Time::EndOfDay);
        }
        let time = NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"));
        if time.is_err() {
            self.bad(name, text);
        }
        time.ok().map(Time::At)
    }

    fn date(&mut self, name: &str, text: Option<&str>) -> Option<NaiveDate> {
        let text = text?.trim();
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        if date.is_err() {
            self.bad(name, text);
        }
        date.ok()
    }

    fn day(&mut self, day: &DayOfWeek) -> Option<Weekday> {
        Some(match day {
            DayOfWeek::Monday => Weekday::Mon,
            DayOfWeek::Tuesday => Weekday::Tue,
            DayOfWeek::Wednesday => Weekday::Wed,
            DayOfWeek::Thursday => Weekday::Thu,
            DayOfWeek::Friday => Weekday::Fri,
            DayOfWeek::Saturday => Weekday::Sat,
            DayOfWeek::Sunday => Weekday::Sun,
            DayOfWeek::Unlisted(_) => {
                self.bad("day_of_week", day.as_str());
                return None;
            }
        })
    }

    fn pool(&mut self, reservation: Option<&ReservationRestrictionType>) -> Pool {
        match reservation {
            None => Pool::Session,
            Some(ReservationRestrictionType::Reservation) => Pool::Reserved,
            Some(ReservationRestrictionType::ReservationExpires) => Pool::Expired,
            Some(other @ ReservationRestrictionType::Unlisted(_)) => {
                self.bad("reservation", other.as_str());
                Pool::Session
            }
        }
    }

    fn unknown_members(&mut self, source: &TariffRestrictions) {
        for (name, _value) in source.extra.iter() {
            self.tell(&format!("{name:?} is no restriction of OCPI 2.2.1 and is ignored"));
        }
    }
}
