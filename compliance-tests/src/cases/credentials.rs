//! The main connection's credentials: the exchange that the runner did, rotation, the end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::auth::{functional_url, needs_token_a};
use crate::case::{Case, CaseResult, Lane, Phase, Stop, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, Target};
use crate::formats::token_of;
use crate::party::{Received, new_token};
use crate::register;
use crate::schema;

pub(super) fn cases() -> Vec<Case> {
    [unregistered(), registration(), connected(), rotation(), leaving()].concat()
}

pub(super) fn credentials_url(cx: &Arc<Ctx>) -> CaseResult<String> {
    register::credentials_url(&cx.target()).ok_or_else(|| Stop::Skip("the details list no credentials endpoint".into()))
}

fn unregistered() -> Vec<Case> {
    let before = |id: &'static str, title: &'static str| Case::new(id, title).phase(Phase::Unregistered);
    vec![
        before("credentials.before.get", "The credentials endpoint exists before registration")
            .proves(&["CRE-032", "CRE-004"])
            .does("GETs credentials with the registration token")
            .expects("Not HTTP 404, 401 or 501")
            .sabotage("credentials-404")
            .run(|cx| async move {
                needs_token_a(&cx)?;
                let answer = cx.configuration("GET", credentials_url(&cx)?).send().await?;
                ensure(
                    ![401, 404, 501].contains(&answer.http) && answer.http < 500,
                    "an answer of the credentials endpoint",
                    || answer.describe(),
                )
            }),
        before("credentials.before.put", "PUT before registration")
            .proves(&["CRE-049"])
            .writes()
            .does("PUTs credentials with the registration token")
            .expects("HTTP 405")
            .sabotage("credentials-put-unregistered")
            .run(|cx| async move {
                needs_token_a(&cx)?;
                let token = new_token();
                cx.party.expect_token(&token);
                cx.recorder.hide(&token);
                cx.configuration("PUT", credentials_url(&cx)?)
                    .json(&cx.party.credentials(&token))
                    .send()
                    .await?
                    .has_http(405)
            }),
        before("credentials.before.delete", "DELETE before registration")
            .proves(&["CRE-053"])
            .writes()
            .does("DELETEs credentials with the registration token")
            .expects("HTTP 405; the registration token still works")
            .sabotage("credentials-delete-unregistered")
            .run(|cx| async move {
                needs_token_a(&cx)?;
                cx.configuration("DELETE", credentials_url(&cx)?).send().await?.has_http(405)?;
                cx.configuration("GET", &cx.config.versions_url).send().await?.succeeded()
            }),
    ]
}

/// The answer to the runner's POST.
fn post_answer(cx: &Arc<Ctx>) -> CaseResult<(Answer, Target)> {
    needs_token_a(cx)?;
    let target = cx.target();
    match &target.registration {
        Some(answer) => Ok((answer.clone(), target.clone())),
        None => skip(target.trouble.clone().unwrap_or_else(|| "there was no POST credentials".into())),
    }
}

fn successful_post(cx: &Arc<Ctx>) -> CaseResult<(Value, Target)> {
    let (answer, target) = post_answer(cx)?;
    answer.succeeded()?;
    Ok((answer.data().clone(), target))
}

