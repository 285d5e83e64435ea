//! Servers and clients for tests.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use http::{HeaderMap, Method};
use ocpi_http::{ClientConfig, OcpiClient, Secret, Target, TokenForm};
use ocpi_http::{Clock, ExchangeLog, LayerConfig, ServeConfig, Url, UrlPolicy, serve_with, with_layers};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The time at which all tests take place.
pub(crate) const NOW: &str = "2026-01-15T10:00:00Z";

/// A server that lives as long as the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) exchanges: ExchangeLog,
    http: reqwest::Client,
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) http: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The configuration of the tests' servers: patient, but small.
pub(crate) fn layer_config() -> LayerConfig {
    LayerConfig {
        clock: Clock::manual(NOW.parse().unwrap()),
        ocpi_prefix: "/ocpi",
        max_body: 64 * 1024,
        handler_timeout: Duration::from_secs(20),
        read_timeout: Duration::from_secs(20),
        exchanges: ExchangeLog::new(),
        party_name: "CPO".into(),
    }
}

impl Server {
    pub(crate) async fn start(router: Router) -> Self {
        Self::start_with(router, layer_config(), ServeConfig::default()).await
    }

    pub(crate) async fn start_with(router: Router, layers: LayerConfig, serving: ServeConfig) -> Self {
        let exchanges = layers.exchanges.clone();
        let address = listen(with_layers(router, layers), serving).await;
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // Installs what TLS needs, also for the test's own client.
        let _ = client();
        Self { address, exchanges, http: http.build().unwrap() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// GET without any header.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Reply {
        let mut request = self.http.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        Reply::of(request.send().await.unwrap()).await
    }

    /// Sends bytes as they are and reads until the server closes the connection.
    pub(crate) async fn raw(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_ref()).await.unwrap();
        Reply::read(&mut stream).await
    }
}

impl Reply {
    async fn of(response: reqwest::Response) -> Self {
        let (http, headers) = (response.status().as_u16(), response.headers().clone());
        Self { http, headers, body: response.text().await.unwrap() }
    }

    /// Reads an answer that ends with the connection.
    pub(crate) async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let http = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.parse::<http::HeaderName>().unwrap(), value.trim().parse::<http::HeaderValue>().unwrap())
        });
        Self { http, headers: headers.collect(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn message(&self) -> String {
        self.json()["status_message"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn ocpi(&self) -> u64 {
        self.json()["status_code"].as_u64().unwrap_or_default()
    }

    /// Asserts that this is a complete OCPI envelope with ids, and with these statuses.
    #[track_caller]
    pub(crate) fn is(&self, http: u16, ocpi: u64) -> &Self {
        let json = self.json();
        assert_eq!((self.http, json["status_code"].as_u64()), (http, Some(ocpi)), "{self:?}");
        assert_eq!(json["timestamp"], NOW, "TRN-085: {self:?}");
        assert!(json["status_message"].is_string(), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json", "TRN-080: {self:?}");
        assert!(!self.header("x-request-id").is_empty(), "TRN-095: {self:?}");
        assert!(!self.header("x-correlation-id").is_empty(), "TRN-097: {self:?}");
        self
    }
}

/// Serves a router without any layers: what a peer may be like.
pub(crate) async fn listen(router: Router, serving: ServeConfig) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_with(listener, router, serving, pending()));
    address
}

/// A peer as an axum application.
pub(crate) async fn peer(router: Router) -> Url {
    let address = listen(router, ServeConfig::default()).await;
    format!("http://{address}").parse().unwrap()
}

/// A peer that answers every connection with these bytes and closes it.
pub(crate) async fn raw_peer(answer: impl Into<Vec<u8>>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/list", listener.local_addr().unwrap()).parse().unwrap();
    let answer = answer.into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
                // Not before the client has closed: it may still be reading.
                let _ = stream.read(&mut request).await;
            });
        }
    });
    url
}

pub(crate) fn client_config() -> ClientConfig {
    ClientConfig {
        policy: UrlPolicy { allow_private: true, allow_http: true },
        timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(5),
        max_answer: 1024 * 1024,
        clock: Clock::manual(NOW.parse().unwrap()),
        exchanges: ExchangeLog::new(),
        party_name: "EMSP".into(),
    }
}

pub(crate) fn client() -> OcpiClient {
    OcpiClient::new(client_config())
}

/// Somebody to call, with a token whose Base64 needs padding and both special characters.
pub(crate) fn target(token: &Secret) -> Target<'_> {
    Target {
        peer_name: "the peer",
        token,
        form: TokenForm::Base64,
        routing: None,
        correlation_id: None,
        emit_nulls: false,
        away: None,
    }
}

/// Base64: `PDw/Pz8+Pn4+PDA=`.
pub(crate) fn token() -> Secret {
    Secret::new("<<???>>~><0")
}

pub(crate) fn envelope(data: &str) -> String {
    format!(r#"{{"data":{data},"status_code":1000,"timestamp":"{NOW}"}}"#)
}
