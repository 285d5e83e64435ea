//! Rules of single modules on Receiver and Sender interfaces: three levels of locations, charging periods, CDRs, tariffs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::receivers::{early, slot};
use super::tokens::target_token;
use crate::case::{Case, CaseResult, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, join};
use crate::fixtures;
use crate::formats::{difference, same};

pub(super) fn cases() -> Vec<Case> {
    [one_location(), parents(), location_values(), sessions(), tariffs(), preferences()].concat()
}

fn emsp(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).writes()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo)
}

fn says(answer: &Answer, wanted: &Value) -> CaseResult {
    match difference(wanted, answer.object()?, "") {
        None => Ok(()),
        Some(what) => fail("the values that were sent", what),
    }
}

/// Ids of a Location with its first EVSE and Connector.
async fn path(cx: &Arc<Ctx>) -> CaseResult<(Vec<String>, Value)> {
    let locations = cx.objects("locations", 1).await?;
    let Some(location) = locations.iter().find(|l| l["evses"][0]["connectors"][0]["id"].is_string()) else {
        return skip("no Location with an EVSE");
    };
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let evse = &location["evses"][0];
    Ok((vec![text(&location["id"]), text(&evse["uid"]), text(&evse["connectors"][0]["id"])], location.clone()))
}

fn one_location() -> Vec<Case> {
    vec![
        cpo("locations.get.levels", "GET of a Location, an EVSE and a Connector")
            .proves(&["LOC-038", "LOC-039", "LOC-040", "LOC-041", "LOC-023", "LOC-022", "TRN-087"])
            .does("GETs the three URLs of an object of the list")
            .expects("One object of the level that was asked for")
            .sabotage("object-is-parent")
            .sabotage("object-as-list")
            .run(|cx| async move {
                let (ids, _) = path(&cx).await?;
                let base = cx.sender("locations")?;
                let parts: Vec<&str> = ids.iter().map(String::as_str).collect();
                for (depth, field) in [(1, "id"), (2, "uid"), (3, "id")] {
                    let answer = cx.get(join(&base, &parts[..depth])).await?;
                    let object = answer.single()?;
                    let kind = ["coordinates", "connectors", "standard"][depth - 1];
                    let right = object[field].as_str().is_some_and(|id| id.eq_ignore_ascii_case(parts[depth - 1]))
                        && object.get(kind).is_some();
                    ensure(right, format!("the object {}", parts[depth - 1]), || answer.describe())?;
                }
                Ok(())
            }),
        cpo("locations.get.by-uid", "An EVSE is found by uid, not by evse_id")
            .proves(&["LOC-039"])
            .does("GETs an EVSE with its evse_id in the URL")
            .expects("HTTP 404 (or no data)")
            .sabotage("object-by-evse-id")
            .run(|cx| async move {
                let (ids, location) = path(&cx).await?;
                let Some(evse_id) =
                    location["evses"][0]["evse_id"].as_str().filter(|id| !id.eq_ignore_ascii_case(&ids[1]))
                else {
                    return skip("the EVSE has no evse_id of its own");
                };
                let answer = cx.get(join(&cx.sender("locations")?, &[&ids[0], evse_id])).await?;
                ensure(answer.http == 404 || answer.data().is_null(), "HTTP 404", || answer.describe())
            }),
        cpo("locations.get.case-blind", "Ids in URLs are compared without regard to case")
            .proves(&["LOC-042", "TYP-009"])
            .does("GETs a Location with its id in lower and in upper case")
            .expects("The same object")
            .sabotage("object-case-sensitive")
            .run(|cx| async move {
                let (ids, _) = path(&cx).await?;
                let base = cx.sender("locations")?;
                for id in [ids[0].to_lowercase(), ids[0].to_uppercase()] {
                    cx.get(join(&base, &[&id])).await?.object()?;
                }
                Ok(())
            }),
        cpo("locations.get.unknown", "Unknown ids at each level")
            .proves(&["LOC-043", "STA-007"])
            .should()
            .does("GETs an unknown Location, EVSE and Connector")
            .expects("HTTP 404 each time")
            .sabotage("unknown-object-200")
            .run(|cx| async move {
                let (ids, _) = path(&cx).await?;
                let base = cx.sender("locations")?;
                for parts in
                    [&["NO-SUCH"][..], &[ids[0].as_str(), "NO-SUCH"], &[ids[0].as_str(), ids[1].as_str(), "NO-SUCH"]]
                {
                    cx.get(join(&base, parts)).await?.has_http(404)?;
                }
                Ok(())
            }),
        cpo("locations.get.same-as-listed", "An object says the same in the list and by itself")
            .proves(&["LOC-041", "LOC-028"])
            .does("GETs a Location that the list holds; GETs the list with date_from = its last_updated")
            .expects("The same content, with all its EVSEs")
            .unsabotaged("the reference party keeps one copy of each object: list and single object cannot differ")
            .run(|cx| async move {
                let (ids, listed) = path(&cx).await?;
                let answer = cx.get(join(&cx.sender("locations")?, &[&ids[0]])).await?;
                let got = answer.object()?;
                if got["last_updated"] != listed["last_updated"] {
                    return skip("the Location changed meanwhile");
                }
                says(&answer, &listed)
            }),
    ]
}

