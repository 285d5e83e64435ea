//! Lists as the server gives them.

use axum::Router;
use axum::extract::OriginalUri;
use axum::routing::get;
use bytes::Bytes;
use ocpi_http::{ListQuery, OcpiReply, OcpiResult, ReplyPage, Url};
use ocpi_types::format_date_time;
use serde_json::json;

use crate::support::{Reply, Server};

const LIST: &str = "/ocpi/2.2.1/cpo/cdrs";
const CAP: u64 = 3;

/// Five objects; the window of the dates is answered with three of them.
fn app() -> Router {
    let list = async |query: ListQuery| -> OcpiResult { Ok(OcpiReply::page(page(query))) };
    let ready = async |query: ListQuery| -> OcpiResult {
        let page = page(query);
        let list = format!("[{}]", page.items.join(","));
        Ok(OcpiReply::ready_page(&page, Bytes::from(list), page.items.len() as u64))
    };
    let query = async |query: ListQuery, _uri: OriginalUri| {
        let date = |at| format_date_time(&at);
        OcpiReply::data(&json!([query.date_from.map(date), query.date_to.map(date), query.offset, query.limit]))
    };
    Router::new()
        .route(LIST, get(list))
        .route("/ocpi/2.2.1/cpo/ready", get(ready))
        .route("/ocpi/2.2.1/cpo/query", get(query))
}

