//! The tariffs of the tester, and which rule each of them shows.
//!
//! Thresholds lie within the first seconds of a charge, prices are high enough for watt-hours and seconds to count.

use chrono::{DateTime, Datelike, Days, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::price::DAYS;

/// Where and when a charge takes place.
pub(super) struct Place {
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
}

impl Place {
    fn local(&self) -> NaiveDateTime {
        self.now.with_timezone(&self.zone).naive_local()
    }

    /// A time of day, some hours from now by the clock at the place.
    fn time(&self, hours: i64) -> String {
        (self.local() + TimeDelta::hours(hours)).format("%H:%M").to_string()
    }

    /// A date, some days from now.
    fn date(&self, days: u64) -> String {
        (self.local().date() + Days::new(days)).to_string()
    }
}

/// A place where it is day now, and whose clock is far from UTC.
pub(super) fn place(now: DateTime<Utc>) -> Place {
    const ZONES: [&str; 10] = [
        "America/New_York",
        "America/Los_Angeles",
        "Asia/Tokyo",
        "Asia/Dubai",
        "Asia/Kolkata",
        "Pacific/Auckland",
        "Pacific/Honolulu",
        "America/Sao_Paulo",
        "Asia/Dhaka",
        "Africa/Nairobi",
    ];
    let zones = ZONES.iter().filter_map(|name| name.parse::<Tz>().ok());
    let fits = |zone: &Tz| {
        let hour = now.with_timezone(zone).hour();
        let offset = zone.offset_from_utc_datetime(&now.naive_utc()).fix().local_minus_utc();
        (9..20).contains(&hour) && offset.abs() > 2 * 3600
    };
    Place { zone: zones.clone().find(fits).unwrap_or(Tz::Asia__Tokyo), now }
}

/// What happens beside a charge, or in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Nothing.
    Plain,
    /// The station is reserved first.
    Reserved,
    /// The station is reserved, and nobody comes.
    Expired,
    /// The driver prefers a profile for which there is another tariff, the first of the list.
    Preferring,
    /// A limit holds for a while.
    Limited,
}

impl Course {
    /// What the EVSE has to be capable of.
    pub(super) fn capabilities(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["REMOTE_START_STOP_CAPABLE"],
            Self::Reserved | Self::Expired => &["REMOTE_START_STOP_CAPABLE", "RESERVABLE"],
            Self::Preferring => &["REMOTE_START_STOP_CAPABLE", "CHARGING_PREFERENCES_CAPABLE"],
            Self::Limited => &["REMOTE_START_STOP_CAPABLE", "CHARGING_PROFILE_CAPABLE"],
        }
    }
}

/// A charge, and what it shows.
pub(super) struct Experiment {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) rows: &'static [&'static str],
    pub(super) what: &'static str,
    /// The tariffs of the connector; the last one has to apply.
    pub(super) tariffs: fn(&Place) -> Vec<Value>,
    /// The vehicle is full at once and parks.
    pub(super) parks: bool,
    /// The tariff is made dearer while the charge goes on.
    pub(super) changes: bool,
    /// What happens beside the charge.
    pub(super) course: Course,
    /// The clock at the place matters.
    pub(super) local: bool,
    pub(super) faults: &'static [&'static str],
}

fn one(elements: &Value) -> Vec<Value> {
    vec![json!({"currency": "EUR", "elements": elements})]
}

fn with(elements: &Value, extra: &Value) -> Vec<Value> {
    let mut tariff = json!({"currency": "EUR", "elements": elements});
    for (key, value) in extra.as_object().into_iter().flatten() {
        tariff[key] = value.clone();
    }
    vec![tariff]
}

fn part(kind: &str, price: f64, step: i64) -> Value {
    json!({"type": kind, "price": price, "step_size": step})
}

fn vat(mut component: Value, percent: f64) -> Value {
    component["vat"] = json!(percent);
    component
}

fn energy(price: f64) -> Value {
    part("ENERGY", price, 1)
}

fn when(components: &Value, restrictions: &Value) -> Value {
    json!({"price_components": components, "restrictions": restrictions})
}

fn always(components: &Value) -> Value {
    json!({"price_components": components})
}

fn reserved() -> Value {
    json!({"reservation": "RESERVATION"})
}

fn expired() -> Value {
    json!({"reservation": "RESERVATION_EXPIRES"})
}

