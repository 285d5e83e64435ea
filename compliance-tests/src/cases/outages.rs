//! What the platform does when the tester cannot be reached, refuses, or answers in ways that nothing forbids.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::charge::{command, response_url};
use super::pushes::{knows, pulled, sync};
use super::triggers::{lent, spot};
use crate::case::{Case, CaseResult, Phase, Stop, TargetRole, ensure, fail, skip};
use crate::context::Ctx;
use crate::fixtures;
use crate::formats::instant_of;
use crate::party::Received;

pub(super) fn cases() -> Vec<Case> {
    [failed_patches(), acknowledgements(), outages(), vec![offline_card()]].concat()
}

/// Lets the operator change an object that the tester has, by a PATCH where the platform sends one; gives a way to recognize pushes of it.
struct Change {
    module: &'static str,
    id: String,
    triggers: [(&'static str, Vec<(String, String)>); 2],
}

impl Change {
    async fn prepare(cx: &Arc<Ctx>, patched: bool) -> CaseResult<Self> {
        let own = |key: &str, value: &str| vec![(key.to_string(), value.to_string())];
        if cx.config.role == TargetRole::Emsp {
            let mark = cx.party.mark();
            let id = cx.trigger("create_token", &[]).await?.remove("token_uid").unwrap_or_default();
            let change = Self {
                module: "tokens",
                triggers: [("change_token", own("token_uid", &id)), ("invalidate_token", own("token_uid", &id))],
                id,
            };
            cx.expect_request(mark, "PUT of the new token", |r| change.concerns(r)).await?;
            return Ok(change);
        }
        if patched {
            let spot = spot(cx, "").await?;
            let given = vec![("location_id".into(), spot.location_id.clone()), ("evse_uid".into(), spot.evse_uid)];
            let triggers = [("change_location", given.clone()), ("change_location", given)];
            return Ok(Self { module: "locations", id: spot.location_id, triggers });
        }
        let mark = cx.party.mark();
        let id = cx.trigger("create_tariff", &[]).await?.remove("tariff_id").unwrap_or_default();
        let change = Self {
            module: "tariffs",
            triggers: [("change_tariff", own("tariff_id", &id)), ("change_tariff", own("tariff_id", &id))],
            id,
        };
        cx.expect_request(mark, "PUT of the new tariff", |r| change.concerns(r)).await?;
        Ok(change)
    }

    fn concerns(&self, r: &Received) -> bool {
        r.at("receiver", self.module) && r.rest().iter().any(|part| part.eq_ignore_ascii_case(&self.id))
    }

    async fn pull(&self, cx: &Arc<Ctx>, which: usize) -> CaseResult {
        let (name, given) = &self.triggers[which];
        cx.trigger(name, &lent(given)).await?;
        if self.module == "locations" {
            cx.forget("locations");
        }
        Ok(())
    }
}

/// A PATCH that the tester answers as if it did not know the object; gives what the platform sends about the object from then on.
async fn patch_fails(cx: &Arc<Ctx>) -> CaseResult<(Received, Vec<Received>)> {
    let change = Change::prepare(cx, true).await?;
    let mark = cx.party.mark();
    let _failing = cx.party.with_faults(&["answers-patch-404"]);
    change.pull(cx, 0).await?;
    let first = cx.expect_request(mark, "a push of the change", |r| change.concerns(r) && r.method != "GET").await?;
    if first.method != "PATCH" {
        return skip(format!("the platform sends changes by {}", first.method));
    }
    let follows = |r: &Received| change.concerns(r) && matches!(r.method.as_str(), "PUT");
    cx.party.wait(mark, cx.config.quiet * 2, follows).await;
    let all = cx.party.since(mark).into_iter().filter(|r| change.concerns(r)).collect();
    Ok((first, all))
}

fn failed_patches() -> Vec<Case> {
    vec![
        Case::new("transport.push.failed-patch", "After a failed PATCH the object is looked at")
            .proves(&["TRN-066"])
            .should()
            .destructive()
            .does("Lets the operator change an object; answers the PATCH with HTTP 404 and 2003")
            .expects("GET of the same URL")
            .sabotage("client-no-get-after-patch")
            .run(|cx| async move {
                let (patch, calls) = patch_fails(&cx).await?;
                let looked = calls.iter().any(|r| r.method == "GET" && r.rest() == patch.rest());
                ensure(looked, format!("GET {}", patch.path), || lines(&calls))
            }),
        Case::new("transport.push.unknown-patch", "After a failed PATCH of an unknown object the whole object is sent")
            .proves(&["TRN-067", "LOC-070"])
            .should()
            .destructive()
            .does("Lets the operator change an object; answers the PATCH, and a GET of the object, with HTTP 404")
            .expects("PUT of the complete object")
            .sabotage("client-no-put-after-patch")
            .run(|cx| async move {
                let (_, calls) = patch_fails(&cx).await?;
                let whole = calls
                    .iter()
                    .any(|r| r.method == "PUT" && r.json.as_ref().is_some_and(|b| b["last_updated"].is_string()));
                ensure(whole, "PUT of the object", || lines(&calls))
            }),
        Case::new("sessions.push.failed-patch", "After a failed PATCH of a session the whole session is sent")
            .proves(&["SES-056"])
            .on(TargetRole::Cpo)
            .should()
            .destructive()
            .phase(Phase::Charging)
            .does("Starts a charge; stops it, and answers the PATCH of the session with HTTP 404 and 2003")
            .expects("GET or PUT of the session")
            .sabotage("client-no-put-after-patch")
            .run(|cx| async move {
                let (id, given) = begin(&cx).await?;
                let mark = cx.party.mark();
                let of = |r: &Received| r.at("receiver", "sessions") && r.path.contains(&id);
                let calls = {
                    let _failing = cx.party.with_faults(&["answers-patch-404"]);
                    end(&cx, &id, &given).await?;
                    let patch =
                        cx.expect_request(mark, "a push of the session", |r| of(r) && r.method != "GET").await?;
                    if patch.method != "PATCH" {
                        return skip(format!("the platform sends changes by {}", patch.method));
                    }
                    cx.party.wait(mark, cx.config.quiet * 2, |r| of(r) && r.method == "PUT").await;
                    cx.party.since(mark)
                };
                let calls: Vec<Received> = calls.into_iter().filter(of).collect();
                let whole = calls.iter().any(|r| {
                    r.method == "PUT"
                        && r.json.as_ref().is_some_and(|b| b["status"] == "COMPLETED" && b["cdr_token"].is_object())
                });
                ensure(whole, "PUT of the completed session", || lines(&calls))
            }),
    ]
}

fn lines(calls: &[Received]) -> String {
    let list: Vec<String> = calls.iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    if list.is_empty() { "nothing".into() } else { list.join(", ") }
}

/// Starts a charge at a free EVSE by START_SESSION; gives the session's id and the place for the triggers.
pub(super) async fn begin(cx: &Arc<Ctx>) -> CaseResult<(String, [(&'static str, String); 3])> {
    cx.endpoint("commands", "RECEIVER")?;
    if !cx.target().inbound {
        return skip("the existing registration is not the tester's");
    }
    let spot = spot(cx, "REMOTE_START_STOP_CAPABLE").await?;
    let given = [("location_id", spot.location_id), ("evse_uid", spot.evse_uid), ("connector_id", spot.connector_id)];
    if cx.config.triggers.is_given("plug_in") {
        cx.trigger("plug_in", &borrowed(&given)).await?;
    }
    let token = fixtures::token(cx.owner(), &cx.new_id("APP"), "APP_USER", &crate::clock::timestamp());
    let uid = token["uid"].as_str().unwrap_or("").to_string();
    let (url, _) = response_url(cx);
    let mut body = json!({"response_url": url, "token": token});
    for (key, value) in &given {
        body[*key] = json!(value);
    }
    let mark = cx.party.mark();
    let answer = command(cx, "START_SESSION", &body).await?;
    ensure(answer.object()?["result"] == "ACCEPTED", "ACCEPTED for START_SESSION", || answer.describe())?;
    let is_session = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(&uid);
    let pushed = cx.expect_request(mark, "the session is pushed", is_session).await?;
    cx.forget("locations");
    let id = pushed.json.as_ref().and_then(|s| s["id"].as_str()).unwrap_or("").to_string();
    Ok((id, given))
}

pub(super) fn borrowed<'g>(given: &'g [(&'static str, String); 3]) -> Vec<(&'g str, &'g str)> {
    given.iter().map(|(key, value)| (*key, value.as_str())).collect()
}

/// Stops that charge.
pub(super) async fn end(cx: &Arc<Ctx>, id: &str, given: &[(&'static str, String); 3]) -> CaseResult {
    let (url, _) = response_url(cx);
    command(cx, "STOP_SESSION", &json!({"response_url": url, "session_id": id})).await?;
    if cx.config.triggers.is_given("unplug") {
        cx.trigger("unplug", &borrowed(given)).await?;
    }
    for list in ["locations", "sessions", "cdrs"] {
        cx.forget(list);
    }
    Ok(())
}

fn acknowledgements() -> Vec<Case> {
    vec![
        Case::new("transport.push.acks", "An acknowledgement may hold any data, or none")
            .proves(&["TRN-089"])
            .should()
            .destructive()
            .does("Lets the operator create objects; acknowledges them with data null, {}, [] and \"ok\"")
            .expects("Each is sent once: the platform takes it as acknowledged")
            .sabotage("client-strict-acks")
            .run(|cx| async move {
                let (trigger, module, key) = match cx.config.role {
                    TargetRole::Cpo => ("create_tariff", "tariffs", "tariff_id"),
                    TargetRole::Emsp => ("create_token", "tokens", "token_uid"),
                };
                for fault in ["acks-null", "acks-object", "acks-list", "acks-text"] {
                    let _odd = cx.party.with_faults(&[fault]);
                    let mark = cx.party.mark();
                    let id = cx.trigger(trigger, &[]).await?.remove(key).unwrap_or_default();
                    let of = |r: &Received| r.is("PUT", "receiver", module) && r.path.to_uppercase().contains(&id.to_uppercase());
                    cx.expect_request(mark, "PUT of the object", of).await?;
                    cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                    let count = cx.party.since(mark).iter().filter(|r| of(r)).count();
                    ensure(count == 1, format!("one PUT, acknowledged with {fault}"), || count.to_string())?;
                    cx.forget(module);
                }
                Ok(())
            }),
        Case::new("status.pull.failed", "status_code decides, not HTTP 200")
            .proves(&["STA-011"])
            .destructive()
            .does("Serves a list with HTTP 200 and status_code 3000 that holds an object; lets the operator pull; then serves it with 1000")
            .expects("The object is unknown after the first pull, and known after the second")
            .sabotage("pull-ignores-status")
            .run(|cx| async move {
                let (module, objects) = pulled(&cx, 1);
                let _served = cx.party.serve_list(module, objects.clone());
                let mark = cx.party.mark();
                {
                    let _failing = cx.party.with_faults(&["serves-status-3000"]);
                    // The operator may well be told that the pull failed.
                    if let Err(other @ Stop::Skip(_)) = sync(&cx).await {
                        return Err(other);
                    }
                    cx.expect_request(mark, "a pull", |r| r.is("GET", "sender", module)).await?;
                    cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                }
                let url = cx.receiver(module, cx.owner(), &[crate::party::id_of(module, &objects[0])])?;
                let answer = cx.get(&url).await?;
                ensure(answer.http == 404 || answer.data().is_null(), "an object that is not known", || answer.describe())?;
                sync(&cx).await?;
                knows(&cx, module, &objects[0]).await
            }),
    ]
}

fn outages() -> Vec<Case> {
    vec![
        Case::new("transport.outage.no-replay", "What could not be sent is not replayed")
            .proves(&["TRN-104", "TRN-105"])
            .should()
            .destructive()
            .does("Cannot be reached while the operator changes an object twice; then can be reached again")
            .expects("At most one push of the object, and it has the state of now")
            .sabotage("client-replays")
            .run(|cx| async move {
                let change = Change::prepare(&cx, false).await?;
                let mark = {
                    let _outage = cx.party.outage();
                    change.pull(&cx, 0).await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    change.pull(&cx, 1).await?;
                    // Tries that were under way end in the outage.
                    tokio::time::sleep(cx.config.quiet).await;
                    cx.party.mark()
                };
                let of = |r: &Received| change.concerns(r) && r.method != "GET" && r.answered != 503;
                let first = cx.party.wait(mark, cx.config.patience.min(Duration::from_secs(5)), of).await;
                cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                let calls: Vec<Received> = cx.party.since(mark).into_iter().filter(of).collect();
                ensure(calls.len() <= 1, "one push at most", || lines(&calls))?;
                cx.forget(change.module);
                let list = cx.crawl(change.module).await?;
                let now = list.iter().find(|o| crate::party::id_of(change.module, o).eq_ignore_ascii_case(&change.id));
                match (first, now) {
                    (Some(call), Some(now)) => {
                        let sent = call.json.as_ref().and_then(|body| instant_of(body, "last_updated"));
                        ensure(sent == instant_of(now, "last_updated"), now["last_updated"].to_string(), || call.body.clone())
                    }
                    _ => Ok(()),
                }
            }),
        Case::new("transport.outage.catch-up", "After an outage the platform fetches what it may have missed")
            .proves(&["TRN-106"])
            .destructive()
            .does("Cannot be reached while the operator changes an object, so that the platform notices; then can be reached again")
            .expects("GET of a list of the tester")
            .sabotage("client-no-catch-up")
            .run(|cx| async move {
                let change = Change::prepare(&cx, false).await?;
                let mark = {
                    let _outage = cx.party.outage();
                    change.pull(&cx, 0).await?;
                    tokio::time::sleep(cx.config.quiet).await;
                    cx.party.mark()
                };
                cx.expect_request(mark, "GET of a list", |r| {
                    r.method == "GET" && r.segments.get(2).is_some_and(|s| s == "sender") && r.answered == 200
                })
                .await
                .map(|_| ())
            }),
    ]
}

fn offline_card() -> Case {
    Case::new("tokens.card.emsp-offline", "ALLOWED_OFFLINE charges while the EMSP cannot be reached")
        .proves(&["TOK-089"])
        .on(TargetRole::Cpo)
        .destructive()
        .phase(Phase::Charging)
        .does(
            "PUTs a token with whitelist ALLOWED_OFFLINE; cannot be reached while a driver holds the card to a reader",
        )
        .expects("A session in the platform's list")
        .sabotage("charge-needs-online")
        .run(|cx| async move {
            if !cx.config.triggers.has("start_charge") {
                return skip("needs the trigger `start_charge`");
            }
            let uid = cx.new_id("CARD");
            let mut token = fixtures::token(cx.owner(), &uid, "RFID", &crate::clock::timestamp());
            token["whitelist"] = json!("ALLOWED_OFFLINE");
            let url = cx.receiver("tokens", cx.owner(), &[&uid])?;
            cx.push_token(&url, &token).await?.succeeded()?;
            cx.on_cleanup("PATCH", &url, Some(&json!({"valid": false, "last_updated": crate::clock::timestamp()})));
            let spot = spot(&cx, "RFID_READER").await?;
            let given =
                [("location_id", spot.location_id), ("evse_uid", spot.evse_uid), ("connector_id", spot.connector_id)];
            let session = {
                let _outage = cx.party.outage();
                let mut all = borrowed(&given);
                all.push(("token_uid", &uid));
                // A station that refuses the card may say so to the one who held it there.
                match cx.trigger("start_charge", &all).await {
                    Err(Stop::Error(_)) | Ok(_) => {}
                    Err(other) => return Err(other),
                }
                charges(&cx, &uid).await?
            };
            let stop = [("session_id", session.clone().unwrap_or_default()), given[1].clone(), given[2].clone()];
            if cx.config.triggers.has("stop_charge") {
                cx.trigger("stop_charge", &borrowed(&stop)).await.ok();
            }
            for list in ["locations", "sessions", "cdrs"] {
                cx.forget(list);
            }
            if session.is_some() { Ok(()) } else { fail("a session of this card", "none in the list of sessions") }
        })
}

/// Waits for a session of this card in the platform's list; its id.
async fn charges(cx: &Arc<Ctx>, uid: &str) -> CaseResult<Option<String>> {
    let since = crate::clock::seconds(crate::clock::now() - chrono::Duration::minutes(10));
    let url = cx.list_url("sessions", &[("date_from", &since), ("limit", "100")])?;
    let until = Instant::now() + cx.config.patience;
    loop {
        let answer = cx.get(&url).await?;
        let found = answer
            .list()?
            .iter()
            .find(|s: &&Value| s["cdr_token"]["uid"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(uid)));
        if let Some(session) = found {
            return Ok(session["id"].as_str().map(str::to_string));
        }
        if Instant::now() > until {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
