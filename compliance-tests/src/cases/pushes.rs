//! What the platform pushes when its operator changes something, and what it pulls when it is told to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::triggers::spot;
use crate::case::{Case, CaseResult, Lane, Phase, TargetRole, ensure, fail, skip};
use crate::context::{Ctx, with_query};
use crate::fixtures;
use crate::formats::{instant_of, same};
use crate::party::Received;
use crate::schema;

pub(super) fn cases() -> Vec<Case> {
    let pulls = pulls().into_iter().map(|case| case.lane(Lane::Pulls)).collect();
    [locations(), tariffs(), cards(), tokens(), pulls].concat()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).destructive()
}

fn emsp(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).destructive()
}

fn owner_in_url(call: &Received, body: &Value, id: &str) -> CaseResult {
    let wanted: Vec<String> = [&body["country_code"], &body["party_id"]]
        .iter()
        .map(|v| v.as_str().unwrap_or("").to_uppercase())
        .chain([id.to_uppercase()])
        .collect();
    let got: Vec<String> = call.rest().iter().map(|s| s.to_uppercase()).collect();
    ensure(got == wanted, format!("…/{}", wanted.join("/")), || call.path.clone())
}

fn locations() -> Vec<Case> {
    vec![
        cpo("locations.trigger.status", "A changed status is pushed")
            .proves(&["LOC-007", "LOC-009", "LOC-020", "LOC-058", "LOC-066", "STA-020", "TRN-063"])
            .does("Lets the operator change the status of an EVSE")
            .expects("PATCH of the EVSE with status and last_updated (or a PUT of a complete EVSE or Location), within patience")
            .sabotage("push-never")
            .sabotage("push-patch-without-last-updated")
            .sabotage("push-patch-everything")
            .run(|cx| async move {
                cx.forget("locations");
                let spot = spot(&cx, "").await?;
                let mark = cx.party.mark();
                cx.trigger("change_location", &[("location_id", &spot.location_id), ("evse_uid", &spot.evse_uid)]).await?;
                let call = cx.expect_request(mark, "PATCH or PUT below locations", |r| r.at("receiver", "locations") && r.method != "GET").await?;
                cx.forget("locations");
                let body = call.json.clone().unwrap_or_default();
                if call.method == "PATCH" {
                    ensure(body["last_updated"].is_string(), "last_updated", || call.body.clone())?;
                    let repeats = ["connectors", "coordinates", "capabilities", "address"].iter().any(|f| body.get(*f).is_some());
                    return ensure(!repeats, "only what changed", || call.body.clone());
                }
                let kind = ["Location", "EVSE", "Connector"][call.rest().len().saturating_sub(3).min(2)];
                let found = schema::check(kind, &body);
                ensure(found.is_empty(), format!("a complete {kind}"), || format!("{found:?}"))
            }),
        cpo("locations.trigger.created", "A new Location is pushed by PUT")
            .proves(&["LOC-004", "LOC-050", "LOC-055", "LOC-056", "LOC-057", "LOC-060", "TRN-060", "TRN-071", "TRN-072", "TRN-074"])
            .does("Lets the operator create a Location")
            .expects("PUT …/{country_code}/{party_id}/{id} of a Location by the tables")
            .sabotage("push-post")
            .sabotage("push-wrong-url")
            .sabotage("push-incomplete")
            .run(|cx| async move {
                let mark = cx.party.mark();
                let id = cx.trigger("create_location", &[]).await?.remove("location_id").unwrap_or_default();
                let call = cx.expect_request(mark, "PUT of the Location", |r| r.is("PUT", "receiver", "locations") && r.path.to_uppercase().contains(&id.to_uppercase())).await?;
                cx.forget("locations");
                let body = call.json.clone().unwrap_or_default();
                let found = schema::check("Location", &body);
                ensure(found.is_empty(), "a Location by the tables", || format!("{found:?}"))?;
                owner_in_url(&call, &body, body["id"].as_str().unwrap_or(""))
            }),
    ]
}

