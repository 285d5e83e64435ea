//! Reads what is needed for a price from documents that are not complete OCPI objects: a CDR that still lacks its totals,
//! a session, a tariff noted down in a hurry.

use serde_json::{Map, Value, json};

use crate::{ChargingPeriod, DateTime, Finding, Object, Report, Rule, Severity, Tariff, parse, parse_date_time};

use super::{PricingInput, Tz, stretches};

/// A CDR or a session, as far as pricing needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// `start_date_time`, or the start of the first period.
    pub start: DateTime,
    /// `end_date_time`, or as long after the start of the last period as its volumes say.
    pub end: DateTime,
    /// `currency`.
    pub currency: Option<String>,
    /// `charging_periods`.
    pub periods: Vec<ChargingPeriod>,
    /// `tariffs`.
    pub tariffs: Vec<Tariff>,
    /// The country of the location, as the document writes it: `NLD` or `NL`.
    pub country: Option<String>,
    /// What was off, with JSON Pointers. All of it was tolerated.
    pub report: Report,
}

impl Draft {
    /// Reads a document, bare or in the `data` of an OCPI answer. `Err` tells why it cannot be priced: it has no charging
    /// periods, or one that cannot be read.
    ///
    /// ```
    /// use ocpi_types::pricing::{self, Draft, Tz};
    /// let draft = Draft::read(serde_json::json!({
    ///     "charging_periods": [{
    ///         "start_date_time": "2026-05-04T08:00:00Z", "tariff_id": "t",
    ///         "dimensions": [{ "type": "ENERGY", "volume": 10 }, { "type": "TIME", "volume": 1.5 }]
    ///     }],
    ///     "tariffs": [{ "id": "t", "currency": "EUR", "elements": [{ "price_components": [{ "type": "TIME", "price": 2 }] }] }]
    /// })).unwrap();
    /// assert_eq!(pricing::price(&draft.input(Tz::UTC)).total.excl_vat.to_string(), "3");
    /// ```
    pub fn read(document: Value) -> Result<Self, Report> {
        let mut report = Report::default();
        let Some((mut map, prefix)) = object_in(document, &mut report) else { return Err(report) };
        let periods = read_list(map.remove("charging_periods"), &format!("{prefix}/charging_periods"), &mut report);
        let periods: Vec<ChargingPeriod> = match periods {
            Some(periods) if !periods.is_empty() => periods,
            _ => {
                tell(&mut report, format!("{prefix}/charging_periods"), Rule::Missing, "there is nothing to price");
                return Err(report);
            }
        };
        let currency = map.get("currency").and_then(Value::as_str).map(str::to_owned);
        let tariffs = map.remove("tariffs").filter(|tariffs| !tariffs.is_null());
        let tariffs = tariffs.map(|json| fill_in_all(json, currency.as_deref()));
        let Some(tariffs) = read_list(tariffs, &format!("{prefix}/tariffs"), &mut report) else { return Err(report) };
        let first = periods.iter().map(|period| period.start_date_time).min().unwrap_or_default();
        let last = periods.iter().max_by_key(|period| period.start_date_time);
        let end = last.map_or(first, |last| last.start_date_time + stretches::told_duration(last));
        let country = ["/cdr_location/country", "/country_code"]
            .into_iter()
            .find_map(|pointer| Value::Object(map.clone()).pointer(pointer).and_then(Value::as_str).map(str::to_owned));
        Ok(Self {
            start: moment(&map, "start_date_time", &prefix, &mut report).unwrap_or(first),
            end: moment(&map, "end_date_time", &prefix, &mut report).unwrap_or(end),
            currency,
            periods,
            tariffs,
            country,
            report,
        })
    }

    /// The input for a price, with the document's own tariffs; see [`read_tariffs`] for others.
    #[must_use]
    pub fn input(&self, time_zone: Tz) -> PricingInput<'_> {
        PricingInput {
            start: self.start,
            end: self.end,
            periods: &self.periods,
            tariffs: &self.tariffs,
            time_zone,
            currency: self.currency.as_deref(),
            reservation_expired: false,
            assume_only_tariff: false,
        }
    }
}

