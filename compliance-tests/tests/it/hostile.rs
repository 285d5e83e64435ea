//! Platforms that mean harm: a run against one ends, within bounds, and never as a success.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use compliance_tests::fixtures::{self, Owner};
use compliance_tests::party::{Party, PartyConfig};
use compliance_tests::{Outcome, RunConfig, RunReport, TargetRole, Tier, run};
use futures_util::{StreamExt as _, stream};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::teeth::runtime;

/// How much of an answer the tester reads here.
const MOST: usize = 256 * 1024;
/// What lies in buffers of the system on both sides when the tester stops to read.
const BUFFERED: u64 = 32 * 1024 * 1024;

/// The tests of this file.
pub(crate) fn tests() -> Vec<Trial> {
    vec![
        Trial::test("hostile: silence", || raw(|stream| Box::pin(silence(stream)))),
        Trial::test("hostile: a byte now and then", || raw(|stream| Box::pin(drip(stream)))),
        Trial::test("hostile: garbage instead of HTTP", || raw(|stream| Box::pin(garbage(stream)))),
        Trial::test("hostile: half an answer", || raw(|stream| Box::pin(half(stream)))),
        Trial::test("hostile: endless headers", || raw(|stream| Box::pin(endless_headers(stream)))),
        Trial::test("hostile: 100 MB from the start", huge_from_the_start),
        Trial::test("hostile: 100 MB in every list", huge_lists),
        Trial::test("hostile: pages without end", endless_pages),
        Trial::test("hostile: redirects in a circle", redirects),
        Trial::test("hostile: JSON of a million levels", deep),
        Trial::test("hostile: a flood of large requests", flood),
    ]
}

fn config(address: SocketAddr) -> RunConfig {
    let mut config = RunConfig::new(format!("http://{address}/ocpi/versions"), TargetRole::Cpo);
    config.token_a = Some("token-a-for-somebody-hostile".into());
    config.tier = Tier::Destructive;
    config.timeout = Duration::from_millis(300);
    config.patience = Duration::from_millis(100);
    config.quiet = Duration::from_millis(20);
    config.deadline = Duration::from_secs(5);
    config.largest_answer = MOST;
    config
}

/// The run ends, something failed or went wrong, and the report can be written in every form.
async fn judged(address: SocketAddr) -> Result<RunReport, Failed> {
    let report = tokio::time::timeout(Duration::from_mins(2), run(config(address))).await;
    let report = report.map_err(|_| "the run did not end")?;
    if !matches!(report.exit_code(), 1 | 3) {
        return Err(format!("exit code {}", report.exit_code()).into());
    }
    let found = |outcome| report.cases.iter().any(|case| case.outcome == outcome);
    if !(found(Outcome::Fail) || found(Outcome::Error)) {
        return Err("neither a failure nor an error".into());
    }
    for text in [report.to_html(), report.to_json(), report.to_junit(), report.to_markdown()] {
        if text.len() > 64 * 1024 * 1024 {
            return Err(format!("a report of {} bytes", text.len()).into());
        }
    }
    Ok(report)
}

type Talk = fn(TcpStream) -> futures_util::future::BoxFuture<'static, std::io::Result<()>>;

fn raw(talk: Talk) -> Result<(), Failed> {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // How a talk ends is the other side's choice.
                tokio::spawn(async move { talk(stream).await.ok() });
            }
        });
        let judged = judged(address).await;
        server.abort();
        judged.map(|_| ())
    })
}

