//! Tokens: types on the Receiver interface, real-time authorization, rules beyond the tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::lint::lint;
use super::receivers::early;
use crate::case::{Case, CaseResult, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, join, with_query};
use crate::fixtures;
use crate::schema;

/// A token of the platform if it is an EMSP that lists some, else an invented one.
pub(super) async fn target_token(cx: &Arc<Ctx>) -> CaseResult<Value> {
    if cx.config.role == TargetRole::Emsp && cx.sender("tokens").is_ok() {
        let tokens = cx.crawl("tokens").await?;
        if let Some(token) = tokens.iter().find(|token| token["type"] == "RFID" && token["valid"] == true) {
            return Ok(token.clone());
        }
    }
    let owner = cx.target_owner().unwrap_or_else(|_| cx.owner().clone());
    Ok(fixtures::token(&owner, "INVENTED-1", "RFID", &early(0)))
}

pub(super) fn cases() -> Vec<Case> {
    [types(), authorize(), refusals(), rules()].concat()
}

fn types() -> Vec<Case> {
    let case = |id: &'static str, title: &'static str| Case::new(id, title).on(TargetRole::Cpo).writes();
    vec![
        case("tokens.push.type.default", "Without type a token is an RFID token")
            .proves(&["TOK-022", "TYP-004"])
            .does("PUTs an APP_USER token with ?type=APP_USER; GETs it with and without type")
            .expects("With type the token, without HTTP 404 (or nothing)")
            .sabotage("receiver-type-ignored")
            .run(|cx| async move {
                let (url, token) = app_user(&cx)?;
                cx.push_token(with_query(&url, &[("type", "APP_USER")]), &token).await?.succeeded()?;
                let typed = cx.get(with_query(&url, &[("type", "APP_USER")])).await?;
                ensure(typed.object()?["uid"] == token["uid"], "the APP_USER token", || typed.describe())?;
                let plain = cx.get(&url).await?;
                ensure(plain.http == 404 || plain.data().is_null(), "no RFID token", || plain.describe())
            }),
        case("tokens.push.type.apart", "Equal uids of different types are different tokens")
            .proves(&["TOK-024", "TOK-063"])
            .does("PUTs the same uid as RFID and as APP_USER; GETs both")
            .expects("Each type gives its own token")
            .sabotage("receiver-type-ignored")
            .run(|cx| async move {
                let (url, app) = app_user(&cx)?;
                let rfid = fixtures::token(cx.owner(), app["uid"].as_str().unwrap_or(""), "RFID", &early(0));
                cx.push_token(&url, &rfid).await?.succeeded()?;
                cx.push_token(with_query(&url, &[("type", "APP_USER")]), &app).await?.succeeded()?;
                for kind in ["RFID", "APP_USER"] {
                    let answer = cx.get(with_query(&url, &[("type", kind)])).await?;
                    ensure(answer.object()?["type"] == kind, kind, || answer.describe())?;
                }
                Ok(())
            }),
        case("tokens.push.type.patch", "PATCH reaches only the type it names")
            .proves(&["TOK-035"])
            .does("PUTs the same uid as RFID and APP_USER, PATCHes valid=false with ?type=APP_USER")
            .expects("The APP_USER token is invalid, the RFID token still valid")
            .sabotage("receiver-type-ignored")
            .run(|cx| async move {
                let (url, app) = app_user(&cx)?;
                let rfid = fixtures::token(cx.owner(), app["uid"].as_str().unwrap_or(""), "RFID", &early(0));
                let typed = with_query(&url, &[("type", "APP_USER")]);
                cx.push_token(&url, &rfid).await?.succeeded()?;
                cx.push_token(&typed, &app).await?.succeeded()?;
                cx.put("PATCH", &typed, &json!({"valid": false, "last_updated": early(5)})).await?.succeeded()?;
                let changed = cx.get(&typed).await?;
                ensure(changed.object()?["valid"] == false, "valid: false", || changed.describe())?;
                let kept = cx.get(&url).await?;
                ensure(kept.object()?["valid"] == true, "the RFID token still valid", || kept.describe())
            }),
        case("tokens.push.type.explicit-rfid", "type=RFID is the same as none")
            .proves(&["TOK-031", "TOK-017"])
            .does("PUTs an RFID token without type, GETs it with ?type=RFID")
            .expects("The same token")
            .sabotage("receiver-type-required")
            .run(|cx| async move {
                let uid = cx.new_id("RF");
                let token = fixtures::token(cx.owner(), &uid, "RFID", &early(0));
                let url = cx.receiver("tokens", cx.owner(), &[&uid])?;
                cx.push_token(&url, &token).await?.succeeded()?;
                let answer = cx.get(with_query(&url, &[("type", "RFID")])).await?;
                ensure(answer.object()?["uid"] == uid.as_str(), "the token", || answer.describe())
            }),
        case("tokens.push.contents", "Long group ids, energy contracts, languages come back unchanged")
            .proves(&["TOK-070", "TOK-074", "TOK-080"])
            .does("PUTs a token with a group_id of 36 characters and an energy contract in mixed case")
            .expects("GET gives them unchanged")
            .sabotage("receiver-no-store")
            .run(|cx| async move {
                let uid = cx.new_id("RG");
                let mut token = fixtures::token(cx.owner(), &uid, "RFID", &early(0));
                token["group_id"] = json!("G".repeat(36));
                let url = cx.receiver("tokens", cx.owner(), &[&uid])?;
                cx.push_token(&url, &token).await?.succeeded()?;
                let answer = cx.get(&url).await?;
                match crate::formats::difference(&token, answer.object()?, "") {
                    None => Ok(()),
                    Some(what) => fail("the token as pushed", what),
                }
            }),
    ]
}

