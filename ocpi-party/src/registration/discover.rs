//! Reading a platform's versions and the endpoints of version 2.2.1.

use http::Method;
use ocpi_http::{CallError, Target, Url};
use ocpi_types::{Endpoint, Extra, InterfaceRole, ModuleId, Version, VersionNumber};
use serde_json::Value;

use crate::Party;

/// What a platform offers for version 2.2.1.
#[derive(Debug, Clone)]
pub(crate) struct Discovered {
    /// One per module and interface role, absolute URLs only.
    pub(crate) endpoints: Vec<Endpoint>,
}

/// Why a platform cannot be worked with.
#[derive(Debug)]
pub(crate) enum DiscoverError {
    /// A call failed, or what came back cannot be used.
    Call { step: &'static str, error: CallError },
    /// It does not offer version 2.2.1.
    NoVersion,
    /// It lacks endpoints that are needed.
    NoEndpoints(Vec<String>),
}

/// GET versions, then GET the details of 2.2.1. What we do not know is left out, not refused.
pub(crate) async fn discover(
    party: &Party,
    target: &Target<'_>,
    versions_url: &Url,
) -> Result<Discovered, DiscoverError> {
    let failed = |step| move |error| DiscoverError::Call { step, error };
    let (versions, _) =
        party.client.list::<Version>(target, versions_url).await.map_err(failed("reading the versions"))?;
    let details_url = versions
        .iter()
        .filter(|version| version.version == VersionNumber::V2_2_1)
        .find_map(|version| Url::parse(version.url.as_str()).ok())
        .ok_or(DiscoverError::NoVersion)?;
    let step = "reading the details of version 2.2.1";
    let answer = party.client.call(target, Method::GET, &details_url, None).await.map_err(failed(step))?;
    let Some(listed) = endpoints_of(&answer.data) else {
        let what = "the details have no list of endpoints".to_owned();
        return Err(DiscoverError::Call { step, error: CallError::NotOcpi { http: answer.http, what } });
    };
    let endpoints = usable(listed);
    let missing = missing_endpoints(party, &endpoints);
    if missing.is_empty() { Ok(Discovered { endpoints }) } else { Err(DiscoverError::NoEndpoints(missing)) }
}

fn endpoints_of(data: &Value) -> Option<&Vec<Value>> {
    let details = match data {
        Value::Array(list) if list.len() == 1 => &list[0],
        other => other,
    };
    details.get("endpoints")?.as_array()
}

/// The endpoints of modules that we know, each module and role once: the first that is listed counts.
fn usable(listed: &[Value]) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for json in listed {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let (Some(identifier), Some(url)) = (text("identifier"), text("url")) else { continue };
        let identifier = ModuleId::from(identifier);
        // The credentials module has one interface; its role is to be ignored, and so is its absence.
        let role = match text("role") {
            _ if identifier == ModuleId::Credentials => InterfaceRole::Sender,
            Some(role) => InterfaceRole::from(role),
            None => continue,
        };
        let absolute = Url::parse(url).is_ok_and(|url| !url.cannot_be_a_base());
        let known = identifier.is_listed() && role.is_listed();
        let twice = endpoints.iter().any(|other| other.identifier == identifier && other.role == role);
        if known && absolute && !twice {
            endpoints.push(Endpoint { identifier, role, url: url.into(), extra: Extra::default() });
        }
    }
    endpoints
}

/// Those of the endpoints that we cannot do without which are not there.
fn missing_endpoints(party: &Party, endpoints: &[Endpoint]) -> Vec<String> {
    let has = |module: &ModuleId, role: &InterfaceRole| {
        endpoints.iter().any(|endpoint| endpoint.identifier == *module && endpoint.role == *role)
    };
    let required = party
        .config
        .required_endpoints
        .iter()
        .filter(|text| crate::config::required_endpoint(text).is_ok_and(|(module, role)| !has(&module, &role)));
    let mut missing: Vec<String> = required.cloned().collect();
    if !endpoints.iter().any(|endpoint| endpoint.identifier == ModuleId::Credentials) {
        missing.insert(0, ModuleId::Credentials.to_string());
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_relative_and_repeated_endpoints_are_left_out() {
        // Proves: VER-027, VER-030, VER-035, VER-038
        let listed = serde_json::json!([
            { "identifier": "credentials", "role": "RECEIVER", "url": "https://p.example/cred" },
            { "identifier": "credentials", "role": "SENDER", "url": "https://p.example/other" },
            { "identifier": "locations", "role": "SENDER", "url": "https://p.example/s/locations" },
            { "identifier": "locations", "role": "RECEIVER", "url": "https://p.example/r/locations" },
            { "identifier": "nltnm-tokens", "role": "SENDER", "url": "https://p.example/own" },
            { "identifier": "tariffs", "role": "SENDER", "url": "/relative" },
            { "identifier": "sessions", "url": "https://p.example/no-role" },
            "nonsense",
        ]);
        let found = usable(listed.as_array().unwrap());
        let short: Vec<_> = found.iter().map(|e| format!("{} {} {}", e.identifier, e.role, e.url)).collect();
        assert_eq!(
            short,
            [
                "credentials SENDER https://p.example/cred",
                "locations SENDER https://p.example/s/locations",
                "locations RECEIVER https://p.example/r/locations",
            ]
        );
    }
}
