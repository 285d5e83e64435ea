//! `emsp price` and `emsp audit`: the pricing engine for files.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use ocpi_party::ExitCode;
use ocpi_types::pricing::{self, Draft, Priced, PricingInput, Tz};
use ocpi_types::{Cdr, ChargingPeriod, Report, Tariff, parse};
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
    let draft = Draft::read(read(&args.files.cdr)?).map_err(|report| unusable(&args.files.cdr, &in_short(&report)))?;
    let tariffs = tariffs(&args.files, &draft.tariffs)?;
    let priced = pricing::price(&PricingInput {
        tariffs: &tariffs,
        reservation_expired: args.reservation_expired,
        assume_only_tariff: nobody_names_a_tariff(&draft.periods),
        ..draft.input(args.files.timezone)
    });
    if args.files.json { Ok(pretty(&priced.to_json())) } else { Ok(in_words(&priced)) }
}

/// The differences, as text or JSON, and whether there are none.
pub(super) fn audit(args: &AuditArgs) -> Result<(String, bool), Failure> {
    let parsed = parse::<Cdr>(data_of(read(&args.files.cdr)?));
    let cdr = parsed.value.ok_or_else(|| unusable(&args.files.cdr, &in_short(&parsed.report)))?;
    let tariffs = tariffs(&args.files, &cdr.tariffs)?;
    let differences = if nobody_names_a_tariff(&cdr.charging_periods) {
        let input = PricingInput::of_cdr(&cdr, args.files.timezone);
        let input = PricingInput { tariffs: &tariffs, assume_only_tariff: true, ..input };
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
fn tariffs(files: &Files, own: &[Tariff]) -> Result<Vec<Tariff>, Failure> {
    let mut tariffs = Vec::new();
    for path in &files.tariff {
        tariffs.extend(pricing::read_tariffs(read(path)?).map_err(|report| unusable(path, &in_short(&report)))?);
    }
    let given = tariffs.len();
    for own in own {
        if !tariffs[..given].iter().any(|given: &Tariff| given.id == own.id) {
            tariffs.push(own.clone());
        }
    }
    Ok(tariffs)
}

fn read(path: &Path) -> Result<Value, Failure> {
    let text =
        if path.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    let text = text.map_err(|error| unusable(path, &error.to_string()))?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| unusable(path, &error.to_string()))
}

/// Of a response envelope, its data.
fn data_of(mut json: Value) -> Value {
    if json.get("charging_periods").is_none()
        && let Some(data) = json.get_mut("data")
    {
        return data.take();
    }
    json
}

/// What makes a document unusable, without what was tolerated.
fn in_short(report: &Report) -> String {
    let all: Vec<String> = if report.is_acceptable() {
        report.findings.iter().map(ToString::to_string).collect()
    } else {
        report.violations().map(ToString::to_string).collect()
    };
    all.join("; ")
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new(ExitCode::Usage, format!("{} cannot be used: {why}", path.display()))
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