async fn put_all(cx: &Arc<Ctx>) -> CaseResult<(String, Value)> {
    let slot = slot(cx, "location").await?;
    let url = slot.url(cx)?;
    cx.put("PUT", &url, &slot.object).await?.succeeded()?;
    Ok((url, slot.object))
}

fn parents() -> Vec<Case> {
    let lifts = |id: &'static str, title: &'static str, rows: &[&'static str], depth: usize, patch: bool| {
        emsp(id, title)
            .proves(rows)
            .does(format!("{} the {} alone with a newer last_updated; GETs what is above it", if patch { "PATCHes" } else { "PUTs" }, if depth == 1 { "EVSE" } else { "Connector" }))
            .expects("The parents have the new last_updated")
            .sabotage("receiver-parents-not-lifted")
            .run(move |cx| async move {
                let (url, location) = put_all(&cx).await?;
                let evse = location["evses"][0].clone();
                let uid = evse["uid"].as_str().unwrap_or("").to_string();
                let mut body = if depth == 1 { evse } else { evse["connectors"][0].clone() };
                let at = early(15);
                body["last_updated"] = json!(at);
                if patch {
                    body = json!({"last_updated": at, if depth == 1 { "floor_level" } else { "max_amperage" }: if depth == 1 { json!("2") } else { json!(20) }});
                }
                let parts = if depth == 1 { vec![uid.as_str()] } else { vec![uid.as_str(), "1"] };
                cx.put(if patch { "PATCH" } else { "PUT" }, join(&url, &parts), &body).await?.succeeded()?;
                says(&cx.get(&url).await?, &json!({"last_updated": at}))?;
                if depth == 2 {
                    says(&cx.get(join(&url, &[&uid])).await?, &json!({"last_updated": at}))?;
                }
                Ok(())
            })
    };
    vec![
        lifts("locations.push.parents.put-evse", "PUT of an EVSE lifts its Location", &["LOC-054"], 1, false),
        lifts(
            "locations.push.parents.put-connector",
            "PUT of a Connector lifts its EVSE and Location",
            &["LOC-053"],
            2,
            false,
        ),
        lifts("locations.push.parents.patch-evse", "PATCH of an EVSE lifts its Location", &["LOC-069"], 1, true),
        lifts(
            "locations.push.parents.patch-connector",
            "PATCH of a Connector lifts its EVSE and Location",
            &["LOC-068"],
            2,
            true,
        ),
        emsp("locations.push.parents.unknown", "An EVSE of an unknown Location")
            .proves(&["TRN-068"])
            .should()
            .does("PUTs an EVSE below a Location that was never pushed")
            .expects("A refusal: there is nothing to hang it on")
            .sabotage("receiver-no-parent-check")
            .run(|cx| async move {
                let url = cx.receiver("locations", cx.owner(), &[&cx.new_id("NO"), "E1"])?;
                cx.put("PUT", url, &fixtures::evse("E1", &early(0))).await?.refused()
            }),
        emsp("locations.push.removed", "A REMOVED EVSE stays")
            .proves(&["LOC-073", "LOC-019", "LOC-169"])
            .does("PATCHes an EVSE's status to REMOVED; GETs it and its Location")
            .expects("Both are still there, the EVSE with status REMOVED")
            .sabotage("receiver-removed-gone")
            .run(|cx| async move {
                let (url, location) = put_all(&cx).await?;
                let evse = join(&url, &[location["evses"][0]["uid"].as_str().unwrap_or("")]);
                cx.put("PATCH", &evse, &json!({"status": "REMOVED", "last_updated": early(9)})).await?.succeeded()?;
                says(&cx.get(&evse).await?, &json!({"status": "REMOVED"}))?;
                let parent = cx.get(&url).await?;
                let count = parent.object()?["evses"].as_array().map_or(0, Vec::len);
                ensure(count == 2, "both EVSEs in the Location", || format!("{count}"))
            }),
        emsp("locations.push.list-replaced", "A list in a PATCH replaces the stored list")
            .proves(&["LOC-072"])
            .does("PATCHes tariff_ids of a Connector")
            .expects("Only the new ids")
            .sabotage("receiver-patch-lists-append")
            .run(|cx| async move {
                let (url, location) = put_all(&cx).await?;
                let connector = join(&url, &[location["evses"][0]["uid"].as_str().unwrap_or(""), "1"]);
                cx.put("PATCH", &connector, &json!({"tariff_ids": ["T8", "T9"], "last_updated": early(9)}))
                    .await?
                    .succeeded()?;
                says(&cx.get(&connector).await?, &json!({"tariff_ids": ["T8", "T9"]}))
            }),
        emsp("locations.push.add-evse", "A new EVSE joins its Location")
            .proves(&["LOC-061", "LOC-062", "LOC-109"])
            .does("PUTs an EVSE with a new uid below a known Location; its Connector has the same id as another EVSE's")
            .expects("The Location has one EVSE more; both Connectors can be read")
            .sabotage("receiver-no-store")
            .run(|cx| async move {
                let (url, location) = put_all(&cx).await?;
                let uid = format!("{}-E9", location["id"].as_str().unwrap_or(""));
                cx.put("PUT", join(&url, &[&uid]), &fixtures::evse(&uid, &early(5))).await?.succeeded()?;
                let all = cx.get(&url).await?;
                let count = all.object()?["evses"].as_array().map_or(0, Vec::len);
                ensure(count == 3, "three EVSEs", || format!("{count}"))?;
                for evse in [uid.as_str(), location["evses"][0]["uid"].as_str().unwrap_or("")] {
                    says(&cx.get(join(&url, &[evse, "1"])).await?, &json!({"id": "1"}))?;
                }
                Ok(())
            }),
    ]
}

