//! Charges that are priced by a tariff: those at stations that the trigger `station_with_tariff` has put up. Nobody has to
//! wait for them: the vehicles there were plugged in three minutes ago, charge with 9 kW, and a full one has parked for the last minute.
//! A reservation began then, and took a good part of a minute when it was used; a limit held for the second minute; a preference since the second one.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Party, id_of};
use crate::clock;
use crate::fixtures;
use crate::formats::{instant, instant_of};
use crate::price::{self, Bill, Charge, Point};

/// Seconds since the vehicle was plugged in, and seconds that a vehicle with a full battery has parked.
const PLUGGED_IN: i64 = 180;
const PARKED: i64 = 60;
/// Seconds for which a reservation that was used has lasted.
const RESERVED: i64 = 50;
/// Seconds after which a limit or a preference takes effect.
const MINUTE: i64 = 60;

/// A station with tariffs of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Station {
    tariff_ids: Vec<String>,
    full: bool,
    limited: bool,
}

/// A finished charge at such a station.
pub(super) struct Priced {
    pub(super) tariffs: Vec<Value>,
    pub(super) periods: Value,
    pub(super) kwh: Decimal,
    pub(super) hours: Decimal,
    pub(super) parking_hours: Decimal,
    pub(super) bill: Bill,
}

fn hours(seconds: i64) -> Decimal {
    Decimal::from(seconds) / Decimal::from(3600)
}

impl Party {
    /// Puts a station up whose only connector has these tariffs.
    pub(super) fn put_up_station(&self, tariff_ids: &Value, time_zone: &str) -> Value {
        let id = format!("PS{}", uuid::Uuid::new_v4().simple().to_string().get(..10).unwrap_or("0").to_uppercase());
        let mut location = fixtures::location(self.owner(), &id, &clock::timestamp());
        location["time_zone"] = json!(time_zone);
        if let Some(evses) = location["evses"].as_array_mut() {
            evses.truncate(1);
        }
        location["evses"][0]["connectors"][0]["tariff_ids"] = tariff_ids.clone();
        let evse_uid = location["evses"][0]["uid"].as_str().unwrap_or("").to_string();
        self.publish("locations", location);
        let tariff_ids = tariff_ids.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string);
        let station = Station { tariff_ids: tariff_ids.collect(), ..Station::default() };
        self.state().stations.insert(evse_uid.to_ascii_uppercase(), station);
        json!({"location_id": id, "evse_uid": evse_uid, "connector_id": "1"})
    }

    /// The vehicle that was plugged in at a station is full.
    pub(super) fn fill_vehicle(&self, evse_uid: &str) {
        if let Some(station) = self.state().stations.get_mut(&evse_uid.to_ascii_uppercase()) {
            station.full = true;
        }
    }

    /// A limit held there for a while.
    pub(super) fn slow_down(&self, evse_uid: &str) {
        if let Some(station) = self.state().stations.get_mut(&evse_uid.to_ascii_uppercase()) {
            station.limited = true;
        }
    }

    /// A session begins: when it began at such a station, and its currency.
    pub(super) fn open_priced(&self, session_id: &str, evse_uid: &str) -> Option<(String, Value)> {
        let station = self.state().stations.get(&evse_uid.to_ascii_uppercase()).cloned()?;
        let start = clock::now() - TimeDelta::seconds(PLUGGED_IN);
        let tariff = self.choose(&station, start)?;
        let currency = tariff["currency"].clone();
        self.state().agreed.insert(session_id.to_string(), tariff);
        Some((clock::ocpi(start), currency))
    }

    /// The tariff that holds for a charge that begins now: of the right type, and valid.
    fn choose(&self, station: &Station, start: DateTime<Utc>) -> Option<Value> {
        let known = self.own("tariffs");
        let mut candidates = station
            .tariff_ids
            .iter()
            .filter_map(|id| known.iter().find(|t| id_of("tariffs", t).eq_ignore_ascii_case(id)));
        let any = self.has("tariff-any");
        let fits = |tariff: &&Value| {
            let ordinary = tariff["type"].is_null() || tariff["type"] == "REGULAR";
            let begun = instant_of(tariff, "start_date_time").is_none_or(|at| at <= start);
            let lasting = instant_of(tariff, "end_date_time").is_none_or(|at| start < at);
            any || (ordinary && begun && lasting)
        };
        candidates.find(fits).cloned()
    }

    /// What a charge came to; `None` for other sessions.
    pub(super) fn priced(&self, session: &Value) -> Option<Priced> {
        let id = session["id"].as_str()?;
        let mut tariff = self.state().agreed.get(id).cloned()?;
        if self.has("cdr-current-tariff") {
            tariff = self.own("tariffs").into_iter().find(|t| t["id"] == tariff["id"])?;
        }
        let evse_uid = session["evse_uid"].as_str()?.to_ascii_uppercase();
        let station = self.state().stations.get(&evse_uid)?.clone();
        let location = self.own("locations").into_iter().find(|l| l["id"] == session["location_id"])?;
        let zone: Tz = location["time_zone"].as_str()?.parse().ok()?;
        let start = instant(session["start_date_time"].as_str()?)?;
        let end = instant_of(session, "end_date_time").unwrap_or_else(clock::now);
        let expired = self.state().expired.contains(&id.to_uppercase());
        let reserved = expired || self.state().reserved.contains(&id.to_uppercase());
        let minute = TimeDelta::seconds(MINUTE);
        let begun = match (reserved, expired) {
            (_, true) if self.has("reservation-billed-in-part") => end - minute,
            (_, true) => end,
            (true, false) => start + TimeDelta::seconds(RESERVED),
            (false, false) => start,
        };
        let mut tariffs = vec![tariff];
        tariffs.extend(self.preferred_tariff(session));
        let last = tariffs.len() - 1;
        let mut exact = Vec::new();
        let mut shown = Vec::new();
        let mut add = |period: Period<'_>| {
            exact.push(period.written(20));
            shown.push(period.written(4));
        };
        if reserved {
            let twice = self.has("reservation-time-doubled");
            let length = hours_between(start, begun) * Decimal::from(1 + i64::from(twice));
            add(Period {
                at: start,
                kind: Kind::Reserved,
                tariff: &tariffs[0],
                kwh: Decimal::ZERO,
                hours: length,
                power: 0,
            });
        }
        let parked = if station.full { PARKED } else { 0 };
        let turn = end - TimeDelta::seconds(parked);
        // Each stretch with its power and tariff.
        let mut flow = vec![(begun, 9, &tariffs[0])];
        if station.limited && !self.has("periods-not-cut") {
            flow.extend([(begun + minute, 3, &tariffs[0]), (begun + minute * 2, 9, &tariffs[0])]);
        }
        if last > 0 {
            flow.push((begun + minute, 9, &tariffs[last]));
        }
        let mut kwh = Decimal::ZERO;
        for (index, (from, power, tariff)) in flow.iter().enumerate().filter(|_| !expired) {
            let to = flow.get(index + 1).map_or(turn, |next| next.0);
            let used = (hours_between(*from, to) * Decimal::from(*power)).round_dp(4);
            for (from, to) in self.stretches(tariff, begun, zone, (*from, kwh), (to, kwh + used)) {
                let hours = hours_between(from.0, to.0);
                add(Period { at: from.0, kind: Kind::Charging, tariff, kwh: to.1 - from.1, hours, power: *power });
            }
            kwh += used;
        }
        if station.full {
            for (from, to) in self.stretches(&tariffs[0], begun, zone, (turn, kwh), (end, kwh)) {
                let hours = hours_between(from.0, to.0);
                add(Period {
                    at: from.0,
                    kind: Kind::Parking,
                    tariff: &tariffs[0],
                    kwh: Decimal::ZERO,
                    hours,
                    power: 0,
                });
            }
        }
        let exact = Value::Array(exact);
        let charge = Charge::exact(&exact, &tariffs, end, zone)?.expired(expired);
        let bill = price::bill(&charge, &|fault| self.has(fault));
        Some(Priced {
            kwh,
            hours: hours((end - start).num_seconds()).round_dp(4),
            parking_hours: hours(parked).round_dp(4),
            periods: Value::Array(shown),
            tariffs,
            bill,
        })
    }

    fn stretches(&self, tariff: &Value, began: DateTime<Utc>, zone: Tz, from: Point, to: Point) -> Vec<(Point, Point)> {
        let mut points = vec![from];
        if !self.has("periods-not-cut") {
            let cuts = price::cuts(tariff, began, zone, from, to);
            points.extend(cuts.into_iter().map(|(at, kwh)| (at, kwh.round_dp(4))));
        }
        points.push(to);
        points.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }
}

