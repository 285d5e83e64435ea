//! Prices generated sessions with this engine and with the command line of the crate `ocpi-tariffs`, and lists where the
//! two differ. `docs/pricing-compared.md` explains what it finds.
//!
//! ```text
//! cargo install ocpi-tariffs-cli --version 0.54.0 --ignore-rust-version
//! cargo run --release -p ocpi-types --example pricing_compare -- ocpi-tariffs tariffs.json 10
//! ```
//!
//! `tariffs.json` is a JSON array of OCPI tariffs; `generated` instead of a file name makes tariffs up. The number is that
//! of sessions for each tariff. Everything is the same on every run.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::{env, fs, io::Write};

use chrono::TimeDelta;
use ocpi_types::pricing::{self, Draft, Priced, Tz};
use ocpi_types::{DateTime, Decimal, Tariff, format_date_time, parse_date_time};
use serde_json::{Value, json};

const ZONE: Tz = Tz::Europe__Amsterdam;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [program, source, sessions] = arguments.as_slice() else {
        eprintln!("usage: pricing_compare OCPI_TARIFFS_PROGRAM TARIFFS_FILE|generated SESSIONS_PER_TARIFF");
        std::process::exit(2);
    };
    let sessions: u32 = sessions.parse().expect("a number of sessions");
    let mut random = Random(42);
    let tariffs = if source == "generated" {
        (0..400).map(|number| made_up(number, &mut random)).collect()
    } else {
        let text = fs::read_to_string(source).expect("a readable file");
        serde_json::from_str::<Vec<Value>>(&text).expect("a JSON array of tariffs")
    };
    let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for tariff in tariffs {
        let Ok(read) = pricing::read_tariffs(tariff.clone()) else { continue };
        for _ in 0..sessions {
            let cdr = session(&tariff, &read[0], &mut random);
            let (class, detail) = compare(program, &cdr);
            classes.entry(class).or_default().push(detail);
        }
    }
    for (class, mut details) in classes {
        println!("{:6}  {class}", details.len());
        details.retain(|detail| !detail.is_empty());
        for detail in details.iter().take(3) {
            println!("        {detail}");
        }
    }
}

/// Numbers that look random and are the same on every run (a linear congruential generator).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.below(u64::try_from(high - low).unwrap_or(1))).unwrap_or(0)
    }
}

/// A CDR that starts a new period wherever the clock changes the price, as OCPI demands of a CPO.
fn session(json: &Value, tariff: &Tariff, random: &mut Random) -> Value {
    let (base, _) = parse_date_time("2026-06-05T00:00:00Z").expect("a date");
    let start = base + TimeDelta::minutes(random.between(0, 30 * 24 * 60));
    let charging = TimeDelta::minutes(random.between(1, 400));
    let parking = TimeDelta::minutes(if random.below(2) == 0 { 0 } else { random.between(1, 300) });
    let watts = random.between(2_000, 22_000);
    let stops = (start + charging, start + charging + parking);
    let mut periods = Vec::new();
    let mut energy = Decimal::ZERO;
    let mut now = start;
    while now < stops.1 {
        let stop = if now < stops.0 { stops.0 } else { stops.1 };
        let end = pricing::next_change(tariff, ZONE, start, now).map_or(stop, |change| change.min(stop));
        let length = Decimal::from((end - now).num_seconds());
        let hours = pricing::hours(length);
        let mut dimensions = vec![json!({ "type": if now < stops.0 { "TIME" } else { "PARKING_TIME" }, "volume": hours_json(hours) })];
        if now < stops.0 {
            let kwh = (length * Decimal::from(watts) / Decimal::from(3_600_000)).round_dp(3);
            energy += kwh;
            dimensions.push(json!({ "type": "ENERGY", "volume": hours_json(kwh) }));
            let kilowatts = hours_json(Decimal::new(watts, 3));
            dimensions.push(json!({ "type": "MIN_POWER", "volume": kilowatts }));
            dimensions.push(json!({ "type": "MAX_POWER", "volume": kilowatts }));
        }
        periods.push(json!({ "start_date_time": format_date_time(&now), "dimensions": dimensions, "tariff_id": json["id"] }));
        now = end;
    }
    cdr(json, start, stops.1, periods, energy)
}

fn hours_json(number: Decimal) -> Value {
    serde_json::from_str(&number.normalize().to_string()).expect("a number")
}

