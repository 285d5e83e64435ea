//! Turns an answer into the bytes of an envelope.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use ocpi_types::{DateTime, format_date_time};

use crate::KeptBody;
use crate::reply::{Payload, Unrendered};

/// From this length on, in bytes, data that is there as a whole is sent as it is instead of being copied.
const WORTH_KEEPING: usize = 16 * 1024;

/// An envelope, in as many pieces as it is cheap to have.
pub(crate) struct Rendered {
    pieces: VecDeque<Bytes>,
    length: usize,
}

/// The response format. Spec: transport_and_format, "Response format". Objects are copied or passed on, not looked at;
/// one allocation.
pub(crate) fn envelope(reply: &Unrendered, now: &DateTime) -> Rendered {
    match &reply.data {
        Payload::Json(json) if json.len() >= WORTH_KEEPING => {
            let mut end = Vec::with_capacity(reply.message.len() + 128);
            end.push(b',');
            push_status(&mut end, reply, now);
            Rendered::of([Bytes::from_static(b"{\"data\":"), json.clone(), end.into()])
        }
        _ => Rendered::of([whole(reply, now).into()]),
    }
}

fn whole(reply: &Unrendered, now: &DateTime) -> Vec<u8> {
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
    push_status(&mut out, reply, now);
    out
}

/// Everything but the data, and the end of the envelope.
fn push_status(out: &mut Vec<u8>, reply: &Unrendered, now: &DateTime) {
    // Writing to a Vec cannot fail, nor can writing text as JSON.
    let _ = write!(out, "\"status_code\":{},\"status_message\":", reply.status.code());
    let _ = serde_json::to_writer(&mut *out, &reply.message);
    let _ = write!(out, ",\"timestamp\":\"{}\"}}", format_date_time(now));
}

impl Rendered {
    fn of(pieces: impl Into<VecDeque<Bytes>>) -> Self {
        let pieces = pieces.into();
        Self { length: pieces.iter().map(Bytes::len).sum(), pieces }
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// All of it in one piece, for examples and tests.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let pieces: Vec<_> = self.pieces.iter().cloned().collect();
        pieces.concat()
    }

    /// For those who watch; shares the pieces.
    pub(crate) fn kept(&self) -> KeptBody {
        KeptBody::of(self.pieces.iter().cloned(), self.length)
    }

    pub(crate) fn into_body(mut self) -> Body {
        match self.pieces.pop_front() {
            Some(only) if self.pieces.is_empty() => Body::from(only),
            Some(first) => {
                self.pieces.push_front(first);
                Body::new(self)
            }
            None => Body::empty(),
        }
    }
}

impl HttpBody for Rendered {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        self.length -= piece.as_ref().map_or(0, Bytes::len);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OcpiStatus;

    fn text_of(rendered: &Rendered) -> String {
        let text = String::from_utf8(rendered.bytes()).unwrap();
        assert_eq!(text.len(), rendered.length());
        text
    }

    // Proves: TRN-081, TRN-083, TRN-085, TRN-086, TRN-087, TRN-090 (the form of the envelope).
    #[test]
    fn envelopes_are_exact() {
        let now = "2026-01-15T10:00:00.5Z".parse().unwrap();
        let text = |data| text_of(&envelope(&Unrendered::success(data), &now));
        let end = r#""status_code":1000,"status_message":"Success","timestamp":"2026-01-15T10:00:00.500Z"}"#;
        assert_eq!(text(Payload::None), format!("{{{end}"));
        assert_eq!(text(Payload::Json("{\"a\":1}".into())), format!("{{\"data\":{{\"a\":1}},{end}"));
        assert_eq!(text(Payload::List(vec![])), format!("{{\"data\":[],{end}"));
        assert_eq!(text(Payload::List(vec!["1".into(), "2".into()])), format!("{{\"data\":[1,2],{end}"));
        let long = format!("\"{}\"", "x".repeat(100_000));
        assert_eq!(text(Payload::Json(long.clone().into())), format!("{{\"data\":{long},{end}"));
        let odd = Unrendered {
            status: OcpiStatus::Other(2950),
            message: "say \"no\"\n".into(),
            ..Unrendered::success(Payload::None)
        };
        let text = text_of(&envelope(&odd, &now));
        assert!(text.starts_with(r#"{"status_code":2950,"status_message":"say \"no\"\n","#), "{text}");
    }
}
