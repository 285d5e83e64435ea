//! From meter readings to charging periods.
//!
//! Every reading closes a period: from the reading before it to this one. Where the tariff's price changes in between, the
//! period is cut there. So every period is closed, a Session's `kwh` is the sum of its periods at any time, and a PATCH
//! never has to correct a period that was sent.

use chrono::TimeDelta;
use ocpi_types::pricing::{Tz, hours};
use ocpi_types::{CdrDimension, CdrDimensionType, ChargingPeriod, CiString, DateTime, Decimal};
use serde::{Deserialize, Serialize};

use super::boundaries::Boundaries;
use crate::station::Reading;

/// A reading and when it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sample {
    /// When.
    pub at: DateTime,
    /// What.
    pub reading: Reading,
}

/// The meter of one charge: what was counted since it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// The first reading.
    first: Sample,
    /// The last reading.
    last: Sample,
    /// Time spent charging, in milliseconds.
    charging_ms: i64,
    /// Time plugged in without asking for power, in milliseconds.
    parking_ms: i64,
}

/// A stretch of time in which nothing changes that matters for the price.
struct Stretch {
    start: DateTime,
    end: DateTime,
    wh: i64,
}

impl Meter {
    /// A charge begins.
    #[must_use]
    pub fn start(at: DateTime, reading: Reading) -> Self {
        let first = Sample { at, reading };
        Self { last: first.clone(), first, charging_ms: 0, parking_ms: 0 }
    }

    /// When the last reading was taken.
    #[must_use]
    pub fn read_at(&self) -> DateTime {
        self.last.at
    }

    /// The power that has flowed since then, in W.
    #[must_use]
    pub fn watts(&self) -> i64 {
        self.last.reading.watts
    }

    /// The energy of the whole charge, in kWh.
    #[must_use]
    pub fn kwh(&self) -> Decimal {
        kwh(self.last.reading.wh - self.first.reading.wh)
    }

    /// The time of the whole charge, in hours: the sum of what its periods say.
    #[must_use]
    pub fn total_hours(&self) -> Decimal {
        (ms_to_hours(self.charging_ms) + ms_to_hours(self.parking_ms)).normalize()
    }

    /// The time without a demand for power, in hours.
    #[must_use]
    pub fn parking_hours(&self) -> Decimal {
        ms_to_hours(self.parking_ms)
    }

    /// Takes the next reading; the periods that it closes. A reading from before the last one changes nothing.
    pub fn read(
        &mut self,
        at: DateTime,
        reading: Reading,
        boundaries: &Boundaries,
        zone: Tz,
        tariff_id: Option<&CiString<36>>,
    ) -> Vec<ChargingPeriod> {
        if at < self.last.at || reading.wh < self.last.reading.wh {
            return Vec::new();
        }
        let stretches = self.stretches(at, reading.wh, boundaries, zone);
        let periods = stretches.iter().map(|stretch| self.period(stretch, tariff_id)).collect();
        self.last = Sample { at, reading };
        periods
    }

    /// The period of a charge in which nothing was used and no time passed: a CDR needs one.
    #[must_use]
    pub fn nothing(&self, tariff_id: Option<&CiString<36>>) -> Vec<ChargingPeriod> {
        let instant = Stretch { start: self.first.at, end: self.first.at, wh: 0 };
        vec![self.clone().period(&instant, tariff_id)]
    }

    fn stretches(&self, until: DateTime, wh: i64, boundaries: &Boundaries, zone: Tz) -> Vec<Stretch> {
        let (from, from_wh) = (self.last.at, self.last.reading.wh);
        let total_ms = (until - from).num_milliseconds();
        let used = wh - from_wh;
        if total_ms == 0 && used == 0 {
            return Vec::new();
        }
        let energy_at = |at: DateTime| from_wh + scaled(used, (at - from).num_milliseconds(), total_ms);
        let by_time = boundaries.moments(self.first.at, from, until, zone).into_iter().map(|at| (at, energy_at(at)));
        let start_wh = self.first.reading.wh;
        let by_energy = boundaries.energies(from_wh - start_wh, wh - start_wh).map(|threshold| {
            let passed = start_wh + threshold;
            (from + TimeDelta::milliseconds(scaled(total_ms, passed - from_wh, used)), passed)
        });
        let mut cuts: Vec<(DateTime, i64)> = by_time.chain(by_energy).collect();
        cuts.sort_unstable();
        cuts.push((until, wh));

        let mut stretches = Vec::with_capacity(cuts.len());
        let (mut start, mut start_wh) = (from, from_wh);
        for (end, end_wh) in cuts {
            // Two cuts in one millisecond are one.
            if end == start && end < until {
                continue;
            }
            let end_wh = end_wh.max(start_wh);
            stretches.push(Stretch { start, end, wh: end_wh - start_wh });
            (start, start_wh) = (end, end_wh);
        }
        // What is left of nothing: the last cut fell together with the end.
        stretches.retain(|stretch| stretch.end > stretch.start || stretch.wh > 0);
        stretches
    }