fn cdr(tariff: &Value, start: DateTime, end: DateTime, periods: Vec<Value>, energy: Decimal) -> Value {
    json!({
        "country_code": "NL", "party_id": "TST", "id": "1",
        "start_date_time": format_date_time(&start), "end_date_time": format_date_time(&end),
        "cdr_token": { "country_code": "NL", "party_id": "EMS", "uid": "1", "type": "RFID", "contract_id": "1" },
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "1", "address": "A 1", "city": "B", "country": "NLD",
            "coordinates": { "latitude": "52.00000", "longitude": "4.00000" }, "evse_uid": "1", "evse_id": "NL*TST*E1",
            "connector_id": "1", "connector_standard": "IEC_62196_T2", "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE"
        },
        "currency": tariff["currency"], "tariffs": [tariff], "charging_periods": periods,
        "total_cost": { "excl_vat": 0 }, "total_energy": hours_json(energy),
        "total_time": hours_json(pricing::hours(Decimal::from((end - start).num_seconds()))),
        "last_updated": format_date_time(&end)
    })
}

/// A tariff with all that pricing knows, except reservations.
fn made_up(number: u32, random: &mut Random) -> Value {
    let dimensions = ["ENERGY", "TIME", "PARKING_TIME", "FLAT"];
    let elements: Vec<Value> = (0..random.between(1, 4))
        .map(|_| {
            let components: Vec<Value> = (0..random.between(1, 4))
                .map(|_| {
                    let price = hours_json(Decimal::new(random.between(0, 500), 2));
                    let step = [1, 1, 60, 300, 900][usize::try_from(random.below(5)).unwrap_or(0)];
                    let dimension = dimensions[usize::try_from(random.below(4)).unwrap_or(0)];
                    json!({ "type": dimension, "price": price, "vat": random.between(0, 25), "step_size": step })
                })
                .collect();
            json!({ "price_components": components, "restrictions": made_up_restrictions(random) })
        })
        .collect();
    let mut tariff = json!({
        "country_code": "NL", "party_id": "TST", "id": number.to_string(), "currency": "EUR", "elements": elements,
        "last_updated": "2026-01-01T00:00:00Z"
    });
    if random.below(5) == 0 {
        tariff["max_price"] = json!({ "excl_vat": 10, "incl_vat": 11 });
    }
    tariff
}

fn made_up_restrictions(random: &mut Random) -> Value {
    let hour = |random: &mut Random| format!("{:02}:00", random.below(24));
    match random.below(8) {
        0 => json!({ "start_time": hour(random), "end_time": hour(random) }),
        1 => json!({ "min_kwh": random.between(1, 30) }),
        2 => json!({ "max_kwh": random.between(1, 30) }),
        3 => json!({ "min_duration": random.between(1, 200) * 60 }),
        4 => json!({ "max_duration": random.between(1, 200) * 60 }),
        5 => json!({ "day_of_week": ["SATURDAY", "SUNDAY"], "start_time": hour(random) }),
        6 => json!({ "max_power": random.between(4, 20) }),
        _ => Value::Null,
    }
}

fn compare(program: &str, cdr: &Value) -> (String, String) {
    let draft = Draft::read(cdr.clone()).expect("a CDR");
    let ours = pricing::price(&draft.input(ZONE));
    let detail = || format!("{} | {cdr}", pricing::explain(&ours).join("; "));
    match theirs(program, cdr) {
        Err(message) => (format!("only here ({})", message.lines().last().unwrap_or_default()), detail()),
        Ok(total) if (total - ours.total.excl_vat).abs() <= Decimal::new(1, 2) => ("same".into(), String::new()),
        Ok(total) => (format!("different: {}", reason(&ours)), format!("there {total}: {}", detail())),
    }
}

/// What is special about a session that the two price differently.
fn reason(ours: &Priced) -> String {
    let mut doubts: Vec<String> = ours.findings.iter().map(|finding| format!("{:?}", finding.doubt)).collect();
    doubts.sort();
    doubts.dedup();
    let billed = ours.lines.iter().any(|line| line.billed != line.quantity);
    let limited = ours.total != ours.unlimited;
    format!("{}{}{}", doubts.join(" "), if billed { " step_size" } else { "" }, if limited { " limit" } else { "" })
}

/// The total cost excluding VAT that the other program prints.
fn theirs(program: &str, cdr: &Value) -> Result<Decimal, String> {
    let mut child = Command::new(program)
        .args(["price", "--ocpi-version", "v221", "--timezone", ZONE.name()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("an input").write_all(cdr.to_string().as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    let row = text.lines().find(|line| line.contains("Total Cost (Excl.)"));
    let cell = row.and_then(|row| row.split('|').nth(2)).unwrap_or_default();
    let digits: String = cell.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).collect();
    digits.parse().map_err(|_| String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
