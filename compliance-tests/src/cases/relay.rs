//! An EMSP that lets a smart charging partner (SCSP) steer: the tester is the SCSP and the CPO.

use std::sync::Arc;

use serde_json::{Value, json};

use super::charging_profiles::{session_of_theirs, some_profile};
use super::partners::Guest;
use crate::case::{Case, CaseResult, TargetRole, ensure, fail};
use crate::client::Answer;
use crate::context::{Ctx, join, with_query};
use crate::party::Received;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("chargingprofiles.relay.set", "A profile of the SCSP goes on to the CPO, and the result back")
            .proves(&["CHP-006", "CHP-016", "CHP-017"])
            .does("Registers as an SCSP, which PUTs a profile for a session that the tester's CPO has pushed")
            .expects("PUT with the same profile and another response_url at the CPO; the CPO's ACCEPTED as answer; the result at the SCSP's response_url")
            .sabotage("relay-refused")
            .sabotage("relay-own-profile")
            .sabotage("relay-foreign-response-url")
            .sabotage("relay-no-result")
            .run(|cx| async move { with_scsp(&cx, "PUT").await }),
        case("chargingprofiles.relay.clear", "Clearing goes on to the CPO, and the result back")
            .proves(&["CHP-018", "CHP-016"])
            .does("Registers as an SCSP, which DELETEs the profile of such a session")
            .expects("DELETE at the CPO; the result at the SCSP's response_url")
            .sabotage("relay-refused")
            .sabotage("relay-foreign-response-url")
            .sabotage("relay-no-result")
            .run(|cx| async move { with_scsp(&cx, "DELETE").await }),
        case("chargingprofiles.relay.get", "The active profile is asked for at the CPO and passed on as it is")
            .proves(&["CHP-019", "CHP-016"])
            .does("Registers as an SCSP, which GETs the active profile of such a session")
            .expects("GET at the CPO; the same ActiveChargingProfileResult at the SCSP's response_url")
            .sabotage("relay-refused")
            .sabotage("relay-loses-profile")
            .run(|cx| async move { with_scsp(&cx, "GET").await }),
        case("chargingprofiles.relay.answer", "The CPO's answer is the EMSP's")
            .proves(&["CHP-017"])
            .does("Registers as an SCSP, which PUTs a profile; the tester's CPO answers TOO_OFTEN")
            .expects("TOO_OFTEN")
            .sabotage("relay-always-accepted")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                let guest = Guest::join(&cx, &["plays-scsp"]).await?;
                let busy = cx.party.with_faults(&["profile-too-often"]);
                let answer = ask(&cx, &guest, "PUT", &session, &cx.new_id("P")).await;
                drop(busy);
                guest.leave(&cx).await;
                let answer = answer?.0;
                ensure(answer.data()["result"] == "TOO_OFTEN", "TOO_OFTEN", || answer.describe())
            }),
        case("chargingprofiles.relay.changes", "A changed profile goes on to the SCSP")
            .proves(&["CHP-020"])
            .does("Registers as an SCSP, which PUTs a profile; the tester's CPO PUTs an ActiveChargingProfile to the EMSP")
            .expects("The same PUT at the SCSP's Sender interface")
            .sabotage("relay-keeps-changes")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                let guest = Guest::join(&cx, &["plays-scsp"]).await?;
                let verdict = changed(&cx, &guest, &session).await;
                guest.leave(&cx).await;
                verdict
            }),
    ]
}

fn case(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).destructive()
}

fn profile() -> Value {
    json!({"charging_rate_unit": "A", "charging_profile_period": [{"start_period": 0, "limit": 9.5}, {"start_period": 900, "limit": 12}]})
}

/// A request of the SCSP; its answer, and the path of its response_url.
async fn ask(cx: &Arc<Ctx>, guest: &Guest, method: &str, session: &str, id: &str) -> CaseResult<(Answer, String)> {
    let url = join(&cx.endpoint("chargingprofiles", "RECEIVER")?, &[session]);
    let path = format!("/callback/profiles/{method}/{id}?of=scsp&n=1");
    let to = format!("{}{path}", guest.party.base());
    let request = match method {
        "PUT" => guest.request(cx, method, url).json(&json!({"charging_profile": profile(), "response_url": to})),
        "GET" => guest.request(cx, method, with_query(&url, &[("duration", "900"), ("response_url", &to)])),
        _ => guest.request(cx, method, with_query(&url, &[("response_url", &to)])),
    };
    Ok((request.send().await?, path))
}

async fn with_scsp(cx: &Arc<Ctx>, method: &str) -> CaseResult {
    cx.endpoint("chargingprofiles", "RECEIVER")?;
    let session = session_of_theirs(cx).await?;
    let guest = Guest::join(cx, &["plays-scsp"]).await?;
    let verdict = relayed(cx, &guest, method, &session).await;
    guest.leave(cx).await;
    verdict
}

async fn relayed(cx: &Arc<Ctx>, guest: &Guest, method: &str, session: &str) -> CaseResult {
    let mark = (cx.party.mark(), guest.party.mark());
    let (answer, path) = ask(cx, guest, method, session, &cx.new_id("P")).await?;
    ensure(answer.data()["result"] == "ACCEPTED", "ACCEPTED, as the CPO answers", || answer.describe())?;
    let here =
        |r: &Received| r.is(method, "receiver", "chargingprofiles") && r.rest().last().is_some_and(|id| id == session);
    let call = cx.expect_request(mark.0, "the request at the CPO", here).await?;
    let own = call.json.as_ref().and_then(|body| body["response_url"].as_str().map(str::to_string));
    let own = own.or_else(|| call.query.get("response_url").cloned()).unwrap_or_default();
    ensure(!own.is_empty() && !own.contains("of=scsp"), "a response_url of the EMSP's own", || own.clone())?;
    if method == "PUT" {
        let sent = call.json.unwrap_or_default()["charging_profile"].clone();
        if let Some(what) = crate::formats::difference(&profile(), &sent, "") {
            return fail("the profile of the SCSP", what);
        }
    }
    let Some(result) = guest.party.wait(mark.1, cx.config.patience, |r| r.method == "POST" && r.path == path).await
    else {
        return fail(format!("the result at the SCSP's response_url {path}"), "none arrived");
    };
    let result = result.json.unwrap_or_default();
    ensure(result["result"].is_string(), "the CPO's result", || result.to_string())?;
    ensure(method != "GET" || result["profile"].is_object(), "the CPO's profile", || result.to_string())
}

async fn changed(cx: &Arc<Ctx>, guest: &Guest, session: &str) -> CaseResult {
    let mark = guest.party.mark();
    let (answer, path) = ask(cx, guest, "PUT", session, &cx.new_id("P")).await?;
    ensure(answer.data()["result"] == "ACCEPTED", "ACCEPTED", || answer.describe())?;
    // Only who has set a profile successfully is told of changes.
    guest.party.wait(mark, cx.config.patience, |r| r.method == "POST" && r.path == path).await;
    let told = some_profile();
    cx.put("PUT", join(&cx.sender("chargingprofiles")?, &[session]), &told).await?.succeeded()?;
    let there =
        |r: &Received| r.is("PUT", "sender", "chargingprofiles") && r.rest().last().is_some_and(|id| id == session);
    let Some(call) = guest.party.wait(mark, cx.config.patience, there).await else {
        return fail("PUT of the ActiveChargingProfile at the SCSP", "none arrived");
    };
    match crate::formats::difference(&told, &call.json.unwrap_or_default(), "") {
        None => Ok(()),
        Some(what) => fail("the ActiveChargingProfile as the CPO has sent it", what),
    }
}
