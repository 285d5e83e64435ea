//! CDRs on the Receiver interface.

use std::sync::Arc;

use serde_json::{Value, json};

use super::details::new_cdr;
use crate::case::{Case, CaseResult, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::Ctx;
use crate::formats::difference;
use crate::schema;

fn case(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).writes()
}

async fn post(cx: &Arc<Ctx>, cdr: &Value) -> CaseResult<Answer> {
    cx.put("POST", cx.endpoint("cdrs", "RECEIVER")?, cdr).await
}

fn location(answer: &Answer) -> CaseResult<String> {
    answer.succeeded()?;
    match answer.header("location") {
        Some(url) if url::Url::parse(url).is_ok() && url.len() <= 255 => Ok(url.to_string()),
        other => fail("a Location header with an absolute URL of at most 255 characters", format!("{other:?}")),
    }
}

async fn comes_back(cx: &Arc<Ctx>, cdr: &Value) -> CaseResult {
    let url = location(&post(cx, cdr).await?)?;
    let answer = cx.get(url).await?;
    match difference(cdr, answer.object()?, "") {
        None => Ok(()),
        Some(what) => fail("GET on the Location URL gives the CDR as posted", what),
    }
}

/// A case that POSTs a CDR with some change and wants it accepted and given back.
fn accepted(id: &'static str, title: &'static str, rows: &[&'static str], change: fn(&mut Value)) -> Case {
    case(id, title)
        .proves(rows)
        .does("POSTs such a CDR and GETs it at the Location URL")
        .expects("Success; the values come back unchanged")
        .sabotage("receiver-no-store")
        .run(move |cx| async move {
            let mut cdr = new_cdr(&cx).await?;
            change(&mut cdr);
            comes_back(&cx, &cdr).await
        })
}

pub(super) fn cases() -> Vec<Case> {
    [posting(), values()].concat()
}

fn posting() -> Vec<Case> {
    vec![
        case("cdrs.push.create", "POST creates a CDR and tells its URL")
            .proves(&["CDR-035", "CDR-038", "CDR-043", "CDR-044", "CDR-045", "CDR-022", "TRN-069"])
            .does("POSTs a CDR; GETs the URL in the Location header")
            .expects("Success, an absolute Location URL, and the CDR as it was posted")
            .sabotage("cdr-no-location")
            .sabotage("cdr-location-relative")
            .sabotage("cdr-location-dead")
            .sabotage("receiver-loses-fields")
            .run(|cx| async move { comes_back(&cx, &new_cdr(&cx).await?).await }),
        case("cdrs.push.created-201", "A new CDR is answered with HTTP 201")
            .proves(&["STA-009", "CDR-043"])
            .should()
            .does("POSTs a new CDR")
            .expects("HTTP 201")
            .sabotage("receiver-always-200")
            .run(|cx| async move { post(&cx, &new_cdr(&cx).await?).await?.has_http(201) }),
        case("cdrs.push.unknown", "GET of an unknown CDR")
            .proves(&["CDR-039", "STA-007"])
            .should()
            .does("GETs the Location URL with its last part changed")
            .expects("HTTP 404")
            .sabotage("unknown-object-200")
            .run(|cx| async move {
                let url = location(&post(&cx, &new_cdr(&cx).await?).await?)?;
                cx.get(format!("{url}NOT")).await?.has_http(404)
            }),
        case("cdrs.push.immutable", "A CDR is never overwritten")
            .proves(&["CDR-007", "CDR-005"])
            .does("POSTs a CDR, then the same id with another total_cost")
            .expects("No HTTP 5xx; the first Location URL still gives the original")
            .sabotage("cdr-overwrites")
            .sabotage("cdr-twice-500")
            .run(|cx| async move {
                let cdr = new_cdr(&cx).await?;
                let url = location(&post(&cx, &cdr).await?)?;
                let mut other = cdr.clone();
                other["total_cost"] = json!({"excl_vat": 99.5});
                post(&cx, &other).await?.no_server_error()?;
                let answer = cx.get(url).await?;
                match difference(&cdr, answer.object()?, "") {
                    None => Ok(()),
                    Some(what) => fail("the original CDR", what),
                }
            }),
        case("cdrs.push.again", "The same CDR twice")
            .proves(&["CDR-007"])
            .should()
            .does("POSTs the same CDR again, as after a lost answer")
            .expects("Success with the same Location, or a 2xxx; no HTTP 5xx")
            .sabotage("cdr-twice-500")
            .run(|cx| async move {
                let cdr = new_cdr(&cx).await?;
                let first = location(&post(&cx, &cdr).await?)?;
                let again = post(&cx, &cdr).await?;
                again.no_server_error()?;
                ensure(again.ocpi() != Some(1000) || again.header("location") == Some(&first), "the same Location", || again.describe())
            }),
        case("cdrs.push.list", "A list of CDRs is no CDR")
            .proves(&["CDR-041"])
            .does("POSTs [CDR]")
            .expects("A refusal")
            .sabotage("cdr-array-accepted")
            .run(|cx| async move { post(&cx, &json!([new_cdr(&cx).await?])).await?.refused() }),
        case("cdrs.push.methods", "PUT, PATCH and DELETE do not exist")
            .proves(&["CDR-036", "CDR-009", "TRN-023"])
            .does("Sends each to the endpoint and to a CDR's URL")
            .expects("A refusal each time; the CDR is as before")
            .sabotage("methods-accepted")
            .run(|cx| async move {
                let cdr = new_cdr(&cx).await?;
                let url = location(&post(&cx, &cdr).await?)?;
                for method in ["PUT", "PATCH", "DELETE"] {
                    for at in [cx.endpoint("cdrs", "RECEIVER")?, url.clone()] {
                        let request = cx.request(method, at);
                        let request = if method == "DELETE" { request } else { request.json(&cdr) };
                        request.send().await?.refused()?;
                    }
                }
                cx.get(url).await?.object().map(|_| ())
            }),
        case("cdrs.push.required", "A CDR without a required field")
            .proves(&["TRN-061", "TYP-005", "TYP-007", "CDR-061", "CDR-077", "CDR-109"])
            .does("POSTs a CDR once without each required field")
            .expects("status_code 2001 each time")
            .sabotage("receiver-unvalidated")
            .sabotage("receiver-crash")
            .run(|cx| async move {
                for field in schema::object("CDR").map(|t| t.fields.as_slice()).unwrap_or_default().iter().filter(|f| f.is_required()) {
                    let mut cdr = new_cdr(&cx).await?;
                    if let Some(map) = cdr.as_object_mut() {
                        map.shift_remove(&field.name);
                    }
                    let answer = post(&cx, &cdr).await?;
                    ensure(answer.http < 500 && answer.ocpi() == Some(2001), format!("status_code 2001 without {}", field.name), || answer.describe())?;
                }
                Ok(())
            }),
        case("cdrs.push.values", "A CDR with wrong values inside")
            .proves(&["CDR-121", "CDR-125", "CDR-061", "CDR-107", "CDR-058", "TYP-024", "TYP-029", "STA-019"])
            .does("POSTs CDRs without dimensions, with dimension FLAT, without periods, without signed values, with a currency of 4 letters, a price without excl_vat, an unknown connector")
            .expects("status_code 2001 each time")
            .sabotage("receiver-partly-validated")
            .sabotage("receiver-unvalidated")
            .run(|cx| async move {
                for (pointer, value) in [
                    ("/charging_periods/0/dimensions", json!([])),
                    ("/charging_periods/0/dimensions/0/type", json!("FLAT")),
                    ("/charging_periods", json!([])),
                    ("/currency", json!("EURO")),
                    ("/total_cost", json!({"incl_vat": 1})),
                    ("/cdr_location/connector_standard", json!("iec_62196_t2")),
                    ("/remark", json!("x".repeat(256))),
                ] {
                    let mut cdr = new_cdr(&cx).await?;
                    if let Some(place) = cdr.pointer_mut(pointer) {
                        *place = value.clone();
                    }
                    let answer = post(&cx, &cdr).await?;
                    ensure(answer.http < 500 && answer.ocpi() == Some(2001), format!("status_code 2001 with {pointer} = {value}"), || answer.describe())?;
                }
                Ok(())
            }),
        case("cdrs.push.two-owners", "Equal ids of two parties are two CDRs")
            .proves(&["CDR-048", "TRN-070"])
            .does("POSTs the same id under both of the tester's parties")
            .expects("Both are accepted and can be read")
            .sabotage("receiver-no-owner-key")
            .run(|cx| async move {
                let second = cx.second_owner()?.clone();
                let cdr = new_cdr(&cx).await?;
                let first = location(&post(&cx, &cdr).await?)?;
                let mut other = cdr.clone();
                other["country_code"] = json!(second.country_code);
                other["party_id"] = json!(second.party_id);
                other["remark"] = json!("another");
                let answer = post(&cx, &other).await?;
                if answer.http == 404 {
                    return skip("the platform does not accept the tester's second party");
                }
                let url = location(&answer)?;
                ensure(url != first, "another Location", || url.clone())?;
                let got = cx.get(first).await?;
                ensure(got.object()?["remark"] == cdr["remark"], "the first party's CDR", || got.describe())
            }),
    ]
}

fn values() -> Vec<Case> {
    vec![
        accepted("cdrs.push.values.credit", "A Credit CDR with a negative cost", &["CDR-015", "CDR-017"], |cdr| {
            let id = cdr["id"].as_str().unwrap_or("").to_string();
            cdr["id"] = json!(format!("{id}-C"));
            cdr["credit"] = json!(true);
            cdr["credit_reference_id"] = json!(id);
            cdr["total_cost"] = json!({"excl_vat": -3.9, "incl_vat": -4.719});
        })
        .sabotage("cdr-negative-refused"),
        accepted(
            "cdrs.push.values.unknown-location",
            "A CDR of a location that was never published",
            &["CDR-008"],
            |cdr| cdr["cdr_location"]["id"] = json!("HOME-CHARGER-1"),
        )
        .sabotage("cdr-unknown-location-refused"),
        accepted("cdrs.push.values.old", "A CDR of long ago", &["CDR-004"], |cdr| {
            cdr["start_date_time"] = json!("2024-01-10T09:00:00Z");
            cdr["end_date_time"] = json!("2024-01-10T09:30:00Z");
            cdr["charging_periods"][0]["start_date_time"] = json!("2024-01-10T09:00:00Z");
        }),
        accepted(
            "cdrs.push.values.reservation",
            "A CDR of an unused reservation",
            &["CDR-113", "CDR-114", "CDR-115", "SES-016", "CMD-030", "CMD-042"],
            |cdr| {
                for field in ["evse_uid", "evse_id", "connector_id"] {
                    cdr["cdr_location"][field] = json!("#NA");
                }
                cdr["charging_periods"][0]["dimensions"] = json!([{"type": "RESERVATION_TIME", "volume": 0.5}]);
                cdr["total_energy"] = json!(0);
                cdr["total_reservation_cost"] = json!({"excl_vat": 2.0});
                cdr["total_energy_cost"] = Value::Null;
                cdr["total_cost"] = json!({"excl_vat": 2.0});
                cdr["session_id"] = Value::Null;
            },
        ),
        accepted(
            "cdrs.push.values.notes",
            "Remarks, invoice references, home charging",
            &["CDR-072", "CDR-073", "CDR-075", "TYP-025"],
            |cdr| {
                cdr["remark"] = json!("Emergency stop — ü 充");
                cdr["invoice_reference_id"] = json!("INV-1");
                cdr["home_charging_compensation"] = json!(true);
                cdr["total_cost"] = json!({"excl_vat": 3.9});
            },
        ),
        accepted(
            "cdrs.push.values.more-periods",
            "Further periods at the same price",
            &["CDR-082", "PRC-061"],
            |cdr| {
                cdr["charging_periods"] = json!([
                {"start_date_time": "2026-01-10T09:00:00Z", "tariff_id": "T1", "dimensions": [{"type": "ENERGY", "volume": 4.0}]},
                {"start_date_time": "2026-01-10T09:10:00Z", "tariff_id": "T1", "dimensions": [{"type": "ENERGY", "volume": 6.0}]}]);
            },
        ),
        accepted(
            "cdrs.push.values.signed",
            "Signed data passes through unaltered",
            &["CDR-123", "CDR-126", "CDR-127", "CDR-128", "CDR-129", "CDR-130"],
            |cdr| {
                cdr["signed_data"] = json!({"encoding_method": "A method nobody listed", "encoding_method_version": 2, "public_key": "QUJD",
                "url": format!("https://example.org/{}", "x".repeat(490)),
                "signed_values": [{"nature": "Tariff", "plain_data": format!("\"{{'é 充 \\ <x> \"{}", "p".repeat(4980)), "signed_data": "Q".repeat(5000)},
                    {"nature": "start", "plain_data": "{\"a\": 1}", "signed_data": "QQ=="}]});
            },
        ),
        accepted("cdrs.push.values.discharged", "Energy that flowed back to the grid", &["PRC-087"], |cdr| {
            cdr["charging_periods"][0]["dimensions"][0]["volume"] = json!(-1.5);
            cdr["total_energy"] = json!(-1.5);
            cdr["total_energy_cost"] = json!({"excl_vat": 0});
            cdr["total_cost"] = json!({"excl_vat": 0});
        })
        .may(),
        accepted("cdrs.push.values.decimals", "Numbers come back exactly", &["TYP-023", "TAR-049"], |cdr| {
            cdr["total_energy"] = json!(10.0001);
            cdr["charging_periods"][0]["dimensions"][0]["volume"] = json!(10.0001);
            cdr["total_time"] = json!(1.9731);
            cdr["end_date_time"] = json!("2026-01-10T10:58:23Z");
        })
        .sabotage("receiver-floats"),
        accepted("cdrs.push.values.deviating-price", "A cost that the tariff does not explain", &["TAR-050"], |cdr| {
            cdr["tariffs"][0]["type"] = json!("PROFILE_GREEN");
            cdr["tariffs"][0]["tariff_alt_url"] = json!("https://cpo.example/hourly");
            cdr["total_cost"] = json!({"excl_vat": 3.1});
            cdr["total_energy_cost"] = json!({"excl_vat": 3.1});
        }),
    ]
}
