//! The rules that the reference party can break, one name each.

use serde_json::Value;

/// Name of a fault and the rule it breaks, in words.
pub const FAULTS: &[(&str, &str)] = &[
    // Authorization
    ("auth-403", "a wrong or missing token is answered with HTTP 403"),
    ("auth-200", "a wrong or missing token is answered with HTTP 200 and status_code 3000"),
    ("auth-500", "an Authorization header that cannot be parsed is answered with HTTP 500"),
    ("auth-open", "no token is asked for"),
    ("auth-last", "the token is checked after the body and the path"),
    ("token-a-everywhere", "the registration token opens every module"),
    ("token-a-survives", "the registration token still works after registration"),
    ("token-a-refused-on-versions", "the registration token does not open versions"),
    ("case-blind-tokens", "tokens that differ in case only are the same"),
    ("case-sensitive-headers", "header names are only understood in the documented spelling"),
    // Envelope and ids
    ("no-timestamp", "answers lack timestamp"),
    ("old-timestamp", "timestamp is a constant of long ago"),
    ("offset-timestamp", "timestamp is spelt with +00:00"),
    ("status-code-string", "status_code is a string"),
    ("status-code-http", "status_code holds the HTTP status"),
    ("custom-status-code", "success is reported as 1900"),
    ("hub-status-code", "unknown objects are reported with 4001"),
    ("text-plain", "answers have content type text/plain"),
    ("bare-data", "answers lack the envelope"),
    ("bare-errors", "HTTP errors have no envelope"),
    ("no-request-id", "answers lack X-Request-ID"),
    ("own-request-id", "answers carry an X-Request-ID of their own"),
    ("no-correlation-id", "answers lack X-Correlation-ID"),
    ("ids-only-on-success", "error answers lack X-Request-ID and X-Correlation-ID"),
    ("routing-not-swapped", "answers carry the routing headers as the request had them"),
    ("no-routing", "answers lack the routing headers"),
    ("routing-on-configuration", "answers of versions and credentials carry routing headers"),
    ("ignores-addressee", "requests for a party that is not hosted here are served"),
    ("needs-routing", "requests without routing headers fail with HTTP 500"),
    ("needs-content-type", "requests without a body need a Content-Type"),
    ("rejects-charset", "a charset parameter of the content type is refused"),
    ("crash-on-bad-json", "malformed JSON is answered with HTTP 500"),
    ("bad-json-200", "malformed JSON is answered with HTTP 200"),
    ("http-400-for-content", "valid JSON with bad content is answered with HTTP 400"),
    ("unknown-path-200", "an unknown path is answered with HTTP 200"),
    ("redirects-slash", "a slash at the end of a path is answered with a redirect"),
    ("unknown-object-200", "an unknown object is answered with HTTP 200 and status_code 1000"),
    ("methods-accepted", "methods that the module does not define are acknowledged"),
    ("crash-on-long-url", "a very long id in a path is answered with HTTP 500"),
    // Versions
    ("versions-empty", "the list of versions is empty"),
    ("versions-object", "the list of versions is a single object"),
    ("versions-relative-url", "URLs of versions are relative"),
    ("details-other-version", "the details name another version"),
    ("details-no-endpoints", "the details list no endpoints"),
    ("details-no-role", "endpoints have no role"),
    ("details-relative-url", "endpoint URLs are relative"),
    ("details-camel-case", "module identifiers are not spelt as in the specification"),
    ("details-versions-module", "the details list a module `versions`"),
    ("details-no-credentials", "the details list no credentials endpoint"),
    ("details-credentials-twice", "the details list credentials once per role"),
    ("details-credentials-receiver", "the credentials endpoint is listed with role RECEIVER"),
    ("details-wrong-roles", "modules are listed with the other interface role"),
    ("details-missing-dependency", "modules are listed without the ones they depend on"),
    ("details-custom-module", "a custom module without prefix is listed"),
    ("details-duplicate", "a module is listed twice in the same role"),
    ("details-dead-endpoint", "a listed endpoint is not implemented"),
    ("endpoint-without-version", "endpoint URLs do not hold the version"),
    // Credentials
    ("credentials-echo", "the answer to credentials echoes the client's object"),
    ("credentials-no-callback", "the client's versions are not fetched"),
    ("credentials-callback-token-a", "the client's versions are fetched with the wrong token"),
    ("credentials-callback-details-skipped", "the client's details are not fetched"),
    ("credentials-same-token", "the answer to credentials holds the token the client sent"),
    ("credentials-long-token", "the token has more than 64 characters"),
    ("credentials-blank-token", "the token holds blanks"),
    ("credentials-details-url", "the credentials' url is that of the details"),
    ("credentials-no-roles", "the credentials have no roles"),
    ("credentials-double-role", "the credentials list a role twice"),
    ("credentials-no-business-details", "a role lacks business_details"),
    ("credentials-post-again", "a second POST is accepted"),
    ("credentials-put-unregistered", "PUT before registration is accepted"),
    ("credentials-delete-unregistered", "DELETE before registration is accepted"),
    ("credentials-patch", "PATCH on credentials is acknowledged"),
    ("credentials-get-client-object", "GET credentials gives the client's object"),
    ("credentials-wrong-get-token", "GET credentials gives another token"),
    ("credentials-put-keeps-token", "PUT gives no new token"),
    ("credentials-put-no-callback", "PUT does not fetch the client's endpoints again"),
    ("credentials-put-old-url", "PUT fetches with the url and token of before"),
    ("credentials-old-token-works", "the replaced token still works"),
    ("credentials-delete-keeps-token", "the token still works after DELETE"),
    ("credentials-delete-keeps-pushing", "pushes go on after DELETE"),
    ("credentials-3001-as-3000", "trouble with the client's API is reported as 3000"),
    ("credentials-3002-as-1000", "a client without 2.2.1 is registered"),
    ("credentials-burns-token-a", "a failed registration uses up the registration token"),
    ("credentials-unvalidated", "credentials objects are not validated"),
    ("credentials-one-role", "credentials with more than two roles are refused"),
    ("credentials-404", "the credentials endpoint answers 404 before registration"),
    // Lists
    ("list-no-total", "lists lack X-Total-Count"),
    ("list-no-limit", "lists lack X-Limit"),
    ("list-total-is-page", "X-Total-Count is the size of the page"),
    ("list-total-unfiltered", "X-Total-Count ignores the filters"),
    ("list-limit-is-count", "X-Limit is the number of objects returned"),
    ("list-ignores-limit", "limit is ignored"),
    ("list-ignores-offset", "offset is ignored"),
    ("list-offset-from-one", "offset counts from one"),
    ("list-no-link", "pages lack Link"),
    ("list-link-on-last", "the last page has a Link"),
    ("list-link-relative", "Link is relative"),
    ("list-link-unquoted", "Link lacks the angle brackets"),
    ("list-link-loses-filters", "Link loses the filters"),
    ("list-link-loses-limit", "Link loses the limit"),
    ("list-link-skips", "Link skips an object"),
    ("list-link-loops", "Link leads to the same page for ever"),
    ("list-from-exclusive", "date_from is exclusive"),
    ("list-to-inclusive", "date_to is inclusive"),
    ("list-ignores-dates", "date filters are ignored"),
    ("list-needs-zulu", "dates without Z are refused"),
    ("list-silent-parameters", "malformed parameters are silently ignored"),
    ("list-parameters-500", "malformed parameters are answered with HTTP 500"),
    ("list-past-end-404", "an offset past the end is answered with HTTP 404"),
    ("list-empty-404", "an empty result is answered with HTTP 404"),
    ("list-empty-null", "an empty result has no array in data"),
    ("list-shuffled", "repeated calls give another order"),
    ("list-as-object", "a list is wrapped in an object"),
    ("list-foreign-owner", "an object names an owner that is no role of the party"),
    ("list-duplicate", "an object is listed twice"),
    ("object-as-list", "a single object is wrapped in a list"),
    ("object-is-parent", "an EVSE or Connector URL gives the whole Location"),
    ("object-by-evse-id", "an EVSE is found by evse_id"),
    ("object-case-sensitive", "ids in URLs are compared with regard to case"),
    // Receivers
    ("receiver-unvalidated", "pushed objects are not validated"),
    ("receiver-partly-validated", "only missing fields are found, not wrong values"),
    ("receiver-crash", "a pushed object with a fault is answered with HTTP 500"),
    ("receiver-stores-refused", "a refused object is stored all the same"),
    ("receiver-no-store", "pushed objects are not stored"),
    ("receiver-merges-put", "PUT merges with the old object"),
    ("receiver-put-unknown-404", "PUT of an unknown object is answered with 404"),
    ("receiver-always-201", "PUT of a known object is answered with 201"),
    ("receiver-always-200", "PUT of a new object is answered with 200"),
    ("receiver-data", "acknowledgements carry data"),
    ("receiver-no-owner-key", "objects are stored by id without their owner"),
    ("receiver-any-owner", "objects of parties that are not the client's are accepted"),
    ("receiver-url-body-differ", "an id in the body that differs from the URL is accepted"),
    ("receiver-owner-body-differ", "an owner in the body that differs from the URL is accepted"),
    ("receiver-case-sensitive", "ids are compared with regard to case"),
    ("receiver-rewrites-last-updated", "last_updated is overwritten with the server's clock"),
    ("receiver-loses-fields", "optional fields are lost"),
    ("receiver-lower-cases", "ids are changed to lower case"),
    ("receiver-floats", "numbers lose precision"),
    ("receiver-null-refused", "null for an optional field is refused"),
    ("receiver-unknown-fields-refused", "unknown fields are refused"),
    ("receiver-stale-wins", "an older last_updated replaces a newer one"),
    ("receiver-patch-replaces", "PATCH replaces the whole object"),
    ("receiver-patch-without-last-updated", "PATCH without last_updated is accepted"),
    ("receiver-patch-creates", "PATCH of an unknown object creates it"),
    ("receiver-patch-unknown-500", "PATCH of an unknown object is answered with HTTP 500"),
    ("receiver-patch-ignored", "PATCH is acknowledged and ignored"),
    ("receiver-patch-unvalidated", "PATCH with a wrong value is accepted"),
    ("receiver-patch-lists-append", "lists in a PATCH are appended"),
    ("receiver-parents-not-lifted", "last_updated of the parents is not lifted"),
    ("receiver-no-parent-check", "an EVSE of an unknown Location is accepted"),
    ("receiver-removed-gone", "a REMOVED EVSE is deleted"),
    ("receiver-periods-replaced", "charging periods in a PATCH replace the stored ones"),
    ("receiver-periods-kept", "PUT appends charging periods"),
    ("receiver-periods-emptied", "an empty list of charging periods in a PATCH empties the stored list"),
    ("receiver-deep-merge", "objects in a PATCH are merged instead of replaced"),
    ("receiver-sub-urls", "PATCH below a session is accepted"),
    ("receiver-delete-ignored", "DELETE of a tariff is ignored"),
    ("receiver-type-ignored", "the type of a token is ignored"),
    ("receiver-type-required", "a token URL without type is refused"),
    ("receiver-vat-zero", "a missing vat is stored as 0"),
    ("cdr-no-location", "the answer to a CDR lacks the Location header"),
    ("cdr-location-relative", "the Location header is relative"),
    ("cdr-location-dead", "the Location header leads nowhere"),
    ("cdr-overwrites", "a CDR is overwritten by a second POST"),
    ("cdr-twice-500", "a repeated CDR is answered with HTTP 500"),
    ("cdr-array-accepted", "a list of CDRs is accepted"),
    ("cdr-negative-refused", "a negative total_cost is refused"),
    ("cdr-unknown-location-refused", "a CDR of an unknown location is refused"),
    // Tokens and commands
    ("authorize-unknown-200", "authorize of an unknown token is answered with HTTP 200"),
    ("authorize-unknown-data", "authorize of an unknown token carries data"),
    ("authorize-needs-body", "authorize without a body is refused"),
    ("authorize-needs-type", "authorize without type is refused"),
    ("authorize-no-token", "the answer of authorize lacks the token"),
    ("authorize-blocked-error", "a blocked token is answered with an error"),
    ("authorize-always-allowed", "a blocked token is allowed"),
    ("authorize-location-invented", "authorize gives a location that was not asked for"),
    ("authorize-unknown-location-2003", "authorize at an unknown location is refused"),
    ("authorize-extra-evses", "authorize gives more EVSEs than were asked for"),
    ("authorize-slow", "authorize takes a second"),
    ("authorize-ignores-type", "authorize takes any token with the uid"),
    ("command-sync-wait", "a command is answered only after the charge point"),
    ("command-not-found", "a command of the specification is answered with HTTP 404"),
    ("command-no-timeout", "the answer to a command lacks timeout"),
    ("command-bad-result", "the answer to a command has a result of another version"),
    ("command-as-list", "the answer to a command is a list"),
    ("command-unvalidated", "commands are not validated"),
    ("command-unknown-accepted", "an unknown command is accepted"),
    ("command-unknown-location-1000", "a command for an unknown location is answered with 1000"),
    ("command-unknown-location-accepted", "a command for an unknown location is accepted"),
    ("command-unknown-session-accepted", "STOP_SESSION of an unknown session is accepted"),
    ("command-foreign-token", "a token of another party is accepted in a command"),
    ("command-checks-token", "the token of a command is authorized at the EMSP"),
    ("command-unsupported-accepted", "commands are accepted where the EVSE lacks the capability"),
    ("command-unknown-reservation-accepted", "cancelling an unknown reservation succeeds"),
    ("result-never", "no command result is sent"),
    ("result-enveloped", "the command result is wrapped in an envelope"),
    ("result-after-rejection", "a command result follows a rejection"),
    ("result-twice", "a command result is sent twice"),
    ("result-bad-value", "the command result has an unknown value"),
    ("result-without-query", "the command result goes to a cut response_url"),
    ("result-unauthorized", "the command result carries no token"),
    ("result-retried", "a failed command result is retried"),
    ("session-other-token", "the session has another token than the command"),
    ("session-no-reference", "the session lacks the authorization_reference"),
    ("session-wrong-auth-method", "the session has the wrong auth_method"),
    ("session-none", "an accepted start makes no session"),
    ("stop-leaves-session", "a stopped session stays active"),
    ("reserve-no-session", "a reservation makes no session"),
    ("reserve-twice", "the same reservation makes a second session"),
    ("preferences-object", "charging preferences are answered with an object"),
    ("preferences-unknown-200", "charging preferences of an unknown session succeed"),
    ("preferences-incapable", "charging preferences an EVSE cannot take are answered with 404 and 2000"),
    ("preferences-unvalidated", "charging preferences are not validated"),
    // As a client
    ("client-no-authorization", "requests carry no token"),
    ("client-raw-token", "the token is sent without Base64"),
    ("client-token-newline", "the encoded token ends in a line feed"),
    ("client-no-request-id", "requests lack X-Request-ID"),
    ("client-same-request-id", "every request has the same X-Request-ID"),
    ("client-no-correlation-id", "requests lack X-Correlation-ID"),
    ("client-odd-ids", "ids are no UUIDs"),
    ("client-no-content-type", "bodies lack the content type"),
    ("client-patch-content-type", "PATCH is sent as merge-patch+json"),
    ("client-routing-on-configuration", "versions and credentials are called with routing headers"),
    ("client-no-routing", "functional modules are called without routing headers"),
    ("client-half-routing", "only one half of each routing pair is sent"),
    ("client-long-party", "routing headers are too long"),
    ("client-swapped-routing", "the routing headers name the wrong parties"),
    ("client-guesses-urls", "endpoint URLs are built instead of read"),
    ("client-skips-versions", "registration begins with the details"),
    ("client-lowest-version", "the lowest common version is picked"),
    ("client-late-token", "the token sent in credentials is not valid yet while the POST is open"),
    ("client-keeps-token-a", "the registration token is used after registration"),
    ("client-registers-anyway", "a peer without the needed endpoints is registered"),
    ("client-put-without-versions", "credentials are updated without reading the versions"),
    ("client-bad-credentials", "the credentials sent lack business_details"),
    ("client-chokes-on-unknown-module", "an unknown module in the peer's details ends the registration"),
    ("client-needs-credentials-sender", "a credentials endpoint with role RECEIVER is not found"),
    ("pull-first-page-only", "only the first page is pulled"),
    ("pull-own-links", "the next page's URL is made up"),
    ("pull-stops-at-bad-object", "one faulty object loses the page"),
    ("pull-refuses-nulls", "null in a pulled object is refused"),
    ("pull-refuses-enums", "a pulled page with an unknown enum value is lost"),
    ("pull-short-page-ends", "a page shorter than asked ends the pull"),
    ("pull-no-date-from", "sessions are pulled without date_from"),
    ("pull-loops", "a Link that loops is followed for ever"),
    ("pull-keeps-vanished", "what a full pull no longer has stays known"),
    ("push-never", "changes are not pushed"),
    ("push-post", "objects are pushed with POST"),
    ("push-wrong-url", "the owner in the URL is not the object's"),
    ("push-no-owner-url", "the URL of a push lacks the owner"),
    ("push-incomplete", "a pushed object lacks last_updated"),
    ("push-enveloped", "a pushed object is wrapped in an envelope"),
    ("push-patch-without-last-updated", "a PATCH lacks last_updated"),
    ("push-patch-everything", "a PATCH repeats the whole object"),
    ("push-patch-all-periods", "a PATCH repeats old charging periods"),
    ("push-parent-not-lifted", "last_updated of a changed EVSE's Location does not move"),
    ("push-token-without-type", "a token that is no RFID is pushed without type"),
    ("push-delete-token", "an invalid token is deleted"),
    ("push-patch-tariff", "a changed tariff is sent with PATCH"),
    ("push-no-delete-tariff", "a deleted tariff is not announced"),
    ("cdr-never", "no CDR is sent"),
    ("cdr-twice", "a CDR is sent twice"),
    ("cdr-as-array", "a CDR is sent in a list"),
    ("cdr-url-with-owner", "a CDR is sent to a URL with the owner"),
    ("cdr-before-end", "a CDR is sent while the session is active"),
    ("cdr-wrong-cost", "the CDR's total_cost is not the sum of its parts"),
    ("cdr-no-session-id", "the CDR lacks session_id"),
    ("cdr-other-energy", "the CDR's energy is not the session's"),
    ("charge-without-authorize", "a card is not authorized although it must be"),
    ("charge-authorizes-always", "a whitelisted card is authorized in real time"),
    ("charge-ignores-verdict", "a refused card may charge"),
    ("authorize-url-double-slash", "authorize is called with two slashes"),
    ("command-no-connector", "START_SESSION lacks connector_id where it is required"),
    ("command-same-response-url", "every command has the same response_url"),
    ("command-foreign-own-token", "commands carry a token of another party"),
    ("command-bad-body", "commands lack a required field"),
    ("command-slash", "the command's URL has no slash before the command"),
    ("callback-any-method", "a response_url accepts every method"),
    ("callback-unvalidated", "a command result with an unknown value is accepted"),
    ("callback-once", "a response_url is dead after the first result"),
];

