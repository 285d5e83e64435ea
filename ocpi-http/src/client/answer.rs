//! What a peer answers.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::CallError;
use crate::OcpiStatus;
use crate::exchange::shown_body;
use crate::extract::BYTE_ORDER_MARK;

/// A success: HTTP 2xx with an envelope that says 1xxx.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub http: StatusCode,
    /// The `status_code`.
    pub status: OcpiStatus,
    /// The `status_message`.
    pub message: Option<String>,
    /// The `data`; null when absent.
    pub data: Value,
    /// The headers.
    pub headers: HeaderMap,
}

/// How much of a body is quoted in an error.
const EXCERPT_CHARS: usize = 200;

/// How much of a body is looked at for that, in bytes.
const EXCERPT_OF: usize = 16 * 1024;

/// Judges an answer: by its `status_code` where it has one, never by HTTP alone.
pub(super) fn judge(http: StatusCode, headers: HeaderMap, body: &[u8]) -> Result<Answer, CallError> {
    let retry_after = retry_after(&headers);
    let Some((status, message, data)) = envelope(body) else {
        return Err(if http.is_success() {
            CallError::NotOcpi { http, what: what_is(body) }
        } else {
            CallError::Http { http, excerpt: excerpt(body), retry_after }
        });
    };
    if http.is_success() && status.is_success() {
        return Ok(Answer { http, status, message, data, headers });
    }
    let data = (!data.is_null()).then(|| Box::new(data));
    Err(CallError::Refused { http, status, message, data, retry_after })
}

fn envelope(body: &[u8]) -> Option<(OcpiStatus, Option<String>, Value)> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let Ok(Value::Object(mut envelope)) = serde_json::from_slice(body) else { return None };
    let code = match envelope.get("status_code")? {
        // Some write 1000 as 1000.0, some as "1000".
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let code: u16 = code.strip_suffix(".0").unwrap_or(&code).trim().parse().ok()?;
    let message = envelope.get("status_message").and_then(Value::as_str).map(str::to_owned);
    let data = envelope.get_mut("data").map(Value::take).unwrap_or_default();
    Some((code.into(), message, data))
}

fn what_is(body: &[u8]) -> String {
    if body.is_empty() {
        return "an empty body".into();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(_) => format!("JSON without a status_code: {}", excerpt(body)),
        Err(error) => format!("{error}: {}", excerpt(body)),
    }
}

/// The beginning of a body, on one line, without secrets.
fn excerpt(body: &[u8]) -> String {
    let text = shown_body(&body[..body.len().min(EXCERPT_OF)]).unwrap_or_default();
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(EXCERPT_CHARS).collect::<String>().trim().to_owned()
}

/// The header's form in seconds; that with a date is rare, and nothing depends on it.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(http: u16, body: &str) -> Result<Answer, CallError> {
        judge(StatusCode::from_u16(http).unwrap(), HeaderMap::new(), body.as_bytes())
    }

    // Proves: STA-011, STA-013, STA-014, STA-016, TRN-084, TRN-089, TRN-091.
    #[test]
    fn success_is_judged_by_the_status_code() {
        for body in [
            r#"{"status_code":1000,"timestamp":"2026-01-15T10:00:00Z"}"#,
            r#"{"status_code":1001,"data":null,"status_message":null}"#,
            r#"{"status_code":"1000","data":[]}"#,
            r#"{"status_code":1000.0,"data":"ok"}"#,
            "\u{feff}{\"status_code\":1000}",
            r#"{"data":{},"status_code":1000,"status_message":"x","extra":1}"#,
        ] {
            assert!(judged(201, body).is_ok(), "{body}");
        }
        for (http, body) in [
            (200, r#"{"status_code":2001,"data":{"why":1}}"#),
            (200, r#"{"status_code":2950}"#),
            (200, r#"{"status_code":3042,"data":null}"#),
            (404, r#"{"status_code":2004,"status_message":"unknown"}"#),
            (500, r#"{"status_code":1000}"#),
        ] {
            assert!(matches!(judged(http, body), Err(CallError::Refused { .. })), "{http} {body}");
        }
    }

    #[test]
    fn what_is_no_envelope_is_named() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"status_code":true}"#,
            r#"{"status_code":10"#,
            "1000",
            r#"{"status_code":70000}"#,
        ] {
            let error = judged(200, body).unwrap_err();
            assert!(matches!(error, CallError::NotOcpi { .. }), "{body}");
            let error = judged(422, body).unwrap_err();
            assert!(matches!(error, CallError::Http { .. }), "{body}");
        }
        let error = judged(422, r#"{"detail":[{"token":"s3cret"}]}"#).unwrap_err().to_string();
        assert!(error.contains("detail") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn the_peers_wish_to_be_left_alone_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "120".parse().unwrap());
        let error = judge(StatusCode::TOO_MANY_REQUESTS, headers, b"slow down").unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_mins(2)));
    }
}
