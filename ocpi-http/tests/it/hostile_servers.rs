//! Peers that are broken or mean.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use http::header::CONTENT_ENCODING;
use ocpi_http::{CallError, ClientConfig, FailureClass, OcpiClient, Url};
use tokio::net::TcpListener;

use crate::support::{client, client_config, envelope, peer, raw_peer, target, token};

async fn error_of(url: &Url) -> CallError {
    client().call(&target(&token()), Method::GET, url, None).await.unwrap_err()
}

// Field note 11: garbage and truncation are trouble of the peer, and nothing is lost over them.
#[tokio::test]
async fn garbage_is_named_and_survived() {
    let good = envelope("{}");
    let truncated =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", good.len() - 10, &good[..good.len() - 10]);
    let broken_off = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", good.len(), &good[..10]);
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{good}\r\nZZ\r\n", good.len());
    let html = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>";
    let binary = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xfe\x00\x01".to_vec();
    let not_zipped =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n{good}", good.len());
    for answer in [
        truncated.into_bytes(),
        broken_off.into_bytes(),
        chunked.into_bytes(),
        html.into(),
        binary,
        not_zipped.into_bytes(),
        b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
        b"HTTP/1.1 200".to_vec(),
        Vec::new(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}".to_vec(),
    ] {
        let error = error_of(&raw_peer(answer.clone()).await).await;
        assert_eq!(error.class(), FailureClass::PeerDown, "{:?}: {error:?}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn answers_that_are_too_long_are_not_read() {
    let announced = raw_peer("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n{").await;
    assert!(matches!(error_of(&announced).await, CallError::TooLarge { limit: 1_048_576 }));

    // 100 MB that nobody announced.
    let endless = async || {
        let part = Bytes::from(vec![b' '; 65_536]);
        Body::from_stream(stream::iter((0..1600).map(move |_| Ok::<_, Infallible>(part.clone()))))
    };
    let url = peer(Router::new().route("/", get(endless))).await;
    assert!(matches!(error_of(&url).await, CallError::TooLarge { .. }));
}

#[tokio::test]
async fn small_answers_that_unpack_to_large_ones_are_not_unpacked() {
    // 10 MB of blanks, gzipped: 10 KB.
    let bomb = include_bytes!("blanks.gz");
    let serve = async || ([(CONTENT_ENCODING, "gzip")], Bytes::from_static(bomb));
    let url = peer(Router::new().route("/", get(serve))).await;
    assert!(matches!(error_of(&url).await, CallError::TooLarge { .. }));
}

#[tokio::test]
async fn silence_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    // It begins to answer and never ends: each byte comes in time, the answer does not.
    let dripping = async || {
        Body::from_stream(stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
        }))
    };
    let dripping = peer(Router::new().route("/", get(dripping))).await;
    let impatient = OcpiClient::new(ClientConfig { timeout: Duration::from_millis(60), ..client_config() });
    for url in [silent, dripping] {
        let began = Instant::now();
        let error = impatient.call(&target(&token()), Method::GET, &url, None).await.unwrap_err();
        assert!(matches!(error, CallError::TimedOut), "{error:?}");
        assert_eq!(error.class(), FailureClass::PeerDown);
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn what_does_not_speak_tls_is_unreachable_by_https() {
    let mut url = raw_peer("HTTP/1.1 200 OK\r\n\r\n").await;
    url.set_scheme("https").unwrap();
    assert!(matches!(error_of(&url).await, CallError::Unreachable(_)));
}

#[tokio::test]
async fn errors_quote_the_peer_in_part_and_without_secrets() {
    let body = format!(r#"{{"detail":"bad","token":"s3cret","padding":"{}"}}"#, "x".repeat(5000));
    let answer = format!("HTTP/1.1 422 Unprocessable\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let error = error_of(&raw_peer(answer).await).await;
    let text = error.to_string();
    assert!(text.contains("422") && text.contains("detail") && !text.contains("s3cret") && text.len() < 400, "{text}");
    assert_eq!(error.class(), FailureClass::Refused);
}