fn page(query: ListQuery) -> ReplyPage {
    let total = if query.date_from.is_some() { 3 } else { 5 };
    let limit = query.limit(2, CAP);
    let items = (query.offset..total).take(usize::try_from(limit).unwrap()).map(|n| format!(r#"{{"id":"{n}"}}"#));
    let base_url = Url::parse("https://cpo.example/ocpi/2.2.1/cpo/cdrs").unwrap();
    ReplyPage { items: items.collect(), total, limit, cap: CAP, base_url, query }
}

fn ids(reply: &Reply) -> Vec<String> {
    let json = reply.json();
    json["data"].as_array().unwrap().iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

// Proves: TRN-029, TRN-036, TRN-037, TRN-038, TRN-040, TRN-049 to TRN-052, TRN-054, TRN-058, TRN-059, TRN-086.
#[tokio::test]
async fn pages_lead_to_each_other() {
    let server = Server::start(app()).await;
    let mut query = String::new();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let reply = server.get(&format!("{LIST}{query}")).await;
        reply.is(200, 1000);
        assert_eq!((reply.header("x-total-count"), reply.header("x-limit")), ("5", "3"));
        seen.extend(ids(&reply));
        pages += 1;
        let link = reply.header("link");
        if link.is_empty() {
            break;
        }
        let url = link.strip_prefix("<https://cpo.example/ocpi/2.2.1/cpo/cdrs").unwrap();
        query = url.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
        assert_eq!(query, format!("?offset={}&limit=2", pages * 2));
    }
    assert_eq!((seen.join(""), pages), ("01234".into(), 3));

    let capped = server.get(&format!("{LIST}?limit=2000")).await;
    assert_eq!(ids(&capped).len(), 3);
    assert_eq!(capped.header("link"), "<https://cpo.example/ocpi/2.2.1/cpo/cdrs?offset=3&limit=3>; rel=\"next\"");
    assert_eq!(server.get(&format!("{LIST}?limit=1")).await.header("x-limit"), "3");
}

// Proves: TRN-042, TRN-049 (headers on empty pages).
#[tokio::test]
async fn past_the_end_is_an_empty_page() {
    let server = Server::start(app()).await;
    for query in ["?offset=5", "?offset=9999", "?offset=18446744073709551615", "?offset=99999999999999999999999"] {
        let reply = server.get(&format!("{LIST}{query}")).await;
        assert_eq!(reply.is(200, 1000).json()["data"], json!([]), "{query}");
        assert_eq!((reply.header("x-total-count"), reply.header("link")), ("5", ""), "{query}");
    }
}

// Proves: TRN-053, TRN-056.
#[tokio::test]
async fn links_keep_the_filters() {
    let server = Server::start(app()).await;
    let reply = server
        .get(&format!("{LIST}?date_from=2019-01-28T12:00:00&limit=1&date_to=2026-01-01T00:00:00.250Z&offset=1&x=1"))
        .await;
    assert_eq!((reply.is(200, 1000).header("x-total-count"), ids(&reply).join("")), ("3", "1".into()));
    assert_eq!(
        reply.header("link"),
        "<https://cpo.example/ocpi/2.2.1/cpo/cdrs?date_from=2019-01-28T12:00:00Z&date_to=2026-01-01T00:00:00.250Z\
         &offset=2&limit=1>; rel=\"next\""
    );
}

#[tokio::test]
async fn filters_of_the_module_stay_in_the_link() {
    let with_filter = async |query: ListQuery| {
        OcpiReply::page(ReplyPage { base_url: Url::parse("https://x/y?country=NL").unwrap(), ..page(query) })
    };
    let server = Server::start(Router::new().route(LIST, get(with_filter))).await;
    assert_eq!(server.get(LIST).await.header("link"), "<https://x/y?country=NL&offset=2&limit=2>; rel=\"next\"");
}

#[tokio::test]
async fn pages_that_are_kept_ready_look_the_same() {
    let server = Server::start(app()).await;
    let (made, ready) = (server.get(LIST).await, server.get("/ocpi/2.2.1/cpo/ready").await);
    assert_eq!(made.body, ready.body);
    for name in ["link", "x-total-count", "x-limit"] {
        assert_eq!(made.header(name), ready.header(name));
    }
}

// They are sent in pieces, without being copied.
#[tokio::test]
async fn long_pages_that_are_kept_ready_are_complete() {
    let text = "x".repeat(100_000);
    let list = Bytes::from(format!("[\"{text}\"]"));
    let handler = async move |query: ListQuery| OcpiReply::ready_page(&page(query), list.clone(), 1);
    let server = Server::start(Router::new().route(LIST, get(handler))).await;
    let reply = server.get(LIST).await;
    assert_eq!(reply.is(200, 1000).json()["data"], json!([text]));
    assert_eq!(reply.header("content-length"), reply.body.len().to_string());
    let head = server.send(http::Method::HEAD, LIST, &[], None).await;
    assert_eq!((head.header("content-length"), head.body.as_str()), (reply.header("content-length"), ""));
}

// Proves: TRN-030, TRN-031, TRN-035, pitfall 11.
#[tokio::test]
async fn parameters_are_read_in_all_their_forms() {
    let server = Server::start(app()).await;
    for (query, expected) in [
        ("", json!([null, null, 0, null])),
        ("?unknown=1&limit=5", json!([null, null, 0, 5])),
        ("?offset=007&limit=+5", json!(null)),
        ("?date_from=2019-01-28T12:00:00", json!(["2019-01-28T12:00:00Z", null, 0, null])),
        ("?date_from=2019-01-28T12:00:00Z", json!(["2019-01-28T12:00:00Z", null, 0, null])),
        ("?date_from=2019-01-28T12%3A00%3A00.123Z", json!(["2019-01-28T12:00:00.123Z", null, 0, null])),
        ("?date_to=2019-01-28T13:00:00+01:00", json!([null, "2019-01-28T12:00:00Z", 0, null])),
        ("?date_to=2019-01-28T13:00:00%2B01:00", json!([null, "2019-01-28T12:00:00Z", 0, null])),
        ("?date_to=2019-01-28+12:00:00%2B00:00", json!([null, "2019-01-28T12:00:00Z", 0, null])),
        ("?date_to=2019-01-28%2012:00:00+00:00", json!([null, "2019-01-28T12:00:00Z", 0, null])),
    ] {
        let reply = server.get(&format!("/ocpi/2.2.1/cpo/query{query}")).await;
        if expected.is_null() {
            reply.is(200, 2001);
        } else {
            assert_eq!(reply.is(200, 1000).json()["data"], expected, "{query}");
        }
    }
}

// Proves: TRN-041, field notes "limit=abc answered without ids".
#[tokio::test]
async fn parameters_that_make_no_sense_are_refused() {
    let server = Server::start(app()).await;
    for query in [
        "limit=abc",
        "limit=0",
        "limit=-1",
        "limit=",
        "limit",
        "limit=1.5",
        "limit=5=6",
        "limit=%FF",
        "offset=-1",
        "offset=foo",
        "offset=",
        "offset=1e3",
        "date_from=foo",
        "date_from=",
        "date_from=2019-13-45T00:00:00Z",
        "date_from=2019-01-28",
        "date_to=None",
        "date_to=1548676800",
    ] {
        let reply = server.get(&format!("{LIST}?{query}")).await;
        let name = query.split('=').next().unwrap();
        assert!(reply.is(200, 2001).message().starts_with(name), "{query}: {reply:?}");
        assert_eq!(reply.ocpi(), 2001);
    }
    // A NUL is refused wherever it stands in a URL.
    server.get(&format!("{LIST}?limit=1%00")).await.is(400, 2001);
    let long = server.get(&format!("{LIST}?date_from={}", "x".repeat(5000))).await;
    assert!(long.is(200, 2001).body.len() < 400, "what was sent is quoted in part");
}