/// Reads one tariff, a list, or the `data` of an OCPI answer. Fields that do not matter for a price may be missing.
pub fn read_tariffs(document: Value) -> Result<Vec<Tariff>, Report> {
    let mut report = Report::default();
    let (json, prefix) = match document {
        Value::Object(mut map) if map.contains_key("data") && !map.contains_key("elements") => {
            (map.remove("data").unwrap_or_default(), "/data")
        }
        other => (other, ""),
    };
    let json = if json.is_object() { Value::Array(vec![json]) } else { json };
    read_list(Some(fill_in_all(json, None)), prefix, &mut report).ok_or(report)
}

fn object_in(document: Value, report: &mut Report) -> Option<(Map<String, Value>, String)> {
    let (json, prefix) = match document {
        Value::Object(mut map) if map.contains_key("data") && !map.contains_key("charging_periods") => {
            (map.remove("data").unwrap_or_default(), "/data")
        }
        other => (other, ""),
    };
    let (json, prefix) = match json {
        Value::Array(mut list) if list.len() == 1 => (list.remove(0), format!("{prefix}/0")),
        other => (other, prefix.to_owned()),
    };
    if let Value::Object(map) = json {
        return Some((map, prefix));
    }
    tell(report, prefix, Rule::WrongType, "a CDR or session must be an object");
    None
}

/// Reads a list of objects. `None` when one of them cannot be read at all; absent is empty.
fn read_list<T: Object>(json: Option<Value>, pointer: &str, report: &mut Report) -> Option<Vec<T>> {
    let list = match json {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => {
            tell(report, pointer.to_owned(), Rule::WrongType, "must be a list");
            return None;
        }
    };
    let mut all = Vec::new();
    let mut complete = true;
    for (index, json) in list.into_iter().enumerate() {
        let parsed = parse::<T>(json);
        for mut finding in parsed.report.findings {
            complete &= !loses_a_price(&finding);
            finding.pointer = format!("{pointer}/{index}{}", finding.pointer);
            report.findings.push(finding);
        }
        match parsed.value {
            Some(value) => all.push(value),
            None => complete = false,
        }
    }
    complete.then_some(all)
}

/// Whether something that matters for the price was left out while reading: a price, a restriction, a volume.
fn loses_a_price(finding: &Finding) -> bool {
    let lost = matches!(finding.rule, Rule::WrongType | Rule::Missing | Rule::NotADateTime);
    let irrelevant = ["/tariff_alt", "/energy_mix"].iter().any(|field| finding.pointer.starts_with(field));
    lost && finding.severity == Severity::Violation && !irrelevant
}

/// Gives tariffs the required fields that have no influence on a price, and a step of 1 where none is given.
fn fill_in_all(mut tariffs: Value, currency: Option<&str>) -> Value {
    for tariff in tariffs.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        let mut fill = |name: &str, value: &str| {
            if tariff.get(name).is_none_or(Value::is_null) {
                tariff.insert(name.to_owned(), json!(value));
            }
        };
        fill("country_code", "XX");
        fill("party_id", "XXX");
        fill("last_updated", "1970-01-01T00:00:00Z");
        if let Some(currency) = currency {
            fill("currency", currency);
        }
        for element in tariff.get_mut("elements").and_then(Value::as_array_mut).into_iter().flatten() {
            let components = element.get_mut("price_components").and_then(Value::as_array_mut);
            for component in components.into_iter().flatten().filter_map(Value::as_object_mut) {
                component.entry("step_size").or_insert(json!(1));
            }
        }
    }
    tariffs
}

fn moment(map: &Map<String, Value>, name: &str, prefix: &str, report: &mut Report) -> Option<DateTime> {
    let json = map.get(name).filter(|json| !json.is_null())?;
    let found = json.as_str().and_then(parse_date_time);
    if found.is_none() {
        let message = "cannot be read as a date and time; the charging periods tell when it was";
        tell(report, format!("{prefix}/{name}"), Rule::NotADateTime, message);
    }
    found.map(|(at, _conforming)| at)
}

fn tell(report: &mut Report, pointer: String, rule: Rule, message: &str) {
    report.findings.push(Finding { pointer, rule, severity: Severity::Tolerated, message: message.to_owned() });
}