fn tariffs() -> Vec<Case> {
    vec![
        cpo("tariffs.trigger.created", "A new tariff is pushed by PUT")
            .proves(&["TAR-003", "TAR-028", "TAR-029", "TRN-060", "TRN-074"])
            .does("Lets the operator create a tariff")
            .expects("PUT …/{country_code}/{party_id}/{id} of a Tariff by the tables")
            .sabotage("push-post")
            .sabotage("push-wrong-url")
            .sabotage("push-incomplete")
            .run(|cx| async move {
                let mark = cx.party.mark();
                let id = cx.trigger("create_tariff", &[]).await?.remove("tariff_id").unwrap_or_default();
                let call = cx
                    .expect_request(mark, "PUT of the tariff", |r| {
                        r.is("PUT", "receiver", "tariffs") && r.path.to_uppercase().contains(&id.to_uppercase())
                    })
                    .await?;
                cx.forget("tariffs");
                let body = call.json.clone().unwrap_or_default();
                let found = schema::check("Tariff", &body);
                ensure(found.is_empty(), "a Tariff by the tables", || format!("{found:?}"))?;
                owner_in_url(&call, &body, &id)
            }),
        cpo("tariffs.trigger.changed", "A changed tariff is pushed by PUT")
            .proves(&["TAR-004", "TAR-048"])
            .does("Lets the operator create a tariff and change it")
            .expects("PUT of the complete tariff with a later last_updated; no PATCH")
            .sabotage("push-patch-tariff")
            .run(|cx| async move {
                let mark = cx.party.mark();
                let id = cx.trigger("create_tariff", &[]).await?.remove("tariff_id").unwrap_or_default();
                let of =
                    |r: &Received| r.at("receiver", "tariffs") && r.path.to_uppercase().contains(&id.to_uppercase());
                let first = cx.expect_request(mark, "PUT of the tariff", of).await?;
                let mark = cx.party.mark();
                cx.trigger("change_tariff", &[("tariff_id", &id)]).await?;
                let call = cx.expect_request(mark, "PUT of the changed tariff", of).await?;
                ensure(call.method == "PUT", "PUT", || call.method.clone())?;
                let at = |r: &Received| instant_of(&r.json.clone().unwrap_or_default(), "last_updated");
                ensure(at(&call) > at(&first), "a later last_updated", || call.body.clone())
            }),
        cpo("tariffs.trigger.deleted", "A deleted tariff is announced by DELETE")
            .proves(&["TAR-005", "TAR-018"])
            .does("Lets the operator create a tariff and delete it")
            .expects("DELETE …/{country_code}/{party_id}/{id}; the tariff leaves the list")
            .sabotage("push-no-delete-tariff")
            .run(|cx| async move {
                let id = cx.trigger("create_tariff", &[]).await?.remove("tariff_id").unwrap_or_default();
                let mark = cx.party.mark();
                cx.trigger("delete_tariff", &[("tariff_id", &id)]).await?;
                cx.expect_request(mark, "DELETE of the tariff", |r| {
                    r.is("DELETE", "receiver", "tariffs")
                        && r.rest().last().is_some_and(|last| last.eq_ignore_ascii_case(&id))
                })
                .await?;
                cx.forget("tariffs");
                let list = cx.crawl("tariffs").await?;
                ensure(!list.iter().any(|t| t["id"] == id.as_str()), "the tariff is gone from the list", || id.clone())
            }),
    ]
}