fn number(value: Decimal) -> Value {
    serde_json::from_str(&value.normalize().to_string()).unwrap_or(Value::Null)
}

/// What a charging period is about.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Reserved,
    Charging,
    Parking,
}

/// A charging period before it is written down.
struct Period<'t> {
    at: DateTime<Utc>,
    kind: Kind,
    tariff: &'t Value,
    kwh: Decimal,
    hours: Decimal,
    /// kW.
    power: i64,
}

impl Period<'_> {
    /// With volumes of this many digits.
    fn written(&self, digits: u32) -> Value {
        let mut dimensions = Vec::new();
        let hours = self.hours.round_dp(digits);
        let mut add = |kind: &str, volume: Decimal| dimensions.push(json!({"type": kind, "volume": number(volume)}));
        match self.kind {
            Kind::Reserved => add("RESERVATION_TIME", hours),
            Kind::Parking => add("PARKING_TIME", hours),
            Kind::Charging => {
                add("ENERGY", self.kwh);
                add("TIME", hours);
                for kind in ["MIN_POWER", "MAX_POWER"] {
                    add(kind, Decimal::from(self.power));
                }
                for kind in ["MIN_CURRENT", "MAX_CURRENT"] {
                    add(kind, Decimal::from(self.power * 1000 / 230));
                }
            }
        }
        json!({"start_date_time": clock::ocpi(self.at), "tariff_id": self.tariff["id"], "dimensions": dimensions})
    }
}

fn hours_between(from: DateTime<Utc>, to: DateTime<Utc>) -> Decimal {
    Decimal::new((to - from).num_milliseconds(), 3) / Decimal::from(3600)
}

impl Priced {
    /// Writes totals, periods and costs into a CDR.
    pub(super) fn write(&self, cdr: &mut Value) {
        cdr["currency"] = self.tariffs[0]["currency"].clone();
        cdr["tariffs"] = json!(self.tariffs);
        cdr["charging_periods"] = self.periods.clone();
        cdr["total_energy"] = number(self.kwh);
        cdr["total_time"] = number(self.hours);
        cdr["total_parking_time"] = number(self.parking_hours);
        for (name, amount) in self.bill.parts() {
            cdr[name] =
                json!({"excl_vat": number(amount.excl.lo.round_dp(4)), "incl_vat": number(amount.incl.lo.round_dp(4))});
        }
    }

    /// What a session says of it.
    pub(super) fn session(&self) -> Value {
        let mut cdr = json!({});
        self.write(&mut cdr);
        json!({"kwh": cdr["total_energy"], "charging_periods": self.periods, "total_cost": cdr["total_cost"]})
    }
}