fn app_user(cx: &Arc<Ctx>) -> CaseResult<(String, Value)> {
    let uid = cx.new_id("AP");
    let url = cx.receiver("tokens", cx.owner(), &[&uid])?;
    Ok((url, fixtures::token(cx.owner(), &uid, "APP_USER", &early(0))))
}

/// A token of the list that fits, skipping the case when there is none.
async fn listed(cx: &Arc<Ctx>, what: &str, fits: impl Fn(&Value) -> bool) -> CaseResult<Value> {
    let tokens = cx.objects("tokens", 1).await?;
    match tokens.iter().find(|token| fits(token)) {
        Some(token) => Ok(token.clone()),
        None => skip(format!("the platform lists no {what}")),
    }
}

fn is_rfid(token: &Value) -> bool {
    token["type"] == "RFID"
}

async fn ask(cx: &Arc<Ctx>, uid: &str, kind: Option<&str>, body: Option<&Value>) -> CaseResult<Answer> {
    let url = join(&cx.sender("tokens")?, &[uid, "authorize"]);
    let url = kind.map_or(url.clone(), |kind| with_query(&url, &[("type", kind)]));
    let request = cx.request("POST", url);
    match body {
        Some(body) => request.json(body).send().await,
        None => request.send().await,
    }
}

fn uid(token: &Value) -> &str {
    token["uid"].as_str().unwrap_or("")
}

fn info(answer: &Answer) -> CaseResult<Value> {
    let data = answer.object()?;
    let found = schema::check("AuthorizationInfo", data);
    ensure(found.is_empty(), "an AuthorizationInfo by the tables", || format!("{found:?}"))?;
    Ok(data.clone())
}