/// A card of the tester that the platform knows from the Tokens module, held to a reader.
async fn swipe(
    cx: &Arc<Ctx>,
    whitelist: &str,
    valid: bool,
    answer: Option<&str>,
) -> CaseResult<(String, Vec<Received>, String)> {
    if !cx.config.triggers.has("start_charge") {
        return skip("needs the trigger `start_charge`");
    }
    let uid = cx.new_id("CARD");
    let mut token = fixtures::token(cx.owner(), &uid, "RFID", &crate::clock::timestamp());
    token["whitelist"] = json!(whitelist);
    token["valid"] = json!(valid);
    if let Some(allowed) = answer {
        cx.party.answer_authorize(
            &uid,
            json!({"allowed": allowed, "token": token, "authorization_reference": format!("AR{uid}")}),
        );
    }
    let url = cx.receiver("tokens", cx.owner(), &[&uid])?;
    cx.push_token(&url, &token).await?.succeeded()?;
    cx.on_cleanup("PATCH", &url, Some(&json!({"valid": false, "last_updated": crate::clock::timestamp()})));
    let spot = super::triggers::spot(cx, "RFID_READER").await?;
    let mark = cx.party.mark();
    let given = [
        ("token_uid", uid.as_str()),
        ("location_id", spot.location_id.as_str()),
        ("evse_uid", spot.evse_uid.as_str()),
        ("connector_id", spot.connector_id.as_str()),
    ];
    match cx.trigger("start_charge", &given).await {
        // A station that refuses a card may well say so to the one who held it there.
        Err(crate::Stop::Error(_)) if !valid || answer == Some("BLOCKED") => {}
        other => {
            other?;
        }
    }
    let is_session = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(uid.as_str());
    let wait = if valid && answer != Some("BLOCKED") { cx.config.patience } else { cx.config.quiet };
    cx.party.wait(mark, wait, is_session).await;
    let session = cx.party.since(mark).into_iter().find(is_session);
    let id = session.and_then(|r| r.json).map(|s| s["id"].as_str().unwrap_or("").to_string()).unwrap_or_default();
    if cx.config.triggers.has("stop_charge") {
        cx.trigger(
            "stop_charge",
            &[("session_id", &id), ("evse_uid", &spot.evse_uid), ("connector_id", &spot.connector_id)],
        )
        .await
        .ok();
    }
    cx.forget("locations");
    cx.forget("sessions");
    Ok((uid, cx.party.since(mark), id))
}

fn asked(calls: &[Received], uid: &str) -> Vec<Received> {
    calls
        .iter()
        .filter(|r| r.method == "POST" && r.path.contains(uid) && r.path.contains("authorize"))
        .cloned()
        .collect()
}

fn session_of(calls: &[Received], uid: &str) -> Option<Value> {
    calls.iter().find(|r| r.is("PUT", "receiver", "sessions") && r.body.contains(uid)).and_then(|r| r.json.clone())
}

fn card(id: &'static str, title: &'static str) -> Case {
    cpo(id, title).phase(Phase::Charging)
}

