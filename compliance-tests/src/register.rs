//! Discovery, registration and farewell of the main connection.

use std::sync::Arc;

use serde_json::Value;

use crate::client::Answer;
use crate::context::{Ctx, Endpoint, Target};
use crate::party::new_token;

/// Reads versions and details with the token at hand. Gives the reason when no connection can be made at all.
pub(crate) async fn discover(ctx: &Arc<Ctx>) -> Option<String> {
    let existing = ctx.config.token.clone();
    let token = existing.clone().or_else(|| ctx.config.token_a.clone()).unwrap_or_default();
    ctx.recorder.hide(&token);
    ctx.update_target(|target| target.token = token);
    if let Err(why) = read_details(ctx).await {
        let nobody = ctx.recorder.all().iter().all(|exchange| exchange.facts.unconnected);
        ctx.update_target(|target| target.trouble = Some(why.clone()));
        return nobody.then_some(why);
    }
    if existing.is_some() {
        use_existing(ctx).await;
    }
    None
}

async fn read_details(ctx: &Arc<Ctx>) -> Result<(), String> {
    let versions = ctx.configuration("GET", &ctx.config.versions_url).send().await.map_err(|stop| stop.to_string())?;
    ctx.update_target(|target| target.versions = Some(versions.clone()));
    let url = details_url(&versions)
        .ok_or_else(|| format!("the versions list has no usable entry 2.2.1: {}", versions.describe()))?;
    ctx.update_target(|target| target.details_url = Some(url.clone()));
    let details = ctx.configuration("GET", &url).send().await.map_err(|stop| stop.to_string())?;
    let endpoints = endpoints_of(&details);
    let empty = endpoints.is_empty();
    let seen = details.describe();
    ctx.update_target(|target| {
        target.details = Some(details);
        target.endpoints = endpoints;
    });
    if empty { Err(format!("the details of 2.2.1 list no endpoints: {seen}")) } else { Ok(()) }
}

fn details_url(versions: &Answer) -> Option<String> {
    let entries = versions.data().as_array()?;
    let entry = entries.iter().find(|entry| entry["version"] == "2.2.1")?;
    entry["url"].as_str().map(str::to_string)
}

/// The endpoints in a details answer.
pub(crate) fn endpoints_of(details: &Answer) -> Vec<Endpoint> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let list = details.data()["endpoints"].as_array().into_iter().flatten();
    list.map(|e| Endpoint { identifier: text(&e["identifier"]), role: text(&e["role"]), url: text(&e["url"]) })
        .filter(|e| !e.url.is_empty())
        .collect()
}

async fn use_existing(ctx: &Arc<Ctx>) {
    let url = credentials_url(&ctx.target());
    let credentials = match url {
        Some(url) => ctx.configuration("GET", url).send().await.ok().filter(|answer| answer.ocpi() == Some(1000)),
        None => None,
    };
    ctx.update_target(|target| {
        target.credentials = credentials.map(|answer| answer.data().clone());
        target.registered = true;
    });
}

/// The credentials endpoint, whatever role it is listed with.
pub(crate) fn credentials_url(target: &Target) -> Option<String> {
    target.endpoints.iter().find(|e| e.identifier == "credentials").map(|e| e.url.clone())
}

/// Registers the tester's party as the sender of credentials.
pub(crate) async fn register(ctx: &Arc<Ctx>) {
    let target = ctx.target();
    let Some(url) = credentials_url(&target) else {
        ctx.update_target(|t| {
            t.trouble = Some(t.trouble.clone().unwrap_or_else(|| "the details list no credentials endpoint".into()));
        });
        return;
    };
    let token_b = new_token();
    ctx.recorder.hide(&token_b);
    ctx.party.expect_token(&token_b);
    let mark = ctx.party.mark();
    let body = ctx.party.credentials(&token_b);
    let answer = ctx.configuration("POST", &url).json(&body).send().await;
    let mut callbacks = ctx.party.since(mark);
    // A platform may begin to pull at once; that is another matter.
    callbacks.retain(|call| call.segments.len() <= 3);
    let answer = match answer {
        Ok(answer) => answer,
        Err(stop) => {
            ctx.update_target(|target| target.trouble = Some(stop.to_string()));
            return;
        }
    };
    adopt(ctx, &token_b, answer, callbacks);
}

/// Takes over what a successful POST or PUT answered.
pub(crate) fn adopt(ctx: &Arc<Ctx>, token_b: &str, answer: Answer, callbacks: Vec<crate::party::Received>) {
    let token_c = answer.data()["token"].as_str().unwrap_or("").to_string();
    let success = answer.succeeded().is_ok() && !token_c.is_empty();
    if success {
        ctx.recorder.hide(&token_c);
        let target = ctx.target();
        let endpoints =
            target.endpoints.iter().map(|e| (e.identifier.clone(), e.role.clone(), e.url.clone())).collect();
        let roles = answer.data()["roles"].as_array().cloned().unwrap_or_default();
        ctx.party.connect(token_b, &token_c, endpoints, roles, &ctx.config.versions_url);
    }
    ctx.update_target(|target| {
        if success {
            let old = std::mem::replace(&mut target.token, token_c);
            target.old_tokens.push(old);
            target.credentials = Some(answer.data().clone());
            target.token_b = token_b.to_string();
            target.registered = true;
            target.inbound = true;
        } else {
            target.trouble = Some(format!("the platform did not accept POST credentials: {}", answer.describe()));
        }
        target.registration = Some(answer);
        target.callbacks = callbacks;
    });
}

/// Takes back what the cases created.
pub(crate) async fn clean_up(ctx: &Arc<Ctx>) {
    let mark = ctx.party.mark();
    let mut stops = false;
    for call in ctx.take_cleanup() {
        stops |= call.url.ends_with("STOP_SESSION");
        let mut request = ctx.request(&call.method, &call.url);
        if let Some(body) = &call.body {
            request = request.text(body);
        }
        // What cannot be taken back stays; the report shows the exchange.
        let _ = request.send().await;
    }
    if stops {
        // What follows from the end of a session belongs to no case.
        ctx.party.wait(mark, ctx.config.quiet * 4, |call| call.is("POST", "receiver", "cdrs")).await;
        ctx.party.wait(ctx.party.mark(), ctx.config.quiet, |_| false).await;
    }
}

/// Ends the registration that the suite made.
pub(crate) async fn leave(ctx: &Arc<Ctx>) {
    let target = ctx.target();
    if !target.registered || ctx.config.token.is_some() {
        return;
    }
    if let Some(url) = credentials_url(&target) {
        let _ = ctx.configuration("DELETE", url).send().await;
    }
    ctx.update_target(|target| target.registered = false);
}
