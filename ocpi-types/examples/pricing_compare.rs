//! Prices generated sessions with this engine and with the command line of the crate `ocpi-tariffs`, and lists where the
//! two differ. `docs/pricing-compared.md` explains what it finds.
//!
//! ```text
//! cargo install ocpi-tariffs-cli --version 0.54.0 --ignore-rust-version
//! cargo run --release -p ocpi-types --example pricing_compare -- ocpi-tariffs tariffs.json in-order 20
//! ```
//!
//! `tariffs.json` is a JSON array of OCPI tariffs; `generated` instead of a file name makes tariffs up. With `in-order` the
//! CDRs start a new period wherever the price changes, with `plain` they do not. The number is that of sessions for each
//! tariff. Everything is the same on every run.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::{env, fs, io::Write};

use chrono::TimeDelta;
use ocpi_types::pricing::{self, Charge, Doubt, Draft, Priced, Tz};
use ocpi_types::{DateTime, Decimal, Tariff, format_date_time, parse_date_time};
use serde_json::{Value, json};

const ZONE: Tz = Tz::Europe__Amsterdam;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [program, source, periods @ ("in-order" | "plain"), sessions] = arguments.as_slice() else {
        eprintln!(
            "usage: pricing_compare OCPI_TARIFFS_PROGRAM TARIFFS_FILE|generated in-order|plain SESSIONS_PER_TARIFF"
        );
        std::process::exit(2);
    };
    let sessions: u32 = sessions.parse().expect("a number of sessions");
    let mut random = Random(42);
    let tariffs = if *source == "generated" {
        (0..400).map(|id| made_up(id, &mut random)).collect()
    } else {
        let text = fs::read_to_string(source).expect("a readable file");
        serde_json::from_str::<Vec<Value>>(&text).expect("a JSON array of tariffs")
    };
    let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for tariff in tariffs {
        let Ok(read) = pricing::read_tariffs(tariff.clone()) else { continue };
        for _ in 0..sessions {
            let cdr = session(&tariff, &read[0], *periods == "in-order", &mut random);
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

/// A CDR of a session with an even pace. In order, it starts a new period wherever the price changes, as OCPI demands of a
/// CPO; otherwise it has one period for charging and one for parking.
fn session(json: &Value, tariff: &Tariff, in_order: bool, random: &mut Random) -> Value {
    let (base, _) = parse_date_time("2026-06-05T00:00:00Z").expect("a date");
    let start = base + TimeDelta::minutes(random.between(0, 30 * 24 * 60));
    let charging = TimeDelta::minutes(random.between(1, 400));
    let parking = TimeDelta::minutes(if random.below(2) == 0 { 0 } else { random.between(1, 300) });
    // 6 kW are 1 kWh in ten minutes: every whole kWh is reached at a whole second.
    let kilowatts = Decimal::from(random.between(1, 4) * 6);
    let stops = (start + charging, start + charging + parking);
    let mut changes = vec![stops.0, stops.1];
    if in_order {
        let by_clock = |from: &DateTime| pricing::next_change(tariff, ZONE, start, *from);
        changes.extend(std::iter::successors(by_clock(&start), by_clock).take_while(|change| *change < stops.1));
        let seconds = pricing::thresholds(tariff).kwh.into_iter().map(|kwh| kwh * Decimal::from(3600) / kilowatts);
        let reached = seconds.filter_map(|seconds| i64::try_from(seconds.round()).ok());
        changes.extend(reached.map(|seconds| start + TimeDelta::seconds(seconds)).filter(|at| *at < stops.0));
    }
    changes.retain(|change| *change > start);
    changes.sort();
    changes.dedup();
    let mut periods = Vec::new();
    let mut energy = Decimal::ZERO;
    let mut now = start;
    for end in changes {
        let length = Decimal::from((end - now).num_seconds());
        let what = if now < stops.0 { "TIME" } else { "PARKING_TIME" };
        let mut dimensions = vec![json!({ "type": what, "volume": number(pricing::hours(length)) })];
        if now < stops.0 {
            let kwh = (length * kilowatts / Decimal::from(3600)).round_dp(4);
            energy += kwh;
            for (what, volume) in [("ENERGY", kwh), ("MIN_POWER", kilowatts), ("MAX_POWER", kilowatts)] {
                dimensions.push(json!({ "type": what, "volume": number(volume) }));
            }
        }
        periods.push(
            json!({ "start_date_time": format_date_time(&now), "dimensions": dimensions, "tariff_id": json["id"] }),
        );
        now = end;
    }
    cdr(json, start, stops.1, &periods, energy)
}

fn number(number: Decimal) -> Value {
    serde_json::from_str(&number.normalize().to_string()).expect("a number")
}

fn cdr(tariff: &Value, start: DateTime, end: DateTime, periods: &[Value], energy: Decimal) -> Value {
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
        "total_cost": { "excl_vat": 0 }, "total_energy": number(energy),
        "total_time": number(pricing::hours(Decimal::from((end - start).num_seconds()))),
        "last_updated": format_date_time(&end)
    })
}

