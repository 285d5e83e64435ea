//! The envelope, the ids, HTTP status against status_code: what every answer must have, in chosen situations.

use serde_json::json;

use super::auth::functional_url;
use crate::case::{Case, CaseResult, ensure, skip};
use crate::client::Answer;
use crate::context::{Ctx, join};
use std::sync::Arc;

fn is_envelope(answer: &Answer) -> CaseResult {
    let whole = answer.json.as_ref().is_some_and(|json| {
        json.is_object()
            && json.get("status_code").is_some_and(|code| code.as_i64().is_some_and(|n| (1000..5000).contains(&n)))
            && json.get("timestamp").is_some_and(serde_json::Value::is_string)
    });
    ensure(whole, "a JSON object with an integer status_code and a timestamp", || answer.describe())
}

/// A URL of a Receiver interface below which nothing is stored, with its endpoint's module.
pub(super) fn unknown_object(cx: &Arc<Ctx>) -> CaseResult<String> {
    let target = cx.registered()?;
    for module in ["tokens", "sessions", "tariffs", "locations"] {
        if target.endpoints.iter().any(|e| e.identifier == module && e.role == "RECEIVER") {
            return cx.receiver(module, cx.owner(), &["NO-SUCH-OBJECT"]);
        }
    }
    skip("the platform offers no Receiver interface")
}

pub(super) fn cases() -> Vec<Case> {
    let mut list = errors();
    list.extend(routing());
    list.extend(ids());
    list.extend(tolerance());
    list
}

fn errors() -> Vec<Case> {
    vec![
        Case::new("transport.errors.envelope", "HTTP errors carry an envelope")
            .proves(&["TRN-088", "TRN-082", "STA-010"])
            .does("Provokes 401, 404 and 405 (or their kin)")
            .expects("Each answer is an envelope with status_code and timestamp")
            .sabotage("bare-errors")
            .sabotage("no-timestamp")
            .sabotage("status-code-string")
            .run(|cx| async move {
                let url = functional_url(&cx)?;
                is_envelope(&cx.request("GET", &url).token("never-issued-token").send().await?)?;
                is_envelope(&cx.get(join(&url, &["no", "such", "path", "at", "all"])).await?)?;
                is_envelope(&cx.request("DELETE", &url).send().await?)
            }),
        Case::new("status.malformed-json", "Malformed JSON gets HTTP 400")
            .proves(&["STA-002", "STA-001"])
            .writes()
            .does("PUTs `{\"id\":`, an empty body and text that is no JSON to a Receiver interface")
            .expects("HTTP 400 each time")
            .sabotage("crash-on-bad-json")
            .sabotage("bad-json-200")
            .run(|cx| async move {
                let url = unknown_object(&cx)?;
                for body in ["{\"id\":", "hello", "{'id': 1}"] {
                    cx.request("PUT", &url).text(body).send().await?.has_http(400)?;
                }
                Ok(())
            }),
        Case::new("status.content-200", "Valid JSON with bad content is no HTTP error")
            .proves(&["STA-003", "STA-001"])
            .writes()
            .does("PUTs `{}` to a Receiver interface")
            .expects("HTTP 2xx with status_code 2001")
            .sabotage("http-400-for-content")
            .run(|cx| async move {
                let url = unknown_object(&cx)?;
                let answer = cx.put("PUT", &url, &json!({})).await?;
                ensure(
                    (200..300).contains(&answer.http) && answer.ocpi() == Some(2001),
                    "HTTP 2xx and status_code 2001",
                    || answer.describe(),
                )
            }),
        Case::new("status.unknown-path", "A path that is no endpoint")
            .proves(&["STA-005"])
            .should()
            .does("GET, PUT and POST of a path that does not exist, with a valid token")
            .expects("HTTP 404 each time")
            .sabotage("unknown-path-200")
            .run(|cx| async move {
                cx.registered()?;
                let base = cx.target().details_url.unwrap_or_default();
                let url = join(&base, &["nosuchmodule"]);
                for method in ["GET", "PUT", "POST"] {
                    let request = cx.request(method, &url).without_routing();
                    let request = if method == "GET" { request } else { request.text("{}") };
                    request.send().await?.has_http(404)?;
                }
                Ok(())
            }),
        Case::new("status.unknown-object", "An object that does not exist")
            .proves(&["STA-007", "STA-032"])
            .should()
            .does("GETs an unknown object from a Receiver interface")
            .expects("HTTP 404, and no 4xxx status_code: those are a hub's")
            .sabotage("unknown-object-200")
            .sabotage("hub-status-code")
            .run(|cx| async move {
                let answer = cx.get(unknown_object(&cx)?).await?;
                answer.has_http(404)?;
                ensure(answer.ocpi().is_none_or(|code| (2000..4000).contains(&code)), "2xxx", || answer.describe())
            }),
    ]
}

