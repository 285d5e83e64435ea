//! Turns an answer into the bytes of an envelope.

use std::io::Write as _;

use bytes::Bytes;
use ocpi_types::{DateTime, format_date_time};

use crate::reply::{Payload, Unrendered};

/// The response format. Spec: transport_and_format, "Response format". Objects are copied, not looked at; one allocation.
pub(crate) fn envelope(reply: &Unrendered, now: &DateTime) -> Bytes {
    let data_length = match &reply.data {
        Payload::None => 0,
        Payload::Json(json) => json.len(),
        Payload::List(items) => items.iter().map(|item| item.len() + 1).sum::<usize>() + 2,
    };
    let mut out = Vec::with_capacity(data_length + reply.message.len() + 128);
    out.push(b'{');
    match &reply.data {
        Payload::None => {}
        Payload::Json(json) => {
            out.extend_from_slice(b"\"data\":");
            out.extend_from_slice(json);
            out.push(b',');
        }
        Payload::List(items) => {
            out.extend_from_slice(b"\"data\":[");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(item.as_bytes());
            }
            out.extend_from_slice(b"],");
        }
    }
    // Writing to a Vec cannot fail, nor can writing text as JSON.
    let _ = write!(out, "\"status_code\":{},\"status_message\":", reply.status.code());
    let _ = serde_json::to_writer(&mut out, &reply.message);
    let _ = write!(out, ",\"timestamp\":\"{}\"}}", format_date_time(now));
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OcpiStatus;

    // Proves: TRN-081, TRN-083, TRN-085, TRN-086, TRN-087, TRN-090 (the form of the envelope).
    #[test]
    fn envelopes_are_exact() {
        let now = "2026-01-15T10:00:00.5Z".parse().unwrap();
        let text = |data| String::from_utf8(envelope(&Unrendered::success(data), &now).to_vec()).unwrap();
        let end = r#""status_code":1000,"status_message":"Success","timestamp":"2026-01-15T10:00:00.500Z"}"#;
        assert_eq!(text(Payload::None), format!("{{{end}"));
        assert_eq!(text(Payload::Json("{\"a\":1}".into())), format!("{{\"data\":{{\"a\":1}},{end}"));
        assert_eq!(text(Payload::List(vec![])), format!("{{\"data\":[],{end}"));
        assert_eq!(text(Payload::List(vec!["1".into(), "2".into()])), format!("{{\"data\":[1,2],{end}"));
        let odd = Unrendered {
            status: OcpiStatus::Other(2950),
            message: "say \"no\"\n".into(),
            ..Unrendered::success(Payload::None)
        };
        let text = String::from_utf8(envelope(&odd, &now).to_vec()).unwrap();
        assert!(text.starts_with(r#"{"status_code":2950,"status_message":"say \"no\"\n","#), "{text}");
    }
}