fn registration() -> Vec<Case> {
    let seen = |id: &'static str, title: &'static str| Case::new(id, title).phase(Phase::Registration).writes();
    vec![
        seen("credentials.post.answers", "POST credentials registers")
            .proves(&["CRE-031", "CRE-032", "CRE-038", "CRE-019", "TRN-016", "CRE-054", "CRE-057", "CRE-058"])
            .does("POSTs the tester's credentials with the registration token")
            .expects("Success, with a credentials object by the tables in data")
            .sabotage("credentials-no-roles")
            .sabotage("credentials-long-token")
            .sabotage("custom-status-code")
            .run(|cx| async move {
                let (data, _) = successful_post(&cx)?;
                let found = schema::check("Credentials", &data);
                ensure(found.is_empty(), "a credentials object by the tables", || format!("{found:?}"))
            }),
        seen("credentials.post.new-token", "The answer holds a new token")
            .proves(&["CRE-014", "CRE-040", "TRN-011"])
            .does("Compares the token in the answer with the registration token and with the one the tester sent")
            .expects("A third token")
            .sabotage("credentials-same-token")
            .run(|cx| async move {
                let (data, target) = successful_post(&cx)?;
                let token = data["token"].as_str().unwrap_or("");
                let old = token == target.token_b || target.old_tokens.iter().any(|known| known == token);
                ensure(!token.is_empty() && !old, "a new token", || "the token that was sent, or none".into())
            }),
        seen("credentials.post.token-characters", "The token is printable and has no blanks")
            .proves(&["CRE-055"])
            .should()
            .does("Looks at the characters of the token in the answer")
            .expects("U+0021 to U+007E only")
            .sabotage("credentials-blank-token")
            .run(|cx| async move {
                let (data, _) = successful_post(&cx)?;
                let fine = data["token"].as_str().is_some_and(|token| token.bytes().all(|b| (0x21..0x7f).contains(&b)));
                ensure(fine, "printable non-blank ASCII", || "other characters".into())
            }),
        seen("credentials.post.own-data", "The answer is the platform's own object, not an echo")
            .proves(&["CRE-041", "CRE-056"])
            .does("Compares url and roles in the answer with the tester's")
            .expects("The platform's versions URL and roles")
            .sabotage("credentials-echo")
            .run(|cx| async move {
                let (data, _) = successful_post(&cx)?;
                ensure(data["url"] != cx.party.versions_url(), "the platform's own versions URL", || data["url"].to_string())?;
                let ours = data["roles"].as_array().into_iter().flatten().any(|role| cx.owner().owns(role));
                ensure(!ours, "the platform's own roles", || data["roles"].to_string())
            }),
        seen("credentials.post.url", "The url in the answer is the versions list")
            .proves(&["CRE-057", "VER-008"])
            .does("GETs the url with the new token")
            .expects("The list of versions")
            .sabotage("credentials-details-url")
            .run(|cx| async move {
                let (data, target) = successful_post(&cx)?;
                let url = data["url"].as_str().unwrap_or("").to_string();
                let answer = cx.configuration("GET", url).token(&target.token).send().await?;
                let listed = answer.list()?.iter().any(|version| version["version"] == "2.2.1");
                ensure(listed, "a list with version 2.2.1", || answer.describe())
            }),
        seen("credentials.post.roles", "The roles in the answer")
            .proves(&["CRE-058", "CRE-059", "CRE-068", "CRE-069", "CRE-071", "CRE-072", "TYP-026"])
            .does("Checks roles: at least one, no triple twice, business_details with a name, two-letter and three-character codes, the role that is judged")
            .expects("All of it")
            .sabotage("credentials-no-roles")
            .sabotage("credentials-double-role")
            .sabotage("credentials-no-business-details")
            .run(|cx| async move {
                let (data, _) = successful_post(&cx)?;
                let roles = data["roles"].as_array().cloned().unwrap_or_default();
                ensure(!roles.is_empty(), "at least one role", || data.to_string())?;
                let mut seen = BTreeSet::new();
                for role in &roles {
                    let found = schema::check("CredentialsRole", role);
                    ensure(found.is_empty(), "a role by the tables", || format!("{found:?}"))?;
                    let triple = format!("{} {} {}", role["role"], role["country_code"], role["party_id"]).to_uppercase();
                    ensure(seen.insert(triple.clone()), "each triple once", || triple)?;
                }
                let wanted = cx.config.role.as_str();
                ensure(roles.iter().any(|role| role["role"] == wanted), format!("a role {wanted}"), || format!("{roles:?}"))
            }),
        seen("credentials.post.fetches-back", "The platform reads the tester's versions and details before it answers")
            .proves(&["CRE-012", "CRE-013", "CRE-039"])
            .does("Looks at what arrived while the POST was open")
            .expects("GET versions and GET details of 2.2.1")
            .sabotage("credentials-no-callback")
            .sabotage("credentials-callback-details-skipped")
            .run(|cx| async move {
                let (_, target) = post_answer(&cx)?;
                fetched_back(&target.callbacks)
            }),
        seen("credentials.post.fetches-with-token-b", "It does so with the token the tester sent")
            .proves(&["CRE-011"])
            .does("Looks at the Authorization of what arrived while the POST was open")
            .expects("The token of the tester's credentials object, Base64 encoded")
            .sabotage("credentials-callback-token-a")
            .sabotage("client-raw-token")
            .run(|cx| async move {
                let (_, target) = post_answer(&cx)?;
                if target.callbacks.is_empty() {
                    return skip("nothing arrived while the POST was open");
                }
                let token = if target.token_b.is_empty() { None } else { Some(target.token_b) };
                for call in &target.callbacks {
                    let presented = call.header("authorization").and_then(token_of);
                    let fine = presented.is_some() && token.as_ref().is_none_or(|token| presented.as_ref() == Some(token)) && call.answered != 401;
                    ensure(fine, "Token + Base64 of the token sent in credentials", || format!("{} {} with another Authorization, answered {}", call.method, call.path, call.answered))?;
                }
                Ok(())
            }),
    ]
}