/// Whether `--fault` understands this name.
#[must_use]
pub fn is_known(name: &str) -> bool {
    FAULTS.iter().any(|(known, _)| *known == name) || Edit::parse(name).is_some()
}

/// A fault of the form `set MODULE POINTER JSON` or `unset MODULE POINTER`: breaks the first object of a list.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) module: String,
    pointer: String,
    value: Option<Value>,
}

impl Edit {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        let verb = parts.next()?;
        let (module, pointer) = (parts.next()?.to_string(), parts.next()?.to_string());
        let value = match (verb, parts.next()) {
            ("set", Some(json)) => Some(serde_json::from_str(json).ok()?),
            ("unset", None) => None,
            _ => return None,
        };
        Some(Self { module, pointer, value })
    }

    pub(crate) fn apply(&self, object: &mut Value) {
        let Some((parent, key)) = self.pointer.rsplit_once('/') else { return };
        let Some(parent) = object.pointer_mut(parent) else { return };
        match (parent, &self.value) {
            (Value::Object(map), Some(value)) => {
                map.insert(key.to_string(), value.clone());
            }
            (Value::Object(map), None) => {
                map.shift_remove(key);
            }
            (Value::Array(items), value) => {
                let Ok(index) = key.parse::<usize>() else { return };
                match value {
                    Some(value) if index < items.len() => items[index] = value.clone(),
                    Some(value) => items.push(value.clone()),
                    None if index < items.len() => {
                        items.remove(index);
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn edits_set_and_remove_by_pointer() {
        let mut object = json!({"a": {"b": [1, 2]}, "c": 1});
        Edit::parse("set locations /a/b/0 \"x y\"").unwrap().apply(&mut object);
        Edit::parse("unset locations /c").unwrap().apply(&mut object);
        assert_eq!(object, json!({"a": {"b": ["x y", 2]}}));
        assert!(Edit::parse("no-timestamp").is_none());
    }

    #[test]
    fn no_fault_is_named_twice() {
        let mut names: Vec<_> = FAULTS.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
