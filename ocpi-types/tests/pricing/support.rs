//! Sessions and tariffs in a line or two.

use chrono::TimeDelta;
use ocpi_types::pricing::{self, Doubt, Priced, PricingInput, Tz};
use ocpi_types::{ChargingPeriod, DateTime, Decimal, Object, Price, Tariff, format_date_time, parse, parse_date_time};
use serde_json::{Value, json};

/// A decimal from its text.
pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// A moment in UTC.
pub(crate) fn at(text: &str) -> DateTime {
    parse_date_time(text).expect("a date and time").0
}

/// Reads an object, tolerating what a receiver tolerates.
pub(crate) fn object<T: Object>(json: Value) -> T {
    let parsed = parse::<T>(json);
    parsed.value.unwrap_or_else(|| panic!("{:?}", parsed.report))
}

/// A tariff in EUR.
pub(crate) fn tariff(id: &str, elements: Value) -> Tariff {
    object(json!({
        "country_code": "NL", "party_id": "TST", "id": id, "currency": "EUR", "elements": elements,
        "last_updated": "2026-01-01T00:00:00Z"
    }))
}

/// A price component without VAT.
pub(crate) fn component(dimension: &str, price: f64, step_size: i64) -> Value {
    json!({ "type": dimension, "price": price, "step_size": step_size })
}

/// A price component with VAT.
pub(crate) fn taxed(dimension: &str, price: f64, vat: f64, step_size: i64) -> Value {
    json!({ "type": dimension, "price": price, "vat": vat, "step_size": step_size })
}

/// An element without restrictions.
pub(crate) fn always(components: &[Value]) -> Value {
    json!({ "price_components": components })
}

/// An element with restrictions.
pub(crate) fn when(restrictions: Value, components: &[Value]) -> Value {
    json!({ "price_components": components, "restrictions": restrictions })
}

/// A session that is told period by period.
#[derive(Clone)]
pub(crate) struct Story {
    start: DateTime,
    now: DateTime,
    zone: Tz,
    tariffs: Vec<Tariff>,
    tariff_id: Option<String>,
    periods: Vec<Value>,
    expired: bool,
}

impl Story {
    /// Starts at a moment in UTC, at a location that keeps UTC, under the given tariff.
    pub(crate) fn new(start: &str, tariff: &Tariff) -> Self {
        Self {
            start: at(start),
            now: at(start),
            zone: Tz::UTC,
            tariffs: vec![tariff.clone()],
            tariff_id: Some(tariff.id.to_string()),
            periods: Vec::new(),
            expired: false,
        }
    }

    pub(crate) fn zone(mut self, name: &str) -> Self {
        self.zone = pricing::time_zone(name).expect("a time zone");
        self
    }

    /// From now on under another tariff.
    pub(crate) fn switch(mut self, tariff: &Tariff) -> Self {
        self.tariffs.push(tariff.clone());
        self.tariff_id = Some(tariff.id.to_string());
        self
    }

    /// What the following periods name as their tariff.
    pub(crate) fn tariff_id(mut self, id: impl Into<Option<&'static str>>) -> Self {
        self.tariff_id = id.into().map(str::to_owned);
        self
    }

    pub(crate) fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    pub(crate) fn charge(self, minutes: i64, kwh: &str) -> Self {
        let hours = hours_of(minutes * 60);
        self.period(
            minutes * 60,
            json!([{ "type": "TIME", "volume": hours }, { "type": "ENERGY", "volume": num(kwh) }]),
        )
    }

    pub(crate) fn park(self, minutes: i64) -> Self {
        let hours = hours_of(minutes * 60);
        self.period(minutes * 60, json!([{ "type": "PARKING_TIME", "volume": hours }]))
    }

    pub(crate) fn reserve(self, minutes: i64) -> Self {
        let hours = hours_of(minutes * 60);
        self.period(minutes * 60, json!([{ "type": "RESERVATION_TIME", "volume": hours }]))
    }

