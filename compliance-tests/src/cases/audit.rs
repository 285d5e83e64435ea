//! Rules that hold for every exchange: looked at over the whole run, nothing is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::case::{Case, CaseResult, Phase, ensure, skip};
use crate::context::Ctx;
use crate::exchange::Exchange;
use crate::formats::{instant, is_ocpi_datetime, shorten, token_of};
use crate::{clock, schema};

fn case(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).phase(Phase::Audit)
}

/// Answers of the platform.
fn answers(cx: &Arc<Ctx>) -> CaseResult<Vec<Arc<Exchange>>> {
    let list: Vec<Arc<Exchange>> = cx.recorder.all().into_iter().filter(|e| !e.incoming && e.status != 0).collect();
    if list.is_empty() { skip("there was no answer of the platform") } else { Ok(list) }
}

/// Requests of the platform.
fn requests(cx: &Arc<Ctx>) -> CaseResult<Vec<Arc<Exchange>>> {
    let list: Vec<Arc<Exchange>> = cx.recorder.all().into_iter().filter(|e| e.incoming).collect();
    if list.is_empty() { skip("the platform sent no request") } else { Ok(list) }
}

fn name(e: &Exchange) -> String {
    format!("{} {} (in {})", e.method, shorten(&e.url, 120), e.case)
}

/// Fails with the first few exchanges that break the rule.
fn none(
    cx: &Arc<Ctx>,
    list: &[Arc<Exchange>],
    expected: &str,
    wrong: impl Fn(&Exchange) -> Option<String>,
) -> CaseResult {
    let found: Vec<String> = list.iter().filter_map(|e| Some(format!("{}: {}", name(e), wrong(e)?))).collect();
    ensure(found.is_empty(), expected, || {
        cx.recorder.redact(&format!(
            "{} of {} exchanges, e.g. {}",
            found.len(),
            list.len(),
            found.iter().take(4).cloned().collect::<Vec<_>>().join(" | ")
        ))
    })
}

fn has_body(e: &Exchange) -> bool {
    e.response_body.as_ref().is_some_and(|body| !body.is_empty())
}

pub(super) fn cases() -> Vec<Case> {
    [envelopes(), routing(), client_headers(), client_calls()].concat()
}

