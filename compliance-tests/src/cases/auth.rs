//! Who may call: the Authorization header.

use crate::case::{Case, CaseResult, Phase, ensure};
use crate::context::{Ctx, join};
use std::sync::Arc;

/// A URL that needs a registration: the first Sender list, else the first endpoint that is not credentials.
pub(super) fn functional_url(cx: &Arc<Ctx>) -> CaseResult<String> {
    let target = cx.target();
    let of = |role: &str| {
        target
            .endpoints
            .iter()
            .find(|e| e.identifier != "credentials" && e.identifier != "commands" && e.role == role)
            .map(|e| e.url.clone())
    };
    of("SENDER")
        .or_else(|| of("RECEIVER"))
        .ok_or_else(|| crate::Stop::NotApplicable("the platform offers no functional module".into()))
}

/// A request that each listed functional endpoint knows: method and URL.
fn calls(cx: &Arc<Ctx>) -> Vec<(&'static str, String)> {
    let own = cx.owner();
    let known = |e: crate::context::Endpoint| match (e.identifier.as_str(), e.role.as_str()) {
        ("credentials", _) => ("GET", e.url),
        ("commands", "RECEIVER") => ("POST", join(&e.url, &["STOP_SESSION"])),
        ("cdrs", "RECEIVER") => ("POST", e.url),
        ("commands" | "chargingprofiles" | "hubclientinfo", _) => ("", e.url),
        (_, "RECEIVER") => ("GET", join(&e.url, &[&own.country_code, &own.party_id, "NO-SUCH-OBJECT"])),
        _ => ("GET", e.url),
    };
    cx.target().endpoints.into_iter().map(known).filter(|(method, _)| !method.is_empty()).collect()
}

pub(super) fn cases() -> Vec<Case> {
    let mut list = vec![
        Case::new("transport.auth.missing", "No Authorization header")
            .proves(&["TRN-012", "CRE-002", "TRN-005"])
            .does("Calls versions and every listed endpoint without an Authorization header")
            .expects("HTTP 401 each time")
            .sabotage("auth-403")
            .sabotage("auth-200")
            .sabotage("auth-open")
            .run(|cx| async move {
                cx.configuration("GET", &cx.config.versions_url).anonymous().send().await?.has_http(401)?;
                for (method, url) in calls(&cx) {
                    let request = cx.request(method, url).anonymous();
                    let request = if method == "POST" { request.text("{}") } else { request };
                    request.send().await?.has_http(401)?;
                }
                Ok(())
            }),
        Case::new("transport.auth.unknown-token", "A token that was never issued")
            .proves(&["TRN-009", "TRN-013"])
            .does("Calls versions, credentials and every listed endpoint with a well-formed token that nobody issued")
            .expects("HTTP 401 each time")
            .sabotage("auth-403")
            .sabotage("auth-200")
            .run(|cx| async move {
                cx.configuration("GET", &cx.config.versions_url).token("never-issued-token").send().await?.has_http(401)?;
                for (method, url) in calls(&cx) {
                    let request = cx.request(method, url).token("never-issued-token");
                    let request = if method == "POST" { request.text("{}") } else { request };
                    request.send().await?.has_http(401)?;
                }
                Ok(())
            }),
        Case::new("transport.auth.malformed", "Authorization headers that cannot be parsed")
            .proves(&["TRN-014"])
            .does("Sends `Bearer x`, `Token`, `Token !!!`, `Basic …`, bytes that are no UTF-8 after decoding, and a very long value")
            .expects("HTTP 401 each time, never 500")
            .sabotage("auth-500")
            .sabotage("auth-403")
            .run(|cx| async move {
                let url = functional_url(&cx)?;
                let long = format!("Token {}", "QUJD".repeat(1000));
                for header in ["Bearer x", "Token", "Token !!!", "Basic dXNlcjpwYXNz", "Token //79", "Token =", long.as_str()] {
                    cx.request("GET", &url).authorization(header).send().await?.has_http(401)?;
                }
                Ok(())
            }),
        Case::new("transport.auth.first", "Authentication comes before everything else")
            .proves(&["STA-004"])
            .should()
            .does("Without a known token: broken JSON, an unknown path, a method that does not exist")
            .expects("HTTP 401 each time: nothing leaks to strangers")
            .sabotage("auth-last")
            .run(|cx| async move {
                let url = functional_url(&cx)?;
                cx.request("PUT", &url).token("never-issued-token").text("{\"id\":").send().await?.has_http(401)?;
                cx.request("GET", format!("{}/no/such/thing", url.trim_end_matches('/'))).token("never-issued-token").send().await?.has_http(401)?;
                cx.request("PATCH", &url).token("never-issued-token").text("{}").send().await?.has_http(401)
            }),
        Case::new("transport.auth.case-matters", "Tokens are compared with regard to case")
            .proves(&["CRE-054"])
            .does("Presents the valid token with the case of its letters turned round")
            .expects("HTTP 401")
            .sabotage("case-blind-tokens")
            .run(|cx| async move {
                let token = cx.registered()?.token;
                let turned: String = token.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
                if turned == token {
                    return Err(crate::Stop::Skip("the platform's token has no letters".into()));
                }
                let url = functional_url(&cx)?;
                cx.request("GET", url).token(&turned).send().await?.has_http(401)
            }),
        Case::new("transport.auth.raw", "The token without Base64")
            .proves(&["TRN-010"])
            .may()
            .does("Sends `Token` and the token as it is, without encoding")
            .expects("HTTP 200 (lenient) or 401 (strict); never a server error")
            .sabotage("auth-500")
            .run(|cx| async move {
                let token = cx.registered()?.token;
                let answer = cx.configuration("GET", &cx.config.versions_url).authorization(&format!("Token {token}")).send().await?;
                answer.has_http_in(&[200, 401])
            }),
        Case::new("transport.auth.header-case", "Header names in another case")
            .proves(&["TRN-006"])
            .does("Sends the same GET with all header names in upper case")
            .expects("The same answer as with the documented spelling")
            .sabotage("case-sensitive-headers")
            .run(|cx| async move {
                cx.registered()?;
                let url = cx.target().details_url.unwrap_or_default();
                cx.configuration("GET", &url).send().await?.succeeded()?;
                cx.configuration("GET", &url).odd_spelling().send().await?.succeeded()
            }),
    ];
    list.extend(token_a());
    list
}