    /// A period with dimensions of one's own.
    pub(crate) fn period(mut self, seconds: i64, dimensions: Value) -> Self {
        let mut period = json!({ "start_date_time": format_date_time(&self.now), "dimensions": dimensions });
        if let Some(id) = &self.tariff_id {
            period["tariff_id"] = json!(id);
        }
        self.periods.push(period);
        self.now += TimeDelta::seconds(seconds);
        self
    }

    /// Adds a dimension to the last period.
    pub(crate) fn with(mut self, dimension: &str, volume: &str) -> Self {
        let last = self.periods.last_mut().expect("a period");
        let dimensions = last["dimensions"].as_array_mut().expect("dimensions");
        dimensions.push(json!({ "type": dimension, "volume": num(volume) }));
        self
    }

    pub(crate) fn periods(&self) -> Vec<ChargingPeriod> {
        self.periods.iter().cloned().map(object).collect()
    }

    pub(crate) fn price(&self) -> Priced {
        self.price_with(|input| input)
    }

    /// Prices with an input that the test changes first.
    pub(crate) fn price_with(&self, change: impl for<'a> FnOnce(PricingInput<'a>) -> PricingInput<'a>) -> Priced {
        let periods = self.periods();
        pricing::price(&change(PricingInput {
            start: self.start,
            end: self.now,
            periods: &periods,
            tariffs: &self.tariffs,
            time_zone: self.zone,
            currency: Some("EUR"),
            reservation_expired: self.expired,
            assume_only_tariff: false,
        }))
    }

    /// The CDR of this session with the totals that the engine gives, as JSON to be changed by tests.
    pub(crate) fn cdr(&self) -> Value {
        let priced = self.price().to_json();
        let mut cdr = json!({
            "country_code": "NL", "party_id": "TST", "id": "cdr-1",
            "start_date_time": format_date_time(&self.start), "end_date_time": format_date_time(&self.now),
            "cdr_token": { "country_code": "NL", "party_id": "EMS", "uid": "0499A2", "type": "RFID", "contract_id": "C1" },
            "auth_method": "WHITELIST",
            "cdr_location": {
                "id": "L1", "address": "Kade 1", "city": "Delft", "country": "NLD",
                "coordinates": { "latitude": "52.01000", "longitude": "4.36000" },
                "evse_uid": "E1", "evse_id": "NL*TST*E1", "connector_id": "1", "connector_standard": "IEC_62196_T2",
                "connector_format": "SOCKET", "connector_power_type": "AC_3_PHASE"
            },
            "currency": "EUR", "tariffs": self.tariffs, "charging_periods": self.periods,
            "last_updated": "2026-06-01T00:00:00Z"
        });
        for total in [
            "total_cost",
            "total_fixed_cost",
            "total_energy",
            "total_energy_cost",
            "total_time",
            "total_time_cost",
            "total_parking_time",
            "total_parking_cost",
            "total_reservation_cost",
        ] {
            cdr[total] = priced[total].clone();
        }
        cdr
    }
}

fn hours_of(seconds: i64) -> Value {
    let hours = (Decimal::from(seconds) / Decimal::from(3600)).round_dp(4);
    num(&hours.normalize().to_string())
}

/// A JSON number with exactly these digits.
pub(crate) fn num(text: &str) -> Value {
    serde_json::from_str(text).expect("a number")
}

/// Asserts on an amount: without VAT, and with VAT where there is any.
#[track_caller]
pub(crate) fn assert_price(price: &Price, excl: &str, incl: impl Into<Option<&'static str>>) {
    assert_eq!((price.excl_vat, price.incl_vat), (dec(excl), incl.into().map(dec)));
}

/// The doubts of a result, each once.
pub(crate) fn doubts(priced: &Priced) -> Vec<Doubt> {
    let mut doubts: Vec<Doubt> = priced.findings.iter().map(|finding| finding.doubt).collect();
    doubts.sort_unstable();
    doubts.dedup();
    doubts
}

/// Seconds from minutes.
pub(crate) fn minutes(minutes: i64) -> Decimal {
    Decimal::from(minutes * 60)
}