fn routing() -> Vec<Case> {
    vec![
        Case::new("routing.absent", "Requests without routing headers")
            .proves(&["HUB-008", "HUB-009"])
            .does("GETs a list without routing headers, and with only one half of a pair")
            .expects("No HTTP 5xx")
            .sabotage("needs-routing")
            .run(|cx| async move {
                cx.registered()?;
                let url = functional_url(&cx)?;
                cx.request("GET", &url).without_routing().send().await?.no_server_error()?;
                cx.request("GET", &url)
                    .without_routing()
                    .header("OCPI-to-party-id", "ABC")
                    .odd()
                    .send()
                    .await?
                    .no_server_error()
            }),
        Case::new("routing.unknown-party", "A request for a party that is not hosted here")
            .proves(&["HUB-051"])
            .should()
            .does("GETs a list with OCPI-to XX/ZZZ")
            .expects("A refusal (HTTP 404 or 2xxx)")
            .sabotage("ignores-addressee")
            .run(|cx| async move {
                cx.registered()?;
                let url = cx
                    .target()
                    .endpoints
                    .into_iter()
                    .find(|e| e.role == "SENDER" && !["credentials", "commands"].contains(&e.identifier.as_str()));
                let Some(url) = url.map(|e| e.url) else { return skip("the platform offers no list") };
                let url = crate::context::with_query(&url, &[("date_from", "2000-01-01T00:00:00Z")]);
                cx.request("GET", url)
                    .header("OCPI-to-party-id", "ZZZ")
                    .header("OCPI-to-country-code", "XX")
                    .send()
                    .await?
                    .refused()
            }),
    ]
}

fn ids() -> Vec<Case> {
    vec![
        Case::new("transport.ids.echoed", "Ids come back")
            .proves(&["TRN-095", "TRN-097", "TRN-098"])
            .does("Sends known X-Request-ID and X-Correlation-ID to versions and to a functional module")
            .expects("Both come back unchanged")
            .sabotage("no-request-id")
            .sabotage("own-request-id")
            .sabotage("no-correlation-id")
            .run(|cx| async move {
                let versions = cx.config.versions_url.clone();
                with_ids(&cx, cx.configuration("GET", versions)).await?;
                with_ids(&cx, cx.request("GET", functional_url(&cx)?)).await
            }),
        Case::new("transport.ids.on-errors", "Ids come back on errors too")
            .proves(&["TRN-095", "TRN-097"])
            .does("Sends known ids with a wrong token, to an unknown path and with a method that does not exist")
            .expects("Both come back unchanged")
            .sabotage("ids-only-on-success")
            .run(|cx| async move {
                let url = functional_url(&cx)?;
                with_ids(&cx, cx.request("GET", &url).token("never-issued-token")).await?;
                with_ids(&cx, cx.request("GET", join(&url, &["no", "such", "path", "here", "at", "all"]))).await?;
                with_ids(&cx, cx.request("DELETE", &url)).await
            }),
        Case::new("transport.ids.absent", "Requests without ids")
            .should()
            .does("GETs without X-Request-ID and X-Correlation-ID")
            .expects("The request is processed: partners in the field forget them")
            .unsabotaged("tolerance that the specification does not ask for")
            .run(|cx| async move {
                cx.registered()?;
                cx.request("GET", functional_url(&cx)?).without_ids().send().await?.no_server_error()
            }),
        Case::new("transport.ids.any-text", "Ids that are no UUIDs")
            .proves(&["TRN-099"])
            .should()
            .does("Sends X-Request-ID: 774321")
            .expects("Accepted and echoed")
            .sabotage("own-request-id")
            .run(|cx| async move {
                cx.registered()?;
                let answer = cx
                    .request("GET", functional_url(&cx)?)
                    .header("X-Request-ID", "774321")
                    .header("X-Correlation-ID", "abc")
                    .send()
                    .await?;
                answer.no_server_error()?;
                ensure(answer.header("x-request-id") == Some("774321"), "X-Request-ID: 774321", || {
                    format!("{:?}", answer.header("x-request-id"))
                })
            }),
    ]
}