pub(super) fn fetched_back(calls: &[Received]) -> CaseResult {
    let got = |path: &str| calls.iter().any(|call| call.method == "GET" && call.path.trim_end_matches('/') == path);
    let paths: Vec<String> = calls.iter().map(|call| format!("{} {}", call.method, call.path)).collect();
    ensure(got("/ocpi/versions") && got("/ocpi/2.2.1"), "GET versions and GET details of 2.2.1", || {
        format!("{paths:?}")
    })
}

fn connected() -> Vec<Case> {
    vec![
        Case::new("credentials.token-a.void", "The registration token is void after registration")
            .proves(&["CRE-016"])
            .does("GETs versions with the registration token")
            .expects("HTTP 401")
            .sabotage("token-a-survives")
            .run(|cx| async move {
                cx.registered()?;
                needs_token_a(&cx)?;
                let token_a = cx.config.token_a.clone().unwrap_or_default();
                cx.configuration("GET", &cx.config.versions_url).token(&token_a).send().await?.has_http(401)
            }),
        Case::new("credentials.get", "GET credentials gives the platform's object")
            .proves(&["CRE-035", "CRE-031", "TRN-087"])
            .does("GETs credentials")
            .expects("One object by the tables, with the platform's versions url and roles")
            .sabotage("credentials-get-client-object")
            .sabotage("credentials-no-roles")
            .run(|cx| async move {
                cx.registered()?;
                let answer = cx.configuration("GET", credentials_url(&cx)?).send().await?;
                let found = schema::check("Credentials", answer.object()?);
                ensure(found.is_empty(), "a credentials object by the tables", || format!("{found:?}"))?;
                let url = answer.data()["url"].as_str().unwrap_or("");
                ensure(
                    url != cx.party.versions_url() && !url.contains("client.example"),
                    "the platform's own url",
                    || url.to_string(),
                )
            }),
        Case::new("credentials.get.token", "GET credentials holds the token in use")
            .proves(&["CRE-035"])
            .should()
            .does("Compares token in the answer with the one the tester presents")
            .expects("The same")
            .sabotage("credentials-wrong-get-token")
            .run(|cx| async move {
                let target = cx.registered()?;
                let answer = cx.configuration("GET", credentials_url(&cx)?).send().await?;
                answer.succeeded()?;
                ensure(answer.data()["token"] == target.token.as_str(), "the token in use", || "another".into())
            }),
        Case::new("credentials.patch", "PATCH does not exist")
            .proves(&["CRE-033"])
            .writes()
            .does("PATCHes credentials")
            .expects("A refusal; the connection still works")
            .sabotage("credentials-patch")
            .run(|cx| async move {
                cx.registered()?;
                let url = credentials_url(&cx)?;
                cx.configuration("PATCH", &url)
                    .json(&json!({"url": "https://example.org/versions"}))
                    .send()
                    .await?
                    .refused()?;
                cx.configuration("GET", &url).send().await?.succeeded()
            }),
        Case::new("credentials.post.again", "A second POST")
            .proves(&["CRE-042"])
            .writes()
            .does("POSTs credentials once more with the token of the registration")
            .expects("HTTP 405; the registration stays as it was")
            .sabotage("credentials-post-again")
            .run(|cx| async move {
                cx.registered()?;
                if cx.config.token.is_some() {
                    // A platform that wrongly takes it would lose the registration of somebody else.
                    return skip("the run uses an existing registration (--token), which stays as it is");
                }
                let url = credentials_url(&cx)?;
                let token = new_token();
                cx.recorder.hide(&token);
                cx.party.expect_token(&token);
                cx.configuration("POST", &url).json(&cx.party.credentials(&token)).send().await?.has_http(405)?;
                cx.configuration("GET", &url).send().await?.succeeded()
            }),
    ]
}