fn token_a() -> Vec<Case> {
    vec![
        Case::new("credentials.token-a.opens-configuration", "The registration token opens versions and details")
            .proves(&["TRN-016", "CRE-004", "TRN-004"])
            .phase(Phase::Unregistered)
            .does("GET versions and GET details with the registration token, without a TLS client certificate")
            .expects("HTTP 200 and status_code 1000")
            .sabotage("token-a-refused-on-versions")
            .run(|cx| async move {
                needs_token_a(&cx)?;
                cx.configuration("GET", &cx.config.versions_url).send().await?.succeeded()?;
                let url = cx.target().details_url.ok_or_else(|| crate::Stop::Skip("no details URL is known".into()))?;
                cx.configuration("GET", url).send().await?.succeeded()
            }),
        Case::new("credentials.token-a.nothing-else", "The registration token opens nothing else")
            .proves(&["TRN-015"])
            .phase(Phase::Unregistered)
            .does("Calls every functional endpoint with the registration token before registering")
            .expects("HTTP 401 each time")
            .sabotage("token-a-everywhere")
            .run(|cx| async move {
                needs_token_a(&cx)?;
                let calls: Vec<_> = calls(&cx)
                    .into_iter()
                    .filter(|(_, url)| !url.trim_end_matches('/').ends_with("/credentials"))
                    .collect();
                ensure(!calls.is_empty(), "a functional endpoint in the details", || "there is none".into())?;
                for (method, url) in calls {
                    let request = cx.request(method, url).without_routing();
                    let request = if method == "POST" { request.text("{}") } else { request };
                    request.send().await?.has_http(401)?;
                }
                Ok(())
            }),
    ]
}

/// Skips the case when the run uses an existing registration.
pub(super) fn needs_token_a(cx: &Arc<Ctx>) -> CaseResult {
    if cx.config.token_a.is_none() {
        return crate::case::skip("the run uses an existing registration (--token)");
    }
    Ok(())
}
