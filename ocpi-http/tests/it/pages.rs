//! Lists as the client crawls them, over HTTP. (Which page comes next is tested beside the code that decides it.)

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::LINK;
use http::{HeaderMap, StatusCode};
use ocpi_http::{CallError, ListQuery, OcpiReply, ReplyPage, Secret, Target, Url};
use serde_json::{Value, json};

use crate::support::{Server, client, envelope, peer, target, token};

/// Fetches a whole list; gives what came, and the error that ended it.
async fn crawl(target: &Target<'_>, first: Url) -> (Vec<Value>, Option<CallError>) {
    let mut pages = client().pages(target, first);
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => all.extend(page.items),
            Err(error) => {
                assert!(pages.next().await.is_none(), "nothing comes after an error");
                return (all, Some(error));
            }
        }
    }
    (all, None)
}

// Proves: TRN-040, TRN-047, and that both of our sides understand each other.
#[tokio::test]
async fn our_own_lists_are_crawled_completely() {
    let list = async |State(base): State<Arc<Mutex<Option<Url>>>>, query: ListQuery| {
        let (limit, base_url) = (query.limit(10, 10), base.lock().unwrap().clone().unwrap());
        let items = (query.offset..25).take(10).map(|n| json!({ "id": n }).to_string()).collect();
        OcpiReply::page(ReplyPage { items, total: 25, limit, cap: 10, base_url, query })
    };
    let base = Arc::new(Mutex::new(None));
    let server = Server::start(Router::new().route("/ocpi/2.2.1/cpo/cdrs", get(list)).with_state(base.clone())).await;
    let url: Url = server.url("/ocpi/2.2.1/cpo/cdrs").parse().unwrap();
    *base.lock().unwrap() = Some(url.clone());
    let (all, error) = crawl(&target(&token()), url).await;
    assert!(error.is_none());
    assert_eq!(all, (0..25).map(|n| json!({ "id": n })).collect::<Vec<_>>());
}