/// Energy at 100 under the restrictions, at 200 otherwise.
fn guarded(restrictions: &Value) -> Vec<Value> {
    one(&json!([when(&json!([energy(100.0)]), restrictions), always(&json!([energy(200.0)]))]))
}

const fn experiment(
    name: &'static str,
    title: &'static str,
    rows: &'static [&'static str],
    what: &'static str,
    tariffs: fn(&Place) -> Vec<Value>,
    faults: &'static [&'static str],
) -> Experiment {
    Experiment {
        name,
        title,
        rows,
        what,
        tariffs,
        parks: false,
        changes: false,
        course: Course::Plain,
        local: false,
        faults,
    }
}

impl Experiment {
    pub(super) fn id(&self) -> String {
        format!("tariffs.priced.{}", self.name)
    }

    const fn parking(mut self) -> Self {
        self.parks = true;
        self
    }

    const fn local(mut self) -> Self {
        self.local = true;
        self
    }

    const fn course(mut self, course: Course) -> Self {
        self.course = course;
        self
    }

    const fn changing(mut self) -> Self {
        self.changes = true;
        self
    }
}

pub(super) fn experiments() -> Vec<Experiment> {
    [steps(), limits(), elements(), calendar(), choice(), reservations(), switches()].into_iter().flatten().collect()
}

fn steps() -> Vec<Experiment> {
    vec![
        experiment(
            "energy-step",
            "Energy is rounded up to whole steps of watt-hours",
            &["PRC-020", "PRC-023", "PRC-024", "PRC-072", "CDR-065"],
            "energy at 2 in steps of 1 kWh",
            |_| one(&json!([always(&json!([vat(part("ENERGY", 2.0, 1000), 10.0)]))])),
            &["price-no-step", "price-step-kwh"],
        ),
        experiment(
            "time-step",
            "Charging time is rounded up to whole steps of seconds",
            &["PRC-025", "PRC-073", "CDR-067"],
            "time at 36 an hour in steps of 600 s",
            |_| one(&json!([always(&json!([part("TIME", 36.0, 600)]))])),
            &["price-no-step", "price-step-minutes"],
        ),
        experiment(
            "kwh-above",
            "max_kwh: until the threshold; one rounding, with the last step, at the last price",
            &[
                "PRC-030", "PRC-035", "PRC-045", "PRC-056", "PRC-057", "PRC-058", "PRC-062", "PRC-065", "PRC-066",
                "PRC-068", "CDR-079", "CDR-080", "CDR-081", "CDR-084", "CDR-087", "CDR-088", "CDR-090",
            ],
            "energy at 100 in steps of 1000 Wh until 5 Wh, then at 200 in steps of 400 Wh",
            |_| {
                one(&json!([
                    when(&json!([part("ENERGY", 100.0, 1000)]), &json!({"max_kwh": 0.005})),
                    always(&json!([part("ENERGY", 200.0, 400)]))
                ]))
            },
            &[
                "price-bounds-swapped",
                "price-step-per-period",
                "price-first-step",
                "price-rounds-at-first-price",
                "periods-not-cut",
            ],
        ),
        experiment(
            "kwh-below",
            "min_kwh: from the threshold on",
            &["PRC-044", "CDR-080"],
            "energy at 200 from 5 Wh on, at 100 before",
            |_| {
                one(&json!([
                    when(&json!([energy(200.0)]), &json!({"min_kwh": 0.005})),
                    always(&json!([energy(100.0)]))
                ]))
            },
            &["price-bounds-swapped", "periods-not-cut"],
        ),
        experiment(
            "duration-above",
            "max_duration: until that moment; one rounding, with the last step",
            &["PRC-029", "PRC-030", "PRC-052", "PRC-065", "PRC-068", "CDR-087", "CDR-088", "CDR-091"],
            "time at 360 an hour in steps of 3600 s for two seconds, then at 720 in steps of 600 s",
            |_| {
                one(&json!([
                    when(&json!([part("TIME", 360.0, 3600)]), &json!({"max_duration": 2})),
                    always(&json!([part("TIME", 720.0, 600)]))
                ]))
            },
            &["price-bounds-swapped", "price-first-step", "price-rounds-at-first-price", "price-step-per-period"],
        ),
        experiment(
            "duration-below",
            "min_duration: from that moment on",
            &["PRC-051"],
            "time at 7200 an hour from two seconds on, at 3600 before",
            |_| {
                one(&json!([
                    when(&json!([part("TIME", 7200.0, 1)]), &json!({"min_duration": 2})),
                    always(&json!([part("TIME", 3600.0, 1)]))
                ]))
            },
            &["price-bounds-swapped", "price-ignores-restrictions"],
        ),
        experiment(
            "unpriced-time",
            "Time without a price is not billed",
            &["PRC-031", "PRC-003"],
            "time at 3600 an hour from two seconds on, nothing before",
            |_| one(&json!([when(&json!([part("TIME", 3600.0, 1)]), &json!({"min_duration": 2}))])),
            &["price-counts-unpriced"],
        ),
        experiment(
            "parking",
            "Parking is rounded, the charging before it is not",
            &[
                "PRC-012", "PRC-033", "PRC-063", "PRC-064", "PRC-069", "PRC-073", "PRC-074", "CDR-067", "CDR-069",
                "CDR-085", "CDR-086", "CDR-092",
            ],
            "time at 360 an hour in steps of 50 s, parking at 720 in steps of 300 s; the vehicle is full and parks",
            |_| {
                one(&json!([always(&json!([
                    vat(part("TIME", 360.0, 50), 10.0),
                    vat(part("PARKING_TIME", 720.0, 300), 20.0)
                ]))]))
            },
            &["price-rounds-charging", "price-parking-as-time"],
        )
        .parking(),
        experiment(
            "parking-free",
            "A tariff for charging time does not bill parking",
            &["PRC-011"],
            "time at 3600 an hour; the vehicle is full and parks",
            |_| one(&json!([always(&json!([part("TIME", 3600.0, 1)]))])),
            &["price-parking-as-time"],
        )
        .parking(),
        experiment(
            "parking-after",
            "Durations count from the start of the session, for parking too",
            &["PRC-053"],
            "parking at 3600 an hour from three seconds after the start on; the vehicle is full after two and parks",
            |_| one(&json!([when(&json!([part("PARKING_TIME", 3600.0, 1)]), &json!({"min_duration": 3}))])),
            &["price-duration-from-parking"],
        )
        .parking(),
    ]
}