async fn with_ids(_: &Arc<Ctx>, request: crate::context::Request) -> CaseResult {
    let (id, chain) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
    let answer = request.header("X-Request-ID", &id).header("X-Correlation-ID", &chain).send().await?;
    ensure(answer.header("x-request-id") == Some(&id), format!("X-Request-ID: {id}"), || {
        format!("{:?} on HTTP {}", answer.header("x-request-id"), answer.http)
    })?;
    ensure(answer.header("x-correlation-id") == Some(&chain), format!("X-Correlation-ID: {chain}"), || {
        format!("{:?} on HTTP {}", answer.header("x-correlation-id"), answer.http)
    })
}

fn tolerance() -> Vec<Case> {
    vec![
        Case::new("transport.content-type.absent", "GET without Content-Type")
            .proves(&["TRN-025"])
            .does("GETs without Content-Type (as every request of this suite)")
            .expects("Processed normally")
            .sabotage("needs-content-type")
            .run(|cx| async move {
                cx.registered()?;
                let answer = cx.request("GET", functional_url(&cx)?).send().await?;
                ensure(answer.http != 400 && answer.http != 415 && answer.http < 500, "no complaint about a content type", || answer.describe())
            }),
        Case::new("transport.content-type.charset", "application/json with a charset")
            .should()
            .writes()
            .does("PUTs `{}` with Content-Type: application/json; charset=utf-8")
            .expects("The content is judged (2001), not the header: partners send it")
            .sabotage("rejects-charset")
            .run(|cx| async move {
                let url = unknown_object(&cx)?;
                let answer = cx.request("PUT", url).header("Content-Type", "application/json; charset=utf-8").text("{}").send().await?;
                answer.has_status(2001)?;
                ensure(answer.http != 415, "no HTTP 415", || answer.describe())
            }),
        Case::new("transport.slash", "A slash at the end of the path")
            .proves(&["TRN-100"])
            .should()
            .does("GETs the same endpoint with and without a slash at the end")
            .expects("No redirect: clients in the field do not follow them")
            .sabotage("redirects-slash")
            .run(|cx| async move {
                cx.registered()?;
                let url = functional_url(&cx)?;
                let bare = url.trim_end_matches('/');
                for form in [bare.to_string(), format!("{bare}/")] {
                    let answer = cx.get(&form).await?;
                    ensure(!(300..400).contains(&answer.http), "no redirect", || format!("{form}: {}", answer.describe()))?;
                }
                Ok(())
            }),
        Case::new("transport.hostile.long-url", "A very long id")
            .proves(&["STA-014"])
            .does("GETs an object whose id has 4000 characters, and one with odd characters")
            .expects("No HTTP 5xx")
            .sabotage("crash-on-long-url")
            .run(|cx| async move {
                let base = unknown_object(&cx)?.replace("NO-SUCH-OBJECT", "");
                for id in ["A".repeat(4000), "a/b c#d?e".into(), "' OR 1=1 --".into(), "..".into(), "é\u{1F600}\u{0}".into(), "%".into()] {
                    cx.get(join(&base, &[&id])).await?.no_server_error()?;
                }
                Ok(())
            }),
        Case::new("transport.hostile.body", "Bodies that are not what they should be")
            .proves(&["STA-014"])
            .writes()
            .does("PUTs a list, a string, a number, null, JSON nested 2000 deep, numbers of 400 digits, a NUL in a string, a lone surrogate")
            .expects("A refusal each time; no HTTP 5xx")
            .sabotage("receiver-crash")
            .sabotage("crash-on-bad-json")
            .run(|cx| async move {
                let url = unknown_object(&cx)?;
                let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
                let digits = format!("{{\"uid\": 1, \"id\": {}}}", "9".repeat(400));
                for body in ["[]", "\"x\"", "7", "null", deep.as_str(), digits.as_str(), "{\"id\": \"a\\u0000b\", \"uid\": \"a\\u0000b\"}", "{\"id\": \"\\ud800\"}"] {
                    let answer = cx.request("PUT", &url).text(body).send().await?;
                    answer.refused()?;
                }
                Ok(())
            }),
    ]
}
