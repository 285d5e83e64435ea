//! What a call is about: the module and the place in it, as the URL tells, and the classes of the objects that it carries.

use ocpi_http::Exchange;
use ocpi_types::InterfaceRole;

use crate::Party;

/// The modules by the names that stand in URLs.
const MODULES: &[&str] = &[
    "versions",
    "credentials",
    "locations",
    "sessions",
    "cdrs",
    "tariffs",
    "tokens",
    "commands",
    "chargingprofiles",
    "hubclientinfo",
];

/// What a call is about.
#[derive(Debug, PartialEq)]
pub(super) struct Subject<'a> {
    /// The identifier of the module, `versions` for the details as well; empty where the URL names none.
    pub(super) module: &'static str,
    /// The interface that was called.
    interface: Option<InterfaceRole>,
    /// The segments of the path behind the module.
    rest: Vec<&'a str>,
}

/// How an object is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// The object itself.
    One(&'static str),
    /// An array of objects.
    List(&'static str),
    /// Some fields of an object.
    Part(&'static str),
}

impl<'a> Subject<'a> {
    pub(super) fn of(party: &Party, exchange: &'a Exchange) -> Self {
        Self::new(&exchange.url, |module| {
            let ours = party.modules.iter().find(|mount| mount.module.as_str() == module)?.role.clone();
            Some(match (exchange.outgoing, ours) {
                (false, role) => role,
                (true, InterfaceRole::Sender) => InterfaceRole::Receiver,
                (true, _) => InterfaceRole::Sender,
            })
        })
    }

    fn new(url: &'a str, interface: impl Fn(&str) -> Option<InterfaceRole>) -> Self {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let found = segments
            .iter()
            .enumerate()
            .find_map(|(i, segment)| MODULES.iter().find(|module| *module == segment).map(|module| (i, *module)));
        if let Some((i, module)) = found {
            return Self { module, interface: interface(module), rest: segments[i + 1..].to_vec() };
        }
        match segments.last() {
            Some(last) if last.contains('.') && last.starts_with(|c: char| c.is_ascii_digit()) => {
                Self { module: "versions", interface: None, rest: vec![last] }
            }
            _ => Self { module: "", interface: None, rest: Vec::new() },
        }
    }

    /// What the request carries, where that is known.
    pub(super) fn asked(&self, method: &str) -> Option<Carried> {
        use InterfaceRole::{Receiver, Sender};
        let interface = self.interface.as_ref();
        let class = match (self.module, interface, method, &self.rest[..]) {
            ("credentials", _, "POST" | "PUT", _) => "Credentials",
            ("locations", Some(Receiver), "PUT" | "PATCH", [_, _, place @ ..]) => place_class(place)?,
            ("tariffs", Some(Receiver), "PUT", _) => "Tariff",
            ("sessions", Some(Receiver), "PUT" | "PATCH", _) => "Session",
            ("sessions", Some(Sender), "PUT", [_, "charging_preferences"]) => "ChargingPreferences",
            ("cdrs", Some(Receiver), "POST", _) => "CDR",
            ("tokens", Some(Receiver), "PUT" | "PATCH", _) => "Token",
            ("tokens", Some(Sender), "POST", [_, "authorize"]) => "LocationReferences",
            ("commands", Some(Receiver), "POST", [command, ..]) => command_class(command)?,
            ("commands", Some(Sender), "POST", _) => "CommandResult",
            ("chargingprofiles", Some(Receiver), "PUT", _) => "SetChargingProfile",
            ("chargingprofiles", Some(Sender), "PUT", _) => "ActiveChargingProfile",
            ("hubclientinfo", _, "PUT", _) => "ClientInfo",
            _ => return None,
        };
        Some(if method == "PATCH" { Carried::Part(class) } else { Carried::One(class) })
    }

    /// What `data` of a successful answer is, where that is known.
    pub(super) fn answered(&self, method: &str) -> Option<Carried> {
        use InterfaceRole::{Receiver, Sender};
        let one = |class| Some(Carried::One(class));
        match (self.module, self.interface.as_ref(), method, &self.rest[..]) {
            ("versions", _, "GET", []) => Some(Carried::List("Version")),
            ("versions", _, "GET", [_]) => one("VersionDetails"),
            ("credentials", _, "GET" | "POST" | "PUT", _) => one("Credentials"),
            ("tokens", Some(Sender), "POST", [_, "authorize"]) => one("AuthorizationInfo"),
            ("commands", Some(Receiver), "POST", _) => one("CommandResponse"),
            ("chargingprofiles", Some(Receiver), _, _) => one("ChargingProfileResponse"),
            (module, Some(Sender), "GET", []) => list_class(module).map(Carried::List),
            ("locations", Some(Sender), "GET", place) | ("locations", Some(Receiver), "GET", [_, _, place @ ..]) => {
                place_class(place).map(Carried::One)
            }
            (module, Some(Receiver), "GET", [_, ..]) => list_class(module).map(Carried::One),
            _ => None,
        }
    }
}

fn place_class(place: &[&str]) -> Option<&'static str> {
    ["Location", "EVSE", "Connector"].get(place.len().checked_sub(1)?).copied()
}

fn list_class(module: &str) -> Option<&'static str> {
    Some(match module {
        "locations" => "Location",
        "tariffs" => "Tariff",
        "sessions" => "Session",
        "cdrs" => "CDR",
        "tokens" => "Token",
        "hubclientinfo" => "ClientInfo",
        _ => return None,
    })
}