fn authorize() -> Vec<Case> {
    let case = |id: &'static str, title: &'static str| Case::new(id, title).on(TargetRole::Emsp).writes();
    vec![
        case("tokens.authorize.four-ways", "authorize with and without body and type")
            .proves(&["TOK-047", "TOK-009", "TOK-052", "TOK-055", "TOK-056", "TOK-037", "TOK-010"])
            .does("POSTs authorize for a valid RFID token in all four ways")
            .expects("HTTP 200, 1000 and an AuthorizationInfo each time (2002 without a location is allowed)")
            .sabotage("authorize-needs-body")
            .sabotage("authorize-needs-type")
            .sabotage("authorize-no-token")
            .run(|cx| async move {
                let token = listed(&cx, "valid RFID token", |t| is_rfid(t) && t["valid"] == true).await?;
                let place = json!({"location_id": "LOC0"});
                for (kind, body) in [(None, None), (Some("RFID"), None), (None, Some(&place)), (Some("RFID"), Some(&place))] {
                    let answer = ask(&cx, uid(&token), kind, body).await?;
                    if body.is_none() && answer.http == 200 && answer.ocpi() == Some(2002) {
                        continue;
                    }
                    info(&answer)?;
                }
                Ok(())
            }),
        case("tokens.authorize.token", "The answer holds the token that was asked for")
            .proves(&["TOK-057", "TOK-055"])
            .does("POSTs authorize for a valid token")
            .expects("data.token is complete and has the uid and type of the request")
            .sabotage("authorize-no-token")
            .run(|cx| async move {
                let token = listed(&cx, "valid RFID token", |t| is_rfid(t) && t["valid"] == true).await?;
                let data = info(&ask(&cx, uid(&token), None, Some(&json!({"location_id": "LOC0"}))).await?)?;
                let got = &data["token"];
                ensure(uid(got).eq_ignore_ascii_case(uid(&token)) && got["type"] == "RFID", "the token asked for", || got.to_string())
            }),
        case("tokens.authorize.case-blind", "The uid is compared without regard to case")
            .proves(&["TYP-009"])
            .does("POSTs authorize with the uid in lower case")
            .expects("The same token")
            .unsabotaged("the reference party's comparison has no switch of its own; tokens.push.token.case-blind covers the rule")
            .run(|cx| async move {
                let token = listed(&cx, "RFID token with letters", |t| is_rfid(t) && t["valid"] == true && uid(t).to_lowercase() != uid(t)).await?;
                info(&ask(&cx, &uid(&token).to_lowercase(), None, Some(&json!({"location_id": "LOC0"}))).await?).map(|_| ())
            }),
        case("tokens.authorize.blocked", "A blocked token is an answer, not an error")
            .proves(&["TOK-055", "TOK-056", "TOK-076"])
            .does("POSTs authorize for a token with valid=false")
            .expects("HTTP 200, 1000, and an `allowed` other than ALLOWED")
            .sabotage("authorize-blocked-error")
            .sabotage("authorize-always-allowed")
            .run(|cx| async move {
                let token = listed(&cx, "invalid RFID token", |t| is_rfid(t) && t["valid"] == false).await?;
                let data = info(&ask(&cx, uid(&token), None, Some(&json!({"location_id": "LOC0"}))).await?)?;
                ensure(data["allowed"] != "ALLOWED", "BLOCKED, EXPIRED, NO_CREDIT or NOT_ALLOWED", || data["allowed"].to_string())
            }),
        case("tokens.authorize.no-location-invented", "location only where it was asked for and charging is allowed")
            .proves(&["TOK-058"])
            .does("POSTs authorize without a body, and for an invalid token with one")
            .expects("No location in the answers")
            .sabotage("authorize-location-invented")
            .run(|cx| async move {
                let token = listed(&cx, "valid RFID token", |t| is_rfid(t) && t["valid"] == true).await?;
                let answer = ask(&cx, uid(&token), None, None).await?;
                let blank = |answer: &Answer| answer.data()["location"].is_null();
                ensure(blank(&answer), "no location", || answer.describe())?;
                if let Ok(blocked) = listed(&cx, "invalid RFID token", |t| is_rfid(t) && t["valid"] == false).await {
                    let answer = ask(&cx, uid(&blocked), None, Some(&json!({"location_id": "LOC0"}))).await?;
                    ensure(blank(&answer), "no location for a token that may not charge", || answer.describe())?;
                }
                Ok(())
            }),
        case("tokens.authorize.evses", "No more EVSEs than were asked for")
            .proves(&["TOK-059", "TOK-082", "TOK-081"])
            .does("POSTs authorize with two evse_uids")
            .expects("location.evse_uids, if given, is a subset")
            .sabotage("authorize-extra-evses")
            .run(|cx| async move {
                let token = listed(&cx, "valid RFID token", |t| is_rfid(t) && t["valid"] == true).await?;
                let asked = ["LOC0-E1", "LOC0-E2"];
                let data = info(&ask(&cx, uid(&token), None, Some(&json!({"location_id": "LOC0", "evse_uids": asked}))).await?)?;
                let extra = data["location"]["evse_uids"].as_array().into_iter().flatten().find(|uid| !asked.iter().any(|known| *uid == known));
                ensure(extra.is_none(), "a subset of the EVSEs asked for", || data["location"].to_string())
            }),
        case("tokens.authorize.unknown-location", "An unknown location is no reason to refuse")
            .proves(&["TOK-013"])
            .should()
            .does("POSTs authorize with a location_id that was never published")
            .expects("ALLOWED for a valid token: it may be a private charger")
            .sabotage("authorize-unknown-location-2003")
            .run(|cx| async move {
                let token = listed(&cx, "valid RFID token", |t| is_rfid(t) && t["valid"] == true).await?;
                let data = info(&ask(&cx, uid(&token), None, Some(&json!({"location_id": "NEVER-PUBLISHED"}))).await?)?;
                ensure(data["allowed"] == "ALLOWED", "ALLOWED", || data["allowed"].to_string())
            }),
        case("tokens.authorize.quick", "authorize is quick")
            .proves(&["TOK-012"])
            .should()
            .does("Measures three requests")
            .expects("Each within 900 ms: a driver is waiting")
            .sabotage("authorize-slow")
            .run(|cx| async move {
                let token = listed(&cx, "valid RFID token", |t| is_rfid(t) && t["valid"] == true).await?;
                for _ in 0..3 {
                    let answer = ask(&cx, uid(&token), None, Some(&json!({"location_id": "LOC0"}))).await?;
                    ensure(answer.took.as_millis() < 900, "an answer within 900 ms", || format!("{} ms", answer.took.as_millis()))?;
                }
                Ok(())
            }),
    ]
}

