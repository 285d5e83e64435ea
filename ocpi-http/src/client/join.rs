//! URLs below an endpoint.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::CallError;

/// What stays as it is in a segment: the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL of something below an endpoint: exactly one slash between the parts, each segment percent-encoded, the query of
/// the endpoint kept. `Err` when the endpoint is no absolute URL, or a segment cannot stand in a path (empty, `.`, `..`).
///
/// ```
/// use ocpi_http::join;
/// let url = join("https://example.com/ocpi/cpo/2.2.1/locations/", &["NL", "TNM", "a/b #1"]).unwrap();
/// assert_eq!(url.as_str(), "https://example.com/ocpi/cpo/2.2.1/locations/NL/TNM/a%2Fb%20%231");
/// ```
pub fn join(endpoint: &str, segments: &[&str]) -> Result<Url, CallError> {
    let mut url = Url::parse(endpoint.trim())
        .map_err(|error| CallError::Request(format!("the endpoint {endpoint:?} is not a URL: {error}")))?;
    if url.cannot_be_a_base() {
        return Err(CallError::Request(format!("the endpoint {endpoint:?} has no path")));
    }
    if segments.is_empty() {
        return Ok(url);
    }
    let mut path = url.path().trim_end_matches('/').to_owned();
    for segment in segments {
        if matches!(*segment, "" | "." | "..") {
            return Err(CallError::Request(format!("{segment:?} cannot be part of a URL")));
        }
        path.push('/');
        path.extend(utf8_percent_encode(segment, ENCODED));
    }
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves: TRN-071, TRN-100 (odd endpoint URLs are used as they are).
    #[test]
    fn segments_are_joined_with_exactly_one_slash() {
        for (endpoint, segments, expected) in [
            ("http://h/a", &["b"][..], "http://h/a/b"),
            ("http://h/a/", &["b"], "http://h/a/b"),
            ("http://h/a//", &["b"], "http://h/a/b"),
            ("http://h", &["b"], "http://h/b"),
            ("http://h/a?key=1", &["b"], "http://h/a/b?key=1"),
            ("http://h/a/", &[], "http://h/a/"),
            (" http://h/a ", &["#NA", "x y", "ü", "100%"], "http://h/a/%23NA/x%20y/%C3%BC/100%25"),
        ] {
            assert_eq!(join(endpoint, segments).unwrap().as_str(), expected);
        }
        assert_eq!(join("http://h/a%2Fb", &["c"]).unwrap().as_str(), "http://h/a%2Fb/c");
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        for (endpoint, segments) in [
            ("/a", &["b"][..]),
            ("mailto:x@y", &["b"]),
            ("http://h/a", &[".."]),
            ("http://h/a", &["."]),
            ("http://h/", &[""]),
        ] {
            assert!(join(endpoint, segments).is_err(), "{endpoint} {segments:?}");
        }
    }
}