fn cards() -> Vec<Case> {
    vec![
        card("tokens.card.always", "A card on the whitelist is not authorized in real time")
            .proves(&["TOK-086", "CDR-095", "TOK-002"])
            .does("PUTs a token with whitelist ALWAYS; lets a driver hold the card to a reader")
            .expects("No authorize request; a session with auth_method WHITELIST")
            .sabotage("charge-authorizes-always")
            .run(|cx| async move {
                let (uid, calls, _) = swipe(&cx, "ALWAYS", true, None).await?;
                ensure(asked(&calls, &uid).is_empty(), "no authorize request", || "there was one".into())?;
                let session = session_of(&calls, &uid);
                ensure(session.as_ref().is_some_and(|s| s["auth_method"] == "WHITELIST"), "a session with WHITELIST", || format!("{session:?}"))
            }),
        card("tokens.card.never", "A card that is never whitelisted is authorized in real time")
            .proves(&["TOK-090", "TOK-046", "TOK-051", "TOK-060", "CDR-093"])
            .does("PUTs a token with whitelist NEVER; lets a driver hold the card to a reader; the tester allows it")
            .expects("POST {tokens}/{uid}/authorize with one slash each; a session with AUTH_REQUEST and the reference of the answer")
            .sabotage("charge-without-authorize")
            .sabotage("authorize-url-double-slash")
            .sabotage("session-no-reference")
            .run(|cx| async move {
                let (uid, calls, _) = swipe(&cx, "NEVER", true, Some("ALLOWED")).await?;
                let requests = asked(&calls, &uid);
                let Some(request) = requests.first() else { return fail("POST …/authorize", "none") };
                let one_slash = !request.path.contains("//");
                ensure(one_slash && request.rest().len() == 2 && request.rest()[0].eq_ignore_ascii_case(&uid), "{tokens}/{uid}/authorize", || request.path.clone())?;
                if let Some(body) = &request.json {
                    let found = schema::check("LocationReferences", body);
                    ensure(found.is_empty(), "a LocationReferences by the tables", || format!("{found:?}"))?;
                }
                let wanted = json!({"auth_method": "AUTH_REQUEST", "authorization_reference": format!("AR{uid}")});
                let session = session_of(&calls, &uid).unwrap_or_default();
                match crate::formats::difference(&wanted, &session, "") {
                    None => Ok(()),
                    Some(what) => fail("a session with AUTH_REQUEST and the reference", what),
                }
            }),
        card("tokens.card.blocked", "A refused card does not charge")
            .proves(&["TOK-079"])
            .does("As before; the tester answers BLOCKED")
            .expects("No session")
            .sabotage("charge-ignores-verdict")
            .run(|cx| async move {
                let (uid, calls, _) = swipe(&cx, "NEVER", true, Some("BLOCKED")).await?;
                let session = session_of(&calls, &uid);
                ensure(session.is_none(), "no session", || format!("{session:?}"))
            }),
        card("tokens.card.invalid", "valid=false does not replace the question")
            .proves(&["TOK-085"])
            .does("PUTs a token with whitelist NEVER and valid=false; lets a driver hold the card to a reader")
            .expects("POST …/authorize")
            .sabotage("charge-without-authorize")
            .run(|cx| async move {
                let (uid, calls, _) = swipe(&cx, "NEVER", false, Some("ALLOWED")).await?;
                ensure(!asked(&calls, &uid).is_empty(), "POST …/authorize", || format!("{:?}", calls.iter().map(|r| &r.path).collect::<Vec<_>>()))
            }),
        card("tokens.card.offline", "ALLOWED_OFFLINE asks while the EMSP can be reached")
            .proves(&["TOK-088"])
            .does("PUTs a token with whitelist ALLOWED_OFFLINE; lets a driver hold the card to a reader")
            .expects("POST …/authorize")
            .sabotage("charge-without-authorize")
            .run(|cx| async move {
                let (uid, calls, _) = swipe(&cx, "ALLOWED_OFFLINE", true, Some("ALLOWED")).await?;
                ensure(!asked(&calls, &uid).is_empty(), "POST …/authorize", || format!("{:?}", calls.iter().map(|r| &r.path).collect::<Vec<_>>()))
            }),
    ]
}

