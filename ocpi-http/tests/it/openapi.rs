//! The parts that the OpenAPI documents of both servers share.

use axum::Router;
use axum::routing::get;
use ocpi_http::openapi::{
    Acknowledgement, CommonErrors, CredentialsErrors, Envelope, ListEnvelope, ListErrors, MessageIds, OcpiApi,
    ReadErrors, RoutingHeaders, WriteErrors,
};
use ocpi_http::{ListQuery, OcpiReply};
use ocpi_types::{Tariff, Version};
use serde_json::Value;
use utoipa::{Modify, OpenApi};

use crate::support::Server;

// The functions below are only there for their macros.
#[allow(dead_code)]
mod routes {
    use super::*;

    #[utoipa::path(get, path = "/ocpi/versions", params(MessageIds),
        responses((status = 200, description = "All versions", body = ListEnvelope<Version>), CommonErrors))]
    pub(super) fn versions() {}

    #[utoipa::path(get, path = "/ocpi/2.2.1/cpo/tariffs", params(MessageIds, RoutingHeaders, ListQuery),
        responses((status = 200, description = "A page", body = ListEnvelope<Tariff>), ListErrors))]
    pub(super) fn list() {}

    #[utoipa::path(put, path = "/ocpi/2.2.1/emsp/tariffs/{id}", params(("id" = String, Path), MessageIds), request_body = Tariff,
        responses((status = 200, description = "Replaced", body = Acknowledgement), WriteErrors))]
    pub(super) fn put() {}

    #[utoipa::path(get, path = "/ocpi/2.2.1/emsp/tariffs/{id}", params(("id" = String, Path)),
        responses((status = 200, description = "The tariff", body = Envelope<Tariff>), ReadErrors))]
    pub(super) fn read() {}

    #[utoipa::path(delete, path = "/ocpi/2.2.1/credentials",
        responses((status = 200, description = "Unregistered", body = Acknowledgement), CredentialsErrors))]
    pub(super) fn unregister() {}

    #[utoipa::path(get, path = "/health", responses((status = 204, description = "Alive")))]
    pub(super) fn health() {}
}

#[derive(OpenApi)]
#[openapi(paths(routes::versions, routes::list, routes::put, routes::read, routes::unregister, routes::health))]
struct Api;

fn document() -> Value {
    let mut api = Api::openapi();
    OcpiApi::default().modify(&mut api);
    serde_json::to_value(&api).unwrap()
}

/// Every `$ref` in the document, as a JSON Pointer.
fn references(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Object(object) => {
            found.extend(
                object.get("$ref").and_then(Value::as_str).map(|target| target.trim_start_matches('#').to_owned()),
            );
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 30);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(
        ["ListEnvelope_Tariff", "Envelope_Tariff", "Acknowledgement"].iter().all(|name| schemas.contains_key(*name))
    );
    for target in found {
        assert!(document.pointer(&target).is_some(), "{target}");
    }
}

#[test]
fn routes_say_what_they_take_and_answer() {
    let document = document();
    let list = &document["paths"]["/ocpi/2.2.1/cpo/tariffs"]["get"];
    let names: Vec<_> = list["parameters"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "X-Request-ID",
            "X-Correlation-ID",
            "OCPI-to-country-code",
            "OCPI-to-party-id",
            "OCPI-from-country-code",
            "OCPI-from-party-id",
            "date_from",
            "date_to",
            "offset",
            "limit",
        ]
    );
    let headers = |path: &str, method: &str| {
        let response = &document["paths"][path][method]["responses"]["200"];
        let headers: Vec<_> = response["headers"].as_object().unwrap().keys().cloned().collect();
        headers
    };
    let paged = headers("/ocpi/2.2.1/cpo/tariffs", "get");
    assert!(
        ["X-Total-Count", "X-Limit", "Link", "X-Request-ID"].iter().all(|name| paged.iter().any(|have| have == name))
    );
    assert_eq!(headers("/ocpi/2.2.1/emsp/tariffs/{id}", "put").len(), 2);
    assert_eq!(headers("/ocpi/versions", "get").len(), 2, "a list without pages");
    assert_eq!(list["security"][0]["ocpi_token"], serde_json::json!([]));
    assert!(document["paths"]["/health"]["get"].get("security").is_none());
    let put = document["paths"]["/ocpi/2.2.1/emsp/tariffs/{id}"]["put"]["responses"].as_object().unwrap();
    assert_eq!(put.keys().collect::<Vec<_>>(), ["200", "400", "401", "404", "408", "413", "415", "500", "503"]);
}

#[tokio::test]
async fn examples_are_what_is_answered() {
    let document = document();
    let example = &document["components"]["responses"]["TooSlow"]["content"]["application/json"]["example"];
    let router =
        Router::new().route("/ocpi/x", get(async || -> Result<OcpiReply, _> { Err(ocpi_http::OcpiError::too_slow()) }));
    let mut answered = Server::start(router).await.get("/ocpi/x").await.json();
    answered["timestamp"] = example["timestamp"].clone();
    assert_eq!(*example, answered);
    for response in document["components"]["responses"].as_object().unwrap().values() {
        let example = &response["content"]["application/json"]["example"];
        assert!(example["status_code"].as_u64().is_some_and(|code| code >= 2000), "{response}");
        assert!(!example.to_string().contains("database"), "internal details are not for the document");
    }
}