fn envelopes() -> Vec<Case> {
    vec![
        case("transport.audit.content-type", "Every answer is application/json")
            .proves(&["TRN-080"])
            .does("Looks at the Content-Type of every answer of the run")
            .expects("application/json, on errors too")
            .sabotage("text-plain")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "Content-Type: application/json", |e| {
                    let kind = e.response_header("content-type").unwrap_or("");
                    (has_body(e) && !kind.starts_with("application/json")).then(|| format!("{kind:?}"))
                })
            }),
        case("transport.audit.envelope", "Every answer is an envelope")
            .proves(&["TRN-081", "TRN-083", "TRN-082", "STA-010"])
            .does("Looks at the body of every answer of the run")
            .expects("A JSON object with an integer status_code of four digits")
            .sabotage("status-code-string")
            .sabotage("bare-errors")
            .sabotage("status-code-http")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "an object with an integer status_code between 1000 and 4999", |e| {
                    let code = e.facts.envelope.as_ref().and_then(|json| json.get("status_code")).cloned();
                    let fine =
                        code.as_ref().and_then(serde_json::Value::as_i64).is_some_and(|n| (1000..5000).contains(&n));
                    (!fine).then(|| {
                        format!(
                            "HTTP {} status_code {code:?} body {}",
                            e.status,
                            shorten(e.response_body.as_deref().unwrap_or(""), 80)
                        )
                    })
                })
            }),
        case("transport.audit.timestamp", "Every answer has a current timestamp")
            .proves(&["TRN-085", "TYP-013", "TYP-014", "TYP-017"])
            .does("Looks at timestamp in every answer of the run")
            .expects("An OCPI DateTime within five minutes of the tester's clock")
            .sabotage("no-timestamp")
            .sabotage("old-timestamp")
            .sabotage("offset-timestamp")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "a current timestamp", |e| {
                    let envelope = e.facts.envelope.as_ref().filter(|json| json.is_object())?;
                    let text = envelope["timestamp"].as_str().unwrap_or("");
                    let at = instant(&e.at).unwrap_or_else(clock::now);
                    let close = instant(text).is_some_and(|when| (when - at).num_seconds().abs() < 300);
                    (!is_ocpi_datetime(text) || !close).then(|| format!("timestamp {}", envelope["timestamp"]))
                })
            }),
        case("status.audit.codes", "Only listed ranges of status codes")
            .proves(&["STA-012", "STA-014", "STA-017"])
            .does("Looks at status_code in every answer of the run")
            .expects("No code of the custom ranges")
            .sabotage("custom-status-code")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "no x900 to x999", |e| {
                    let code = e.facts.envelope.as_ref()?.get("status_code")?.as_i64()?;
                    (code % 1000 >= 900).then(|| code.to_string())
                })
            }),
        case("status.audit.no-hub-codes", "Only hubs send 4xxx")
            .proves(&["STA-032"])
            .does("Looks at status_code in every answer of the run")
            .expects("No 4xxx")
            .sabotage("hub-status-code")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "no 4xxx", |e| {
                    let code = e.facts.envelope.as_ref()?.get("status_code")?.as_i64()?;
                    (4000..5000).contains(&code).then(|| code.to_string())
                })
            }),
        case("status.audit.no-server-errors", "No HTTP 5xx in the whole run")
            .proves(&["STA-003"])
            .does("Looks at the HTTP status of every answer of the run")
            .expects("None is 5xx: whatever a client sends is not the server's fault")
            .sabotage("crash-on-bad-json")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "no HTTP 5xx", |e| (e.status >= 500).then(|| e.status.to_string()))
            }),
        case("transport.audit.ids", "Every answer repeats the ids of its request")
            .proves(&["TRN-095", "TRN-097", "TRN-098"])
            .does("Compares X-Request-ID and X-Correlation-ID of every request and answer of the run")
            .expects("Equal")
            .sabotage("no-request-id")
            .sabotage("ids-only-on-success")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "the ids of the request", |e| {
                    ["x-request-id", "x-correlation-id"]
                        .into_iter()
                        .find(|id| !e.facts.odd_request && e.request_header(id) != e.response_header(id))
                        .map(|id| format!("HTTP {} {id}: {:?}", e.status, e.response_header(id)))
                })
            }),
        case("types.audit.dates", "Dates are spelt as the types chapter says")
            .proves(&["TYP-013", "TYP-017", "TYP-018"])
            .does("Looks at every date in every answer of the run")
            .expects("YYYY-MM-DDThh:mm:ss[.fraction][Z]")
            .sabotage("offset-timestamp")
            .sabotage("set locations /last_updated \"2026-01-01T00:00:00+00:00\"")
            .run(
                |cx| async move { none(&cx, &answers(&cx)?, "OCPI DateTimes", |e| e.facts.misspelt.first().cloned()) },
            ),
    ]
}