fn refusals() -> Vec<Case> {
    let case = |id: &'static str, title: &'static str| Case::new(id, title).on(TargetRole::Emsp).writes();
    vec![
        case("tokens.authorize.unknown", "An unknown token")
            .proves(&["TOK-048", "TOK-054", "STA-024"])
            .does("POSTs authorize for a uid that nobody has")
            .expects("HTTP 404 with status_code 2004 and no data")
            .sabotage("authorize-unknown-200")
            .sabotage("authorize-unknown-data")
            .run(|cx| async move {
                let answer = ask(&cx, "NOBODY-HAS-THIS", None, Some(&json!({"location_id": "LOC0"}))).await?;
                answer.has_http(404)?;
                answer.has_status(2004)?;
                ensure(answer.data().is_null(), "no data", || answer.describe())
            }),
        case("tokens.authorize.type", "Without type only RFID tokens are found")
            .proves(&["TOK-050", "TYP-004"])
            .does("POSTs authorize for a token of another type, without and with its type")
            .expects("HTTP 404 without, an AuthorizationInfo with")
            .sabotage("authorize-ignores-type")
            .run(|cx| async move {
                let tokens = cx.objects("tokens", 1).await?;
                let rfid: BTreeSet<String> =
                    tokens.iter().filter(|t| is_rfid(t)).map(|t| uid(t).to_uppercase()).collect();
                let token =
                    listed(&cx, "token that is no RFID", |t| !is_rfid(t) && !rfid.contains(&uid(t).to_uppercase()))
                        .await?;
                ask(&cx, uid(&token), None, Some(&json!({"location_id": "LOC0"}))).await?.has_http(404)?;
                let kind = token["type"].as_str().unwrap_or("");
                info(&ask(&cx, uid(&token), Some(kind), Some(&json!({"location_id": "LOC0"}))).await?).map(|_| ())
            }),
        case("tokens.authorize.invalid", "A body that is no LocationReferences")
            .proves(&["STA-019", "TYP-012"])
            .does("POSTs authorize with a location_id of 37 characters, and without one")
            .expects("status_code 2001")
            .sabotage("receiver-unvalidated")
            .run(|cx| async move {
                let token = listed(&cx, "valid RFID token", |t| is_rfid(t) && t["valid"] == true).await?;
                for body in [json!({"location_id": "L".repeat(37)}), json!({"evse_uids": ["E1"]})] {
                    ask(&cx, uid(&token), None, Some(&body)).await?.has_status(2001)?;
                }
                Ok(())
            }),
    ]
}

fn rules() -> Vec<Case> {
    vec![
        lint(
            "tokens",
            "contract-id",
            "Contract ids have the form of an eMA id",
            &["TOK-067", "TYP-001", "CDR-119"],
            |token| {
                let id: String = token["contract_id"].as_str()?.chars().filter(|c| *c != '-').collect();
                let fine = (13..=15).contains(&id.len())
                    && id.is_ascii()
                    && id[..2].bytes().all(|b| b.is_ascii_alphabetic())
                    && id.bytes().all(|b| b.is_ascii_alphanumeric());
                (!fine).then(|| format!("contract_id {}", token["contract_id"]))
            },
        )
        .should()
        .on(TargetRole::Emsp)
        .sabotage("set tokens /contract_id \"contract 1\""),
        lint("tokens", "app-users-never", "Tokens of apps are never whitelisted", &["TOK-083"], |token| {
            let app = token["type"] == "APP_USER" || token["type"] == "AD_HOC_USER";
            (app && token["whitelist"] != "NEVER")
                .then(|| format!("whitelist {} for {}", token["whitelist"], token["type"]))
        })
        .should()
        .on(TargetRole::Emsp)
        .sabotage("set tokens /type \"APP_USER\""),
        lint("tokens", "group-length", "Group ids fit into old charge points", &["TOK-070"], |token| {
            let group = token["group_id"].as_str()?;
            (group.len() > 20).then(|| format!("group_id has {} characters", group.len()))
        })
        .should()
        .on(TargetRole::Emsp)
        .sabotage("set tokens /group_id \"A-GROUP-ID-OF-30-CHARACTERS-00\""),
        lint("tokens", "language", "Languages are ISO 639-1 codes", &["TOK-071"], |token| {
            let language = token["language"].as_str()?;
            (!(language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase())))
                .then(|| format!("language {language:?}"))
        })
        .on(TargetRole::Emsp)
        .sabotage("set tokens /language \"N1\""),
    ]
}