/// A case that PUTs a Location with some change and wants it accepted and given back.
fn accepted(id: &'static str, title: &'static str, rows: &[&'static str], change: fn(&mut Value)) -> Case {
    emsp(id, title)
        .proves(rows)
        .does("PUTs such a Location and GETs it")
        .expects("Success; the values come back unchanged")
        .sabotage("receiver-no-store")
        .run(move |cx| async move {
            let slot = slot(&cx, "location").await?;
            let mut object = slot.object.clone();
            change(&mut object);
            let url = slot.url(&cx)?;
            cx.put("PUT", &url, &object).await?.succeeded()?;
            says(&cx.get(&url).await?, &object)
        })
}

fn location_values() -> Vec<Case> {
    vec![
        accepted(
            "locations.push.values.connectors",
            "Every kind of connector, the mixed-case ones too",
            &["LOC-127", "TYP-029"],
            |l| {
                let kinds = crate::schema::values("ConnectorType").unwrap_or_default();
                let at = l["last_updated"].as_str().unwrap_or("").to_string();
                let connectors: Vec<Value> = kinds
                    .iter()
                    .enumerate()
                    .map(|(n, kind)| {
                        let mut c = fixtures::connector(&n.to_string(), &at);
                        c["standard"] = json!(kind);
                        c
                    })
                    .collect();
                l["evses"][0]["connectors"] = json!(connectors);
            },
        ),
        accepted(
            "locations.push.values.statuses",
            "EVSEs that are planned, blocked, out of order, with schedules",
            &["LOC-167", "LOC-168", "LOC-170", "LOC-074"],
            |l| {
                l["evses"][0]["status"] = json!("PLANNED");
                l["evses"][0]["status_schedule"] =
                    json!([{"period_begin": "2030-01-01T00:00:00Z", "status": "REMOVED"}]);
                l["evses"][1]["status"] = json!("BLOCKED");
            },
        ),
        accepted("locations.push.values.schedule-past", "A schedule changes no status by itself", &["LOC-171"], |l| {
            l["evses"][0]["status_schedule"] = json!([{"period_begin": "2026-01-01T00:00:00Z", "period_end": "2036-01-01T00:00:00Z", "status": "INOPERATIVE"}]);
        }),
        accepted(
            "locations.push.values.unpublished",
            "Locations that are not published",
            &["LOC-094", "LOC-154", "LOC-155"],
            |l| {
                l["publish"] = json!(false);
                l["publish_allowed_to"] = json!([{"uid": "12345678905880", "type": "RFID"}, {"visual_number": "1", "issuer": "I"}, {"group_id": "G"}]);
            },
        ),
        accepted(
            "locations.push.values.long-address",
            "An address of 255 and a state of 45 characters",
            &["LOC-093"],
            |l| {
                l["address"] = json!("A".repeat(255));
                l["state"] = json!("S".repeat(45));
            },
        ),
        accepted(
            "locations.push.values.foreign-ids",
            "EVSE ids and countries of others",
            &["LOC-105", "CRE-063", "CRE-064", "TYP-001"],
            |l| {
                l["evses"][0]["evse_id"] = json!("BE*BEC*E041503001");
                l["evses"][1]["evse_id"] = json!("not in the form of eMI3");
                l["country"] = json!("DEU");
            },
        ),
        accepted(
            "locations.push.values.bare",
            "A Location without optional fields and without EVSEs",
            &["LOC-034", "TRN-092", "LOC-003"],
            |l| {
                let table = crate::schema::object("Location").map(|t| t.fields.as_slice()).unwrap_or_default();
                if let Some(map) = l.as_object_mut() {
                    map.retain(|key, _| table.iter().any(|f| f.name == *key && f.is_required()));
                    map.insert("address".into(), json!("#NA"));
                }
            },
        ),
        accepted("locations.push.values.hours", "Openings that overlap regular hours", &["LOC-142"], |l| {
            l["opening_times"]["exceptional_openings"] =
                json!([{"period_begin": "2026-06-01T06:00:00Z", "period_end": "2026-06-01T22:00:00Z"}]);
        }),
        accepted("locations.push.values.odd-ids", "Ids with blanks, slashes and `#`", &["TYP-012"], |l| {
            l["evses"][0]["uid"] = json!("E 1/2#3?4%5");
        }),
    ]
}

async fn session(cx: &Arc<Ctx>) -> CaseResult<(String, Value)> {
    let slot = slot(cx, "session").await?;
    let url = slot.url(cx)?;
    let mut object = slot.object.clone();
    object["charging_periods"] =
        json!([fixtures::period("2026-01-10T09:00:00Z", 1.5), fixtures::period("2026-01-10T09:15:00Z", 2.5)]);
    cx.put("PUT", &url, &object).await?.succeeded()?;
    Ok((url, object))
}

async fn periods(cx: &Arc<Ctx>, url: &str) -> CaseResult<Vec<Value>> {
    Ok(cx.get(url).await?.object()?["charging_periods"].as_array().cloned().unwrap_or_default())
}

fn sessions() -> Vec<Case> {
    vec![
        emsp("sessions.push.periods.put", "PUT replaces the charging periods")
            .proves(&["SES-042", "SES-043"])
            .does("PUTs a session with two periods, then with one other, then with none")
            .expects("GET gives one, then none")
            .sabotage("receiver-periods-kept")
            .run(|cx| async move {
                let (url, mut object) = session(&cx).await?;
                object["charging_periods"] = json!([fixtures::period("2026-01-10T10:00:00Z", 3.0)]);
                object["last_updated"] = json!(early(3));
                cx.put("PUT", &url, &object).await?.succeeded()?;
                let got = periods(&cx, &url).await?;
                ensure(got.len() == 1, "1 period", || format!("{}", got.len()))?;
                object["charging_periods"] = json!([]);
                object["last_updated"] = json!(early(6));
                cx.put("PUT", &url, &object).await?.succeeded()?;
                let got = periods(&cx, &url).await?;
                ensure(got.is_empty(), "no periods", || format!("{}", got.len()))
            }),
        emsp("sessions.push.periods.patch", "PATCH adds charging periods")
            .proves(&["SES-052"])
            .does("PUTs a session with two periods, PATCHes a third")
            .expects("GET gives all three, in order of time")
            .sabotage("receiver-periods-replaced")
            .run(|cx| async move {
                let (url, _) = session(&cx).await?;
                let third = fixtures::period("2026-01-10T09:30:00Z", 3.5);
                cx.put("PATCH", &url, &json!({"charging_periods": [third], "kwh": 7.5, "last_updated": early(4)}))
                    .await?
                    .succeeded()?;
                let got = periods(&cx, &url).await?;
                let last = got.last().is_some_and(|p| same(&third, p));
                ensure(got.len() == 3 && last, "3 periods, the new one last", || format!("{got:?}"))
            }),
        emsp("sessions.push.periods.empty-patch", "An empty list in a PATCH changes nothing")
            .proves(&["SES-053"])
            .does("PATCHes charging_periods: [], and a PATCH without")
            .expects("The two periods stay")
            .sabotage("receiver-periods-emptied")
            .run(|cx| async move {
                let (url, _) = session(&cx).await?;
                for (n, mut body) in [json!({"charging_periods": []}), json!({"kwh": 6.5})].into_iter().enumerate() {
                    body["last_updated"] = json!(early(4 + i64::try_from(n).unwrap_or(0)));
                    cx.put("PATCH", &url, &body).await?.succeeded()?;
                    let got = periods(&cx, &url).await?;
                    ensure(got.len() == 2, "2 periods", || format!("{} after {body}", got.len()))?;
                }
                Ok(())
            }),
        emsp("sessions.push.objects", "An object in a PATCH is replaced as a whole")
            .proves(&["SES-055"])
            .does("PATCHes total_cost with excl_vat only, where it had both")
            .expects("GET shows no incl_vat")
            .sabotage("receiver-deep-merge")
            .run(|cx| async move {
                let (url, _) = session(&cx).await?;
                cx.put("PATCH", &url, &json!({"total_cost": {"excl_vat": 9.5}, "last_updated": early(4)}))
                    .await?
                    .succeeded()?;
                let answer = cx.get(&url).await?;
                let cost = &answer.object()?["total_cost"];
                ensure(
                    cost["incl_vat"].is_null() && same(&json!({"excl_vat": 9.5}), cost),
                    "{\"excl_vat\": 9.5}",
                    || cost.to_string(),
                )
            }),
        emsp("sessions.push.sub-urls", "PATCH below a session")
            .proves(&["SES-051"])
            .should()
            .does("PATCHes …/{session_id}/charging_periods")
            .expects("A refusal; nothing changes")
            .sabotage("receiver-sub-urls")
            .run(|cx| async move {
                let (url, _) = session(&cx).await?;
                cx.put(
                    "PATCH",
                    join(&url, &["charging_periods"]),
                    &json!({"charging_periods": [], "last_updated": early(4)}),
                )
                .await?
                .refused()?;
                let got = periods(&cx, &url).await?;
                ensure(got.len() == 2, "2 periods", || format!("{}", got.len()))
            }),
        session_accepted(
            "sessions.push.values.reservation",
            "A reservation without EVSE, energy or periods",
            &["SES-073", "SES-074", "SES-076", "SES-059", "TRN-092"],
            |s| {
                for (field, value) in [
                    ("status", json!("RESERVATION")),
                    ("evse_uid", json!("#NA")),
                    ("connector_id", json!("#NA")),
                    ("kwh", json!(0)),
                    ("charging_periods", Value::Null),
                ] {
                    s[field] = value;
                }
            },
        ),
        session_accepted(
            "sessions.push.values.dimensions",
            "All 13 dimensions, STATE_OF_CHARGE too",
            &["CDR-097"],
            |s| {
                let all: Vec<Value> = crate::schema::values("CdrDimensionType")
                    .unwrap_or_default()
                    .iter()
                    .map(|d| json!({"type": d, "volume": 1.25}))
                    .collect();
                s["charging_periods"] = json!([{"start_date_time": "2026-01-10T09:00:00Z", "dimensions": all}]);
            },
        ),
        session_accepted("sessions.push.values.decimals", "Numbers come back exactly", &["TYP-023", "TYP-025"], |s| {
            s["kwh"] = json!(1234.5678);
            s["total_cost"] = json!({"excl_vat": 0.3});
        })
        .sabotage("receiver-floats"),
        session_accepted(
            "sessions.push.values.cost-without-energy",
            "A completed session with cost and no energy",
            &["SES-059", "SES-077"],
            |s| {
                s["status"] = json!("COMPLETED");
                s["end_date_time"] = json!("2026-01-10T10:00:00Z");
                s["kwh"] = json!(0);
            },
        ),
    ]
}

fn session_accepted(id: &'static str, title: &'static str, rows: &[&'static str], change: fn(&mut Value)) -> Case {
    emsp(id, title)
        .proves(rows)
        .does("PUTs such a session and GETs it")
        .expects("Success; the values come back unchanged")
        .sabotage("receiver-no-store")
        .run(move |cx| async move {
            let slot = slot(&cx, "session").await?;
            let mut object = slot.object.clone();
            change(&mut object);
            let url = slot.url(&cx)?;
            cx.put("PUT", &url, &object).await?.succeeded()?;
            says(&cx.get(&url).await?, &object)
        })
}

fn tariffs() -> Vec<Case> {
    let accepted = |id: &'static str, title: &'static str, rows: &[&'static str], change: fn(&mut Value)| {
        emsp(id, title)
            .proves(rows)
            .does("PUTs such a tariff and GETs it")
            .expects("Success; the values come back unchanged")
            .sabotage("receiver-no-store")
            .run(move |cx| async move {
                let slot = slot(&cx, "tariff").await?;
                let mut object = slot.object.clone();
                change(&mut object);
                let url = slot.url(&cx)?;
                cx.put("PUT", &url, &object).await?.succeeded()?;
                says(&cx.get(&url).await?, &object)
            })
    };
    vec![
        emsp("tariffs.push.delete", "DELETE removes a tariff")
            .proves(&["TAR-033", "TAR-022"])
            .does("PUTs a tariff, DELETEs it, GETs it")
            .expects("Success, success, HTTP 404 (or no data)")
            .sabotage("receiver-delete-ignored")
            .run(|cx| async move {
                let slot = slot(&cx, "tariff").await?;
                let url = slot.url(&cx)?;
                cx.put("PUT", &url, &slot.object).await?.succeeded()?;
                cx.request("DELETE", &url).send().await?.succeeded()?;
                let answer = cx.get(&url).await?;
                ensure(answer.http == 404 || answer.data().is_null(), "no tariff", || answer.describe())
            }),
        emsp("tariffs.push.vat", "A missing vat is not a vat of zero")
            .proves(&["TAR-052"])
            .does("PUTs one component without vat and one with 0.0")
            .expects("GET tells them apart")
            .sabotage("receiver-vat-zero")
            .run(|cx| async move {
                let slot = slot(&cx, "tariff").await?;
                let mut object = slot.object.clone();
                object["elements"] = json!([{"price_components": [{"type": "ENERGY", "price": 0.3, "step_size": 1}, {"type": "TIME", "price": 1.0, "vat": 0.0, "step_size": 1}]}]);
                let url = slot.url(&cx)?;
                cx.put("PUT", &url, &object).await?.succeeded()?;
                let answer = cx.get(&url).await?;
                let parts = answer.object()?["elements"][0]["price_components"].clone();
                ensure(parts[0]["vat"].is_null() && !parts[1]["vat"].is_null(), "no vat, and a vat of 0", || parts.to_string())
            }),
        accepted("tariffs.push.values.types", "Every type, day, restriction and reservation value", &["TAR-051", "TAR-059", "TAR-054", "TAR-058", "TAR-055"], |t| {
            t["type"] = json!("PROFILE_GREEN");
            t["elements"] = json!([
                {"price_components": [{"type": "TIME", "price": 1.0, "step_size": 60}, {"type": "FLAT", "price": 0.5, "step_size": 0}], "restrictions": {"reservation": "RESERVATION_EXPIRES"}},
                {"price_components": [{"type": "ENERGY", "price": 0.1, "step_size": 1}], "restrictions": {"start_time": "00:00", "end_time": "23:59", "start_date": "2026-01-01", "end_date": "2026-12-31",
                    "min_kwh": 1.5, "max_kwh": 20, "min_current": 6.0, "max_current": 32, "min_power": 1, "max_power": 22.5, "min_duration": 60, "max_duration": 7200,
                    "day_of_week": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]}},
                {"price_components": [{"type": "PARKING_TIME", "price": 2, "vat": 21, "step_size": 1}]}]);
        }),
        accepted("tariffs.push.values.free", "A free tariff, with step_size 0", &["TAR-041"], |t| {
            t["elements"] = json!([{"price_components": [{"type": "FLAT", "price": 0.0, "vat": 0.0, "step_size": 0}]}]);
        }),
        accepted("tariffs.push.values.alternatives", "Alternative texts without URL", &["TAR-046", "TAR-020"], |t| {
            t["tariff_alt_url"] = Value::Null;
            t["min_price"] = Value::Null;
            t["max_price"] = Value::Null;
            t["type"] = Value::Null;
        }),
        accepted("tariffs.push.values.future", "A tariff that is not valid yet", &["TAR-044"], |t| {
            t["start_date_time"] = json!("2035-01-01T00:00:00Z");
            t["end_date_time"] = json!("2036-01-01T00:00:00Z");
        }),
    ]
}

/// The session's EVSE takes no charging preferences.
fn incapable() -> crate::Stop {
    crate::Stop::NotApplicable("the session's EVSE takes no charging preferences (HTTP 404)".into())
}

fn preferences() -> Vec<Case> {
    let url = |cx: &Arc<Ctx>, id: &str| -> CaseResult<String> {
        Ok(join(&cx.sender("sessions")?, &[id, "charging_preferences"]))
    };
    vec![
        cpo("sessions.preferences.unknown", "Charging preferences of an unknown session")
            .proves(&["SES-031", "SES-028"])
            .should()
            .writes()
            .does("PUTs preferences for a session that does not exist")
            .expects("HTTP 404")
            .sabotage("preferences-unknown-200")
            .run(move |cx| async move { cx.put("PUT", url(&cx, "NO-SUCH-SESSION")?, &json!({"profile_type": "REGULAR"})).await?.has_http(404) }),
        cpo("sessions.preferences.invalid", "Charging preferences without profile_type")
            .proves(&["SES-029"])
            .writes()
            .does("PUTs preferences without profile_type for a session of the list")
            .expects("status_code 2001")
            .sabotage("preferences-unvalidated")
            .run(move |cx| async move {
                let sessions = cx.objects("sessions", 1).await?;
                let id = sessions[0]["id"].as_str().unwrap_or("").to_string();
                let answer = cx.put("PUT", url(&cx, &id)?, &json!({"energy_need": 5})).await?;
                if answer.http == 404 {
                    return Err(incapable());
                }
                answer.has_status(2001)
            }),
        cpo("sessions.preferences.incapable", "Charging preferences where the EVSE cannot take them")
            .proves(&["SES-084"])
            .should()
            .writes()
            .does("PUTs preferences for a session of the list")
            .expects("A ChargingPreferencesResponse, or HTTP 404 with status_code 2001")
            .sabotage("preferences-incapable")
            .run(move |cx| async move {
                let sessions = cx.objects("sessions", 1).await?;
                let id = sessions[0]["id"].as_str().unwrap_or("").to_string();
                let answer = cx.put("PUT", url(&cx, &id)?, &json!({"profile_type": "REGULAR"})).await?;
                if answer.http == 404 { answer.has_status(2001) } else { answer.no_server_error() }
            }),
        cpo("sessions.preferences.answer", "The answer to charging preferences is a word")
            .proves(&["SES-030", "SES-032", "SES-018"])
            .writes()
            .does("PUTs preferences twice for a session of the list")
            .expects("A ChargingPreferencesResponse as a JSON string")
            .sabotage("preferences-object")
            .run(move |cx| async move {
                let sessions = cx.objects("sessions", 1).await?;
                let id = sessions[0]["id"].as_str().unwrap_or("").to_string();
                for _ in 0..2 {
                    let answer = cx.put("PUT", url(&cx, &id)?, &json!({"profile_type": "REGULAR", "departure_time": "2030-01-01T00:00:00Z", "energy_need": 10})).await?;
                    let known = crate::schema::values("ChargingPreferencesResponse").unwrap_or_default();
                    let word = answer.data().as_str().is_some_and(|word| known.iter().any(|k| k == word));
                    if answer.http == 404 {
                        return Err(incapable());
                    }
                    ensure(answer.ocpi() == Some(1000) && word, "a ChargingPreferencesResponse in data", || answer.describe())?;
                }
                Ok(())
            }),
    ]
}

/// A CDR of the tester for a token of the platform.
pub(super) async fn new_cdr(cx: &Arc<Ctx>) -> CaseResult<Value> {
    Ok(fixtures::cdr(cx.owner(), &cx.new_id("CD"), &target_token(cx).await?, &early(0)))
}
