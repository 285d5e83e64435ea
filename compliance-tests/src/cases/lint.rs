//! Cases over the contents of a list: rules beyond what the tables can say, one function each.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::case::{Case, CaseResult, TargetRole, ensure};
use crate::context::Ctx;
use crate::formats::{decimal, instant_of};
use crate::schema::is_time_of_day;

/// A case that looks at every object of a list; the function names what is wrong with one.
pub(super) fn lint(
    module: &'static str,
    rule: &str,
    title: &'static str,
    rows: &[&'static str],
    wrong: impl Fn(&Value) -> Option<String> + Send + Sync + 'static,
) -> Case {
    let wrong = Arc::new(wrong);
    Case::new(format!("{module}.content.{rule}"), title)
        .proves(rows)
        .does(format!("Looks at every object of the {module} list"))
        .expects(format!("{title}, everywhere"))
        .run(move |cx| {
            let wrong = wrong.clone();
            async move {
                let objects = cx.objects(module, 1).await?;
                report(&cx, module, &objects, |object| wrong(object))
            }
        })
}

fn report(cx: &Arc<Ctx>, module: &str, objects: &[Value], wrong: impl Fn(&Value) -> Option<String>) -> CaseResult {
    // What the operator published for the tester is not the platform's own choice.
    let published = format!("PT{}", cx.run_id);
    let found: Vec<String> = objects
        .iter()
        .filter(|object| !crate::party::id_of(module, object).to_uppercase().starts_with(&published))
        .filter_map(|object| Some(format!("{}: {}", crate::party::id_of(module, object), wrong(object)?)))
        .collect();
    ensure(found.is_empty(), "no object that breaks the rule", || {
        format!(
            "{} of {} objects, e.g. {}",
            found.len(),
            objects.len(),
            found.iter().take(5).cloned().collect::<Vec<_>>().join(" | ")
        )
    })
}

fn evses(location: &Value) -> impl Iterator<Item = &Value> {
    location["evses"].as_array().into_iter().flatten()
}

fn connectors(location: &Value) -> impl Iterator<Item = &Value> {
    evses(location).flat_map(|evse| evse["connectors"].as_array().into_iter().flatten())
}

fn list<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value[field].as_array().into_iter().flatten()
}

fn filled(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty())
}

fn number(value: &Value) -> Option<Decimal> {
    decimal(value)
}

pub(super) fn cases() -> Vec<Case> {
    [locations(), connectors_and_hours(), energy(), sessions(), cdrs(), cdr_sums(), tariffs()].concat()
}

