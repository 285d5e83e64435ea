//! What handlers ask of a request: routing, token, path.

use axum::Router;
use axum::routing::get;
use http::{Extensions, Method};
use ocpi_http::{OcpiPath, OcpiReply, PresentedToken, Routing, TokenForm, answer_as, note_peer};
use ocpi_types::PartyId;
use serde_json::json;

use crate::support::{Reply, Server};

const TO_US: [(&str, &str); 4] = [
    ("OCPI-to-country-code", "US"),
    ("OCPI-to-party-id", "CPO"),
    ("OCPI-from-country-code", "nl"),
    ("OCPI-from-party-id", "tnm"),
];

fn app() -> Router {
    let routing = async |routing: Routing| {
        let name = |party: Option<PartyId>| party.map(|party| party.to_string());
        OcpiReply::data(&[name(routing.to), name(routing.from)])
    };
    let token = async |token: PresentedToken| {
        let seen = token.candidates.iter().map(|(secret, form)| (secret.expose(), *form == TokenForm::Base64));
        OcpiReply::data(&seen.collect::<Vec<_>>())
    };
    let open = async |request: axum::extract::Request| {
        let extensions: &Extensions = request.extensions();
        note_peer(extensions, "Hubject");
        answer_as(extensions, &PartyId::new("US", "CP2"));
        OcpiReply::ok()
    };
    let path = async |OcpiPath((party, number)): OcpiPath<(String, u8)>| OcpiReply::data(&json!([party, number]));
    Router::new()
        .route("/ocpi/2.2.1/cpo/locations", get(routing))
        .route("/ocpi/2.2.1/cpo/open", get(open))
        .route("/ocpi/2.2.1/credentials", get(async || OcpiReply::ok()))
        .route("/ocpi/versions", get(async || OcpiReply::ok()))
        .route("/ocpi/2.2.1/cpo/hubclientinfo", get(async || OcpiReply::ok()))
        .route("/ocpi/2.2.1/cpo/token", get(token))
        .route("/ocpi/2.2.1/cpo/path/{party}/{number}", get(path))
}

fn routing_of(reply: &Reply) -> [&str; 4] {
    ["ocpi-to-country-code", "ocpi-to-party-id", "ocpi-from-country-code", "ocpi-from-party-id"]
        .map(|name| reply.header(name))
}

// Proves: HUB-004, HUB-007, HUB-009, HUB-010, HUB-011, HUB-049, HUB-054, TRN-006.
#[tokio::test]
async fn answers_go_back_to_whom_the_request_came_from() {
    let server = Server::start(app()).await;
    let reply = server.send(Method::GET, "/ocpi/2.2.1/cpo/locations", &TO_US, None).await;
    assert_eq!(reply.is(200, 1000).json()["data"], json!(["US/CPO", "nl/tnm"]));
    assert_eq!(routing_of(&reply), ["nl", "tnm", "US", "CPO"]);

    let upper = TO_US.map(|(name, value)| (name.to_uppercase(), value));
    let upper: Vec<_> = upper.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let reply = server.send(Method::GET, "/ocpi/2.2.1/cpo/locations", &upper, None).await;
    assert_eq!(routing_of(reply.is(200, 1000)), ["nl", "tnm", "US", "CPO"]);

    // Error answers too, even where there is nothing.
    let reply = server.send(Method::GET, "/ocpi/2.2.1/cpo/nonsense", &TO_US, None).await;
    assert_eq!(routing_of(reply.is(404, 2000)), ["nl", "tnm", "US", "CPO"]);
    let reply = server.send(Method::PATCH, "/ocpi/2.2.1/cpo/locations", &TO_US, None).await;
    assert_eq!(routing_of(reply.is(405, 2000)), ["nl", "tnm", "US", "CPO"]);
}

// Proves: HUB-002.
#[tokio::test]
async fn configuration_modules_answer_without_routing_headers() {
    let server = Server::start(app()).await;
    for path in
        ["/ocpi/versions", "/ocpi/2.2.1/credentials", "/ocpi/2.2.1/cpo/hubclientinfo", "/ocpi/2.2.1/credentials/"]
    {
        let reply = server.send(Method::GET, path, &TO_US, None).await;
        assert_eq!(routing_of(reply.is(200, 1000)), [""; 4], "{path}");
    }
}

