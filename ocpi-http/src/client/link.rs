//! The `Link` header. RFC 8288.

use http::HeaderMap;
use http::header::LINK;

/// The target of the link to the next page: the first one whose relation is `next`.
pub(super) fn next_link(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().find_map(|value| next_in(&String::from_utf8_lossy(value.as_bytes())))
}

/// `<url>; rel="next", <url>; rel=last; title="a, b"`.
fn next_in(value: &str) -> Option<String> {
    let mut rest = value;
    while let Some(open) = rest.find('<') {
        let (target, after) = rest[open + 1..].split_once('>')?;
        let end = outside_quotes(after, ',').next().unwrap_or(after.len());
        let (parameters, following) = after.split_at(end);
        let mut start = 0;
        for next in outside_quotes(parameters, ';').chain([end]) {
            if is_next(&parameters[start..next]) {
                return Some(target.trim().to_owned());
            }
            start = (next + 1).min(end);
        }
        rest = following;
    }
    None
}

/// Where the separator stands, other than in quoted text.
fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    text.char_indices().filter_map(move |(i, found)| {
        quoted ^= found == '"';
        (found == separator && !quoted).then_some(i)
    })
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let relations = value.trim().trim_matches(['"', '\'']);
    name.trim().eq_ignore_ascii_case("rel")
        && relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves: TRN-052 (as reader), TRN-006 for Link.
    #[test]
    fn next_links_are_found_however_they_are_written() {
        for (value, expected) in [
            (r#"<https://a/b?offset=1&limit=2>; rel="next""#, Some("https://a/b?offset=1&limit=2")),
            ("<https://a/b>;rel=next", Some("https://a/b")),
            ("<https://a/b>; REL='Next'", Some("https://a/b")),
            (r#"<x>; rel="prev", <https://a/b?x=1,2>; rel="last next""#, Some("https://a/b?x=1,2")),
            (r#"<x>; rel=prev; title="a, <b>; rel=next", <y>; rel=next"#, Some("y")),
            (r#"<x>; rel="nextish""#, None),
            (r#"<x>; rel="prev""#, None),
            ("<x", None),
            ("https://a/b; rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_in(value).as_deref(), expected, "{value}");
        }
    }
}
