//! Registrations beside the main one: with a partner that is odd, faulty or unreachable, and with the platform as the
//! side that begins.

use std::sync::Arc;

use serde_json::{Value, json};

use super::credentials::{credentials_url, fetched_back};
use crate::case::{Case, CaseResult, Stop, ensure, skip};
use crate::client::Answer;
use crate::context::Ctx;
use crate::formats::token_of;
use crate::party::{Party, PartyConfig, Received, new_token};
use crate::schema;

/// Another partner, on the tester's listener.
pub(super) fn partner(cx: &Arc<Ctx>, faults: &[&str]) -> Party {
    let name = cx.new_id("P").to_lowercase();
    let ours = cx.config.role.opposite();
    let config = PartyConfig {
        name: format!("OCPI compliance suite {name}"),
        roles: vec![(ours, cx.partner_owner())],
        faults: faults.iter().map(|fault| (*fault).to_string()).collect(),
        // Neither a hub nor an SCSP has objects of its own.
        seed: !faults.iter().any(|fault| fault.starts_with("plays-")),
        page_cap: 50,
        operator: false,
        recorder: Some(cx.recorder.clone()),
    };
    cx.party.child(&name, config)
}

pub(super) async fn token_a(cx: &Arc<Ctx>) -> CaseResult<String> {
    cx.fresh_token_a("OCPI compliance suite, spare").await
}

pub(super) async fn post(cx: &Arc<Ctx>, token_a: &str, body: &Value) -> CaseResult<Answer> {
    if let Some(token) = body["token"].as_str() {
        cx.recorder.hide(token);
    }
    let answer = cx.configuration("POST", credentials_url(cx)?).token(token_a).json(body).send().await?;
    if let Some(token) = answer.data()["token"].as_str() {
        cx.recorder.hide(token);
    }
    Ok(answer)
}

/// Ends a registration of this file.
pub(super) async fn leave(cx: &Arc<Ctx>, answer: &Answer) -> CaseResult {
    if let Some(token) = answer.data()["token"].as_str() {
        cx.configuration("DELETE", credentials_url(cx)?).token(token).send().await?;
    }
    Ok(())
}

async fn joins(cx: &Arc<Ctx>, partner: &Party, token: &str, body: &Value) -> CaseResult<Vec<Received>> {
    partner.expect_token(token);
    let token_a = token_a(cx).await?;
    let answer = post(cx, &token_a, body).await?;
    let calls = partner.since(0);
    leave(cx, &answer).await?;
    answer.succeeded()?;
    Ok(calls)
}

pub(super) fn cases() -> Vec<Case> {
    [failing(), odd(), beginning()].concat()
}