// Proves: HUB-008, HUB-009, HUB-039 (the party that answered), HUB-012.
#[tokio::test]
async fn requests_without_routing_headers_are_served() {
    let server = Server::start(app()).await;
    let reply = server.get("/ocpi/2.2.1/cpo/locations").await;
    assert_eq!(reply.is(200, 1000).json()["data"], json!([null, null]));
    assert_eq!(routing_of(&reply), [""; 4]);
    // An open routing request: from somebody, to nobody in particular.
    let reply = server.send(Method::GET, "/ocpi/2.2.1/cpo/open", &TO_US[2..], None).await;
    assert_eq!(routing_of(reply.is(200, 1000)), ["nl", "tnm", "US", "CP2"]);
}

// Proves: HUB-012.
#[tokio::test]
async fn routing_headers_that_make_no_sense_are_refused() {
    let server = Server::start(app()).await;
    for headers in [
        &TO_US[..1],
        &TO_US[1..2],
        &TO_US[..3],
        &[("OCPI-to-country-code", "USA"), ("OCPI-to-party-id", "CPO")],
        &[("OCPI-to-country-code", "US"), ("OCPI-to-party-id", "TOOLONG")],
        &[("OCPI-to-country-code", ""), ("OCPI-to-party-id", "")],
        &[("OCPI-to-country-code", "U S"), ("OCPI-to-party-id", "CPO")],
        &[("OCPI-to-country-code", "ü"), ("OCPI-to-party-id", "CPO")],
    ] {
        let reply = server.send(Method::GET, "/ocpi/2.2.1/cpo/locations", headers, None).await;
        assert!(reply.is(200, 2001).message().contains("ocpi-"), "{headers:?}: {reply:?}");
    }
}

// Proves: TRN-009, TRN-010, TRN-012, TRN-014.
#[tokio::test]
async fn tokens_are_read_in_every_way_they_can_be_meant() {
    let server = Server::start(app()).await;
    let seen =
        async |value: &str| server.send(Method::GET, "/ocpi/2.2.1/cpo/token", &[("Authorization", value)], None).await;
    for (value, expected) in [
        // The spec's own example, with its line break.
        (
            "Token ZWJmM2IzOTktNzc5Zi00NDk3LTliOWQtYWM2YWQzY2M0NGQyCg==",
            json!([
                ["ebf3b399-779f-4497-9b9d-ac6ad3cc44d2\n", true],
                ["ebf3b399-779f-4497-9b9d-ac6ad3cc44d2", true],
                ["ZWJmM2IzOTktNzc5Zi00NDk3LTliOWQtYWM2YWQzY2M0NGQyCg==", false]
            ]),
        ),
        ("Token PDw/Pz8+Pn4+PDA=", json!([["<<???>>~><0", true], ["PDw/Pz8+Pn4+PDA=", false]])),
        ("Token PDw/Pz8+Pn4+PDA", json!([["<<???>>~><0", true], ["PDw/Pz8+Pn4+PDA", false]])),
        ("token  ebf3b399-779f", json!([["ebf3b399-779f", false]])),
        // Decodes to bytes that are no text.
        ("Token //79", json!([["//79", false]])),
        ("Token !!!", json!([["!!!", false]])),
    ] {
        let reply = seen(value).await;
        assert_eq!(reply.is(200, 1000).json()["data"], expected, "{value}");
    }
    for value in ["", "Token", "Token ", "Bearer x", "Basic dXNlcjpwYXNz", "Tokenx", "ebf3b399", "Token \u{fc}"] {
        let reply = seen(value).await;
        assert_eq!(reply.is(401, 2000).header("www-authenticate"), "Token", "{value}");
    }
    assert_eq!(server.get("/ocpi/2.2.1/cpo/token").await.is(401, 2000).header("www-authenticate"), "Token");
    let twice = [("Authorization", "Token YQ=="), ("Authorization", "Token Yg==")];
    server.send(Method::GET, "/ocpi/2.2.1/cpo/token", &twice, None).await.is(401, 2000);
}

#[tokio::test]
async fn paths_that_make_no_sense_are_refused() {
    let server = Server::start(app()).await;
    let path = async |path: &str| server.get(&format!("/ocpi/2.2.1/cpo/path/{path}")).await;
    assert_eq!(path("%4EL/7").await.is(200, 1000).json()["data"], json!(["NL", 7]));
    path("NL/seven").await.is(404, 2001);
    path("NL/700").await.is(404, 2001);
    path("%FF/7").await.is(400, 2001);
    path("a%00b/7").await.is(400, 2001);
    assert_eq!(path("%ZZ/7").await.is(200, 1000).json()["data"][0], "%ZZ", "taken as it is");
    path("NL/7/8").await.is(404, 2000);
}