fn locations() -> Vec<Case> {
    let lint = |rule: &str, title: &'static str, rows: &[&'static str], wrong: fn(&Value) -> Option<String>| {
        lint("locations", rule, title, rows, wrong).on(TargetRole::Cpo)
    };
    vec![
        lint(
            "last-updated",
            "last_updated is never earlier than that of the parts",
            &["LOC-091", "LOC-108", "LOC-029", "LOC-030"],
            |location| {
                let newest = |parts: &mut dyn Iterator<Item = &Value>| {
                    parts.filter_map(|part| instant_of(part, "last_updated")).max()
                };
                if instant_of(location, "last_updated") < newest(&mut evses(location)) {
                    return Some("an EVSE is newer than its Location".into());
                }
                evses(location)
                    .find(|evse| instant_of(evse, "last_updated") < newest(&mut list(evse, "connectors")))
                    .map(|evse| format!("a Connector is newer than EVSE {}", evse["uid"]))
            },
        )
        .sabotage("set locations /evses/0/last_updated \"2026-06-01T00:00:00Z\""),
        lint("publish-allowed-to", "publish_allowed_to only where publish is false", &["LOC-084"], |location| {
            (location["publish"] == true && filled(&location["publish_allowed_to"])).then(|| "publish is true".into())
        })
        .sabotage("set locations /publish_allowed_to [{\"uid\":\"1\",\"type\":\"RFID\"}]"),
        lint(
            "publish-tokens",
            "Entries of publish_allowed_to are complete",
            &["LOC-154", "LOC-155", "LOC-156"],
            |location| {
                let bad = |entry: &Value| {
                    let has = |field: &str| entry[field].is_string();
                    !(has("uid") || has("visual_number") || has("group_id"))
                        || (has("uid") && !has("type"))
                        || (has("visual_number") && !has("issuer"))
                };
                list(location, "publish_allowed_to").find(|entry| bad(entry)).map(ToString::to_string)
            },
        )
        .sabotage("set locations /publish_allowed_to [{\"uid\":\"1\"}]"),
        lint("country", "country is an alpha-3 code", &["LOC-087"], |location| {
            let country = location["country"].as_str()?;
            (!(country.len() == 3 && country.bytes().all(|b| b.is_ascii_uppercase())))
                .then(|| format!("country {country:?}"))
        })
        .sabotage("set locations /country \"NL\""),
        lint("time-zone", "time_zone is a name of the IANA database", &["LOC-089"], |location| {
            let zone = location["time_zone"].as_str()?;
            zone.parse::<chrono_tz::Tz>().is_err().then(|| format!("time_zone {zone:?}"))
        })
        .sabotage("set locations /time_zone \"Europe/Nowhere\""),
        lint("coordinates", "Coordinates lie on the earth", &["LOC-134", "LOC-135", "LOC-136"], |location| {
            let angle = |field: &str| location["coordinates"][field].as_str()?.parse::<f64>().ok();
            let (lat, long) = (angle("latitude")?, angle("longitude")?);
            (lat.abs() > 90.0 || long.abs() > 180.0).then(|| format!("{lat}, {long}"))
        })
        .sabotage("set locations /coordinates/latitude \"95.123456\""),
        lint("no-connectors", "A Location has no connectors of its own", &["LOC-003"], |location| {
            location.get("connectors").map(|_| "connectors at the Location".into())
        })
        .sabotage("set locations /connectors []"),
        lint("connector-status", "Connectors have no status", &["LOC-106"], |location| {
            connectors(location).find(|c| c.get("status").is_some()).map(|c| format!("connector {}", c["id"]))
        })
        .sabotage("set locations /evses/0/connectors/0/status \"AVAILABLE\""),
        lint("connector-ids", "Connector ids are unique within their EVSE", &["LOC-109"], |location| {
            evses(location)
                .find(|evse| {
                    let mut ids: Vec<String> =
                        list(evse, "connectors").filter_map(|c| Some(c["id"].as_str()?.to_uppercase())).collect();
                    let count = ids.len();
                    ids.sort();
                    ids.dedup();
                    ids.len() < count
                })
                .map(|evse| format!("EVSE {}", evse["uid"]))
        })
        .sabotage("set locations /evses/0/connectors/1 {\"id\":\"1\"}"),
        lint("evse-id", "evse_id has the form of eMI3", &["LOC-103", "TYP-001"], |location| {
            evses(location).filter_map(|evse| evse["evse_id"].as_str()).find(|id| !is_evse_id(id)).map(str::to_string)
        })
        .sabotage("set locations /evses/0/evse_id \"station one\""),
        lint("evse-id-kept", "Only removed EVSEs lack an evse_id", &["LOC-104"], |location| {
            evses(location)
                .find(|evse| evse["evse_id"].is_null() && evse["status"] != "REMOVED")
                .map(|evse| format!("EVSE {}", evse["uid"]))
        })
        .should()
        .sabotage("unset locations /evses/0/evse_id"),
        lint("not-available", "#NA is not used where data exists", &["TRN-093", "TRN-092"], |location| {
            ["name", "address", "city", "country", "time_zone"]
                .into_iter()
                .find(|field| location[*field] == "#NA")
                .map(str::to_string)
        })
        .sabotage("set locations /city \"#NA\""),
        lint("plain-text", "Directions hold no markup", &["TYP-021", "TYP-019", "TYP-020"], |location| {
            list(location, "directions")
                .filter_map(|d| d["text"].as_str())
                .find(|text| text.contains("</") || text.contains("<br") || text.contains("<p>"))
                .map(str::to_string)
        })
        .sabotage("set locations /directions/0/text \"<b>here</b>\""),
        unique_evses(),
    ]
}

fn unique_evses() -> Case {
    Case::new("locations.content.evse-uids", "EVSE uids are unique over all Locations")
        .proves(&["LOC-100", "LOC-097", "LOC-104"])
        .on(TargetRole::Cpo)
        .does("Compares the uids of all EVSEs of all Locations, and the evse_ids of those that are not removed")
        .expects("None twice")
        .sabotage("set locations /evses/1/uid \"LOC0-E1\"")
        .sabotage("set locations /evses/0/evse_id \"NL*CTS*ELOC1E1\"")
        .run(|cx| async move {
            let locations = cx.objects("locations", 1).await?;
            let mut seen: BTreeMap<String, String> = BTreeMap::new();
            for location in locations.iter() {
                for evse in evses(location) {
                    let place = format!("{} in {}", evse["uid"], location["id"]);
                    let mut names = vec![format!("uid {}", evse["uid"].as_str().unwrap_or("").to_uppercase())];
                    if let Some(id) = evse["evse_id"].as_str().filter(|_| evse["status"] != "REMOVED") {
                        names.push(format!("evse_id {}", id.to_uppercase().replace('*', "")));
                    }
                    for name in names {
                        if let Some(other) = seen.insert(name.clone(), place.clone()) {
                            return crate::case::fail(
                                "every uid and evse_id once",
                                format!("{name}: {other} and {place}"),
                            );
                        }
                    }
                }
            }
            Ok(())
        })
}

