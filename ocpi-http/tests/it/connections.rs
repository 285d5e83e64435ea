//! Connections that are slow, odd or too many, and the end of the server.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ocpi_http::{OcpiReply, ServeConfig, serve_with, with_layers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::support::{Reply, Server, layer_config};

fn app() -> Router {
    Router::new().route("/ocpi/versions", get(async || OcpiReply::ok()))
}

const GET: &str = "GET /ocpi/versions HTTP/1.1\r\nHost: x\r\n";

#[tokio::test]
async fn headers_that_do_not_arrive_are_given_up() {
    let serving = ServeConfig { header_timeout: Duration::from_millis(150), ..ServeConfig::default() };
    let server = Server::start_with(app(), layer_config(), serving).await;
    for beginning in ["", "G", GET, "GET /ocpi/versions HTTP/1.1\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    }
    server.get("/ocpi/versions").await.is(200, 1000);
}

#[tokio::test]
async fn odd_requests_are_answered_or_dropped_but_never_stop_the_server() {
    let server = Server::start(app()).await;
    for target in ["*", "http://other/ocpi/versions", "//", "/%", "/ocpi/%00", "/ocpi/../ocpi/versions", "/ocpi/\u{7f}"]
    {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("OPTIONS {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{target}: {}", String::from_utf8_lossy(&answer));
    }
    let absolute = server.raw("GET http://other/ocpi/versions/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    absolute.is(200, 1000);
    let connect = server.raw("CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\nConnection: close\r\n\r\n").await;
    assert_eq!(connect.http, 404);
    let latin = server.raw(b"GET /ocpi/versions HTTP/1.1\r\nHost: x\r\nX-Odd: \xfc\r\nConnection: close\r\n\r\n").await;
    latin.is(200, 1000);
    for garbage in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(garbage).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 2") && !answer.starts_with(b"HTTP/1.1 5"));
    }
    server.get("/ocpi/versions").await.is(200, 1000);
}

// An id that cannot be read as text is still an id.
#[tokio::test]
async fn odd_ids_come_back_as_they_are() {
    let server = Server::start(app()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut request = Vec::from(GET);
    request.extend_from_slice(b"X-Request-ID: \xfc\xff\r\nConnection: close\r\n\r\n");
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let echoed = answer.windows(19).any(|part| part.eq_ignore_ascii_case(b"x-request-id: \xfc\xff\r\nx"));
    assert!(echoed, "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let serving = ServeConfig { max_connections: 1, ..ServeConfig::default() };
    let server = Server::start_with(app(), layer_config(), serving).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(format!("{GET}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut byte = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(30), second.read(&mut byte)).await;
    assert!(early.is_err(), "the second waits while the first is open");
    drop(first);
    let mut rest = vec![0; 0];
    second.read_to_end(&mut rest).await.unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn clients_that_take_no_answer_are_given_up() {
    let serving = ServeConfig { send_timeout: Duration::from_millis(30), max_connections: 1, ..ServeConfig::default() };
    // Far more than what the two sockets hold.
    let large = bytes::Bytes::from(vec![b'1'; 50_000_000]);
    let router = app().route("/ocpi/large", get(async move || OcpiReply::json(large.clone())));
    let server = Server::start_with(router, layer_config(), serving).await;
    let mut stalled = TcpStream::connect(server.address).await.unwrap();
    stalled.write_all(b"GET /ocpi/large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // Gets its turn only when the first is gone.
    server.get("/ocpi/versions").await.is(200, 1000);
    drop(stalled);
}

#[tokio::test]
async fn running_requests_end_before_the_server_does() {
    let (entered, mut has_entered) = tokio::sync::mpsc::channel::<()>(1);
    let (release, released) = oneshot::channel::<()>();
    let released = std::sync::Arc::new(tokio::sync::Mutex::new(Some(released)));
    let slow = async move || {
        entered.send(()).await.unwrap();
        let released = released.lock().await.take();
        let _ = released.unwrap().await;
        OcpiReply::ok()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = with_layers(Router::new().route("/ocpi/slow", get(slow)), layer_config());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve_with(listener, router, ServeConfig::default(), async move {
        let _ = stopped.await;
    }));

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /ocpi/slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    has_entered.recv().await.unwrap();
    let idle = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    release.send(()).unwrap();
    Reply::read(&mut stream).await.is(200, 1000);
    drop(idle);
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn requests_that_do_not_end_do_not_keep_the_server_from_ending() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (entered, mut has_entered) = tokio::sync::mpsc::channel::<()>(1);
    let forever = async move || {
        entered.send(()).await.unwrap();
        std::future::pending::<OcpiReply>().await
    };
    let router = with_layers(Router::new().route("/ocpi/forever", get(forever)), layer_config());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = ServeConfig { grace: Duration::from_millis(30), ..ServeConfig::default() };
    let server = tokio::spawn(serve_with(listener, router, serving, async move {
        let _ = stopped.await;
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /ocpi/forever HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    has_entered.recv().await.unwrap();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