fn limits() -> Vec<Experiment> {
    vec![
        experiment(
            "flat",
            "A FLAT is due once, whatever its step_size",
            &["PRC-010", "PRC-026", "PRC-071", "CDR-063"],
            "a fee of 2.50 with step_size 0, energy at two prices",
            |_| {
                let fee = vat(part("FLAT", 2.5, 0), 20.0);
                one(&json!([
                    when(&json!([fee, energy(100.0)]), &json!({"max_kwh": 0.005})),
                    always(&json!([fee, energy(200.0)]))
                ]))
            },
            &["price-flat-per-period"],
        ),
        experiment(
            "min",
            "The minimum price is a floor",
            &["PRC-005", "PRC-006"],
            "energy at 0.01, at least 5.00 without and 6.05 with VAT",
            |_| {
                with(
                    &json!([always(&json!([energy(0.01)]))]),
                    &json!({"min_price": {"excl_vat": 5.0, "incl_vat": 6.05}}),
                )
            },
            &["price-no-min"],
        ),
        experiment(
            "min-not-added",
            "The minimum price is not added",
            &["PRC-009"],
            "a fee of 7.00, at least 5.00",
            |_| {
                with(
                    &json!([always(&json!([part("FLAT", 7.0, 1)]))]),
                    &json!({"min_price": {"excl_vat": 5.0, "incl_vat": 5.0}}),
                )
            },
            &["price-min-added"],
        ),
        experiment(
            "min-vat",
            "The minimum price holds without and with VAT for itself",
            &["PRC-006"],
            "a fee of 4.00 with 50 % VAT, at least 5.00 without and 5.50 with VAT: 5.00 and 6.00",
            |_| {
                with(
                    &json!([always(&json!([vat(part("FLAT", 4.0, 1), 50.0)]))]),
                    &json!({"min_price": {"excl_vat": 5.0, "incl_vat": 5.5}}),
                )
            },
            &["price-bounds-couple-vat"],
        ),
        experiment(
            "max",
            "The maximum price is a ceiling",
            &["PRC-007", "PRC-070"],
            "a fee of 4.00 with 50 % VAT, at most 3.00 without and 10.00 with VAT: 3.00 and 6.00",
            |_| {
                with(
                    &json!([always(&json!([vat(part("FLAT", 4.0, 1), 50.0)]))]),
                    &json!({"max_price": {"excl_vat": 3.0, "incl_vat": 10.0}}),
                )
            },
            &["price-no-max", "price-bounds-couple-vat"],
        ),
        experiment(
            "max-vat",
            "The maximum price holds without and with VAT for itself",
            &["PRC-008"],
            "a fee of 4.00 with 50 % VAT, at most 4.50 without and 5.00 with VAT: 4.00 and 5.00",
            |_| {
                with(
                    &json!([always(&json!([vat(part("FLAT", 4.0, 1), 50.0)]))]),
                    &json!({"max_price": {"excl_vat": 4.5, "incl_vat": 5.0}}),
                )
            },
            &["price-no-max", "price-bounds-couple-vat"],
        ),
        experiment(
            "vat",
            "VAT belongs to each component; without vat there is none",
            &["PRC-021", "PRC-022"],
            "a fee of 10 without VAT, energy with 21 %, time with 10 %",
            |_| {
                one(&json!([always(&json!([
                    part("FLAT", 10.0, 1),
                    vat(energy(500.0), 21.0),
                    vat(part("TIME", 3600.0, 1), 10.0)
                ]))]))
            },
            &["price-vat-of-first", "price-vat-invented"],
        ),
        experiment(
            "free",
            "A free charge costs nothing and has its tariff",
            &["PRC-026", "PRC-079", "CDR-060"],
            "a fee of 0.00 with step_size 0",
            |_| one(&json!([always(&json!([part("FLAT", 0.0, 0)]))])),
            &["unset cdrs /tariffs"],
        ),
    ]
}

