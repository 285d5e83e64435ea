//! What the client sends, and how it takes answers.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::any;
use http::{HeaderMap, Method, StatusCode};
use ocpi_http::{CallError, FailureClass, OcpiClient, OcpiStatus, Routing, Secret, Target, TokenForm, Url, join};
use ocpi_types::{PartyId, Price, Tariff, Version, parse};
use serde_json::json;

use crate::support::{client, client_config, envelope, peer, target, token};

/// What a peer has seen: method, path and query, headers, body.
type Seen = Arc<Mutex<Vec<(Method, String, HeaderMap, String)>>>;

/// A peer that notes what it is sent and always answers this.
async fn noting(http: u16, answer: &str) -> (Url, Seen) {
    let seen = Seen::default();
    let answer = answer.to_owned();
    let note =
        async move |State(seen): State<Seen>, method: Method, uri: http::Uri, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            seen.lock().unwrap().push((method, uri.to_string(), headers, body));
            (StatusCode::from_u16(http).unwrap(), answer.clone())
        };
    let url = peer(Router::new().fallback(any(note)).with_state(seen.clone())).await;
    (url, seen)
}

fn routed(token: &Secret) -> Target<'_> {
    let routing = Routing { to: Some(PartyId::new("US", "CPO")), from: Some(PartyId::new("NL", "TNM")) };
    Target { routing: Some(routing), correlation_id: Some("chain-1"), ..target(token) }
}

