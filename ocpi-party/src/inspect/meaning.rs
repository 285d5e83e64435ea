//! What a call says, in words for somebody who has never seen OCPI.

/// The modules by the names that stand in URLs.
const MODULES: &[&str] = &[
    "versions",
    "credentials",
    "locations",
    "tariffs",
    "tokens",
    "sessions",
    "cdrs",
    "commands",
    "chargingprofiles",
    "hubclientinfo",
];

/// What a call says, from its method and its URL; empty where that is not known.
///
/// ```
/// use ocpi_party::inspect::meaning;
/// assert_eq!(meaning("POST", "https://emsp.example/ocpi/2.2.1/emsp/cdrs"), "the bill of a finished charge");
/// ```
#[must_use]
pub fn meaning(method: &str, url: &str) -> &'static str {
    let path = url.split('?').next().unwrap_or(url);
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let module = segments.by_ref().find(|segment| MODULES.contains(segment)).unwrap_or_default();
    match (method, module) {
        ("GET", "versions") => "which versions of OCPI do you speak?",
        ("GET", "") => "where are your modules, in this version?",
        ("GET", "credentials") => "how am I known to you?",
        ("POST", "credentials") => "here is the token with which you may call me; give me mine",
        ("PUT", "credentials") => "my details or my token have changed",
        ("DELETE", "credentials") => "we stop working together",
        ("GET", "locations") => "which stations do you have?",
        ("PUT", "locations") => "this station is new, or has changed",
        ("PATCH", "locations") => "this charge point has changed",
        ("GET", "tariffs") => "what does charging cost?",
        ("PUT", "tariffs") => "this price is new, or has changed",
        ("DELETE", "tariffs") => "this price is no longer used",
        ("GET", "tokens") => "which cards and apps do your drivers have?",
        ("POST", "tokens") => "may this driver charge here, now?",
        ("PUT" | "PATCH", "tokens") => "this card or app is new, or has changed",
        ("GET", "sessions") => "what has been charged since I last asked?",
        ("PUT", "sessions") if path.ends_with("/charging_preferences") => "this is how the driver would like to charge",
        ("PUT", "sessions") => "this is how a charge stands",
        ("PATCH", "sessions") => "the charge goes on",
        ("GET", "cdrs") => "which bills have I not seen yet?",
        ("POST", "cdrs") => "the bill of a finished charge",
        ("POST", "commands") => command_meaning(path),
        ("GET", "chargingprofiles") => "how much power is this charge going to get?",
        ("PUT", "chargingprofiles") if !path.contains("/cpo/") => "the plan for this charge has changed",
        ("PUT", "chargingprofiles") => "please charge no faster than this",
        ("POST", "chargingprofiles") => "what the station said to the limit",
        ("DELETE", "chargingprofiles") => "my limit is lifted",
        ("GET", "hubclientinfo") => "who can be reached through you?",
        ("PUT", "hubclientinfo") => "this party can be reached, or no longer",
        _ => "",
    }
}

fn command_meaning(path: &str) -> &'static str {
    let from_emsp = path.contains("/cpo/");
    match () {
        () if !from_emsp => "what the station said to the command",
        () if path.contains("START_SESSION") => "please start a charge for my driver",
        () if path.contains("STOP_SESSION") => "please stop this charge",
        () if path.contains("UNLOCK_CONNECTOR") => "please free the plug",
        () if path.contains("RESERVE_NOW") => "please keep this place for my driver",
        () if path.contains("CANCEL_RESERVATION") => "my driver does not need the place after all",
        () => "please do this at your station",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_a_meaning() {
        for (method, url, expected) in [
            ("GET", "http://127.0.0.1:8001/ocpi/versions", "which versions of OCPI do you speak?"),
            ("GET", "/ocpi/2.2.1", "where are your modules, in this version?"),
            ("GET", "http://127.0.0.1:8001/ocpi/2.2.1/cpo/locations?limit=20", "which stations do you have?"),
            (
                "POST",
                "http://127.0.0.1:8000/ocpi/2.2.1/emsp/commands/START_SESSION/x",
                "what the station said to the command",
            ),
            (
                "POST",
                "http://127.0.0.1:8001/ocpi/2.2.1/cpo/commands/START_SESSION",
                "please start a charge for my driver",
            ),
            ("POST", "/ocpi/2.2.1/emsp/tokens/04AB/authorize", "may this driver charge here, now?"),
            (
                "DELETE",
                "http://127.0.0.1:8001/ocpi/2.2.1/cpo/chargingprofiles/101?response_url=http%3A%2F%2Fx",
                "my limit is lifted",
            ),
            ("BREW", "/ocpi/2.2.1/emsp/tokens/04AB", ""),
        ] {
            assert_eq!(meaning(method, url), expected, "{method} {url}");
        }
    }
}
