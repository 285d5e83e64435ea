//! Headers and bodies as they went over the wire. Keeping them costs next to nothing; secrets are sought when they are shown.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::redact::redact;

/// The most of a body that is kept, in bytes.
pub(crate) const MAX_KEPT_BODY: usize = 256 * 1024;

/// The beginning of a body. Whatever shows it replaces secrets by `***`.
#[derive(Clone, Default, PartialEq)]
pub struct KeptBody {
    pieces: Vec<Bytes>,
    length: usize,
}

impl KeptBody {
    /// Keeps a body that is there as a whole.
    #[must_use]
    pub fn new(body: Bytes) -> Self {
        let length = body.len();
        Self::of([body], length)
    }

    /// Keeps the beginning of a body of `length` bytes. Pieces are shared, not copied, unless they have to be cut.
    pub(crate) fn of(pieces: impl IntoIterator<Item = Bytes>, length: usize) -> Self {
        let mut kept = Self { pieces: Vec::new(), length };
        let mut room = MAX_KEPT_BODY;
        for piece in pieces {
            // A slice would hold on to all of the piece.
            let piece = if piece.len() > room { Bytes::copy_from_slice(&piece[..room]) } else { piece };
            room -= piece.len();
            if !piece.is_empty() {
                kept.pieces.push(piece);
            }
        }
        kept
    }

    /// The text without secrets; `None` for an empty body.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match &self.pieces[..] {
            [] => None,
            [only] => shown_body(only),
            pieces => shown_body(&pieces.concat()),
        }
    }

    /// How long the body was, in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Whether there was more than is kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.kept_length() < self.length
    }

    pub(super) fn kept_length(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

impl fmt::Debug for KeptBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeptBody").field(&self.text()).finish()
    }
}

/// Headers. Whatever shows them replaces secrets by `***`.
#[derive(Clone, Default, PartialEq)]
pub struct KeptHeaders(HeaderMap);

impl KeptHeaders {
    /// Keeps these headers.
    #[must_use]
    pub fn new(headers: HeaderMap) -> Self {
        Self(headers)
    }

    /// Names in lower case and values, without secrets: of the header `Authorization` only the scheme is left.
    pub fn shown(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, value)| (name.as_str(), shown_value(name, value)))
    }

    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
    }
}

impl fmt::Debug for KeptHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

fn shown_value(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if !is_secret(name) {
        return text.into_owned();
    }
    let scheme = text.trim_start().split_once(' ').map(|(scheme, _)| scheme);
    match scheme.filter(|scheme| ["token", "bearer", "basic"].contains(&scheme.to_ascii_lowercase().as_str())) {
        Some(scheme) => format!("{scheme} ***"),
        None => "***".to_owned(),
    }
}

fn is_secret(name: &HeaderName) -> bool {
    [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE].contains(name) || name.as_str().contains("api-key")
}

/// A body as it may be shown: secrets replaced. `None` for an empty one.
pub(crate) fn shown_body(body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| redact(&String::from_utf8_lossy(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_binary_bodies_are_cut_and_survive() {
        let long = KeptBody::new(vec![b'x'; MAX_KEPT_BODY + 1].into());
        assert_eq!(long.text().unwrap().len(), MAX_KEPT_BODY);
        assert!(long.is_cut() && long.length() == MAX_KEPT_BODY + 1);
        let pieces = KeptBody::of(["{\"token\":\"s3".into(), "".into(), "cret\"}".into()], 18);
        assert_eq!(pieces.text().as_deref(), Some("{\"token\":\"***\"}"));
        assert!(!pieces.is_cut());
        assert_eq!(KeptBody::new(Bytes::from_static(b"\xff\xfe")).text().as_deref(), Some("\u{fffd}\u{fffd}"));
        assert_eq!(KeptBody::default().text(), None);
        assert_eq!(
            format!("{:?}", KeptBody::new("{\"token\":\"s3cret\"}".into())),
            r#"KeptBody(Some("{\"token\":\"***\"}"))"#
        );
    }

    #[test]
    fn of_secret_headers_only_the_scheme_is_shown() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Token czNjcmV0".parse().unwrap());
        headers.append(AUTHORIZATION, "czNjcmV0".parse().unwrap());
        headers.append(AUTHORIZATION, "s3 cret".parse().unwrap());
        headers.insert("ocpi-from-party-id", "EMS".parse().unwrap());
        headers.insert("x-api-key", "s3cret".parse().unwrap());
        let headers = KeptHeaders::new(headers);
        let shown: Vec<_> = headers.shown().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            shown,
            [
                "authorization: Token ***",
                "authorization: ***",
                "authorization: ***",
                "ocpi-from-party-id: EMS",
                "x-api-key: ***"
            ]
        );
        let debug = format!("{headers:?}");
        assert!(!debug.contains("s3") && !debug.contains("czN"), "{debug}");
    }
}