    fn period(&mut self, stretch: &Stretch, tariff_id: Option<&CiString<36>>) -> ChargingPeriod {
        let now = &self.last.reading;
        let ms = (stretch.end - stretch.start).num_milliseconds();
        // Rounding what has been counted so far, not each period, keeps the sum of the periods exact.
        let volume = |counted: &mut i64| {
            let before = ms_to_hours(*counted);
            *counted += ms;
            (ms_to_hours(*counted) - before).normalize()
        };
        let mut dimensions = Vec::with_capacity(8);
        let mut add = |dimension_type, volume: Decimal| {
            dimensions.push(CdrDimension { dimension_type, volume, extra: ocpi_types::Extra::default() });
        };
        if now.charging {
            add(CdrDimensionType::Energy, kwh(stretch.wh));
            add(CdrDimensionType::Time, volume(&mut self.charging_ms));
            let (amperes, kilowatts) = (thousandth(now.milliamperes), thousandth(now.watts));
            add(CdrDimensionType::MinCurrent, amperes);
            add(CdrDimensionType::MaxCurrent, amperes);
            add(CdrDimensionType::MinPower, kilowatts);
            add(CdrDimensionType::MaxPower, kilowatts);
            if let Some(soc) = now.soc_percent {
                add(CdrDimensionType::StateOfCharge, soc.into());
            }
        } else {
            if stretch.wh > 0 {
                add(CdrDimensionType::Energy, kwh(stretch.wh));
            }
            add(CdrDimensionType::ParkingTime, volume(&mut self.parking_ms));
        }
        ChargingPeriod {
            start_date_time: stretch.start,
            dimensions,
            tariff_id: tariff_id.cloned(),
            extra: ocpi_types::Extra::default(),
        }
    }
}

/// The periods of a reservation: of the time in which the EVSE was kept, cut where the tariff's price changes. One at least.
#[must_use]
pub(super) fn reserved(
    start: DateTime,
    until: DateTime,
    boundaries: &Boundaries,
    zone: Tz,
    tariff_id: Option<&CiString<36>>,
) -> Vec<ChargingPeriod> {
    let mut cuts = boundaries.moments(start, start, until, zone);
    cuts.insert(0, start);
    let ends = cuts.iter().skip(1).copied().chain([until]);
    // As for a charge: what has been counted so far is rounded, so that the sum stays exact.
    let hours_until = |at: DateTime| ms_to_hours((at - start).num_milliseconds().max(0));
    let volumes = cuts.iter().zip(ends).map(|(from, to)| (*from, (hours_until(to) - hours_until(*from)).normalize()));
    volumes
        .map(|(start_date_time, volume)| ChargingPeriod {
            start_date_time,
            dimensions: vec![CdrDimension {
                dimension_type: CdrDimensionType::ReservationTime,
                volume,
                extra: ocpi_types::Extra::default(),
            }],
            tariff_id: tariff_id.cloned(),
            extra: ocpi_types::Extra::default(),
        })
        .collect()
}

/// The period as it is written into a CDR, in which some dimensions have no place.
#[must_use]
pub(super) fn for_cdr(period: &ChargingPeriod) -> ChargingPeriod {
    let session_only = |kind: &CdrDimensionType| {
        matches!(
            kind,
            CdrDimensionType::Current
                | CdrDimensionType::EnergyExport
                | CdrDimensionType::EnergyImport
                | CdrDimensionType::Power
                | CdrDimensionType::StateOfCharge
        )
    };
    let mut period = period.clone();
    period.dimensions.retain(|dimension| !session_only(&dimension.dimension_type));
    period
}

/// `whole * part / of`, rounded down, without overflow; 0 when there is nothing to divide.
fn scaled(whole: i64, part: i64, of: i64) -> i64 {
    if of == 0 {
        return 0;
    }
    let exact = i128::from(whole) * i128::from(part) / i128::from(of);
    i64::try_from(exact).unwrap_or(whole)
}

fn ms_to_hours(ms: i64) -> Decimal {
    hours(Decimal::new(ms, 3))
}

fn kwh(wh: i64) -> Decimal {
    Decimal::new(wh, 3).normalize()
}