fn failing() -> Vec<Case> {
    vec![
        Case::new("credentials.partner.unreachable", "A partner whose API cannot be used: 3001")
            .proves(&["STA-026", "CRE-027"])
            .writes()
            .does("POSTs credentials whose url is dead, whose url answers 401, and whose url is no OCPI")
            .expects("status_code 3001 each time")
            .sabotage("credentials-3001-as-3000")
            .run(|cx| async move {
                let token_a = token_a(&cx).await?;
                let partner = partner(&cx, &[]);
                let mut dead = partner.credentials(&new_token());
                dead["url"] = json!(format!("{}/nowhere", partner.base()));
                post(&cx, &token_a, &dead).await?.has_status(3001)?;
                // The token is one that the partner does not accept.
                post(&cx, &token_a, &partner.credentials(&new_token())).await?.has_status(3001)
            }),
        Case::new("credentials.partner.other-version", "A partner without 2.2.1: 3002")
            .proves(&["STA-027"])
            .writes()
            .does("POSTs credentials whose versions list holds 2.1.1 only")
            .expects("status_code 3002")
            .sabotage("credentials-3002-as-1000")
            .run(|cx| async move {
                let token_a = token_a(&cx).await?;
                let partner = partner(&cx, &["offers-only-2.1.1"]);
                let token = new_token();
                partner.expect_token(&token);
                post(&cx, &token_a, &partner.credentials(&token)).await?.has_status(3002)
            }),
        Case::new("credentials.partner.no-modules", "A partner with nothing but credentials")
            .proves(&["STA-028", "CRE-030"])
            .should()
            .writes()
            .does("POSTs credentials whose details list only `credentials`")
            .expects("status_code 3003 where more is needed, or success")
            .sabotage("credentials-callback-token-a")
            .run(|cx| async move {
                let token_a = token_a(&cx).await?;
                let partner = partner(&cx, &["offers-only-credentials"]);
                let token = new_token();
                partner.expect_token(&token);
                let answer = post(&cx, &token_a, &partner.credentials(&token)).await?;
                leave(&cx, &answer).await?;
                ensure(matches!(answer.ocpi(), Some(1000 | 3003)), "status_code 3003 or 1000", || answer.describe())
            }),
        Case::new("credentials.partner.retry", "A failed registration can be tried again")
            .proves(&["CRE-017"])
            .should()
            .writes()
            .does("POSTs credentials with a dead url, then correct ones, with the same registration token")
            .expects("3001, then success")
            .sabotage("credentials-burns-token-a")
            .run(|cx| async move {
                let token_a = token_a(&cx).await?;
                let partner = partner(&cx, &[]);
                let token = new_token();
                partner.expect_token(&token);
                let mut dead = partner.credentials(&token);
                dead["url"] = json!(format!("{}/nowhere", partner.base()));
                let first = post(&cx, &token_a, &dead).await?;
                ensure(first.ocpi() != Some(1000), "a failure", || first.describe())?;
                let second = post(&cx, &token_a, &partner.credentials(&token)).await?;
                leave(&cx, &second).await?;
                second.succeeded()
            }),
        Case::new("credentials.partner.invalid", "Credentials objects with faults: 2001")
            .proves(&["CRE-054", "CRE-058", "CRE-059", "CRE-068", "CRE-069", "CRE-071", "CRE-072", "TYP-026", "STA-019", "CRE-057"])
            .writes()
            .does("POSTs credentials with a token of 65 characters, without roles, with a role twice (in another case), with role MSP, without business_details, with a party_id of 4 and a country_code of 3 characters, with a relative url")
            .expects("status_code 2001 each time")
            .sabotage("credentials-unvalidated")
            .run(|cx| async move {
                let token_a = token_a(&cx).await?;
                let partner = partner(&cx, &[]);
                let token = new_token();
                partner.expect_token(&token);
                let good = partner.credentials(&token);
                for (what, body) in broken(&good) {
                    let answer = post(&cx, &token_a, &body).await?;
                    if answer.ocpi() == Some(1000) {
                        leave(&cx, &answer).await?;
                    }
                    ensure(answer.ocpi() == Some(2001), format!("status_code 2001 for credentials {what}"), || answer.describe())?;
                }
                Ok(())
            }),
    ]
}

fn broken(good: &Value) -> Vec<(&'static str, Value)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    vec![
        ("with a token of 65 characters", with(&|b| b["token"] = json!("x".repeat(65)))),
        ("without roles", with(&|b| b["roles"] = json!([]))),
        (
            "with a role twice",
            with(&|b| {
                let mut role = b["roles"][0].clone();
                role["party_id"] = json!(role["party_id"].as_str().unwrap_or("").to_lowercase());
                if let Some(list) = b["roles"].as_array_mut() {
                    list.push(role);
                }
            }),
        ),
        ("with role MSP", with(&|b| b["roles"][0]["role"] = json!("MSP"))),
        ("without business_details", with(&|b| b["roles"][0]["business_details"] = Value::Null)),
        ("without a name", with(&|b| b["roles"][0]["business_details"] = json!({}))),
        ("with a party_id of 4 characters", with(&|b| b["roles"][0]["party_id"] = json!("ABCD"))),
        ("with a country_code of 3 characters", with(&|b| b["roles"][0]["country_code"] = json!("NLD"))),
        ("with a relative url", with(&|b| b["url"] = json!("/ocpi/versions"))),
    ]
}