fn routing() -> Vec<Case> {
    const HEADERS: [&str; 4] =
        ["ocpi-to-party-id", "ocpi-to-country-code", "ocpi-from-party-id", "ocpi-from-country-code"];
    vec![
        case("routing.audit.configuration", "No routing headers on versions and credentials")
            .proves(&["HUB-002"])
            .does("Looks at every answer of versions, details and credentials")
            .expects("None of the four headers")
            .sabotage("routing-on-configuration")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "no routing headers", |e| {
                    HEADERS
                        .iter()
                        .find(|h| e.facts.configuration && e.response_header(h).is_some())
                        .map(ToString::to_string)
                })
            }),
        case("routing.audit.swapped", "Answers swap the routing headers")
            .proves(&["HUB-007", "HUB-049", "HUB-009", "HUB-012"])
            .does("Compares the routing headers of every authorized functional request and its answer")
            .expects("OCPI-to is the request's OCPI-from and the other way round")
            .sabotage("routing-not-swapped")
            .sabotage("no-routing")
            .run(|cx| async move {
                none(&cx, &answers(&cx)?, "swapped routing headers", |e| {
                    if e.facts.configuration
                        || e.facts.odd_request
                        || e.status == 401
                        || e.request_header("ocpi-to-party-id").is_none()
                    {
                        return None;
                    }
                    let swapped = [
                        (HEADERS[0], HEADERS[2]),
                        (HEADERS[1], HEADERS[3]),
                        (HEADERS[2], HEADERS[0]),
                        (HEADERS[3], HEADERS[1]),
                    ];
                    let same =
                        |a: Option<&str>, b: Option<&str>| a.zip(b).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
                    swapped
                        .iter()
                        .find(|(mine, theirs)| !same(e.response_header(mine), e.request_header(theirs)))
                        .map(|(mine, _)| format!("HTTP {} {mine}: {:?}", e.status, e.response_header(mine)))
                })
            }),
        case("routing.audit.client-configuration", "Versions and credentials are called without routing headers")
            .proves(&["HUB-001", "HUB-004"])
            .does("Looks at every request of the platform to versions, details and credentials")
            .expects("None of the four headers")
            .sabotage("client-routing-on-configuration")
            .run(|cx| async move {
                none(&cx, &requests(&cx)?, "no routing headers", |e| {
                    HEADERS
                        .iter()
                        .find(|h| e.facts.configuration && e.request_header(h).is_some())
                        .map(ToString::to_string)
                })
            }),
        case("routing.audit.client", "Functional modules are called with all four routing headers")
            .proves(&["HUB-004", "HUB-006", "HUB-010", "HUB-011", "HUB-012", "HUB-047", "HUB-048"])
            .does("Looks at every functional request of the platform")
            .expects("From the platform's party to the tester's, in pairs, of 2 and 3 characters")
            .sabotage("client-no-routing")
            .sabotage("client-half-routing")
            .sabotage("client-long-party")
            .sabotage("client-swapped-routing")
            .run(|cx| async move {
                let calls: Vec<Arc<Exchange>> =
                    requests(&cx)?.into_iter().filter(|e| !e.facts.configuration && !e.facts.odd_request).collect();
                if calls.is_empty() {
                    return skip("the platform sent no functional request");
                }
                let roles = cx.target().credentials.map(|c| c["roles"].to_string().to_uppercase()).unwrap_or_default();
                none(&cx, &calls, "all four routing headers", |e| {
                    let value = |h: &str| e.request_header(h).unwrap_or("").to_uppercase();
                    if let Some(missing) = HEADERS.iter().find(|h| value(h).is_empty()) {
                        return Some(format!("no {missing}"));
                    }
                    let lengths = value(HEADERS[0]).len() <= 3
                        && value(HEADERS[2]).len() <= 3
                        && value(HEADERS[1]).len() == 2
                        && value(HEADERS[3]).len() == 2;
                    let from = roles.is_empty() || roles.contains(&format!("\"{}\"", value(HEADERS[2])));
                    (!lengths || !from).then(|| {
                        format!(
                            "from {}/{} to {}/{}",
                            value(HEADERS[3]),
                            value(HEADERS[2]),
                            value(HEADERS[1]),
                            value(HEADERS[0])
                        )
                    })
                })
            }),
    ]
}