// Proves: TRN-005, TRN-007, TRN-008, TRN-024, TRN-025, TRN-065, TRN-094, TRN-096, HUB-004, HUB-048, HUB-012.
#[tokio::test]
async fn requests_carry_what_ocpi_asks_for() {
    let (url, seen) = noting(200, &envelope("{}")).await;
    let (client, token) = (client(), token());
    let list = join(url.as_str(), &["ocpi", "locations"]).unwrap();
    client.call(&routed(&token), Method::GET, &list, None).await.unwrap();
    client.call(&routed(&token), Method::PATCH, &list, Some("{\"a\":1}".into())).await.unwrap();
    client.call(&target(&token), Method::DELETE, &list, None).await.unwrap();
    let raw = Target { form: TokenForm::Raw, ..target(&token) };
    client.call(&raw, Method::POST, &list, Some("{}".into())).await.unwrap();

    let seen = seen.lock().unwrap();
    let header = |i: usize, name: &str| seen[i].2.get(name).map_or("", |value| value.to_str().unwrap());
    for i in 0..4 {
        assert_eq!(seen[i].1, "/ocpi/locations");
        assert_eq!(header(i, "accept"), "application/json");
        assert_eq!(header(i, "x-request-id").len(), 36, "TRN-099");
        assert!((0..i).all(|before| header(before, "x-request-id") != header(i, "x-request-id")));
    }
    for i in 0..3 {
        assert_eq!(header(i, "authorization"), "Token PDw/Pz8+Pn4+PDA=");
    }
    assert_eq!(header(3, "authorization"), "Token <<???>>~><0");
    for i in 0..2 {
        assert_eq!(header(i, "x-correlation-id"), "chain-1");
        let names = ["ocpi-to-country-code", "ocpi-to-party-id", "ocpi-from-country-code", "ocpi-from-party-id"];
        assert_eq!(names.map(|name| header(i, name)), ["US", "CPO", "NL", "TNM"]);
    }
    // HUB-001: no routing headers where there is no routing.
    assert!(seen[2].2.keys().all(|name| !name.as_str().starts_with("ocpi-")));
    assert_eq!(header(2, "x-correlation-id").len(), 36);
    assert_ne!(header(2, "x-correlation-id"), header(3, "x-correlation-id"));
    assert_eq!([0, 1, 2, 3].map(|i| header(i, "content-type")), ["", "application/json", "", "application/json"]);
    assert_eq!(seen[1].3, "{\"a\":1}");
    assert_eq!((seen[1].0.as_str(), seen[2].0.as_str()), ("PATCH", "DELETE"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_our_own_fault() {
    let (url, seen) = noting(200, &envelope("{}")).await;
    let line_break = Secret::new("a\nb");
    let raw = Target { form: TokenForm::Raw, ..target(&line_break) };
    let error = client().call(&raw, Method::GET, &url, None).await.unwrap_err();
    assert_eq!(error.class(), FailureClass::Ours, "{error}");
    assert!(!error.to_string().contains("a\nb"));
    assert!(seen.lock().unwrap().is_empty());
}

// Proves: STA-011, TRN-089, TRN-091.
#[tokio::test]
async fn success_needs_both_layers() {
    let token = token();
    let call = async |http: u16, body: &str| {
        let (url, _) = noting(http, body).await;
        client().call(&target(&token), Method::PUT, &url, Some("{}".into())).await
    };
    for body in ["null", "{}", "[]", "\"ok\""] {
        assert!(call(200, &envelope(body)).await.is_ok());
    }
    assert!(call(201, r#"{"status_code":1000,"timestamp":"2026-01-15T10:00:00Z"}"#).await.is_ok());
    let refused = call(200, r#"{"status_code":2001,"status_message":"no uid"}"#).await.unwrap_err();
    assert!(refused.to_string().contains("no uid"));
    assert_eq!(refused.class(), FailureClass::Refused);
    let down = call(503, "busy").await.unwrap_err();
    assert_eq!((down.class(), down.http()), (FailureClass::PeerDown, Some(StatusCode::SERVICE_UNAVAILABLE)));
    let unknown = call(404, "").await.unwrap_err();
    assert_eq!((unknown.class(), unknown.http()), (FailureClass::Refused, Some(StatusCode::NOT_FOUND)));
}

#[tokio::test]
async fn a_party_that_its_hub_cannot_reach_is_away_and_the_hub_is_not() {
    let token = token();
    let call = async |target: &Target<'_>, http: u16, code: u16| {
        let (url, seen) = noting(http, &format!(r#"{{"status_code":{code},"status_message":"no"}}"#)).await;
        let error = client().call(target, Method::GET, &url, None).await.unwrap_err();
        let sent = seen.lock().unwrap().len();
        (error.class(), error.ocpi_status().map(OcpiStatus::code), sent)
    };
    for (http, code, class) in [
        (200, 4000, FailureClass::PeerDown),
        (200, 4001, FailureClass::Refused),
        (200, 4002, FailureClass::Away),
        (502, 4003, FailureClass::Away),
    ] {
        assert_eq!(call(&routed(&token), http, code).await, (class, Some(code), 1));
    }
    assert_eq!(call(&target(&token), 200, 4003).await.0, FailureClass::PeerDown, "about nobody in particular");
    let known = Target { away: Some("it is OFFLINE".into()), ..routed(&token) };
    assert_eq!(call(&known, 200, 4003).await, (FailureClass::Away, None, 0), "nothing is sent");
}

// Interop 3: `data` may be the object or a list of one.
#[tokio::test]
async fn single_objects_are_fetched_in_either_form() {
    let token = token();
    let get = async |data: &str| {
        let (url, _) = noting(200, &envelope(data)).await;
        client().get::<Price>(&target(&token), &url).await
    };
    for data in [r#"{"excl_vat":1.10}"#, r#"[{"excl_vat":1.10}]"#] {
        let (price, report) = get(data).await.unwrap();
        assert_eq!((price.excl_vat.to_string(), report.is_clean()), ("1.10".into(), true));
    }
    for data in ["null", "[]", r#"{"incl_vat":1}"#, "7"] {
        let error = get(data).await.unwrap_err();
        assert!(matches!(error, CallError::Invalid { what: "Price", .. }), "{data}: {error}");
    }
}

// Pitfall 10: one strange entry does not spoil the others.
#[tokio::test]
async fn plain_lists_are_fetched_without_their_faulty_entries() {
    let token = token();
    let data =
        r#"[{"version":"2.2.1","url":"https://x/2.2.1"},{"version":"2.2"},{"version":"9.9","url":"https://x/9"}]"#;
    let (url, _) = noting(200, &envelope(data)).await;
    let (versions, report) = client().list::<Version>(&target(&token), &url).await.unwrap();
    assert_eq!(versions[0].version.as_str(), "2.2.1");
    assert!(report.findings.iter().any(|finding| finding.pointer == "/1/url"), "{report}");
}

#[tokio::test]
async fn peers_that_want_nulls_get_them() {
    let tariff = json!({
        "country_code": "NL", "party_id": "TNM", "id": "12", "currency": "EUR", "last_updated": "2026-01-15T10:00:00Z",
        "elements": [{ "price_components": [{ "type": "FLAT", "price": 1, "step_size": 1 }] }],
    });
    let (tariff, _) = parse::<Tariff>(tariff).accept().unwrap();
    let token = token();
    let plain = target(&token).body(&tariff);
    assert!(!plain.contains("null"), "{plain}");
    let nulls = Target { emit_nulls: true, ..target(&token) }.body(&tariff);
    assert!(nulls.contains(r#""type":null"#) && nulls.contains(r#""restrictions":null"#), "{nulls}");
}

#[tokio::test]
async fn urls_outside_of_the_rules_are_not_called() {
    let (url, seen) = noting(200, &envelope("{}")).await;
    let strict = OcpiClient::new(ocpi_http::ClientConfig {
        policy: ocpi_http::UrlPolicy { allow_private: false, allow_http: true },
        ..client_config()
    });
    let token = token();
    let localhost: Url = format!("http://localhost:{}/", url.port().unwrap()).parse().unwrap();
    // As an address, and as a name that leads to one.
    for url in [&url, &localhost, &"ftp://example.com/".parse().unwrap(), &"http://a:b@example.com/".parse().unwrap()] {
        let error = strict.call(&target(&token), Method::GET, url, None).await.unwrap_err();
        assert!(matches!(error, CallError::Policy(_)), "{url}: {error:?}");
        assert_eq!(error.class(), FailureClass::Ours);
    }
    assert!(seen.lock().unwrap().is_empty());
    client().call(&target(&token), Method::GET, &localhost, None).await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let token = token();
    let error = client().call(&target(&token), Method::GET, &url, None).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable(_)), "{error:?}");
    assert_eq!(error.class(), FailureClass::PeerDown);
}

#[tokio::test]
async fn connections_are_used_again() {
    let addresses = Arc::new(Mutex::new(Vec::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let accepted = addresses.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, from)) = listener.accept().await {
            accepted.lock().unwrap().push(from);
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                    let body = envelope("{}");
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    let (client, token) = (client(), token());
    for _ in 0..3 {
        client.call(&target(&token), Method::GET, &url, None).await.unwrap();
    }
    assert_eq!(addresses.lock().unwrap().len(), 1);
}