fn odd() -> Vec<Case> {
    vec![
        Case::new("credentials.partner.many-versions", "A partner with many versions, custom modules, and credentials as RECEIVER")
            .proves(&["VER-017", "VER-027", "VER-037", "VER-038", "CRE-013", "VER-006"])
            .writes()
            .does("POSTs credentials; the versions list holds 2.1.1, 2.2, 2.2.1 and 3.0, the details hold an unknown module and list credentials as RECEIVER")
            .expects("Success; of the details only those of 2.2.1 are read")
            .sabotage("client-lowest-version")
            .sabotage("client-chokes-on-unknown-module")
            .run(|cx| async move {
                let partner = partner(&cx, &["offers-many-versions", "offers-custom-module", "offers-credentials-receiver"]);
                let token = new_token();
                let calls = joins(&cx, &partner, &token, &partner.credentials(&token)).await?;
                fetched_back(&calls)?;
                let other = calls.iter().find(|call| call.path.starts_with("/ocpi/2.1") || call.path.starts_with("/ocpi/3") || call.path == "/ocpi/2.2");
                ensure(other.is_none(), "only the details of 2.2.1 are read", || format!("{:?}", other.map(|call| &call.path)))
            }),
        Case::new("credentials.partner.many-roles", "A partner with several roles and parties")
            .proves(&["CRE-001", "CRE-060", "CRE-062", "CRE-070"])
            .writes()
            .does("POSTs credentials with three parties (the same party_id in two countries), both roles, a website and a logo")
            .expects("Success")
            .sabotage("credentials-one-role")
            .run(|cx| async move {
                let partner = partner(&cx, &[]);
                let token = new_token();
                let mut body = partner.credentials(&token);
                let details = json!({"name": "Several", "website": "https://example.org", "logo": {"url": "https://example.org/l.png", "category": "OPERATOR", "type": "png", "width": 512, "height": 512}});
                let role = |role: &str, country: &str, party: &str| json!({"role": role, "country_code": country, "party_id": party, "business_details": details});
                if let Some(list) = body["roles"].as_array_mut() {
                    list.extend([role("CPO", "FR", "S0X"), role("EMSP", "FR", "S0X"), role(cx.config.role.opposite().as_str(), "DE", "S0X")]);
                }
                joins(&cx, &partner, &token, &body).await.map(|_| ())
            }),
        Case::new("credentials.partner.odd-token", "A token with every kind of character")
            .proves(&["CRE-055", "TRN-008", "CRE-056"])
            .writes()
            .does("POSTs credentials with a token of `!`, `~`, `:`, `=`, `/`, `+` and letters, whose Base64 has `+` and padding")
            .expects("Success; the platform presents exactly this token, Base64 encoded")
            .sabotage("client-raw-token")
            .sabotage("client-token-newline")
            .run(|cx| async move {
                let partner = partner(&cx, &[]);
                let token = format!("~~>?!:=/+aB{}", cx.new_id(""));
                let calls = joins(&cx, &partner, &token, &partner.credentials(&token)).await?;
                let wrong = calls.iter().find(|call| call.header("authorization").and_then(token_of).as_deref() != Some(token.as_str()));
                ensure(wrong.is_none(), "the token as it was given", || format!("{:?}", wrong.map(|call| &call.path)))
            }),
        Case::new("credentials.partner.own-tokens", "Every partner gets its own token")
            .proves(&["TRN-011", "CRE-014", "CRE-004"])
            .writes()
            .does("Registers two further partners")
            .expects("Different registration tokens, different tokens in the answers")
            .unsabotaged("a platform that hands out equal tokens cannot keep the main registration apart, which other cases notice")
            .run(|cx| async move {
                let mut tokens = Vec::new();
                for _ in 0..2 {
                    let partner = partner(&cx, &[]);
                    let token = new_token();
                    partner.expect_token(&token);
                    let token_a = token_a(&cx).await?;
                    let answer = post(&cx, &token_a, &partner.credentials(&token)).await?;
                    answer.succeeded()?;
                    tokens.push((token_a, answer.data()["token"].clone()));
                    leave(&cx, &answer).await?;
                }
                ensure(tokens[0].0 != tokens[1].0 && tokens[0].1 != tokens[1].1, "different tokens", || "the same".into())
            }),
    ]
}

/// The platform registers with a partner of the tester; what the partner saw.
async fn begin(cx: &Arc<Ctx>, faults: &[&str]) -> CaseResult<(Party, String, Result<String, Stop>)> {
    if !cx.config.triggers.has("register") {
        return skip("needs the trigger `register`");
    }
    let partner = partner(cx, faults);
    let token = partner.invite();
    cx.recorder.hide(&token);
    let name = cx.new_id("Suite ");
    let outcome = cx
        .trigger("register", &[("versions_url", &partner.versions_url()), ("token_a", &token), ("name", &name)])
        .await;
    let peer = outcome.map(|outputs| outputs.get("peer_id").cloned().unwrap_or_default());
    Ok((partner, token, peer))
}

async fn finish(cx: &Arc<Ctx>, peer_id: &str) {
    // Whatever comes of it: the case has its verdict.
    let _ = cx.trigger("unregister", &[("peer_id", peer_id)]).await;
}

fn paths(calls: &[Received]) -> Vec<String> {
    calls.iter().map(|call| format!("{} {}", call.method, call.path)).collect()
}