fn command_class(command: &str) -> Option<&'static str> {
    Some(match command {
        "START_SESSION" => "StartSession",
        "STOP_SESSION" => "StopSession",
        "RESERVE_NOW" => "ReserveNow",
        "CANCEL_RESERVATION" => "CancelReservation",
        "UNLOCK_CONNECTOR" => "UnlockConnector",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocpi_types::catalogue;

    #[test]
    fn urls_tell_what_is_carried() {
        let (receiver, sender) = (InterfaceRole::Receiver, InterfaceRole::Sender);
        for (interface, method, url, asked, answered) in [
            (&sender, "GET", "https://x.example/a/versions", None, Some(Carried::List("Version"))),
            (&sender, "GET", "https://x.example/a/2.2.1", None, Some(Carried::One("VersionDetails"))),
            (&sender, "GET", "/ocpi/2.2.1/cpo/locations?limit=1&x=/tokens", None, Some(Carried::List("Location"))),
            (&sender, "GET", "/ocpi/2.2.1/cpo/locations/LOC1/1/2", None, Some(Carried::One("Connector"))),
            (&receiver, "GET", "/emsp/locations/US/CPO/LOC1", None, Some(Carried::One("Location"))),
            (&receiver, "PUT", "/emsp/locations/US/CPO/LOC1/1/2", Some(Carried::One("Connector")), None),
            (&receiver, "PATCH", "/emsp/locations/US/CPO/LOC1/1", Some(Carried::Part("EVSE")), None),
            (&receiver, "PATCH", "/emsp/locations/US/CPO/tokens", Some(Carried::Part("Location")), None),
            (&receiver, "POST", "/emsp/cdrs", Some(Carried::One("CDR")), None),
            (&receiver, "GET", "/emsp/cdrs/7", None, Some(Carried::One("CDR"))),
            (
                &sender,
                "POST",
                "/emsp/tokens/04AB/authorize?type=RFID",
                Some(Carried::One("LocationReferences")),
                Some(Carried::One("AuthorizationInfo")),
            ),
            (
                &receiver,
                "POST",
                "/cpo/commands/START_SESSION",
                Some(Carried::One("StartSession")),
                Some(Carried::One("CommandResponse")),
            ),
            (&sender, "POST", "/emsp/commands/START_SESSION/1", Some(Carried::One("CommandResult")), None),
            (&receiver, "DELETE", "/emsp/tariffs/US/CPO/1", None, None),
            (&receiver, "GET", "/nonsense", None, None),
        ] {
            let subject = Subject::new(url, |_| Some(interface.clone()));
            assert_eq!((subject.asked(method), subject.answered(method)), (asked, answered), "{method} {url}");
            for carried in [asked, answered].into_iter().flatten() {
                let (Carried::One(class) | Carried::List(class) | Carried::Part(class)) = carried;
                assert!(catalogue::class(class).is_some(), "{class}");
            }
        }
    }
}
