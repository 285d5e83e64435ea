//! Background tasks, lists over HTTP, and stopping in good order.

use std::time::Duration;

use ocpi_http::CallError;
use ocpi_party::testing::{databases, sqlite};
use ocpi_party::{
    Behind, DbError, Inbox, NewObject, Outbox, PartyConfig, Peer, PullSummary, Shutdown, mark_all, spawn_puller,
    spawn_pusher,
};
use ocpi_types::{DateTime, ModuleId, Role};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::platform::role;
use crate::support::{LOCATIONS, Server, config, start};

/// Tells a test what it is asked to do.
#[derive(Clone)]
struct Teller(UnboundedSender<String>);

impl Outbox for Teller {
    async fn deliver(&self, _peer: &Peer, behind: &Behind) -> Result<Option<String>, CallError> {
        self.0.send(behind.object.clone()).unwrap();
        Ok(None)
    }
}

impl Inbox for Teller {
    fn modules(&self) -> &'static [ModuleId] {
        &[ModuleId::Tokens]
    }

    async fn pull(&self, _peer: &Peer, module: &ModuleId, since: Option<DateTime>) -> Result<PullSummary, CallError> {
        self.0.send(format!("{module} {}", if since.is_some() { "since" } else { "all" })).unwrap();
        Ok(PullSummary::default())
    }
}

async fn next(told: &mut UnboundedReceiver<String>) -> String {
    tokio::time::timeout(Duration::from_secs(10), told.recv()).await.expect("the task does its work").unwrap()
}

#[tokio::test]
async fn the_tasks_work_when_they_are_nudged_and_stop_when_they_are_told() {
    for database in databases().await {
        let other = sqlite();
        let (cpo, emsp) = (Server::cpo(&database).await, Server::emsp(&other).await);
        let (tell, mut told) = unbounded_channel();
        let shutdown = Shutdown::new();
        let tasks = [
            spawn_pusher(cpo.party.clone(), Teller(tell.clone()), shutdown.clone()),
            spawn_puller(cpo.party.clone(), Teller(tell), shutdown.clone()),
        ];
        // Registered by the other side: the handler nudges the puller.
        assert_eq!(emsp.register_with(&cpo).await.http, 201);
        assert_eq!(next(&mut told).await, "tokens all");
        let marked: Result<(), DbError> =
            cpo.party.db.write(|tx| Box::pin(async move { mark_all(tx, ModuleId::Locations, "US/CPO|1").await })).await;
        marked.unwrap();
        cpo.party.nudge();
        assert_eq!(next(&mut told).await, "US/CPO|1");
        let id = cpo.peer().await.id.clone();
        let answer = cpo.operator("POST", &format!("/partners/{id}/sync"), None).await;
        assert_eq!(answer.http, 202, "{answer:?}");
        assert_eq!(next(&mut told).await, "tokens since");
        shutdown.trigger();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(told.try_recv().is_err());
    }
}

async fn store(server: &Server, id: &'static str) {
    let stored: Result<_, DbError> = server
        .party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (owner, json) = ("US/CPO".parse().unwrap(), format!("{{\"id\":\"{id}\"}}"));
                let new =
                    NewObject { owner: &owner, id, audience: "", peer_id: "", last_updated: start(), json: &json };
                let seq = tx.seq();
                LOCATIONS.upsert(tx, seq, &new).await
            })
        })
        .await;
    stored.unwrap();
}

#[tokio::test]
async fn a_list_is_served_page_by_page_and_is_never_older_than_our_own_last_write() {
    // Proves: TRN-032, TRN-036, TRN-038, TRN-040, TRN-042, TRN-044, TRN-045, TRN-049, TRN-050, TRN-051, TRN-054, TRN-056, TRN-059
    for database in databases().await {
        let small = PartyConfig { page_default: 2, page_max: 3, ..config(&Role::Cpo, &database) };
        let (server, platform) = (Server::start(Role::Cpo, small).await, crate::platform::Platform::start().await);
        let mut body = platform.credentials("b");
        body["roles"] = serde_json::json!([role("EMSP", "NL", "TNM")]);
        let (token_a, _) = server.invite().await;
        let answer = server.call("POST", "/ocpi/2.2.1/credentials", &token_a, Some(body)).await;
        let token = answer.json["data"]["token"].as_str().unwrap().to_owned();
        let list = "/ocpi/2.2.1/cpo/locations";
        let page = async |query: &str| {
            let answer = server.get(&format!("{list}{query}"), &token).await;
            assert_eq!(answer.codes(), (200, 1000), "{answer:?}");
            let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let ids: Vec<_> = answer.json["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned())
                .collect();
            (ids.join(" "), header("x-total-count").unwrap(), header("x-limit").unwrap(), header("link"))
        };
        let expected =
            |ids: &str, total: &str, link: Option<String>| (ids.to_owned(), total.to_owned(), "3".to_owned(), link);
        assert_eq!(page("").await, expected("", "0", None));
        for id in ["A", "B", "C", "D"] {
            store(&server, id).await;
            // Each is seen at once, however often the page was asked for before.
            assert_eq!(page("?limit=1").await.1, (page("?limit=1").await.1));
            assert!(page("?limit=100").await.0.contains(id) || id == "D");
        }
        let link = |offset: u64, limit: u64| {
            Some(format!("<{}?offset={offset}&limit={limit}>; rel=\"next\"", server.path(list)))
        };
        assert_eq!(page("").await, expected("A B", "4", link(2, 2)));
        assert_eq!(page("?offset=2&limit=2").await, expected("C D", "4", None));
        assert_eq!(page("?limit=100").await, expected("A B C", "4", link(3, 3)));
        assert_eq!(page("?offset=9").await, expected("", "4", None));
        assert_eq!(page("?date_from=2026-01-15T10:00:01Z").await.1, "0");
    }
}

#[tokio::test]
async fn a_server_that_stops_listens_no_more() {
    let database = sqlite();
    let mut server = Server::emsp(&database).await;
    let addr = server.url.strip_prefix("http://").unwrap().to_owned();
    server.stop().await;
    tokio::net::TcpListener::bind(&addr).await.expect("the port is free again");
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let busy = PartyConfig { port, ..config(&Role::Emsp, &database) };
    let party = crate::support::open(Role::Emsp, busy, server.clock.clone()).await;
    let error = ocpi_party::app::listen(&party).await.unwrap_err();
    assert!(error.to_string().contains("--port") && error.to_string().contains(&port.to_string()), "{error}");
    assert_eq!(error.exit_code(), ocpi_party::ExitCode::Listen);
}