/// Makes headers and body of a page from the query.
type MakePage = fn(&str) -> (Vec<(&'static str, String)>, String);

/// A list of such pages; notes the headers of the requests.
async fn list(page: MakePage) -> (Url, Arc<Mutex<Vec<HeaderMap>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let handler = async move |RawQuery(query): RawQuery, headers: HeaderMap| {
        noted.lock().unwrap().push(headers);
        let (headers, body) = page(query.as_deref().unwrap_or_default());
        let mut answer = body.into_response();
        for (name, value) in headers {
            answer.headers_mut().append(name, value.parse().unwrap());
        }
        answer
    };
    let url = peer(Router::new().route("/list", get(handler))).await;
    (url.join("list").unwrap(), seen)
}

// Proves: TRN-028 (faulty objects do not spoil the others), TRN-055 (opaque links), TRN-094, TRN-096, TRN-006.
#[tokio::test]
async fn links_are_followed_and_faulty_objects_kept_apart() {
    let (url, seen) = list(|query| match query {
        "limit=2" => (vec![("lINK", "</list?cursor=a%20b>; rel=next".into())], envelope(r#"[{"id":"1"},{"id":7}]"#)),
        "cursor=a%20b" => (vec![("link", "</list?cursor=c>; rel=\"prev next\"".into())], envelope("null")),
        "cursor=c" => (vec![], envelope(r#"[17,"x",null]"#)),
        other => panic!("{other}"),
    })
    .await;
    let token = token();
    let (all, error) = crawl(&target(&token), format!("{url}?limit=2").parse().unwrap()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(all, [json!({"id": "1"}), json!({"id": 7}), json!(17), json!("x"), json!(null)]);
    let seen = seen.lock().unwrap();
    let ids =
        |name: &str| seen.iter().map(|headers| headers[name].clone()).collect::<std::collections::HashSet<_>>().len();
    assert_eq!((ids("x-request-id"), ids("x-correlation-id"), ids("authorization")), (3, 1, 1));
}

// Interop 3: an unusable Link is not followed blindly.
#[tokio::test]
async fn links_abroad_are_not_followed() {
    let calls = Arc::new(Mutex::new(0));
    let counted = calls.clone();
    let elsewhere = peer(Router::new().fallback(get(async move || {
        *counted.lock().unwrap() += 1;
        envelope("[]")
    })))
    .await;
    let abroad = Arc::new(elsewhere);
    let link = abroad.clone();
    let pages = async move |RawQuery(query): RawQuery| {
        let links = [(LINK, format!("<{link}?offset=1>; rel=\"next\""))];
        match query.as_deref() {
            None => (links, envelope("[1]")),
            Some("offset=1&limit=1") => (links, envelope("[2]")),
            Some("offset=2&limit=1") => (links, envelope("[]")),
            other => panic!("{other:?}"),
        }
    };
    let url = peer(Router::new().route("/", get(pages))).await;
    let token = token();
    let (all, error) = crawl(&target(&token), url).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(all, [json!(1), json!(2)]);
    assert_eq!(*calls.lock().unwrap(), 0);
}

#[tokio::test]
async fn links_to_nothing_are_replaced() {
    for gone in [StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY] {
        let pages = async move |RawQuery(query): RawQuery| {
            let link = [(LINK, "</?page=2>; rel=\"next\"")];
            match query.as_deref() {
                None => (link, envelope("[1]")).into_response(),
                Some("page=2") => (gone, r#"{"detail":"no"}"#).into_response(),
                Some("offset=1&limit=1") => envelope("[2]").into_response(),
                Some("offset=2&limit=1") => envelope("[]").into_response(),
                other => panic!("{other:?}"),
            }
        };
        let url = peer(Router::new().route("/", get(pages))).await;
        let token = token();
        let (all, error) = crawl(&target(&token), url).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(all, [json!(1), json!(2)]);
    }
}

#[tokio::test]
async fn endless_lists_end_with_an_error() {
    fn n(query: &str) -> u64 {
        query.strip_prefix("n=").unwrap_or("0").parse().unwrap()
    }
    // Forever new pages with the same objects.
    let (url, seen) =
        list(|query| (vec![("link", format!("</list?n={}>; rel=next", n(query) + 1))], envelope(r#"[{"id":"1"}]"#)))
            .await;
    let token = token();
    let (_, error) = crawl(&target(&token), url).await;
    assert!(matches!(error, Some(CallError::Endless(_))), "{error:?}");
    assert_eq!(seen.lock().unwrap().len(), 2);
    // Forever empty ones.
    let (url, seen) =
        list(|query| (vec![("link", format!("</list?n={}>; rel=next", n(query) + 1))], envelope("[]"))).await;
    let (_, error) = crawl(&target(&token), url).await;
    assert!(matches!(error, Some(CallError::Endless(_))), "{error:?}");
    assert!(seen.lock().unwrap().len() < 20);
    // In a circle; what came before it is kept.
    let (url, _) = list(|query| {
        (vec![("link", format!("</list?n={}>; rel=next", (n(query) + 1) % 3))], envelope(&format!("[{}]", n(query))))
    })
    .await;
    let (all, error) = crawl(&target(&token), format!("{url}?n=0").parse().unwrap()).await;
    assert!(matches!(error, Some(CallError::Endless(_))), "{error:?}");
    assert_eq!(all, [json!(0), json!(1), json!(2)]);
}

#[tokio::test]
async fn a_page_that_fails_ends_the_list_with_its_error() {
    let (url, _) = list(|query| match query {
        "" => (vec![("link", "</list?n=1>; rel=next".into())], envelope("[1]")),
        _ => (vec![], r#"{"data":[2,"#.into()),
    })
    .await;
    let token: Secret = token();
    let (all, error) = crawl(&target(&token), url).await;
    assert_eq!(all, [json!(1)]);
    assert!(matches!(error, Some(CallError::NotOcpi { .. })), "{error:?}");
}