/// A tariff with all that pricing knows, except reservations.
fn made_up(id: u32, random: &mut Random) -> Value {
    let dimensions = ["ENERGY", "TIME", "PARKING_TIME", "FLAT"];
    let elements: Vec<Value> = (0..random.between(1, 4))
        .map(|_| {
            let components: Vec<Value> = (0..random.between(1, 4))
                .map(|_| {
                    let price = number(Decimal::new(random.between(0, 500), 2));
                    let step = [1, 1, 60, 300, 900][usize::try_from(random.below(5)).unwrap_or(0)];
                    let dimension = dimensions[usize::try_from(random.below(4)).unwrap_or(0)];
                    json!({ "type": dimension, "price": price, "vat": random.between(0, 25), "step_size": step })
                })
                .collect();
            json!({ "price_components": components, "restrictions": made_up_restrictions(random) })
        })
        .collect();
    let mut tariff = json!({
        "country_code": "NL", "party_id": "TST", "id": id.to_string(), "currency": "EUR", "elements": elements,
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
        Ok((excl, incl)) if close(excl, ours.total.excl_vat) && close(incl, with_vat(&ours)) => {
            ("same".into(), String::new())
        }
        Ok((excl, incl)) => {
            (format!("different: {}", reason(&ours, excl)), format!("there {excl} and {incl} with VAT: {}", detail()))
        }
    }
}

fn close(a: Decimal, b: Decimal) -> bool {
    (a - b).abs() <= Decimal::new(1, 2)
}

fn with_vat(priced: &Priced) -> Decimal {
    priced.total.incl_vat.unwrap_or(priced.total.excl_vat)
}

/// Why the two differ, as far as this engine can tell by following the other's rule.
fn reason(ours: &Priced, theirs: Decimal) -> &'static str {
    if ours.findings.iter().any(|finding| finding.doubt == Doubt::Straddle) {
        "the price changes within a period"
    } else if ours.total != ours.unlimited && close(ours.unlimited.excl_vat, theirs) {
        "price limits"
    } else if close(counting_free_amounts(ours), theirs) || close(counting_free_amounts(ours).min(Decimal::TEN), theirs)
    {
        "step_size on a total with free amounts"
    } else {
        "something else"
    }
}

/// The total if `step_size` rounded all that was consumed, and not only what has a price.
fn counting_free_amounts(ours: &Priced) -> Decimal {
    let mut total = ours.unlimited.excl_vat;
    for (charge, all, unit) in [
        (Charge::Energy, ours.measured.energy, 1000),
        (Charge::Time, ours.measured.time, 1),
        (Charge::ParkingTime, ours.measured.parking_time, 1),
    ] {
        let Some(last) = ours.lines.iter().rfind(|line| line.charge == charge) else { continue };
        let step = Decimal::from(last.step_size) / Decimal::from(unit);
        let parked = ours.lines.iter().any(|line| line.charge == Charge::ParkingTime);
        let added = if charge == Charge::Time && parked { Decimal::ZERO } else { (all / step).ceil() * step - all };
        let hours = if charge.is_time() { Decimal::from(3600) } else { Decimal::ONE };
        total += (added - (last.billed - last.quantity)) * last.unit_price / hours;
    }
    total
}

/// The total cost without and with VAT that the other program prints.
fn theirs(program: &str, cdr: &Value) -> Result<(Decimal, Decimal), String> {
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
    let amount = |name: &str| {
        let cell = text.lines().find(|line| line.contains(name))?.split('|').nth(2)?;
        cell.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).collect::<String>().parse().ok()
    };
    let both = amount("Total Cost (Excl.)").zip(amount("Total Cost (Incl.)"));
    both.ok_or_else(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