fn is_evse_id(id: &str) -> bool {
    let plain: String = id.chars().filter(|c| *c != '*').collect::<String>().to_uppercase();
    let bytes = plain.as_bytes();
    bytes.len() >= 7
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..5].iter().all(u8::is_ascii_alphanumeric)
        && bytes[5] == b'E'
        && bytes[6..].iter().all(u8::is_ascii_alphanumeric)
        && id.len() <= 48
}

fn connectors_and_hours() -> Vec<Case> {
    let lint = |rule: &str, title: &'static str, rows: &[&'static str], wrong: fn(&Value) -> Option<String>| {
        lint("locations", rule, title, rows, wrong).on(TargetRole::Cpo)
    };
    vec![
        lint("voltage", "max_voltage is line to neutral", &["LOC-110"], |location| {
            connectors(location).find(|c| c["power_type"] == "AC_3_PHASE" && c["max_voltage"].as_i64().is_some_and(|v| v > 300)).map(|c| format!("{} V on three phases", c["max_voltage"]))
        })
        .should()
        .sabotage("set locations /evses/0/connectors/0/max_voltage 400"),
        lint("power", "max_electric_power is not above what voltage and current give", &["LOC-112"], |location| {
            connectors(location)
                .find(|c| {
                    let of = |field: &str| c[field].as_i64().unwrap_or(0);
                    let phases = if c["power_type"] == "AC_3_PHASE" { 3 } else if c["power_type"].as_str().is_some_and(|kind| kind.starts_with("AC_2")) { 2 } else { 1 };
                    of("max_electric_power") > of("max_voltage") * of("max_amperage") * phases * 105 / 100
                })
                .map(|c| format!("{} W with {} V and {} A", c["max_electric_power"], c["max_voltage"], c["max_amperage"]))
        })
        .should()
        .sabotage("set locations /evses/0/connectors/0/max_electric_power 99000"),
        lint("hours", "regular_hours only and always where it is not open day and night", &["LOC-140", "LOC-141"], |location| {
            let hours = location.get("opening_times").filter(|h| h.is_object())?;
            let regular = filled(&hours["regular_hours"]);
            (hours["twentyfourseven"] == true && regular || hours["twentyfourseven"] == false && !regular).then(|| format!("twentyfourseven {} with regular_hours: {regular}", hours["twentyfourseven"]))
        })
        .sabotage("set locations /opening_times/twentyfourseven true"),
        lint("hours-order", "Opening hours are HH:MM on weekdays 1 to 7 and end after they begin", &["LOC-157", "LOC-158", "LOC-159"], |location| {
            list(&location["opening_times"], "regular_hours")
                .find(|h| {
                    let (begin, end) = (h["period_begin"].as_str().unwrap_or(""), h["period_end"].as_str().unwrap_or(""));
                    !h["weekday"].as_i64().is_some_and(|day| (1..=7).contains(&day)) || !is_time_of_day(begin) || !is_time_of_day(end) || end <= begin
                })
                .map(ToString::to_string)
        })
        .sabotage("set locations /opening_times/regular_hours/0/weekday 8")
        .sabotage("set locations /opening_times/regular_hours/0/period_end \"07:00\""),
        lint("exceptions", "Exceptional periods end after they begin", &["LOC-133", "LOC-132"], |location| {
            let hours = &location["opening_times"];
            list(hours, "exceptional_openings").chain(list(hours, "exceptional_closings")).find(|p| instant_of(p, "period_end") <= instant_of(p, "period_begin")).map(ToString::to_string)
        })
        .sabotage("set locations /opening_times/exceptional_closings/0/period_end \"2026-12-24T00:00:00Z\""),
        lint("closings", "Closings do not overlap openings", &["LOC-144"], |location| {
            let hours = &location["opening_times"];
            let overlap = |a: &Value, b: &Value| instant_of(a, "period_begin") < instant_of(b, "period_end") && instant_of(b, "period_begin") < instant_of(a, "period_end");
            list(hours, "exceptional_openings").find(|o| list(hours, "exceptional_closings").any(|c| overlap(o, c))).map(ToString::to_string)
        })
        .should()
        .sabotage("set locations /opening_times/exceptional_openings [{\"period_begin\":\"2026-12-25T10:00:00Z\",\"period_end\":\"2026-12-25T12:00:00Z\"}]"),
        lint("images", "Logos and photos have the advised size", &["LOC-148", "LOC-150"], |location| {
            list(location, "images")
                .find(|image| {
                    let side = |field: &str| image[field].as_i64().unwrap_or(0);
                    let logo = ["NETWORK", "OPERATOR", "OWNER"].iter().any(|c| image["category"] == *c);
                    let known = side("width") > 0 && side("height") > 0;
                    known && if logo { side("width") != 512 || side("height") != 512 } else { side("width") < 800 || side("height") < 600 }
                })
                .map(ToString::to_string)
        })
        .should()
        .sabotage("set locations /images [{\"url\":\"https://x.example/i.png\",\"category\":\"OPERATOR\",\"type\":\"png\",\"width\":10,\"height\":10}]"),
        lint("image-type", "Image types are gif, jpeg, png or svg", &["LOC-152"], |location| {
            list(location, "images").find(|image| !["gif", "jpeg", "png", "svg"].iter().any(|t| image["type"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(t)))).map(ToString::to_string)
        })
        .sabotage("set locations /images [{\"url\":\"https://x.example/i.bmp\",\"category\":\"OTHER\",\"type\":\"bmp\"}]"),
        lint("tariffs-listed", "Connectors list a tariff, also where charging is free", &["LOC-116"], |location| {
            let in_use = evses(location).filter(|evse| evse["status"] != "REMOVED");
            in_use.flat_map(|evse| list(evse, "connectors")).find(|c| !filled(&c["tariff_ids"])).map(|c| format!("connector {} lists none", c["id"]))
        })
        .should()
        .sabotage("unset locations /evses/0/connectors/0/tariff_ids"),
    ]
}

