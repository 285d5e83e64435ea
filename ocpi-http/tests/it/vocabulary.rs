//! Everything that a server can say no with.

use std::fmt::Write;

use axum::Router;
use axum::routing::get;
use ocpi_http::{OcpiError, OcpiPath, OcpiResult, OcpiStatus};
use ocpi_types::{Finding, Report, Rule, Severity};

use crate::support::Server;

fn report(faults: usize) -> Report {
    let finding = |i| Finding {
        pointer: format!("/evses/{i}/uid"),
        rule: Rule::Missing,
        severity: Severity::Violation,
        message: "EVSE.uid is required".into(),
    };
    let tolerated = Finding { severity: Severity::Tolerated, ..finding(1000) };
    Report { findings: (0..faults).map(finding).chain([tolerated]).collect() }
}

fn long_report() -> Report {
    let mut report = report(1);
    report.findings[0].message = "é".repeat(5000);
    report
}

/// Every constructor. Who adds one adds it here.
fn vocabulary(name: &str) -> Option<OcpiError> {
    Some(match name {
        "status" => OcpiError::status(http::StatusCode::CONFLICT, OcpiStatus::Other(2950), "something else"),
        "invalid" => OcpiError::invalid("date_from lies behind date_to"),
        "refused" => OcpiError::refused("Location", report(2)),
        "refused, many" => OcpiError::refused("Location", report(12)),
        "refused, long" => OcpiError::refused("Location", long_report()),
        "not_enough" => OcpiError::not_enough("tell where the driver is"),
        "unknown_location" => OcpiError::unknown_location("there is no location LOC9"),
        "unknown_object" => OcpiError::unknown_object("there is no tariff 12"),
        "unknown_token" => OcpiError::unknown_token("there is no token 012345678"),
        "unauthorized" => OcpiError::unauthorized("the credentials token is not known here"),
        "method_not_allowed" => OcpiError::method_not_allowed("GET, PUT, DELETE"),
        "bad_json" => OcpiError::bad_json("the body is not valid JSON: expected value at line 1 column 7"),
        "too_large" => OcpiError::too_large(1_048_576),
        "too_slow" => OcpiError::too_slow(),
        "broken_off" => OcpiError::broken_off(),
        "not_json" => OcpiError::not_json(),
        "wrong_owner" => OcpiError::wrong_owner("DE/ABC is not one of your parties"),
        "unknown_path" => OcpiError::unknown_path(),
        "client_api" => OcpiError::client_api("your versions URL cannot be reached: connection refused"),
        "no_version" => OcpiError::no_version(),
        "no_endpoints" => OcpiError::no_endpoints("the credentials endpoint is missing"),
        "internal" => OcpiError::internal("password=hunter2"),
        "overloaded" => OcpiError::overloaded(),
        _ => return None,
    })
}

const NAMES: &[&str] = &[
    "status",
    "invalid",
    "refused",
    "refused, many",
    "refused, long",
    "not_enough",
    "unknown_location",
    "unknown_object",
    "unknown_token",
    "unauthorized",
    "method_not_allowed",
    "bad_json",
    "too_large",
    "too_slow",
    "broken_off",
    "not_json",
    "wrong_owner",
    "unknown_path",
    "client_api",
    "no_version",
    "no_endpoints",
    "internal",
    "overloaded",
];

// Proves: STA-012, STA-018 to STA-028 (the mapping), TRN-088.
#[tokio::test]
async fn the_whole_vocabulary_of_errors() {
    let say = async |OcpiPath(name): OcpiPath<String>| -> OcpiResult { Err(vocabulary(&name).unwrap()) };
    let server = Server::start(Router::new().route("/ocpi/2.2.1/say/{name}", get(say))).await;
    let mut text = String::new();
    for name in NAMES {
        let reply = server.get(&format!("/ocpi/2.2.1/say/{name}")).await;
        writeln!(text, "{name}: HTTP {}", reply.http).unwrap();
        for header in ["allow", "connection", "www-authenticate"] {
            if reply.headers.contains_key(header) {
                writeln!(text, "  {header}: {}", reply.header(header)).unwrap();
            }
        }
        writeln!(text, "  {}", reply.body.replace(&"é".repeat(100), "(100 é)")).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_log_sees_what_the_peer_does_not() {
    let error = OcpiError::internal("password=hunter2");
    assert!(error.to_string().contains("hunter2") && !error.status_message().contains("hunter2"));
}