fn elements() -> Vec<Experiment> {
    vec![
        experiment(
            "first-element",
            "Each dimension is priced by the first element that has it and matches",
            &["PRC-001", "PRC-002", "PRC-004", "PRC-032"],
            "energy at 100 below 1000 kWh; then energy at 200 and time at 3600; then energy, time and a fee",
            |_| {
                one(&json!([
                    when(&json!([energy(100.0)]), &json!({"max_kwh": 1000})),
                    always(&json!([energy(200.0), part("TIME", 3600.0, 1)])),
                    always(&json!([energy(500.0), part("TIME", 9000.0, 1), part("FLAT", 3.0, 1)]))
                ]))
            },
            &["price-last-element", "price-whole-element", "price-adds-elements"],
        ),
        experiment(
            "no-element",
            "A dimension that no element prices is free",
            &["PRC-003"],
            "energy at 100 from 2999 on, time at 3600 an hour",
            |_| {
                one(&json!([
                    when(&json!([energy(100.0)]), &json!({"start_date": "2999-01-01"})),
                    always(&json!([part("TIME", 3600.0, 1)]))
                ]))
            },
            &["price-ignores-restrictions"],
        ),
        experiment(
            "fallback",
            "An element without restrictions is the fallback",
            &["PRC-004"],
            "energy at 100 from 2999 on, at 200 otherwise",
            |_| guarded(&json!({"start_date": "2999-01-01"})),
            &["price-ignores-restrictions"],
        ),
        experiment(
            "all-restrictions",
            "All restrictions of an element have to hold",
            &["PRC-036"],
            "energy at 100 on every day of the week from 2999 on, at 200 otherwise",
            |_| guarded(&json!({"day_of_week": DAYS, "start_date": "2999-01-01"})),
            &["price-any-restriction"],
        ),
        experiment(
            "power",
            "Bounds of power",
            &["PRC-048", "PRC-049"],
            "energy at 500 from 1000 kW on, at 100 between 0.01 and 1000 kW, at 200 otherwise",
            |_| {
                one(&json!([
                    when(&json!([energy(500.0)]), &json!({"min_power": 1000})),
                    when(&json!([energy(100.0)]), &json!({"min_power": 0.01, "max_power": 1000})),
                    always(&json!([energy(200.0)]))
                ]))
            },
            &["price-ignores-power"],
        ),
        experiment(
            "current",
            "Bounds of current",
            &["PRC-046", "PRC-047"],
            "energy at 500 from 5000 A on, at 100 between 0.01 and 5000 A, at 200 otherwise",
            |_| {
                one(&json!([
                    when(&json!([energy(500.0)]), &json!({"min_current": 5000})),
                    when(&json!([energy(100.0)]), &json!({"min_current": 0.01, "max_current": 5000})),
                    always(&json!([energy(200.0)]))
                ]))
            },
            &["price-ignores-power"],
        ),
    ]
}