fn energy() -> Vec<Case> {
    let lint = |rule: &str, title: &'static str, rows: &[&'static str], wrong: fn(&Value) -> Option<String>| {
        lint("locations", rule, title, rows, wrong).on(TargetRole::Cpo)
    };
    vec![
        lint("green", "is_green_energy means green", &["LOC-128"], |location| {
            let mix = &location["energy_mix"];
            let dirty = list(mix, "energy_sources").any(|s| {
                ["NUCLEAR", "GENERAL_FOSSIL", "COAL", "GAS"].iter().any(|d| s["source"] == *d)
                    && number(&s["percentage"]).is_some_and(|p| p > Decimal::ZERO)
            }) || list(mix, "environ_impact")
                .any(|i| number(&i["amount"]).is_some_and(|a| a > Decimal::ZERO));
            (mix["is_green_energy"] == true && dirty).then(|| mix.to_string())
        })
        .sabotage("set locations /energy_mix/energy_sources/0/source \"COAL\""),
        lint("percentages", "Percentages lie between 0 and 100", &["LOC-130"], |location| {
            list(&location["energy_mix"], "energy_sources")
                .find(|s| number(&s["percentage"]).is_some_and(|p| p < Decimal::ZERO || p > Decimal::ONE_HUNDRED))
                .map(ToString::to_string)
        })
        .sabotage("set locations /energy_mix/energy_sources/0/percentage 160"),
        lint("percentages-sum", "Percentages add up to 100", &["LOC-129"], |location| {
            let parts: Vec<Decimal> =
                list(&location["energy_mix"], "energy_sources").filter_map(|s| number(&s["percentage"])).collect();
            let sum: Decimal = parts.iter().sum();
            (!parts.is_empty() && (sum - Decimal::ONE_HUNDRED).abs() > Decimal::ONE).then(|| format!("{sum}"))
        })
        .should()
        .sabotage("set locations /energy_mix/energy_sources/0/percentage 10"),
        lint("impact", "The impact is named by category", &["LOC-131"], |location| {
            list(&location["energy_mix"], "environ_impact")
                .find(|i| i.get("source").is_some() || i["category"].is_null())
                .map(ToString::to_string)
        })
        .sabotage("set locations /energy_mix/environ_impact [{\"source\":\"CARBON_DIOXIDE\",\"amount\":0}]"),
    ]
}

fn moments(object: &Value) -> Vec<DateTime<Utc>> {
    list(object, "charging_periods").filter_map(|p| instant_of(p, "start_date_time")).collect()
}