fn beginning() -> Vec<Case> {
    vec![
        Case::new("credentials.sender.handshake", "The platform registers with a partner")
            .proves(&["CRE-006", "CRE-009", "CRE-019", "CRE-003", "CRE-034", "VER-005", "CRE-037", "VER-007"])
            .writes()
            .does("Lets the operator register with a partner of the tester")
            .expects("GET versions, GET details, POST credentials, in this order, with the registration token; the POST body is a credentials object by the tables")
            .sabotage("client-skips-versions")
            .sabotage("client-bad-credentials")
            .run(|cx| async move {
                let (partner, token, peer) = begin(&cx, &[]).await?;
                let calls = partner.since(0);
                finish(&cx, peer.as_deref().unwrap_or("")).await;
                let order: Vec<&str> = calls.iter().filter(|c| c.header("authorization").and_then(token_of).as_ref() == Some(&token)).map(|c| match (c.method.as_str(), c.path.trim_end_matches('/')) {
                    ("GET", "/ocpi/versions") => "versions",
                    ("GET", "/ocpi/2.2.1") => "details",
                    ("POST", "/ocpi/2.2.1/credentials") => "post",
                    _ => "other",
                }).collect();
                ensure(order == ["versions", "details", "post"], "GET versions, GET details, POST credentials with the registration token", || format!("{:?}", paths(&calls)))?;
                let body = calls.iter().find(|c| c.method == "POST").and_then(|c| c.json.clone()).unwrap_or_default();
                let found = schema::check("Credentials", &body);
                ensure(found.is_empty(), "a credentials object by the tables", || format!("{found:?}"))
            }),
        Case::new("credentials.sender.token-b-valid", "The token it sends is valid while its POST is open")
            .proves(&["CRE-010", "VER-008"])
            .writes()
            .does("While the POST is open, the tester's partner GETs versions and details with the token in the body")
            .expects("Both answer with success, so the registration succeeds")
            .sabotage("client-late-token")
            .run(|cx| async move {
                let (partner, _, peer) = begin(&cx, &[]).await?;
                let posted = partner.since(0).into_iter().find(|c| c.method == "POST");
                finish(&cx, peer.as_deref().unwrap_or("")).await;
                let Some(posted) = posted else { return crate::case::fail("POST credentials", "none arrived") };
                ensure(posted.status_code != 3001, "the url and token in the body can be used at once", || format!("the tester had to answer {}", posted.status_code))
            }),
        Case::new("credentials.sender.highest-version", "The highest common version is picked")
            .proves(&["CRE-007", "VER-037", "VER-017"])
            .writes()
            .does("Lets the operator register with a partner that lists 2.1.1, 2.2, 2.2.1 and 3.0")
            .expects("The details of 2.2.1 are read, and no others")
            .sabotage("client-lowest-version")
            .run(|cx| async move {
                let (partner, _, peer) = begin(&cx, &["offers-many-versions"]).await?;
                let calls = partner.since(0);
                finish(&cx, peer.as_deref().unwrap_or("")).await;
                let read: Vec<String> = calls.iter().filter(|c| c.method == "GET" && c.segments.len() == 2 && c.segments[1] != "versions").map(|c| c.path.clone()).collect();
                ensure(!read.is_empty() && read.iter().all(|path| path.trim_end_matches('/') == "/ocpi/2.2.1"), "GET of the details of 2.2.1", || format!("{:?}", paths(&calls)))
            }),
        Case::new("credentials.sender.odd-details", "Unknown modules and credentials as RECEIVER")
            .proves(&["VER-027", "VER-038", "VER-030"])
            .writes()
            .does("Lets the operator register with a partner whose details hold an unknown module and list credentials as RECEIVER")
            .expects("POST credentials arrives")
            .sabotage("client-needs-credentials-sender")
            .sabotage("client-chokes-on-unknown-module")
            .run(|cx| async move {
                let (partner, _, peer) = begin(&cx, &["offers-custom-module", "offers-credentials-receiver"]).await?;
                let calls = partner.since(0);
                finish(&cx, peer.as_deref().unwrap_or("")).await;
                ensure(calls.iter().any(|c| c.method == "POST" && c.answered == 200), "POST credentials", || format!("{:?}", paths(&calls)))
            }),
        Case::new("credentials.sender.nothing-to-gain", "A partner with nothing but credentials")
            .proves(&["CRE-028"])
            .may()
            .writes()
            .does("Lets the operator register with a partner whose details list only credentials")
            .expects("No POST credentials")
            .sabotage("client-registers-anyway")
            .run(|cx| async move {
                let (partner, _, peer) = begin(&cx, &["offers-only-credentials"]).await?;
                let calls = partner.since(0);
                if let Ok(peer) = &peer {
                    finish(&cx, peer).await;
                }
                ensure(!calls.iter().any(|c| c.method == "POST"), "no POST credentials", || format!("{:?}", paths(&calls)))
            }),
        Case::new("credentials.sender.token-c", "After registration only the new token is used")
            .proves(&["CRE-015", "CRE-016", "CRE-056", "CRE-008", "CRE-022"])
            .writes()
            .does("Lets the operator register, pull and unregister")
            .expects("Everything after the POST carries the token of the answer, Base64 encoded")
            .sabotage("client-keeps-token-a")
            .run(|cx| async move {
                let (partner, token_a, peer) = begin(&cx, &[]).await?;
                let peer = peer?;
                let mark = partner.mark();
                let _ = cx.trigger("sync", &[("peer_id", &peer)]).await;
                finish(&cx, &peer).await;
                let calls = partner.since(mark);
                ensure(!calls.is_empty(), "requests after the registration", || "none (triggers `sync` and `unregister`)".into())?;
                let presented = |c: &Received| c.header("authorization").and_then(token_of);
                // Not by the 401 alone: what was under way when the registration ended is refused with the right token.
                let token_c = calls.iter().find(|c| c.answered != 401).and_then(presented);
                let end = calls.iter().position(|c| c.method == "DELETE").unwrap_or(calls.len());
                let is_wrong = |n: usize, token: Option<String>| {
                    token.as_ref() == Some(&token_a) || (n < end && (token.is_none() || token != token_c))
                };
                let wrong = calls.iter().enumerate().find(|(n, c)| is_wrong(*n, presented(c))).map(|(_, c)| c);
                ensure(wrong.is_none(), "the token of the answer to POST", || format!("{:?}", wrong.map(|c| &c.path)))
            }),
        Case::new("credentials.sender.update", "The platform renews its credentials")
            .proves(&["CRE-020", "CRE-021", "CRE-022", "CRE-024", "CRE-025", "CRE-043", "VER-018"])
            .writes()
            .does("Lets the operator renew the credentials with a partner")
            .expects("GET versions, GET details, PUT with a full credentials object and a new token, authorized with the token in force")
            .sabotage("client-put-without-versions")
            .run(|cx| async move {
                if !cx.config.triggers.has("update_credentials") {
                    return skip("needs the trigger `update_credentials`");
                }
                let (partner, _, peer) = begin(&cx, &[]).await?;
                let peer = peer?;
                let first = partner.since(0).into_iter().find(|c| c.method == "POST").and_then(|c| c.json).unwrap_or_default();
                let mark = partner.mark();
                let pulled = cx.trigger("update_credentials", &[("peer_id", &peer)]).await;
                let calls = partner.since(mark);
                finish(&cx, &peer).await;
                pulled?;
                let at = |method: &str, path: &str| calls.iter().position(|c| c.method == method && c.path.trim_end_matches('/') == path);
                let (versions, details, put) = (at("GET", "/ocpi/versions"), at("GET", "/ocpi/2.2.1"), at("PUT", "/ocpi/2.2.1/credentials"));
                ensure(versions.is_some() && versions < details && details < put, "GET versions, GET details, PUT credentials", || format!("{:?}", paths(&calls)))?;
                let body = put.and_then(|index| calls[index].json.clone()).unwrap_or_default();
                let found = schema::check("Credentials", &body);
                ensure(found.is_empty() && body["token"] != first["token"], "a full object with a new token", || format!("{found:?}"))
            }),
        Case::new("credentials.sender.delete", "The platform ends the registration")
            .proves(&["CRE-022", "CRE-031"])
            .writes()
            .does("Lets the operator register with a partner and unregister")
            .expects("DELETE credentials with the token in force")
            .sabotage("client-keeps-token-a")
            .run(|cx| async move { deletes(&cx).await }),
    ]
}

async fn deletes(cx: &Arc<Ctx>) -> CaseResult {
    let (partner, _, peer) = begin(cx, &[]).await?;
    let peer = peer?;
    let mark = partner.mark();
    cx.trigger("unregister", &[("peer_id", &peer)]).await.or_else(|stop| match stop {
        Stop::Error(_) => Ok(std::collections::HashMap::default()),
        other => Err(other),
    })?;
    let calls = partner.since(mark);
    let deleted = calls
        .iter()
        .any(|c| c.method == "DELETE" && c.segments.last().is_some_and(|s| s == "credentials") && c.answered == 200);
    ensure(deleted, "DELETE credentials, with the token in force", || {
        format!("{:?}", calls.iter().map(|c| format!("{} {} → {}", c.method, c.path, c.answered)).collect::<Vec<_>>())
    })
}