fn calendar() -> Vec<Experiment> {
    vec![
        experiment(
            "local-time",
            "Times of day are those of the Location",
            &["PRC-037"],
            "energy at 100 around the time that it is in UTC, at 200 otherwise",
            |place| {
                let utc = |hours: i64| (place.now + TimeDelta::hours(hours)).format("%H:%M").to_string();
                guarded(&json!({"start_time": utc(-1), "end_time": utc(1)}))
            },
            &["price-utc"],
        )
        .local(),
        experiment(
            "past-midnight",
            "A window whose end is before its start goes on past midnight",
            &["PRC-040"],
            "energy at 100 from half past 23 until an hour from now, at 200 otherwise",
            |place| guarded(&json!({"start_time": "23:30", "end_time": place.time(1)})),
            &["price-no-wrap"],
        )
        .local(),
        experiment(
            "end-of-day",
            "end_time 00:00 is the end of the day",
            &["PRC-041"],
            "energy at 100 from an hour ago until 00:00, at 200 otherwise",
            |place| guarded(&json!({"start_time": place.time(-1), "end_time": "00:00"})),
            &["price-midnight-empty"],
        )
        .local(),
        experiment(
            "dates",
            "start_date is part of the range, end_date is not",
            &["PRC-042", "PRC-043"],
            "energy at 500 until today, at 600 from tomorrow on, at 100 from today until tomorrow, at 200 otherwise",
            |place| {
                let (today, tomorrow) = (place.date(0), place.date(1));
                one(&json!([
                    when(&json!([energy(500.0)]), &json!({"end_date": today})),
                    when(&json!([energy(600.0)]), &json!({"start_date": tomorrow})),
                    when(&json!([energy(100.0)]), &json!({"start_date": today, "end_date": tomorrow})),
                    always(&json!([energy(200.0)]))
                ]))
            },
            &["price-end-date-inclusive", "price-ignores-restrictions"],
        )
        .local(),
        experiment(
            "weekdays",
            "day_of_week is the local day",
            &["PRC-054"],
            "energy at 500 on the other days of the week, at 100 today, at 200 otherwise",
            |place| {
                let today = DAYS[place.local().weekday().num_days_from_monday() as usize];
                let others: Vec<&str> = DAYS.into_iter().filter(|day| *day != today).collect();
                one(&json!([
                    when(&json!([energy(500.0)]), &json!({"day_of_week": others})),
                    when(&json!([energy(100.0)]), &json!({"day_of_week": [today]})),
                    always(&json!([energy(200.0)]))
                ]))
            },
            &["price-ignores-weekday"],
        )
        .local(),
    ]
}

fn choice() -> Vec<Experiment> {
    vec![
        experiment(
            "choice",
            "The tariff is one that is valid, and meant for such a session",
            &["TAR-039", "TAR-042", "TAR-043", "TAR-060", "TAR-062", "CDR-059"],
            "four tariffs at one connector: one that has ended, one that has not begun, one for ad hoc payment, a REGULAR one",
            |_| {
                let at = |price: f64, extra: Value| {
                    with(&json!([always(&json!([part("FLAT", price, 1)]))]), &extra).remove(0)
                };
                vec![
                    at(51.0, json!({"type": "REGULAR", "end_date_time": "2024-01-01T00:00:00Z"})),
                    at(52.0, json!({"type": "REGULAR", "start_date_time": "2999-01-01T00:00:00Z"})),
                    at(53.0, json!({"type": "AD_HOC_PAYMENT"})),
                    at(
                        1.0,
                        json!({"type": "REGULAR", "start_date_time": "2024-01-01T00:00:00Z", "end_date_time": "2999-01-01T00:00:00Z"}),
                    ),
                ]
            },
            &["tariff-any"],
        ),
        experiment(
            "snapshot",
            "The tariff is that of the start of the session",
            &["CDR-046", "PRC-079", "CDR-059"],
            "a fee of 1.00, which is changed to 60.00 while the vehicle charges",
            |_| one(&json!([always(&json!([part("FLAT", 1.0, 1)]))])),
            &["cdr-current-tariff"],
        )
        .changing(),
    ]
}