fn tokens() -> Vec<Case> {
    vec![
        emsp("tokens.trigger.created", "A new token is pushed by PUT")
            .proves(&[
                "TOK-003", "TOK-021", "TOK-028", "TOK-029", "TOK-030", "TOK-031", "TOK-015", "TRN-060", "TRN-071",
                "TRN-072", "TRN-074",
            ])
            .does("Lets the operator issue a token")
            .expects("PUT …/{country_code}/{party_id}/{uid} of a Token by the tables, with ?type= unless it is RFID")
            .sabotage("push-post")
            .sabotage("push-wrong-url")
            .sabotage("push-incomplete")
            .sabotage("push-token-without-type")
            .run(|cx| async move {
                let mark = cx.party.mark();
                let uid = cx.trigger("create_token", &[]).await?.remove("token_uid").unwrap_or_default();
                let call = cx
                    .expect_request(mark, "PUT of the token", |r| {
                        r.is("PUT", "receiver", "tokens") && r.path.to_uppercase().contains(&uid.to_uppercase())
                    })
                    .await?;
                cx.forget("tokens");
                let body = call.json.clone().unwrap_or_default();
                let found = schema::check("Token", &body);
                ensure(found.is_empty(), "a Token by the tables", || format!("{found:?}"))?;
                owner_in_url(&call, &body, body["uid"].as_str().unwrap_or(""))?;
                let kind = call.query.get("type").map_or("RFID", String::as_str);
                ensure(body["type"] == kind, format!("?type={}", body["type"]), || call.path.clone())
            }),
        emsp("tokens.trigger.changed", "A changed token is pushed")
            .proves(&["TOK-004", "TOK-033", "TOK-075", "STA-020"])
            .does("Lets the operator issue a token and change it")
            .expects("PUT, or PATCH with last_updated; later than before")
            .sabotage("push-patch-without-last-updated")
            .sabotage("push-never")
            .run(|cx| async move {
                let call = change(&cx, "change_token").await?;
                ensure(call.json.clone().unwrap_or_default()["last_updated"].is_string(), "last_updated", || {
                    call.body.clone()
                })
            }),
        emsp("tokens.trigger.invalidated", "A token is made invalid by valid=false")
            .proves(&["TOK-005", "TOK-043"])
            .does("Lets the operator issue a token and invalidate it")
            .expects("PUT or PATCH with valid=false, no DELETE; the token stays in the list with valid=false")
            .sabotage("push-delete-token")
            .run(|cx| async move {
                let call = change(&cx, "invalidate_token").await?;
                let body = call.json.clone().unwrap_or_default();
                ensure(body["valid"] == false, "valid: false", || format!("{} {}", call.method, call.body))?;
                cx.forget("tokens");
                let uid = call.rest().last().cloned().unwrap_or_default();
                let list = cx.crawl("tokens").await?;
                let listed =
                    list.iter().find(|t| t["uid"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(&uid)));
                ensure(listed.is_some_and(|t| t["valid"] == false), "the token in the list, invalid", || {
                    format!("{listed:?}")
                })
            }),
    ]
}

async fn change(cx: &Arc<Ctx>, trigger: &str) -> CaseResult<Received> {
    let mark = cx.party.mark();
    let uid = cx.trigger("create_token", &[]).await?.remove("token_uid").unwrap_or_default();
    let of = |r: &Received| {
        r.at("receiver", "tokens") && r.method != "GET" && r.path.to_uppercase().contains(&uid.to_uppercase())
    };
    cx.expect_request(mark, "PUT of the new token", of).await?;
    let mark = cx.party.mark();
    cx.trigger(trigger, &[("token_uid", &uid)]).await?;
    cx.expect_request(mark, "the changed token", of).await
}

/// The list that the platform pulls from the tester, and objects for it.
pub(super) fn pulled(cx: &Arc<Ctx>, count: usize) -> (&'static str, Vec<Value>) {
    let at = |n: usize| format!("2026-02-{:02}T10:00:00Z", n + 1);
    let cpo = cx.config.role == TargetRole::Cpo;
    let objects = (0..count)
        .map(|n| {
            if cpo {
                fixtures::token(cx.owner(), &cx.new_id("PT"), "RFID", &at(n))
            } else {
                fixtures::location(cx.owner(), &cx.new_id("PL"), &at(n))
            }
        })
        .collect();
    (if cpo { "tokens" } else { "locations" }, objects)
}

pub(super) async fn sync(cx: &Arc<Ctx>) -> CaseResult {
    let peer = cx.config.peer_id.clone();
    cx.trigger("sync", &[("peer_id", &peer)]).await.map(|_| ())
}

