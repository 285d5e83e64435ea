//! `emsp price` and `emsp audit`: the pricing engine for files.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use ocpi_types::pricing::{self, Priced, PricingInput, Tz};
use ocpi_types::{Cdr, ChargingPeriod, DateTime, Object, Tariff, parse, parse_date_time};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Failure;

/// What both commands take.
#[derive(Debug, Args)]
struct Files {
    /// The CDR as JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    cdr: PathBuf,
    /// A tariff, or a list of tariffs, as JSON; may be given several times. A tariff of the same id in the CDR gives way
    #[arg(long, value_name = "FILE")]
    tariff: Vec<PathBuf>,
    /// The time zone of the location, such as Europe/Amsterdam: tariffs mean local time
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    timezone: Tz,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `emsp price`.
#[derive(Debug, Args)]
pub(super) struct PriceArgs {
    #[command(flatten)]
    files: Files,
    /// The CDR is for a reservation that expired unused
    #[arg(long)]
    reservation_expired: bool,
}

/// `emsp audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    files: Files,
}

fn zone(name: &str) -> Result<Tz, String> {
    pricing::time_zone(name).ok_or_else(|| "not a time zone of the IANA database, such as Europe/Amsterdam".to_owned())
}

/// The price, as text or JSON.
pub(super) fn price(args: &PriceArgs) -> Result<String, Failure> {
    let cdr = read(&args.files.cdr)?;
    let periods: Vec<ChargingPeriod> = objects(&args.files.cdr, cdr.get("charging_periods"))?;
    let tariffs = tariffs(&args.files, &cdr)?;
    let moment = |name: &str| cdr.get(name).and_then(Value::as_str).and_then(parse_date_time).map(|(at, _)| at);
    let first = periods.iter().map(|period| period.start_date_time).min();
    let Some(start) = moment("start_date_time").or(first) else {
        return Err(unusable(&args.files.cdr, "it has no charging_periods"));
    };
    let input = PricingInput {
        start,
        end: moment("end_date_time").unwrap_or_else(|| end_of(&periods).max(start)),
        periods: &periods,
        tariffs: &tariffs,
        time_zone: args.files.timezone,
        currency: cdr.get("currency").and_then(Value::as_str),
        reservation_expired: args.reservation_expired,
        assume_only_tariff: nobody_names_a_tariff(&periods),
    };
    let priced = pricing::price(&input);
    if args.files.json { Ok(pretty(&priced.to_json())) } else { Ok(in_words(&priced)) }
}

/// The differences, as text or JSON, and whether there are none.
pub(super) fn audit(args: &AuditArgs) -> Result<(String, bool), Failure> {
    let json = read(&args.files.cdr)?;
    let tariffs = tariffs(&args.files, &json)?;
    let parsed = parse::<Cdr>(json);
    let cdr = parsed.value.ok_or_else(|| unusable(&args.files.cdr, &parsed.report.to_string()))?;
    let differences = if nobody_names_a_tariff(&cdr.charging_periods) {
        let input = PricingInput {
            tariffs: &tariffs,
            assume_only_tariff: true,
            ..PricingInput::of_cdr(&cdr, args.files.timezone)
        };
        pricing::audit_priced(&cdr, &pricing::price(&input))
    } else {
        pricing::audit(&cdr, &tariffs, args.files.timezone)
    };
    let agrees = differences.is_empty();
    if args.files.json {
        let list: Vec<Value> = differences
            .iter()
            .map(|d| {
                let (expected, actual) = (d.expected.to_string(), d.actual.map(|actual| actual.to_string()));
                json!({ "pointer": d.pointer, "expected": expected, "actual": actual, "message": d.message })
            })
            .collect();
        return Ok((pretty(&json!({ "cdr": cdr.id.as_str(), "agrees": agrees, "differences": list })), agrees));
    }
    if agrees {
        return Ok((format!("CDR {}: all totals agree with its charging periods and tariffs.", cdr.id), true));
    }
    let mut text = format!("CDR {}:", cdr.id);
    for difference in &differences {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {} {}", difference.pointer, difference.message);
    }
    Ok((text, false))
}

/// Many CPOs leave `tariff_id` out when there is one tariff only. A CDR in which some periods have one means it.
fn nobody_names_a_tariff(periods: &[ChargingPeriod]) -> bool {
    periods.iter().all(|period| period.tariff_id.is_none())
}

/// Where a CDR without an end ends: the last period's start and its time.
fn end_of(periods: &[ChargingPeriod]) -> DateTime {
    let ends = periods.iter().map(|period| {
        let hours = period.dimensions.iter().filter(|d| d.dimension_type.as_str().ends_with("TIME")).map(|d| d.volume);
        let hours = hours.fold(Decimal::ZERO, Decimal::saturating_add);
        let seconds = hours.saturating_mul(Decimal::from(3600)).round();
        let length = i64::try_from(seconds).ok().and_then(chrono::TimeDelta::try_seconds).unwrap_or_default();
        period.start_date_time.checked_add_signed(length).unwrap_or(period.start_date_time)
    });
    ends.max().unwrap_or_default()
}

fn in_words(priced: &Priced) -> String {
    let mut text = pricing::explain(priced).join("\n");
    let billed = &priced.billed;
    let mut quantities = vec![format!("{} kWh", billed.energy.normalize())];
    for (what, seconds) in
        [("charging", billed.time), ("parking", billed.parking_time), ("reservation", billed.reservation_time)]
    {
        if !seconds.is_zero() {
            quantities.push(format!("{} h {what}", pricing::hours(seconds)));
        }
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "\nBilled: {}", quantities.join(", "));
    for finding in &priced.findings {
        let _ = write!(text, "\nNote: {finding}");
    }
    text
}

/// The tariffs of the files, then those of the CDR that are not among them.
fn tariffs(files: &Files, cdr: &Value) -> Result<Vec<Tariff>, Failure> {
    let mut tariffs: Vec<Tariff> = Vec::new();
    for path in &files.tariff {
        let json = read(path)?;
        let list = if json.is_array() { json } else { Value::Array(vec![json]) };
        tariffs.extend(objects::<Tariff>(path, Some(&list))?);
    }
    let given = tariffs.len();
    for own in objects::<Tariff>(&files.cdr, cdr.get("tariffs"))? {
        if !tariffs[..given].iter().any(|given| given.id == own.id) {
            tariffs.push(own);
        }
    }
    Ok(tariffs)
}

/// The objects of a list, as leniently as they can be read.
fn objects<T: Object>(path: &Path, list: Option<&Value>) -> Result<Vec<T>, Failure> {
    let Some(list) = list.and_then(Value::as_array) else { return Ok(Vec::new()) };
    list.iter()
        .map(|item| {
            let parsed = parse::<T>(item.clone());
            parsed.value.ok_or_else(|| unusable(path, &format!("{}: {}", T::NAME, parsed.report)))
        })
        .collect()
}

/// The JSON of a file; of a response envelope, its data.
fn read(path: &Path) -> Result<Value, Failure> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|error| unusable(path, &error.to_string()))?;
    let mut json: Value =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| unusable(path, &error.to_string()))?;
    if json.get("status_code").is_some()
        && let Some(data) = json.get_mut("data")
    {
        json = data.take();
    }
    Ok(json)
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new(3, format!("{} cannot be used: {why}", path.display()))
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