fn sessions() -> Vec<Case> {
    let lint = |rule: &str, title: &'static str, rows: &[&'static str], wrong: fn(&Value) -> Option<String>| {
        lint("sessions", rule, title, rows, wrong).on(TargetRole::Cpo)
    };
    vec![
        lint("end", "end_date_time is there when completed and not before", &["SES-066"], |session| {
            let (start, end) = (instant_of(session, "start_date_time"), instant_of(session, "end_date_time"));
            let last = moments(session).into_iter().max();
            match (session["status"].as_str()?, end) {
                ("COMPLETED", None) => Some("COMPLETED without end_date_time".into()),
                ("ACTIVE" | "PENDING", Some(_)) => Some(format!("{} with end_date_time", session["status"])),
                (_, Some(end)) if Some(end) < start || last.is_some_and(|last| end < last) => Some("ends before it began".into()),
                _ => None,
            }
        })
        .sabotage("unset sessions /end_date_time")
        .sabotage("set sessions /end_date_time \"2026-01-10T08:00:00Z\""),
        lint("not-available", "#NA only for reservations", &["SES-073", "SES-074"], |session| {
            let na = session["evse_uid"] == "#NA" || session["connector_id"] == "#NA";
            (na && session["status"] == "ACTIVE").then(|| "#NA in an ACTIVE session".into())
        })
        .unsabotaged("needs two changes of an object at once"),
        lint("currency", "Currencies are ISO 4217 codes", &["SES-075"], is_currency_wrong).sabotage("set sessions /currency \"eur\""),
        lint("energy", "kwh is not negative and is plausible", &["SES-067"], |session| {
            let kwh = number(&session["kwh"])?;
            (kwh < Decimal::ZERO || kwh > Decimal::from(5000)).then(|| format!("kwh {kwh}: Wh instead of kWh?"))
        })
        .sabotage("set sessions /kwh 41000"),
        lint("periods-in-order", "Charging periods are in order of time", &["CDR-120"], |session| {
            let starts = moments(session);
            starts.windows(2).any(|pair| pair[1] <= pair[0]).then(|| format!("{starts:?}"))
        })
        .sabotage("set sessions /charging_periods/1 {\"start_date_time\":\"2026-01-10T08:00:00Z\",\"dimensions\":[{\"type\":\"ENERGY\",\"volume\":1}]}"),
    ]
}

fn is_currency_wrong(object: &Value) -> Option<String> {
    let currency = object["currency"].as_str()?;
    (!(currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase())))
        .then(|| format!("currency {currency:?}"))
}