async fn silence(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn drip(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"data\": \"").await?;
    loop {
        stream.write_all(b"x").await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn garbage(mut stream: TcpStream) -> std::io::Result<()> {
    let noise: Vec<u8> = (0..4096_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    stream.write_all(&noise).await
}

async fn half(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"status_code\": 1000, \"da").await
}

async fn endless_headers(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
    loop {
        stream.write_all(&[b"x-more: ", [b'a'; 1000].as_slice(), b"\r\n"].concat()).await?;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    HugeFromTheStart,
    HugeLists,
    EndlessPages,
    Redirects,
    Deep,
}

#[derive(Clone)]
struct Hostile {
    mode: Mode,
    base: String,
    requests: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

/// Judges such a platform; gives the number of requests and of bytes of large answers that it sent.
fn web(mode: Mode) -> Result<(RunReport, u64, u64), Failed> {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let hostile =
            Hostile { mode, base: format!("http://{address}"), requests: Arc::default(), bytes: Arc::default() };
        let router = Router::new().fallback(answer).with_state(hostile.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.ok() });
        let report = judged(address).await;
        server.abort();
        Ok((report?, hostile.requests.load(Ordering::Relaxed), hostile.bytes.load(Ordering::Relaxed)))
    })
}

async fn answer(State(hostile): State<Hostile>, request: Request) -> Response {
    hostile.requests.fetch_add(1, Ordering::Relaxed);
    match hostile.mode {
        Mode::HugeFromTheStart => return huge(&hostile),
        Mode::Redirects => return (StatusCode::FOUND, [("location", request.uri().to_string())]).into_response(),
        Mode::Deep => return "[".repeat(MOST - 1).into_response(),
        Mode::HugeLists | Mode::EndlessPages => {}
    }
    let owner = Owner::new("DE", "BAD");
    let path = request.uri().path().to_string();
    let module = path.rsplit('/').next().unwrap_or("").to_string();
    let data = match module.as_str() {
        "versions" => json!([{"version": "2.2.1", "url": format!("{}/ocpi/2.2.1", hostile.base)}]),
        "2.2.1" => {
            let endpoint = |module: &str| json!({"identifier": module, "role": "SENDER", "url": format!("{}/ocpi/2.2.1/{module}", hostile.base)});
            let endpoints = ["credentials", "locations", "tariffs", "sessions", "cdrs"].map(endpoint);
            json!({"version": "2.2.1", "endpoints": endpoints})
        }
        "credentials" => {
            json!({"token": "token-c-of-somebody-hostile", "url": format!("{}/ocpi/versions", hostile.base),
            "roles": [{"role": "CPO", "country_code": owner.country_code, "party_id": owner.party_id, "business_details": {"name": "Bad"}}]})
        }
        _ if hostile.mode == Mode::HugeLists => return huge(&hostile),
        _ => return endless_page(&hostile, &request, &owner),
    };
    envelope(&data).into_response()
}

fn envelope(data: &Value) -> String {
    json!({"data": data, "status_code": 1000, "timestamp": "2026-01-01T00:00:00Z"}).to_string()
}

fn endless_page(hostile: &Hostile, request: &Request, owner: &Owner) -> Response {
    let query = request.uri().query().unwrap_or("");
    let offset: u64 = query.split('&').find_map(|pair| pair.strip_prefix("offset=")?.parse().ok()).unwrap_or_default();
    let location = fixtures::location(owner, &format!("L{offset}"), "2026-01-01T00:00:00Z");
    let link = format!("<{}{}?offset={}>; rel=\"next\"", hostile.base, request.uri().path(), offset + 1);
    (
        [("link", link), ("x-total-count", "4000000000".to_string()), ("x-limit", "1".to_string())],
        envelope(&json!([location])),
    )
        .into_response()
}

fn huge(hostile: &Hostile) -> Response {
    let bytes = hostile.bytes.clone();
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let chunks = stream::iter(0..1600).map(move |_| {
        bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk.clone())
    });
    Body::from_stream(chunks).into_response()
}

fn bounded_bytes(mode: Mode) -> Result<(), Failed> {
    let (_, requests, bytes) = web(mode)?;
    let most = requests * (MOST as u64) + BUFFERED * requests.min(64);
    if bytes > most || bytes > requests * 100 * 1024 * 1024 / 2 {
        return Err(format!("{bytes} bytes were taken in {requests} requests").into());
    }
    Ok(())
}

fn huge_from_the_start() -> Result<(), Failed> {
    bounded_bytes(Mode::HugeFromTheStart)
}

fn huge_lists() -> Result<(), Failed> {
    bounded_bytes(Mode::HugeLists)
}

fn endless_pages() -> Result<(), Failed> {
    let (report, requests, _) = web(Mode::EndlessPages)?;
    let most = 100 * report.cases.len() as u64;
    if requests > most {
        return Err(format!("{requests} requests for {} cases", report.cases.len()).into());
    }
    Ok(())
}

fn redirects() -> Result<(), Failed> {
    // Each request is one of the tester's own: none is followed.
    let (report, requests, _) = web(Mode::Redirects)?;
    let own: usize = report.cases.iter().map(|case| case.exchanges.len()).sum::<usize>() + report.other_exchanges.len();
    if requests > own as u64 {
        return Err(format!("{requests} requests, {own} of them meant").into());
    }
    Ok(())
}

fn deep() -> Result<(), Failed> {
    web(Mode::Deep).map(|_| ())
}

/// A platform that calls the tester over and over: what the tester keeps stays bounded.
fn flood() -> Result<(), Failed> {
    runtime().block_on(async {
        let config = PartyConfig {
            name: "Tester".into(),
            roles: vec![(TargetRole::Emsp, Owner::new("NL", "CTS"))],
            faults: Vec::new(),
            seed: false,
            page_cap: 50,
            operator: false,
            recorder: None,
        };
        let party = Party::start(([127, 0, 0, 1], 0).into(), None, config).await?;
        let client = reqwest::Client::new();
        for _ in 0..96 {
            let body = vec![b'x'; 1024 * 1024];
            client.post(party.versions_url()).body(body).send().await.map_err(|err| err.to_string())?;
        }
        let kept: usize = party.since(0).iter().map(|request| request.body.len()).sum();
        if kept > 64 * 1024 * 1024 {
            return Err(format!("{kept} bytes are kept").into());
        }
        if party.mark() != 96 {
            return Err("requests are not counted any more".into());
        }
        Ok(())
    })
}