/// PUTs new credentials and takes the answer over.
async fn rotate(cx: &Arc<Ctx>) -> CaseResult<(String, Vec<Received>)> {
    let before = cx.registered()?.token;
    if cx.config.token.is_some() {
        return skip("the run uses an existing registration (--token), which stays as it is");
    }
    let token_b = new_token();
    cx.recorder.hide(&token_b);
    cx.party.expect_token(&token_b);
    let mark = cx.party.mark();
    let answer = cx.configuration("PUT", credentials_url(cx)?).json(&cx.party.credentials(&token_b)).send().await?;
    let mut callbacks = cx.party.since(mark);
    callbacks.retain(|call| call.segments.len() <= 3);
    answer.succeeded()?;
    register::adopt(cx, &token_b, answer, callbacks.clone());
    Ok((before, callbacks))
}

fn rotation() -> Vec<Case> {
    let put = |id: &'static str, title: &'static str| {
        Case::new(id, title).phase(Phase::Rotation).lane(Lane::Rotation).writes()
    };
    vec![
        put("credentials.put.invalid", "PUT of credentials with faults")
            .proves(&["CRE-058", "CRE-054"])
            .does("PUTs credentials without roles, and with a token of 65 characters")
            .expects("status_code 2001; the old token still works")
            .sabotage("credentials-unvalidated")
            .run(|cx| async move {
                cx.registered()?;
                if cx.config.token.is_some() {
                    return skip("the run uses an existing registration");
                }
                let url = credentials_url(&cx)?;
                let mut without_roles = cx.party.credentials("some-token-1234567");
                without_roles["roles"] = json!([]);
                for body in [without_roles, cx.party.credentials(&"x".repeat(65))] {
                    cx.configuration("PUT", &url).json(&body).send().await?.has_status(2001)?;
                }
                cx.configuration("GET", &url).send().await?.succeeded()
            }),
        put("credentials.put.new-token", "PUT gives a new token that works")
            .proves(&["CRE-024", "CRE-047", "CRE-032"])
            .does("PUTs credentials with a new token")
            .expects("A credentials object with a new token, which opens versions and a functional module")
            .sabotage("credentials-put-keeps-token")
            .run(|cx| async move {
                let (before, _) = rotate(&cx).await?;
                let now = cx.target().token;
                ensure(now != before, "a new token", || "the same token".into())?;
                cx.configuration("GET", &cx.config.versions_url).send().await?.succeeded()?;
                let answer = cx.request("GET", functional_url(&cx)?).send().await?;
                ensure(answer.http != 401, "the new token opens functional modules", || answer.describe())
            }),
        put("credentials.put.old-token", "The replaced token is void")
            .proves(&["CRE-048"])
            .does("PUTs credentials and calls versions with the old token until it is refused (a short overlap is tolerable)")
            .expects("HTTP 401 within the patience of the run")
            .sabotage("credentials-old-token-works")
            .run(|cx| async move {
                let (before, _) = rotate(&cx).await?;
                refused_soon(&cx, &before).await
            }),
        put("credentials.put.refetches", "PUT makes the platform read versions and details again")
            .proves(&["CRE-023", "CRE-045", "CRE-046"])
            .does("PUTs credentials that change nothing but the token; looks at what arrives while the PUT is open")
            .expects("GET versions and GET details with the new token")
            .sabotage("credentials-put-no-callback")
            .sabotage("credentials-put-old-url")
            .run(|cx| async move {
                let (_, callbacks) = rotate(&cx).await?;
                fetched_back(&callbacks)?;
                let token = cx.target().token_b;
                let wrong = callbacks.iter().find(|call| call.header("authorization").and_then(token_of).as_ref() != Some(&token));
                ensure(wrong.is_none(), "the token of the PUT body", || format!("{:?}", wrong.map(|call| &call.path)))
            }),
    ]
}