fn cdrs() -> Vec<Case> {
    let lint = |rule: &str, title: &'static str, rows: &[&'static str], wrong: fn(&Value) -> Option<String>| {
        lint("cdrs", rule, title, rows, wrong).on(TargetRole::Cpo)
    };
    vec![
        lint(
            "times",
            "A CDR ends after it began and after its last period began",
            &["CDR-051", "CDR-002", "CDR-120", "PRC-088"],
            |cdr| {
                let (start, end) = (instant_of(cdr, "start_date_time")?, instant_of(cdr, "end_date_time")?);
                let periods = moments(cdr);
                let wrong = end < start
                    || periods.iter().any(|p| *p < start || *p > end)
                    || periods.windows(2).any(|pair| pair[1] <= pair[0])
                    || end > crate::clock::now() + chrono::Duration::hours(1);
                wrong.then(|| format!("{start} to {end}, periods {periods:?}"))
            },
        )
        .sabotage("set cdrs /end_date_time \"2026-01-10T08:00:00Z\"")
        .sabotage("set cdrs /charging_periods/0/start_date_time \"2026-01-11T08:00:00Z\""),
        lint("session-dimensions", "No dimensions that belong to sessions only", &["CDR-096", "PRC-084"], |cdr| {
            let only = ["CURRENT", "ENERGY_EXPORT", "ENERGY_IMPORT", "POWER", "STATE_OF_CHARGE"];
            list(cdr, "charging_periods")
                .flat_map(|p| list(p, "dimensions"))
                .find(|d| only.iter().any(|o| d["type"] == *o))
                .map(ToString::to_string)
        })
        .sabotage("set cdrs /charging_periods/0/dimensions/0/type \"POWER\""),
        lint("id-length", "Only Credit CDRs have ids of more than 36 characters", &["CDR-049"], |cdr| {
            let id = cdr["id"].as_str()?;
            (id.len() > 36 && cdr["credit"] != true).then(|| id.to_string())
        })
        .sabotage("set cdrs /id \"AN-ID-OF-THIRTY-NINE-CHARACTERS-0000000\""),
        lint(
            "credit",
            "Credit CDRs name the CDR they correct",
            &["CDR-010", "CDR-011", "CDR-012", "CDR-074", "CDR-016"],
            |cdr| {
                let reference = cdr["credit_reference_id"].as_str();
                let credit = cdr["credit"] == true;
                (credit != reference.is_some()
                    || reference.is_some_and(|r| cdr["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(r))))
                .then(|| format!("credit {} with credit_reference_id {reference:?}", cdr["credit"]))
            },
        )
        .sabotage("set cdrs /credit true"),
        lint("tariffs", "Every tariff of a period is in tariffs", &["CDR-059", "CDR-122", "PRC-089"], |cdr| {
            let known: Vec<&str> = list(cdr, "tariffs").filter_map(|t| t["id"].as_str()).collect();
            list(cdr, "charging_periods")
                .filter_map(|p| p["tariff_id"].as_str())
                .find(|id| !known.iter().any(|k| k.eq_ignore_ascii_case(id)))
                .map(str::to_string)
        })
        .sabotage("set cdrs /charging_periods/0/tariff_id \"T99\""),
        lint("currency", "One ISO 4217 currency, that of the tariffs", &["CDR-058", "TAR-038"], |cdr| {
            is_currency_wrong(cdr).or_else(|| {
                list(cdr, "tariffs")
                    .find(|t| t["currency"] != cdr["currency"])
                    .map(|t| format!("{} in tariff, {} in CDR", t["currency"], cdr["currency"]))
            })
        })
        .sabotage("set cdrs /currency \"CHF\""),
        lint("evse-id", "evse_id has the form of eMI3", &["CDR-109"], |cdr| {
            cdr["cdr_location"]["evse_id"].as_str().filter(|id| *id != "#NA" && !is_evse_id(id)).map(str::to_string)
        })
        .sabotage("set cdrs /cdr_location/evse_id \"one\""),
        lint("country", "country is an alpha-3 code", &["CDR-111"], |cdr| {
            let country = cdr["cdr_location"]["country"].as_str()?;
            (country.len() != 3).then(|| country.to_string())
        })
        .sabotage("set cdrs /cdr_location/country \"NL\""),
        lint("session", "A CDR names its session", &["CDR-052"], |cdr| {
            (cdr["session_id"].is_null() && number(&cdr["total_energy"]).is_some_and(|e| e > Decimal::ZERO))
                .then(|| "no session_id although energy was charged".into())
        })
        .sabotage("unset cdrs /session_id"),
        lint("not-available", "#NA only without charging", &["CDR-113"], |cdr| {
            let na = ["evse_uid", "evse_id", "connector_id"].iter().any(|f| cdr["cdr_location"][*f] == "#NA");
            (na && number(&cdr["total_energy"]).is_some_and(|e| e > Decimal::ZERO))
                .then(|| "#NA although energy was charged".into())
        })
        .sabotage("set cdrs /cdr_location/evse_uid \"#NA\""),
        lint("free", "A free session has its tariff", &["CDR-060", "PRC-079"], |cdr| {
            (number(&cdr["total_cost"]["excl_vat"]).is_some_and(|c| c.is_zero()) && !filled(&cdr["tariffs"]))
                .then(|| "free, without tariff".into())
        })
        .should()
        .unsabotaged("needs a free session without tariff: two changes at once"),
    ]
}

fn near(a: Decimal, b: Decimal) -> bool {
    (a - b).abs() <= Decimal::new(2, 2)
}

fn volume(cdr: &Value, dimension: &str) -> Option<Decimal> {
    let volumes: Vec<Decimal> = list(cdr, "charging_periods")
        .flat_map(|p| list(p, "dimensions"))
        .filter(|d| d["type"] == dimension)
        .filter_map(|d| number(&d["volume"]))
        .collect();
    (!volumes.is_empty()).then(|| volumes.iter().sum())
}

fn cdr_sums() -> Vec<Case> {
    let lint = |rule: &str, title: &'static str, rows: &[&'static str], wrong: fn(&Value) -> Option<String>| {
        lint("cdrs", rule, title, rows, wrong).on(TargetRole::Cpo)
    };
    vec![
        lint("total-cost", "total_cost is the sum of its parts", &["CDR-062", "PRC-070"], |cdr| {
            let bounded = list(cdr, "tariffs").any(|t| t["min_price"].is_object() || t["max_price"].is_object());
            let parts = [
                "total_fixed_cost",
                "total_energy_cost",
                "total_time_cost",
                "total_parking_cost",
                "total_reservation_cost",
            ];
            let given: Vec<Decimal> = parts.iter().filter_map(|f| number(&cdr[*f]["excl_vat"])).collect();
            let total = number(&cdr["total_cost"]["excl_vat"])?;
            let sum: Decimal = given.iter().sum();
            (!given.is_empty() && !bounded && cdr["credit"] != true && !near(sum, total))
                .then(|| format!("parts {sum}, total_cost {total}"))
        })
        .sabotage("set cdrs /total_cost/excl_vat 9.99"),
        lint(
            "energy",
            "total_energy is the sum of the periods, in kWh",
            &["CDR-064", "CDR-098", "PRC-076", "PRC-083"],
            |cdr| {
                let (sum, total) = (volume(cdr, "ENERGY")?, number(&cdr["total_energy"])?);
                (!near(sum, total)).then(|| format!("periods {sum} kWh, total_energy {total}"))
            },
        )
        .sabotage("set cdrs /charging_periods/0/dimensions/0/volume 10000"),
        lint("time", "total_time is the whole duration, in hours", &["CDR-066", "CDR-099", "PRC-077"], |cdr| {
            let duration = instant_of(cdr, "end_date_time")? - instant_of(cdr, "start_date_time")?;
            let hours = Decimal::from(duration.num_seconds()) / Decimal::from(3600);
            let total = number(&cdr["total_time"])?;
            ((hours - total).abs() > Decimal::new(3, 2))
                .then(|| format!("{} h from start to end, total_time {total}", hours.round_dp(3)))
        })
        .should()
        .sabotage("set cdrs /total_time 30"),
        lint("parking", "Parking time lies within the whole time", &["CDR-068", "PRC-078", "CDR-071"], |cdr| {
            let (parking, total) = (number(&cdr["total_parking_time"])?, number(&cdr["total_time"])?);
            (parking < Decimal::ZERO || parking > total).then(|| format!("{parking} of {total} hours"))
        })
        .sabotage("set cdrs /total_parking_time 7"),
        lint("negative", "Costs are negative in Credit CDRs only", &["CDR-014"], |cdr| {
            let cost = number(&cdr["total_cost"]["excl_vat"])?;
            (cdr["credit"] != true && cost < Decimal::ZERO).then(|| format!("total_cost {cost}"))
        })
        .sabotage("set cdrs /total_cost/excl_vat -3.9"),
        lint(
            "simple-energy-price",
            "Energy is charged at the tariff's price",
            &["CDR-065", "PRC-020", "PRC-023", "PRC-024", "PRC-072"],
            |cdr| {
                let tariffs: Vec<&Value> = list(cdr, "tariffs").collect();
                let [tariff] = tariffs.as_slice() else { return None };
                let elements: Vec<&Value> = list(tariff, "elements").collect();
                let prices: Vec<&Value> = elements
                    .iter()
                    .flat_map(|e| list(e, "price_components"))
                    .filter(|c| c["type"] == "ENERGY")
                    .collect();
                let unrestricted = elements.iter().all(|e| {
                    e["restrictions"].is_null()
                        || e["restrictions"].as_object().is_some_and(|m| m.values().all(Value::is_null))
                });
                let [price] = prices.as_slice() else { return None };
                let cost = number(&cdr["total_energy_cost"]["excl_vat"])?;
                if !unrestricted || tariff["min_price"].is_object() || tariff["max_price"].is_object() {
                    return None;
                }
                let step = number(&price["step_size"]).filter(|s| *s > Decimal::ZERO).unwrap_or(Decimal::ONE);
                let wh = number(&cdr["total_energy"])? * Decimal::ONE_THOUSAND;
                let billed = (wh / step).ceil() * step / Decimal::ONE_THOUSAND;
                let wanted = billed * number(&price["price"])?;
                (!near(wanted, cost)).then(|| {
                    format!("{billed} kWh at {} is {}, total_energy_cost {cost}", price["price"], wanted.round_dp(4))
                })
            },
        )
        .sabotage("set cdrs /tariffs/0/elements/0/price_components/0/price 1.5"),
    ]
}

fn tariffs() -> Vec<Case> {
    let lint = |rule: &str, title: &'static str, rows: &[&'static str], wrong: fn(&Value) -> Option<String>| {
        lint("tariffs", rule, title, rows, wrong).on(TargetRole::Cpo)
    };
    vec![
        lint("currency", "Currencies are ISO 4217 codes", &["TAR-038"], is_currency_wrong)
            .sabotage("set tariffs /currency \"eur\""),
        lint("default", "Each dimension ends in an element without restrictions", &["TAR-040", "PRC-004"], |tariff| {
            ["ENERGY", "TIME", "PARKING_TIME", "FLAT"].into_iter().find_map(|dimension| {
                let last = list(tariff, "elements")
                    .filter(|e| {
                        list(e, "price_components").any(|c| c["type"] == dimension)
                            && e["restrictions"]["reservation"].is_null()
                    })
                    .last()?;
                let free = last["restrictions"].is_null()
                    || last["restrictions"]
                        .as_object()
                        .is_some_and(|m| m.values().all(|v| v.is_null() || v.as_array().is_some_and(Vec::is_empty)));
                (!free).then(|| format!("{dimension} is always restricted"))
            })
        })
        .should()
        .sabotage("set tariffs /elements/1/restrictions {\"min_kwh\":5}"),
        lint("step-size", "step_size is 1", &["TAR-053"], |tariff| {
            list(tariff, "elements")
                .flat_map(|e| list(e, "price_components"))
                .find(|c| c["type"] != "FLAT" && c["step_size"].as_i64().is_some_and(|s| s != 1))
                .map(ToString::to_string)
        })
        .should()
        .sabotage("set tariffs /elements/0/price_components/0/step_size 500"),
        lint("reservation", "Reservation elements hold FLAT and TIME only", &["TAR-057"], |tariff| {
            list(tariff, "elements")
                .filter(|e| e["restrictions"]["reservation"].is_string())
                .flat_map(|e| list(e, "price_components"))
                .find(|c| c["type"] != "FLAT" && c["type"] != "TIME")
                .map(ToString::to_string)
        })
        .sabotage("set tariffs /elements/0/restrictions/reservation \"RESERVATION\""),
        lint("times", "Times of day and dates are spelt HH:MM and YYYY-MM-DD", &["TAR-055", "TAR-056"], |tariff| {
            list(tariff, "elements").find_map(|e| {
                let of = |field: &str| e["restrictions"][field].as_str();
                ["start_time", "end_time"]
                    .into_iter()
                    .filter_map(of)
                    .find(|t| !is_time_of_day(t))
                    .or_else(|| ["start_date", "end_date"].into_iter().filter_map(of).find(|d| d.len() != 10))
                    .map(str::to_string)
            })
        })
        .sabotage("set tariffs /elements/0/restrictions/end_time \"24:00\""),
        lint("validity", "A tariff ends after it begins", &[], |tariff| {
            let (start, end) = (instant_of(tariff, "start_date_time")?, instant_of(tariff, "end_date_time")?);
            (end <= start).then(|| format!("{start} to {end}"))
        })
        .should()
        .unsabotaged("needs two changes at once"),
        connector_tariffs(),
    ]
}