fn client_headers() -> Vec<Case> {
    vec![
        case("transport.audit.client-authorization", "Every request carries `Token` and the Base64 of the token")
            .proves(&["TRN-005", "TRN-007", "TRN-008", "TRN-010", "CRE-002", "CRE-056"])
            .does("Looks at the Authorization of every request of the platform")
            .expects("`Token `, one space, standard Base64 with padding, of a token without blanks at its end")
            .sabotage("client-no-authorization")
            .sabotage("client-raw-token")
            .sabotage("client-token-newline")
            .run(|cx| async move {
                none(&cx, &requests(&cx)?, "Authorization: Token <Base64>", |e| {
                    let header = e.request_header("authorization").unwrap_or("");
                    let token = token_of(header);
                    (token.as_ref().is_none_or(|token| token.is_empty() || token.ends_with(['\n', '\r', ' '])))
                        .then(|| if header.is_empty() { "none".into() } else { "another form".into() })
                })
            }),
        case("transport.audit.client-ids", "Every request has its own X-Request-ID, and an X-Correlation-ID")
            .proves(&["TRN-094", "TRN-096", "TRN-098"])
            .does("Collects both headers over all requests of the platform")
            .expects("Both are there, and no X-Request-ID twice")
            .sabotage("client-no-request-id")
            .sabotage("client-same-request-id")
            .sabotage("client-no-correlation-id")
            .run(|cx| async move {
                let calls = requests(&cx)?;
                let mut seen: BTreeMap<String, usize> = BTreeMap::new();
                for call in &calls {
                    *seen.entry(call.request_header("x-request-id").unwrap_or("").to_string()).or_default() += 1;
                }
                none(&cx, &calls, "a fresh X-Request-ID and an X-Correlation-ID", |e| {
                    let id = e.request_header("x-request-id").unwrap_or("");
                    if id.is_empty() || e.request_header("x-correlation-id").unwrap_or("").is_empty() {
                        return Some("a header is missing".into());
                    }
                    (seen.get(id).copied().unwrap_or(0) > 1)
                        .then(|| format!("X-Request-ID {id} is used {} times", seen[id]))
                })
            }),
        case("transport.audit.client-uuids", "Ids are UUIDs")
            .proves(&["TRN-099"])
            .should()
            .does("Looks at X-Request-ID and X-Correlation-ID of every request of the platform")
            .expects("UUIDs")
            .sabotage("client-odd-ids")
            .run(|cx| async move {
                none(&cx, &requests(&cx)?, "UUIDs", |e| {
                    ["x-request-id", "x-correlation-id"]
                        .iter()
                        .filter_map(|h| e.request_header(h))
                        .find(|id| uuid::Uuid::parse_str(id).is_err())
                        .map(str::to_string)
                })
            }),
        case("transport.audit.client-content-type", "Bodies are sent as application/json")
            .proves(&["TRN-024", "TRN-065"])
            .does("Looks at the Content-Type of every POST, PUT and PATCH of the platform")
            .expects("application/json")
            .sabotage("client-no-content-type")
            .sabotage("client-patch-content-type")
            .run(|cx| async move {
                none(&cx, &requests(&cx)?, "Content-Type: application/json", |e| {
                    let kind = e.request_header("content-type").unwrap_or("");
                    (e.request_body.is_some() && !kind.starts_with("application/json")).then(|| format!("{kind:?}"))
                })
            }),
        case("credentials.audit.get-without-body", "GET and DELETE have no body")
            .proves(&["CRE-036"])
            .does("Looks at every GET and DELETE of the platform")
            .expects("No body")
            .unsabotaged("the reference party's HTTP library sends no body with GET")
            .run(|cx| async move {
                none(&cx, &requests(&cx)?, "no body", |e| {
                    (matches!(e.method.as_str(), "GET" | "DELETE") && e.request_body.is_some()).then(|| "a body".into())
                })
            }),
    ]
}

/// Module, whether this is a Receiver interface, and the segments below.
fn place(e: &Exchange) -> Option<(String, bool, Vec<String>)> {
    let path = e.url.split('?').next()?;
    let parts: Vec<String> = path
        .split('/')
        .filter(|p| !p.is_empty())
        .map(|p| percent_encoding::percent_decode_str(p).decode_utf8_lossy().into_owned())
        .collect();
    match parts.as_slice() {
        [ocpi, _, side, module, rest @ ..] if ocpi == "ocpi" && (side == "receiver" || side == "sender") => {
            Some((module.clone(), side == "receiver", rest.to_vec()))
        }
        _ => None,
    }
}

fn kind_of(module: &str, depth: usize) -> Option<&'static str> {
    Some(match (module, depth) {
        ("locations", 3) => "Location",
        ("locations", 4) => "EVSE",
        ("locations", 5) => "Connector",
        ("tariffs", _) => "Tariff",
        ("sessions", _) => "Session",
        ("tokens", _) => "Token",
        ("cdrs", _) => "CDR",
        _ => return None,
    })
}