fn thousandth(value: i64) -> Decimal {
    Decimal::new(value, 3).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use CdrDimensionType::{Energy, ParkingTime, Time};
    use ocpi_types::Tariff;
    use serde_json::json;

    fn at(text: &str) -> DateTime {
        ocpi_types::parse_date_time(text).unwrap().0
    }

    fn reading(wh: i64, watts: i64) -> Reading {
        Reading { wh, watts, milliamperes: watts * 1000 / 230, charging: watts > 0, soc_percent: None }
    }

    fn boundaries(restrictions: &serde_json::Value) -> Boundaries {
        let tariff = json!({
            "country_code": "US", "party_id": "CPO", "id": "T", "currency": "USD", "last_updated": "2026-01-01T00:00:00Z",
            "elements": [{
                "price_components": [{ "type": "ENERGY", "price": 0.25, "step_size": 1 }],
                "restrictions": restrictions,
            }],
        });
        Boundaries::of(&ocpi_types::parse::<Tariff>(tariff).value.unwrap())
    }

    fn volume(period: &ChargingPeriod, kind: &CdrDimensionType) -> Option<String> {
        let found = period.dimensions.iter().find(|dimension| dimension.dimension_type == *kind);
        found.map(|dimension| dimension.volume.to_string())
    }

    fn sum(periods: &[ChargingPeriod], kind: &CdrDimensionType) -> Decimal {
        let volumes = periods.iter().flat_map(|period| &period.dimensions).filter(|d| d.dimension_type == *kind);
        volumes.map(|dimension| dimension.volume).sum()
    }

    // Proves: CDR-079, CDR-081, CDR-083
    #[test]
    fn a_period_is_cut_where_the_tariff_changes() {
        let boundaries = boundaries(&json!({ "start_time": "10:10", "min_kwh": 1.5 }));
        let mut meter = Meter::start(at("2026-06-12T10:00:00Z"), reading(5_000, 6_000));
        let periods = meter.read(at("2026-06-12T10:20:00Z"), reading(7_000, 6_000), &boundaries, Tz::UTC, None);
        let starts: Vec<_> = periods.iter().map(|period| period.start_date_time).collect();
        assert_eq!(starts, ["2026-06-12T10:00:00Z", "2026-06-12T10:10:00Z", "2026-06-12T10:15:00Z"].map(at));
        let energies: Vec<_> = periods.iter().map(|period| volume(period, &Energy).unwrap()).collect();
        assert_eq!(energies, ["1", "0.5", "0.5"]);
        assert_eq!(meter.kwh().to_string(), "2");
    }

    // Proves: CDR-064, CDR-066, CDR-068, CDR-100
    #[test]
    fn sums_of_periods_are_the_totals_however_odd_the_intervals() {
        let boundaries = Boundaries::default();
        let start = at("2026-06-12T10:00:00Z");
        let mut meter = Meter::start(start, reading(0, 7_360));
        let mut periods = Vec::new();
        for step in 1..=100_i64 {
            let moment = start + TimeDelta::milliseconds(step * 7_919);
            let watts = if step < 60 { 7_360 } else { 0 };
            periods.extend(meter.read(moment, reading(step.min(60) * 16, watts), &boundaries, Tz::UTC, None));
        }
        assert_eq!(sum(&periods, &Energy), meter.kwh());
        assert_eq!(sum(&periods, &ParkingTime), meter.parking_hours());
        assert_eq!(sum(&periods, &Time) + sum(&periods, &ParkingTime), meter.total_hours());
        assert_eq!(meter.total_hours().to_string(), "0.22");
    }

    // Proves: CDR-096
    #[test]
    fn a_cdr_holds_no_dimension_that_belongs_to_sessions_alone() {
        let mut first = reading(0, 50_000);
        first.soc_percent = Some(41);
        let mut meter = Meter::start(at("2026-06-12T10:00:00Z"), first);
        let next = reading(500, 50_000);
        let periods = meter.read(at("2026-06-12T10:01:00Z"), next, &Boundaries::default(), Tz::UTC, None);
        assert_eq!(volume(&periods[0], &CdrDimensionType::StateOfCharge).as_deref(), Some("41"));
        let in_cdr = for_cdr(&periods[0]);
        assert_eq!(volume(&in_cdr, &CdrDimensionType::StateOfCharge), None);
        assert_eq!(volume(&in_cdr, &Energy).as_deref(), Some("0.5"));
    }

    #[test]
    fn a_reading_from_the_past_changes_nothing() {
        let mut meter = Meter::start(at("2026-06-12T10:00:00Z"), reading(100, 7_000));
        let before = meter.clone();
        let past = meter.read(at("2026-06-12T09:59:00Z"), reading(100, 0), &Boundaries::default(), Tz::UTC, None);
        assert!(past.is_empty());
        assert_eq!(meter, before);
    }
}
