//! What a watcher of the exchange log sees.

use axum::Router;
use axum::routing::post;
use http::{Extensions, Method};
use ocpi_http::{
    ExchangeLog, KeepLimits, LayerConfig, OcpiClient, OcpiError, OcpiReply, OcpiResult, OcpiValue, ServeConfig, Url,
    note_peer,
};

use crate::support::{NOW, Server, client_config, layer_config, target, token};

async fn credentials(extensions: Extensions, OcpiValue(body): OcpiValue) -> OcpiResult {
    note_peer(&extensions, "The peer");
    match body["url"].as_str() {
        Some(_) => Ok(OcpiReply::json(r#"{"token":"server s3cret","url":"https://x"}"#)),
        None => Err(OcpiError::internal("the disk is full")),
    }
}

fn app() -> Router {
    Router::new().route("/ocpi/2.2.1/credentials", post(credentials)).route("/health", post(async || "ok"))
}

#[tokio::test]
async fn both_sides_see_the_exchange_without_secrets() {
    let server = Server::start(app()).await;
    let config = client_config();
    let (mut incoming, mut outgoing) = (server.exchanges.subscribe(), config.exchanges.subscribe());
    let url: Url = server.url("/ocpi/2.2.1/credentials/?q=1").parse().unwrap();
    let body = r#"{"token":"client s3cret","url":"https://y"}"#;
    let client = OcpiClient::new(config);
    client.call(&target(&token()), Method::POST, &url, Some(body.into())).await.unwrap();

    let (incoming, outgoing) = (incoming.recv().await.unwrap(), outgoing.recv().await.unwrap());
    assert!(!incoming.outgoing && outgoing.outgoing);
    assert_eq!((incoming.party.as_str(), incoming.peer.as_deref()), ("CPO", Some("The peer")));
    assert_eq!((outgoing.party.as_str(), outgoing.peer.as_deref()), ("EMSP", Some("the peer")));
    assert_eq!((incoming.url.as_str(), outgoing.url.as_str()), ("/ocpi/2.2.1/credentials/?q=1", url.as_str()));
    for exchange in [&incoming, &outgoing] {
        assert_eq!((exchange.method.as_str(), exchange.http, exchange.ocpi), ("POST", 200, Some(1000)));
        assert_eq!(exchange.at, NOW.parse::<ocpi_types::DateTime>().unwrap());
        assert_eq!(exchange.error, None);
        assert_eq!(exchange.request_body.text().as_deref(), Some(r#"{"token":"***","url":"https://y"}"#));
        assert_eq!((exchange.request_body.length(), exchange.request_body.is_cut()), (body.len(), false));
        assert!(exchange.response_body.text().unwrap().contains(r#"{"token":"***","url":"https://x"}"#));
        let asked: Vec<_> = exchange.request_headers.shown().collect();
        assert!(asked.contains(&("authorization", "Token ***".to_owned())), "{asked:?}");
        assert!(asked.contains(&("x-request-id", exchange.request_id.clone())), "{asked:?}");
        let answered: Vec<_> = exchange.response_headers.shown().collect();
        assert!(answered.contains(&("content-type", "application/json".to_owned())), "{answered:?}");
        assert!(answered.contains(&("x-correlation-id", exchange.correlation_id.clone())), "{answered:?}");
        assert!(!format!("{exchange:?}").contains("s3cret"));
    }
    assert_eq!(incoming.request_id, outgoing.request_id);
    assert_eq!(incoming.correlation_id, outgoing.correlation_id);
}

#[tokio::test]
async fn errors_say_to_the_watcher_what_they_hide_from_the_peer() {
    let server = Server::start(app()).await;
    let config = client_config();
    let (mut incoming, mut outgoing) = (server.exchanges.subscribe(), config.exchanges.subscribe());
    let url: Url = server.url("/ocpi/2.2.1/credentials").parse().unwrap();
    let client = OcpiClient::new(config);
    client.call(&target(&token()), Method::POST, &url, Some("{}".into())).await.unwrap_err();
    let (incoming, outgoing) = (incoming.recv().await.unwrap(), outgoing.recv().await.unwrap());
    assert_eq!((incoming.http, incoming.ocpi, incoming.error.as_deref()), (500, Some(3000), Some("the disk is full")));
    assert_eq!(
        (outgoing.http, outgoing.ocpi, outgoing.message.as_deref()),
        (500, Some(3000), incoming.message.as_deref())
    );

    let nobody: Url = "http://127.0.0.1:1/".parse().unwrap();
    let config = client_config();
    let mut outgoing = config.exchanges.subscribe();
    OcpiClient::new(config).call(&target(&token()), Method::GET, &nobody, None).await.unwrap_err();
    let outgoing = outgoing.recv().await.unwrap();
    assert_eq!((outgoing.http, outgoing.ocpi), (0, None));
    assert!(outgoing.error.as_deref().unwrap().contains("cannot be reached"), "{outgoing:?}");
}

#[tokio::test]
async fn the_recent_exchanges_are_kept_and_numbered() {
    let limits = KeepLimits { exchanges: 2, bytes: 1 << 20 };
    let layers = LayerConfig { exchanges: ExchangeLog::keeping(limits), ..layer_config() };
    let server = Server::start_with(app(), layers, ServeConfig::default()).await;
    for n in 1..=3 {
        server.send(Method::GET, &format!("/ocpi/{n}"), &[], None).await.is(404, 2000);
    }
    let (kept, mut following) = server.exchanges.follow();
    let seen: Vec<_> = kept.iter().map(|exchange| (exchange.id, exchange.url.as_str())).collect();
    assert_eq!(seen, [(2, "/ocpi/2"), (3, "/ocpi/3")]);
    assert_eq!(server.exchanges.find(3).as_ref(), kept.last());
    assert_eq!(server.exchanges.find(1), None);
    server.send(Method::GET, "/ocpi/4", &[], None).await.is(404, 2000);
    assert_eq!(following.recv().await.unwrap().id, 4);
    assert_eq!(server.exchanges.recent().len(), 2);
}

#[tokio::test]
async fn only_ocpi_is_published() {
    let server = Server::start(app()).await;
    let mut incoming = server.exchanges.subscribe();
    server.send(Method::POST, "/health", &[], None).await;
    server.send(Method::POST, "/ocpi/nonsense", &[], Some("x")).await.is(404, 2000);
    assert_eq!(incoming.recv().await.unwrap().url, "/ocpi/nonsense");
}