async fn refused_soon(cx: &Arc<Ctx>, token: &str) -> CaseResult {
    let until = Instant::now() + cx.config.patience;
    loop {
        let answer = cx.configuration("GET", &cx.config.versions_url).token(token).send().await?;
        if answer.http == 401 {
            return Ok(());
        }
        if Instant::now() > until {
            return fail("HTTP 401 for the replaced token", answer.describe());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Ends the registration, once.
async fn depart(cx: &Arc<Ctx>) -> CaseResult<String> {
    if cx.config.token.is_some() {
        return skip("the run uses an existing registration (--token), which stays as it is");
    }
    let shared = cx.shared.lock().await;
    if let Some(token) = shared.get("departed").and_then(Value::as_str) {
        return Ok(token.to_string());
    }
    let token = cx.registered()?.token;
    // What the operator can change afterwards has to be looked up while the lists can still be read.
    drop(shared);
    let change = super::triggers::any_change(cx).await;
    let mut shared = cx.shared.lock().await;
    if let Ok((trigger, given)) = change {
        shared.insert("change".into(), json!({"trigger": trigger, "given": given}));
    }
    let answer = cx.configuration("DELETE", credentials_url(cx)?).send().await?;
    answer.succeeded()?;
    cx.update_target(|target| {
        target.registered = false;
        target.trouble = Some("the registration was ended".into());
    });
    shared.insert("departed".into(), json!(token));
    Ok(token)
}

fn leaving() -> Vec<Case> {
    let end = |id: &'static str, title: &'static str| Case::new(id, title).phase(Phase::Leaving).writes();
    vec![
        end("credentials.delete", "DELETE ends the registration")
            .proves(&["CRE-050", "CRE-052", "CRE-032"])
            .does("DELETEs credentials; calls versions and a list with the old token")
            .expects("Success; then HTTP 401")
            .sabotage("credentials-delete-keeps-token")
            .run(|cx| async move {
                let url = functional_url(&cx)?;
                let token = depart(&cx).await?;
                cx.configuration("GET", &cx.config.versions_url).token(&token).send().await?.has_http(401)?;
                cx.request("GET", url).without_routing().token(&token).send().await?.has_http(401)
            }),
        end("credentials.delete.again", "DELETE after DELETE")
            .proves(&["CRE-053"])
            .does("DELETEs credentials with the void token")
            .expects("HTTP 401 or 405")
            .sabotage("credentials-delete-keeps-token")
            .run(|cx| async move {
                let url = credentials_url(&cx)?;
                let token = depart(&cx).await?;
                cx.configuration("DELETE", url).token(&token).send().await?.has_http_in(&[401, 405])
            }),
        end("credentials.delete.silence", "Nothing is sent after DELETE")
            .proves(&["CRE-051"])
            .does("DELETEs credentials and lets the platform's operator change an object")
            .expects("No request of the platform arrives")
            .sabotage("credentials-delete-keeps-pushing")
            .run(|cx| async move {
                depart(&cx).await?;
                let Some(change) = cx.shared.lock().await.get("change").cloned() else {
                    return skip("needs a trigger that changes an object: `change_location` or `create_token`");
                };
                let mark = cx.party.mark();
                let given: Vec<(&str, &str)> = change["given"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
                    .collect();
                match cx.trigger(change["trigger"].as_str().unwrap_or(""), &given).await {
                    // The operator's way in may well answer that there is nobody to tell.
                    Ok(_) | Err(Stop::Error(_)) => {}
                    Err(other) => return Err(other),
                }
                cx.expect_silence(mark, "silence", |_| true).await
            }),
    ]
}