/// Waits until the platform knows an object that it pulled.
pub(super) async fn knows(cx: &Arc<Ctx>, module: &str, object: &Value) -> CaseResult {
    let id = crate::party::id_of(module, object);
    let owner = crate::fixtures::Owner::new(
        object["country_code"].as_str().unwrap_or(""),
        object["party_id"].as_str().unwrap_or(""),
    );
    let url = cx.receiver(module, &owner, &[id])?;
    let until = Instant::now() + cx.config.patience;
    loop {
        let answer = cx.get(&url).await?;
        if answer.ocpi() == Some(1000) && !answer.data().is_null() {
            return Ok(());
        }
        if Instant::now() > until {
            return fail(format!("the platform knows {id} after the pull"), answer.describe());
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

fn pull(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).destructive()
}

/// What a platform has to do that does not take pushes, and may do beside taking them.
fn whole_list(id: &'static str, title: &'static str, module: &'static str, row: &'static str) -> Case {
    pull(id, title)
        .proves(&[row])
        .on(TargetRole::Emsp)
        .does(format!("Serves five {module} on three pages; lets the operator pull"))
        .expects("GET of the list and of all its pages")
        .sabotage("pull-first-page-only")
        .run(move |cx| async move {
            let (token, at) = (super::tokens::target_token(&cx).await?, "2026-02-01T10:00:00Z");
            let object = |id: &str| match module {
                "locations" => fixtures::location(cx.owner(), id, at),
                "tariffs" => fixtures::tariff(cx.owner(), id, at),
                "sessions" => fixtures::session(cx.owner(), id, &token, at),
                _ => fixtures::cdr(cx.owner(), id, &token, at),
            };
            let _served = cx.party.serve_list(module, (0..5).map(|_| object(&cx.new_id("PP"))).collect());
            let _pages = cx.party.with_faults(&["serves-short-pages"]);
            let mark = cx.party.mark();
            sync(&cx).await?;
            let last =
                |r: &Received| r.is("GET", "sender", module) && r.query.get("offset").is_some_and(|at| at == "4");
            cx.expect_request(mark, "GET of the last page", last).await.map(|_| ())
        })
}

fn pulls() -> Vec<Case> {
    vec![
        pull("transport.pull.pages", "A pull follows every Link as it is")
            .proves(&["TRN-047", "TRN-055", "TRN-101", "TRN-039", "TRN-018", "LOC-021", "TOK-007"])
            .does("Serves a list in pages of two (fewer than the client asked for) with an opaque parameter in Link; lets the operator pull")
            .expects("Every page is asked for by its Link, unchanged; every object is known afterwards")
            .sabotage("pull-first-page-only")
            .sabotage("pull-own-links")
            .sabotage("pull-short-page-ends")
            .run(|cx| async move {
                let (module, objects) = pulled(&cx, 5);
                let _served = cx.party.serve_list(module, objects.clone());
                let _pages = cx.party.with_faults(&["serves-short-pages", "serves-cursor"]);
                let mark = cx.party.mark();
                sync(&cx).await?;
                cx.expect_request(mark, "the last page", |r| r.is("GET", "sender", module) && r.path.contains("offset=4")).await?;
                let calls: Vec<Received> = cx.party.since(mark).into_iter().filter(|r| r.is("GET", "sender", module) && r.path.contains("offset=")).collect();
                let made_up = calls.iter().find(|r| !r.path.contains("offset=0") && !r.path.contains("cursor=opaque%2F1"));
                ensure(made_up.is_none(), "the Link's URL, with cursor=opaque%2F1", || format!("{:?}", made_up.map(|r| &r.path)))?;
                for object in &objects {
                    knows(&cx, module, object).await?;
                }
                Ok(())
            }),
        pull("transport.pull.bad-object", "One faulty object does not cost the others")
            .proves(&["TRN-028"])
            .should()
            .does("Serves three objects, the middle one without a required field; lets the operator pull")
            .expects("The first and the third are known afterwards")
            .sabotage("pull-stops-at-bad-object")
            .run(|cx| async move {
                let (module, mut objects) = pulled(&cx, 3);
                if let Some(map) = objects[1].as_object_mut() {
                    map.shift_remove("last_updated");
                    map.shift_remove("issuer");
                    map.shift_remove("coordinates");
                }
                let _served = cx.party.serve_list(module, objects.clone());
                sync(&cx).await?;
                knows(&cx, module, &objects[0]).await?;
                knows(&cx, module, &objects[2]).await
            }),
        pull("transport.pull.nulls", "Nulls and unknown fields in pulled objects")
            .proves(&["TYP-003", "TYP-006", "TOK-044", "LOC-034"])
            .does("Serves an object in which every optional field, lists too, is null, and one with unknown fields; lets the operator pull")
            .expects("Both are known afterwards")
            .sabotage("pull-refuses-nulls")
            .run(|cx| async move {
                let (module, mut objects) = pulled(&cx, 2);
                let kind = if module == "tokens" { "Token" } else { "Location" };
                for field in schema::object(kind).map(|t| t.fields.as_slice()).unwrap_or_default().iter().filter(|f| !f.is_required() && f.name != "evses") {
                    objects[0][&field.name] = Value::Null;
                }
                objects[1]["vendor_field"] = json!({"x": [1]});
                let _served = cx.party.serve_list(module, objects.clone());
                sync(&cx).await?;
                knows(&cx, module, &objects[0]).await?;
                knows(&cx, module, &objects[1]).await
            }),
        pull("transport.pull.unknown-enum", "An unknown enum value does not cost the others")
            .proves(&["TRN-028"])
            .should()
            .does("Serves an object with an enum value of a later version before a good one; lets the operator pull")
            .expects("The good one is known afterwards")
            .sabotage("pull-refuses-enums")
            .run(|cx| async move {
                let (module, mut objects) = pulled(&cx, 2);
                if module == "tokens" {
                    objects[0]["whitelist"] = json!("SOMETIMES");
                } else {
                    objects[0]["evses"][0]["connectors"][0]["standard"] = json!("MCS");
                    objects[0]["parking_type"] = json!("ROOFTOP");
                }
                let _served = cx.party.serve_list(module, objects.clone());
                sync(&cx).await?;
                knows(&cx, module, &objects[1]).await
            }),
        pull("transport.pull.two-owners", "The owner of a pulled object is its own")
            .proves(&["TRN-078", "TRN-079"])
            .does("Serves objects of both of the tester's parties, and one of a party that is none of them; lets the operator pull")
            .expects("Each is known under its own owner; the foreign one does no harm")
            .sabotage("pull-first-page-only")
            .run(|cx| async move {
                let second = cx.second_owner()?.clone();
                let (module, mut objects) = pulled(&cx, 3);
                objects[0]["party_id"] = json!("ZZZ");
                objects[2]["country_code"] = json!(second.country_code);
                objects[2]["party_id"] = json!(second.party_id);
                let _served = cx.party.serve_list(module, objects.clone());
                let _pages = cx.party.with_faults(&["serves-short-pages"]);
                sync(&cx).await?;
                knows(&cx, module, &objects[1]).await?;
                knows(&cx, module, &objects[2]).await
            }),
        pull("transport.pull.loop", "A Link that loops is not followed for ever")
            .proves(&["TRN-021"])
            .should()
            .does("Serves a list whose Link leads back to its beginning; lets the operator pull")
            .expects("A bounded number of requests")
            .sabotage("pull-loops")
            .run(|cx| async move {
                let (module, objects) = pulled(&cx, 5);
                let _served = cx.party.serve_list(module, objects);
                let _loop = cx.party.with_faults(&["serves-short-pages", "list-link-loops"]);
                let mark = cx.party.mark();
                sync(&cx).await?;
                cx.expect_request(mark, "a pull", |r| r.is("GET", "sender", module)).await?;
                cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                let count = cx.party.since(mark).iter().filter(|r| r.is("GET", "sender", module)).count();
                ensure(count < 60, "fewer than 60 requests", || count.to_string())
            }),
        pull("tokens.pull.vanished", "A token that left the full list is no longer valid")
            .proves(&["TOK-045", "TOK-007"])
            .on(TargetRole::Cpo)
            .does("Serves tokens A and B, lets the operator pull; serves A only, lets the operator pull everything again")
            .expects("B is unknown or invalid at the platform")
            .sabotage("pull-keeps-vanished")
            .run(|cx| async move {
                let (module, objects) = pulled(&cx, 2);
                let served = cx.party.serve_list(module, objects.clone());
                sync(&cx).await?;
                knows(&cx, module, &objects[1]).await?;
                drop(served);
                let _served = cx.party.serve_list(module, objects[..1].to_vec());
                sync(&cx).await?;
                let url = cx.receiver(module, cx.owner(), &[crate::party::id_of(module, &objects[1])])?;
                let until = Instant::now() + cx.config.patience.min(Duration::from_secs(5));
                loop {
                    let answer = cx.get(&url).await?;
                    if answer.http == 404 || answer.data().is_null() || answer.data()["valid"] == false {
                        return Ok(());
                    }
                    if Instant::now() > until {
                        return fail("unknown, or valid: false", answer.describe());
                    }
                    tokio::time::sleep(Duration::from_millis(150)).await;
                }
            }),
        pull("locations.pull.replaced", "A pulled object replaces the old copy as a whole")
            .proves(&["LOC-035"])
            .on(TargetRole::Emsp)
            .does("Serves a Location with a name and two EVSEs, lets the operator pull; then without the name and with one EVSE")
            .expects("The platform has the new version")
            .unsabotaged("the reference party stores pulled objects as they are; there is no half-way")
            .run(|cx| async move {
                let (module, mut objects) = pulled(&cx, 1);
                let served = cx.party.serve_list(module, objects.clone());
                sync(&cx).await?;
                knows(&cx, module, &objects[0]).await?;
                drop(served);
                objects[0]["name"] = Value::Null;
                objects[0]["last_updated"] = json!("2026-03-01T00:00:00Z");
                if let Some(evses) = objects[0]["evses"].as_array_mut() {
                    evses.truncate(1);
                }
                let _served = cx.party.serve_list(module, objects.clone());
                sync(&cx).await?;
                let url = cx.receiver(module, cx.owner(), &[crate::party::id_of(module, &objects[0])])?;
                let until = Instant::now() + cx.config.patience.min(Duration::from_secs(5));
                loop {
                    let answer = cx.get(&url).await?;
                    if same(&objects[0], answer.data()) {
                        return Ok(());
                    }
                    if Instant::now() > until {
                        return fail("no name and one EVSE", answer.describe());
                    }
                    tokio::time::sleep(Duration::from_millis(150)).await;
                }
            }),
        whole_list("locations.pull.pages", "Locations are pulled", "locations", "LOC-005"),
        whole_list("tariffs.pull.pages", "Tariffs are pulled", "tariffs", "TAR-007"),
        whole_list("sessions.pull.pages", "Sessions are pulled", "sessions", "SES-007"),
        whole_list("cdrs.pull.pages", "CDRs are pulled", "cdrs", "CDR-023"),
        pull("sessions.pull.date-from", "Sessions are pulled with date_from")
            .proves(&["SES-020"])
            .on(TargetRole::Emsp)
            .does("Lets the operator pull; looks at GET sessions")
            .expects("date_from in the first request")
            .sabotage("pull-no-date-from")
            .run(|cx| async move {
                let mark = cx.party.mark();
                sync(&cx).await?;
                let call = cx.expect_request(mark, "GET sessions", |r| r.is("GET", "sender", "sessions")).await?;
                ensure(call.query.contains_key("date_from"), "date_from", || with_query(&call.path, &[]))
            }),
    ]
}