fn client_calls() -> Vec<Case> {
    vec![
        case("transport.audit.client-methods", "Only methods that the module defines are called")
            .proves(&["TRN-023", "CRE-033", "LOC-017"])
            .does("Looks at method and module of every request of the platform")
            .expects("GET, PUT, PATCH of client-owned objects; DELETE of tariffs and credentials only; POST of CDRs, commands, results, authorize and credentials only")
            .sabotage("push-post")
            .sabotage("push-delete-token")
            .sabotage("push-patch-tariff")
            .run(|cx| async move {
                none(&cx, &requests(&cx)?, "a method of the module", |e| {
                    if e.facts.configuration {
                        return (e.method == "PATCH").then(|| "PATCH".into());
                    }
                    let (module, receiver, rest) = place(e)?;
                    let allowed: &[&str] = match (module.as_str(), receiver) {
                        ("cdrs", true) => &["GET", "POST"],
                        ("commands", _) => &["POST"],
                        ("chargingprofiles", false) => &["POST", "PUT"],
                        ("tariffs" | "chargingprofiles", true) => &["GET", "PUT", "DELETE"],
                        ("tokens", false) if rest.len() == 2 => &["POST"],
                        ("sessions", false) if rest.len() == 2 => &["PUT"],
                        (_, true) => &["GET", "PUT", "PATCH"],
                        (_, false) => &["GET"],
                    };
                    (!allowed.contains(&e.method.as_str())).then(|| format!("{allowed:?}"))
                })
            }),
        case("transport.audit.client-urls", "Only URLs of the details are called")
            .proves(&["TRN-101", "VER-029", "VER-035"])
            .does("Compares every request of the platform with the URLs in the tester's details")
            .expects("Each begins with one of them")
            .sabotage("client-guesses-urls")
            .run(|cx| async move {
                none(&cx, &requests(&cx)?, "a URL of the tester's details", |e| {
                    let known = e.facts.configuration || place(e).is_some() || e.url.starts_with("/callback") || e.url.starts_with("/ocpi/versions") || e.url.starts_with("/nowhere") || e.url.starts_with("/ocpi/2");
                    let wrong_version = e.url.starts_with("/ocpi/cpo") || e.url.starts_with("/ocpi/emsp");
                    (!known || wrong_version).then(|| "no such endpoint".into())
                })
            }),
        case("types.audit.client-objects", "Every PUT and POST holds a complete object by the tables")
            .proves(&["TRN-060", "TYP-002", "TYP-005", "TYP-012", "TYP-022", "LOC-060"])
            .does("Checks the body of every PUT and POST of an object by the platform")
            .expects("No violation")
            .sabotage("push-incomplete")
            .sabotage("push-enveloped")
            .run(|cx| async move {
                let calls: Vec<Arc<Exchange>> = requests(&cx)?.into_iter().filter(|e| matches!(e.method.as_str(), "PUT" | "POST") && place(e).is_some_and(|(module, receiver, _)| receiver && module != "commands")).collect();
                if calls.is_empty() {
                    return skip("the platform pushed no object");
                }
                none(&cx, &calls, "objects by the tables", |e| {
                    let (module, _, rest) = place(e)?;
                    let found = schema::check(kind_of(&module, rest.len())?, e.facts.request_json.as_ref()?);
                    found.first().map(ToString::to_string)
                })
            }),
        case("transport.audit.client-owners", "URLs and bodies of pushes name the same object")
            .proves(&["LOC-055", "LOC-056", "LOC-057", "LOC-058", "LOC-059", "SES-044", "SES-045", "SES-046", "TAR-028", "TAR-029", "TOK-028", "TOK-029", "TOK-030", "TRN-071"])
            .does("Compares URL and body of every PUT of the platform")
            .expects("The same owner and id")
            .sabotage("push-wrong-url")
            .run(|cx| async move {
                let calls: Vec<Arc<Exchange>> = requests(&cx)?.into_iter().filter(|e| e.method == "PUT" && place(e).is_some_and(|(_, receiver, _)| receiver)).collect();
                if calls.is_empty() {
                    return skip("the platform pushed no object");
                }
                none(&cx, &calls, "the owner and id of the body", |e| {
                    let (module, _, rest) = place(e)?;
                    let body = e.facts.request_json.as_ref()?;
                    let kind = kind_of(&module, rest.len())?;
                    let id = body[if matches!(kind, "Token" | "EVSE") { "uid" } else { "id" }].as_str().unwrap_or("");
                    let same = |index: usize, field: &str| body.get(field).is_none_or(|v| rest.get(index).is_some_and(|part| v.as_str().is_some_and(|v| v.eq_ignore_ascii_case(part))));
                    let right = rest.last().is_some_and(|last| last.eq_ignore_ascii_case(id)) && same(0, "country_code") && same(1, "party_id");
                    (!right).then(|| format!("{}/{}/{id}", body["country_code"], body["party_id"]))
                })
            }),
        case("transport.audit.client-patches", "Every PATCH has last_updated")
            .proves(&["STA-020", "LOC-066", "SES-048", "TOK-033"])
            .does("Looks at the body of every PATCH of the platform")
            .expects("last_updated")
            .sabotage("push-patch-without-last-updated")
            .run(|cx| async move {
                let calls: Vec<Arc<Exchange>> = requests(&cx)?.into_iter().filter(|e| e.method == "PATCH").collect();
                if calls.is_empty() {
                    return skip("the platform sent no PATCH");
                }
                none(&cx, &calls, "last_updated", |e| e.facts.request_json.as_ref().is_none_or(|b| b["last_updated"].is_null()).then(|| shorten(e.request_body.as_deref().unwrap_or(""), 120)))
            }),
    ]
}