fn connector_tariffs() -> Case {
    Case::new("tariffs.content.connectors", "At most one tariff of each type is valid on a connector")
        .proves(&["LOC-113", "LOC-114"])
        .on(TargetRole::Cpo)
        .does("Looks up the tariffs of every connector and compares the validity of those of the same type")
        .expects("No two of one type at the same time")
        .sabotage("set locations /evses/0/connectors/0/tariff_ids [\"T1\",\"T2\"]")
        .run(|cx| async move {
            let (locations, tariffs) = (cx.objects("locations", 1).await?, cx.objects("tariffs", 1).await?);
            for location in locations.iter() {
                let in_use = evses(location).filter(|evse| evse["status"] != "REMOVED");
                for connector in in_use.flat_map(|evse| list(evse, "connectors")) {
                    let used: Vec<&Value> = list(connector, "tariff_ids")
                        .filter_map(|id| {
                            tariffs.iter().find(|t| {
                                t["id"]
                                    .as_str()
                                    .is_some_and(|known| id.as_str().is_some_and(|id| id.eq_ignore_ascii_case(known)))
                                    && t["party_id"] == location["party_id"]
                            })
                        })
                        .collect();
                    for (i, a) in used.iter().enumerate() {
                        let clash = used[i + 1..].iter().find(|b| {
                            let before = |x: &Value, y: &Value| {
                                instant_of(x, "end_date_time").is_some_and(|end| {
                                    instant_of(y, "start_date_time").is_some_and(|start| end <= start)
                                })
                            };
                            a["type"] == b["type"] && !before(a, b) && !before(b, a)
                        });
                        ensure(clash.is_none(), "one tariff of a type at a time", || {
                            format!(
                                "{} and {:?} on connector {} of {}",
                                a["id"],
                                clash.map(|c| &c["id"]),
                                connector["id"],
                                location["id"]
                            )
                        })?;
                    }
                }
            }
            Ok(())
        })
}