fn reservations() -> Vec<Experiment> {
    vec![
        experiment(
            "reservation",
            "A reservation has its own price, step and period",
            &["PRC-013", "PRC-014", "PRC-034", "PRC-055", "PRC-080", "PRC-086"],
            "reservation time at 360 an hour in steps of 60 s; energy at 200 and time at 720 an hour for the charge",
            |_| {
                one(&json!([
                    when(&json!([part("TIME", 360.0, 60)]), &reserved()),
                    always(&json!([energy(200.0), part("TIME", 720.0, 1)]))
                ]))
            },
            &[
                "price-reservation-as-time",
                "price-reservation-unrounded",
                "reservation-time-doubled",
                "reservation-bills-from-charge",
            ],
        )
        .course(Course::Reserved),
        experiment(
            "reservation-fee",
            "The fee of a reservation comes on top, and what is due when it expires is not due",
            &["PRC-015", "PRC-016", "PRC-075"],
            "a fee of 2.00 for a reservation, of 9.00 for an expired one, of 0.50 for the session",
            |_| {
                one(&json!([
                    when(&json!([part("FLAT", 9.0, 1)]), &expired()),
                    when(&json!([part("FLAT", 2.0, 1)]), &reserved()),
                    always(&json!([part("FLAT", 0.5, 1), energy(100.0)]))
                ]))
            },
            &["price-reservation-fee-once", "price-reservation-fee-apart", "price-expired-always"],
        )
        .course(Course::Reserved),
        experiment(
            "reservation-expired",
            "An expired reservation costs its time until the end, and the fee for that",
            &["PRC-016", "PRC-017", "PRC-018"],
            "reservation time at 3600 an hour, a fee of 4.00 when it expires; nobody comes",
            |_| {
                one(&json!([
                    when(&json!([part("FLAT", 4.0, 1)]), &expired()),
                    when(&json!([part("TIME", 3600.0, 1)]), &reserved()),
                    always(&json!([energy(100.0)]))
                ]))
            },
            &["price-expired-as-used", "price-expired-only", "reservation-billed-in-part"],
        )
        .course(Course::Expired),
        experiment(
            "reservation-expired-time",
            "The time of an expired reservation is billed once, at the price for that",
            &["PRC-019"],
            "reservation time at 3600 an hour, at 7200 when it expires; nobody comes",
            |_| {
                one(&json!([
                    when(&json!([part("TIME", 3600.0, 1)]), &reserved()),
                    when(&json!([part("TIME", 7200.0, 1)]), &expired()),
                    always(&json!([energy(100.0)]))
                ]))
            },
            &["price-expired-both", "price-expired-as-used"],
        )
        .course(Course::Expired),
    ]
}

fn switches() -> Vec<Experiment> {
    vec![
        experiment(
            "switch",
            "Nothing is rounded where the tariff changes",
            &["PRC-067", "CDR-089"],
            "energy at 100 in steps of 1 kWh, by another tariff at 200 in steps of 1 Wh for PROFILE_FAST, which the driver prefers after a while",
            |_| {
                let of = |kind: &str, price: f64, step: i64| {
                    with(&json!([always(&json!([part("ENERGY", price, step)]))]), &json!({"type": kind})).remove(0)
                };
                vec![of("PROFILE_FAST", 200.0, 1), of("REGULAR", 100.0, 1000)]
            },
            &["price-step-per-period", "price-first-step"],
        )
        .course(Course::Preferring),
        experiment(
            "power-changes",
            "A price for little power holds while little flows, and then no more",
            &["PRC-050", "PRC-059"],
            "energy at 100 below 6 kW, at 200 otherwise; the vehicle takes more, is limited to 6 A for a while, and takes more again",
            |_| {
                one(&json!([
                    when(&json!([energy(100.0)]), &json!({"max_power": 6.0})),
                    always(&json!([energy(200.0)]))
                ]))
            },
            &["price-ignores-power", "periods-not-cut"],
        )
        .course(Course::Limited),
    ]
}
