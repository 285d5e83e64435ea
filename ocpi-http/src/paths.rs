//! The forms in which a path may be written, and what kind of module it leads to.

use std::borrow::Cow;

use http::Uri;
use http::uri::PathAndQuery;

/// What a path is, as far as the protocol is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Not OCPI: documentation, operator API, health.
    Other,
    /// Versions, version details, credentials, hub client info: no routing headers. Spec: terminology, "Configuration
    /// Module".
    Configuration,
    /// All other modules: with routing headers.
    Functional,
}

/// Brings an OCPI path into its canonical form, without double and trailing slashes, and says what it is. Paths that are
/// not under `prefix` stay as they are.
pub(crate) fn normalise(uri: &mut Uri, prefix: &str) -> Scope {
    let path = uri.path();
    let Cow::Owned(canonical) = canonical(path) else { return scope_of(path, prefix) };
    let scope = scope_of(&canonical, prefix);
    if scope != Scope::Other {
        let text = match uri.query() {
            Some(query) => format!("{canonical}?{query}"),
            None => canonical,
        };
        let mut parts = uri.clone().into_parts();
        if let Ok(path_and_query) = PathAndQuery::try_from(text) {
            parts.path_and_query = Some(path_and_query);
            if let Ok(rewritten) = Uri::from_parts(parts) {
                *uri = rewritten;
            }
        }
    }
    scope
}

/// Works on the path as it was sent, so that encoded slashes in ids stay what they are.
fn canonical(path: &str) -> Cow<'_, str> {
    let doubled = path.as_bytes().windows(2).any(|pair| pair == b"//");
    if !doubled && (path.len() < 2 || !path.ends_with('/')) {
        return Cow::Borrowed(path);
    }
    let mut canonical = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        canonical.push('/');
        canonical.push_str(segment);
    }
    if canonical.is_empty() {
        canonical.push('/');
    }
    Cow::Owned(canonical)
}

fn scope_of(path: &str, prefix: &str) -> Scope {
    let Some(rest) = path.strip_prefix(prefix) else { return Scope::Other };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Scope::Other;
    }
    // /{version}/{module or role}/{module}
    let mut segments = rest.split('/').skip(1);
    match (segments.next(), segments.next(), segments.next()) {
        (_, None, _) | (Some("versions"), ..) => Scope::Configuration,
        (_, Some(module), _) | (_, _, Some(module)) if is_configuration(module) => Scope::Configuration,
        _ => Scope::Functional,
    }
}

fn is_configuration(module: &str) -> bool {
    matches!(module, "credentials" | "hubclientinfo" | "clientinfo")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(text: &str) -> (String, Scope) {
        let mut uri: Uri = text.parse().unwrap();
        let scope = normalise(&mut uri, "/ocpi");
        (uri.to_string(), scope)
    }

    #[test]
    fn slashes_are_cleaned_up_under_the_prefix_only() {
        for (text, expected) in [
            ("/ocpi/2.2.1/cpo/locations", "/ocpi/2.2.1/cpo/locations"),
            ("/ocpi/2.2.1/cpo/locations/", "/ocpi/2.2.1/cpo/locations"),
            ("/ocpi/2.2.1/cpo/locations/?limit=1", "/ocpi/2.2.1/cpo/locations?limit=1"),
            ("//ocpi//2.2.1/cpo//locations//a%2F%2Fb/?q=//", "/ocpi/2.2.1/cpo/locations/a%2F%2Fb?q=//"),
            ("http://host:1/ocpi//versions/", "http://host:1/ocpi/versions"),
            ("/docs/", "/docs/"),
            ("/docs//x", "/docs//x"),
            ("/", "/"),
            ("/ocpi/", "/ocpi"),
        ] {
            assert_eq!(normalised(text).0, expected);
        }
    }

    // Proves: HUB-002 (the classification).
    #[test]
    fn configuration_and_functional_modules_are_told_apart() {
        for (text, scope) in [
            ("/ocpi/versions", Scope::Configuration),
            ("/ocpi/2.2.1", Scope::Configuration),
            ("/ocpi/2.2.1/credentials", Scope::Configuration),
            ("/ocpi/2.2.1/cpo/hubclientinfo/NL/TNM", Scope::Configuration),
            ("/ocpi/2.2.1/hubclientinfo", Scope::Configuration),
            ("/ocpi/2.2.1/cpo/locations", Scope::Functional),
            ("/ocpi/2.2.1/emsp/tokens/NL/TNM/hubclientinfo", Scope::Functional),
            ("/ocpi/2.2.1/nonsense", Scope::Functional),
            ("/ocpi", Scope::Configuration),
            ("/ocpish", Scope::Other),
            ("/operator/v1/partners", Scope::Other),
        ] {
            assert_eq!(normalised(text).1, scope, "{text}");
        }
    }
}
